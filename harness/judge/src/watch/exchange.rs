//! A reply, paired with what it answers: what the interpreter takes from the watch.

use std::sync::Arc;

use smtpspec_protocol::{Reply, SeenReply};
use smtpspec_reference::Expectation;

/// A reply, with what it answers.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The event of the transcript in which the reply became whole.
    pub(crate) event: usize,
    /// What it answers.
    pub(crate) asked: Asked,
    /// The octets that it answers: the command line, or nothing for a greeting or message data.
    pub(crate) sent: Vec<u8>,
    /// The reply; `None` for octets that are no reply at all.
    pub(crate) reply: Option<Reply>,
    /// Its octets.
    pub(crate) octets: Vec<u8>,
    /// What the model expected; `None` where it could not know.
    pub(crate) expectation: Option<Arc<Expectation>>,
}

/// What kind of thing a reply answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The opening of the connection.
    Connection,
    /// A command, by its verb.
    Command(String),
    /// The end of the message data.
    Message,
    /// A line of a SASL exchange.
    Continuation,
    /// Nothing: it came by itself, or the model has lost track.
    Nothing,
}

impl Asked {
    /// For a sentence: "503 in answer to RCPT".
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Connection => "the connection".to_owned(),
            Self::Command(verb) if verb.is_empty() => "an empty line".to_owned(),
            Self::Command(verb) => smtpspec_protocol::escape::escape(verb.as_bytes()).to_string(),
            Self::Message => "the end of the data".to_owned(),
            Self::Continuation => "a line of the SASL exchange".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// A reply of which the model can't say anything.
pub(crate) fn unjudged(event: usize, seen: SeenReply, asked: Asked, sent: Vec<u8>) -> Exchange {
    Exchange { event, asked, sent, reply: Some(seen.reply), octets: seen.octets, expectation: None }
}

/// Octets that are no reply.
pub(crate) fn no_reply(event: usize, octets: Vec<u8>) -> Exchange {
    Exchange {
        event,
        asked: Asked::Nothing,
        sent: Vec::new(),
        reply: None,
        octets,
        expectation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reply_answers_is_told_in_words() {
        let command = |verb: &str| Asked::Command(verb.to_owned()).describe();
        assert_eq!(command("RCPT"), "RCPT");
        assert_eq!(command("R\u{1}"), "R\\x01");
        assert_eq!(command(""), "an empty line");
        assert_eq!(Asked::Connection.describe(), "the connection");
        assert_eq!(Asked::Message.describe(), "the end of the data");
        assert_eq!(Asked::Continuation.describe(), "a line of the SASL exchange");
        assert_eq!(Asked::Nothing.describe(), "nothing");
    }
}
