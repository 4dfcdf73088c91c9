//! The model beside one connection: pairs replies with what they answer, and judges each.
//!
//! A server reads its input in order, and how it must read an octet can depend on its last reply
//! (after 354 the octets are message data). So nothing sent is interpreted before the reply to
//! what came earlier is there; then the next command, or the end of the data, is taken from what
//! was sent, and the reply is judged as the answer to that. Pipelined groups need no special case.
//!
//! Where the server did something after which nobody can know its state, the watch says so once
//! and judges only the form of what follows.

use std::collections::VecDeque;

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::limits::COMMAND_LINE;
use smtpspec_protocol::line::{OddityKind, oddities};
use smtpspec_protocol::{
    DataDecoder, ReadReply, Reply, ReplyCode, ReplyReader, Request, SeenReply, Verb,
};
use smtpspec_reference::{Expectation, Measure, Model, Stimulus};

use crate::form;
use crate::verdict::{Evidence, Finding, Source};

/// The watch over one connection on which the harness is the client.
pub(crate) struct Watch {
    model: Model,
    reader: ReplyReader,
    /// What was sent and is not yet answered, from the first octet of the next stimulus.
    pending: VecDeque<u8>,
    phase: Phase,
    /// Replies that have been read and paired, for the interpreter to take.
    exchanges: VecDeque<Exchange>,
    /// What came behind the reply that swapped the roles; it is no reply.
    leftover: Vec<u8>,
    findings: Vec<Finding>,
    /// Whether everything sent so far was a plain legal command, and all replies were positive:
    /// only then is a close by the server surely not policy.
    blameless: bool,
    /// Whether a line that was sent held a lone CR or LF, which a server may have taken for an end.
    ambiguous_lines: bool,
}

/// How the next octets that were sent are to be read.
enum Phase {
    /// The greeting is not there yet.
    Greeting,
    Commands,
    Data(Box<Data>),
    /// A line of a SASL exchange, after 334.
    Continuation,
    /// The state can't be known any more.
    Lost,
    /// The roles were exchanged: the server's octets are commands now.
    Turned,
}

