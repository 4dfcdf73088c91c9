//! Enhanced status codes, and patterns over them (RFC 3463 §2, RFC 2034 §4).

use std::fmt;
use std::str::FromStr;

/// An enhanced status code, such as `5.1.1` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedCode {
    /// The code of these numbers: a class of 2, 4 or 5, and at most three digits for the rest
    /// (RFC 3463 §2).
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<Self> {
        if matches!(class, 2 | 4 | 5) && subject <= 999 && detail <= 999 {
            Some(Self { class, subject, detail })
        } else {
            None
        }
    }

    /// Success, passing failure or lasting failure: 2, 4 or 5 (RFC 3463 §3.1).
    pub const fn class(self) -> u8 {
        self.class
    }

    /// What part of the mail system it is about (RFC 3463 §3.2).
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// What happened there (RFC 3463 §3.3 to §3.8).
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Reads a code with nothing before it or behind it; none where it is not the form of one
    /// (RFC 3463 §2).
    pub fn read(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|&octet| octet == b'.').map(number);
        let mut next = || parts.next().flatten();
        let (class, subject, detail) = (next()?, next()?, next()?);
        let code = Self::new(u8::try_from(class).ok()?, subject, detail)?;
        parts.next().is_none().then_some(code)
    }
}

impl FromStr for EnhancedCode {
    type Err = NotAnEnhancedCode;

    /// ```abnf
    /// status-code = class "." subject "." detail
    /// class = "2"/"4"/"5"
    /// subject = 1*3digit
    /// detail = 1*3digit
    /// ```
    fn from_str(text: &str) -> Result<Self, NotAnEnhancedCode> {
        Self::read(text.as_bytes()).ok_or(NotAnEnhancedCode)
    }
}

/// One to three digits without zeros in front (RFC 3463 §2).
fn number(digits: &[u8]) -> Option<u16> {
    let plain = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let padded = digits.len() > 1 && digits[0] == b'0';
    let value = || digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'));
    (plain && !padded).then(value)
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A text that is no enhanced status code (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnEnhancedCode;

impl fmt::Display for NotAnEnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an enhanced status code looks like 2.1.5")
    }
}

impl std::error::Error for NotAnEnhancedCode {}

/// An enhanced status code, or a family of them: in each place a number, or the letter of the
/// place, which stands for any (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedPattern {
    class: Option<u8>,
    subject: Option<u16>,
    detail: Option<u16>,
}

impl EnhancedPattern {
    /// Whether the code is of the family (RFC 3463 §2).
    pub fn matches(self, code: EnhancedCode) -> bool {
        self.class.is_none_or(|class| class == code.class)
            && self.subject.is_none_or(|subject| subject == code.subject)
            && self.detail.is_none_or(|detail| detail == code.detail)
    }
}

impl From<EnhancedCode> for EnhancedPattern {
    fn from(code: EnhancedCode) -> Self {
        let EnhancedCode { class, subject, detail } = code;
        Self { class: Some(class), subject: Some(subject), detail: Some(detail) }
    }
}

impl FromStr for EnhancedPattern {
    type Err = NotAnEnhancedPattern;

    fn from_str(text: &str) -> Result<Self, NotAnEnhancedPattern> {
        fn place(part: &str, any: &str) -> Result<Option<u16>, ()> {
            if part == any { Ok(None) } else { number(part.as_bytes()).map(Some).ok_or(()) }
        }
        let wrong = || NotAnEnhancedPattern { text: text.to_owned() };
        let parts: Vec<&str> = text.splitn(4, '.').collect();
        let &[class, subject, detail] = parts.as_slice() else { return Err(wrong()) };
        let class = match place(class, "x").map_err(|()| wrong())? {
            None => None,
            Some(2) => Some(2),
            Some(4) => Some(4),
            Some(5) => Some(5),
            Some(_) => return Err(wrong()),
        };
        Ok(Self {
            class,
            subject: place(subject, "y").map_err(|()| wrong())?,
            detail: place(detail, "z").map_err(|()| wrong())?,
        })
    }
}

impl fmt::Display for EnhancedPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |number: Option<u16>, any: &str| {
            number.map_or_else(|| any.to_owned(), |number| number.to_string())
        };
        let class = place(self.class.map(u16::from), "x");
        write!(f, "{class}.{}.{}", place(self.subject, "y"), place(self.detail, "z"))
    }
}

/// A text that is no pattern of enhanced status codes (RFC 3463 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnEnhancedPattern {
    /// The text.
    pub text: String,
}

impl fmt::Display for NotAnEnhancedPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no pattern of enhanced status codes; one looks like 5.1.1, 5.1.z or x.y.z",
            self.text.escape_debug()
        )
    }
}

impl std::error::Error for NotAnEnhancedPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_print_as_they_are_written() {
        for text in ["2.0.0", "4.4.7", "5.1.999"] {
            assert_eq!(text.parse::<EnhancedCode>().unwrap().to_string(), text);
        }
        for text in
            ["", "2.0", "2.0.0.0", "3.0.0", "5.01.1", "5.1000.1", "5..1", "5.+1.1", "258.0.0"]
        {
            assert_eq!(text.parse::<EnhancedCode>(), Err(NotAnEnhancedCode), "{text}");
        }
    }

    #[test]
    fn a_letter_stands_for_any_number_of_its_place() {
        let code = EnhancedCode::new(5, 1, 10).unwrap();
        for (text, fits) in
            [("5.1.10", true), ("5.1.z", true), ("5.y.z", true), ("x.y.z", true), ("5.2.z", false)]
        {
            let pattern: EnhancedPattern = text.parse().unwrap();
            assert_eq!(pattern.matches(code), fits, "{text}");
            assert_eq!(pattern.to_string(), text);
        }
        for text in ["", "5", "5.1", "5.z.1", "3.1.1", "5.1.1.1", "X.y.z"] {
            let error = text.parse::<EnhancedPattern>().unwrap_err();
            assert!(error.to_string().contains("5.1.z"), "{text}");
        }
    }
}
