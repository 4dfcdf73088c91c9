//! RFC 2033 §4.2: what the model keeps of the replies to the end of data.

use smtpspec_protocol::Protocol;

use super::Model;
use crate::rfc2033;

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

    /// For how many recipients the end of data was answered so far.
    pub(crate) fn reported(&self) -> usize {
        self.reported
    }

    /// One more recipient's reply to the end of data was given.
    pub(crate) fn report(&mut self) {
        self.reported += 1;
    }
}
