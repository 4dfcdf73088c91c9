//! RFC 821 §3.4: what is wrong with SEND, SOML and SAML, where a server has them.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Mutant, also, answer, forget, misreport, mutant};
use crate::model::Model;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "send-draws-251",
        "accepts SEND with 251",
        requirement!("rfc821-4.3-15"),
        misreport(|on| on.is(Verb::Send) && on.accepted(), 251, "OK"),
    ),
    mutant(
        "soml-draws-251",
        "accepts SOML with 251",
        requirement!("rfc821-4.3-16"),
        misreport(|on| on.is(Verb::Soml) && on.accepted(), 251, "OK"),
    ),
    mutant(
        "saml-draws-251",
        "accepts SAML with 251",
        requirement!("rfc821-4.3-17"),
        misreport(|on| on.is(Verb::Saml) && on.accepted(), 251, "OK"),
    ),
    mutant(
        "send-opens-nothing",
        "accepts SEND, SOML and SAML and opens no transaction",
        requirement!("rfc821-3.4-13"),
        forget(|on| is_sending(on) && on.accepted()),
    ),
    mutant(
        "send-in-lower-case-unknown",
        "knows SEND, SOML and SAML in upper case only",
        requirement!("rfc821-4.1.2-1"),
        answer(
            |on| is_sending(on) && on.line().iter().take(4).any(u8::is_ascii_lowercase),
            500,
            "Command unrecognized",
        ),
    ),
    mutant(
        "send-in-transaction-draws-501",
        "calls SEND, SOML and SAML in a transaction a syntax error",
        requirement!("rfc821-4.1.1-50"),
        answer(|on| is_sending(on) && on.usually() == 503, 501, "Not now"),
    ),
    mutant(
        "refused-send-ends-transaction",
        "refuses SEND, SOML and SAML in a transaction and drops it all the same",
        requirement!("rfc821-4.1.1-54"),
        also(|on| is_sending(on) && on.usually() == 503, Model::clear),
    ),
    mutant(
        "send-with-bad-syntax-draws-502",
        "refuses SEND, SOML and SAML with bad syntax with 502",
        requirement!("rfc821-4.1.1-49"),
        answer(|on| is_sending(on) && on.usually() == 501, 502, "Not in that form"),
    ),
];

fn is_sending(on: &Asked<'_>) -> bool {
    on.is_any(&[Verb::Send, Verb::Soml, Verb::Saml])
}
