//! RFC 5321 §4.1.2 and §4.1.3, with §4.5.3.1: an argument in the grammar, of a size that has to
//! be handled, is no error of syntax.
//!
//! A server may want no mail from it or for it, and has codes for that. Some servers give 501
//! there as well, and say in words what they mean: such a reply breaks nothing.

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::{
    AddressLiteral, Command, EhloName, ForwardPath, Host, LocalPart, Path, Reply, Request,
    ReversePath,
};

use super::form::Form;
use crate::text::{Fault, TextRule};

/// The rule on the refusal of EHLO, HELO, MAIL or RCPT, where the argument is in the grammar and
/// there are no parameters that could be at fault.
pub(crate) fn of_argument(request: &Request<'_>) -> Option<TextRule> {
    if !Form::of(request).is_plain() {
        return None;
    }
    let requirement = match request.command.as_ref().ok()? {
        Command::Ehlo(EhloName::Domain(name)) | Command::Helo(name) => of_name(name)?,
        Command::Ehlo(EhloName::Literal(literal)) => of_literal(literal)?,
        Command::Mail(mail) if mail.parameters.is_empty() => match &mail.reverse_path {
            ReversePath::Null => requirement!("rfc5321-4.1.2-1"),
            ReversePath::Path(path) => of_path(path, requirement!("rfc5321-4.1.2-4"))?,
        },
        Command::Rcpt(rcpt) if rcpt.parameters.is_empty() => match &rcpt.forward_path {
            ForwardPath::Path(path) => of_path(path, requirement!("rfc5321-4.1.1.3-2"))?,
            // rfc5321-2.3.5-6 says more of it.
            ForwardPath::Postmaster(_) => return None,
        },
        _ => return None,
    };
    let rule = no_error(requirement);
    Some(if requirement == WITH_LEADING_ZEROS { rule.softened() } else { rule })
}

/// Numbers of an IPv4 address with leading zeros. The grammar has them, and calls them decimal; to
/// many programs they are octal, and to refuse an address that has two readings does no harm.
const WITH_LEADING_ZEROS: RequirementId = requirement!("rfc5321-4.1.3-6");

/// The rule on the refusal of MAIL with parameters that a careful server would take. They have to
/// be read, and so has the path: which of them a server did not read can't be told.
pub(crate) fn of_parameters(request: &Request<'_>) -> Option<TextRule> {
    let Ok(Command::Mail(mail)) = &request.command else { return None };
    if mail.parameters.is_empty() || !is_everyday(request) {
        return None;
    }
    Some(no_error(requirement!("rfc5321-4.1.2-7")))
}

/// Whether a MAIL or RCPT has a path of the everyday kind, so that what else it holds is what a
/// server finds at fault: no source route, no quotes, no literal, nothing long.
pub(crate) fn is_everyday(request: &Request<'_>) -> bool {
    let path = match &request.command {
        Ok(Command::Mail(mail)) => match &mail.reverse_path {
            ReversePath::Path(path) => path,
            ReversePath::Null => return Form::of(request).is_plain(),
        },
        Ok(Command::Rcpt(rcpt)) => match &rcpt.forward_path {
            ForwardPath::Path(path) => path,
            ForwardPath::Postmaster(_) => return Form::of(request).is_plain(),
        },
        _ => return false,
    };
    let everyday = requirement!("rfc5321-4.1.2-11");
    Form::of(request).is_plain() && of_path(path, everyday) == Some(everyday)
}

/// The rule on the refusal of VRFY or EXPN with a string.
pub(crate) fn of_string(request: &Request<'_>) -> Option<TextRule> {
    match &request.command {
        Ok(Command::Vrfy(name) | Command::Expn(name))
            if name.is_string()
                && name.as_bytes().is_ascii()
                && name.as_bytes().len() <= LONGEST_USER_NAME
                // Nobody's name.
                && name.as_bytes() != b"\"\""
                && Form::of(request).is_plain() =>
        {
            Some(no_error(requirement!("rfc5321-4.1.2-16")))
        }
        _ => None,
    }
}

/// A longer user name need not be handled (RFC 5321 §4.5.3.1.1).
const LONGEST_USER_NAME: usize = 64;

pub(crate) fn no_error(requirement: RequirementId) -> TextRule {
    TextRule::new(requirement, "no code for an error of syntax", |reply, _| {
        is_called_an_error(reply).then(|| Fault::first("what is in the grammar is called an error"))
    })
}

