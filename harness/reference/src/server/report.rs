//! RFC 2033 §4.2 (the end of data): one reply in SMTP, and one for each recipient in LMTP.

use std::time::Duration;

use smtpspec_protocol::Reply;

use super::{Phase, Server};
use crate::model::Stimulus;

impl Server {
    /// Answers the end of data as often as there are replies to it; the model knows at each whose
    /// turn it is.
    pub(super) fn report(
        &mut self,
        now: Duration,
        message: &Stimulus<'_>,
        text: &[u8],
        replies: &[Reply],
    ) {
        if replies.is_empty() {
            // LMTP without a recipient, which only a server that deviates comes to.
            self.model.clear();
        }
        for _ in replies {
            if !matches!(self.phase, Phase::Closed) {
                self.answer(now, message, text);
            }
        }
    }
}
