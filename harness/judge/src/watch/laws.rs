//! What holds for any octets: the reference server is never accused, nor is any other server that
//! keeps to the rules, whatever it chooses among what they permit; one that heeds no recommendation
//! is only warned; and no octets of a server do any harm.

mod servers;

use std::time::Duration;

use proptest::prelude::*;
use smtpspec_catalogue::Grade;

use self::servers::{Lenient, Reference, Speaks};
use super::*;

/// Commands, legal and not, message text and its look-alike ends, and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO client.test\r\n",
        "EHLO my_host\r\n",
        "HELO client.test\r\n",
        "LHLO client.test\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<a@client.test> SIZE=100 BODY=8BITMIME\r\n",
        "MAIL FROM:<a@client.test> SMTPUTF8\r\n",
        "MAIL FROM:<> FOO=BAR\r\n",
        "MAIL FROM: <a@client.test>\r\n",
        "MAIL FROM:<\u{e9}@client.test>\r\n",
        "MAIL FROM:<\u{e9}@b\u{fc}cher.test> SMTPUTF8\r\n",
        "MAIL FROM:<> SMTPUTF8=1\r\n",
        "RCPT TO:<\u{e9}@example.test>\r\n",
        "VRFY \u{e9} SMTPUTF8\r\n",
        "VRFY \u{e9}\r\n",
        "EXPN list SMTPUTF8\r\n",
        "NOOP \u{e9}\r\n",
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
        "ETRN branch.example.test\r\n",
        "ETRN @\r\n",
        "MAIL FROM:<> BY=0;R\r\n",
        "MAIL FROM:<> MT-PRIORITY=10\r\n",
        "RCPT TO:<user@example.test> RRVS=2001-01-01T00:00:00Z\r\n",
        "AUTH PLAIN\r\n",
        "AUTH LOGIN\r\n",
        "AUTH CRAM-MD5 =\r\n",
        "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n",
        "AUTH PLAIN A===\r\n",
        "AUTH\r\n",
        "AGJvYgBzZWNyZXQ=\r\n",
        "Ym9i\r\nc2VjcmV0\r\n",
        "QR== \r\n",
        "*\r\n",
        "MAIL FROM:<> AUTH=<>\r\n",
        "MAIL FROM:<> AUTH=a+40\r\n",
        "MAIL FROM:<> BODY=BINARYMIME\r\n",
        "BDAT 5 LAST\r\nNOOP\n",
        "BDAT 6\r\nNOOP\r\n",
        "BDAT 4\r\n\r\n.\r",
        "BDAT 0 LAST\r\n",
        "BDAT 40\r\n",
        "BDAT 6 FIRST\r\nNOOP\r\n",
        "BDAT -1\r\n",
        "BDAT 99999999999999999999999\r\n",
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
        1 => (500_usize..1200, 0_usize..3).prop_map(|(octets, verb)| {
            let mut line = [&b"NOOP "[..], b"MAIL FROM:<", b"AUTH PLAIN\r\n"][verb].to_vec();
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

/// A message for two recipients, which a server of LMTP answers twice.
const TO_TWO: &str = "LHLO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n\
                      RCPT TO:<user2@example.test>\r\nDATA\r\n";

/// What a server speaks.
fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![2 => Just(Protocol::Smtp), 1 => Just(Protocol::Lmtp)]
}

/// What a client sends, likely to get somewhere.
fn talk() -> impl Strategy<Value = Shown> {
    let opening = prop::sample::select(vec![
        "",
        "EHLO client.test\r\n",
        "EHLO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n",
        "HELO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nDATA\r\n",
        "EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nBDAT 3\r\na\r\n",
        TO_TWO,
        TO_TWO,
    ]);
    (opening, prop::collection::vec(piece(), 0..25))
        .prop_map(|(opening, pieces)| Shown([opening.as_bytes(), &pieces.concat()].concat()))
}

/// Lets a client talk to a server under the eyes of the watch. The octets of the client are cut at
/// `cuts`; what the server says is held back and cut by the same measure. Gives what is found that
/// is at least as grave as `bar`.
fn converse(server: &mut impl Speaks, input: &[u8], cuts: &[usize], bar: Grade) -> Vec<Finding> {
    let mut watch = Watch::new(server.protocol());
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
    let mut findings = watch.into_findings();
    findings.retain(|finding| finding.level.grade() >= bar);
    // The lenient server lists what it likes.
    findings.retain(|finding| !finding.requirement.as_str().starts_with("rfc2033-5-"));
    if !findings.is_empty() {
        eprintln!("{talked:#?}");
    }
    findings
}

/// More cases than usual: what is to be found hides behind several choices of the server.
fn many() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * 4, ..usual }
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..12)
}

proptest! {
    #[test]
    fn the_reference_is_never_accused(input in talk(), cuts in cuts(), speaks in protocol()) {
        prop_assert_eq!(converse(&mut Reference::new(speaks), &input.0, &cuts, Grade::May), []);
    }

    #[test]
    fn the_reference_is_never_accused_octet_by_octet(input in talk(), speaks in protocol()) {
        let cuts: Vec<usize> = (0..input.0.len()).collect();
        prop_assert_eq!(converse(&mut Reference::new(speaks), &input.0, &cuts, Grade::May), []);
    }

    #[test]
    fn no_octets_of_a_server_do_any_harm(
        talks in prop::collection::vec((talk(), answer()), 0..12),
        speaks in protocol(),
    ) {
        let mut watch = Watch::new(speaks);
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

proptest! {
    #![proptest_config(many())]

    #[test]
    fn a_server_that_keeps_to_the_rules_is_never_accused(
        input in talk(),
        cuts in cuts(),
        chance in any::<[u8; 32]>(),
        speaks in protocol(),
    ) {
        let mut server = Lenient::new(speaks, &chance);
        prop_assert_eq!(converse(&mut server, &input.0, &cuts, Grade::May), []);
    }

    #[test]
    fn a_server_that_heeds_no_recommendation_is_only_warned(
        input in talk(),
        cuts in cuts(),
        chance in any::<[u8; 32]>(),
        speaks in protocol(),
    ) {
        let mut server = Lenient::careless(speaks, &chance);
        prop_assert_eq!(converse(&mut server, &input.0, &cuts, Grade::Must), []);
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
