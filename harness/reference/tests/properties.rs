//! What holds for any octets: the reference server never breaks a rule of the oracle, and how its
//! input is cut does not matter.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use smtpspec_protocol::{
    DataDecoder, Flaw, FlawKind, Framed, LineBuffer, Protocol, ReadReply, Reply, ReplyLimits,
    ReplyReader, Request,
};
use smtpspec_reference::{
    Account, Config, Measure, Model, Moved, Output, Queued, Server, State, Stimulus, TurnPeers,
};

/// A server with any habits, within limits that a short test can reach.
fn configs() -> impl Strategy<Value = Config> {
    let withheld = prop::sample::subsequence(
        vec!["SIZE".to_owned(), "8BITMIME".to_owned(), "CHUNKING".to_owned()],
        0..=3,
    );
    let limits = (prop_oneof![Just(0_u64), 1_u64..300], 1_usize..4, 513_usize..1100);
    (any::<[bool; 6]>(), withheld, limits).prop_map(
        |([open, relays, vrfy, expn, turns, lmtp], withheld, (octets, recipients, line))| Config {
            protocol: if lmtp { Protocol::Lmtp } else { Protocol::Smtp },
            // Refused in LMTP when the message is there.
            undeliverable: vec![Account::new("user2", "example.test")],
            refuses_sessions: !open && relays && !vrfy,
            takes_no_mail: !open && !relays && !expn,
            null_mx: if expn { config().null_mx } else { Vec::new() },
            relays,
            vrfy,
            expn,
            // LMTP asks for more than SMTP does (RFC 2033 §5).
            withheld: if lmtp { config().withheld } else { [withheld, config().withheld].concat() },
            max_message_octets: octets,
            max_recipients: recipients,
            max_command_line: line,
            turn: if turns { config().turn } else { TurnPeers::new() },
            ..config()
        },
    )
}

/// A server that can do everything.
fn config() -> Config {
    let queued = Queued {
        reverse_path: Vec::new(),
        recipients: vec![b"b@peer.test".to_vec()],
        message: b"Hi\r\n".to_vec(),
    };
    Config {
        // Behind STARTTLS nobody can read the octets (RFC 3207 §4).
        withheld: vec!["STARTTLS".to_owned()],
        max_message_octets: 200,
        max_recipients: 3,
        max_command_line: 600,
        auth_in_clear: true,
        max_auth_line: 700,
        accounts: [Config::default().accounts, vec![Account::new("j\u{fc}rgen", "example.test")]]
            .concat(),
        moved: vec![Moved {
            local_part: "old".to_owned(),
            domain: "example.test".to_owned(),
            to: "j\u{fc}rgen@elsewhere.test".to_owned(),
        }],
        null_mx: vec!["client.test".to_owned()],
        max_transactions: Some(4),
        max_domains: Some(2),
        turn: TurnPeers::from([("peer.test".to_owned(), vec![queued])]),
        ..Config::default()
    }
}

/// Everything that a server puts out for an input that is cut at these places.
fn outputs(config: Config, input: &[u8], cuts: &[usize]) -> (Vec<Output>, State) {
    let mut server = Server::new(Arc::new(config));
    server.open(Duration::ZERO);
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    for ends in places.windows(2) {
        server.receive(Duration::ZERO, &input[ends[0]..ends[1]]);
    }
    let mut outputs: Vec<Output> = Vec::new();
    while let Some(output) = server.poll() {
        match (outputs.last_mut(), output) {
            (Some(Output::Send(all)), Output::Send(more)) => all.extend(more),
            (_, output) => outputs.push(output),
        }
    }
    (outputs, *server.model().state())
}

/// The replies in an output, none of which may have any flaw.
fn replies(outputs: &[Output]) -> Vec<Reply> {
    let octets: Vec<u8> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(octets) => Some(octets.as_slice()),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    let mut reader = ReplyReader::new(ReplyLimits::default());
    let mut input = octets.as_slice();
    let mut replies = Vec::new();
    while let Some(read) = reader.feed(&mut input) {
        match read {
            ReadReply::Reply(seen) => {
                // What may be in UTF-8, the oracle says (RFC 6531 §3.7.4).
                let eight_bit = |flaw: &Flaw| flaw.kind == FlawKind::EightBit;
                assert!(seen.flaws.iter().all(eight_bit), "{seen:?}");
                replies.push(seen.reply);
            }
            // After TURN what is sent are commands.
            other => assert!(matches!(other, ReadReply::Garbage { .. }), "{other:?}"),
        }
    }
    replies
}

