//! RFC 6710 §3 to §7 (MT-PRIORITY): what goes wrong with priorities.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Verb};

use super::{Asked, Fault, Mutant, answer, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "mt-priority-keyword-with-two-policies",
        "lists MT-PRIORITY with two policies",
        requirement!("rfc6710-7-2"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"MT-PRIORITY") {
                    *line = b"MT-PRIORITY MIXER STANAG4406".to_vec();
                }
            },
        ),
    ),
    mutant(
        "mt-priority-offered-and-unknown",
        "lists MT-PRIORITY and does not know the parameter",
        requirement!("rfc6710-3-3"),
        answer(|on| count(on) == 1 && on.accepted(), 555, "Parameter not recognized"),
    ),
    mutant(
        "mt-priority-below-zero-refused",
        "knows no priority below zero",
        requirement!("rfc6710-3-3"),
        answer(
            |on| values(on).any(|value| value.starts_with(b"-")) && on.accepted(),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "mt-priority-wants-short-line",
        "takes MT-PRIORITY in lines of 512 octets at most",
        requirement!("rfc6710-3-4"),
        answer(|on| count(on) > 0 && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "mt-priority-bad-value-accepted",
        "takes any priority",
        requirement!("rfc6710-4.1-1"),
        answer(|on| count(on) == 1 && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "mt-priority-twice-accepted",
        "takes two priorities",
        requirement!("rfc6710-4.1-2"),
        answer(|on| count(on) > 1 && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "mt-priority-not-in-trace",
        "tells no priority in its trace line",
        requirement!("rfc6710-4.1-3"),
        Fault::Trace(|trace| {
            let at = trace.find("\r\n\tPRIORITY ");
            let end = |at: usize| trace[at..].find(';').map(|end| at + end);
            match at.and_then(|at| Some((at, end(at)?))) {
                Some((at, end)) => [&trace[..at], &trace[end..]].concat(),
                None => trace.to_owned(),
            }
        }),
    ),
    mutant(
        "mt-priority-word-in-trace",
        "tells the priority in its trace line in words",
        requirement!("rfc6710-7-3"),
        Fault::Trace(|trace| {
            let words = trace.replace("PRIORITY 0", "PRIORITY normal");
            words.replace("PRIORITY -4", "PRIORITY non-urgent")
        }),
    ),
    mutant(
        "mt-priority-ignored",
        "makes all priorities zero and does not say so",
        requirement!("rfc6710-4.1-5"),
        Fault::Trace(|trace| {
            trace.replace("PRIORITY -9", "PRIORITY 0").replace("PRIORITY -4", "PRIORITY 0")
        }),
    ),
];

fn parameters<'a>(on: &Asked<'a>) -> impl Iterator<Item = Parameter<'a>> {
    let parameters = match on.command() {
        Some(Command::Mail(mail)) => Some(mail.parameters.iter()),
        _ => None,
    };
    let ours = |one: &Parameter<'_>| one.keyword.eq_ignore_ascii_case(b"MT-PRIORITY");
    parameters.into_iter().flatten().filter(ours)
}

fn count(on: &Asked<'_>) -> usize {
    parameters(on).count()
}

fn values<'a>(on: &Asked<'a>) -> impl Iterator<Item = &'a [u8]> {
    parameters(on).filter_map(|parameter| parameter.value)
}
