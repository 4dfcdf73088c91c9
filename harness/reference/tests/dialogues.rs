//! Whole conversations with the reference server: those of RFC 5321 appendix D, and the change of
//! roles of RFC 821 §3.8, which has no example of its own.
//!
//! `C:` is what goes to the server, `S:` how each line that comes from it begins.

use std::sync::Arc;
use std::time::Duration;

use smtpspec_reference::{
    Account, Config, Delivery, Fate, Output, Queued, Returned, Server, TurnPeers,
};

/// One connection to a server, and what has come out of it.
struct Stage {
    server: Server,
    said: Vec<String>,
    delivered: Vec<Delivery>,
    returned: Vec<Returned>,
    closed: bool,
}

/// Extensions that are younger than the conversations here, which they would change.
const YOUNGER: [&str; 15] = [
    "ATRN",
    "AUTH",
    "BINARYMIME",
    "CHUNKING",
    "DELIVERBY",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "ETRN",
    "FUTURERELEASE",
    "LIMITS",
    "MT-PRIORITY",
    "REQUIRETLS",
    "RRVS",
    "SMTPUTF8",
    "STARTTLS",
];

impl Stage {
    fn new(mut config: Config) -> Self {
        config.withheld.extend(YOUNGER.map(str::to_owned));
        let mut server = Server::new(Arc::new(config)).with_clock(895_754_009);
        server.open(Duration::ZERO);
        let mut stage = Self {
            server,
            said: Vec::new(),
            delivered: Vec::new(),
            returned: Vec::new(),
            closed: false,
        };
        stage.drain();
        stage
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send(octets) => {
                    let text = String::from_utf8(octets).expect("ASCII");
                    self.said.extend(text.split_terminator("\r\n").map(str::to_owned));
                }
                Output::Deliver(delivery) => self.delivered.push(delivery),
                Output::Returned(returned) => self.returned.push(returned),
                Output::StartTls => {}
                Output::Close => self.closed = true,
            }
        }
    }

    fn receive(&mut self, octets: &[u8]) {
        self.server.receive(Duration::ZERO, octets);
        self.drain();
    }

    fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            if let Some(text) = line.strip_prefix("C:") {
                self.receive(format!("{}\r\n", text.strip_prefix(' ').unwrap_or(text)).as_bytes());
            } else if let Some(start) = line.strip_prefix("S:").map(str::trim_start) {
                assert!(!self.said.is_empty(), "nothing was said where `{start}` was due");
                let said = self.said.remove(0);
                assert!(said.starts_with(start), "`{said}` where `{start}` was due");
            } else {
                panic!("`{line}` is neither C: nor S:");
            }
        }
        assert!(self.said.is_empty(), "more was said: {:?}", self.said);
    }
}

fn foo_com() -> Config {
    Config {
        name: "foo.com".to_owned(),
        domains: Vec::new(),
        accounts: vec![
            Account::new("Jones", "foo.com"),
            Account::new("Brown", "foo.com"),
            Account::new("Admin.MRC", "foo.com").named("Mark Crispin"),
        ],
        lists: Vec::new(),
        ..Config::default()
    }
}

const OPENING: &str = "
    S: 220 foo.com
    C: EHLO bar.com
    S: 250-foo.com greets bar.com
    S: 250-SIZE
    S: 250-8BITMIME
    S: 250-PIPELINING
    S: 250-VRFY
    S: 250-EXPN
    S: 250 HELP
";

#[test]
fn a_typical_transaction() {
    let mut stage = Stage::new(foo_com());
    stage.play(OPENING);
    stage.play(
        "
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: RCPT TO:<Green@foo.com>
        S: 550 No such user here
        C: RCPT TO:<Brown@foo.com>
        S: 250 OK
        C: DATA
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        C: Blah blah blah...
        C: ...etc. etc. etc.
        C: .
        S: 250 OK
        C: QUIT
        S: 221 foo.com Service closing transmission channel
        ",
    );
    assert!(stage.closed);
    let [delivery] = &stage.delivered[..] else { panic!("one delivery: {:?}", stage.delivered) };
    assert_eq!(delivery.reverse_path, b"Smith@bar.com");
    assert_eq!(delivery.recipients, [b"Jones@foo.com".to_vec(), b"Brown@foo.com".into()]);
    let expected = "Received: from bar.com ([127.0.0.1])\r\n\tby foo.com with ESMTP;\r\n\
                    \tThu, 21 May 1998 12:33:29 +0000\r\n\
                    Blah blah blah...\r\n..etc. etc. etc.\r\n";
    assert_eq!(String::from_utf8_lossy(&delivery.message), expected);
}

