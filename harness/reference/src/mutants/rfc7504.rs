//! RFC 7504 §3 and RFC 7505 §4.1: 521 where it does not belong, and other codes for a null MX.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, answer, is_connection, mutant};
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "greets-with-554-where-no-mail-is-taken",
        "greets with 554, though it never takes mail",
        requirement!("rfc7504-3-2"),
        answer(
            |on| is_connection(on) && on.usually() == 521,
            554,
            "mx.example.test No SMTP service here",
        ),
    ),
    mutant(
        "unknown-recipient-draws-521",
        "refuses recipients with 521",
        requirement!("rfc7504-3-4"),
        answer(|on| on.is(Verb::Rcpt) && on.usually() == 550, 521, "Host does not accept mail"),
    ),
    mutant(
        "unresolvable-sender-draws-521",
        "refuses a sender whose domain does not exist with 521",
        requirement!("rfc7504-3-4"),
        answer(
            |on| on.is(Verb::Mail) && on.line().ends_with(b".invalid>"),
            521,
            "Host does not accept mail",
        ),
    ),
    mutant(
        "quit-after-521-draws-521",
        "answers 521 to QUIT too",
        requirement!("rfc7504-3-6"),
        answer(
            |on| on.is(Verb::Quit) && on.state() == State::Refused,
            521,
            "mx.example.test Host does not accept mail",
        ),
    ),
    mutant(
        "null-mx-recipient-draws-550",
        "refuses a recipient for a null MX with 550",
        requirement!("rfc7505-4.1-1"),
        Fault::Octets(|on, octets| put(on, octets, b"556 5.1.10", b"550 5.1.10")),
    ),
    mutant(
        "null-mx-recipient-without-detail-10",
        "refuses a recipient for a null MX with 5.1.2",
        requirement!("rfc7505-4.1-2"),
        Fault::Octets(|on, octets| put(on, octets, b"556 5.1.10", b"556 5.1.2 ")),
    ),
    mutant(
        "null-mx-sender-draws-554",
        "refuses a sender for a null MX with 554",
        requirement!("rfc7505-4.1-3"),
        Fault::Octets(|on, octets| put(on, octets, b"550 5.7.27", b"554 5.7.27")),
    ),
    mutant(
        "null-mx-sender-without-detail-27",
        "refuses a sender for a null MX with 5.1.8",
        requirement!("rfc7505-4.1-4"),
        Fault::Octets(|on, octets| put(on, octets, b"550 5.7.27", b"550 5.1.8 ")),
    ),
];

/// Changes the codes of an answer to MAIL or RCPT.
fn put(on: &Asked<'_>, octets: &mut [u8], code: &[u8], by: &[u8]) {
    if on.is_any(&[Verb::Mail, Verb::Rcpt]) && octets.starts_with(code) {
        octets[..by.len()].copy_from_slice(by);
    }
}