/// What in a path a server is likeliest to stumble over: its size, or what is seldom seen.
fn of_path(path: &Path<'_>, of_route: RequirementId) -> Option<RequirementId> {
    const LONG_PATH: usize = 200;
    const LONG_LOCAL_PART: usize = 40;
    if !path.is_ascii() {
        // Of these `rfc6531.rs` speaks.
        return None;
    }
    if path.route.iter().any(has_long_label) {
        return None;
    }
    let size = match &path.mailbox.host {
        Host::Domain(domain) if domain.len() > LONG_DOMAIN => {
            Some(requirement!("rfc5321-4.5.3.1.2-1"))
        }
        _ if path.written_length() > LONG_PATH => Some(requirement!("rfc5321-4.5.3.1.3-1")),
        _ if path.mailbox.local_part.len() > LONG_LOCAL_PART => {
            Some(requirement!("rfc5321-4.5.3.1.1-1"))
        }
        _ => None,
    };
    let host = match &path.mailbox.host {
        Host::Domain(domain) => of_name(domain)?,
        Host::Literal(literal) => of_literal(literal)?,
    };
    if is_like_an_option(&path.mailbox.local_part) {
        return None;
    }
    if host == WITH_LEADING_ZEROS {
        return Some(host);
    }
    let local_part = match path.mailbox.local_part {
        // A server that wants a name between the quotes may have its way.
        LocalPart::Quoted(b"\"\"") => return None,
        LocalPart::Quoted(_) => Some(requirement!("rfc5321-4.1.2-15")),
        LocalPart::DotString(text) => {
            let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b".-_".contains(octet);
            (!text.iter().all(plain)).then_some(requirement!("rfc5321-4.1.2-14"))
        }
    };
    let route = (!path.route.is_empty()).then_some(of_route);
    let literal = matches!(path.mailbox.host, Host::Literal(_)).then_some(host);
    // Of two things that are seldom seen nobody can tell which it was.
    let mut suspects = [size, route, local_part, literal].into_iter().flatten();
    match (suspects.next(), suspects.next()) {
        (None, _) => Some(host),
        (sole, None) => sole,
        _ => None,
    }
}

/// Whether it begins as an option does: a server that hands addresses to programs may want none.
pub(crate) fn is_like_an_option(local_part: &LocalPart<'_>) -> bool {
    matches!(
        local_part,
        LocalPart::Quoted([b'"', b'-', ..] | [b'"', b'\\', b'-', ..])
            | LocalPart::DotString([b'-', ..])
    )
}

/// A domain longer than this is likelier refused for its size than for anything else.
const LONG_DOMAIN: usize = 190;

/// None for a name that looks like an address without brackets: many servers take it for that.
fn of_name(name: &[u8]) -> Option<RequirementId> {
    if has_long_label(name) {
        return None;
    }
    let long = name.len() > LONG_DOMAIN;
    let requirement =
        if long { requirement!("rfc5321-4.5.3.1.2-1") } else { requirement!("rfc5321-4.1.2-11") };
    (!is_like_an_address(name)).then_some(requirement)
}

/// Whether a name ends as an IPv4 address does.
pub(crate) fn is_like_an_address(name: &[u8]) -> bool {
    let last = name.rsplit(|&octet| octet == b'.').next().unwrap_or(name);
    last.iter().all(u8::is_ascii_digit)
}

/// Whether a label is longer than the DNS lets one be (RFC 1035 §2.3.4). The grammar says nothing of
/// it, and RFC 5321 §2.3.5 means names of the DNS: such a name may well be called an error.
pub(crate) fn has_long_label(name: &[u8]) -> bool {
    name.split(|&octet| octet == b'.').any(|label| label.len() > 63)
}

