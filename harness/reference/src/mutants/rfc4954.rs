//! RFC 4954 §3 to §9: what goes wrong with AUTH, its parameter and its logins. What goes wrong
//! between AUTH and its end is in `exchange.rs`.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Reply, Request, Verb};

use super::{Asked, Fault, Mutant, also, answer, misreport, mutant, reword};
use crate::delivery::Delivery;
use crate::sasl;
use crate::state::State;

const SOFT_HYPHEN: &[u8] = b"\xc2\xad";

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "auth-keyword-with-commas",
        "lists the mechanisms with commas between them",
        requirement!("rfc4954-3-1"),
        reword(
            |on| on.is(Verb::Ehlo) && on.accepted(),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| line.starts_with(b"AUTH ")) {
                    *line = b"AUTH PLAIN,LOGIN,CRAM-MD5".to_vec();
                }
            },
        ),
    ),
    mutant(
        "auth-parameter-with-line-of-512",
        "reads no line of MAIL beyond 512 octets, AUTH or not",
        requirement!("rfc4954-3-3"),
        answer(|on| parameter(on).is_some() && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "auth-success-draws-250",
        "answers 250 to who knows the password",
        requirement!("rfc4954-4-31"),
        misreport(|on| on.usually() == 235, 250, "OK"),
    ),
    mutant(
        "auth-mail-refused-after-login",
        "has forgotten the EHLO once somebody has logged in",
        requirement!("rfc4954-4-31"),
        answer(
            |on| on.is(Verb::Mail) && on.accepted() && on.model.login().authenticated,
            503,
            "Bad sequence of commands: send EHLO first",
        ),
    ),
    mutant(
        "auth-second-login-taken",
        "takes a second login",
        requirement!("rfc4954-4-4"),
        answer(
            |on| is_auth(on) && on.usually() == 503 && on.model.login().authenticated,
            235,
            "Authentication successful",
        ),
    ),
    mutant(
        "auth-in-transaction-taken",
        "takes a login within a transaction",
        requirement!("rfc4954-4-6"),
        answer(
            |on| is_auth(on) && on.usually() == 503 && on.state().in_transaction(),
            235,
            "Authentication successful",
        ),
    ),
    mutant(
        "auth-unknown-mechanism-draws-535",
        "answers 535 to a mechanism that it does not have",
        requirement!("rfc4954-4-7"),
        answer(|on| is_auth(on) && on.usually() == 504, 535, "Authentication failed"),
    ),
    mutant(
        "auth-unknown-mechanism-with-other-code",
        "answers 504 with 5.7.4 to a mechanism that it does not have",
        requirement!("rfc4954-4-8"),
        answer(|on| is_auth(on) && on.usually() == 504, 504, "5.7.4 Unrecognized mechanism"),
    ),
    mutant(
        "auth-names-not-prepared",
        "compares names octet by octet",
        requirement!("rfc4954-4-28"),
        answer(
            |on| on.usually() == 235 && message(on).windows(2).any(|two| two == SOFT_HYPHEN),
            535,
            "Authentication credentials invalid",
        ),
    ),
    mutant(
        "auth-unprepared-identity-taken",
        "lets in whoever knows the password, whomever it claims to act for",
        requirement!("rfc4954-4-29"),
        answer(
            |on| {
                let odd = message(on).split(|octet| *octet == 0).next().map(<[u8]>::to_vec);
                on.usually() == 535
                    && odd.is_some_and(|name| name == SOFT_HYPHEN || name.starts_with(b"\x07"))
            },
            235,
            "Authentication successful",
        ),
    ),
    mutant(
        "auth-any-password-lets-in",
        "lets in whoever asks",
        requirement!("rfc4954-4-30"),
        answer(|on| on.usually() == 535, 235, "Authentication successful"),
    ),
    mutant(
        "auth-wrong-password-draws-501",
        "answers 501 to a wrong password",
        requirement!("rfc4954-4-30"),
        answer(|on| on.usually() == 535, 501, "5.7.8 Authentication credentials invalid"),
    ),
    mutant(
        "auth-wrong-password-draws-504",
        "answers 504 to a wrong password",
        requirement!("rfc4954-4-30"),
        answer(|on| on.usually() == 535, 504, "Authentication credentials invalid"),
    ),
    mutant(
        "auth-failure-lets-in",
        "answers 535, and holds the client for one that has logged in",
        requirement!("rfc4954-4-30"),
        also(|on| on.usually() == 535, |model| model.login_mut().authenticated = true),
    ),
    mutant(
        "auth-offered-in-clear",
        "offers PLAIN and LOGIN outside TLS",
        requirement!("rfc4954-4-43"),
        Fault::Config(|config| config.auth_in_clear = true),
    ),
    mutant(
        "auth-offered-in-clear-and-refused",
        "offers PLAIN outside TLS, and wants TLS for it",
        requirement!("rfc4954-6-13"),
        Fault::All(&[
            Fault::Config(|config| config.auth_in_clear = true),
            answer(
                |on| is_auth(on) && !on.model.is_secured() && on.accepted(),
                538,
                "Encryption required for requested authentication mechanism",
            ),
        ]),
    ),
    mutant(
        "auth-plain-unknown-inside-tls",
        "lists PLAIN inside TLS and does not have it",
        requirement!("rfc4954-4-44"),
        answer(
            |on| is_auth(on) && on.model.is_secured() && has_verb_and(on, b"PLAIN"),
            504,
            "Unrecognized authentication type",
        ),
    ),
    mutant(
        "auth-parameter-refused-before-login",
        "knows the parameter AUTH of MAIL only after a login",
        requirement!("rfc4954-5-3"),
        answer(
            |on| parameter(on).is_some() && !on.model.login().authenticated,
            555,
            "Parameter not recognized",
        ),
    ),
    mutant(
        "auth-parameter-refused-after-login",
        "refuses the parameter AUTH of MAIL after a login",
        requirement!("rfc4954-5-1"),
        answer(
            |on| parameter(on).is_some() && on.model.login().authenticated,
            501,
            "Who you are we know",
        ),
    ),
    mutant(
        "auth-parameter-not-decoded",
        "does not know the hexadecimal characters of xtext",
        requirement!("rfc4954-8-2"),
        answer(|on| parameter(on).is_some_and(|value| value.contains(&b'+')), 501, "Syntax error"),
    ),
    mutant(
        "auth-parameter-without-mailbox",
        "takes AUTH=<> and no mailbox",
        requirement!("rfc4954-8-4"),
        answer(|on| parameter(on).is_some_and(|value| value.contains(&b'@')), 501, "Syntax error"),
    ),
    mutant(
        "auth-success-with-other-code",
        "answers 235 with 2.0.0",
        requirement!("rfc4954-6-1"),
        misreport(|on| on.usually() == 235, 235, "2.0.0 Authentication successful"),
    ),
    mutant(
        "auth-failure-with-other-code",
        "answers 535 with 5.7.0",
        requirement!("rfc4954-6-1"),
        misreport(|on| on.usually() == 535, 535, "5.7.0 Authentication credentials invalid"),
    ),
    mutant(
        "auth-required-with-other-code",
        "answers 530 with 5.7.1",
        requirement!("rfc4954-6-1"),
        misreport(|on| on.usually() == 530, 530, "5.7.1 Authentication required"),
    ),
    mutant(
        "auth-required-draws-550",
        "answers 550 where a login is wanted",
        requirement!("rfc4954-6-12"),
        misreport(|on| on.usually() == 530, 550, "Authentication required"),
    ),
    mutant(
        "auth-required-for-all",
        "answers 530 to every command before a login",
        requirement!("rfc4954-6-12"),
        answer(
            |on| {
                let wanted = on.model.config().is_some_and(|config| config.requires_login);
                let greeted = on.state() == State::Ready && on.request().is_some();
                wanted && greeted && !is_auth(on) && !on.model.login().authenticated
            },
            530,
            "Authentication required",
        ),
    ),
    mutant(
        "auth-mail-without-received",
        "adds no Received field for who has logged in",
        requirement!("rfc4954-7-1"),
        Fault::Each(|on, delivery| {
            if on.model.login().authenticated {
                drop_received(delivery);
            }
        }),
    ),
    mutant(
        "auth-received-without-authentication",
        "says ESMTP in the Received field after a login",
        requirement!("rfc4954-7-2"),
        Fault::Each(|on, delivery| {
            if on.model.login().authenticated {
                let text = String::from_utf8_lossy(&delivery.message);
                let text = text.replacen("with ESMTPSA", "with ESMTPS", 1);
                delivery.message = text.replacen("with ESMTPA", "with ESMTP", 1).into_bytes();
            }
        }),
    ),
    mutant(
        "auth-in-upper-case-only",
        "knows AUTH in upper case only",
        requirement!("rfc4954-8-1"),
        answer(
            |on| is_auth(on) && on.line().iter().take(4).any(u8::is_ascii_lowercase),
            504,
            "Unrecognized authentication type",
        ),
    ),
    mutant(
        "auth-without-mechanism-begins",
        "begins an exchange without a mechanism",
        requirement!("rfc4954-8-3"),
        answer(
            |on| is_auth(on) && on.line().trim_ascii().len() == 4 && on.usually() == 501,
            334,
            "",
        ),
    ),
    mutant(
        "auth-second-failure-closes",
        "closes the connection after the second failure",
        requirement!("rfc4954-9-4"),
        Fault::Close(|on| on.usually() == 535 && on.model.login().exchanges > 0),
    ),
];

