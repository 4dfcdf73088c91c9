//! The model beside one connection: pairs replies with what they answer, and judges each.
//!
//! A server reads its input in order, and how it must read an octet can depend on its last reply
//! (after 354 the octets are message data). So nothing sent is interpreted before the reply to
//! what came earlier is there; then the next command, or the end of the data, is taken from what
//! was sent, and the reply is judged as the answer to that. Pipelined groups need no special case.
//! That replies came in another order than the commands can't be seen: a reply does not say what
//! it answers, so the second is always held for the answer to the second command.
//!
//! Where what was sent can be read in two ways, as after a lone LF, the next reply has to tell
//! them apart (`doubt`). Where the server did something after which nobody can know its state,
//! the watch says so once in the transcript and judges only the form of what follows.

mod ambiguous;
mod chunk;
mod data;
mod doubt;
mod ending;
mod exchange;
mod hindsight;
mod judging;
mod login;
mod pairing;
mod report;
mod unread;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Protocol, ReadReply, ReplyLimit, ReplyReader, SeenReply};
use smtpspec_reference::{Measure, Model, State};

use self::chunk::LastChunk;
use self::data::Data;
use self::doubt::Doubt;
use self::exchange::no_reply;
pub(crate) use self::exchange::{Asked, Exchange};
use self::hindsight::Past;
use self::unread::Unread;
use crate::listener::Due;
use crate::verdict::{Evidence, Finding};

/// The watch over one connection on which the harness is the client.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Watch {
    model: Model,
    reader: ReplyReader,
    /// What was sent and is not yet answered, from the first octet of the next stimulus.
    pending: Unread,
    phase: Phase,
    /// What the chunks so far make of the message that is under way (RFC 3030 §2).
    chunks: Measure,
    /// How what was sent last may have been read otherwise.
    doubt: Option<Doubt>,
    /// Whether the server has shown that LF alone ends a command line for it.
    lf_ends_lines: bool,
    /// Replies that have been read and paired, for the interpreter to take, and where the session stood
    /// before each.
    exchanges: VecDeque<(State, Exchange)>,
    /// What came behind the reply that swapped the roles; it is no reply.
    leftover: Vec<u8>,
    findings: Vec<Finding>,
    /// The exchanges since the first that broke a rule.
    past: VecDeque<Past>,
    /// Whether the state is lost for a reply that looks like a stray one, and nothing was sent since:
    /// whatever comes now shows that it was.
    looks_back: bool,
    /// Whether what is answered next was sent, or begun, before the reply before it was there.
    in_flight: bool,
    /// A command that drew no reply so far, in the time that a reply is given.
    unanswered: Option<Finding>,
    /// Why the state can't be known any more, for the transcript; taken once.
    remark: Option<&'static str>,
    conduct: Conduct,
    /// Whether the server has begun TLS, so that its octets have no form to judge.
    encrypted: bool,
    /// How much of the word STARTTLS the octets that were sent last are; all of it, once it was
    /// sent.
    starttls: usize,
    /// Whether something was sent in the clear behind a STARTTLS that was accepted.
    injected: bool,
    /// Whether a reply, or their number, did not end, so that nothing more is read.
    endless: bool,
}

/// What the client has done so far that may be a reason for what the server does.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Conduct {
    /// Whether everything sent so far was a plain legal command, and all replies were positive:
    /// only then is a close by the server surely not policy.
    blameless: bool,
    /// Whether all that went wrong so far was one unknown command, answered as such just now.
    only_unknown: bool,
    /// Whether the client has ended its side, so that what it left unfinished may be refused.
    left: bool,
    /// Whether the client went on before a reply that it had to wait for, so that any refusal may
    /// be for that (rfc5321-4.3.1-1).
    impatient: bool,
    /// Whether the client wanted TLS inside TLS, which it must not (RFC 3207 §4.2), and was refused it.
    wants_tls_twice: bool,
    /// How many commands were answered since the last message.
    commands: usize,
    /// How many were in the whole session that have no part in a transaction.
    asides: usize,
}