#[test]
fn an_aborted_transaction() {
    let mut stage = Stage::new(foo_com());
    stage.play(OPENING);
    stage.play(
        "
        C: MAIL FROM:<Smith@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@foo.com>
        S: 250 OK
        C: RCPT TO:<Green@foo.com>
        S: 550 No such user here
        C: RSET
        S: 250 OK
        C: QUIT
        S: 221 foo.com Service closing transmission channel
        ",
    );
    assert!(stage.delivered.is_empty());
}

#[test]
fn relayed_mail() {
    let mut stage = Stage::new(Config { relays: true, ..foo_com() });
    stage.play(OPENING);
    stage.play(
        "
        C: MAIL FROM:<JQP@bar.com>
        S: 250 OK
        C: RCPT TO:<Jones@XYZ.COM>
        S: 250 OK
        C: DATA
        S: 354
        C: Date: Thu, 21 May 1998 05:33:29 -0700
        C: Subject: The Next Meeting of the Board
        C:
        C: Bill:
        C: .
        S: 250 OK
        C: QUIT
        S: 221 foo.com
        ",
    );
    assert_eq!(stage.delivered[0].recipients, [b"Jones@XYZ.COM".to_vec()]);
}

#[test]
fn verifying_and_sending() {
    let mut stage = Stage::new(foo_com());
    stage.play(OPENING);
    stage.play(
        "
        C: VRFY Crispin
        S: 250 Mark Crispin <Admin.MRC@foo.com>
        C: MAIL FROM:<EAK@bar.com>
        S: 250 OK
        C: RCPT TO:<Admin.MRC@foo.com>
        S: 250 OK
        C: DATA
        S: 354
        C: Blah blah blah...
        C: .
        S: 250 OK
        C: QUIT
        S: 221 foo.com
        ",
    );
}

#[test]
fn several_commands_in_one_segment_are_answered_in_their_order() {
    let mut stage = Stage::new(foo_com());
    stage.receive(
        b"EHLO bar.com\r\nMAIL FROM:<>\r\nRCPT TO:<Jones@foo.com>\r\nDATA\r\nHi\r\n.\r\nFOO\r\nQUIT\r\nNOOP\r\n",
    );
    let codes: Vec<_> = stage.said.iter().map(|line| &line[..4]).collect();
    let expected = [
        "220 ", "250-", "250-", "250-", "250-", "250-", "250-", "250 ", "250 ", "250 ", "354 ",
        "250 ", "500 ", "221 ",
    ];
    assert_eq!(codes, expected);
    assert!(stage.closed);
}

#[test]
fn a_line_over_the_buffer_is_refused_and_its_tail_is_no_command() {
    let mut stage = Stage::new(Config { max_command_line: 600, ..foo_com() });
    let line = format!("NOOP {}QUIT\r\nNOOP\r\n", "x".repeat(595));
    stage.receive(line.as_bytes());
    stage.play("S: 220\n S: 500\n S: 250");
    assert!(!stage.closed);
}

#[test]
fn a_line_of_512_octets_is_handled() {
    let mut stage = Stage::new(foo_com());
    let line = format!("NOOP {}\r\n", "x".repeat(512 - 7));
    stage.receive(line.as_bytes());
    stage.play("S: 220\n S: 250");
}

#[test]
fn octets_that_no_command_may_hold_are_refused() {
    for line in [&b"NOOP\0\r\n"[..], b"NO\nOP\r\n", b"NOOP \xff\r\n", b"\rNOOP\r\n"] {
        let mut stage = Stage::new(foo_com());
        stage.receive(line);
        stage.play("S: 220\n S: 50");
    }
}

#[test]
fn a_message_over_the_limit_is_read_to_its_end_and_refused() {
    let mut stage = Stage::new(Config { max_message_octets: 100, ..foo_com() });
    stage.receive(b"EHLO bar.com\r\nMAIL FROM:<>\r\nRCPT TO:<Jones@foo.com>\r\nDATA\r\n");
    stage.said.clear();
    for _ in 0..100 {
        stage.receive(b"QUIT\r\n");
    }
    stage.play("C: .\n S: 552\n C: NOOP\n S: 250");
    assert!(stage.delivered.is_empty());
}

