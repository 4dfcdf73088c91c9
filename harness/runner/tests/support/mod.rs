//! Misbehaving servers, short tempers and small suites, for the tests of this crate.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part, and all of it is test code"
)]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{Results, Tool};
use smtpspec_runner::{RunEvent, RunOptions, Stop, TargetAddress};
use smtpspec_scenario::{Case, Profile, Source, Timeouts, load};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A profile that waits as long as a loaded machine may need.
pub fn profile() -> Profile {
    let timeouts = Timeouts {
        connect: Duration::from_secs(10),
        reply: Duration::from_secs(10),
        deliver: Duration::from_secs(10),
        settle: Duration::from_millis(300),
        scenario: Duration::from_secs(30),
        run: Duration::from_mins(2),
        clock: 1,
    };
    Profile { timeouts, ..Profile::default() }
}

/// How long [`impatient`] waits for a reply.
pub const PATIENCE: Duration = Duration::from_millis(400);

/// A profile for targets that do not answer.
pub fn impatient() -> Profile {
    let mut profile = profile();
    profile.timeouts.reply = PATIENCE;
    profile
}

pub async fn listen() -> (TcpListener, TargetAddress) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = TargetAddress::from(listener.local_addr().unwrap());
    (listener, address)
}

/// A port that is taken, and refuses connections until somebody listens on the socket. Several
/// sockets can take the same port, so that a server can die and come back on it.
pub fn take_port(address: &str) -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address.parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A server that treats each connection in this way.
pub async fn server<F, Fut>(behave: F) -> TargetAddress
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream));
        }
    });
    address
}

/// Answers 250 to all, until a line holds `fatal`: then the connection is given back, and the line
/// has no answer.
pub async fn obey(mut stream: TcpStream, fatal: &str) -> Option<TcpStream> {
    stream.write_all(b"220 mx.example.test\r\n").await.ok()?;
    let mut pending = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        if count == 0 {
            return None;
        }
        pending.extend_from_slice(&chunk[..count]);
        while let Some(at) = pending.iter().position(|&octet| octet == b'\n') {
            let line: Vec<u8> = pending.drain(..=at).collect();
            let line = String::from_utf8_lossy(&line).into_owned();
            if line.contains(fatal) {
                return Some(stream);
            }
            if line.starts_with("QUIT") {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            stream.write_all(b"250 mx.example.test\r\n").await.ok()?;
        }
    }
}

/// One scenario for each pair of a slug and a line that is to be answered 250.
pub fn suite(lines: &[(&str, &str)]) -> Vec<Case> {
    let scenario = |(id, line): &(&str, &str)| {
        format!(
            "  - id: {id}\n    title: A line\n    checks: [rfc5321-4.1.1.9-4]\n    dialogue:\n      \
             - C: {line}\n      - S: 250\n"
        )
    };
    let scenarios: String = lines.iter().map(scenario).collect();
    cases(&format!("spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n{scenarios}"))
}

/// `count` scenarios that say NOOP.
pub fn noops(count: usize) -> Vec<Case> {
    let ids: Vec<String> = (0..count).map(|index| format!("noop-{index}")).collect();
    suite(&ids.iter().map(|id| (id.as_str(), "NOOP")).collect::<Vec<_>>())
}

/// The cases of a file.
pub fn cases(text: &str) -> Vec<Case> {
    load(&[Source::new("test.yaml", text)]).unwrap().suite.cases()
}

pub fn options() -> RunOptions {
    let tool = Tool { name: "smtpspec".to_owned(), version: "0.0.0".to_owned() };
    let mut options = RunOptions::new(tool, "2026-11-24T00:00:00Z");
    options.return_within = Duration::from_secs(3);
    options
}

/// A run, and what it told meanwhile in a line each.
pub async fn run(
    cases: Vec<Case>,
    target: &TargetAddress,
    profile: Profile,
    options: RunOptions,
) -> (Results, Vec<String>) {
    run_until(cases, target, profile, options, &Stop::new(), |_| ()).await
}

pub async fn run_until(
    cases: Vec<Case>,
    target: &TargetAddress,
    profile: Profile,
    options: RunOptions,
    stop: &Stop,
    mut watch: impl FnMut(&RunEvent<'_>),
) -> (Results, Vec<String>) {
    let mut told = Vec::new();
    let mut events = |event: RunEvent<'_>| {
        watch(&event);
        told.push(tell(&event));
    };
    let profile = Arc::new(profile);
    let results = smtpspec_runner::run(cases, target, profile, options, &mut events, stop).await;
    (results, told)
}

fn tell(event: &RunEvent<'_>) -> String {
    match event {
        RunEvent::Probed(_) => "probed".to_owned(),
        RunEvent::Hindered(hindrance) => hindrance.to_string(),
        RunEvent::CaseStarted { id } => format!("started {id}"),
        RunEvent::CaseRetried { id, .. } => format!("retried {id}"),
        RunEvent::CaseFinished(result) => format!("{} {}", result.verdict, result.id),
        RunEvent::JobsReduced { jobs, .. } => format!("jobs {jobs}"),
        RunEvent::TargetLost { after, .. } => format!("lost after {}", after.unwrap_or("nothing")),
        RunEvent::TargetBack { .. } => "back".to_owned(),
    }
}

/// A client that reads whole replies.
pub struct Client {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, pending: Vec::new() }
    }

    pub async fn say(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// The next line, without its CRLF; `None` at the end of the connection.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.pending.iter().position(|&octet| octet == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=at).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await.unwrap() {
                0 => return None,
                count => self.pending.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// The code of the next reply, however many lines it has.
    pub async fn code(&mut self) -> Option<String> {
        loop {
            let line = self.line().await?;
            if line.as_bytes().get(3) != Some(&b'-') {
                return Some(line[..3].to_owned());
            }
        }
    }

    /// Sends lines in one write, and reads a reply for each.
    pub async fn ask(&mut self, lines: &[&str]) -> Vec<String> {
        self.say(format!("{}\r\n", lines.join("\r\n")).as_bytes()).await;
        let mut codes = Vec::new();
        for _ in lines {
            codes.extend(self.code().await);
        }
        codes
    }
}
