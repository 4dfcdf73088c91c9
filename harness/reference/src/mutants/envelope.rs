//! What is wrong with MAIL and RCPT (RFC 5321 §3.3, §4.1.1.2, §4.1.1.3, §4.5.3.1.8).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ForwardPath, Path, ReversePath, Verb};

use super::{Asked, Fault, Mutant, Say, Then, answer, misreport, mutant};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "mail-unknown",
        "does not know MAIL",
        requirement!("rfc5321-4.3.2-5"),
        answer(|on| on.is(Verb::Mail), 500, "Command unrecognized"),
    ),
    mutant(
        "mail-draws-251",
        "accepts MAIL with 251",
        requirement!("rfc5321-3.3-2"),
        misreport(|on| on.is(Verb::Mail) && on.accepted(), 251, "OK"),
    ),
    mutant(
        "mail-draws-354",
        "accepts MAIL with 354",
        requirement!("rfc5321-4.3.1-7"),
        misreport(|on| on.is(Verb::Mail) && on.accepted(), 354, "Go on"),
    ),
    mutant(
        "null-reverse-path-refused",
        "refuses MAIL with the null reverse-path",
        requirement!("rfc5321-4.1.2-1"),
        answer(
            |on| {
                matches!(on.command(), Some(Command::Mail(mail))
                    if mail.reverse_path == ReversePath::Null)
            },
            501,
            "Who is it from?",
        ),
    ),
    mutant(
        "mail-with-bad-syntax-draws-502",
        "refuses MAIL with bad syntax with 502",
        requirement!("rfc5321-4.1.4-17"),
        answer(|on| on.is(Verb::Mail) && on.usually() == 501, 502, "Command not implemented"),
    ),
    mutant(
        "mail-with-bad-syntax-accepted-for-nothing",
        "takes MAIL with bad syntax and opens no transaction",
        requirement!("rfc5321-3.3-1"),
        Fault::Answer {
            when: |on| on.is(Verb::Mail) && on.usually() == 501,
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "rcpt-with-bad-syntax-draws-502",
        "refuses RCPT with bad syntax with 502",
        requirement!("rfc5321-4.3.2-13"),
        answer(|on| on.is(Verb::Rcpt) && on.usually() == 501, 502, "Command not implemented"),
    ),
    mutant(
        "rcpt-with-bad-syntax-accepted-for-nothing",
        "takes RCPT with bad syntax and no recipient",
        requirement!("rfc5321-4.3.1-7"),
        Fault::Answer {
            when: |on| on.is(Verb::Rcpt) && on.usually() == 501,
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "second-mail-keeps-recipients",
        "begins a transaction at a second MAIL and keeps the recipients of the first",
        requirement!("rfc5321-3.3-1"),
        Fault::Answer {
            when: |on| on.is(Verb::Mail) && on.state().in_transaction() && on.command().is_some(),
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "from-in-lower-case-refused",
        "wants FROM and TO in upper case",
        requirement!("rfc5321-2.4-2"),
        answer(
            |on| {
                on.is_any(&[Verb::Mail, Verb::Rcpt])
                    && on.line().get(5).is_some_and(u8::is_ascii_lowercase)
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "trailing-space-refused",
        "refuses white space at the end of a command",
        requirement!("rfc5321-4.1.1-2"),
        answer(|on| on.line().ends_with(b" "), 501, "Syntax error"),
    ),
    mutant(
        "rcpt-unknown",
        "does not know RCPT",
        requirement!("rfc5321-4.3.2-5"),
        answer(|on| on.is(Verb::Rcpt), 500, "Command unrecognized"),
    ),
    mutant(
        "rcpt-draws-220",
        "accepts RCPT with 220",
        requirement!("rfc5321-3.3-6"),
        misreport(|on| on.is(Verb::Rcpt) && on.accepted(), 220, "OK"),
    ),
    mutant(
        "rcpt-draws-252",
        "accepts RCPT with 252",
        requirement!("rfc5321-4.3.2-13"),
        misreport(|on| on.is(Verb::Rcpt) && on.accepted(), 252, "OK"),
    ),
    mutant(
        "second-rcpt-refused",
        "answers 503 to a second RCPT",
        requirement!("rfc5321-3.3-8"),
        answer(|on| on.is(Verb::Rcpt) && taken(on) > 0, 503, "One recipient at a time"),
    ),
    mutant(
        "unknown-user-draws-500",
        "refuses a recipient whom it does not know with 500",
        requirement!("rfc5321-3.3-7"),
        answer(|on| on.is(Verb::Rcpt) && on.usually() == 550, 500, "No such user here"),
    ),
    mutant(
        "postmaster-unknown",
        "does not know <Postmaster>",
        requirement!("rfc5321-2.3.5-6"),
        answer(
            |on| matches!(forward(on), Some(ForwardPath::Postmaster(_))),
            550,
            "No such user here",
        ),
    ),
    mutant(
        "postmaster-without-domain-is-bad-syntax",
        "wants a domain behind postmaster",
        requirement!("rfc5321-4.5.1-7"),
        answer(|on| matches!(forward(on), Some(ForwardPath::Postmaster(_))), 501, "Syntax error"),
    ),
    mutant(
        "postmaster-case-sensitive",
        "knows postmaster in lower case only",
        requirement!("rfc5321-4.1.1.3-11"),
        answer(|on| postmaster(on).is_some_and(|name| name != b"postmaster"), 550, "No such user"),
    ),
    mutant(
        "postmaster-unknown-in-domain",
        "knows no postmaster in the domains that it serves",
        requirement!("rfc5321-4.5.1-4"),
        answer(
            |on| postmaster(on).is_some() && matches!(forward(on), Some(ForwardPath::Path(_))),
            550,
            "No such user here",
        ),
    ),
    mutant(
        "empty-forward-path-accepted",
        "takes RCPT with the empty path",
        requirement!("rfc5321-4.1.2-2"),
        Fault::Answer {
            when: |on| {
                on.is(Verb::Rcpt) && on.line().ends_with(b"<>") && on.state().in_transaction()
            },
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "relaying-refused-with-500",
        "refuses mail for elsewhere with 500",
        requirement!("rfc5321-3.6.2-1"),
        answer(
            |on| on.is(Verb::Rcpt) && on.usual.lines[0].starts_with(b"Relaying"),
            500,
            "Relaying denied",
        ),
    ),
    mutant(
        "refuses-after-50-recipients",
        "takes 50 recipients",
        requirement!("rfc5321-4.5.3.1.8-2"),
        Fault::Config(|config| config.max_recipients = 50),
    ),
    mutant(
        "refuses-after-99-recipients",
        "takes 99 recipients",
        requirement!("rfc5321-4.5.3.1.8-1"),
        Fault::Config(|config| config.max_recipients = 99),
    ),
    mutant(
        "too-many-recipients-draws-552",
        "refuses one recipient too many with 552",
        requirement!("rfc5321-4.5.3.1.10-1"),
        Fault::All(&[
            Fault::Config(|config| config.max_recipients = 100),
            answer(|on| on.is(Verb::Rcpt) && on.usually() == 452, 552, "Too many recipients"),
        ]),
    ),
    mutant(
        "too-many-recipients-draws-451",
        "refuses one recipient too many with 451",
        requirement!("rfc5321-4.5.3.1.10-3"),
        Fault::All(&[
            Fault::Config(|config| config.max_recipients = 100),
            answer(|on| on.is(Verb::Rcpt) && on.usually() == 452, 451, "Too many recipients"),
        ]),
    ),
];

/// The path of MAIL or RCPT.
pub(super) fn path<'a>(on: &Asked<'a>) -> Option<&'a Path<'a>> {
    match on.command()? {
        Command::Mail(mail) => match &mail.reverse_path {
            ReversePath::Path(path) => Some(path),
            ReversePath::Null => None,
        },
        Command::Rcpt(rcpt) => match &rcpt.forward_path {
            ForwardPath::Path(path) => Some(path),
            ForwardPath::Postmaster(_) => None,
        },
        _ => None,
    }
}

fn forward<'a>(on: &Asked<'a>) -> Option<&'a ForwardPath<'a>> {
    match on.command()? {
        Command::Rcpt(rcpt) => Some(&rcpt.forward_path),
        _ => None,
    }
}

/// How a recipient spells postmaster, where it is one.
fn postmaster<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    let name = match forward(on)? {
        ForwardPath::Postmaster(name) => name,
        ForwardPath::Path(path) => path.mailbox.local_part.as_bytes(),
    };
    name.eq_ignore_ascii_case(b"postmaster").then_some(name)
}

fn taken(on: &Asked<'_>) -> usize {
    on.model.transaction().map_or(0, |open| open.recipients.len())
}
