//! Servers for the laws: the reference, and one that does what it likes within the rules.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use smtpspec_catalogue::Grade;
use smtpspec_protocol::{
    DataDecoder, Framed, LineBuffer, Protocol, Reply, ReplyCode, Request, Verb,
};
use smtpspec_reference::{
    Account, Chunk, Config, Expectation, Measure, Model, Output, Server, State, Stimulus,
};

/// A server: what it says to what it is sent.
pub(super) trait Speaks {
    /// What it speaks.
    fn protocol(&self) -> Protocol;
    /// What it says first.
    fn open(&mut self) -> Vec<u8>;
    /// What it says to these octets.
    fn hear(&mut self, octets: &[u8]) -> Vec<u8>;
    /// Whether it has closed the connection.
    fn closed(&self) -> bool;
}

/// The reference server.
pub(super) struct Reference {
    server: Server,
    closed: bool,
}

impl Reference {
    pub(super) fn new(protocol: Protocol) -> Self {
        let config = Config {
            auth_in_clear: true,
            max_auth_line: 600,
            protocol,
            // What the client names second, an LMTP server refuses when the message is there.
            undeliverable: vec![Account::new("user2", "example.test")],
            max_message_octets: 200,
            max_recipients: 3,
            ..Config::default()
        };
        Self { server: Server::new(Arc::new(config)), closed: false }
    }

    fn said(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send(octets) => said.extend(octets),
                Output::Close => self.closed = true,
                _ => {}
            }
        }
        said
    }
}

impl Speaks for Reference {
    fn protocol(&self) -> Protocol {
        self.server.model().protocol()
    }

    fn open(&mut self) -> Vec<u8> {
        self.server.open(Duration::ZERO);
        self.said()
    }

    fn hear(&mut self, octets: &[u8]) -> Vec<u8> {
        self.server.receive(Duration::ZERO, octets);
        self.said()
    }

    fn closed(&self) -> bool {
        self.closed
    }
}

/// A server that keeps to the rules and to nothing else: of all that is permitted it chooses by
/// chance.
pub(super) struct Lenient {
    model: Model,
    /// Rules that bind like this, or more strongly, it never breaks.
    keeps: Grade,
    rng: TestRng,
    lines: LineBuffer,
    data: Option<(DataDecoder, Measure)>,
    /// Octets of a chunk that are still to come, where CHUNKING was not offered (RFC 3030 §2).
    chunk: usize,
    /// The chunk that is under way, with its octets so far.
    incoming: Option<(Chunk, Vec<u8>)>,
    /// What the chunks so far make of the message.
    chunks: Measure,
    /// It has said its last word, with or without a close.
    mute: bool,
    closed: bool,
}

impl Lenient {
    /// One that breaks no rule at all.
    pub(super) fn new(protocol: Protocol, chance: &[u8; 32]) -> Self {
        Self {
            model: Model::oracle_of(protocol),
            keeps: Grade::May,
            rng: TestRng::from_seed(RngAlgorithm::ChaCha, chance),
            lines: LineBuffer::new(4096),
            data: None,
            chunk: 0,
            incoming: None,
            chunks: Measure::default(),
            mute: false,
            closed: false,
        }
    }

    /// One that does what it must, and heeds no recommendation.
    pub(super) fn careless(protocol: Protocol, chance: &[u8; 32]) -> Self {
        Self { keeps: Grade::Must, ..Self::new(protocol, chance) }
    }

    fn permits(&self, expectation: &Expectation, code: ReplyCode) -> bool {
        expectation.breaches(code).iter().all(|rule| rule.grade() < self.keeps)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.next_u32()).unwrap() % bound
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    /// Answers with any reply that breaks no rule which it keeps, and follows it.
    fn answer(&mut self, stimulus: &Stimulus<'_>, out: &mut Vec<u8>) -> Reply {
        let expectation = self.model.expect(stimulus);
        // Who has taken a recipient does not say that it takes no mail (RFC 7504 §3).
        let taken = self.model.transaction().is_some_and(|open| !open.recipients.is_empty());
        let codes: Vec<ReplyCode> = (200..560)
            .filter(|&code| code != 521 || !taken)
            .filter_map(ReplyCode::new)
            .filter(|code| code.is_valid() && self.permits(&expectation, *code))
            .collect();
        // Mostly the usual, so that the session gets somewhere; now and then something else.
        let usual = self.below(10) < 7 && codes.contains(&expectation.preferred.code);
        let code = match (usual, codes.len()) {
            (true, _) | (_, 0) => expectation.preferred.code,
            (false, many) => codes[self.below(many)],
        };
        let reply = Reply::multiline(code.get(), self.text(stimulus, code.get()));
        reply.write_to(out);
        self.model.advance(stimulus, &reply);
        if self.model.state().is_over() {
            self.mute = true;
            self.closed = *self.model.state() == State::Closed;
        }
        reply
    }

