//! Reply codes: three digits (RFC 5321 §4.2).

use std::fmt;
use std::str::FromStr;

/// The three digits of a reply. Any three will do here, since a harness meets them all;
/// [`is_valid`](Self::is_valid) tells those that the grammar has (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

impl ReplyCode {
    /// The code with this value, unless it has more than three digits (RFC 5321 §4.2).
    pub const fn new(code: u16) -> Option<Self> {
        if code <= 999 { Some(Self(code)) } else { None }
    }

    /// The code that these octets spell, if they are three digits (RFC 5321 §4.2).
    pub fn from_digits(digits: &[u8]) -> Option<Self> {
        let &[first, second, third] = digits else { return None };
        let value = |digit: u8| digit.is_ascii_digit().then(|| u16::from(digit - b'0'));
        Some(Self(value(first)? * 100 + value(second)? * 10 + value(third)?))
    }

    /// Its value, from 0 to 999 (RFC 5321 §4.2).
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Its first digit, which tells success from failure (RFC 5321 §4.2.1).
    pub const fn class(self) -> u8 {
        self.digits()[0] - b'0'
    }

    /// Its digits, in ASCII (RFC 5321 §4.2).
    pub const fn digits(self) -> [u8; 3] {
        [b'0' + (self.0 / 100) as u8, b'0' + (self.0 / 10 % 10) as u8, b'0' + (self.0 % 10) as u8]
    }

    /// Whether the grammar has it (RFC 5321 §4.2).
    ///
    /// ```abnf
    /// Reply-code     = %x32-35 %x30-35 %x30-39
    /// ```
    pub const fn is_valid(self) -> bool {
        matches!(self.digits(), [b'2'..=b'5', b'0'..=b'5', _])
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl FromStr for ReplyCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        Self::from_digits(text.as_bytes()).ok_or(NotACode)
    }
}

/// A text that is not three digits (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply code is three digits, such as 250")
    }
}

impl std::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_prints_as_it_is_written() {
        for value in 0..=999 {
            let code = ReplyCode::new(value).unwrap();
            assert_eq!(code.to_string().parse(), Ok(code));
            assert_eq!(u16::from(code.class()), value / 100);
        }
        assert_eq!(ReplyCode::new(1000), None);
        for text in ["", "25", "2500", "25x", "+25", "२५०"] {
            assert_eq!(text.parse::<ReplyCode>(), Err(NotACode), "{text}");
        }
    }

    #[test]
    fn the_grammar_bounds_the_first_two_digits() {
        let valid = |code| ReplyCode::new(code).unwrap().is_valid();
        assert!(valid(200) && valid(250) && valid(559));
        assert!(!valid(199) && !valid(260) && !valid(600) && !valid(0));
    }
}
