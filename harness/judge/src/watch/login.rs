//! Replies to the lines of an AUTH exchange, which are no commands (RFC 4954 §4).

use smtpspec_protocol::{Request, SeenReply};
use smtpspec_reference::{State, Stimulus};

use super::exchange::unjudged;
use super::pairing::stimulus;
use super::{Asked, Exchange, Phase, Watch};

impl Watch {
    /// A reply while the server awaits a response: to that, or to nothing that is whole.
    pub(super) fn answer_response(&mut self, event: usize, seen: SeenReply) -> Exchange {
        let Some(line) = self.take_line() else {
            return self.answer_unawaited(event, seen);
        };
        let content = line.content();
        if content.iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
            // Where the server saw the end of it can't be known.
            self.lose("a response with a CR or LF inside may have been read as two");
            return unjudged(event, seen, Asked::Continuation, line.octets);
        }
        // A client that goes on before the next challenge has not kept to the mechanism.
        self.conduct.impatient |= !self.pending.is_empty();
        let request = Request::parse(content, self.model.grammar());
        let stimulus = stimulus(&line, &request, self.model.longest_line());
        let overlong = matches!(stimulus, Stimulus::Overlong { .. });
        let octets = line.octets.clone();
        let exchange = self.answer(event, seen, Asked::Continuation, octets, &stimulus);
        if !line.is_whole {
            self.lose("a response was answered before its end");
        } else if *self.model.state() == State::Unknown {
            self.lose("nobody can know what the server awaits");
        } else if *self.model.state() != State::AwaitResponse {
            self.phase = Phase::Commands;
            if overlong {
                self.doubt_of_long_line();
            }
        }
        exchange
    }

    /// A reply before the response is whole. What of it is there may be refused at sight; where
    /// nothing is there, only 421 may come.
    fn answer_unawaited(&mut self, event: usize, seen: SeenReply) -> Exchange {
        if self.pending.is_empty() {
            self.find_unasked(event, &seen);
        }
        self.lose("a reply came before the response");
        unjudged(event, seen, Asked::Nothing, Vec::new())
    }
}