    /// Text in the grammar, made without a look at the rules that are to be tested.
    fn text(&mut self, stimulus: &Stimulus<'_>, code: u16) -> Vec<String> {
        const NAMES: [&str; 3] = ["mx.example.test", "mx.example.test ready", "[192.0.2.1] \thi"];
        const USERS: [&str; 3] = ["<a@b.test>", "2.1.5 Jo Smith <jo@b.test>", "\"x\" <y@[::z]>"];
        let verb = match stimulus {
            Stimulus::Request(request) => Some(request.verb),
            _ => None,
        };
        let first = match (code, verb) {
            (221 | 421, _) | (220, None) | (250, Some(Verb::Ehlo | Verb::Helo)) => {
                self.pick(&NAMES)
            }
            (250 | 251 | 551, Some(Verb::Vrfy | Verb::Expn)) => self.pick(&USERS[..2]),
            (334, _) => self.pick(&["", "YQ==", "PDEyMzRAbXguZXhhbXBsZS50ZXN0Pg=="]),
            // To call what is in the grammar an error is wrong; not to want it is not.
            (501, _) => self.pick(&["not allowed here", "2.0.0 denied by policy"]),
            (251 | 551, _) => self.pick(&["try <a@b.test>", "2.1.5 will forward to x@[192.0.2.1]"]),
            _ => self.pick(&["OK", "2.0.0 OK", "\t", "text with spaces  ", "-", "250 250", "~"]),
        };
        let mut lines = vec![first.to_owned()];
        // A challenge is one line, and the response to `AUTH PLAIN` is asked for by an empty one.
        let more = if code == 334 { 0 } else { self.below(4) };
        if matches!(stimulus, Stimulus::Request(request) if code == 334 && is_bare(request)) {
            return vec![String::new()];
        }
        for _ in 0..more {
            let line = match (code, verb) {
                (250, Some(Verb::Ehlo)) => self.pick(&[
                    "SIZE",
                    "SIZE 0",
                    "SIZE 1000",
                    "8BITMIME",
                    "SMTPUTF8",
                    "LIMITS RCPTMAX=2 MAILMAX=3",
                    "PIPELINING",
                    "STARTTLS",
                    "AUTH PLAIN LOGIN",
                    "AUTH=PLAIN LOGIN",
                    "CHUNKING",
                    "ETRN",
                    "BINARYMIME",
                    "DELIVERBY 60",
                    "MT-PRIORITY MIXER",
                    "REQUIRETLS",
                    "RRVS",
                    "EXPN",
                    "HELP",
                    "TURN",
                    "x-1 !$%&/=",
                    "9",
                ]),
                (250, Some(Verb::Vrfy | Verb::Expn)) => self.pick(&USERS[..2]),
                _ => self.pick(&["more", "", " ", "\t", "2.0.0", "SIZE matters"]),
            };
            lines.push(line.to_owned());
        }
        // The one is never offered without the other (RFC 6531 §3.1).
        if lines.iter().any(|line| line == "SMTPUTF8") {
            lines.push("8BITMIME".to_owned());
        }
        // rfc3030-3-1
        if lines.iter().any(|line| line == "BINARYMIME") {
            lines.push("CHUNKING".to_owned());
        }
        lines
    }

    fn message(&mut self, input: &mut &[u8], out: &mut Vec<u8>) {
        let Some((decoder, measure)) = &mut self.data else { return };
        let mut text = Vec::new();
        let ended = decoder.feed(input, &mut text);
        measure.feed(&text);
        let facts = measure.facts();
        if ended {
            self.data = None;
            self.answer(&Stimulus::Message(facts), out);
            while self.model.awaits_data() {
                self.answer(&Stimulus::Message(facts), out);
            }
        } else if self.below(20) == 0 {
            // It gives up the client in the middle of the message.
            out.extend(self.pick(&["421 mx.example.test Enough\r\n", "550 Enough\r\n"]).bytes());
            (self.mute, self.closed) = (true, true);
        }
    }

