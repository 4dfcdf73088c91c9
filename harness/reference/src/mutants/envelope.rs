//! What is wrong with MAIL and RCPT (RFC 5321 §3.3, §4.1.1.2, §4.1.1.3, §4.1.1.11, §4.1.2).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{
    AddressLiteral, Command, ForwardPath, Host, LocalPart, Path, ReversePath, Verb,
};

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
        "source-route-in-mail-refused",
        "does not know source routes in MAIL",
        requirement!("rfc5321-4.1.2-4"),
        answer(
            |on| on.is(Verb::Mail) && path(on).is_some_and(|path| !path.route.is_empty()),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "source-route-in-rcpt-refused",
        "does not know source routes in RCPT",
        requirement!("rfc5321-4.1.1.3-2"),
        answer(
            |on| on.is(Verb::Rcpt) && path(on).is_some_and(|path| !path.route.is_empty()),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "quoted-local-part-refused",
        "does not know quoted local-parts",
        requirement!("rfc5321-4.1.2-15"),
        answer(
            |on| {
                path(on).is_some_and(|path| matches!(path.mailbox.local_part, LocalPart::Quoted(_)))
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "quoted-spelling-is-another-mailbox",
        "does not know a mailbox in quotes that it knows without",
        requirement!("rfc5321-4.1.2-18"),
        answer(
            |on| {
                on.is(Verb::Rcpt)
                    && on.usually() == 250
                    && path(on)
                        .is_some_and(|path| matches!(path.mailbox.local_part, LocalPart::Quoted(_)))
            },
            501,
            "No such user here",
        ),
    ),
    mutant(
        "special-characters-in-local-part-refused",
        "takes only letters, digits, dots, hyphens and underscores in a local-part",
        requirement!("rfc5321-4.1.2-14"),
        answer(
            |on| {
                path(on).is_some_and(|path| match path.mailbox.local_part {
                    LocalPart::DotString(text) => !text
                        .iter()
                        .all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(octet)),
                    LocalPart::Quoted(_) => false,
                })
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "ipv4-literal-in-mail-refused",
        "does not know IPv4 address literals in MAIL",
        requirement!("rfc5321-4.1.3-1"),
        answer(
            |on| on.is(Verb::Mail) && matches!(literal(on), Some(AddressLiteral::Ipv4 { .. })),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "ipv6-literal-in-mail-refused",
        "does not know IPv6 address literals in MAIL",
        requirement!("rfc5321-4.1.3-7"),
        answer(
            |on| on.is(Verb::Mail) && matches!(literal(on), Some(AddressLiteral::Ipv6 { .. })),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "domain-with-digit-first-refused",
        "does not take a domain in MAIL that begins with a digit",
        requirement!("rfc5321-4.1.2-11"),
        answer(
            |on| {
                on.is(Verb::Mail)
                    && path(on).is_some_and(|path| {
                        matches!(path.mailbox.host, Host::Domain([b'0'..=b'9', ..]))
                    })
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "domain-of-one-label-refused",
        "does not take a domain in MAIL without a dot",
        requirement!("rfc5321-4.1.2-11"),
        answer(
            |on| {
                on.is(Verb::Mail)
                    && path(on).is_some_and(|path| {
                        matches!(path.mailbox.host, Host::Domain(name) if !name.contains(&b'.'))
                    })
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "unknown-parameter-accepted",
        "takes parameters of MAIL and RCPT that it does not know",
        requirement!("rfc5321-4.1.1.11-3"),
        answer(|on| on.usually() == 555, 250, "OK"),
    ),
    mutant(
        "unknown-parameter-draws-500",
        "refuses an unknown parameter with 500",
        requirement!("rfc5321-4.1.1.11-1"),
        answer(|on| on.usually() == 555, 500, "Command unrecognized"),
    ),
    mutant(
        "eight-bit-command-accepted",
        "takes MAIL and RCPT with octets above 127",
        requirement!("rfc5321-2.4-14"),
        answer(|on| on.is_any(&[Verb::Mail, Verb::Rcpt]) && !on.line().is_ascii(), 250, "OK"),
    ),
    mutant(
        "control-character-in-mailbox-accepted",
        "takes MAIL and RCPT with control characters",
        requirement!("rfc5321-4.1.2-24"),
        answer(
            |on| on.is_any(&[Verb::Mail, Verb::Rcpt]) && on.line().iter().any(u8::is_ascii_control),
            250,
            "OK",
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
        "domain-case-sensitive",
        "knows its domains in lower case only",
        requirement!("rfc5321-2.4-6"),
        answer(
            |on| {
                on.is(Verb::Rcpt)
                    && path(on).is_some_and(|path| match path.mailbox.host {
                        Host::Domain(name) => name.iter().any(u8::is_ascii_uppercase),
                        Host::Literal(_) => false,
                    })
            },
            550,
            "Relaying denied",
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

fn literal<'a>(on: &Asked<'a>) -> Option<AddressLiteral<'a>> {
    match path(on)?.mailbox.host {
        Host::Literal(literal) => Some(literal),
        Host::Domain(_) => None,
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
