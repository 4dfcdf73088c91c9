//! What is wrong with RSET, NOOP, QUIT, TURN, SEND and with commands that nobody knows
//! (RFC 5321 §3.8, §4.1.1.5, §4.1.1.9, §4.1.1.10; RFC 821 §3.4, §3.8).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{
    Fault, Mutant, Say, Then, also, answer, forget, is_message, is_unknown, misreport, mutant,
    silence,
};
use crate::model::Model;
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "rset-unknown",
        "does not know RSET",
        requirement!("rfc5321-4.5.1-2"),
        answer(|on| on.is(Verb::Rset), 500, "Command unrecognized"),
    ),
    mutant(
        "rset-draws-220",
        "answers 220 to RSET",
        requirement!("rfc5321-4.1.1.5-2"),
        misreport(|on| on.is(Verb::Rset) && on.accepted(), 220, "OK"),
    ),
    mutant(
        "rset-keeps-transaction",
        "answers 250 to RSET and keeps the transaction",
        requirement!("rfc5321-4.1.1.5-1"),
        forget(|on| on.is(Verb::Rset) && on.state().in_transaction()),
    ),
    mutant(
        "rset-refused-outside-transaction",
        "answers 503 to RSET where no transaction is open",
        requirement!("rfc5321-4.1.1.5-2"),
        answer(|on| on.is(Verb::Rset) && on.state().is_idle(), 503, "Nothing to reset"),
    ),
    mutant(
        "rset-closes",
        "closes the connection after RSET",
        requirement!("rfc5321-4.1.1.5-4"),
        Fault::Close(|on| on.is(Verb::Rset)),
    ),
    mutant(
        "rset-with-argument-accepted",
        "takes RSET with an argument",
        requirement!("rfc5321-4.3.2-8"),
        answer(|on| on.is(Verb::Rset) && on.command().is_none(), 250, "OK"),
    ),
    mutant(
        "noop-unknown",
        "does not know NOOP",
        requirement!("rfc5321-4.3.2-5"),
        answer(|on| on.is(Verb::Noop), 500, "Command unrecognized"),
    ),
    mutant(
        "noop-502",
        "does not implement NOOP",
        requirement!("rfc5321-4.5.1-2"),
        answer(|on| on.is(Verb::Noop), 502, "Command not implemented"),
    ),
    mutant(
        "noop-draws-220",
        "answers 220 to NOOP",
        requirement!("rfc5321-4.1.1.9-1"),
        answer(|on| on.is(Verb::Noop), 220, "OK"),
    ),
    mutant(
        "noop-refuses-argument",
        "answers 501 to NOOP with an argument",
        requirement!("rfc5321-4.1.1.9-3"),
        answer(|on| on.is(Verb::Noop) && on.line().len() > 4, 501, "NOOP takes no argument"),
    ),
    mutant(
        "noop-ends-transaction",
        "drops the transaction at NOOP",
        requirement!("rfc5321-4.1.1.9-2"),
        also(|on| on.is(Verb::Noop), Model::clear),
    ),
    mutant(
        "quit-unknown",
        "does not know QUIT",
        requirement!("rfc5321-4.3.2-5"),
        answer(|on| on.is(Verb::Quit), 500, "Command unrecognized"),
    ),
    mutant(
        "quit-draws-250",
        "answers 250 to QUIT",
        requirement!("rfc5321-4.1.1.10-1"),
        misreport(|on| on.is(Verb::Quit) && on.accepted(), 250, "OK"),
    ),
    mutant(
        "quit-without-221",
        "closes at QUIT without a word",
        requirement!("rfc5321-4.1.1.10-1"),
        silence(|on| on.is(Verb::Quit) && on.accepted()),
    ),
    mutant(
        "quit-does-not-close",
        "answers 221 to QUIT and leaves the connection open",
        requirement!("rfc5321-3.8-1"),
        forget(|on| on.is(Verb::Quit)),
    ),
    mutant(
        "quit-text-without-domain",
        "does not name itself in its 221",
        requirement!("rfc5321-4.2.2-2"),
        misreport(|on| on.is(Verb::Quit) && on.accepted(), 221, "(goodbye)"),
    ),
    mutant(
        "quit-with-argument-accepted",
        "takes QUIT with an argument",
        requirement!("rfc5321-4.3.2-8"),
        answer(|on| on.is(Verb::Quit) && on.command().is_none(), 221, "mx.example.test closing"),
    ),
    mutant(
        "closes-after-error",
        "closes the connection after any refusal",
        requirement!("rfc5321-4.1.1.10-2"),
        Fault::Close(|on| !on.accepted()),
    ),
    mutant(
        "closes-after-unknown-command",
        "closes the connection after a command that it does not know",
        requirement!("rfc5321-3.8-3"),
        Fault::Close(is_unknown),
    ),
    mutant(
        "closes-after-message",
        "closes the connection after each message",
        requirement!("rfc5321-3.8-2"),
        Fault::Close(is_message),
    ),
    mutant(
        "closes-after-noop",
        "closes the connection after NOOP",
        requirement!("rfc5321-3.8-2"),
        Fault::Close(|on| on.is(Verb::Noop)),
    ),
    mutant(
        "idle-client-is-left-at-once",
        "leaves a client that is silent for 40 ms",
        requirement!("rfc5321-4.5.3.2.7-1"),
        Fault::Config(|config| config.timeout = std::time::Duration::from_millis(40)),
    ),
    mutant(
        "idle-client-is-left-after-two-minutes",
        "leaves a client that is silent for two minutes",
        requirement!("rfc5321-4.5.3.2.7-1"),
        Fault::Config(|config| config.timeout = config.timeout * 2 / 5),
    ),
    mutant(
        "unknown-command-accepted",
        "answers 250 to any command",
        requirement!("rfc5321-3.8-6"),
        Fault::Answer { when: is_unknown, say: Say::This(250, "OK"), then: Then::Nothing },
    ),
    mutant(
        "unknown-command-ignored",
        "says nothing to a command that it does not know",
        requirement!("rfc5321-4.2-1"),
        silence(is_unknown),
    ),
    mutant(
        "unknown-command-draws-421",
        "answers 421 to a command that it does not know, and leaves",
        requirement!("rfc5321-3.8-3"),
        answer(is_unknown, 421, "mx.example.test What was that?"),
    ),
    mutant(
        "unknown-command-draws-550",
        "answers 550 to a command that it does not know",
        requirement!("rfc5321-4.2.4-2"),
        answer(|on| is_unknown(on) && !on.line().is_empty(), 550, "What was that?"),
    ),
    mutant(
        "private-command-draws-503",
        "answers 503 to a private command that it does not know",
        requirement!("rfc5321-4.1.5-1"),
        answer(
            |on| is_unknown(on) && on.line().first().is_some_and(|x| x.eq_ignore_ascii_case(&b'X')),
            503,
            "Not now",
        ),
    ),
    mutant(
        "empty-line-ignored",
        "says nothing to an empty line",
        requirement!("rfc5321-4.2-1"),
        silence(|on| is_unknown(on) && on.line().is_empty()),
    ),
    mutant(
        "empty-line-accepted",
        "answers 250 to an empty line",
        requirement!("rfc5321-4.2.4-2"),
        Fault::Answer {
            when: |on| is_unknown(on) && on.line().is_empty(),
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "send-accepted-unlisted",
        "accepts SEND, SOML and SAML without listing them",
        requirement!("rfc5321-F.6-4"),
        answer(|on| on.is_any(&[Verb::Send, Verb::Soml, Verb::Saml]), 250, "OK"),
    ),
    mutant(
        "unimplemented-command-draws-504",
        "answers 504 to SEND, SOML, SAML and TURN, which it does not implement",
        requirement!("rfc5321-4.2.4-1"),
        answer(
            |on| {
                on.is_any(&[Verb::Send, Verb::Soml, Verb::Saml, Verb::Turn]) && on.usually() == 502
            },
            504,
            "Not implemented",
        ),
    ),
    mutant(
        "turn-keeps-roles",
        "answers 250 to TURN and waits for commands",
        requirement!("rfc821-3.8-3"),
        forget(|on| on.is(Verb::Turn) && on.accepted()),
    ),
    mutant(
        "turn-refused-changes-roles",
        "answers 502 to TURN and becomes the client all the same",
        requirement!("rfc821-4.1.1-38"),
        misreport(|on| on.is(Verb::Turn) && on.accepted(), 502, "Command not implemented"),
    ),
    mutant(
        "turn-does-not-await-greeting",
        "becomes the client after TURN and does not wait for the greeting",
        requirement!("rfc821-4.1.1-40"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Turn) && on.accepted() {
                octets.extend_from_slice(b"EHLO mx.example.test\r\n");
            }
        }),
    ),
    mutant(
        "turn-for-strangers",
        "accepts TURN from anybody",
        requirement!("rfc5321-F.1-1"),
        answer(|on| on.is(Verb::Turn) && on.state() == State::Ready, 250, "OK"),
    ),
    mutant(
        "turn-in-transaction",
        "accepts TURN in a transaction",
        requirement!("rfc821-4.3-23"),
        answer(|on| on.is(Verb::Turn) && on.state().in_transaction(), 250, "OK"),
    ),
    mutant(
        "turn-with-argument-accepted",
        "accepts TURN with an argument",
        requirement!("rfc821-4.3-23"),
        answer(|on| on.is(Verb::Turn) && on.command().is_none(), 250, "OK"),
    ),
    mutant(
        "turn-refused-ends-session",
        "refuses TURN and closes",
        requirement!("rfc821-4.1.1-38"),
        Fault::Close(|on| on.is(Verb::Turn) && !on.accepted()),
    ),
];
