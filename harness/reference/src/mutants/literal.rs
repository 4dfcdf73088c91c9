//! Address literals are not read as the grammar has them (RFC 5321 §4.1.3).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{AddressLiteral, Command, EhloName, Host, Verb};

use super::address::misread;
use super::envelope::path;
use super::{Asked, Mutant, mutant};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "ipv4-literal-in-mail-refused",
        "does not know IPv4 address literals in MAIL",
        requirement!("rfc5321-4.1.3-1"),
        misread(|on| on.is(Verb::Mail) && ipv4(on).is_some()),
    ),
    mutant(
        "ipv6-literal-in-mail-refused",
        "does not know IPv6 address literals in MAIL",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| on.is(Verb::Mail) && ipv6(on).is_some()),
    ),
    mutant(
        "ipv4-literal-in-rcpt-refused",
        "does not know IPv4 address literals in RCPT",
        requirement!("rfc5321-4.1.3-1"),
        misread(|on| on.is(Verb::Rcpt) && ipv4(on).is_some()),
    ),
    mutant(
        "ipv6-literal-in-rcpt-refused",
        "does not know IPv6 address literals in RCPT",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| on.is(Verb::Rcpt) && ipv6(on).is_some()),
    ),
    mutant(
        "ipv4-literal-with-leading-zeros-refused",
        "takes no leading zeros in an IPv4 address literal",
        requirement!("rfc5321-4.1.3-6"),
        misread(|on| {
            ipv4(on).is_some_and(|raw| {
                raw.split(|&octet| octet == b'.')
                    .any(|number| number.len() > 1 && number[0] == b'0')
            })
        }),
    ),
    mutant(
        "ipv4-literal-of-zeros-refused",
        "wants a host in an IPv4 address literal",
        requirement!("rfc5321-4.1.3-1"),
        misread(|on| ipv4(on) == Some(b"0.0.0.0")),
    ),
    mutant(
        "ipv4-literal-with-255-refused",
        "takes numbers up to 254 in an IPv4 address literal",
        requirement!("rfc5321-4.1.3-6"),
        misread(|on| {
            ipv4(on)
                .is_some_and(|raw| raw.split(|&octet| octet == b'.').any(|number| number == b"255"))
        }),
    ),
    mutant(
        "ipv6-tag-in-another-case-refused",
        "knows the tag of IPv6 address literals in one case only",
        requirement!("rfc5321-4.1.3-2"),
        misread(|on| ipv6(on).is_some_and(|raw| !raw.starts_with(b"IPv6:"))),
    ),
    mutant(
        "ipv6-literal-without-gap-refused",
        "wants `::` in an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(|raw| !has_gap(raw))),
    ),
    mutant(
        "ipv6-literal-with-gap-refused",
        "does not know `::` in an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(has_gap)),
    ),
    mutant(
        "ipv6-literal-with-gap-at-the-end-refused",
        "wants groups behind the `::` of an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(|raw| raw.ends_with(b"::"))),
    ),
    mutant(
        "ipv6-literal-with-gap-first-refused",
        "wants groups before the `::` of an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(|raw| raw[TAG..].starts_with(b"::"))),
    ),
    mutant(
        "ipv6-literal-with-ipv4-refused",
        "does not know an IPv4 address at the end of an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(|raw| raw.contains(&b'.'))),
    ),
    mutant(
        "ipv6-literal-in-capitals-refused",
        "takes lower case only in an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| ipv6(on).is_some_and(|raw| raw[TAG..].iter().any(u8::is_ascii_uppercase))),
    ),
    mutant(
        "ipv6-literal-with-leading-zeros-refused",
        "takes no leading zeros in an IPv6 address literal",
        requirement!("rfc5321-4.1.3-7"),
        misread(|on| {
            ipv6(on).is_some_and(|raw| {
                raw[TAG..]
                    .split(|&octet| octet == b':')
                    .any(|group| group.len() > 1 && group[0] == b'0')
            })
        }),
    ),
];

/// How many octets the tag of an IPv6 literal has.
const TAG: usize = b"IPv6:".len();

fn has_gap(raw: &[u8]) -> bool {
    raw.windows(2).any(|pair| pair == b"::")
}

/// What stands between the brackets of an IPv4 literal.
fn ipv4<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match literal(on)? {
        AddressLiteral::Ipv4 { raw, .. } => Some(raw),
        _ => None,
    }
}

/// What stands between the brackets of an IPv6 literal, tag included.
fn ipv6<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match literal(on)? {
        AddressLiteral::Ipv6 { raw, .. } => Some(raw),
        _ => None,
    }
}

/// The literal in MAIL, RCPT or EHLO.
fn literal<'a>(on: &Asked<'a>) -> Option<AddressLiteral<'a>> {
    if let Some(Command::Ehlo(EhloName::Literal(literal))) = on.command() {
        return Some(*literal);
    }
    match path(on)?.mailbox.host {
        Host::Literal(literal) => Some(literal),
        Host::Domain(_) => None,
    }
}
