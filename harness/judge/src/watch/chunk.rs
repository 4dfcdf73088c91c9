//! A BDAT and its chunk (RFC 3030 §2): the octets behind the command are no commands, also where it
//! is refused, and one reply answers both.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Protocol, Request, SeenReply, Verb};
use smtpspec_reference::{Chunk, Measure, MessageFacts, State, Stimulus};

use super::doubt::{Doubt, Next};
use super::exchange::unjudged;
use super::pairing::{Line, asked};
use super::{Asked, Exchange, Phase, Watch};
use crate::verdict::Evidence;

/// A chunk of so many octets may be refused at once: the number is beyond what a server counts with,
/// and the octets would take days to come.
const MORE_THAN_ANYBODY_AWAITS: u64 = 1 << 31;

/// A chunk that is whole, and what is kept of it until all its replies are there.
pub(super) struct LastChunk {
    /// The command line.
    sent: Vec<u8>,
    octets: Vec<u8>,
    chunk: Chunk,
}

/// What stands for a size that nobody counts with.
const BEYOND_COUNT: usize = usize::MAX;

impl Watch {
    /// The answer to a BDAT that announces octets.
    pub(super) fn answer_chunk(
        &mut self,
        event: usize,
        seen: SeenReply,
        line: &Line,
        chunk: Chunk,
    ) -> Exchange {
        let announced = usize::try_from(chunk.octets).unwrap_or(usize::MAX);
        let whole = announced <= self.pending.len();
        let octets: Vec<u8> = self.pending.take(announced.min(self.pending.len()));
        let bdat = Verb::Other(b"BDAT");
        let asked = asked(&Request::parse(b"BDAT", self.model.grammar()));
        self.note_haste(&bdat);
        self.conduct.blameless &= chunk.well_formed;
        if !whole && chunk.well_formed {
            self.find_early_reply(event, &seen, chunk.octets);
            self.lose("a chunk was answered before its end");
            return unjudged(event, seen, asked, line.octets.clone());
        }
        if !self.model.awaits_chunk() {
            self.chunks = Measure::default();
        }
        self.chunks.feed(&octets);
        let stimulus = Stimulus::Chunk(chunk, self.chunks.facts());
        if self.model.protocol() == Protocol::Lmtp && chunk.last {
            if *self.model.state() == State::AwaitReset {
                self.lose(
                    "nobody can know how often a last chunk is answered behind one that failed",
                );
                return unjudged(event, seen, asked, line.octets.clone());
            }
            if self.model.replies_due_to(&stimulus) == 0 {
                return self.pass_over(event, seen, line, &stimulus);
            }
        }
        let sent = line.octets.clone();
        self.answer_whole_chunk(event, seen, asked, LastChunk { sent, octets, chunk })
    }

    /// The next reply to a last chunk that is answered for each recipient (RFC 2033 §4.3).
    pub(super) fn answer_last_chunk(&mut self, event: usize, seen: SeenReply) -> Exchange {
        let phase = std::mem::replace(&mut self.phase, Phase::Commands);
        let Phase::Report(last) = phase else {
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        };
        let asked = asked(&Request::parse(b"BDAT", self.model.grammar()));
        self.answer_whole_chunk(event, seen, asked, *last)
    }

    fn answer_whole_chunk(
        &mut self,
        event: usize,
        seen: SeenReply,
        asked: Asked,
        last: LastChunk,
    ) -> Exchange {
        let LastChunk { chunk, .. } = last;
        let code = seen.reply.code;
        let stimulus = Stimulus::Chunk(chunk, self.chunks.facts());
        let another = self.awaits_another(&stimulus, code);
        let exchange = self.answer(event, seen, asked, last.sent.clone(), &stimulus);
        if another {
            self.phase = Phase::Report(Box::new(last));
            return exchange;
        }
        if chunk.last {
            self.conduct.commands = 0;
        }
        match code.class() {
            _ if !chunk.well_formed => {
                self.lose("whether the octets behind such a BDAT were counted can't be known");
            }
            // Behind the chunk a line may end with LF alone, to which some servers reply.
            4 | 5 if self.has_lone_lf() => {}
            4 | 5 if !last.octets.is_empty() && *self.model.state() != State::Ready => {
                self.doubt = Some(Doubt {
                    requirement: requirement!("rfc3030-2-15"),
                    what: "the octets of a chunk that failed were read as commands".to_owned(),
                    next: Next::Octets(last.octets),
                    any_proves: true,
                    split: None,
                    in_flight: false,
                });
            }
            2 | 4 | 5 => {}
            _ => self.lose("nobody can know what the server awaits"),
        }
        exchange
    }

    /// A last chunk that draws no reply, since no recipient was accepted: the reply that came is for
    /// what was sent behind it, or breaks that rule.
    fn pass_over(
        &mut self,
        event: usize,
        seen: SeenReply,
        line: &Line,
        stimulus: &Stimulus<'_>,
    ) -> Exchange {
        self.model.pass_over(stimulus);
        if !self.pending.is_empty() || seen.reply.code.get() == 421 {
            return self.pair_command(event, seen);
        }
        let evidence = Evidence {
            event,
            sent: line.octets.clone(),
            received: seen.octets.clone(),
            ..Evidence::default()
        };
        self.find(
            requirement!("rfc2033-4.3-3"),
            "a reply to the last chunk of a message without recipients".to_owned(),
            "no reply".to_owned(),
            evidence,
        );
        self.lose("a reply came that was not due");
        unjudged(event, seen, Asked::Nothing, Vec::new())
    }

