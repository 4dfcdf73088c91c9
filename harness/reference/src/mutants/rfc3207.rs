//! RFC 3207 §2 to §6: what goes wrong with STARTTLS.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, answer, forget, mutant, reword};
use crate::model::Model;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "starttls-keyword-with-parameter",
        "lists STARTTLS with a parameter",
        requirement!("rfc3207-2-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"STARTTLS") {
                    *line = b"STARTTLS REQUIRED".to_vec();
                }
            },
        ),
    ),
    mutant(
        "starttls-parameter-accepted",
        "takes STARTTLS with a parameter",
        requirement!("rfc3207-4-1"),
        answer(|on| is_starttls(on) && on.usually() == 501, 220, "Ready to start TLS"),
    ),
    mutant(
        "starttls-parameter-draws-502",
        "does not know STARTTLS where it has a parameter",
        requirement!("rfc3207-4-3"),
        answer(|on| is_starttls(on) && on.usually() == 501, 502, "Command not implemented"),
    ),
    mutant(
        "starttls-offered-and-unknown",
        "lists STARTTLS and does not know it",
        requirement!("rfc3207-4-2"),
        answer(|on| is_starttls(on) && on.usually() == 220, 502, "Command not implemented"),
    ),
    mutant(
        "starttls-draws-250",
        "answers 250 to STARTTLS",
        requirement!("rfc3207-4-2"),
        answer(|on| is_starttls(on) && on.usually() == 220, 250, "Begin"),
    ),
    mutant(
        "starttls-goes-on-in-clear",
        "answers 220 to STARTTLS and begins no TLS",
        requirement!("rfc3207-4-2"),
        forget(|on| is_starttls(on) && on.usually() == 220),
    ),
    mutant(
        "starttls-taken-inside-tls",
        "answers 220 to a second STARTTLS",
        requirement!("rfc5321-4.1.1.1-17"),
        answer(|on| is_starttls(on) && on.model.is_secured(), 220, "Ready to start TLS"),
    ),
    mutant(
        "starttls-injection-obeyed",
        "obeys inside TLS what came in the clear behind STARTTLS",
        requirement!("rfc3207-6-7"),
        Fault::Plaintext,
    ),
    mutant(
        "starttls-keeps-hello",
        "knows the EHLO from before the handshake",
        requirement!("rfc3207-4.2-1"),
        Fault::Secured(keep_hello),
    ),
    mutant(
        "starttls-keeps-transaction",
        "goes on inside TLS with the transaction from before it",
        requirement!("rfc3207-4.2-2"),
        Fault::Secured(|before, after| {
            keep_hello(before, after);
            if let Some(transaction) = before.transaction() {
                let recipients = transaction.recipients.clone();
                after.begin(transaction.clone());
                for recipient in recipients {
                    after.add_recipient(recipient);
                }
            }
        }),
    ),
    mutant(
        "starttls-offered-inside-tls",
        "lists STARTTLS inside TLS",
        requirement!("rfc3207-4.2-8"),
        reword(
            |on| on.is(Verb::Ehlo) && on.model.is_secured() && on.accepted(),
            |_, reply| reply.lines.push(b"STARTTLS".to_vec()),
        ),
    ),
];

fn keep_hello(before: &Model, after: &mut Model) {
    if let Some(hello) = before.hello() {
        after.greet(hello.clone(), Vec::new());
    }
}

pub(super) fn is_starttls(on: &Asked<'_>) -> bool {
    on.request().is_some_and(|request| request.verb.name().eq_ignore_ascii_case(b"STARTTLS"))
}
