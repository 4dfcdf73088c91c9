//! RFC 5321 §3.5.1 and §3.5.2, with §4.2.2: addresses in the texts of VRFY, EXPN, 251 and 551.
//!
//! RFC 5321 §3.5.2 grants free text in exceptional circumstances, which cannot be seen from
//! outside. So what a text lacks is a warning here, also where the sentence about the normal form
//! has a MUST; what a text gives and must not give has no such excuse.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::domain::is_domain;
use smtpspec_protocol::{Grammar, Mailbox, Reply};

use crate::text::{Fault, TextRule, behind_enhanced_code};

/// The text of 251 and 551, to whatever command.
pub(crate) fn of_change() -> [TextRule; 2] {
    [
        TextRule::new(
            requirement!("rfc5321-4.2.2-3"),
            "the path that the message takes instead",
            |reply, _| lacks_mailbox(reply, &[251], "a 251 that gives no path"),
        ),
        TextRule::new(requirement!("rfc5321-4.2.2-4"), "the path to try instead", |reply, _| {
            lacks_mailbox(reply, &[551], "a 551 that gives no path")
        }),
    ]
}

/// The answers to VRFY.
pub(crate) fn of_vrfy() -> Vec<TextRule> {
    let mut rules = vec![
        TextRule::new(requirement!("rfc5321-3.5.1-3"), "the user's mailbox", |reply, _| {
            lacks_mailbox(reply, &[250], "a 250 to VRFY that gives no mailbox")
        })
        .softened(),
        TextRule::new(
            requirement!("rfc5321-3.5.1-4"),
            "a name and an address in angle brackets, or an address alone",
            |reply, _| each_line(reply, &[250], wrong_form),
        )
        .softened(),
    ];
    rules.extend(of_both());
    rules
}

/// The answers to VRFY and EXPN with SMTPUTF8, of which RFC 6531 §3.7.4.2 says once more what
/// RFC 5321 §3.5.1 says.
pub(crate) fn of_smtputf8() -> [TextRule; 2] {
    [
        TextRule::new(requirement!("rfc6531-3.7.4.2-8"), "the user's mailbox", |reply, _| {
            lacks_mailbox(reply, &[250], "a 250 to an inquiry with SMTPUTF8 that gives no mailbox")
        })
        .softened(),
        TextRule::new(
            requirement!("rfc6531-3.7.4.2-9"),
            "a name and a mailbox in angle brackets, or a mailbox alone",
            |reply, _| each_line(reply, &[250], wrong_form),
        )
        .softened(),
    ]
}

/// The answers to EXPN.
pub(crate) fn of_expn() -> Vec<TextRule> {
    let mut rules = vec![
        TextRule::new(requirement!("rfc5321-3.5.1-7"), "the mailboxes on the list", |reply, _| {
            lacks_mailbox(reply, &[250], "a 250 to EXPN that gives no mailbox")
        })
        .softened(),
        TextRule::new(requirement!("rfc5321-3.5.1-12"), "one mailbox on each line", |reply, _| {
            let several = reply.lines.len() > 1;
            several.then(|| each_line(reply, &[250], several_mailboxes)).flatten()
        }),
    ];
    rules.extend(of_both());
    rules
}

fn of_both() -> [TextRule; 4] {
    [
        TextRule::new(requirement!("rfc5321-3.5.2-4"), "an address that RCPT takes", |reply, _| {
            each_line(reply, &[250, 251, 551], broken_mailbox)
        })
        .softened(),
        TextRule::new(
            requirement!("rfc5321-3.5.2-1"),
            "the mailbox with its domain",
            |reply, _| lacks_mailbox(reply, &[251, 551], "no mailbox in a 251 or 551"),
        )
        .softened(),
        TextRule::new(
            requirement!("rfc5321-3.5.2-3"),
            "addresses in angle brackets",
            |reply, _| each_line(reply, &[250, 251, 551], bare_mailbox),
        ),
        TextRule::new(requirement!("rfc5321-3.5.2-6"), "a mailbox without a route", |reply, _| {
            each_line(reply, &[250, 251, 551], source_route)
        }),
    ]
}

/// Where an address stands in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Address {
    /// Its first octet, bracket included.
    start: usize,
    /// Behind its last octet.
    end: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `local-part@domain`.
    Bare,
    /// The same in angle brackets.
    Bracketed,
    /// With a source route, in angle brackets.
    Routed,
}

/// More addresses than this in one line are not looked for, which bounds the work.
const ADDRESSES_OF_A_LINE: usize = 8;