    /// Takes octets of the chunk, and answers when it is whole.
    fn chunk(&mut self, input: &mut &[u8], out: &mut Vec<u8>) {
        let Some((chunk, octets)) = &mut self.incoming else { return };
        let left = usize::try_from(chunk.octets).unwrap_or(usize::MAX) - octets.len();
        let (now, rest) = input.split_at(left.min(input.len()));
        octets.extend(now);
        *input = rest;
        if now.len() < left {
            if self.below(20) == 0 {
                out.extend(b"421 mx.example.test Enough\r\n");
                (self.mute, self.closed) = (true, true);
            }
            return;
        }
        let Some((chunk, octets)) = self.incoming.take() else { return };
        if !self.model.awaits_chunk() {
            self.chunks = Measure::default();
        }
        self.chunks.feed(&octets);
        self.answer_chunk(chunk, out);
    }

    fn answer_chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>) {
        let stimulus = Stimulus::Chunk(chunk, self.chunks.facts());
        // In LMTP the last one is answered for each recipient (RFC 2033 §4.3).
        let due = self.model.replies_due_to(&stimulus);
        if due == 0 {
            self.model.pass_over(&stimulus);
        }
        for _ in 0..due {
            let reply = self.answer(&stimulus, out);
            self.mute |= reply.code.class() == 3;
            if self.mute || self.closed || self.model.state().is_over() {
                return;
            }
        }
    }

    fn line(&mut self, line: &[u8], octets: usize, in_haste: bool, out: &mut Vec<u8>) {
        if line.iter().any(|octet| matches!(octet, b'\r' | b'\n')) && self.below(3) == 0 {
            out.extend(b"550-2.0.0 Such a line\r\n550 is no line\r\n");
            return;
        }
        if in_haste && self.below(8) == 0 {
            out.extend(b"554 Do wait\r\n");
            (self.mute, self.closed) = (true, true);
            return;
        }
        let request = Request::parse(line, self.model.grammar());
        let stimulus = if octets > self.model.longest_line() {
            Stimulus::Overlong { head: line, octets }
        } else {
            if let Some(chunk) = self.model.chunk(&request) {
                // Of a BDAT that is wrong, it may count the octets or not.
                if chunk.well_formed || self.below(2) == 0 {
                    self.incoming = Some((chunk, Vec::new()));
                    self.chunk(&mut &b""[..], out);
                } else {
                    self.answer_chunk(chunk, out);
                }
                return;
            }
            Stimulus::Request(&request)
        };
        let reply = self.answer(&stimulus, out);
        let (code, class) = (reply.code.get(), reply.code.class());
        match request.verb {
            _ if *self.model.state() == State::AwaitResponse => {}
            Verb::Data if class == 3 => self.data = Some(Default::default()),
            Verb::Other(verb) if verb.eq_ignore_ascii_case(b"STARTTLS") && class == 2 => {
                out.extend(b"\x15\x03\x03\n\x02\x02\n\n");
                self.mute = true;
            }
            Verb::Other(verb) if verb.eq_ignore_ascii_case(b"BDAT") && class == 2 => {
                let word = line.split(|&octet| octet == b' ').nth(1).unwrap_or_default();
                self.chunk = std::str::from_utf8(word).unwrap_or("").parse().unwrap_or(0);
            }
            Verb::Data if class == 2 => self.mute = true,
            // It awaits something that only its client knows of.
            _ if class == 3 => self.mute = true,
            Verb::Other(_) if code == 221 => (self.mute, self.closed) = (true, true),
            _ => {}
        }
    }
}

/// Whether it is AUTH with a mechanism that the client begins, and nothing of what it says.
fn is_bare(request: &Request<'_>) -> bool {
    request.line.trim_ascii_end().eq_ignore_ascii_case(b"AUTH PLAIN")
}

impl Speaks for Lenient {
    fn protocol(&self) -> Protocol {
        self.model.protocol()
    }

    fn open(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.answer(&Stimulus::Connected, &mut out);
        out
    }

    fn hear(&mut self, octets: &[u8]) -> Vec<u8> {
        let (mut input, mut out) = (octets, Vec::new());
        while !self.mute && !input.is_empty() {
            if self.data.is_some() {
                self.message(&mut input, &mut out);
                continue;
            }
            if self.incoming.is_some() {
                self.chunk(&mut input, &mut out);
                continue;
            }
            let chunk = self.chunk.min(input.len());
            self.chunk -= chunk;
            input = &input[chunk..];
            match self.lines.feed(&mut input) {
                Some(Framed::Line(line)) => {
                    self.line(&line, line.len() + 2, !input.is_empty(), &mut out);
                }
                Some(Framed::TooLong { head, octets }) => self.line(&head, octets, false, &mut out),
                None if self.below(30) == 0 => {
                    out.extend(b"421 mx.example.test I must go\r\n");
                    (self.mute, self.closed) = (true, true);
                }
                None => {}
            }
        }
        out
    }

    fn closed(&self) -> bool {
        self.closed
    }
}
