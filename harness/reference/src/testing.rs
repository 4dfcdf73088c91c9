//! For the tests of the rule files: sessions in short, and what a reply is worth in them.

use std::sync::Arc;

use smtpspec_catalogue::Grade;
use smtpspec_protocol::{Reply, ReplyCode, Request};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::measure::MessageFacts;
use crate::model::{Model, Stimulus};

/// What a reply is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It breaks no rule.
    Fine,
    /// It declines on grounds of policy.
    Policy,
    /// It breaks a SHOULD.
    Warns,
    /// It breaks a MUST.
    Fails,
}

/// An oracle that has seen the greeting and then these commands with these replies.
pub(crate) fn session(exchanges: &[(&str, u16)]) -> Model {
    let mut model = Model::oracle();
    model.advance(&Stimulus::Connected, &Reply::new(220, "mx.example.test"));
    for (line, code) in exchanges {
        answer(&mut model, line, &Reply::new(*code, "text"));
    }
    model
}

/// An oracle that has seen an EHLO reply with these lines.
pub(crate) fn extended(keywords: &[&str]) -> Model {
    let mut model = session(&[]);
    let lines = ["mx.example.test"].iter().chain(keywords).map(|line| line.as_bytes().to_vec());
    answer(&mut model, "EHLO client.test", &Reply::multiline(250, lines));
    model
}

/// An oracle in a transaction with as many recipients.
pub(crate) fn transaction(recipients: usize) -> Model {
    let mut model = session(&[("EHLO client.test", 250), ("MAIL FROM:<a@client.test>", 250)]);
    for _ in 0..recipients {
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
    }
    model
}

/// Lets the model see a command and its reply.
pub(crate) fn answer(model: &mut Model, line: &str, reply: &Reply) {
    let request = Request::parse(line.as_bytes(), model.grammar());
    model.advance(&Stimulus::Request(&request), reply);
}

/// Lets the model see the end of a message and its reply.
pub(crate) fn end_of_data(model: &mut Model, code: u16) {
    model.advance(&Stimulus::Message(MessageFacts::default()), &Reply::new(code, "text"));
}

/// What the model expects of a command.
pub(crate) fn expect(model: &Model, line: impl AsRef<[u8]>) -> Expectation {
    let request = Request::parse(line.as_ref(), model.grammar());
    model.expect(&Stimulus::Request(&request))
}

/// What a reply with this code is worth.
pub(crate) fn worth(expectation: &Expectation, code: u16) -> Worth {
    let code = ReplyCode::new(code).unwrap();
    if expectation.is_policy(code) {
        return Worth::Policy;
    }
    match expectation.breaches(code).iter().map(|rule| rule.grade()).max() {
        Some(Grade::Must) => Worth::Fails,
        Some(Grade::Should) => Worth::Warns,
        Some(Grade::May) | None => Worth::Fine,
    }
}

/// Checks rows of command, code and worth in one state.
#[track_caller]
pub(crate) fn check(model: &Model, rows: &[(&str, u16, Worth)]) {
    for (line, code, expected) in rows {
        let expectation = expect(model, line);
        assert_eq!(worth(&expectation, *code), *expected, "{line} drew {code}");
    }
}

/// The code that a server with this configuration answers to the last of these commands.
pub(crate) fn preferred(config: Config, lines: &[&str]) -> Reply {
    let mut model = Model::server(Arc::new(config));
    let mut reply = model.expect(&Stimulus::Connected).preferred;
    model.advance(&Stimulus::Connected, &reply);
    for line in lines {
        let request = Request::parse(line.as_bytes(), model.grammar());
        let stimulus = Stimulus::Request(&request);
        reply = model.expect(&stimulus).preferred;
        model.advance(&stimulus, &reply);
    }
    reply
}