/// An oracle beside the server: it reads the input for itself, and judges each reply.
struct Watch {
    oracle: Model,
    replies: std::vec::IntoIter<Reply>,
}

impl Watch {
    fn judge(&mut self, stimulus: &Stimulus<'_>) {
        let reply = self.replies.next().unwrap_or_else(|| panic!("no reply to {stimulus:?}"));
        let expectation = self.oracle.expect(stimulus);
        let breaches = expectation.breaches(reply.code).len();
        let of_text = expectation.text_breaches(&reply);
        let state = self.oracle.state();
        assert_eq!(breaches, 0, "{stimulus:?} drew {reply:?} in {state:?}");
        assert!(of_text.is_empty(), "{stimulus:?} drew {reply:?}: {of_text:?}");
        self.oracle.advance(stimulus, &reply);
    }

    fn run(&mut self, max_command_line: usize, mut input: &[u8]) {
        self.judge(&Stimulus::Connected);
        let mut lines = LineBuffer::new(max_command_line);
        let mut chunks = Measure::default();
        while !self.oracle.state().is_over() {
            if self.oracle.awaits_data() {
                let (mut decoder, mut text) = (DataDecoder::default(), Vec::new());
                if !decoder.feed(&mut input, &mut text) {
                    break;
                }
                let mut measure = Measure::default();
                measure.feed(&text);
                let message = Stimulus::Message(measure.facts());
                self.judge(&message);
                // In LMTP each recipient has a reply (RFC 2033 §4.2).
                while self.oracle.awaits_data() {
                    self.judge(&message);
                }
                continue;
            }
            let in_exchange = *self.oracle.state() == State::AwaitResponse;
            lines.limit_to(if in_exchange { config().max_auth_line } else { max_command_line });
            match lines.feed(&mut input) {
                Some(Framed::Line(line)) => {
                    let request = Request::parse(&line, self.oracle.grammar());
                    let Some(chunk) = self.oracle.chunk(&request) else {
                        self.judge(&Stimulus::Request(&request));
                        continue;
                    };
                    let octets = usize::try_from(chunk.octets).unwrap_or(usize::MAX);
                    let Some((octets, rest)) = input.split_at_checked(octets) else { break };
                    input = rest;
                    if !self.oracle.awaits_chunk() {
                        chunks = Measure::default();
                    }
                    chunks.feed(octets);
                    let stimulus = Stimulus::Chunk(chunk, chunks.facts());
                    // In LMTP the last one is answered for each recipient (RFC 2033 §4.3).
                    let due = self.oracle.replies_due_to(&stimulus);
                    if due == 0 {
                        self.oracle.pass_over(&stimulus);
                    }
                    (0..due).for_each(|_| self.judge(&stimulus));
                }
                Some(Framed::TooLong { head, octets }) => {
                    self.judge(&Stimulus::Overlong { head: &head, octets });
                }
                None => break,
            }
        }
    }
}

/// Commands with mailboxes beyond ASCII.
const INTERNATIONAL: &[&str] = &[
    "MAIL FROM:<\u{e9}@b\u{fc}cher.test> SMTPUTF8\r\n",
    "MAIL FROM:<> smtputf8 BODY=8BITMIME\r\n",
    "MAIL FROM:<> SMTPUTF8=1\r\n",
    "RCPT TO:<\u{e9}@example.test>\r\n",
    "RCPT TO:<j\u{fc}rgen@example.test>\r\n",
    "RCPT TO:<old@example.test>\r\n",
    "VRFY j\u{fc}rgen SMTPUTF8\r\n",
    "VRFY j\u{fc}rgen\r\n",
    "EXPN list smtputf8\r\n",
    "SEND FROM:<\u{e9}@client.test>\r\n",
    "NOOP \u{e9}\r\n",
];

/// Commands of extensions: chunks with and without their octets, and mail that is asked for.
fn of_extensions() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        "MAIL FROM:<a@client.test> BODY=BINARYMIME\r\n",
        "BDAT 5 LAST\r\nNOOP\n",
        "BDAT 4\r\n\r\n.\r",
        "bdat 250\r\n",
        "BDAT 0 last\r\n",
        "BDAT 2 first\r\n\r\n",
        "BDAT LAST\r\n",
        "BDAT -1\r\n",
        "ETRN branch.example.test\r\n",
        "ETRN @x\r\n",
        "ETRN\r\n",
        "RCPT TO:<a@branch.example.test>\r\n",
    ])
    .prop_map(|text| text.as_bytes().to_vec())
}

