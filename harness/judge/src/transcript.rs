//! The whole truth about a case: every octet in each direction, with its time and connection.
//!
//! Judging reads nothing else, so a transcript that was stored can be judged again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mail::Mail;

/// What happened, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transcript {
    /// The events, oldest first.
    pub events: Vec<Event>,
}

/// One thing that happened on one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in microseconds since the case began.
    pub at_us: u64,
    /// On which connection, from 0 in the order of opening.
    pub connection: usize,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
    /// What the model read in these octets: the verbs of commands, the codes of replies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_as: Vec<String>,
}

/// What can happen on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Happening {
    /// The connection is open.
    Opened,
    /// It could not be opened.
    Refused {
        /// The system's reason.
        reason: String,
    },
    /// We sent these octets, in one write.
    Sent {
        /// The octets.
        #[serde(with = "octets")]
        octets: Vec<u8>,
    },
    /// A TLS handshake went well; from here on the octets are those inside TLS.
    Secured(Tls),
    /// A TLS handshake failed; the connection is of no use any more.
    HandshakeFailed {
        /// The TLS library's reason, or the system's.
        reason: String,
    },
    /// These octets came, in one read.
    Received {
        /// The octets.
        #[serde(with = "octets")]
        octets: Vec<u8>,
    },
    /// This message came out of the target. It belongs to no connection; its number is 0.
    Delivered(Mail),
    /// We waited until now, and nothing came.
    Waited,
    /// The peer ended its side in order.
    Closed,
    /// It did so without the alert that ends TLS (RFC 8314 §3.4).
    Truncated,
    /// The peer, or the network, cut the connection.
    Cut {
        /// The system's reason.
        reason: String,
    },
    /// We ended our side, in this way.
    Ended {
        /// In which way.
        how: Ending,
    },
}

/// What was agreed on in a TLS handshake: facts, which nobody judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// The version: `TLSv1.3`.
    pub version: String,
    /// The cipher suite, by its registered name.
    pub cipher: String,
    /// The SHA-256 fingerprint of the server's certificate, in hexadecimal; none where there is
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// In which way we end a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Both directions.
    Close,
    /// Only what we send; we still listen.
    Half,
    /// With a reset instead of a farewell.
    Abort,
}

impl Transcript {
    /// Adds what happened, and tells its index.
    pub fn push(&mut self, at: Duration, connection: usize, what: Happening) -> usize {
        let at_us = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
        self.events.push(Event { at_us, connection, what, read_as: Vec::new() });
        self.events.len() - 1
    }
}

/// Octets as the text of [`smtpspec_protocol::escape`], which people can read and scenarios can
/// send again.
pub(crate) mod octets {
    use serde::{Deserialize, Deserializer, Serializer};
    use smtpspec_protocol::escape::{escape, unescape};

    pub(crate) fn serialize<S: Serializer>(
        octets: &[u8],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&escape(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        unescape(&text).map_err(serde::de::Error::custom)
    }
}
