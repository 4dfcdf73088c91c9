//! What the harness says: exact octets, in exact writes.

use std::time::Duration;

use crate::expect::Ruling;
use crate::template::Template;

/// Something that the harness does on its side of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Send {
    /// Octets: each element of `writes` goes out as a write of its own, with the pause between them.
    Writes {
        /// The writes, each a sequence of contents without anything between them.
        writes: Vec<Vec<Content>>,
        /// How long to wait between two writes.
        pause: Duration,
    },
    /// Message data: dot-stuffed, and ended by CRLF.CRLF (RFC 5321 §4.5.2).
    Message(Vec<Content>),
    /// A chunk of message data with the BDAT command before it (RFC 3030 §2).
    Chunk {
        /// The octets of the chunk.
        contents: Vec<Content>,
        /// Whether the command says LAST.
        last: bool,
    },
    /// The TLS handshake, after the 220 to STARTTLS (RFC 3207 §4).
    Handshake {
        /// What one that fails comes to; the dialogue ends there.
        failed: Ruling,
    },
    /// The end of our side: both directions are closed.
    Close,
    /// The end of what we send; we still listen.
    HalfClose,
    /// The connection is cut without a farewell (a TCP reset).
    Abort,
}

impl Send {
    /// Every text in it, in order.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.contents().flat_map(Content::templates)
    }

    /// Every part of what is sent, in order.
    pub fn contents(&self) -> impl Iterator<Item = &Content> {
        let (writes, contents) = match self {
            Self::Writes { writes, .. } => (writes.as_slice(), &[][..]),
            Self::Message(contents) | Self::Chunk { contents, .. } => {
                (&[][..], contents.as_slice())
            }
            Self::Handshake { .. } | Self::Close | Self::HalfClose | Self::Abort => {
                (&[][..], &[][..])
            }
        };
        writes.iter().flatten().chain(contents)
    }
}

/// A part of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text or octets, with variables.
    Text(Template),
    /// The same again and again.
    Repeat {
        /// What is repeated.
        unit: Template,
        /// How often.
        times: u32,
    },
    /// The BASE64 of these octets (RFC 4648 §4).
    Base64(Template),
    /// The BASE64 of what a SASL mechanism answers to a challenge; `*`, which cancels, where the
    /// challenge makes no sense (RFC 4954 §4).
    Answer(Box<Answer>),
}

/// What a SASL mechanism answers to a challenge, and what of it is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The mechanism: one of [`Content::MECHANISMS`], or a variable that names one.
    pub mechanism: Template,
    /// The challenge, as it came.
    pub challenge: Template,
    /// Another password than the profile's.
    pub password: Option<Template>,
    /// The first message of SCRAM, where it is not the plain one (RFC 5802 §7).
    pub first: Option<Template>,
    /// The header that the second message repeats, where it is not that of the first.
    pub header: Option<Template>,
    /// The nonce of the second message, where it is not the challenge's.
    pub nonce: Option<Template>,
    /// Further attributes of the second message, in front of the proof.
    pub extensions: Option<Template>,
}

impl Content {
    /// The mechanisms whose answers have to be computed (RFC 2195, RFC 5802, RFC 7677).
    pub const MECHANISMS: [&str; 3] = ["CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"];

    /// Every text in it, in order.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (first, others) = match self {
            Self::Text(text) | Self::Base64(text) => (text, None),
            Self::Repeat { unit, .. } => (unit, None),
            Self::Answer(answer) => (&answer.mechanism, Some(answer.others())),
        };
        [first].into_iter().chain(others.into_iter().flatten())
    }
}

impl Answer {
    /// Every text in it but the mechanism.
    fn others(&self) -> impl Iterator<Item = &Template> {
        let choices = self.choices().into_iter().filter_map(|(_, text)| text);
        [&self.challenge].into_iter().chain(choices)
    }

    /// What may be otherwise than usual, by the keys of the language.
    pub(crate) fn choices(&self) -> [(&'static str, Option<&Template>); 5] {
        [
            ("password", self.password.as_ref()),
            ("first", self.first.as_ref()),
            ("header", self.header.as_ref()),
            ("nonce", self.nonce.as_ref()),
            ("extensions", self.extensions.as_ref()),
        ]
    }
}