/// Parameters of the smaller extensions.
const SMALLER: &[&str] = &[
    "ETRN branch.example.test\r\n",
    "MAIL FROM:<a@b.test> BY=120;R\r\n",
    "MAIL FROM:<> BY=0;R MT-PRIORITY=9\r\n",
    "MAIL FROM:<> BY=1;N BY=2;N\r\n",
    "MAIL FROM:<> MT-PRIORITY=3\r\n",
    "MAIL FROM:<> MT-PRIORITY=10\r\n",
    "MAIL FROM:<> REQUIRETLS\r\n",
    "RCPT TO:<reassigned@example.test> RRVS=2001-01-01T00:00:00Z\r\n",
    "RCPT TO:<user@example.test> RRVS=yesterday\r\n",
    "ETRN @x\r\n",
    "ETRN\r\n",
    "RCPT TO:<a@branch.example.test>\r\n",
];

/// Pieces of sessions: legal commands, nearly legal ones, message text, and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO client.test\r\n",
        "EHLO peer.test\r\n",
        "HELO client.test\r\n",
        "LHLO client.test\r\n",
        "LHLO\r\n",
        "HELO [192.0.2.1]\r\n",
        "EHLO [192.0.2.1] text\r\n",
        "EHLO my_host\r\n",
        "EHLO\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<a@client.test>\r\n",
        "mail from:<a@client.test> size=100 body=8bitmime\r\n",
        "MAIL FROM:<> SIZE=1000\r\n",
        "MAIL FROM:<> SIZE=\r\n",
        "MAIL FROM:<> SIZE=1 SIZE=2\r\n",
        "MAIL FROM:<> BODY=9BIT\r\n",
        "MAIL FROM:<> RET=HDRS ENVID=a+2Bb\r\n",
        "MAIL FROM:<> RET=SOME\r\n",
        "MAIL FROM:<> FOO=BAR\r\n",
        "MAIL FROM: <a@client.test>\r\n",
        "MAIL FROM:<\u{e9}@client.test>\r\n",
        "RCPT TO:<user@example.test>\r\n",
        "RCPT TO:<user2@example.test> \r\n",
        "RCPT TO:<@a.test:list@example.test>\r\n",
        "RCPT TO:<nobody@example.test>\r\n",
        "RCPT TO:<user@elsewhere.test>\r\n",
        "RCPT TO:<postMaster>\r\n",
        "RCPT TO:<user@example.test> NOTIFY=NEVER\r\n",
        "RCPT TO:<user@example.test> NOTIFY=NEVER,DELAY ORCPT=rfc822;a\r\n",
        "RCPT TO:<>\r\n",
        "DATA\r\n",
        "DATA now\r\n",
        "RSET\r\n",
        "RSET now\r\n",
        "RSET \t\r\n",
        "NOOP\r\n",
        "NOOP string\r\n",
        "NOOP two strings\r\n",
        "VRFY user\r\n",
        "VRFY list\r\n",
        "VRFY\r\n",
        "EXPN list\r\n",
        "HELP\r\n",
        "HELP MAIL\r\n",
        "HELP me\r\n",
        "SEND FROM:<a@client.test>\r\n",
        "TURN\r\n",
        "TURN round\r\n",
        "STARTTLS\r\n",
        "AUTH PLAIN\r\n",
        "AUTH LOGIN\r\n",
        "auth cram-md5\r\n",
        "AUTH SCRAM-SHA-1 biwsbj1ib2Iscj14\r\n",
        "AUTH OAUTHBEARER =\r\n",
        "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n",
        "AUTH PLAIN A===\r\n",
        "AUTH PLAIN AGJvYgBzZWNyZXQ= QQ==\r\n",
        "AUTH PLAIN =\r\n",
        "AUTH FOO\r\n",
        "AGJvYgBzZWNyZXQ=\r\n",
        "Ym9i\r\nc2VjcmV0\r\n",
        "QR== \r\n",
        "*\r\n",
        "MAIL FROM:<> AUTH=<>\r\n",
        "MAIL FROM:<> AUTH=a+40\r\n",
        "XFOO\r\n",
        "FOO\r\n",
        "\r\n",
        "Subject: text\r\n",
        "..\r\n",
        ".\r\n",
        ".\n",
        "\n",
        "\r",
        "220 peer.test\r\n",
        "250 OK\r\n",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        30 => known.clone(),
        6 => of_extensions(),
        5 => prop::sample::select(SMALLER).prop_map(|text| text.as_bytes().to_vec()),
        5 => prop::sample::select(INTERNATIONAL).prop_map(|text| text.as_bytes().to_vec()),
        3 => Just(b".\r\n".to_vec()),
        1 => Just(b"QUIT\r\n".to_vec()),
        1 => Just(b"QUIT now\r\n".to_vec()),
        3 => (known, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut text, at, octet)| {
            let at = at.index(text.len());
            text[at] = octet;
            text
        }),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (500_usize..720, 0_usize..3).prop_map(|(octets, verb)| {
            let mut line = [&b"NOOP "[..], b"VRFY ", b"AUTH PLAIN\r\n"][verb].to_vec();
            line.resize(octets, b'x');
            line.extend(b"\r\n");
            line
        }),
    ]
}

