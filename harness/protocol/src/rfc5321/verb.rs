//! The words that commands begin with (RFC 5321 §4.1.1, RFC 821 §4.1.1).

use std::fmt;

use super::command::Grammar;
use crate::escape::escape;
use crate::rfc2033::Protocol;

/// The word that a command line begins with, in any case (RFC 5321 §2.4, §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb<'a> {
    /// EHLO (RFC 5321 §4.1.1.1).
    Ehlo,
    /// HELO (RFC 5321 §4.1.1.1).
    Helo,
    /// MAIL (RFC 5321 §4.1.1.2).
    Mail,
    /// RCPT (RFC 5321 §4.1.1.3).
    Rcpt,
    /// DATA (RFC 5321 §4.1.1.4).
    Data,
    /// RSET (RFC 5321 §4.1.1.5).
    Rset,
    /// VRFY (RFC 5321 §4.1.1.6).
    Vrfy,
    /// EXPN (RFC 5321 §4.1.1.7).
    Expn,
    /// HELP (RFC 5321 §4.1.1.8).
    Help,
    /// NOOP (RFC 5321 §4.1.1.9).
    Noop,
    /// QUIT (RFC 5321 §4.1.1.10).
    Quit,
    /// TURN (RFC 821 §3.8).
    Turn,
    /// SEND (RFC 821 §3.4).
    Send,
    /// SOML (RFC 821 §3.4).
    Soml,
    /// SAML (RFC 821 §3.4).
    Saml,
    /// Any other word as it is written, or nothing at all (RFC 5321 §2.2.2).
    Other(&'a [u8]),
}

const EHLO: u32 = u32::from_be_bytes(*b"EHLO");
const HELO: u32 = u32::from_be_bytes(*b"HELO");
const MAIL: u32 = u32::from_be_bytes(*b"MAIL");
const RCPT: u32 = u32::from_be_bytes(*b"RCPT");
const DATA: u32 = u32::from_be_bytes(*b"DATA");
const RSET: u32 = u32::from_be_bytes(*b"RSET");
const VRFY: u32 = u32::from_be_bytes(*b"VRFY");
const EXPN: u32 = u32::from_be_bytes(*b"EXPN");
const HELP: u32 = u32::from_be_bytes(*b"HELP");
const NOOP: u32 = u32::from_be_bytes(*b"NOOP");
const QUIT: u32 = u32::from_be_bytes(*b"QUIT");
const TURN: u32 = u32::from_be_bytes(*b"TURN");
const SEND: u32 = u32::from_be_bytes(*b"SEND");
const SOML: u32 = u32::from_be_bytes(*b"SOML");
const SAML: u32 = u32::from_be_bytes(*b"SAML");

impl<'a> Verb<'a> {
    /// The verb that a word is (RFC 5321 §2.4).
    #[inline]
    pub fn of(word: &'a [u8]) -> Self {
        let Ok(letters) = <[u8; 4]>::try_from(word) else { return Self::Other(word) };
        // Four letters at once are compared faster than one after the other. Without the bit of lower
        // case only the two cases of a letter are alike.
        match u32::from_be_bytes(letters) & !u32::from_be_bytes([b'a' ^ b'A'; 4]) {
            EHLO => Self::Ehlo,
            HELO => Self::Helo,
            MAIL => Self::Mail,
            RCPT => Self::Rcpt,
            DATA => Self::Data,
            RSET => Self::Rset,
            VRFY => Self::Vrfy,
            EXPN => Self::Expn,
            HELP => Self::Help,
            NOOP => Self::Noop,
            QUIT => Self::Quit,
            TURN => Self::Turn,
            SEND => Self::Send,
            SOML => Self::Soml,
            SAML => Self::Saml,
            _ => Self::Other(word),
        }
    }

    /// The verb that a word is in this grammar: in LMTP, LHLO is what EHLO is elsewhere, and EHLO
    /// and HELO are nothing (RFC 2033 §4.1).
    #[inline]
    pub(crate) fn in_grammar(word: &'a [u8], grammar: Grammar) -> Self {
        match (grammar.protocol, Self::of(word)) {
            (Protocol::Lmtp, Self::Ehlo | Self::Helo) => Self::Other(word),
            (Protocol::Lmtp, Self::Other(word)) if word.eq_ignore_ascii_case(b"LHLO") => Self::Ehlo,
            (_, verb) => verb,
        }
    }

    /// The verb in upper case, or as it is written if it is none of the named ones
    /// (RFC 5321 §4.1.1).
    pub fn name(&self) -> &'a [u8] {
        match *self {
            Self::Ehlo => b"EHLO",
            Self::Helo => b"HELO",
            Self::Mail => b"MAIL",
            Self::Rcpt => b"RCPT",
            Self::Data => b"DATA",
            Self::Rset => b"RSET",
            Self::Vrfy => b"VRFY",
            Self::Expn => b"EXPN",
            Self::Help => b"HELP",
            Self::Noop => b"NOOP",
            Self::Quit => b"QUIT",
            Self::Turn => b"TURN",
            Self::Send => b"SEND",
            Self::Soml => b"SOML",
            Self::Saml => b"SAML",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Verb<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&escape(self.name()), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: [Verb<'static>; 15] = [
        Verb::Ehlo,
        Verb::Helo,
        Verb::Mail,
        Verb::Rcpt,
        Verb::Data,
        Verb::Rset,
        Verb::Vrfy,
        Verb::Expn,
        Verb::Help,
        Verb::Noop,
        Verb::Quit,
        Verb::Turn,
        Verb::Send,
        Verb::Soml,
        Verb::Saml,
    ];

    #[test]
    fn a_verb_is_known_in_any_case() {
        for verb in NAMED {
            let name = verb.name();
            assert_eq!(Verb::of(name), verb);
            assert_eq!(Verb::of(&name.to_ascii_lowercase()), verb);
        }
        for word in [&b""[..], b"EHL", b"EHLOO", b"STARTTLS", b"\xc5HLO"] {
            assert_eq!(Verb::of(word), Verb::Other(word));
        }
    }
}
