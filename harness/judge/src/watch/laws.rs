//! What holds for any octets: the reference server is never accused, nor is any other server that
//! keeps to the rules, whatever it chooses among what they permit; and no octets of a server do
//! any harm.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRng;
use smtpspec_protocol::{DataDecoder, Framed, LineBuffer, Reply, ReplyCode, Request, Verb};
use smtpspec_reference::{Config, Measure, Output, Server, Stimulus};

use super::*;

/// Commands, legal and not, message text and its look-alike ends, and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO client.test\r\n",
        "EHLO my_host\r\n",
        "HELO client.test\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<a@client.test> SIZE=100 BODY=8BITMIME\r\n",
        "MAIL FROM:<a@client.test> SMTPUTF8\r\n",
        "MAIL FROM:<> FOO=BAR\r\n",
        "MAIL FROM: <a@client.test>\r\n",
        "MAIL FROM:<\u{e9}@client.test>\r\n",
        "RCPT TO:<user@example.test>\r\n",
        "RCPT TO:<user2@example.test> \r\n",
        "RCPT TO:<nobody@example.test>\r\n",
        "RCPT TO:<Postmaster>\r\n",
        "RCPT TO:<>\r\n",
        "DATA\r\n",
        "DATA now\r\n",
        "RSET\r\n",
        "RSET now\r\n",
        "NOOP\r\n",
        "NOOP two strings\r\n",
        "VRFY user\r\n",
        "EXPN list\r\n",
        "HELP\r\n",
        "SEND FROM:<a@client.test>\r\n",
        "TURN\r\n",
        "STARTTLS\r\n",
        "AUTH PLAIN\r\n",
        "BDAT 5 LAST\r\nNOOP\n",
        "XFOO\r\n",
        "FOO\r\n",
        "\r\n",
        "QUIT now\r\n",
        "NOOP\nNOOP\r\n",
        "NOOP\rNOOP\r\n",
        "MAIL FROM:<>\nRCPT TO:<user@example.test>\r\n",
        "DATA\ntext\r\n",
        "Subject: text\r\n",
        "a\n.\nMAIL FROM:<>\r\n",
        "a\r\n.\nRSET\r\n",
        "a\r.\rNOOP\r\n",
        "..\r\n",
        ".\r\n",
        ".\n",
        "\n",
        "\r",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        30 => known,
        5 => Just(b".\r\n".to_vec()),
        1 => Just(b"QUIT\r\n".to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (500_usize..1200, any::<bool>()).prop_map(|(octets, noop)| {
            let mut line = if noop { b"NOOP ".to_vec() } else { b"MAIL FROM:<".to_vec() };
            line.resize(octets, b'x');
            line.extend(b"\r\n");
            line
        }),
    ]
}

/// Octets, shown as text where a law fails.
#[derive(Clone)]
struct Shown(Vec<u8>);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// What a client sends, likely to get somewhere.
fn talk() -> impl Strategy<Value = Shown> {
    let opening = prop::sample::select(vec![
        "",
        "EHLO client.test\r\n",
        "EHLO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n",
        "HELO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nDATA\r\n",
    ]);
    (opening, prop::collection::vec(piece(), 0..25))
        .prop_map(|(opening, pieces)| Shown([opening.as_bytes(), &pieces.concat()].concat()))
}

/// A server: what it says to what it is sent.
trait Speaks {
    /// What it says first.
    fn open(&mut self) -> Vec<u8>;
    /// What it says to these octets.
    fn hear(&mut self, octets: &[u8]) -> Vec<u8>;
    /// Whether it has closed the connection.
    fn closed(&self) -> bool;
}

/// Lets a client talk to a server under the eyes of the watch. The octets of the client are cut at
/// `cuts`; what the server says is held back and cut by the same measure.
fn converse(server: &mut impl Speaks, input: &[u8], cuts: &[usize]) -> Vec<Finding> {
    let mut watch = Watch::new();
    let mut said = server.open();
    let mut talked = Vec::new();
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    for (event, ends) in places.windows(2).enumerate() {
        if server.closed() {
            break;
        }
        watch.sent(&input[ends[0]..ends[1]]);
        said.extend(server.hear(&input[ends[0]..ends[1]]));
        let read = cuts.get(event).map_or(said.len(), |cut| cut % (said.len() + 1));
        let read_as = watch.received(event, &said[..read]);
        let sent = input[ends[0]..ends[1]].escape_ascii().to_string();
        talked.push((sent, said[..read].escape_ascii().to_string(), read_as));
        said.drain(..read);
    }
    let read_as = watch.received(usize::MAX, &said);
    talked.push((String::new(), said.escape_ascii().to_string(), read_as));
    if server.closed() {
        watch.closed(usize::MAX, Duration::ZERO);
    } else {
        watch.silent(usize::MAX);
    }
    let findings = watch.into_findings();
    if !findings.is_empty() {
        eprintln!("{talked:#?}");
    }
    findings
}

/// The reference server.
struct Reference {
    server: Server,
    closed: bool,
}

