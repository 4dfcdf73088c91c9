//! RFC 2033 §4.2 and §4.3: a message is answered once in SMTP, and for each recipient in LMTP.

use std::time::Duration;

use smtpspec_protocol::Reply;

use super::{Phase, Server};
use crate::model::Stimulus;

impl Server {
    /// Answers a message as often as there are replies to it; the model knows at each whose turn it
    /// is.
    pub(super) fn report(
        &mut self,
        now: Duration,
        message: &Stimulus<'_>,
        text: &[u8],
        replies: &[Reply],
    ) {
        let count = self.replies_by_mutant(message, replies.len());
        if count == 0 {
            self.model.pass_over(message);
        }
        for _ in 0..count {
            if !matches!(self.phase, Phase::Closed) {
                self.answer(now, message, text);
            }
        }
    }
}