    /// A reply before all octets of the chunk were sent. A 4yz may tell of a timeout.
    fn find_early_reply(&mut self, event: usize, seen: &SeenReply, announced: u64) {
        let class = seen.reply.code.class();
        let excused = self.conduct.left
            || self.conduct.tries_patience()
            || announced >= MORE_THAN_ANYBODY_AWAITS;
        let (requirement, what) = match class {
            // In a group it may be one too many for a command before.
            _ if self.in_flight => return,
            2 | 3 => (requirement!("rfc3030-2-9"), "a chunk was answered before it had come"),
            5 if !excused => {
                (requirement!("rfc3030-2-15"), "a chunk was refused before it had come")
            }
            _ => return,
        };
        let evidence = Evidence { event, received: seen.octets.clone(), ..Evidence::default() };
        let wanted = "no reply before the octets announced are there".to_owned();
        self.find(requirement, what.to_owned(), wanted, evidence);
        self.conduct.blameless = false;
    }

    /// Whether an LF without CR before it is among what was sent and not read.
    pub(super) fn has_lone_lf(&self) -> bool {
        let mut before = 0;
        self.pending
            .iter()
            .any(|octet| std::mem::replace(&mut before, *octet) != b'\r' && *octet == b'\n')
    }

    /// Whether a BDAT stands next of which not all octets are there, and which is not offered, or is of more
    /// than anybody counts: a server that has it all the same awaits them.
    pub(super) fn awaits_unoffered_chunk(&self) -> bool {
        let Some((end, true)) = self.line_end() else { return false };
        let octets = self.peek_line().and_then(announced).unwrap_or(0);
        let counts = self.model.offers("CHUNKING") && octets < BEYOND_COUNT;
        !counts && self.pending.len() - end < octets
    }

    /// Octets of a chunk that stand next in what was sent and are not all there.
    pub(super) fn chunk_under_way(&self) -> Option<Chunk> {
        if !self.model.offers("CHUNKING") {
            return None;
        }
        let (end, _) = self.line_end()?;
        let line = self.peek_line()?;
        let chunk = self.model.chunk(&Request::parse(line, self.model.grammar()))?;
        let here = (self.pending.len() - end) as u64;
        (here < chunk.octets).then_some(chunk)
    }

    /// Whether what stands next in what was sent is a last chunk for nobody (RFC 2033 §4.3).
    pub(super) fn next_draws_nothing(&self) -> bool {
        let Some(line) = self.peek_line().filter(|_| self.model.protocol() == Protocol::Lmtp)
        else {
            return false;
        };
        let chunk = self.model.chunk(&Request::parse(line, self.model.grammar()));
        chunk.is_some_and(|chunk| {
            let stimulus = Stimulus::Chunk(chunk, MessageFacts::default());
            chunk.last && self.model.replies_due_to(&stimulus) == 0
        })
    }

    /// Whether all that was sent and not answered draws no reply: a last chunk for nobody
    /// (RFC 2033 §4.3).
    pub(super) fn draws_no_reply(&self) -> bool {
        if self.model.protocol() == Protocol::Smtp {
            return false;
        }
        let Some((end, true)) = self.line_end() else { return false };
        let chunk = self
            .peek_line()
            .and_then(|line| self.model.chunk(&Request::parse(line, self.model.grammar())));
        chunk.is_some_and(|chunk| {
            let stimulus = Stimulus::Chunk(chunk, MessageFacts::default());
            // Behind the chunk the beginning of a line may stand, which draws nothing yet.
            let ends = end.saturating_add(usize::try_from(chunk.octets).unwrap_or(usize::MAX));
            let whole = ends <= self.pending.len();
            let quiet = !self.pending.iter().skip(ends).any(|octet| *octet == b'\n');
            whole && quiet && self.model.replies_due_to(&stimulus) == 0
        })
    }

    /// Leaves out the octets that follow a BDAT which the model has no chunk for: CHUNKING is not
    /// offered, and a server that has it all the same counts them.
    pub(super) fn drop_chunk(&mut self, line: &[u8]) {
        let known = announced(line).filter(|octets| *octets < BEYOND_COUNT);
        let octets = known.map_or(0, |octets| octets.min(self.pending.len()));
        self.pending.skip(octets);
    }

    /// What follows the reply to a BDAT of which the model does not know how many octets it has.
    pub(super) fn after_bdat(&mut self, line: &[u8], class: u8) {
        let offered = self.model.offers("CHUNKING");
        // A sign too, which is no digit, some readers of numbers take.
        let digits = |size: &[u8]| size.strip_prefix(b"+").unwrap_or(size).first().copied();
        let sized = size(line).and_then(digits).is_some_and(|first| first.is_ascii_digit());
        match class {
            4 | 5 if !sized => {}
            2 if !offered => {}
            _ => self.lose("the octets of a chunk may have been read as commands"),
        }
    }
}

/// What stands where a BDAT has its size.
fn size(line: &[u8]) -> Option<&[u8]> {
    let mut words = line.trim_ascii_end().split(|&octet| octet == b' ');
    let bdat = words.next().is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"));
    words.next().filter(|_| bdat)
}

fn announced(line: &[u8]) -> Option<usize> {
    let size = size(line)?;
    // A sign is no digit, whatever a reader of numbers makes of it.
    let digits = !size.is_empty() && size.iter().all(u8::is_ascii_digit);
    digits
        .then(|| std::str::from_utf8(size).ok()?.parse().ok())
        .map(|size| size.unwrap_or(BEYOND_COUNT))
}
