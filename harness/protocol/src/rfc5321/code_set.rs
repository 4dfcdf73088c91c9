//! Families of reply codes: `250`, `5yz`, `x5z`, and sets of them (RFC 5321 §4.2.1).

use std::fmt;
use std::str::FromStr;

use super::reply_code::ReplyCode;

/// A reply code, or a family of them: in each place a digit, or the letter of the place, which
/// stands for any digit (RFC 5321 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodePattern([u8; 3]);

impl CodePattern {
    /// The letter that stands for any digit, by place.
    const ANY: [u8; 3] = *b"xyz";

    /// The pattern that `text` spells; for patterns in code (RFC 5321 §4.2.1).
    ///
    /// ```
    /// use smtpspec_protocol::{CodePattern, ReplyCode};
    ///
    /// const REFUSED: CodePattern = CodePattern::new("5yz");
    /// assert!(REFUSED.matches(ReplyCode::new(550).unwrap()));
    /// ```
    ///
    /// # Panics
    ///
    /// When `text` is no pattern; in a `const` this stops the compiler.
    pub const fn new(text: &str) -> Self {
        match Self::read(text.as_bytes()) {
            Some(pattern) => pattern,
            None => panic!("a pattern of reply codes looks like 250, 25z, 2yz or xyz"),
        }
    }

    const fn read(text: &[u8]) -> Option<Self> {
        let &[first, second, third] = text else { return None };
        let places = [first, second, third];
        let mut place = 0;
        while place < places.len() {
            if !places[place].is_ascii_digit() && places[place] != Self::ANY[place] {
                return None;
            }
            place += 1;
        }
        Some(Self(places))
    }

    /// Whether the code is of the family (RFC 5321 §4.2.1).
    pub fn matches(self, code: ReplyCode) -> bool {
        self.0
            .into_iter()
            .zip(Self::ANY)
            .zip(code.digits())
            .all(|((wanted, any), digit)| wanted == any || wanted == digit)
    }
}

impl From<ReplyCode> for CodePattern {
    fn from(code: ReplyCode) -> Self {
        Self(code.digits())
    }
}

impl FromStr for CodePattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        Self::read(text.as_bytes()).ok_or_else(|| NotAPattern { text: text.to_owned() })
    }
}

impl fmt::Display for CodePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&place| fmt::Write::write_char(f, char::from(place)))
    }
}

/// A text that is no pattern of reply codes (RFC 5321 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPattern {
    /// The text.
    pub text: String,
}

impl fmt::Display for NotAPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no pattern of reply codes; one looks like 250, 25z, 2yz or xyz",
            self.text.escape_debug()
        )
    }
}

impl std::error::Error for NotAPattern {}

/// A set of reply codes, given by patterns; it keeps their order (RFC 5321 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CodeSet(Vec<CodePattern>);

impl CodeSet {
    /// The set that `text` spells, patterns with spaces between them; for sets in code
    /// (RFC 5321 §4.2.1).
    ///
    /// ```
    /// use smtpspec_protocol::CodeSet;
    ///
    /// assert_eq!(CodeSet::of("250 251 5yz").to_string(), "250, 251 or 5yz");
    /// ```
    ///
    /// # Panics
    ///
    /// When a word of `text` is no pattern.
    pub fn of(text: &'static str) -> Self {
        text.split_ascii_whitespace().map(CodePattern::new).collect()
    }

    /// Whether a pattern of the set has the code (RFC 5321 §4.2.1).
    pub fn matches(&self, code: ReplyCode) -> bool {
        self.0.iter().any(|pattern| pattern.matches(code))
    }

    /// Whether no code is in the set (RFC 5321 §4.2.1).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns, in the order in which they were given (RFC 5321 §4.2.1).
    pub fn patterns(&self) -> &[CodePattern] {
        &self.0
    }
}

impl FromStr for CodeSet {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl FromIterator<CodePattern> for CodeSet {
    fn from_iter<I: IntoIterator<Item = CodePattern>>(patterns: I) -> Self {
        // Room for what a rule has, at once: every answer is judged by some ten sets.
        let mut set = Self(Vec::with_capacity(16));
        set.extend(patterns);
        set
    }
}

impl Extend<CodePattern> for CodeSet {
    fn extend<I: IntoIterator<Item = CodePattern>>(&mut self, patterns: I) {
        for pattern in patterns {
            if !self.0.contains(&pattern) {
                self.0.push(pattern);
            }
        }
    }
}

impl From<CodePattern> for CodeSet {
    fn from(pattern: CodePattern) -> Self {
        Self(vec![pattern])
    }
}

impl fmt::Display for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, others)) = self.0.split_last() else { return f.write_str("no code") };
        for (index, pattern) in others.iter().enumerate() {
            let comma = if index + 1 < others.len() { ", " } else { " or " };
            write!(f, "{pattern}{comma}")?;
        }
        write!(f, "{last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: u16) -> ReplyCode {
        ReplyCode::new(code).unwrap()
    }

    #[test]
    fn a_letter_stands_for_any_digit_of_its_place() {
        let table = [
            ("250", 250, true),
            ("250", 251, false),
            ("25z", 259, true),
            ("2yz", 299, true),
            ("x5z", 452, true),
            ("x5z", 442, false),
            ("xyz", 0, true),
        ];
        for (pattern, value, fits) in table {
            assert_eq!(CodePattern::new(pattern).matches(code(value)), fits, "{pattern} {value}");
        }
    }

    #[test]
    fn a_letter_out_of_place_makes_no_pattern() {
        for text in ["", "25", "2500", "2xx", "25x", "yyz", "XYZ", "5*", "२"] {
            let error = text.parse::<CodePattern>().unwrap_err();
            assert!(error.to_string().contains("250, 25z, 2yz or xyz"), "{text}");
        }
    }

    #[test]
    fn sets_print_as_people_say_them() {
        let table = [("", "no code"), ("250", "250"), ("250 5yz", "250 or 5yz")];
        for (text, shown) in table {
            assert_eq!(text.parse::<CodeSet>().unwrap().to_string(), shown);
        }
        assert_eq!(CodeSet::of("250 251 250").patterns().len(), 2);
    }
}
