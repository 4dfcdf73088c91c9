//! The first contact with servers that are none, or bad ones: each ends in time, with its reason.
#![allow(clippy::unwrap_used, reason = "test code, helpers and all")]

mod support;

use std::time::Duration;

use smtpspec_runner::probe::{Foreign, Obstacle};
use smtpspec_runner::{Embedded, TargetAddress, probe};
use support::{PATIENCE, impatient, profile, server, take_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

async fn obstacle(target: &TargetAddress) -> Obstacle {
    probe(target, &impatient()).await.unwrap_err().why
}

/// A server that says this at once, then waits for the end.
async fn saying(greeting: &'static [u8]) -> TargetAddress {
    server(move |mut stream: TcpStream| async move {
        let _ = stream.write_all(greeting).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

#[tokio::test]
async fn the_reference_tells_of_itself() {
    let embedded = Embedded::start(&profile()).await.unwrap();
    let contact = probe(&embedded.address(), &profile()).await.unwrap();
    assert_eq!(contact.target.address, embedded.address().to_string());
    assert!(contact.target.greeting.unwrap().starts_with("220 mx.example.test"));
    assert!(contact.offered.iter().any(|keyword| keyword == "SIZE"), "{:?}", contact.offered);
    assert_eq!(contact.target.ehlo.len(), contact.offered.len() + 1);
    assert_eq!(contact.refuses, None);
    embedded.stop().await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let (_socket, address) = take_port("127.0.0.1:0");
    assert_eq!(obstacle(&address.into()).await, Obstacle::Refused);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_not_known() {
    // RFC 2606 §2 keeps the name free for ever.
    let target = "nobody.invalid".parse().unwrap();
    assert!(matches!(obstacle(&target).await, Obstacle::NoSuchHost(_)));
}

#[tokio::test]
async fn a_server_without_a_greeting_is_silent() {
    assert_eq!(obstacle(&saying(b"").await).await, Obstacle::Silent(PATIENCE));
}

#[tokio::test]
async fn a_server_that_closes_at_once_says_nothing() {
    let address = server(|stream| async move { drop(stream) }).await;
    assert_eq!(obstacle(&address).await, Obstacle::ClosedAtOnce);
}

#[tokio::test]
async fn other_protocols_are_called_by_their_names() {
    let greetings: [(&[u8], Foreign); 4] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Foreign::Ssh),
        (b"* OK IMAP4rev1 ready\r\n", Foreign::Imap),
        (b"+OK POP3 ready\r\n", Foreign::Pop3),
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", Foreign::Http),
    ];
    for (greeting, foreign) in greetings {
        assert_eq!(obstacle(&saying(greeting).await).await, Obstacle::Speaks(foreign));
    }
}

#[tokio::test]
async fn a_web_server_and_tls_show_what_they_are_once_they_are_spoken_to() {
    let answers: [(&'static [u8], Foreign); 2] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Foreign::Http),
        (b"\x15\x03\x01\x00\x02\x02\x46", Foreign::Tls),
    ];
    for (answer, foreign) in answers {
        let address = server(move |mut stream: TcpStream| async move {
            let _ = stream.read(&mut [0; 100]).await;
            let _ = stream.write_all(answer).await;
        })
        .await;
        assert_eq!(obstacle(&address).await, Obstacle::Speaks(foreign));
    }
}

#[tokio::test]
async fn words_that_are_no_reply_are_shown_escaped() {
    let address = saying(b"\x1b[2Jwelcome\r\n").await;
    assert_eq!(
        probe(&address, &profile()).await.unwrap_err().to_string(),
        format!("{address} does not speak SMTP; it began with `\\x1b[2Jwelcome\\r\\n`")
    );
}

#[tokio::test]
async fn a_line_without_an_end_ends() {
    let address = server(|mut stream: TcpStream| async move {
        while stream.write_all(b"220-never ending").await.is_ok() {}
    })
    .await;
    assert_eq!(obstacle(&address).await, Obstacle::Endless);
}

#[tokio::test]
async fn an_octet_now_and_then_is_too_slow() {
    let address = server(|mut stream: TcpStream| async move {
        while stream.write_all(b"2").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(obstacle(&address).await, Obstacle::Slow(PATIENCE));
}

#[tokio::test]
async fn a_server_that_turns_us_away_is_there() {
    for (greeting, code) in [(&b"421 busy\r\n"[..], 421), (b"554 no service\r\n", 554)] {
        let contact = probe(&saying(greeting).await, &profile()).await.unwrap();
        assert_eq!(contact.refuses.map(smtpspec_protocol::ReplyCode::get), Some(code));
        assert_eq!(contact.target.ehlo, [""; 0]);
    }
}

#[tokio::test]
async fn what_a_target_tells_is_escaped() {
    let address = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220-\x07one\r\n220 two\r\n").await;
        let _ = stream.read(&mut [0; 100]).await;
        let _ = stream.write_all(b"250-hi\r\n250-SIZE 10\r\n250 \xffX\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let contact = probe(&address, &profile()).await.unwrap();
    assert_eq!(contact.target.greeting.as_deref(), Some("220-\\x07one\\r\\n220 two"));
    assert_eq!(contact.target.ehlo, ["hi", "SIZE 10", "\\xffX"]);
    assert_eq!(contact.offered, ["SIZE", "\\xffX"]);
}