#[derive(Default)]
struct Data {
    decoder: DataDecoder,
    measure: Measure,
    ended: bool,
}

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
    pub(crate) expectation: Option<Expectation>,
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

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            model: Model::oracle(),
            reader: ReplyReader::default(),
            pending: VecDeque::new(),
            phase: Phase::Greeting,
            exchanges: VecDeque::new(),
            leftover: Vec::new(),
            findings: Vec::new(),
            blameless: true,
            ambiguous_lines: false,
        }
    }

    /// Takes note of octets that were sent.
    pub(crate) fn sent(&mut self, octets: &[u8]) {
        self.pending.extend(octets);
        if matches!(self.phase, Phase::Data(_)) {
            self.scan_data();
        }
        if matches!(self.phase, Phase::Lost | Phase::Turned) {
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
                    read_as.push(seen.reply.code.to_string());
                    self.replied(event, seen);
                }
                Some(ReadReply::Garbage { octets }) => {
                    read_as.push("no reply".to_owned());
                    self.garbage(event, octets);
                }
                Some(ReadReply::Overflow { head, .. }) => {
                    read_as.push("more than any reply holds".to_owned());
                    self.garbage(event, head);
                    break;
                }
                None => break,
            }
        }
        read_as
    }

    /// The next reply that the interpreter has not taken yet.
    pub(crate) fn take(&mut self) -> Option<Exchange> {
        self.exchanges.pop_front()
    }

    /// What has come of a reply that is not whole.
    pub(crate) fn partial(&self) -> &[u8] {
        self.reader.pending()
    }

    /// Octets behind the reply that swapped the roles.
    pub(crate) fn take_leftover(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.leftover)
    }

    /// Whether a QUIT could be sent now and be understood as one.
    pub(crate) fn takes_commands(&self) -> bool {
        matches!(self.phase, Phase::Commands | Phase::Lost) && self.pending.is_empty()
    }

    /// The server ended the connection in event number `event`.
    pub(crate) fn closed(&mut self, event: usize) {
        // rfc5321-3.8-2: a close without QUIT, 421 or a timeout; never after an error, which a
        // server may punish, and never while the harness does strange things.
        if self.blameless && matches!(self.phase, Phase::Commands) {
            self.find(
                requirement!("rfc5321-3.8-2"),
                "the server closed the connection, unasked and without 421".to_owned(),
                "a connection that stays open until QUIT".to_owned(),
                Evidence { event, ..Evidence::default() },
            );
        }
        self.phase = Phase::Lost;
    }

    /// The harness gave up its side, so a close by the server is only natural.
    pub(crate) fn ended(&mut self) {
        self.blameless = false;
    }

    /// Everything that was found, once for each requirement and kind of place.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn replied(&mut self, event: usize, seen: SeenReply) {
        self.judge_form(event, &seen);
        if seen.reply.code.class() >= 4 {
            self.blameless = false;
        }
        let exchange = self.pair(event, seen);
        self.exchanges.push_back(exchange);
    }

    /// Which stimulus a reply answers, what the model thinks of it, and what state that leads to.
    fn pair(&mut self, event: usize, seen: SeenReply) -> Exchange {
        match self.phase {
            Phase::Greeting => {
                self.phase = Phase::Commands;
                self.answer(event, seen, Asked::Connection, Vec::new(), &Stimulus::Connected)
            }
            Phase::Commands => self.answer_command(event, seen),
            Phase::Data(_) => self.answer_data(event, seen),
            Phase::Continuation => {
                let line = self.take_line().unwrap_or_default();
                if seen.reply.code.class() != 3 {
                    self.phase = Phase::Commands;
                }
                unjudged(event, seen, Asked::Continuation, line)
            }
            Phase::Lost | Phase::Turned => unjudged(event, seen, Asked::Nothing, Vec::new()),
        }
    }

    fn answer_command(&mut self, event: usize, seen: SeenReply) -> Exchange {
        let Some(line) = self.take_line() else {
            return self.unsolicited(event, seen);
        };
        let grammar = self.model.grammar();
        let content = line.strip_suffix(b"\r\n").unwrap_or(&line);
        let odd = oddities(content)
            .any(|odd| matches!(odd.kind, OddityKind::BareCr | OddityKind::BareLf));
        self.ambiguous_lines |= odd;
        let request = Request::parse(content, grammar);
        // Postfix leaves a client that says GET: whoever speaks so may be an attacker's tool.
        let strange = matches!(request.verb, Verb::Other(_)) || !request.is_strict();
        if strange || odd {
            self.blameless = false;
        }
        let verb = String::from_utf8_lossy(request.verb.name()).to_ascii_uppercase();
        let code = seen.reply.code;
        let next = phase_after(&request.verb, code);
        let quit = matches!(request.verb, Verb::Quit);
        let stimulus = if line.len() > COMMAND_LINE {
            Stimulus::Overlong { head: content, octets: line.len() }
        } else {
            Stimulus::Request(&request)
        };
        let exchange = self.answer(event, seen, Asked::Command(verb), line.clone(), &stimulus);
        if quit || code.get() == 421 {
            self.blameless = false;
        }
        if let Some(next) = next {
            self.phase = next;
        }
        if matches!(self.phase, Phase::Data(_)) {
            self.scan_data();
        }
        exchange
    }

    fn answer_data(&mut self, event: usize, seen: SeenReply) -> Exchange {
        let Phase::Data(data) = &mut self.phase else {
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        };
        if data.ended {
            let stimulus = Stimulus::Message(data.measure.facts());
            self.phase = Phase::Commands;
            return self.answer(event, seen, Asked::Message, Vec::new(), &stimulus);
        }
        // A refusal in the middle of the data is how a server gives up a message or a client; an
        // acceptance shows that it took something else for the end.
        if seen.reply.code.class() == 2 {
            let received = seen.octets.clone();
            self.find(
                requirement!("rfc5321-4.1.1.4-3"),
                format!("{} came before CRLF.CRLF had been sent", seen.reply.code),
                "no reply before the end of the data".to_owned(),
                Evidence { event, received, ..Evidence::default() },
            );
        }
        self.phase = Phase::Lost;
        self.pending.clear();
        unjudged(event, seen, Asked::Message, Vec::new())
    }

    /// Judges a reply as the answer to `stimulus`, and follows what the server did.
    fn answer(
        &mut self,
        event: usize,
        seen: SeenReply,
        asked: Asked,
        sent: Vec<u8>,
        stimulus: &Stimulus<'_>,
    ) -> Exchange {
        let expectation = self.model.expect(stimulus);
        let breaches: Vec<(RequirementId, String, String)> = expectation
            .breaches(seen.reply.code)
            .into_iter()
            .map(|rule| {
                let what = format!("{} in answer to {}", seen.reply.code, asked.describe());
                (rule.requirement, what, rule.codes.to_string())
            })
            .collect();
        for (requirement, what, wanted) in breaches {
            let evidence =
                Evidence { event, sent: sent.clone(), received: seen.octets.clone(), at: None };
            self.find(requirement, what, wanted, evidence);
        }
        self.model.advance(stimulus, &seen.reply);
        Exchange {
            event,
            asked,
            sent,
            reply: Some(seen.reply),
            octets: seen.octets,
            expectation: Some(expectation),
        }
    }

    /// A reply with nothing before it that it could answer.
    fn unsolicited(&mut self, event: usize, seen: SeenReply) -> Exchange {
        // RFC 5321 §3.8: 421 is the one reply that may come by itself.
        if seen.reply.code.get() != 421 {
            let (requirement, what) = self.why_unsolicited();
            let sent: Vec<u8> = self.pending.iter().copied().collect();
            let evidence = Evidence { event, sent, received: seen.octets.clone(), at: None };
            self.find(requirement, what, "nothing".to_owned(), evidence);
        }
        self.phase = Phase::Lost;
        self.pending.clear();
        unjudged(event, seen, Asked::Nothing, Vec::new())
    }

    fn why_unsolicited(&self) -> (RequirementId, String) {
        let lone = self.pending.iter().any(|&octet| octet == b'\n' || octet == b'\r');
        if self.ambiguous_lines || lone {
            return (
                requirement!("rfc5321-2.3.8-1"),
                "a reply to a line that CRLF did not end".to_owned(),
            );
        }
        if self.pending.is_empty() {
            return (requirement!("rfc5321-4.2-1"), "a reply that answers no command".to_owned());
        }
        (requirement!("rfc5321-2.4-8"), "a reply before the command's CRLF".to_owned())
    }

    /// Octets that are no reply at all.
    fn garbage(&mut self, event: usize, octets: Vec<u8>) {
        self.find(
            requirement!("rfc5321-4.2-2"),
            "a line that does not begin with a three-digit code".to_owned(),
            "a reply: three digits, then text".to_owned(),
            Evidence { event, received: octets.clone(), ..Evidence::default() },
        );
        self.phase = Phase::Lost;
        self.pending.clear();
        self.blameless = false;
        self.exchanges.push_back(Exchange {
            event,
            asked: Asked::Nothing,
            sent: Vec::new(),
            reply: None,
            octets,
            expectation: None,
        });
    }

    fn judge_form(&mut self, event: usize, seen: &SeenReply) {
        for flaw in &seen.flaws {
            let evidence = Evidence {
                event,
                sent: Vec::new(),
                received: seen.octets.clone(),
                at: Some(flaw.at),
            };
            let (what, wanted) = form::describe(flaw);
            self.find(flaw.kind.requirement(), what, wanted, evidence);
        }
    }

    fn find(
        &mut self,
        requirement: RequirementId,
        what: String,
        wanted: String,
        evidence: Evidence,
    ) {
        let known = |finding: &Finding| finding.requirement == requirement && finding.what == what;
        if !self.findings.iter().any(known) {
            self.findings.push(Finding {
                requirement,
                level: requirement.requirement().level,
                what,
                wanted,
                source: Source::Oracle,
                evidence,
            });
        }
    }

    /// Takes the next command line off what was sent, with its CRLF; a BDAT takes its chunk with
    /// it, which is no command (RFC 3030 §2). A line longer than any server must read counts as
    /// whole even without CRLF, because a server may answer it as soon as it is too long.
    fn take_line(&mut self) -> Option<Vec<u8>> {
        let pending = self.pending.make_contiguous();
        let end = memchr::memmem::find(pending, b"\r\n").map(|at| at + 2);
        let end = end.or_else(|| (pending.len() > COMMAND_LINE).then_some(pending.len()))?;
        let line: Vec<u8> = self.pending.drain(..end).collect();
        if let Some(octets) = chunk_size(&line) {
            let octets = octets.min(self.pending.len());
            self.pending.drain(..octets);
        }
        Some(line)
    }

    /// Reads the data that was sent up to its end, keeping only what the model asks about it.
    fn scan_data(&mut self) {
        let Phase::Data(data) = &mut self.phase else { return };
        if data.ended {
            return;
        }
        let pending = self.pending.make_contiguous();
        let mut input: &[u8] = pending;
        let mut text = Vec::new();
        data.ended = data.decoder.feed(&mut input, &mut text);
        let consumed = pending.len() - input.len();
        data.measure.feed(&text);
        self.pending.drain(..consumed);
    }
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

