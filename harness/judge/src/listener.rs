//! One connection on which anything may be said, with the model beside it: for sessions that no
//! scenario wrote.

use std::time::Duration;

use smtpspec_protocol::{Protocol, Reply};
use smtpspec_reference::State;

use crate::peer::{Link, Peer};
use crate::transcript::{Happening, Transcript};
use crate::verdict::Finding;

/// A connection that is listened to (RFC 5321 §4.2).
pub struct Listener {
    peer: Peer,
    transcript: Transcript,
    heard: Vec<Heard>,
}

/// A reply, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The event of the transcript in which it became whole.
    pub event: usize,
    /// Where the session stood before.
    pub state: State,
    /// What it answered, in words: a verb, `the end of the data`.
    pub asked: String,
    /// The reply; `None` for octets that are none.
    pub reply: Option<Reply>,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// Whether the server has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing: it awaits more from us.
    Nothing,
    /// That depends on how it reads what was sent, or nobody can know any more.
    Perhaps,
    /// A reply.
    Reply,
}

impl Listener {
    /// A connection that is not open yet, to a server that speaks this.
    pub fn of(protocol: Protocol) -> Self {
        Self {
            peer: Peer::new(None, protocol),
            transcript: Transcript::default(),
            heard: Vec::new(),
        }
    }

    /// Takes note of what happened, so long after the beginning.
    pub fn observe(&mut self, now: Duration, what: Happening) {
        let event = self.transcript.push(now, 0, what);
        let read_as = self.peer.observe(event, now, &self.transcript.events[event].what);
        self.transcript.events[event].read_as = read_as;
        while let Some((state, exchange)) = self.peer.watch.take_with_state() {
            self.heard.push(Heard {
                event: exchange.event,
                state,
                asked: exchange.asked.describe(),
                reply: exchange.reply,
                octets: exchange.octets,
            });
        }
    }

    /// Takes note that what is due did not come in the time that a reply is given.
    pub fn gave_up(&mut self) {
        let last = self.transcript.events.len().saturating_sub(1);
        self.peer.watch.silent(last);
        self.peer.watch.doubt_uneven_end();
    }

    /// Whether the server has something to say.
    pub fn due(&self) -> Due {
        if self.is_open() { self.peer.watch.due() } else { Due::Nothing }
    }

    /// Whether what goes out next begins a command, as far as that can be known.
    pub fn takes_commands(&self) -> bool {
        self.peer.watch.takes_commands()
    }

    /// Whether both sides can still speak.
    pub fn is_open(&self) -> bool {
        self.peer.link == Link::Open
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.peer.watch.state()
    }

    /// The replies so far.
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// When the last octet went out.
    pub fn last_sent(&self) -> Duration {
        self.peer.last_sent
    }

    /// All that happened, what was heard, and what the model found.
    pub fn end(self) -> (Transcript, Vec<Heard>, Vec<Finding>) {
        (self.transcript, self.heard, self.peer.watch.into_findings())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_has_the_state_before_it_however_many_come_at_once() {
        let states = |reads: &[&str]| {
            let mut listener = Listener::of(Protocol::Smtp);
            let mut observe = |what| listener.observe(Duration::ZERO, what);
            observe(Happening::Opened);
            observe(Happening::Sent { octets: b"HELO a\r\nMAIL FROM:<>\r\nQUIT\r\n".to_vec() });
            for read in reads {
                observe(Happening::Received { octets: read.as_bytes().to_vec() });
            }
            listener.heard().iter().map(|heard| heard.state).collect::<Vec<_>>()
        };
        let one_by_one = states(&["220 mx\r\n", "250 mx\r\n", "250 OK\r\n", "221 mx\r\n"]);
        assert_eq!(one_by_one.last(), Some(&State::AwaitRcpt));
        assert_eq!(states(&["220 mx\r\n250 mx\r\n250 OK\r\n221 mx\r\n"]), one_by_one);
    }
}
