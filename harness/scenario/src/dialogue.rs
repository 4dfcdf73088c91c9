//! The steps of a dialogue, after the loader has resolved who speaks.

use std::time::Duration;

use smtpspec_catalogue::RequirementId;

use crate::delivered::Delivered;
use crate::expect::{CommandPattern, Hear};
use crate::scenario::Place;
use crate::send::Send;

/// One step: something said, something heard, or a change of roles.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What happens.
    pub act: Act,
    /// The connection that it happens on; the first one has no name. A name not used before opens
    /// a connection of its own, which reads its own greeting.
    pub on: Option<String>,
    /// Only if this holds.
    pub when: Option<Condition>,
    /// What a failure of this step breaks; empty means the scenario's own list.
    pub checks: Vec<RequirementId>,
    /// A remark for the reader of a report.
    pub note: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl Step {
    /// How long the step waits at the least, whatever the peer does.
    pub fn waits(&self) -> Duration {
        match &self.act {
            Act::Send(Send::Writes { writes, pause }) => {
                let pauses = u32::try_from(writes.len()).unwrap_or(u32::MAX).saturating_sub(1);
                pause.saturating_mul(pauses)
            }
            Act::Hear(Hear::Silence(time)) => *time,
            Act::Hear(Hear::Reply(pattern)) => pattern.not_before.unwrap_or_default(),
            // How long mail takes is the target's affair and the profile's.
            Act::Send(_) | Act::Hear(_) | Act::Await(_) | Act::Delivered(_) | Act::Swap => {
                Duration::ZERO
            }
        }
    }
}

/// What a step does. Which of these a letter stands for depends on the party that the harness
/// plays at that point: `C:` is sent by a client and expected by a server.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The harness says something.
    Send(Send),
    /// The harness, as client, wants to hear this from the server.
    Hear(Hear),
    /// The harness, as server, wants this command (or message) from the client. Several patterns
    /// are alternatives, each with its own continuation.
    Await(Vec<CommandPattern>),
    /// This mail has come out of the server.
    Delivered(Box<Delivered>),
    /// Client and server exchange their roles, on this connection (RFC 821 §3.8).
    Swap,
}

/// What makes a step happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The EHLO reply of this connection offered the keyword.
    Ehlo(String),
    /// The EHLO reply of this connection did not offer the keyword.
    NoEhlo(String),
    /// The profile states the fact, or sets the variable.
    Profile(String),
    /// An earlier `capture:` set the variable.
    Captured(String),
}