pub(super) fn in_exchange(on: &Asked<'_>) -> bool {
    on.state() == State::AwaitResponse
}

pub(super) fn is_auth(on: &Asked<'_>) -> bool {
    let named = |request: &Request<'_>| request.verb.name().eq_ignore_ascii_case(b"AUTH");
    !in_exchange(on) && on.request().is_some_and(named)
}

/// Whether the second word of the line is this.
pub(super) fn has_verb_and(on: &Asked<'_>, word: &[u8]) -> bool {
    let second = on.line().split(|octet| *octet == b' ').nth(1);
    second.is_some_and(|second| second.eq_ignore_ascii_case(word))
}

pub(super) fn is_empty(reply: &Reply) -> bool {
    reply.lines.iter().all(Vec::is_empty)
}

/// What the last word of the line is the BASE64 of.
pub(super) fn message(on: &Asked<'_>) -> Vec<u8> {
    let last = on.line().rsplit(|octet| *octet == b' ').next();
    last.and_then(sasl::decode).unwrap_or_default()
}

/// The value of the parameter AUTH of MAIL.
fn parameter<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match on.command() {
        Some(Command::Mail(mail)) if on.accepted() => mail.parameters.get(b"AUTH")?.value,
        _ => None,
    }
}

/// Takes away the field at the top, with its folded lines.
fn drop_received(delivery: &mut Delivery) {
    let mut lines = delivery.message.split_inclusive(|octet| *octet == b'\n');
    let folded = |line: &&[u8]| line.starts_with(b"\t") || line.starts_with(b" ");
    let first = lines.next().map_or(0, <[u8]>::len);
    let rest: usize = lines.take_while(folded).map(<[u8]>::len).sum();
    delivery.message.drain(..first + rest);
}
