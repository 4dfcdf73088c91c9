//! Replies that nothing drew, known by what comes behind them: where one too many came, each reply
//! from there on was held for the answer to a command too late. Once a reply is left over, the one
//! that nobody asked for is looked for among those that broke a rule.

use std::sync::Arc;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{ReadReply, ReplyReader, SeenReply};
use smtpspec_reference::Expectation;

use super::judging::breaches;
use super::{Asked, Watch};
use crate::verdict::{Evidence, Finding};

/// How many exchanges are looked back upon.
const LONG_AGO: usize = 16;

/// An exchange that broke a rule, or one behind it.
pub(super) struct Past {
    event: usize,
    /// The octets of the reply: seldom is it looked at again.
    reply: Vec<u8>,
    asked: Asked,
    sent: Vec<u8>,
    expectation: Arc<Expectation>,
    /// Whether any refusal was right.
    patience_is_tried: bool,
    /// Whether what it answers was on its way before the reply before it came.
    in_flight: bool,
    /// What was found in it, and nowhere before.
    found: Vec<Finding>,
}

impl Past {
    /// The reply.
    fn seen(&self) -> Option<SeenReply> {
        match ReplyReader::default().feed(&mut &self.reply[..]) {
            Some(ReadReply::Reply(seen)) => Some(seen),
            _ => None,
        }
    }

    /// Whether another reply breaks nothing as the answer to the same.
    fn is_answered_by(&self, seen: &SeenReply) -> bool {
        let Self { event, asked, sent, expectation, patience_is_tried, .. } = self;
        breaches(*event, seen, asked, sent, expectation, *patience_is_tried).is_empty()
    }
}

impl Watch {
    /// Takes note of an exchange, and of what was found in it. Those before the first that broke a
    /// rule are of no use.
    pub(super) fn remember(
        &mut self,
        event: usize,
        seen: &SeenReply,
        (asked, sent): (&Asked, &[u8]),
        expectation: &Arc<Expectation>,
        found: Vec<Finding>,
    ) {
        if found.is_empty() && self.past.is_empty() {
            return;
        }
        if self.past.len() == LONG_AGO {
            self.past.pop_front();
        }
        self.past.push_back(Past {
            event,
            reply: seen.octets.clone(),
            asked: asked.clone(),
            sent: sent.to_vec(),
            expectation: Arc::clone(expectation),
            patience_is_tried: self.conduct.tries_patience(),
            in_flight: self.in_flight,
            found,
        });
    }

    /// Where `left_over` shows that a reply came unasked, takes back what that reply and those behind
    /// it were accused of, and tells of it alone.
    pub(super) fn find_stray(&mut self, left_over: &SeenReply) -> bool {
        let replies: Vec<SeenReply> =
            self.past.iter().skip(1).filter_map(Past::seen).chain([left_over.clone()]).collect();
        let is_stray = |&at: &usize| {
            let mut pairs = self.past.iter().zip(&replies).skip(at);
            !self.past[at].found.is_empty() && pairs.all(|(past, seen)| past.is_answered_by(seen))
        };
        let Some(at) = (0..self.past.len()).find(is_stray) else { return false };
        let Some(stray) = self.take_back(at).into_iter().next() else { return false };
        let evidence =
            Evidence { event: stray.event, received: stray.reply, ..Evidence::default() };
        if self.injected && self.model.is_secured() {
            self.find_injected(evidence);
            return true;
        }
        self.find(
            requirement!("rfc5321-4.2-1"),
            "a reply that answers no command".to_owned(),
            "nothing, or 421".to_owned(),
            evidence,
        );
        true
    }

    /// The session has ended, or nothing comes any more, perhaps with commands unanswered. Where one reply may have been a stray
    /// one, so that each from there on answered the command before, and the last of them nothing, nobody
    /// can know which rule was broken: nothing is held against them. In a group that may be any reply;
    /// to a command that was sent alone a success, which tells of something that was done meanwhile, where
    /// another reply came behind.
    pub(crate) fn doubt_uneven_end(&mut self) {
        let replies: Vec<SeenReply> = self.past.iter().skip(1).filter_map(Past::seen).collect();
        let may_be_stray = |&at: &usize| {
            let past = &self.past[at];
            let mut pairs = self.past.iter().zip(&replies).skip(at);
            // With a leave-taking the session ends, whatever it answers.
            let takes_leave = past.reply.starts_with(b"221") || past.reply.starts_with(b"421");
            let is_followed = at < replies.len();
            let may_be = past.in_flight || (past.reply.starts_with(b"2") && is_followed);
            (may_be && !takes_leave && !past.found.is_empty())
                && pairs.all(|(past, seen)| past.is_answered_by(seen))
        };
        let Some(at) = (0..self.past.len()).find(may_be_stray) else { return };
        self.take_back(at);
    }

    /// Takes back what the last exchange was accused of.
    pub(super) fn take_back_the_last(&mut self) {
        self.take_back(self.past.len().saturating_sub(1));
    }

    /// Takes back what was found in the exchanges from this one on.
    fn take_back(&mut self, from: usize) -> Vec<Past> {
        let behind: Vec<Past> = self.past.drain(from..).collect();
        self.findings.retain(|finding| !behind.iter().any(|past| past.found.contains(finding)));
        behind
    }

    /// What came in the clear before the handshake is obeyed inside TLS.
    pub(super) fn find_injected(&mut self, evidence: Evidence) {
        self.find(
            requirement!("rfc3207-6-7"),
            "a reply inside TLS to what was sent in the clear".to_owned(),
            "nothing: what came before the handshake is forgotten".to_owned(),
            evidence,
        );
    }
}
