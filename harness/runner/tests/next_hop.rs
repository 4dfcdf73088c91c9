//! What comes out of a target: at the next hop, over SMTP and LMTP, and in a Maildir. The targets
//! are reference servers whose mail a small relay passes on, faithfully or not.
#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{CaseResult, Happening, Verdict, Via};
use smtpspec_protocol::Protocol;
use smtpspec_reference::{Config, Delivery};
use smtpspec_runner::{Embedded, Maildir, Memory, Sink};
use smtpspec_scenario::{Case, Outlet, Profile};
use support::{Client, cases, options, profile, run};
use tokio::net::TcpListener;

/// One message that must come out with its octets, two mails, and none.
fn suite() -> Vec<Case> {
    cases(
        "
spec: rfc5321
section: 4.1.1.4
title: DATA
dialogues:
  mail:
    - C: MAIL FROM:<${sender}>
    - S: 250
    - C: RCPT TO:<${recipient}>
    - S: 250
    - C: DATA
    - S: 354
scenarios:
  - id: octets
    title: The octets come out
    checks: [rfc5321-4.5.2-3]
    dialogue:
      - use: mail
      - C: {message: {bytes: 'Subject: ${unique}\\r\\n\\r\\n.\\r\\n..a\\xff\\0\\x01\\r\\n\\r\\n'}}
      - S: 250
      - delivered:
          from: ${sender}
          to: ['${recipient}']
          body: {bytes: '.\\r\\n..a\\xff\\0\\x01\\r\\n\\r\\n'}
          top: {Received: '^from '}
  - id: twice
    title: Two messages come out
    checks: [rfc5321-6.1-1]
    dialogue:
      - use: mail
      - C: {message: \"Subject: ${unique}\\n\\none\\n\"}
      - S: 250
      - use: mail
      - C: {message: \"Subject: ${unique}\\n\\ntwo\\n\"}
      - S: 250
      - delivered: [{body: \"two\\n\"}, {body: \"one\\n\"}]
  - id: none
    title: Nothing comes out
    checks: [rfc5321-4.1.1.10-5]
    dialogue:
      - use: mail
      - C: {bytes: 'Subject: ${unique}\\r\\n\\r\\nhalf\\r\\n'}
      - C: close
      - delivered: 0
  - id: seam
    title: One message comes out
    checks: [rfc5321-4.1.1.4-7]
    dialogue:
      - use: mail
      - C: {bytes: 'Subject: ${unique}\\r\\n\\r\\none\\n.\\nSubject: ${unique}\\r\\n\\r\\ntwo\\r\\n.\\r\\n'}
      - S: 250
      - delivered: {contains: two}
",
    )
}

/// An address that nobody listens on.
async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Passes on what a server accepted, each message in the parts that `split` makes of it.
fn relay(
    memory: Memory,
    hop: SocketAddr,
    hello: &'static str,
    split: fn(&[u8]) -> Vec<Vec<u8>>,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            for delivery in memory.take() {
                for message in split(&delivery.message) {
                    pass_on(hop, hello, &delivery, &message).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
}

async fn pass_on(hop: SocketAddr, hello: &str, delivery: &Delivery, message: &[u8]) {
    let text = |octets: &Vec<u8>| String::from_utf8(octets.clone()).unwrap();
    let mut client = Client::connect(hop).await;
    assert_eq!(client.code().await.unwrap(), "220");
    let mail = format!("MAIL FROM:<{}> SIZE=9", text(&delivery.reverse_path));
    let rcpt = format!("RCPT TO:<{}>", text(&delivery.recipients[0]));
    let codes = client.ask(&[hello, &mail, &rcpt, "DATA"]).await;
    assert_eq!(codes, ["250", "250", "250", "354"]);
    client.say(&smtpspec_protocol::encode(message)).await;
    assert_eq!(client.code().await.unwrap(), "250");
    assert_eq!(client.ask(&["QUIT"]).await, ["221"]);
}

fn whole(message: &[u8]) -> Vec<Vec<u8>> {
    vec![message.to_vec()]
}

/// What a relay does that takes LF.LF for the end of a message.
fn at_the_seam(message: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(message);
    text.split("\n.\n").map(|part| part.as_bytes().to_vec()).collect()
}

fn outcomes(results: &[CaseResult]) -> Vec<(&str, Verdict)> {
    results
        .iter()
        .map(|case| (case.id.trim_start_matches("rfc5321/4.1.1.4/"), case.verdict))
        .collect()
}

const ALL_PASS: [(&str, Verdict); 4] = [
    ("octets", Verdict::Pass),
    ("twice", Verdict::Pass),
    ("none", Verdict::Pass),
    ("seam", Verdict::Pass),
];

async fn over_next_hop(
    protocol: Protocol,
    hello: &'static str,
    split: fn(&[u8]) -> Vec<Vec<u8>>,
) -> Vec<CaseResult> {
    let memory = Memory::default();
    let target = Embedded::with(Config::default(), Sink::Memory(memory.clone())).await.unwrap();
    let listen = free_address().await;
    let profile = Profile {
        outlet: Some(Outlet::NextHop { listen, protocol, without: Vec::new() }),
        ..profile()
    };
    let relay = relay(memory, listen, hello, split);
    let (results, _) = run(suite(), &target.address(), profile, options()).await;
    relay.abort();
    target.stop().await;
    results.scenarios
}

#[tokio::test]
async fn a_next_hop_sees_what_the_target_passes_on() {
    for (protocol, hello) in [(Protocol::Smtp, "EHLO relay"), (Protocol::Lmtp, "LHLO relay")] {
        let results = over_next_hop(protocol, hello, whole).await;
        assert_eq!(outcomes(&results), ALL_PASS, "{protocol}: {results:#?}");
        let events = &results[0].transcript.events;
        let came = events.iter().find_map(|event| match &event.what {
            Happening::Delivered(mail) => Some(mail.via),
            _ => None,
        });
        assert_eq!(came, Some(Via::NextHop));
    }
}

#[tokio::test]
async fn a_next_hop_is_there_for_cases_that_do_not_look_at_it() {
    let listen = free_address().await;
    let next_hop = Outlet::NextHop { listen, protocol: Protocol::Smtp, without: Vec::new() };
    let target = Embedded::with(Config::default(), Sink::Memory(Memory::default())).await.unwrap();
    let waits = cases(
        "
spec: rfc5321
section: 4.1.1.9
title: NOOP
scenarios:
  - id: noop
    title: NOOP is answered
    checks: [rfc5321-4.1.1.9-4]
    dialogue:
      - C: {split: ['NO', 'OP\\r\\n'], pause: 500ms}
      - S: 250
",
    );
    let profile = Profile { outlet: Some(next_hop), ..profile() };
    let passes_on = tokio::spawn(async move {
        loop {
            if let Ok(stream) = tokio::net::TcpStream::connect(listen).await {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let (results, _) = run(waits, &target.address(), profile, options()).await;
    target.stop().await;
    assert_eq!(results.scenarios[0].verdict, Verdict::Pass, "{results:#?}");
    assert!(passes_on.is_finished(), "somebody listened where the target passes mail on");
}

#[tokio::test]
async fn a_message_that_comes_out_as_two_is_found() {
    let results = over_next_hop(Protocol::Smtp, "EHLO relay", at_the_seam).await;
    let seam = results.last().unwrap();
    assert_eq!(seam.verdict, Verdict::Fail);
    let reason = seam.reason.as_deref().unwrap();
    assert_eq!(reason, "2 messages came out instead of 1 message");
    let finding = &seam.findings[0];
    let event = &seam.transcript.events[finding.evidence.event];
    assert!(matches!(event.what, Happening::Delivered(_)), "{event:?}");
}

#[tokio::test]
async fn a_maildir_shows_what_the_target_delivers() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = Maildir::open(folder.path(), "mx.example.test").unwrap();
    let sink = Sink::Maildir(Arc::new(maildir));
    let target = Embedded::with(Config::default(), sink).await.unwrap();
    let outlet = Some(Outlet::Maildir(folder.path().to_owned()));
    let profile = Profile { outlet, ..profile() };
    let (results, _) = run(suite(), &target.address(), profile, options()).await;
    let octets = &results.scenarios[0];
    // This server writes no recipients into the files.
    assert_eq!(octets.verdict, Verdict::Inconclusive, "{octets:#?}");
    assert!(octets.reason.as_deref().unwrap().contains("does not tell the recipients"));
    assert_eq!(outcomes(&results.scenarios)[1..], ALL_PASS[1..], "{results:#?}");
}

#[tokio::test]
async fn where_nothing_comes_out_nothing_is_said_of_the_target() {
    let target = Embedded::with(Config::default(), Sink::Discard).await.unwrap();
    let listen = free_address().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hop =
        |listen| Some(Outlet::NextHop { listen, protocol: Protocol::Smtp, without: Vec::new() });
    let table = [
        (None, Verdict::Skip, "names neither `next-hop` nor `maildir`"),
        (hop(listen), Verdict::Inconclusive, "a first message did not come out"),
        (
            hop(taken.local_addr().unwrap()),
            Verdict::Inconclusive,
            "the next hop could not listen on",
        ),
        (
            Some(Outlet::Maildir("/nonexistent/maildir".into())),
            Verdict::Inconclusive,
            "could not be read as a Maildir",
        ),
    ];
    for (outlet, verdict, why) in table {
        let mut profile = Profile { outlet, ..profile() };
        profile.timeouts.deliver = Duration::from_millis(100);
        let (results, _) = run(suite(), &target.address(), profile, options()).await;
        for case in &results.scenarios {
            assert_eq!(case.verdict, verdict, "{case:#?}");
            assert!(case.reason.as_deref().unwrap().contains(why), "{case:#?}");
        }
    }
}
