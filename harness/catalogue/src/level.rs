//! How strongly a requirement binds, whom, and whether it can be seen (RFC 2119).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The words of RFC 2119, as the catalogue spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Level {
    /// An absolute requirement.
    #[serde(rename = "MUST")]
    Must,
    /// An absolute prohibition.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A recommendation that only a good reason sets aside.
    #[serde(rename = "SHOULD")]
    Should,
    /// A discouragement that only a good reason sets aside.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// A permission; it can't be broken, so no finding names one.
    #[serde(rename = "MAY")]
    May,
}

/// A level without its direction: what decides between `fail` and `warn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A permission.
    May,
    /// A recommendation: breaking it is a warning.
    Should,
    /// A requirement: breaking it is a failure.
    Must,
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The SMTP server, the party that answers.
    Server,
    /// The SMTP client, the party that asks.
    Client,
    /// Client and server alike.
    Both,
    /// The side that queues, looks up and writes bounces.
    Sender,
    /// Relays and gateways.
    Relay,
}

/// Whether a harness outside can see that a requirement is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Observable {
    /// On the connection between the harness and the party under test.
    Wire,
    /// Only in the mail that comes out: at a next hop or in a mailbox.
    NextHop,
    /// Only with special set-up, long waits, or by statistics.
    Partly,
    /// Not from outside.
    Never,
}

impl Level {
    /// The level without its direction.
    pub const fn grade(self) -> Grade {
        match self {
            Self::Must | Self::MustNot => Grade::Must,
            Self::Should | Self::ShouldNot => Grade::Should,
            Self::May => Grade::May,
        }
    }

    /// The word as the RFCs print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
        }
    }
}

impl Role {
    /// Whether a server can be held to it.
    pub const fn binds_server(self) -> bool {
        matches!(self, Self::Server | Self::Both | Self::Relay)
    }

    /// The word as the catalogue spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
            Self::Sender => "sender",
            Self::Relay => "relay",
        }
    }
}

impl Observable {
    /// The word as the catalogue spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::NextHop => "next-hop",
            Self::Partly => "partly",
            Self::Never => "never",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
