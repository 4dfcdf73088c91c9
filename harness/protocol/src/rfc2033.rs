//! RFC 2033 §4.1 (LMTP): the protocol in which LHLO stands in the place of EHLO and HELO.

use std::fmt;
use std::str::FromStr;

/// Which of the two protocols a session speaks; their grammars differ in one verb
/// (RFC 5321 §3.2, RFC 2033 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// RFC 5321: one reply to a message.
    #[default]
    Smtp,
    /// RFC 2033: a reply for each recipient.
    Lmtp,
}

impl Protocol {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Smtp, Self::Lmtp];

    /// Their words, in the same order.
    pub const WORDS: [&str; 2] = ["smtp", "lmtp"];

    /// The word for it (RFC 2033 §4).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => Self::WORDS[0],
            Self::Lmtp => Self::WORDS[1],
        }
    }

    /// The verb that opens a session and asks for the extensions (RFC 2033 §4.1).
    pub const fn hello(self) -> &'static str {
        match self {
            Self::Smtp => "EHLO",
            Self::Lmtp => "LHLO",
        }
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == word)
            .ok_or_else(|| format!("`{word}` is no protocol of mail here; write smtp or lmtp"))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Grammar, Request, Verb};

    #[test]
    fn lhlo_has_the_place_and_the_form_of_ehlo() {
        let lmtp = Grammar { protocol: Protocol::Lmtp, ..Grammar::default() };
        let request = Request::parse(b"lhlo client.test", lmtp);
        assert_eq!(request.verb, Verb::Ehlo);
        assert!(matches!(request.command, Ok(Command::Ehlo(_))) && request.is_strict());
        assert!(Request::parse(b"LHLO", lmtp).command.is_err());
        for foreign in [&b"EHLO client.test"[..], b"HELO client.test"] {
            assert_eq!(Request::parse(foreign, lmtp).verb, Verb::Other(&foreign[..4]));
        }
        let request = Request::parse(b"LHLO client.test", Grammar::default());
        assert_eq!(request.verb, Verb::Other(b"LHLO"));
    }

    #[test]
    fn a_protocol_is_known_by_its_word() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert!("esmtp".parse::<Protocol>().is_err());
    }
}