#[test]
fn a_client_that_vanishes_has_sent_nothing() {
    let mut stage = Stage::new(foo_com());
    stage.receive(b"EHLO b.com\r\nMAIL FROM:<>\r\nRCPT TO:<Jones@foo.com>\r\nDATA\r\nHi\r\n");
    stage.server.peer_closed();
    stage.drain();
    assert!(stage.closed && stage.delivered.is_empty());
}

#[test]
fn a_silent_client_is_left_after_five_minutes() {
    let mut stage = Stage::new(foo_com());
    stage.play("S: 220");
    assert_eq!(stage.server.deadline(), Some(Duration::from_mins(5)));
    stage.server.tick(Duration::from_secs(299));
    stage.drain();
    stage.play("");
    stage.server.tick(Duration::from_mins(5));
    stage.drain();
    stage.play("S: 421 foo.com");
    assert!(stage.closed);
    assert_eq!(stage.server.deadline(), None);
}

fn with_mail_for_bar() -> (Config, Queued) {
    let queued = Queued {
        reverse_path: b"Jones@foo.com".to_vec(),
        recipients: vec![b"Smith@bar.com".to_vec(), b"Green@bar.com".to_vec()],
        message: b"Subject: hello\r\n\r\n.dot\r\n".to_vec(),
    };
    let turn = TurnPeers::from([("bar.com".to_owned(), vec![queued.clone()])]);
    (Config { turn, ..foo_com() }, queued)
}

// From the 250 to TURN on, `C:` is the peer that serves now, and `S:` our server that sends.

#[test]
fn the_roles_change_and_the_mail_goes_the_other_way() {
    let (config, _) = with_mail_for_bar();
    let mut stage = Stage::new(config);
    stage.play(
        "
        S: 220 foo.com
        C: HELO bar.com
        S: 250 foo.com
        C: TURN
        S: 250 OK
        C: 220 bar.com ready
        S: EHLO foo.com
        C: 250-bar.com
        C: 250 SIZE 1000
        S: MAIL FROM:<Jones@foo.com> SIZE=24
        C: 451 Not now
        S: QUIT
        C: 221 bar.com
        ",
    );
    assert!(stage.closed);
}

#[test]
fn a_message_handed_over_after_turn_is_reported_for_each_recipient() {
    let (config, queued) = with_mail_for_bar();
    let mut stage = Stage::new(config);
    stage.receive(
        b"HELO bar.com\r\nTURN\r\n220 bar.com\r\n502 no EHLO\r\n250 bar.com\r\n250 OK\r\n",
    );
    stage.play(
        "
        S: 220 foo.com
        S: 250 foo.com
        S: 250 OK
        S: EHLO foo.com
        S: HELO foo.com
        S: MAIL FROM:<Jones@foo.com>
        S: RCPT TO:<Smith@bar.com>
        C: 250 OK
        S: RCPT TO:<Green@bar.com>
        C: 450 Busy
        S: DATA
        C: 354 Go ahead
        S: Subject: hello
        S:
        S: ..dot
        S: .
        C: 250 OK
        S: QUIT
        C: 221 bar.com
        ",
    );
    assert!(stage.closed);
    let [returned] = &stage.returned[..] else { panic!("one report: {:?}", stage.returned) };
    assert_eq!(returned.message, queued);
    assert_eq!(returned.fates[0], Fate::Taken);
    assert!(matches!(&returned.fates[1], Fate::Deferred(Some(reply)) if reply.code.get() == 450));
}

#[test]
fn a_peer_that_leaves_after_turn_gets_its_mail_another_time() {
    let (config, queued) = with_mail_for_bar();
    let mut stage = Stage::new(config);
    stage.receive(b"HELO bar.com\r\nTURN\r\n220 bar.com\r\n");
    stage.server.peer_closed();
    stage.drain();
    assert!(stage.closed);
    let fates = vec![Fate::Deferred(None), Fate::Deferred(None)];
    assert_eq!(stage.returned, [Returned { message: queued, fates }]);
}

#[test]
fn a_refused_turn_leaves_the_roles_as_they_are() {
    let mut stage = Stage::new(foo_com());
    stage.play(
        "
        S: 220 foo.com
        C: HELO bar.com
        S: 250 foo.com
        C: TURN
        S: 502
        C: NOOP
        S: 250
        ",
    );
}