/// A session that is likely to get somewhere.
fn session() -> impl Strategy<Value = Vec<u8>> {
    let opening = prop::sample::select(vec![
        "",
        "EHLO client.test\r\n",
        "EHLO peer.test\r\n",
        "EHLO client.test\r\nMAIL FROM:<>\r\n",
        "EHLO client.test\r\nAUTH LOGIN\r\n",
        "HELO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n",
        "EHLO c.test\r\nMAIL FROM:<> SIZE=9\r\nRCPT TO:<user@example.test>\r\nDATA\r\n",
        "HELO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nDATA\r\n.\r\n",
        "EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nBDAT 3\r\na\r\n",
        "LHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n",
        "LHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nRCPT TO:<user2@example.test>\r\n\
         RCPT TO:<user@example.test>\r\nDATA\r\n",
    ]);
    (opening, prop::collection::vec(piece(), 0..25))
        .prop_map(|(opening, pieces)| [opening.as_bytes(), &pieces.concat()].concat())
}

/// More cases than usual: sessions are made of many pieces.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * 4, ..usual }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn the_server_never_breaks_a_rule_of_the_oracle(
        input in session(),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
        config in configs(),
    ) {
        let (longest, protocol) = (config.max_command_line, config.protocol);
        let (outputs, state) = outputs(config, &input, &cuts);
        let mut watch = Watch { oracle: Model::oracle_of(protocol), replies: replies(&outputs).into_iter() };
        watch.run(longest, &input);
        prop_assert_eq!(*watch.oracle.state(), state);
        if state != State::Turned {
            prop_assert_eq!(watch.replies.next(), None);
        }
    }

    #[test]
    fn no_octets_at_all_lead_out_of_the_permission(
        input in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let (outputs, state) = outputs(config(), &input, &cuts);
        let mut watch = Watch { oracle: Model::oracle(), replies: replies(&outputs).into_iter() };
        watch.run(config().max_command_line, &input);
        prop_assert_eq!(*watch.oracle.state(), state);
        prop_assert_eq!(watch.replies.next(), None);
    }

    #[test]
    fn cuts_in_the_input_do_not_matter(
        input in session(),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
        config in configs(),
    ) {
        let whole = outputs(config.clone(), &input, &[]);
        prop_assert_eq!(whole, outputs(config, &input, &cuts));
    }

    #[test]
    fn an_octet_at_a_time_is_as_good_as_all_at_once(input in session(), config in configs()) {
        let cuts: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(outputs(config.clone(), &input, &[]), outputs(config, &input, &cuts));
    }

    #[test]
    fn what_is_accepted_was_asked_for(input in session()) {
        let (outputs, _) = outputs(config(), &input, &[]);
        for output in outputs {
            if let Output::Deliver(delivery) = output {
                prop_assert!((1..=3).contains(&delivery.recipients.len()));
                if !delivery.message.starts_with(b"Received: from ") {
                    // No client's mail, so a notice: nobody can answer it (RFC 5321 §4.5.5), and
                    // it goes to whoever sent what it is about.
                    prop_assert_eq!(&delivery.reverse_path, b"");
                    prop_assert_eq!(delivery.recipients.len(), 1);
                    let sender = &delivery.recipients[0];
                    prop_assert!(input.windows(sender.len()).any(|octets| octets == sender));
                    prop_assert!(delivery.message.windows(17).any(|part| part == b"multipart/report;"));
                    continue;
                }
                prop_assert!(delivery.message.len() < 200 + 1000);
            }
        }
    }
}