impl Reference {
    fn new() -> Self {
        let config = Config { max_message_octets: 200, max_recipients: 3, ..Config::default() };
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
struct Lenient {
    model: Model,
    rng: TestRng,
    lines: LineBuffer,
    data: Option<(DataDecoder, Measure)>,
    /// Octets of a chunk that are still to come (RFC 3030 §2).
    chunk: usize,
    /// It is in a SASL exchange (RFC 4954 §4).
    in_exchange: bool,
    /// It has said its last word, with or without a close.
    mute: bool,
    closed: bool,
}

impl Lenient {
    fn new(rng: TestRng) -> Self {
        Self {
            model: Model::oracle(),
            rng,
            lines: LineBuffer::new(4096),
            data: None,
            chunk: 0,
            in_exchange: false,
            mute: false,
            closed: false,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.next_u32()).unwrap() % bound
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    /// Answers with any reply that breaks no rule, and follows it.
    fn answer(&mut self, stimulus: &Stimulus<'_>, out: &mut Vec<u8>) -> Reply {
        let expectation = self.model.expect(stimulus);
        let codes: Vec<ReplyCode> = (200..560)
            .filter_map(ReplyCode::new)
            .filter(|code| code.is_valid() && expectation.breaches(*code).is_empty())
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
            self.closed = *self.model.state() == smtpspec_reference::State::Closed;
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
            (251 | 551, _) => self.pick(&["try <a@b.test>", "2.1.5 will forward to x@[192.0.2.1]"]),
            _ => self.pick(&["OK", "2.0.0 OK", "\t", "text with spaces  ", "-", "250 250", "~"]),
        };
        let mut lines = vec![first.to_owned()];
        let more = self.below(4);
        for _ in 0..more {
            let line = match (code, verb) {
                (250, Some(Verb::Ehlo)) => self.pick(&[
                    "SIZE",
                    "SIZE 0",
                    "SIZE 1000",
                    "8BITMIME",
                    "SMTPUTF8",
                    "PIPELINING",
                    "STARTTLS",
                    "AUTH PLAIN LOGIN",
                    "AUTH=PLAIN LOGIN",
                    "CHUNKING",
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
        } else if self.below(20) == 0 {
            // It gives up the client in the middle of the message.
            out.extend(self.pick(&["421 mx.example.test Enough\r\n", "550 Enough\r\n"]).bytes());
            (self.mute, self.closed) = (true, true);
        }
    }

    fn line(&mut self, line: &[u8], octets: usize, in_haste: bool, out: &mut Vec<u8>) {
        if self.in_exchange {
            let reply = self.pick(&["334 \r\n", "334 YQ==\r\n", "235 Welcome\r\n", "535 No\r\n"]);
            self.in_exchange = reply.starts_with('3');
            out.extend(reply.bytes());
            return;
        }
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
        let stimulus = if octets > smtpspec_protocol::limits::COMMAND_LINE {
            Stimulus::Overlong { head: line, octets }
        } else {
            Stimulus::Request(&request)
        };
        let reply = self.answer(&stimulus, out);
        let (code, class) = (reply.code.get(), reply.code.class());
        match request.verb {
            Verb::Data if class == 3 => self.data = Some(Default::default()),
            Verb::Other(verb) if verb.eq_ignore_ascii_case(b"AUTH") && class == 3 => {
                self.in_exchange = true;
            }
            Verb::Other(verb) if verb.eq_ignore_ascii_case(b"STARTTLS") && class == 2 => {
                out.extend(b"\x15\x03\x03\n\x02\x02\n\n");
                self.mute = true;
            }
            Verb::Other(verb) if verb.eq_ignore_ascii_case(b"BDAT") && class == 2 => self.chunk = 5,
            Verb::Data if class == 2 => self.mute = true,
            // It awaits something that only its client knows of.
            _ if class == 3 => self.mute = true,
            Verb::Other(_) if code == 221 => (self.mute, self.closed) = (true, true),
            _ => {}
        }
    }
}

impl Speaks for Lenient {
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

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..12)
}

proptest! {
    #[test]
    fn the_reference_is_never_accused(input in talk(), cuts in cuts()) {
        prop_assert_eq!(converse(&mut Reference::new(), &input.0, &cuts), []);
    }

    #[test]
    fn the_reference_is_never_accused_octet_by_octet(input in talk()) {
        let cuts: Vec<usize> = (0..input.0.len()).collect();
        prop_assert_eq!(converse(&mut Reference::new(), &input.0, &cuts), []);
    }

    #[test]
    fn a_server_that_keeps_to_the_rules_is_never_accused(
        input in talk(),
        cuts in cuts(),
        chance in any::<[u8; 32]>(),
    ) {
        let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &chance);
        prop_assert_eq!(converse(&mut Lenient::new(rng), &input.0, &cuts), []);
    }

    #[test]
    fn no_octets_of_a_server_do_any_harm(
        talks in prop::collection::vec((talk(), answer()), 0..12),
    ) {
        let mut watch = Watch::new();
        for (event, (sent, received)) in talks.iter().enumerate() {
            watch.sent(&sent.0);
            watch.received(event, &received.0);
            prop_assert!(watch.partial().len() <= 64 * 1024);
        }
        watch.silent(talks.len());
        watch.closed(talks.len(), Duration::ZERO);
        let sent: usize = talks.iter().map(|(sent, _)| sent.0.len()).sum();
        prop_assert!(watch.pending.len() <= sent + 64 * 1024);
        for finding in watch.into_findings() {
            let at = finding.evidence.at.unwrap_or(0);
            prop_assert!(at <= finding.evidence.received.len(), "{:?}", finding);
        }
    }
}

/// Replies that are nearly right, and noise.
fn answer() -> impl Strategy<Value = Shown> {
    let piece = prop_oneof![
        3 => "[2-5][0-5][0-9][ -][ -~]{0,12}\r?\n".prop_map(String::into_bytes),
        2 => prop::sample::select(vec![
            "220 mx.test\r\n", "250 OK\r\n", "354 Go\r\n", "250-\r\n250-A@B\r\n", "251 <@a:b@c>\r\n",
            "250 <<<<>>>>@@\r\n", "220\r\n", "000 \r\n", "\r\n", "250-",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 0_usize..9000).prop_map(|(octet, times)| vec![octet; times]),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| Shown(pieces.concat()))
}
