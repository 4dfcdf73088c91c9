//! RFC 7293 §3.1 and §5.1 (RRVS): what goes wrong with mail for who had a mailbox at some time.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Verb};

use super::{Asked, Mutant, answer, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "rrvs-keyword-with-parameter",
        "lists RRVS with a parameter",
        requirement!("rfc7293-3.1-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"RRVS") {
                    *line = b"RRVS R".to_vec();
                }
            },
        ),
    ),
    mutant(
        "rrvs-offered-and-unknown",
        "lists RRVS and does not know the parameter",
        requirement!("rfc7293-3.1-2"),
        answer(|on| parameter(on).is_some() && on.accepted(), 555, "Parameter not recognized"),
    ),
    mutant(
        "rrvs-letter-refused",
        "does not know the letter behind the time",
        requirement!("rfc7293-3.1-2"),
        answer(
            |on| value(on).is_some_and(|value| value.contains(&b';')) && on.accepted(),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "rrvs-wants-short-line",
        "takes RRVS in lines of 512 octets at most",
        requirement!("rfc7293-3.1-5"),
        answer(|on| parameter(on).is_some() && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "rrvs-bad-time-draws-502",
        "does not implement RCPT where RRVS has no time",
        requirement!("rfc5321-4.3.2-13"),
        answer(|on| parameter(on).is_some() && on.usually() == 501, 502, "Not implemented"),
    ),
    mutant(
        "rrvs-reassigned-accepted",
        "takes mail for a mailbox that has changed its owner",
        requirement!("rfc7293-5.1-2"),
        answer(|on| parameter(on).is_some() && is_reassigned(on), 250, "OK"),
    ),
    mutant(
        "rrvs-reassigned-with-another-code",
        "calls a mailbox that has changed its owner unknown",
        requirement!("rfc7293-5.2-3"),
        reword(
            |on| parameter(on).is_some() && is_reassigned(on),
            |_, reply| reply.lines = vec![b"5.1.1 No such user here".to_vec()],
        ),
    ),
    mutant(
        "rrvs-any-time-refused",
        "refuses a mailbox that once changed its owner for any time",
        requirement!("rfc7293-5.1-3"),
        answer(
            |on| {
                let line = String::from_utf8_lossy(on.line()).into_owned();
                value(on).is_some() && line.contains("reassigned") && on.accepted()
            },
            550,
            "5.7.17 The mailbox has changed its owner",
        ),
    ),
    mutant(
        "rrvs-postmaster-has-an-owner",
        "tests since when postmaster is who he is",
        requirement!("rfc7293-5.1-1"),
        answer(
            |on| {
                let line = on.line().to_ascii_lowercase();
                value(on).is_some() && line.windows(10).any(|part| part == b"postmaster")
            },
            550,
            "5.7.17 The mailbox has changed its owner",
        ),
    ),
    mutant(
        "rrvs-passed-on",
        "passes mail on to a host without RRVS",
        requirement!("rfc7293-5.1.1-2"),
        answer(|on| parameter(on).is_some() && on.usual.lines[0].starts_with(b"5.7.19"), 250, "OK"),
    ),
];

fn is_reassigned(on: &Asked<'_>) -> bool {
    on.usual.lines[0].starts_with(b"5.7.17")
}

/// RRVS, where RCPT has it.
fn parameter<'a>(on: &Asked<'a>) -> Option<Parameter<'a>> {
    match on.command()? {
        Command::Rcpt(rcpt) => rcpt.parameters.get(b"RRVS"),
        _ => None,
    }
}

fn value<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    parameter(on)?.value
}