/// None for a tag that nobody has registered: the grammar has it, and no server needs to know it
/// (rfc5321-4.1.3-3).
fn of_literal(literal: &AddressLiteral<'_>) -> Option<RequirementId> {
    match literal {
        // Of no host (RFC 1122 §3.2.1.3), so that to understand it is to refuse it.
        AddressLiteral::Ipv4 { address, .. } if address.octets()[0] == 0 => None,
        AddressLiteral::Ipv4 { raw, .. } if has_leading_zeros(raw) => Some(WITH_LEADING_ZEROS),
        AddressLiteral::Ipv4 { .. } => Some(requirement!("rfc5321-4.1.3-1")),
        AddressLiteral::Ipv6 { raw, .. } if ends_in_odd_ipv4(raw) => None,
        // Either the letters or the length.
        AddressLiteral::Ipv6 { raw, .. } if !raw.starts_with(b"IPv6:") => {
            (raw.len() <= EVERYDAY_IPV6).then_some(requirement!("rfc5321-4.1.3-2"))
        }
        AddressLiteral::Ipv6 { .. } => Some(requirement!("rfc5321-4.1.3-7")),
        AddressLiteral::General { .. } => None,
    }
}

/// The tag and eight groups of four digits: longer is only what ends in an IPv4 address, as few do.
const EVERYDAY_IPV6: usize = b"IPv6:".len() + 39;

/// Whether the last part of an IPv6 address is an IPv4 address that some read otherwise, or that is of
/// no host.
fn ends_in_odd_ipv4(raw: &[u8]) -> bool {
    let last = raw.rsplit(|&octet| octet == b':').next().unwrap_or_default();
    last.contains(&b'.') && (has_leading_zeros(last) || last.starts_with(b"0."))
}

fn has_leading_zeros(address: &[u8]) -> bool {
    address.split(|&octet| octet == b'.').any(|number| number.len() > 1 && number[0] == b'0')
}

/// Whether a reply says that it did not understand, and not that it does not want.
pub(crate) fn is_called_an_error(reply: &Reply) -> bool {
    // 500 is a matter of the minimum implementation (rfc5321-4.3.2-5), and 504 is in the row of
    // EHLO (RFC 5321 §4.3.2).
    if reply.code.get() != 501 {
        return false;
    }
    let text = reply.text().to_ascii_lowercase();
    let has = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    !text.starts_with(b"5.7.") && !UNWANTED.iter().any(|words| has(words))
}