/// How to read on after the reply to a command.
fn phase_after(verb: &Verb<'_>, code: ReplyCode) -> Option<Phase> {
    let class = code.class();
    match verb {
        Verb::Data if class == 3 => Some(Phase::Data(Box::default())),
        Verb::Turn if class == 2 => Some(Phase::Turned),
        Verb::Other(name) if name.eq_ignore_ascii_case(b"AUTH") && class == 3 => {
            Some(Phase::Continuation)
        }
        // What follows is a TLS handshake, which is not read here.
        Verb::Other(name) if name.eq_ignore_ascii_case(b"STARTTLS") && class == 2 => {
            Some(Phase::Lost)
        }
        // Whether the chunk's octets were taken as data or as commands can't be seen.
        Verb::Other(name) if name.eq_ignore_ascii_case(b"BDAT") && class != 2 => Some(Phase::Lost),
        _ => None,
    }
}

fn unjudged(event: usize, seen: SeenReply, asked: Asked, sent: Vec<u8>) -> Exchange {
    Exchange { event, asked, sent, reply: Some(seen.reply), octets: seen.octets, expectation: None }
}

/// The size that a BDAT command announces.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let mut words = line.trim_ascii_end().split(|&octet| octet == b' ');
    let verb = words.next()?;
    if !verb.eq_ignore_ascii_case(b"BDAT") {
        return None;
    }
    std::str::from_utf8(words.next()?).ok()?.parse().ok()
}
