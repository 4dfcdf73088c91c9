//! Replies as they are written, with nothing copied (RFC 5321 §4.2).

use smtpspec_catalogue::requirement;

use super::reply::Reply;
use super::reply_code::ReplyCode;
use crate::error::{Fault, SyntaxError};
use crate::scan::text_length;

/// A reply in the octets that it was read from (RFC 5321 §4.2). [`Reply`] has them to itself.
///
/// ```
/// use smtpspec_protocol::WrittenReply;
///
/// let reply = WrittenReply::parse(b"250-a\r\n250 b\r\n").unwrap();
/// assert_eq!(reply.code().get(), 250);
/// assert_eq!(reply.lines().collect::<Vec<_>>(), [b"a", b"b"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WrittenReply<'a> {
    code: ReplyCode,
    octets: &'a [u8],
}

impl<'a> WrittenReply<'a> {
    /// Reads one whole reply, CRLFs included, and nothing behind it (RFC 5321 §4.2).
    ///
    /// ```abnf
    /// Reply-line     = *( Reply-code "-" [ textstring ] CRLF )
    ///                  Reply-code [ SP textstring ] CRLF
    /// ```
    ///
    /// A space without text behind it is read too, since §4.2.1 asks for it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, SyntaxError> {
        let first = Line::parse(octets, 0)?;
        let (code, mut line) = (first.code, first);
        while !line.is_last {
            let at = line.end;
            line = Line::parse(octets, at)?;
            if line.code != code {
                return Err(SyntaxError {
                    production: "Reply-line",
                    requirement: requirement!("rfc5321-4.2.1-13"),
                    at,
                    fault: Fault::Expected {
                        what: "the code of the first line",
                        found: octets.get(at).copied(),
                    },
                });
            }
        }
        if line.end < octets.len() {
            return Err(SyntaxError {
                production: "Reply-line",
                requirement: requirement!("rfc5321-4.2-8"),
                at: line.end,
                fault: Fault::Superfluous,
            });
        }
        Ok(Self { code, octets })
    }

    /// The code, which is the same on each line (RFC 5321 §4.2).
    pub fn code(&self) -> ReplyCode {
        self.code
    }

    /// The text of each line, after code and separator; there is always at least one
    /// (RFC 5321 §4.2.1).
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // The text holds no CR and no LF.
        let lines = self.octets.strip_suffix(b"\r\n").unwrap_or(self.octets);
        lines.split(|&octet| octet == b'\n').map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            line.get(4..).unwrap_or_default()
        })
    }

    /// The same, with octets of its own (RFC 5321 §4.2).
    pub fn to_reply(&self) -> Reply {
        Reply { code: self.code, lines: self.lines().map(<[u8]>::to_vec).collect() }
    }
}

/// One line of a reply, and where it ends.
struct Line {
    code: ReplyCode,
    is_last: bool,
    end: usize,
}

impl Line {
    /// One line that starts at `start`.
    ///
    /// ```abnf
    /// Reply-code     = %x32-35 %x30-35 %x30-39
    /// textstring     = 1*(%d09 / %d32-126)
    /// ```
    fn parse(octets: &[u8], start: usize) -> Result<Self, SyntaxError> {
        let line = &octets[start..];
        let code = Self::code(line, start)?;
        let separated = matches!(line.get(3), Some(b' ' | b'-'));
        let text = &line[if separated { 4 } else { 3 }..];
        let length = if separated { text_length(text) } else { 0 };
        let at = start + (line.len() - text.len()) + length;
        if !text[length..].starts_with(b"\r\n") {
            // A CR is no fault in itself here: what is missing is the LF behind it.
            let (at, what) = match text.get(length) {
                Some(b'\r') if length + 1 == text.len() => (at + 1, "the LF of CRLF"),
                _ if separated => (at, "text or CRLF"),
                _ => (at, "a space, a hyphen or CRLF"),
            };
            let requirement = match octets.get(at) {
                None => requirement!("rfc5321-4.2-8"),
                Some(_) if separated => requirement!("rfc5321-4.2-7"),
                Some(_) => requirement!("rfc5321-2.4-1"),
            };
            let found = octets.get(at).copied();
            return Err(SyntaxError::expected("Reply-line", requirement, at, what, found));
        }
        Ok(Self {
            code,
            is_last: line.get(3) != Some(&b'-'),
            end: start + (line.len() - text.len()) + length + 2,
        })
    }

    fn code(line: &[u8], start: usize) -> Result<ReplyCode, SyntaxError> {
        let digits = line.iter().take(3).take_while(|octet| octet.is_ascii_digit()).count();
        let Some(code) = line.get(..3).and_then(ReplyCode::from_digits) else {
            return Err(SyntaxError::expected(
                "Reply-code",
                requirement!("rfc5321-4.2-2"),
                start + digits,
                "three digits",
                line.get(digits).copied(),
            ));
        };
        if code.is_valid() {
            return Ok(code);
        }
        let place = usize::from(matches!(line[0], b'2'..=b'5'));
        Err(SyntaxError {
            production: "Reply-code",
            requirement: requirement!("rfc5321-4.2-9"),
            at: start + place,
            fault: Fault::OutOfRange("a reply code has 2 to 5, then 0 to 5, then any digit"),
        })
    }
}