/// How servers say that they understand and do not want.
const UNWANTED: &[&[u8]] = &[
    b"not allowed",
    b"not permitted",
    b"not accepted",
    b"disallow",
    b"denied",
    b"policy",
    b"exist",
    b"resolve",
    b"unknown",
    // What some say to a name without a domain.
    b"must contain",
];

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::Grade;
    use smtpspec_protocol::Grammar;

    use super::*;

    fn rule(line: &str) -> Option<&'static str> {
        let request = Request::parse(line.as_bytes(), Grammar::default());
        of_argument(&request).map(|rule| rule.requirement.as_str())
    }

    #[test]
    fn the_rule_is_that_of_what_is_seldom_seen() {
        let long = format!("MAIL FROM:<{}@a.test>", "x".repeat(64));
        let domain = format!("EHLO {}test", "abcdefghi.".repeat(20));
        let table = [
            ("MAIL FROM:<>", Some("rfc5321-4.1.2-1")),
            ("MAIL FROM:<a@b.test>", Some("rfc5321-4.1.2-11")),
            ("MAIL FROM:<a+b@c.test>", Some("rfc5321-4.1.2-14")),
            ("MAIL FROM:<\"a b\"@c.test>", Some("rfc5321-4.1.2-15")),
            ("MAIL FROM:<\"\"@c.test>", None),
            ("MAIL FROM:<@a.test:b@c.test>", Some("rfc5321-4.1.2-4")),
            ("RCPT TO:<@a.test:b@c.test>", Some("rfc5321-4.1.1.3-2")),
            ("RCPT TO:<a@[192.0.2.1]>", Some("rfc5321-4.1.3-1")),
            ("RCPT TO:<a@[192.0.02.1]>", Some("rfc5321-4.1.3-6")),
            ("RCPT TO:<a@[IPv6:::1]>", Some("rfc5321-4.1.3-7")),
            ("RCPT TO:<\"a b\"@[IPv6:::1]>", None),
            ("MAIL FROM:<@a.test:\"b c\"@d.test>", None),
            ("RCPT TO:<a@[ipv6:::1]>", Some("rfc5321-4.1.3-2")),
            ("RCPT TO:<a@[x:y]>", None),
            ("RCPT TO:<a@192.0.2.1>", None),
            ("RCPT TO:<postmaster>", None),
            ("MAIL FROM:<a@b.test> SIZE=1", None),
            ("MAIL FROM: <a@b.test>", None),
            ("MAIL FROM:<a..b@c.test>", None),
            ("EHLO 3com.test", Some("rfc5321-4.1.2-11")),
            (&long, Some("rfc5321-4.5.3.1.1-1")),
            (&domain, Some("rfc5321-4.5.3.1.2-1")),
        ];
        for (line, wanted) in table {
            assert_eq!(rule(line), wanted, "{line}");
        }
    }

    #[test]
    fn parameters_are_read_behind_a_path_that_is() {
        let rule = |line: &str| {
            let request = Request::parse(line.as_bytes(), Grammar::default());
            of_parameters(&request).map(|rule| rule.requirement.as_str())
        };
        assert_eq!(rule("MAIL FROM:<a@b.test> SIZE=1 BODY=7BIT"), Some("rfc5321-4.1.2-7"));
        assert_eq!(rule("MAIL FROM:<> SIZE=1"), Some("rfc5321-4.1.2-7"));
        for line in [
            "MAIL FROM:<a@b.test>",
            "MAIL FROM:<a@[x:y]> SIZE=1",
            "MAIL FROM:<a@[192.0.2.1]> SIZE=1",
            "MAIL FROM:<> SIZE=",
        ] {
            assert_eq!(rule(line), None, "{line}");
        }
    }

    #[test]
    fn leading_zeros_are_no_more_than_recommended_to_be_read() {
        let grade = |line: &str| {
            let request = Request::parse(line.as_bytes(), Grammar::default());
            of_argument(&request).map(|rule| rule.grade())
        };
        assert_eq!(grade("EHLO [192.0.2.1]"), Some(Grade::Must));
        assert_eq!(grade("EHLO [192.0.2.0]"), Some(Grade::Must));
        assert_eq!(grade("EHLO [192.0.2.01]"), Some(Grade::Should));
    }

    #[test]
    fn a_user_name_of_more_than_64_octets_may_be_refused() {
        let rule = |length: usize| {
            let line = format!("VRFY {}", "x".repeat(length));
            of_string(&Request::parse(line.as_bytes(), Grammar::default())).is_some()
        };
        assert!(rule(64) && !rule(65));
    }

    #[test]
    fn what_some_programs_have_reason_to_misread_is_no_fault_of_theirs() {
        let (short, long) = ("l".repeat(63), "l".repeat(64));
        for (path, held) in [
            ("a@b.example".to_owned(), true),
            (format!("a@{short}.example"), true),
            (format!("a@{long}.example"), false),
            (format!("@{long}.example:a@b.example"), false),
            ("a@[192.0.2.1]".to_owned(), true),
            ("a@[0.0.2.1]".to_owned(), false),
            ("a@[IPv6:2001:db8::192.0.2.1]".to_owned(), true),
            ("a@[IPv6:2001:db8::192.0.02.1]".to_owned(), false),
            ("a@[IPv6:2001:db8::0.0.2.1]".to_owned(), false),
            ("-a@b.example".to_owned(), false),
            ("\"-a\"@b.example".to_owned(), false),
            ("a-@b.example".to_owned(), true),
        ] {
            let line = format!("MAIL FROM:<{path}>");
            let request = Request::parse(line.as_bytes(), smtpspec_protocol::Grammar::default());
            assert!(request.command.is_ok(), "{line}");
            assert_eq!(of_argument(&request).is_some(), held, "{line}");
        }
        let line = b"MAIL FROM:<a!local-part-of-more-than-forty-octets-or-so@[192.0.02.1]>";
        let request = Request::parse(line, smtpspec_protocol::Grammar::default());
        let rule = of_argument(&request).map(|rule| (rule.requirement, rule.level.grade()));
        assert_eq!(rule, Some((WITH_LEADING_ZEROS, smtpspec_catalogue::Grade::Should)));
    }

    #[test]
    fn what_is_understood_and_not_wanted_is_no_error() {
        let table = [
            (501, "Syntax error", true),
            (501, "5.1.7 Bad sender address syntax", true),
            (501, "<a@[192.0.2.1]>: domain literals not allowed", false),
            (501, "5.7.1 No", false),
            (501, "5.1.8 Domain of sender does not exist", false),
            (550, "No such user here", false),
            (553, "5.1.3 Error", false),
        ];
        for (code, text, wanted) in table {
            assert_eq!(is_called_an_error(&Reply::new(code, text)), wanted, "{text}");
        }
    }
}
