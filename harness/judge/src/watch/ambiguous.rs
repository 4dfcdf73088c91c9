//! A reply where what was sent can be read in two ways: which way the server took, and what it
//! breaks if that is not the way of CRLF.

use std::sync::Arc;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::limits::COMMAND_LINE;
use smtpspec_protocol::{ReplyCode, Request, SeenReply};
use smtpspec_reference::{Expectation, Model, Stimulus};

use super::doubt::{Doubt, Next, Reading, Split};
use super::exchange::unjudged;
use super::judging::breaches;
use super::pairing::{Line, asked, stimulus};
use super::{Asked, Exchange, Watch};
use crate::verdict::Evidence;

impl Watch {
    /// What this reply tells of how the server reads.
    pub(super) fn reading(&self, doubt: &Doubt, code: ReplyCode) -> Reading {
        let next = self.peek_line();
        let refused = matches!(code.class(), 4 | 5);
        if code.get() == 421
            || (matches!(doubt.next, Next::Excess) && !(refused && of_excess(code, next.is_some())))
        {
            return Reading::AsSent;
        }
        if self.next_draws_nothing() {
            // The reply is for what stands behind, whichever way this is read.
            return Reading::AsSent;
        }
        let stray = |line: &[u8]| line.iter().any(|octet| matches!(octet, b'\r' | b'\n'));
        // What is refused for what it is, or for the client, is so whatever the code.
        let refusal_suits = refused && (next.is_some_and(stray) || self.conduct.tries_patience());
        let as_sent = next.is_some_and(|line| suits(&self.model, line, code) || refusal_suits);
        // To read something else is the graver thing: a recommendation that was not heeded does
        // not prove it.
        let unheeded =
            next.is_some_and(|line| !as_sent && expectation(&self.model, line).permits(code));
        let otherwise = match &doubt.next {
            Next::Octets(_) | Next::Roughly(_) => {
                let model = doubt.split.as_ref().map_or_else(|| self.model.clone(), Split::after);
                doubt.next.lines().any(|line| suits(&model, line, code) || refusal_suits)
            }
            Next::Excess => true,
            // A reply that is wrong for what was sent may be just that; only one where none is due
            // shows that something else was read.
            Next::Unknown => next.is_none(),
        };
        if code.get() == 221 && as_sent {
            // To anything but QUIT, nothing but defence answers so (RFC 5321 §7.8).
            return Reading::AsSent;
        }
        // A refusal where nothing is to be answered may be the second for the same line: one too
        // many, but by itself no proof that the line was split.
        let second = code.class() == 5 && doubt.any_proves;
        let proof = next.is_some() || matches!(code.class(), 2 | 3) || second;
        if otherwise && !as_sent && !refused && next.is_some_and(stray) {
            // To obey a line with a CR or LF inside is wrong, and does not show that something else was
            // read before it.
            return Reading::Open;
        }
        let of_chunk = doubt.requirement == requirement!("rfc3030-2-15");
        if next.is_none() && self.has_lone_lf() {
            // The line that ends so may be what is answered.
            return if of_chunk { Reading::AsSent } else { Reading::Open };
        }
        if of_chunk && next.is_some() && !otherwise {
            // Where a chunk was refused, its octets are no commands until something shows that they
            // were taken for some.
            return Reading::AsSent;
        }
        let unknown = matches!(doubt.next, Next::Unknown) || doubt.split.is_some();
        if as_sent && (refused || unknown) && doubt.in_flight {
            // The same behind data with a look-alike of its end, of the last line too: whatever the server
            // may have read there draws refusals. What can't be known draws anything, and so does a part
            // of a line, which a server may answer wrongly besides.
            return Reading::Open;
        }
        if as_sent && refused && doubt.split.is_some() && !self.pending.is_empty() {
            // A refusal suits much; in a group, what follows would be held for the wrong answers.
            let more = next.is_some_and(|line| line.len() + 2 < self.pending.len());
            if more {
                return Reading::Open;
            }
        }
        Reading::of(as_sent, otherwise && proof && !unheeded)
    }

    /// The server has read otherwise: says so, and goes on in its reading if that is known.
    pub(super) fn reread(&mut self, event: usize, seen: SeenReply, doubt: Doubt) -> Exchange {
        let evidence = Evidence {
            event,
            sent: doubt.next.octets().to_vec(),
            received: seen.octets.clone(),
            at: None,
        };
        self.find(doubt.requirement, doubt.what, "one reply, as CRLF has it".to_owned(), evidence);
        self.conduct.blameless = false;
        let Next::Octets(tail) = doubt.next else {
            self.lose("where the server reads on is not known");
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        };
        if let Some(split) = doubt.split {
            self.model = split.after();
            self.lf_ends_lines = true;
        }
        self.pending.put_back(tail);
        self.pair_command(event, seen)
    }

