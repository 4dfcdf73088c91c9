//! What has no peer: the model, the reference server and the judge, on one whole session.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{Segmentation, Setup, again, memory};
use smtpspec_protocol::{Grammar, Reply, Request};
use smtpspec_reference::{Config, Model, Output, Server, Stimulus};
use smtpspec_scenario::{Case, Profile, Source, load};

use crate::{Contender, Contest, OURS};

/// EHLO, MAIL, RCPT, DATA, a kilobyte, QUIT.
const DIALOGUE: &str = include_str!("../message.yaml");

/// The contests of this file.
#[must_use]
pub fn contests() -> Vec<Contest> {
    let alone = |name, octets, work: Box<dyn Fn() -> usize>| Contest {
        name,
        times: 1,
        octets,
        contenders: vec![Contender { who: OURS, work }],
    };
    let wire = session();
    vec![
        alone("model: expect and advance, seven commands", 0, Box::new(follow)),
        alone(
            "server: a session with a message of 1 KB, in memory",
            wire.len(),
            Box::new(move || serve(&wire)),
        ),
        alone("play and judge: the same session, in memory", 0, played()),
        alone("judge again: the same session, from its transcript", 0, judged()),
    ]
}

fn session() -> Vec<u8> {
    let mut wire = b"EHLO client.example.org\r\nMAIL FROM:<sender@example.org>\r\n\
        RCPT TO:<user@example.test>\r\nDATA\r\n"
        .to_vec();
    for _ in 0..16 {
        wire.extend_from_slice(
            b"The quick brown fox jumps over the lazy dog, and then again...\r\n",
        );
    }
    wire.extend_from_slice(b".\r\nQUIT\r\n");
    wire
}

/// The model as the oracle of a server.
fn follow() -> usize {
    let lines: [(&[u8], Reply); 7] = [
        (
            b"EHLO client.example.org",
            Reply::multiline(250, ["mx.example.test", "SIZE 1000", "8BITMIME"]),
        ),
        (b"MAIL FROM:<sender@example.org> SIZE=100", Reply::new(250, "OK")),
        (b"RCPT TO:<user@example.test>", Reply::new(250, "OK")),
        (b"RSET", Reply::new(250, "OK")),
        (b"NOOP", Reply::new(250, "OK")),
        (b"VRFY user", Reply::new(252, "Cannot VRFY")),
        (b"QUIT", Reply::new(221, "mx.example.test Bye")),
    ];
    let mut model = Model::oracle();
    let greeting = Reply::new(220, "mx.example.test ESMTP");
    model.advance(&Stimulus::Connected, &greeting);
    let mut permitted = 0;
    for (line, reply) in &lines {
        let request = Request::parse(line, Grammar::default());
        let stimulus = Stimulus::Request(&request);
        permitted += usize::from(black_box(model.expect(&stimulus)).preferred.code == reply.code);
        model.advance(&stimulus, reply);
    }
    permitted
}

fn serve(wire: &[u8]) -> usize {
    let mut server = Server::new(Arc::new(Config::default()));
    server.open(Duration::ZERO);
    server.receive(Duration::ZERO, wire);
    let mut sent = 0;
    while let Some(output) = server.poll() {
        if let Output::Send(octets) = output {
            sent += octets.len();
        }
    }
    sent
}

fn case() -> Case {
    let loaded = load(&[Source::new("bench.yaml", DIALOGUE)]);
    let loaded = loaded.unwrap_or_else(|found| panic!("{}", found[0]));
    loaded.suite.cases().remove(0)
}

fn setup(config: &Arc<Config>) -> Setup {
    Setup {
        profile: Arc::new(Profile::default()),
        unique: "unique".to_owned(),
        segmentation: Segmentation::AsWritten,
        offered: memory::offered(config),
        shows_secrets: false,
    }
}

fn played() -> Box<dyn Fn() -> usize> {
    let (case, config) = (case(), Arc::new(Config::default()));
    let setup = setup(&config);
    Box::new(move || {
        let played = memory::play(case.clone(), setup.clone(), &config);
        played.outcome.result.transcript.events.len()
    })
}

fn judged() -> Box<dyn Fn() -> usize> {
    let (case, config) = (case(), Arc::new(Config::default()));
    let setup = setup(&config);
    let played = memory::play(case.clone(), setup.clone(), &config);
    let transcript = played.outcome.result.transcript;
    Box::new(move || {
        let outcome = again::judge(case.clone(), setup.clone(), &transcript);
        outcome.map_or(0, |outcome| outcome.result.transcript.events.len())
    })
}