impl Conduct {
    /// Whether the server may refuse anything on account of it: haste, TLS inside TLS, or more talk without a
    /// message than any client needs, against which servers defend themselves (RFC 5321 §7.8).
    fn tries_patience(&self) -> bool {
        const MANY_COMMANDS: usize = 10;
        let strange = self.impatient || self.wants_tls_twice;
        strange || self.commands > MANY_COMMANDS || self.asides >= MANY_COMMANDS
    }
}

const STARTTLS: &[u8] = b"STARTTLS";

/// The most replies of one event whose codes the transcript repeats: more than those of any group that a
/// client sends at once.
const READ_AS: usize = 256;

/// The most replies that wait to be taken: more than any case asks for at once.
const UNTAKEN: usize = 1024;

/// How the next octets that were sent are to be read.
enum Phase {
    /// The greeting is not there yet.
    Greeting,
    Commands,
    Data(Box<Data>),
    /// The last chunk was answered for some recipients, and for others not yet (RFC 2033 §4.3).
    Report(Box<LastChunk>),
    /// A line of a SASL exchange, after 334.
    Continuation,
    /// The state can't be known any more.
    Lost,
    /// The roles were exchanged: the server's octets are commands now.
    Turned,
}

impl Watch {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            model: Model::oracle_of(protocol),
            reader: ReplyReader::default(),
            pending: Unread::default(),
            phase: Phase::Greeting,
            chunks: Measure::default(),
            doubt: None,
            lf_ends_lines: false,
            exchanges: VecDeque::new(),
            leftover: Vec::new(),
            findings: Vec::new(),
            past: VecDeque::new(),
            looks_back: false,
            in_flight: false,
            unanswered: None,
            remark: None,
            conduct: Conduct {
                blameless: true,
                only_unknown: false,
                left: false,
                impatient: false,
                wants_tls_twice: false,
                commands: 0,
                asides: 0,
            },
            encrypted: false,
            starttls: 0,
            injected: false,
            endless: false,
        }
    }

    /// Takes note of octets that were sent.
    pub(crate) fn sent(&mut self, octets: &[u8]) {
        self.looks_back &= octets.is_empty();
        self.look_for_starttls(octets);
        match &mut self.phase {
            // A long message is not held here once more. What is pending is behind its end.
            Phase::Data(data) if self.pending.is_empty() => {
                let data = data.scan(octets);
                self.pending.push(&octets[data..]);
            }
            _ => self.pending.push(octets),
        }
        if matches!(self.phase, Phase::Lost | Phase::Turned) {
            self.injected |= self.encrypted && !octets.is_empty();
            self.pending.clear();
        }
    }

    /// Takes note of octets that came in event number `event`; tells what was read in them.
    pub(crate) fn received(&mut self, event: usize, octets: &[u8]) -> Vec<String> {
        let mut input = octets;
        let mut read_as = Vec::new();
        while !input.is_empty() {
            if matches!(self.phase, Phase::Turned) {
                self.leftover.extend_from_slice(input);
                break;
            }
            match self.reader.feed(&mut input) {
                Some(ReadReply::Reply(seen)) => {
                    // A server that goes on and on is to fill no memory with its codes.
                    if read_as.len() < READ_AS {
                        read_as.push(seen.reply.code.to_string());
                    }
                    self.replied(event, seen);
                    if self.exchanges.len() >= UNTAKEN {
                        self.endless = true;
                        break;
                    }
                }
                Some(ReadReply::Garbage { octets }) => {
                    read_as.push("no reply".to_owned());
                    self.garbage(event, octets);
                }
                Some(ReadReply::Overflow { head, what }) => {
                    read_as.push("more than is read of a reply".to_owned());
                    self.overflow(event, head, what);
                }
                None => break,
            }
            read_as.extend(self.remark.take().map(|why| format!("state unknown: {why}")));
        }
        read_as
    }

    /// The TLS handshake is over: the session begins anew (rfc3207-4.2-1). On a connection that
    /// was inside TLS from its first octet, the greeting is still to come.
    pub(crate) fn secured(&mut self) {
        self.model.secure();
        self.reader = ReplyReader::default();
        self.endless = false;
        self.pending.clear();
        self.doubt = None;
        self.unanswered = None;
        self.past.clear();
        self.looks_back = false;
        self.in_flight = false;
        self.encrypted = false;
        self.starttls = 0;
        if !matches!(self.phase, Phase::Greeting) {
            self.phase = Phase::Commands;
        }
    }

    /// The next reply that the interpreter has not taken yet.
    pub(crate) fn take(&mut self) -> Option<Exchange> {
        self.take_with_state().map(|(_, exchange)| exchange)
    }

    /// The same, and where the session stood before it.
    pub(crate) fn take_with_state(&mut self) -> Option<(State, Exchange)> {
        self.exchanges.pop_front()
    }

    /// What has come of a reply that is not whole.
    pub(crate) fn partial(&self) -> &[u8] {
        self.reader.pending()
    }

    /// Whether a reply, or their number, did not end: what comes behind is not read, and need not be waited
    /// for.
    pub(crate) fn is_endless(&self) -> bool {
        self.endless
    }

    /// Octets behind the reply that swapped the roles.
    pub(crate) fn take_leftover(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.leftover)
    }

    /// Whether a QUIT could be sent now and be understood as one.
    pub(crate) fn takes_commands(&self) -> bool {
        matches!(self.phase, Phase::Commands | Phase::Lost) && self.pending.is_empty()
    }

    /// Where the session stands, as far as that is known.
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Lost => State::Unknown,
            _ => *self.model.state(),
        }
    }

    /// Whether the server has something to say now.
    pub(crate) fn due(&self) -> Due {
        let odd = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let chunk = self.chunk_under_way();
        match &self.phase {
            Phase::Greeting | Phase::Report(_) => Due::Reply,
            _ if self.model.state().is_over() => Due::Nothing,
            Phase::Commands if chunk.is_some_and(|chunk| chunk.well_formed) => Due::Nothing,
            Phase::Commands if self.draws_no_reply() => Due::Nothing,
            Phase::Commands if chunk.is_some() => Due::Perhaps,
            Phase::Commands if self.awaits_unoffered_chunk() => Due::Perhaps,
            // A line that is too long may be answered before its end, or not.
            Phase::Commands | Phase::Continuation if self.line_end().is_some_and(|end| end.1) => {
                Due::Reply
            }
            Phase::Commands | Phase::Continuation if self.line_end().is_some() => Due::Perhaps,
            Phase::Commands if self.doubt.is_some() => Due::Perhaps,
            Phase::Commands | Phase::Continuation if self.pending.iter().any(odd) => Due::Perhaps,
            Phase::Data(data) if data.ended() => Due::Reply,
            Phase::Data(data) if data.look_alike().is_some() => Due::Perhaps,
            Phase::Commands | Phase::Continuation | Phase::Data(_) | Phase::Turned => Due::Nothing,
            Phase::Lost => Due::Perhaps,
        }
    }

    /// Everything that was found, once for each requirement and kind of place.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.extend(self.unanswered);
        self.findings
    }

    fn replied(&mut self, event: usize, seen: SeenReply) {
        self.unanswered = None;
        self.judge_form(event, &seen);
        let refused = seen.reply.code.class() >= 4;
        let blameless = self.conduct.blameless;
        let before = self.state();
        let exchange = self.pair(event, seen);
        self.conduct.only_unknown = blameless && is_plainly_unknown(&exchange);
        self.conduct.blameless &= !refused;
        self.exchanges.push_back((before, exchange));
        let data_is_whole = matches!(&self.phase, Phase::Data(data) if data.ended());
        self.in_flight = !self.pending.is_empty() || data_is_whole;
    }

    /// Octets that are no reply at all.
    fn garbage(&mut self, event: usize, octets: Vec<u8>) {
        self.unanswered = None;
        if !self.may_be_encrypted() {
            self.find(
                requirement!("rfc5321-4.2-2"),
                "a line that does not begin with a three-digit code".to_owned(),
                "a reply: three digits, then text".to_owned(),
                Evidence { event, received: octets.clone(), ..Evidence::default() },
            );
        }
        let before = self.state();
        self.lose("a line that is no reply");
        self.exchanges.push_back((before, no_reply(event, octets)));
    }

    /// A reply that does not end. A line has a length to keep to; that a reply has many lines
    /// breaks no rule (rfc5321-4.2-8).
    fn overflow(&mut self, event: usize, octets: Vec<u8>, what: ReplyLimit) {
        self.unanswered = None;
        self.endless = true;
        if what == ReplyLimit::LineOctets && !self.may_be_encrypted() {
            self.find(
                requirement!("rfc5321-4.5.3.1.5-1"),
                "a reply line that is too long".to_owned(),
                "at most 512 octets".to_owned(),
                Evidence { event, received: octets.clone(), ..Evidence::default() },
            );
        }
        let before = self.state();
        self.lose("a reply longer than is read");
        self.exchanges.push_back((before, no_reply(event, octets)));
    }

    /// Nobody can know the server's state any more.
    fn lose(&mut self, why: &'static str) {
        if !matches!(self.phase, Phase::Lost) {
            self.remark = Some(why);
        }
        self.phase = Phase::Lost;
        self.pending.clear();
        self.doubt = None;
        self.conduct.blameless = false;
    }

    /// The same, where the last reply may have been a stray one, and the next may show it.
    fn lose_for_stray(&mut self, why: &'static str) {
        if self.in_flight {
            self.take_back_the_last();
        }
        self.looks_back = self.pending.is_empty();
        self.lose(why);
    }

    /// Whether what comes may be TLS: surely, or because nobody knows what became of a STARTTLS.
    fn may_be_encrypted(&self) -> bool {
        self.encrypted || (self.asked_for_tls() && matches!(self.phase, Phase::Lost))
    }

    /// Whether the word STARTTLS was sent, since the session or TLS began.
    fn asked_for_tls(&self) -> bool {
        self.starttls == STARTTLS.len()
    }

    fn look_for_starttls(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while self.starttls < STARTTLS.len() {
            if self.starttls == 0 {
                let Some(first) = memchr::memchr2(b'S', b's', rest) else { return };
                rest = &rest[first..];
            }
            let Some((octet, behind)) = rest.split_first() else { return };
            let next = octet.eq_ignore_ascii_case(&STARTTLS[self.starttls]);
            let first = usize::from(octet.eq_ignore_ascii_case(&STARTTLS[0]));
            self.starttls = if next { self.starttls + 1 } else { first };
            rest = behind;
        }
    }

    fn scan_data(&mut self) {
        if let Phase::Data(data) = &mut self.phase {
            let data = data.scan(&self.pending);
            self.pending.skip(data);
        }
    }
}

/// Whether the reply says that a command is not known, and the command was one that a mail client
/// could send. A client that talks as no mail client does may be an attacker's tool, such as a
/// web browser made to speak to the server (RFC 5321 §7.8).
fn is_plainly_unknown(exchange: &Exchange) -> bool {
    const OF_THE_WEB: [&str; 8] =
        ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let unknown = exchange.reply.as_ref().is_some_and(|reply| reply.code.get() == 500);
    let Asked::Command(verb) = &exchange.asked else { return false };
    let alphabetic = !verb.is_empty() && verb.bytes().all(|octet| octet.is_ascii_alphabetic());
    unknown && alphabetic && !OF_THE_WEB.contains(&verb.as_str())
}
