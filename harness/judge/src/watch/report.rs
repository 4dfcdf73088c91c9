//! RFC 2033 §4.2 and §4.3: in LMTP the end of data, and the last chunk, draw a reply for each
//! recipient.

use smtpspec_protocol::{Protocol, ReplyCode};
use smtpspec_reference::Stimulus;

use super::Watch;

impl Watch {
    /// Whether a reply with this code is not the last to a message: the model counts them.
    pub(super) fn awaits_another(&self, message: &Stimulus<'_>, code: ReplyCode) -> bool {
        let goes_on = matches!(code.class(), 2 | 4 | 5) && code.get() != 421;
        goes_on && self.model.replies_due_to(message) > 1
    }

    /// Whether the end of data is answered by nothing, since no recipient was accepted. A server
    /// that gets so far has broken a rule already (rfc2033-4.2-1).
    pub(super) fn owes_no_reply(&self) -> bool {
        self.model.protocol() == Protocol::Lmtp && self.model.replies_due() == 0
    }
}
