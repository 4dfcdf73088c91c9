//! What was not seen before. A session that shows something new is worth going on from.

use std::collections::HashSet;

use smtpspec_protocol::EnhancedCode;
use smtpspec_reference::State;

use crate::drive::Trace;

/// A kind of exchange: where the session stood, what was asked, what came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sight {
    /// Where the session stood.
    pub state: State,
    /// What was asked: a verb that some specification knows, or what else it was.
    pub asked: String,
    /// The code of the reply; 0 for octets that are none.
    pub code: u16,
    /// Its enhanced status code, where it begins with one (RFC 3463 §2).
    pub enhanced: Option<EnhancedCode>,
}

/// All that was seen so far.
#[derive(Debug, Clone, Default)]
pub struct Novelty {
    sights: HashSet<Sight>,
    steps: HashSet<(State, State)>,
}

impl Novelty {
    /// Takes note of a trace; whether there was anything new in it.
    pub fn note(&mut self, trace: &Trace) -> bool {
        let mut new = false;
        let mut before = None;
        for sight in sights(trace) {
            if let Some(before) = before.replace(sight.state) {
                new |= self.steps.insert((before, sight.state));
            }
            new |= self.sights.insert(sight);
        }
        new
    }

    /// How many kinds of exchanges were seen.
    pub fn sights(&self) -> usize {
        self.sights.len()
    }

    /// In how many states the session was.
    pub fn states(&self) -> usize {
        self.sights.iter().map(|sight| sight.state).collect::<HashSet<_>>().len()
    }

    /// How many ways from one state to the next were seen.
    pub fn transitions(&self) -> usize {
        self.steps.len()
    }
}

/// The verbs that some specification knows; of others there is no end.
const VERBS: &[&str] = &[
    "ATRN", "AUTH", "BDAT", "BURL", "DATA", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LHLO", "MAIL",
    "NOOP", "QUIT", "RCPT", "RSET", "SAML", "SEND", "SOML", "STARTTLS", "TURN", "VRFY",
];

/// The kinds of exchanges of a session.
pub fn sights(trace: &Trace) -> impl Iterator<Item = Sight> + '_ {
    trace.heard.iter().map(|heard| {
        let known = heard.asked.contains(' ') || VERBS.contains(&heard.asked.as_str());
        let reply = heard.reply.as_ref();
        let text = reply.and_then(|reply| reply.lines.first());
        let word = text.and_then(|line| line.split(|&octet| octet == b' ').next());
        Sight {
            state: heard.state,
            asked: if known { heard.asked.clone() } else { "another command".to_owned() },
            code: reply.map_or(0, |reply| reply.code.get()),
            enhanced: word
                .and_then(|word| std::str::from_utf8(word).ok())
                .and_then(|word| word.parse().ok()),
        }
    })
}
