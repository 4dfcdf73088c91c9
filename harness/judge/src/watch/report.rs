//! RFC 2033 §4.2 (the end of data): in LMTP it draws a reply for each recipient.

use smtpspec_protocol::{Protocol, ReplyCode};

use super::Watch;

impl Watch {
    /// Whether a reply with this code is not the last to the end of data: the model counts them.
    pub(super) fn awaits_another(&self, code: ReplyCode) -> bool {
        matches!(code.class(), 2 | 4 | 5) && code.get() != 421 && self.model.replies_due() > 1
    }

    /// Whether the end of data is answered by nothing, since no recipient was accepted. A server
    /// that gets so far has broken a rule already (rfc2033-4.2-1).
    pub(super) fn owes_no_reply(&self) -> bool {
        self.model.protocol() == Protocol::Lmtp && self.model.replies_due() == 0
    }
}
