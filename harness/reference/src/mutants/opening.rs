//! The opening of a session goes wrong: greeting, EHLO, HELO (RFC 5321 §3.1, §3.2, §4.1.1.1).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Verb};

use super::{
    Asked, Fault, Mutant, Say, Then, also, answer, forget, is_connection, misreport, mutant,
    reword, silence,
};
use crate::model::Model;
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "greeting-missing",
        "says nothing when a client connects",
        requirement!("rfc5321-3.1-1"),
        silence(is_connection),
    ),
    mutant(
        "greeting-250",
        "greets with 250",
        requirement!("rfc5321-4.3.1-2"),
        misreport(is_connection, 250, "mx.example.test ESMTP service ready"),
    ),
    mutant(
        "greeting-without-domain",
        "greets without its name",
        requirement!("rfc5321-4.2-6"),
        misreport(is_connection, 220, "(ESMTP) service ready"),
    ),
    mutant(
        "greeting-without-text",
        "greets with a bare code",
        requirement!("rfc5321-4.2-6"),
        Fault::Octets(|on, octets| {
            if is_connection(on) {
                *octets = b"220\r\n".to_vec();
            }
        }),
    ),
    mutant(
        "greeting-twice",
        "greets twice",
        requirement!("rfc5321-4.2-1"),
        Fault::Octets(|on, octets| {
            if is_connection(on) {
                *octets = octets.repeat(2);
            }
        }),
    ),
    mutant(
        "refused-session-goes-on",
        "greets with 554 and takes commands as if it had not",
        requirement!("rfc5321-3.1-6"),
        Fault::All(&[
            Fault::Config(|config| config.refuses_sessions = true),
            Fault::Answer {
                when: |on| on.state() == State::Refused && !on.is(Verb::Quit),
                say: Say::This(250, "OK"),
                then: Then::Nothing,
            },
        ]),
    ),
    mutant(
        "refused-session-is-closed",
        "greets with 554 and closes before QUIT",
        requirement!("rfc5321-3.1-5"),
        Fault::All(&[
            Fault::Config(|config| config.refuses_sessions = true),
            Fault::Close(is_connection),
        ]),
    ),
    mutant(
        "ehlo-unknown",
        "does not know EHLO",
        requirement!("rfc5321-2.2.1-2"),
        answer(|on| on.is(Verb::Ehlo), 500, "Command unrecognized"),
    ),
    mutant(
        "ehlo-draws-220",
        "accepts EHLO with 220",
        requirement!("rfc5321-4.1.1.1-12"),
        reword(|on| on.is(Verb::Ehlo) && on.accepted(), |_, reply| recode(reply, 220)),
    ),
    mutant(
        "ehlo-reply-without-domain",
        "does not begin its EHLO reply with its name",
        requirement!("rfc5321-4.1.1.1-12"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| reply.lines[0] = b"Hello, client".to_vec()),
    ),
    mutant(
        "ehlo-keyword-with-underscore",
        "lists an EHLO keyword with an underscore",
        requirement!("rfc5321-4.1.1.1-14"),
        reword(is_ehlo, |_, reply| reply.lines.push(b"X_PRIVATE".to_vec())),
    ),
    mutant(
        "ehlo-keyword-begins-with-hyphen",
        "lists an EHLO keyword that begins with a hyphen",
        requirement!("rfc5321-4.1.1.1-14"),
        reword(is_ehlo, |_, reply| reply.lines.push(b"-PRIVATE".to_vec())),
    ),
    mutant(
        "ehlo-empty-line",
        "has a line without a keyword in its EHLO reply",
        requirement!("rfc5321-4.1.1.1-12"),
        reword(is_ehlo, |_, reply| reply.lines.insert(1, Vec::new())),
    ),
    mutant(
        "ehlo-parameter-with-control-character",
        "lists an EHLO keyword with a control character in its parameter",
        requirement!("rfc5321-4.1.1.1-15"),
        reword(is_ehlo, |_, reply| reply.lines.push(b"XPRIVATE a\x01b".to_vec())),
    ),
    mutant(
        "ehlo-keyword-unregistered",
        "lists an EHLO keyword that nobody registered",
        requirement!("rfc5321-2.2.2-4"),
        reword(is_ehlo, |_, reply| reply.lines.push(b"FROBNICATE".to_vec())),
    ),
    mutant(
        "ehlo-hides-expn",
        "supports EXPN and does not list it",
        requirement!("rfc5321-3.5.2-9"),
        reword(is_ehlo, |_, reply| reply.lines.retain(|line| line != b"EXPN")),
    ),
    mutant(
        "ehlo-hides-help",
        "supports HELP and does not list it",
        requirement!("rfc5321-4.1.1.1-17"),
        reword(is_ehlo, |_, reply| reply.lines.retain(|line| line != b"HELP")),
    ),
    mutant(
        "ehlo-refuses-ipv4-literal",
        "refuses EHLO with an IPv4 address literal",
        requirement!("rfc5321-4.1.1.1-10"),
        answer(
            |on| on.is(Verb::Ehlo) && has(on, b"[") && !has(on, b"[IPv6:"),
            501,
            "A domain is wanted",
        ),
    ),
    mutant(
        "ehlo-refuses-ipv6-literal",
        "refuses EHLO with an IPv6 address literal",
        requirement!("rfc5321-4.1.3-2"),
        answer(|on| on.is(Verb::Ehlo) && has(on, b"[IPv6:"), 501, "A domain is wanted"),
    ),
    mutant(
        "ehlo-refuses-name-that-begins-with-digit",
        "refuses EHLO with a label that begins with a digit",
        requirement!("rfc5321-4.1.2-11"),
        answer(
            |on| on.is(Verb::Ehlo) && on.line().get(5).is_some_and(u8::is_ascii_digit),
            501,
            "Not a domain",
        ),
    ),
    mutant(
        "ehlo-wants-resolvable-name",
        "refuses EHLO with a name that is not that of the client's address",
        requirement!("rfc5321-4.1.4-10"),
        answer(
            |on| on.is(Verb::Ehlo) && !has(on, b"["),
            501,
            "That is not the name of your address",
        ),
    ),
    mutant(
        "ehlo-only-once",
        "refuses a second EHLO",
        requirement!("rfc5321-4.1.4-5"),
        answer(|on| on.is(Verb::Ehlo) && on.model.hello().is_some(), 503, "Duplicate EHLO"),
    ),
    mutant(
        "ehlo-keeps-transaction",
        "keeps the transaction when EHLO comes",
        requirement!("rfc5321-4.1.4-4"),
        forget(|on| on.is(Verb::Ehlo) && on.state().in_transaction()),
    ),
    mutant(
        "helo-keeps-transaction",
        "keeps the transaction when HELO comes",
        requirement!("rfc5321-4.1.1.1-9"),
        forget(|on| on.is(Verb::Helo) && on.state().in_transaction()),
    ),
    mutant(
        "refused-ehlo-ends-transaction",
        "refuses an EHLO and drops the transaction all the same",
        requirement!("rfc5321-4.1.4-6"),
        also(|on| on.is(Verb::Ehlo) && !on.accepted() && on.state().in_transaction(), Model::clear),
    ),
    mutant(
        "refused-ehlo-forgets-greeting",
        "refuses an EHLO and forgets the one before it",
        requirement!("rfc5321-4.1.4-6"),
        also(|on| on.is(Verb::Ehlo) && !on.accepted(), |model| model.enter(State::AwaitHello)),
    ),
    mutant(
        "helo-unknown",
        "does not know HELO",
        requirement!("rfc5321-2.2.1-4"),
        answer(|on| on.is(Verb::Helo), 500, "Command unrecognized"),
    ),
    mutant(
        "helo-not-implemented",
        "has given up HELO",
        requirement!("rfc5321-F.3-2"),
        answer(|on| on.is(Verb::Helo), 502, "Command not implemented, say EHLO"),
    ),
    mutant(
        "helo-draws-220",
        "accepts HELO with 220",
        requirement!("rfc5321-4.3.2-11"),
        reword(|on| on.is(Verb::Helo) && on.accepted(), |_, reply| recode(reply, 220)),
    ),
    mutant(
        "helo-answered-like-ehlo",
        "lists extensions in answer to HELO",
        requirement!("rfc5321-3.2-2"),
        reword(
            |on| on.is(Verb::Helo) && on.accepted(),
            |_, reply| reply.lines.extend([b"SIZE 10485760".to_vec(), b"8BITMIME".to_vec()]),
        ),
    ),
    mutant(
        "helo-reply-without-domain",
        "does not name itself in answer to HELO",
        requirement!("rfc5321-4.1.1.1-19"),
        misreport(|on| on.is(Verb::Helo) && on.accepted(), 250, "(pleased to meet you)"),
    ),
];

fn is_ehlo(on: &Asked<'_>) -> bool {
    on.is(Verb::Ehlo) && on.accepted()
}

fn has(on: &Asked<'_>, part: &[u8]) -> bool {
    on.line().windows(part.len()).any(|window| window == part)
}

fn recode(reply: &mut Reply, code: u16) {
    *reply = Reply::multiline(code, std::mem::take(&mut reply.lines));
}
