//! What a server refuses for reasons of its own, whatever the client did right: greylisting, a full
//! disk, a blocked sender (RFC 5321 §7.8). For tests of clients, and of judges.

use smtpspec_protocol::{Reply, Request};

use crate::expectation::Expectation;
use crate::model::{Model, Stimulus};

/// A refusal that stands, whatever else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The verb of the commands that are refused; without one it is each message, at its end.
    pub verb: Option<String>,
    /// The code, of 400 or more.
    pub code: u16,
}

impl Refusal {
    fn concerns(&self, stimulus: &Stimulus<'_>) -> bool {
        match (stimulus, &self.verb) {
            (Stimulus::Request(Request { verb, .. }), Some(refused)) => {
                verb.name().eq_ignore_ascii_case(refused.as_bytes())
            }
            (Stimulus::Message(_), None) => true,
            (Stimulus::Chunk(chunk, _), None) => chunk.last,
            _ => false,
        }
    }
}

/// Makes the server refuse what its policy is against. What is refused anyway, is refused for
/// that.
pub(crate) fn apply(
    model: &Model,
    stimulus: &Stimulus<'_>,
    expectation: Expectation,
) -> Expectation {
    let refusals = model.config().map_or(&[][..], |config| &config.refusals);
    let found = refusals.iter().find(|refusal| refusal.concerns(stimulus));
    let code = found.map(|refusal| refusal.code);
    expectation.refuse_if(code.is_some(), || {
        // Where it leaves, its name comes first (rfc5321-4.2.2-2).
        let text = format!("{} refuses this for reasons of its own", model.name());
        Reply::new(code.unwrap_or_default(), text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::preferred;

    #[test]
    fn what_is_refused_is_refused_and_nothing_else() {
        let refusal = |verb: &str, code| Refusal { verb: Some(verb.to_owned()), code };
        let refusals = vec![refusal("RCPT", 450), refusal("DATA", 451)];
        let config = Config { refusals, ..Config::default() };
        let code = |lines: &[&str]| preferred(config.clone(), lines).code.get();
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<>"]), 250);
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<>", "rcpt to:<user@example.test>"]), 450);
        assert_eq!(code(&["EHLO client.test", "RCPT TO:<user@example.test>"]), 503);
    }
}
