//! Paths, local-parts and domains are not read as the grammar has them (RFC 5321 §2.4, §4.1.2).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, EhloName, Host, LocalPart, SourceRoute, Verb};

use super::envelope::path;
use super::{Asked, Fault, Mutant, When, answer, mutant};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "source-route-in-mail-refused",
        "does not know source routes in MAIL",
        requirement!("rfc5321-4.1.2-4"),
        misread(|on| on.is(Verb::Mail) && route(on).is_some()),
    ),
    mutant(
        "source-route-in-rcpt-refused",
        "does not know source routes in RCPT",
        requirement!("rfc5321-4.1.1.3-2"),
        misread(|on| on.is(Verb::Rcpt) && route(on).is_some()),
    ),
    mutant(
        "source-route-of-several-hosts-refused",
        "takes one host in a source route",
        requirement!("rfc5321-4.1.2-4"),
        misread(|on| route(on).is_some_and(|route| route.iter().count() > 1)),
    ),
    mutant(
        "quotes-behind-source-route-refused",
        "takes quotes behind a source route for an error",
        requirement!("rfc5321-4.1.2-4"),
        misread(|on| route(on).is_some() && on.line().contains(&b'"')),
    ),
    mutant(
        "first-bracket-closes-path",
        "takes the first closing bracket for the end of a path",
        requirement!("rfc5321-4.1.2-15"),
        misread(|on| quoted(on).is_some_and(|text| text.contains(&b'>'))),
    ),
    mutant(
        "first-at-sign-ends-local-part",
        "takes the first at sign for the end of a local-part",
        requirement!("rfc5321-4.1.2-15"),
        misread(|on| quoted(on).is_some_and(|text| text.contains(&b'@'))),
    ),
    mutant(
        "one-letter-local-part-refused",
        "wants two characters at least in a local-part",
        requirement!("rfc5321-4.1.2-14"),
        misread(|on| dot_string(on).is_some_and(|text| text.len() == 1)),
    ),
    mutant(
        "local-part-of-digits-refused",
        "wants a letter in a local-part",
        requirement!("rfc5321-4.1.2-14"),
        misread(|on| dot_string(on).is_some_and(|text| text.iter().all(u8::is_ascii_digit))),
    ),
    mutant(
        "dots-in-local-part-refused",
        "takes one dot at most in a local-part",
        requirement!("rfc5321-4.1.2-14"),
        misread(|on| {
            dot_string(on).is_some_and(|text| text.split(|&octet| octet == b'.').count() > 2)
        }),
    ),
    mutant(
        "special-characters-in-local-part-refused",
        "takes only letters, digits, dots, hyphens and underscores in a local-part",
        requirement!("rfc5321-4.1.2-14"),
        misread(|on| {
            dot_string(on).is_some_and(|text| {
                !text.iter().all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(octet))
            })
        }),
    ),
    mutant(
        "quoted-local-part-refused",
        "does not know quoted local-parts",
        requirement!("rfc5321-4.1.2-15"),
        misread(|on| matches!(local_part(on), Some(LocalPart::Quoted(_)))),
    ),
    mutant(
        "quoted-spelling-is-another-mailbox",
        "does not know a mailbox in quotes that it knows without",
        requirement!("rfc5321-4.1.2-18"),
        answer(
            |on| {
                on.is(Verb::Rcpt)
                    && on.usually() == 250
                    && matches!(local_part(on), Some(LocalPart::Quoted(_)))
            },
            550,
            "5.1.1 No such user here",
        ),
    ),
    mutant(
        "quoted-pair-refused",
        "does not know the backslash in quoted local-parts",
        requirement!("rfc5321-4.1.2-15"),
        misread(|on| quoted(on).is_some_and(|text| text.contains(&b'\\'))),
    ),
    mutant(
        "blank-in-quoted-string-refused",
        "takes no blank in quoted local-parts",
        requirement!("rfc5321-4.1.2-15"),
        misread(|on| quoted(on).is_some_and(|text| text.contains(&b' '))),
    ),
    mutant(
        "domain-with-digit-first-refused",
        "does not take a domain that begins with a digit",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| matches!(domain(on), Some([b'0'..=b'9', ..]))),
    ),
    mutant(
        "domain-of-one-label-refused",
        "does not take a domain without a dot",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| domain(on).is_some_and(|name| !name.contains(&b'.'))),
    ),
    mutant(
        "domain-with-hyphen-refused",
        "takes letters and digits only in a domain",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| domain(on).is_some_and(|name| name.contains(&b'-'))),
    ),
    mutant(
        "domain-with-two-hyphens-refused",
        "takes no two hyphens together in a domain",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| domain(on).is_some_and(|name| name.windows(2).any(|pair| pair == b"--"))),
    ),
    mutant(
        "label-of-63-octets-refused",
        "refuses a domain with a label of 63 octets",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| {
            domain(on).is_some_and(|name| {
                name.split(|&octet| octet == b'.').any(|label| label.len() == 63)
            })
        }),
    ),
    mutant(
        "domain-in-capitals-refused",
        "takes lower case only in a domain",
        requirement!("rfc5321-4.1.2-11"),
        misread(|on| domain(on).is_some_and(|name| name.iter().any(u8::is_ascii_uppercase))),
    ),
    mutant(
        "domain-case-sensitive",
        "knows its domains in lower case only",
        requirement!("rfc5321-2.4-6"),
        answer(
            |on| {
                on.is(Verb::Rcpt)
                    && domain(on).is_some_and(|name| name.iter().any(u8::is_ascii_uppercase))
            },
            550,
            "Relaying denied",
        ),
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
];

/// What is in the grammar is called an error of syntax.
pub(super) const fn misread(when: When) -> Fault {
    answer(when, 501, "Syntax error")
}

fn local_part<'a>(on: &Asked<'a>) -> Option<LocalPart<'a>> {
    path(on).map(|path| path.mailbox.local_part)
}

fn dot_string<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match local_part(on)? {
        LocalPart::DotString(text) => Some(text),
        LocalPart::Quoted(_) => None,
    }
}

/// What stands between the quotes of a local-part.
fn quoted<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match local_part(on)? {
        LocalPart::Quoted(text) => text.get(1..text.len() - 1),
        LocalPart::DotString(_) => None,
    }
}

/// The domain in MAIL, RCPT or EHLO.
fn domain<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    if let Some(Command::Ehlo(EhloName::Domain(name))) = on.command() {
        return Some(name);
    }
    match path(on)?.mailbox.host {
        Host::Domain(name) => Some(name),
        Host::Literal(_) => None,
    }
}

fn route<'a>(on: &Asked<'a>) -> Option<SourceRoute<'a>> {
    path(on).map(|path| path.route).filter(|route| !route.is_empty())
}
