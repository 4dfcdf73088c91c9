//! RFC 2033 §4.2 and §4.3: what the model keeps of the replies to a message, by DATA or in chunks.

use smtpspec_protocol::Protocol;

use super::{Model, Stimulus};
use crate::rfc2033;

/// The replies to the message that were given so far, in a session of LMTP.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reported {
    recipients: usize,
    /// Whether one of them was positive.
    accepted: bool,
}

impl Model {
    /// What the session speaks (RFC 2033 §4).
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// How many replies the end of data draws from now on: one, or one for each recipient whose
    /// reply has not come yet (RFC 2033 §4.2).
    pub fn replies_due(&self) -> usize {
        rfc2033::replies_due(self)
    }

    /// How many replies this draws from now on: the last chunk draws as many as the end of data
    /// does, and so may draw none (RFC 2033 §4.3).
    pub fn replies_due_to(&self, stimulus: &Stimulus<'_>) -> usize {
        if rfc2033::ends_message(self, stimulus) { self.replies_due() } else { 1 }
    }

    /// Follows what ended a message that draws no reply, since no recipient was accepted
    /// (RFC 2033 §4.3).
    pub fn pass_over(&mut self, stimulus: &Stimulus<'_>) {
        self.clear();
        if matches!(stimulus, Stimulus::Chunk(..)) {
            self.note_last_chunk();
        }
    }

    /// For how many recipients the message was answered so far.
    pub(crate) fn reported(&self) -> usize {
        self.reported.recipients
    }

    /// Whether the message was accepted for one of the recipients so far.
    pub(crate) fn accepted_for_any(&self) -> bool {
        self.reported.accepted
    }

    /// One more recipient's reply to the message was given.
    pub(crate) fn report(&mut self, accepted: bool) {
        self.reported.recipients += 1;
        self.reported.accepted |= accepted;
    }
}