/// The addresses in a line, in its order.
fn addresses(line: &[u8]) -> Vec<Address> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len() && found.len() < ADDRESSES_OF_A_LINE {
        let next = match line[at] {
            b'<' => bracketed(line, at),
            _ if at == 0 || matches!(line[at - 1], b' ' | b'\t') => bare(line, at),
            _ => None,
        };
        at = next.map_or(at + 1, |address: Address| address.end);
        found.extend(next);
    }
    found
}

/// The address whose opening bracket is at `start`. A quoted local part may hold brackets too, so
/// the first few closing ones are tried.
fn bracketed(line: &[u8], start: usize) -> Option<Address> {
    const CLOSING_BRACKETS: usize = 4;
    let closing = line.iter().enumerate().skip(start).filter(|(_, octet)| **octet == b'>');
    closing.take(CLOSING_BRACKETS).find_map(|(close, _)| {
        let kind = match &line[start + 1..close] {
            [b'@', ..] => is_routed(&line[start + 1..close]).then_some(Kind::Routed),
            content => is_mailbox(content).then_some(Kind::Bracketed),
        };
        kind.map(|kind| Address { start, end: close + 1, kind })
    })
}

/// The address that begins a word at `start`; punctuation may stand behind it.
fn bare(line: &[u8], start: usize) -> Option<Address> {
    let rest = &line[start..];
    let word = rest.split(|octet| matches!(octet, b' ' | b'\t')).next().unwrap_or_default();
    let punctuation = |octet: &u8| matches!(octet, b'.' | b',' | b';' | b':');
    let word = word.split_last_chunk().map_or(
        word,
        |(rest, [last])| {
            if punctuation(last) { rest } else { word }
        },
    );
    // With spaces inside quotes, an address is the whole line or is not seen.
    let word = if is_mailbox(rest) { rest } else { word };
    is_mailbox(word).then(|| Address { start, end: start + word.len(), kind: Kind::Bare })
}

fn is_mailbox(octets: &[u8]) -> bool {
    octets.contains(&b'@')
        && Mailbox::parse(octets, Grammar { smtputf8: true, ..Grammar::default() }).is_ok()
}

/// ```abnf
/// Path           = "<" [ A-d-l ":" ] Mailbox ">"
/// A-d-l          = At-domain *( "," At-domain )
/// ```
fn is_routed(octets: &[u8]) -> bool {
    let Some(colon) = octets.iter().position(|&octet| octet == b':') else { return false };
    let (route, mailbox) = (&octets[..colon], &octets[colon + 1..]);
    let mut hops = route.split(|&octet| octet == b',');
    hops.all(|hop| hop.strip_prefix(b"@").is_some_and(is_domain)) && is_mailbox(mailbox)
}

fn lacks_mailbox(reply: &Reply, codes: &[u16], what: &'static str) -> Option<Fault> {
    let concerns = codes.contains(&reply.code.get());
    let lacks = || reply.lines.iter().all(|line| addresses(line).is_empty());
    (concerns && lacks()).then(|| Fault::first(what))
}

