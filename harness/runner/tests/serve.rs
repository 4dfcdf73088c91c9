//! The reference server on a socket, seen from a plain client.
#![allow(clippy::unwrap_used, reason = "test code, helpers and all")]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smtpspec_reference::{Config, Fate, Queued, TurnPeers};
use smtpspec_runner::{Listener, Maildir, Memory, Notice, Sink, Stop};
use support::Client;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

struct Service {
    address: SocketAddr,
    stop: Stop,
    task: JoinHandle<()>,
    notices: Arc<Mutex<Vec<Notice>>>,
}

async fn service(config: Config, sink: Sink, sessions: usize) -> Service {
    let any_port = "127.0.0.1:0".parse().unwrap();
    let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let heard = Arc::clone(&notices);
    let listener = Listener::bind(any_port, Arc::new(config), sink)
        .await
        .unwrap()
        .with_sessions(sessions)
        .telling(move |notice| heard.lock().unwrap().push(notice));
    let (address, stop) = (listener.local_addr().unwrap(), Stop::new());
    let task = tokio::spawn(listener.serve(stop.clone()));
    Service { address, stop, task, notices }
}

async fn deliver(client: &mut Client) -> Vec<String> {
    assert_eq!(client.code().await.unwrap(), "220");
    let asked = ["EHLO client.example.org", "MAIL FROM:<a@example.org>"];
    assert_eq!(client.ask(&asked).await, ["250", "250"]);
    let asked = ["RCPT TO:<user@example.test>", "DATA"];
    assert_eq!(client.ask(&asked).await, ["250", "354"]);
    client.say(b"Subject: x\r\n\r\n..dot\r\n.\r\nNOOP\r\nQUIT\r\n").await;
    vec![client.code().await.unwrap(), client.code().await.unwrap(), client.code().await.unwrap()]
}

#[tokio::test]
async fn a_message_is_kept_with_its_envelope() {
    let memory = Memory::default();
    let service = service(Config::default(), Sink::Memory(memory.clone()), 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(deliver(&mut client).await, ["250", "250", "221"]);
    assert_eq!(client.line().await, None);
    let kept = memory.take();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].reverse_path, b"a@example.org");
    assert_eq!(kept[0].recipients, [b"user@example.test"]);
    assert!(kept[0].message.starts_with(b"Received: "));
    assert!(kept[0].message.ends_with(b"\r\nSubject: x\r\n\r\n.dot\r\n"));
}

#[tokio::test]
async fn a_maildir_gets_the_octets_behind_a_return_path() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = Maildir::open(folder.path(), "mx.example.test").unwrap();
    let service = service(Config::default(), Sink::Maildir(Arc::new(maildir)), 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(deliver(&mut client).await, ["250", "250", "221"]);
    let kept = fs::read_dir(folder.path().join("new")).unwrap().next().unwrap().unwrap();
    let kept = fs::read(kept.path()).unwrap();
    assert!(kept.starts_with(b"Return-Path: <a@example.org>\r\nReceived: "));
    assert!(kept.ends_with(b"\r\nSubject: x\r\n\r\n.dot\r\n"));
}

#[tokio::test]
async fn a_message_that_can_not_be_kept_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = Maildir::open(folder.path(), "mx.example.test").unwrap();
    fs::remove_dir(folder.path().join("tmp")).unwrap();
    let service = service(Config::default(), Sink::Maildir(Arc::new(maildir)), 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(deliver(&mut client).await, ["451", "250", "221"]);
    let notices = service.notices.lock().unwrap();
    assert!(notices.iter().any(|notice| matches!(notice, Notice::NotKept { .. })), "{notices:?}");
}

#[tokio::test]
async fn one_session_too_many_is_told_421() {
    let service = service(Config::default(), Sink::Discard, 1).await;
    let mut first = Client::connect(service.address).await;
    assert_eq!(first.code().await.unwrap(), "220");
    let mut second = Client::connect(service.address).await;
    assert_eq!(second.code().await.unwrap(), "421");
    assert_eq!(second.line().await, None);
    assert_eq!(first.ask(&["QUIT"]).await, ["221"]);
    assert_eq!(first.line().await, None);
    drop(first);
    // The place is free when the server has seen the client go.
    let mut third = Client::connect(service.address).await;
    while third.code().await.unwrap() == "421" {
        third = Client::connect(service.address).await;
    }
}

#[tokio::test]
async fn a_client_that_is_silent_too_long_is_told_so() {
    let config = Config { timeout: Duration::from_millis(50), ..Config::default() };
    let service = service(config, Sink::Discard, 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(client.code().await.unwrap(), "220");
    assert_eq!(client.code().await.unwrap(), "421");
    assert_eq!(client.line().await, None);
}

#[tokio::test]
async fn a_stop_is_told_to_all_and_takes_no_longer_than_two_seconds() {
    let service = service(Config::default(), Sink::Discard, 10).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::connect(service.address).await;
        assert_eq!(client.code().await.unwrap(), "220");
        clients.push(client);
    }
    let asked = Instant::now();
    service.stop.stop();
    for client in &mut clients {
        assert_eq!(client.code().await.unwrap(), "421");
        assert_eq!(client.line().await, None);
    }
    // The clients stay, and are not waited for.
    timeout(Duration::from_secs(5), service.task).await.unwrap().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(3));
    let again = tokio::net::TcpStream::connect(service.address).await;
    again.unwrap_err();
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_does_no_harm() {
    let memory = Memory::default();
    let service = service(Config::default(), Sink::Memory(memory.clone()), 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(client.code().await.unwrap(), "220");
    client.say(b"EHLO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\nDATA\r\n.").await;
    drop(client);
    let mut other = Client::connect(service.address).await;
    assert_eq!(deliver(&mut other).await, ["250", "250", "221"]);
    assert_eq!(memory.take().len(), 1);
}

#[tokio::test]
async fn after_turn_the_waiting_mail_is_handed_over_and_its_fate_told() {
    let waiting = Queued {
        reverse_path: b"a@example.org".to_vec(),
        recipients: vec![b"b@client.example.org".to_vec()],
        message: b"Subject: x\r\n\r\nHello.\r\n".to_vec(),
    };
    let turn = TurnPeers::from([("client.example.org".to_owned(), vec![waiting])]);
    let service = service(Config { turn, ..Config::default() }, Sink::Discard, 10).await;
    let mut client = Client::connect(service.address).await;
    assert_eq!(client.code().await.unwrap(), "220");
    assert_eq!(client.ask(&["EHLO client.example.org", "TURN"]).await, ["250", "250"]);
    // From here on we are the server.
    client.say(b"220 client.example.org\r\n").await;
    loop {
        let line = client.line().await.unwrap();
        let reply = match line.as_str() {
            "DATA" => "354 go on\r\n",
            "." => "250 taken\r\n",
            "QUIT" => "221 bye\r\n",
            line if line.starts_with(['E', 'M', 'R']) => "250 client.example.org\r\n",
            _ => continue,
        };
        client.say(reply.as_bytes()).await;
        if line == "QUIT" {
            break;
        }
    }
    assert_eq!(client.line().await, None);
    let notices = service.notices.lock().unwrap();
    let returned = notices.iter().find_map(|notice| match notice {
        Notice::Returned { returned, .. } => Some(returned),
        _ => None,
    });
    assert_eq!(returned.unwrap().fates, [Fate::Taken]);
}
