//! Octets as text that people can read, and back. Everything that shows octets to anybody does
//! it with [`escape`]: terminal, reports, errors and scenarios.
//!
//! Printable ASCII stands for itself, except the backslash, which is doubled. CR, LF, HT and NUL
//! are `\r`, `\n`, `\t` and `\0`; every other octet is `\xNN`, so what comes out is ASCII without
//! control characters whatever went in.

use std::fmt::{self, Write as _};

/// Shows octets: `escape(b"QUIT\r\n")` prints `QUIT\r\n`.
///
/// ```
/// use smtpspec_protocol::escape::escape;
///
/// assert_eq!(escape(b"250 a\\b\t\xff\r\n").to_string(), r"250 a\\b\t\xff\r\n");
/// ```
pub fn escape(octets: &[u8]) -> Escaped<'_> {
    Escaped { octets }
}

/// Octets that print as [`escape`] says.
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Escaped<'a> {
    octets: &'a [u8],
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &octet in self.octets {
            match octet {
                b'\r' => f.write_str("\\r")?,
                b'\n' => f.write_str("\\n")?,
                b'\t' => f.write_str("\\t")?,
                b'\0' => f.write_str("\\0")?,
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(char::from(octet))?,
                _ => write!(f, "\\x{octet:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads what [`escape`] wrote. Characters beyond ASCII stand for their UTF-8 octets, so text
/// written by hand needs no `\x`.
///
/// ```
/// use smtpspec_protocol::escape::unescape;
///
/// assert_eq!(unescape(r"\x00.\r\n").unwrap(), b"\0.\r\n");
/// assert_eq!(unescape(r"\q").unwrap_err().at, 0);
/// ```
pub fn unescape(text: &str) -> Result<Vec<u8>, EscapeError> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        octets.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let (octet, used) =
            sequence(rest).map_err(|fault| EscapeError { at: text.len() - rest.len(), fault })?;
        octets.push(octet);
        rest = &rest[used..];
    }
    octets.extend_from_slice(rest);
    Ok(octets)
}

/// One escape sequence at the start of `text`: the octet it stands for, and its length.
fn sequence(text: &[u8]) -> Result<(u8, usize), EscapeFault> {
    match text.get(1) {
        Some(b'r') => Ok((b'\r', 2)),
        Some(b'n') => Ok((b'\n', 2)),
        Some(b't') => Ok((b'\t', 2)),
        Some(b'0') => Ok((b'\0', 2)),
        Some(b'\\') => Ok((b'\\', 2)),
        Some(b'x') => match (hexadecimal(text.get(2)), hexadecimal(text.get(3))) {
            (Some(high), Some(low)) => Ok((high << 4 | low, 4)),
            _ => Err(EscapeFault::NotHexadecimal),
        },
        Some(_) => Err(EscapeFault::Unknown),
        None => Err(EscapeFault::Unfinished),
    }
}

fn hexadecimal(digit: Option<&u8>) -> Option<u8> {
    char::from(*digit?).to_digit(16).map(|value| value as u8)
}

/// Text in which a backslash stands before nothing that it goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapeError {
    /// Where the backslash stands: an offset in octets.
    pub at: usize,
    /// What is wrong with it.
    pub fault: EscapeFault,
}

/// What can be wrong with an escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscapeFault {
    /// `\x` without two hexadecimal digits.
    NotHexadecimal,
    /// A backslash at the end of the text.
    Unfinished,
    /// A backslash before a character that makes no sequence.
    Unknown,
}

impl fmt::Display for EscapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            EscapeFault::NotHexadecimal => "`\\x` needs two hexadecimal digits",
            EscapeFault::Unfinished => "a backslash at the end; write `\\\\` for the backslash",
            EscapeFault::Unknown => "no such escape; there are \\r \\n \\t \\0 \\\\ and \\xNN",
        })
    }
}

impl std::error::Error for EscapeError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_points_at_its_backslash() {
        let table = [
            (r"ab\", 2, EscapeFault::Unfinished),
            (r"\\\q", 2, EscapeFault::Unknown),
            (r"\x4", 0, EscapeFault::NotHexadecimal),
            (r"é\x4g", 2, EscapeFault::NotHexadecimal),
            (r"\é", 0, EscapeFault::Unknown),
        ];
        for (text, at, fault) in table {
            assert_eq!(unescape(text), Err(EscapeError { at, fault }), "{text}");
        }
    }

    #[test]
    fn printable_ascii_stands_for_itself_and_nothing_else_does() {
        let printable: String = (' '..='~').filter(|&letter| letter != '\\').collect();
        assert_eq!(escape(printable.as_bytes()).to_string(), printable);
        assert_eq!(escape(b"\x01\x1f\x7f\x80\xff").to_string(), r"\x01\x1f\x7f\x80\xff");
    }

    #[test]
    fn characters_beyond_ascii_are_their_utf8() {
        assert_eq!(unescape("Jürgen").unwrap(), "Jürgen".as_bytes());
    }

    proptest! {
        #[test]
        fn unescape_undoes_escape(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let text = escape(&octets).to_string();
            prop_assert!(text.bytes().all(|octet| matches!(octet, b' '..=b'~')));
            prop_assert_eq!(unescape(&text).unwrap(), octets);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            if let Err(error) = unescape(&text) {
                prop_assert_eq!(text.as_bytes()[error.at], b'\\');
            }
        }
    }
}