    /// A second reply where one was due, to a line that a CR or LF parts, or to data with a
    /// look-alike of its end: whatever it says, something was read behind the one and behind the
    /// other. Tells whether it was that.
    pub(super) fn find_second(&mut self, event: usize, seen: &SeenReply, doubt: &Doubt) -> bool {
        let parted = doubt.split.is_some() || doubt.any_proves;
        if !parted || seen.reply.code.get() == 421 {
            return false;
        }
        let sent = doubt.next.octets().to_vec();
        let evidence = Evidence { event, sent, received: seen.octets.clone(), at: None };
        let wanted = "one reply, as CRLF has it".to_owned();
        self.find(doubt.requirement, doubt.what.clone(), wanted, evidence);
        true
    }

    /// The answer to a line with a CR or an LF inside, which is one line and not to be taken
    /// (rfc5321-2.3.8-1), and which a server may have split. The next reply tells.
    pub(super) fn answer_ambiguous(
        &mut self,
        event: usize,
        seen: SeenReply,
        line: &Line,
    ) -> Exchange {
        self.conduct.blameless = false;
        let content = line.content();
        self.conduct.impatient |= !self.pending.is_empty();
        let request = Request::parse(content, self.model.grammar());
        let (code, asked, stimulus) =
            (seen.reply.code, asked(&request), stimulus(line, &request, COMMAND_LINE));
        let expectation = self.model.expect(&stimulus);
        let mut found = breaches(event, &seen, &asked, &line.octets, &expectation, false);
        let stray = memchr::memchr2(b'\r', b'\n', content).unwrap_or(content.len());
        let (head, rest) = (content[..stray].to_vec(), line.octets[stray + 1..].to_vec());
        // A reply that is wrong for the whole line, but right for the part, leaves it open which
        // of two rules is broken.
        // And to refuse such a line is right, whatever the code (rfc5321-2.3.8-1).
        let refused = matches!(code.class(), 4 | 5);
        if refused || self.conduct.tries_patience() {
            found.clear();
        } else if !suits(&self.model, &head, code) {
            found.drain(..).for_each(|finding| self.add(finding));
        }
        let before = self.model.clone();
        let split = Split { before, head, reply: seen.reply.clone(), otherwise: found };
        let next = if content.contains(&b'\r') { Next::Roughly(rest) } else { Next::Octets(rest) };
        self.model.advance(&stimulus, &seen.reply);
        let exchange = Exchange {
            event,
            asked,
            sent: line.octets.clone(),
            reply: Some(seen.reply),
            octets: seen.octets,
            expectation: Some(Arc::new(expectation)),
        };
        if code.class() == 3 || code.get() == 421 {
            self.lose("a line with a CR or LF inside may have been read as two");
            return exchange;
        }
        self.doubt = Some(Doubt {
            requirement: requirement!("rfc5321-2.3.8-1"),
            what: "a reply to a part of a line, which CRLF did not end".to_owned(),
            next,
            any_proves: code.class() == 2,
            split: Some(split),
            in_flight: !self.pending.is_empty(),
        });
        exchange
    }
}

impl Split {
    /// The model of a server that took the part up to the LF for a line.
    fn after(&self) -> Model {
        let mut model = self.before.clone();
        let request = Request::parse(&self.head, model.grammar());
        model.advance(&Stimulus::Request(&request), &self.reply);
        model
    }
}

/// Whether this code breaks nothing as the answer to this line in this state.
fn suits(model: &Model, line: &[u8], code: ReplyCode) -> bool {
    expectation(model, line).breaches(code).is_empty()
}

/// What a server in this state may answer to this line.
fn expectation(model: &Model, line: &[u8]) -> Expectation {
    let request = Request::parse(line, model.grammar());
    let octets = line.len() + 2;
    model.expect(&if octets > COMMAND_LINE {
        Stimulus::Overlong { head: line, octets }
    } else {
        Stimulus::Request(&request)
    })
}

/// Whether the rest of a line that was too long may draw this. What is known of a login, a mailbox or a
/// policy alone, it does not. Where something else awaits an answer, only what no known command draws
/// is surely none.
fn of_excess(code: ReplyCode, other_awaits: bool) -> bool {
    code.get() == 500 || !other_awaits && matches!(code.get(), 501..=504 | 521 | 552 | 554)
}
