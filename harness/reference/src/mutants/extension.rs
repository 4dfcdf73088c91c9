//! What is wrong with SIZE and 8BITMIME (RFC 1870, RFC 6152).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Verb};

use super::{Asked, Fault, Mutant, answer, is_message, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "size-keyword-with-unit",
        "lists SIZE with a unit",
        requirement!("rfc1870-3-1"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| replace(&mut reply.lines, b"SIZE", b"SIZE 10M")),
    ),
    mutant(
        "size-keyword-with-two-parameters",
        "lists SIZE with two parameters",
        requirement!("rfc1870-3-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| replace(&mut reply.lines, b"SIZE", b"SIZE 1000000 2"),
        ),
    ),
    mutant(
        "size-parameter-refused",
        "lists SIZE and does not know the parameter",
        requirement!("rfc1870-4-2"),
        answer(|on| value(on, b"SIZE").is_some(), 555, "Parameter not recognized"),
    ),
    mutant(
        "size-of-20-digits-refused",
        "refuses SIZE with leading zeros up to 20 digits",
        requirement!("rfc1870-3-4"),
        answer(|on| value(on, b"SIZE").is_some_and(|value| value.len() > 10), 501, "Syntax error"),
    ),
    mutant(
        "size-over-limit-accepted",
        "takes MAIL with a size over its limit",
        requirement!("rfc1870-6.1-1"),
        answer(|on| value(on, b"SIZE").is_some() && on.usually() == 552, 250, "OK"),
    ),
    mutant(
        "size-zero-is-a-limit",
        "lists SIZE 0 and refuses MAIL with a size as too large",
        requirement!("rfc1870-3-2"),
        answer(
            |on| {
                on.model.offer("SIZE") == Some(b"0")
                    && value(on, b"SIZE")
                        .is_some_and(|value| value.iter().any(|&digit| digit > b'0'))
            },
            552,
            "Message size exceeds fixed maximum message size",
        ),
    ),
    mutant(
        "size-over-limit-draws-500",
        "refuses MAIL with a size over its limit with 500",
        requirement!("rfc1870-6.1-4"),
        answer(|on| value(on, b"SIZE").is_some() && on.usually() == 552, 500, "Too large"),
    ),
    mutant(
        "size-over-limit-draws-452",
        "refuses MAIL with a size over its limit for now",
        requirement!("rfc1870-7-2"),
        answer(|on| value(on, b"SIZE").is_some() && on.usually() == 552, 452, "No room"),
    ),
    mutant(
        "size-declared-then-refused",
        "answers 552 to a message that is as large as it was declared",
        requirement!("rfc1870-6.3-1"),
        answer(
            |on| {
                is_message(on)
                    && on.model.transaction().is_some_and(|open| open.parameter("SIZE").is_some())
            },
            552,
            "Too large",
        ),
    ),
    mutant(
        "message-over-limit-accepted",
        "takes a message that is larger than it said",
        requirement!("rfc1870-4-1"),
        answer(|on| is_message(on) && on.usually() == 552, 250, "OK"),
    ),
    mutant(
        "message-over-limit-draws-452",
        "refuses a message that is larger than it said for now",
        requirement!("rfc1870-4-1"),
        answer(|on| is_message(on) && on.usually() == 552, 452, "No room"),
    ),
    mutant(
        "eightbitmime-not-offered",
        "does not offer 8BITMIME",
        requirement!("rfc5321-2.4-16"),
        Fault::Config(|config| config.withheld.push("8BITMIME".to_owned())),
    ),
    mutant(
        "size-not-offered",
        "has a limit on messages and does not offer SIZE",
        requirement!("rfc5321-4.5.3.1.7-2"),
        Fault::Config(|config| config.withheld.push("SIZE".to_owned())),
    ),
    mutant(
        "eightbitmime-keyword-with-parameter",
        "lists 8BITMIME with a parameter",
        requirement!("rfc6152-2-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                replace(&mut reply.lines, b"8BITMIME", b"8BITMIME YES");
            },
        ),
    ),
    mutant(
        "body-parameter-refused",
        "lists 8BITMIME and does not know BODY",
        requirement!("rfc6152-3-2"),
        answer(|on| value(on, b"BODY").is_some(), 555, "Parameter not recognized"),
    ),
    mutant(
        "body-7bit-refused",
        "does not know BODY=7BIT",
        requirement!("rfc6152-2-2"),
        answer(
            |on| value(on, b"BODY").is_some_and(|value| value.eq_ignore_ascii_case(b"7BIT")),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "parameters-case-sensitive",
        "knows parameters in upper case only",
        requirement!("rfc5321-2.4-2"),
        answer(
            |on| {
                parameters(on).any(|parameter| parameter.keyword.iter().any(u8::is_ascii_lowercase))
            },
            555,
            "Parameter not recognized",
        ),
    ),
];

fn parameters<'a>(on: &Asked<'a>) -> impl Iterator<Item = Parameter<'a>> {
    let parameters = match on.command() {
        Some(Command::Mail(mail)) => Some(mail.parameters.iter()),
        _ => None,
    };
    parameters.into_iter().flatten()
}

/// The value of a parameter of MAIL, where there is one.
fn value<'a>(on: &Asked<'a>, keyword: &[u8]) -> Option<&'a [u8]> {
    parameters(on)
        .find(|parameter| parameter.keyword.eq_ignore_ascii_case(keyword))
        .and_then(|parameter| parameter.value)
}

fn replace(lines: &mut [Vec<u8>], keyword: &[u8], by: &[u8]) {
    for line in lines.iter_mut().filter(|line| line.starts_with(keyword)) {
        *line = by.to_vec();
    }
}