type LineCheck = fn(&[u8]) -> Option<(usize, &'static str)>;

fn each_line(reply: &Reply, codes: &[u16], check: LineCheck) -> Option<Fault> {
    if !codes.contains(&reply.code.get()) {
        return None;
    }
    let mut lines = reply.lines.iter().enumerate();
    lines.find_map(|(number, line)| check(line).map(|(at, what)| Fault::new(what, number, at)))
}

/// Whether an address has something behind it, or a bare one something before it. A line without
/// an address is free text.
fn wrong_form(line: &[u8]) -> Option<(usize, &'static str)> {
    let (before, text) = behind_enhanced_code(line);
    let first = *addresses(text).first()?;
    let rest = text[first.end..].iter().position(|octet| !octet.is_ascii_whitespace());
    if let Some(rest) = rest {
        return Some((before + first.end + rest, "text behind the address in a 250 to VRFY"));
    }
    let alone = text[..first.start].trim_ascii().is_empty();
    (first.kind == Kind::Bare && !alone)
        .then_some((before, "text before an address without brackets in a 250 to VRFY"))
}

fn several_mailboxes(line: &[u8]) -> Option<(usize, &'static str)> {
    // A name may look like an address, so only what is in brackets counts.
    let found = addresses(line);
    let second = found.iter().filter(|address| address.kind != Kind::Bare).nth(1)?;
    Some((second.start, "a line of a 250 to EXPN with more than one mailbox"))
}

/// A bare address in a line that has none in brackets.
fn bare_mailbox(line: &[u8]) -> Option<(usize, &'static str)> {
    let found = addresses(line);
    let all_bare = found.iter().all(|address| address.kind == Kind::Bare);
    let first = found.first().filter(|_| all_bare)?;
    Some((first.start, "an address without angle brackets"))
}

/// Angle brackets around an at sign, in a line without any address: what they hold is none.
fn broken_mailbox(line: &[u8]) -> Option<(usize, &'static str)> {
    let open = line.iter().position(|&octet| octet == b'<')?;
    let close = open + line[open..].iter().position(|&octet| octet == b'>')?;
    let pretends = line[open..close].contains(&b'@') && addresses(line).is_empty();
    pretends.then_some((open, "an address that is not in the grammar"))
}

fn source_route(line: &[u8]) -> Option<(usize, &'static str)> {
    let routed = addresses(line).into_iter().find(|address| address.kind == Kind::Routed)?;
    Some((routed.start, "an address with a source route"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The requirements, without the RFC's number, that these lines break, and where.
    fn broken(rules: &[TextRule], code: u16, lines: &[&str]) -> Vec<(String, usize, usize)> {
        let reply = Reply::multiline(code, lines.iter().copied());
        let mut found = Vec::new();
        for rule in rules {
            if let Some(fault) = rule.fault(&reply, None) {
                let id = rule.requirement.to_string().replace("rfc5321-", "");
                found.push((id, fault.line, fault.at));
            }
        }
        found
    }

    fn row(id: &str, line: usize, at: usize) -> (String, usize, usize) {
        (id.to_owned(), line, at)
    }

    #[test]
    fn the_forms_of_the_text_pass() {
        for text in ["Jo Smith <jo@a.test>", "<jo@a.test>", "2.1.5 Jo <jo@a.test>", "<\"a>b\"@c.d>"]
        {
            assert_eq!(broken(&of_vrfy(), 250, &[text]), [], "{text}");
        }
        assert_eq!(broken(&of_vrfy(), 250, &["jo@a.test"]), [row("3.5.2-3", 0, 0)]);
        assert_eq!(broken(&of_vrfy(), 252, &["Cannot VRFY <@a.test:b@c.test>"]), []);
        assert_eq!(broken(&of_vrfy(), 553, &["Ambiguous", "a@b.test"]), []);
        let list = ["Jon Postel <Postel@isi.test>", "<Fred@physics.test>"];
        assert_eq!(broken(&of_expn(), 250, &list), []);
    }

    #[test]
    fn text_around_the_address_is_not_the_form() {
        assert_eq!(
            broken(&of_vrfy(), 250, &["<jo@a.test> is deliverable"]),
            [row("3.5.1-4", 0, 12)]
        );
        assert_eq!(
            broken(&of_vrfy(), 250, &["try jo@a.test"]),
            [row("3.5.1-4", 0, 0), row("3.5.2-3", 0, 4)]
        );
        assert_eq!(broken(&of_vrfy(), 250, &["He is here"]), [row("3.5.1-3", 0, 0)]);
    }

    #[test]
    fn routes_are_never_given() {
        let routed = "<@a.test,@b.test:jo@c.test>";
        assert_eq!(broken(&of_vrfy(), 250, &[routed]), [row("3.5.2-6", 0, 0)]);
        assert_eq!(broken(&of_expn(), 250, &["<a@b.test>", routed]), [row("3.5.2-6", 1, 0)]);
    }

    #[test]
    fn addresses_have_to_be_in_the_grammar() {
        let found = broken(&of_expn(), 250, &["Jo <jo@a_b.test>", "<c@d.test>"]);
        assert_eq!(found, [row("3.5.2-4", 0, 3)]);
        assert_eq!(broken(&of_expn(), 250, &["<c@d.test>", "a > b @ c < d"]), []);
    }

    #[test]
    fn a_list_has_one_mailbox_on_each_line() {
        let two = ["<a@b.test> <c@d.test>", "<e@f.test>"];
        assert_eq!(broken(&of_expn(), 250, &two), [row("3.5.1-12", 0, 11)]);
        assert_eq!(broken(&of_expn(), 250, &two[..1]), []);
    }

    #[test]
    fn a_change_of_address_gives_the_path() {
        assert_eq!(broken(&of_change(), 251, &["User not local; will forward to <a@b.test>"]), []);
        assert_eq!(broken(&of_change(), 551, &["please try a@b.test."]), []);
        assert_eq!(broken(&of_change(), 551, &["User not local"]), [row("4.2.2-4", 0, 0)]);
        assert_eq!(broken(&of_change(), 251, &[""]), [row("4.2.2-3", 0, 0)]);
        assert_eq!(broken(&of_change(), 250, &["OK"]), []);
    }
}
