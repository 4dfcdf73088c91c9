//! What a scenario comes to, and what a single finding is.

use std::fmt;

use serde::{Deserialize, Serialize};
use smtpspec_catalogue::{Grade, Level, RequirementId};
use smtpspec_scenario::Ruling;

use crate::transcript::octets;

/// What a case comes to. The order is that of how much it matters: a case takes the last of all
/// that happened in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All that was wanted was seen.
    Pass,
    /// It does not apply: the extension isn't offered, the profile has no such fact.
    Skip,
    /// The server's policy, or passing trouble, stood in the way: nothing was learnt.
    Inconclusive,
    /// The harness or the network failed; this says nothing about the server.
    Error,
    /// A recommendation was broken.
    Warn,
    /// A requirement was broken.
    Fail,
}

/// A requirement that was broken, and the octets that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The requirement.
    pub requirement: RequirementId,
    /// How strongly it binds.
    pub level: Level,
    /// What the server did.
    pub what: String,
    /// What would have been right.
    pub wanted: String,
    /// Who says so.
    pub source: Source,
    /// Where it is seen.
    pub evidence: Evidence,
}

/// Who found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An expectation of the scenario, at this line of its file.
    Scenario {
        /// The line, from 1.
        line: u32,
    },
    /// The model, which watches every exchange.
    Oracle,
}

/// The octets that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Which event of the transcript shows it, from 0.
    pub event: usize,
    /// The command that was answered; empty where it was the connection or message data.
    #[serde(with = "octets")]
    pub sent: Vec<u8>,
    /// What came back; empty where nothing did.
    #[serde(with = "octets")]
    pub received: Vec<u8>,
    /// The offending octet in `received`, where it is a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
}

impl Verdict {
    /// Every verdict, as reports list them.
    pub const ALL: [Self; 6] =
        [Self::Pass, Self::Fail, Self::Warn, Self::Skip, Self::Inconclusive, Self::Error];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// What breaking a requirement of this grade comes to. A permission can't be broken.
    pub const fn of_breach(grade: Grade) -> Self {
        match grade {
            Grade::Must => Self::Fail,
            Grade::Should => Self::Warn,
            Grade::May => Self::Pass,
        }
    }
}

impl From<Ruling> for Verdict {
    fn from(ruling: Ruling) -> Self {
        match ruling {
            Ruling::Pass => Self::Pass,
            Ruling::Warn => Self::Warn,
            Ruling::Fail => Self::Fail,
            Ruling::Inconclusive => Self::Inconclusive,
            Ruling::Skip => Self::Skip,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
