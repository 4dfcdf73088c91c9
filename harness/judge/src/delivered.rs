//! Mail that came out against what a scenario wants of it.

use smtpspec_protocol::escape::escape;
use smtpspec_scenario::{MailCount, MailPattern};

use crate::mail::{Field, Mail, Via, are_fields};

mod content;
mod parameters;

pub(crate) use parameters::Parameters;

/// How much of a difference is shown in a sentence.
const SHOWN: usize = 24;

/// A pattern with its variables put in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) pattern: MailPattern,
    pub(crate) from: Option<Vec<u8>>,
    pub(crate) to: Vec<Vec<u8>>,
    pub(crate) message: Option<Vec<u8>>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) mail: Option<Parameters>,
    pub(crate) rcpt: Vec<(Vec<u8>, Parameters)>,
}

/// A message that came out, with all the recipients of its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Came<'t> {
    /// The event that tells of the first copy.
    pub(crate) event: usize,
    pub(crate) mail: &'t Mail,
    pub(crate) to: Option<Vec<&'t [u8]>>,
    /// All copies, the first among them.
    pub(crate) copies: Vec<&'t Mail>,
}

/// How a message compares with what was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    Right,
    /// It can't be known: the place of delivery does not tell.
    Unknown(&'static str),
    Wrong(Difference),
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) wanted: String,
    /// The octet of the message at which it shows.
    pub(crate) at: Option<usize>,
}

/// Puts copies together. A server may pass a message on once for each recipient, so copies that
/// differ in nothing but their recipients are one message (RFC 5321 §4.5.4.1).
pub(crate) fn distinct<'t>(mails: impl IntoIterator<Item = (usize, &'t Mail)>) -> Vec<Came<'t>> {
    let mut all: Vec<Came<'t>> = Vec::new();
    for (event, mail) in mails {
        let to: Option<Vec<&[u8]>> =
            mail.to.as_ref().map(|to| to.iter().map(Vec::as_slice).collect());
        let copy = all.iter_mut().find(|came| {
            let alike = came.mail.from == mail.from
                && came.mail.without_delivery() == mail.without_delivery();
            let others = came.to.as_ref().zip(to.as_ref());
            alike && others.is_some_and(|(had, has)| !has.iter().any(|one| had.contains(one)))
        });
        match copy {
            Some(Came { to: Some(had), copies, .. }) => {
                had.extend(to.into_iter().flatten());
                copies.push(mail);
            }
            _ => all.push(Came { event, mail, to, copies: vec![mail] }),
        }
    }
    all
}

/// Compares a message with what is wanted of it.
pub(crate) fn compare(came: &Came<'_>, wanted: &Wanted) -> Fit {
    let envelope = envelope(came, wanted);
    if let Fit::Wrong(_) = envelope {
        return envelope;
    }
    if let Some(sent) = wanted.content.as_deref() {
        match content::compare(came.mail, sent) {
            Fit::Right => {}
            other => return other,
        }
    }
    match octets(came.mail, wanted) {
        Some(difference) => Fit::Wrong(difference),
        None if hides(came.mail, wanted) => {
            Fit::Unknown("the Maildir keeps LF for CRLF, which hides what this asks for")
        }
        None => envelope,
    }
}

/// Whether the place of delivery can't tell the line ends that the pattern is about.
fn hides(mail: &Mail, wanted: &Wanted) -> bool {
    let texts = [&wanted.message, &wanted.body].into_iter().flatten();
    let alone = |text: &Vec<u8>| {
        let mut before = b' ';
        text.iter().any(|&octet| std::mem::replace(&mut before, octet) != b'\r' && octet == b'\n')
    };
    let patterns = || wanted.pattern.contains.iter().chain(&wanted.pattern.lacks);
    let ends = || patterns().any(|pattern| pattern.as_str().contains("\\r"));
    mail.line_end() == b"\n" && (texts.into_iter().any(alone) || ends())
}

fn envelope(came: &Came<'_>, wanted: &Wanted) -> Fit {
    let mut unknown = None;
    if let Some(from) = &wanted.from {
        match &came.mail.from {
            None => unknown = Some("the place of delivery does not tell the reverse-path"),
            Some(seen) if same_path(seen, from) => {}
            Some(seen) => {
                let what = format!("a message from <{}>", escape(seen));
                return wrong(what, format!("one from <{}>", escape(from)), None);
            }
        }
    }
    if !wanted.to.is_empty() {
        match &came.to {
            None => unknown = Some("the place of delivery does not tell the recipients"),
            Some(seen) if same_paths(seen, &wanted.to) => {}
            Some(seen) => {
                let what = format!("a message to {}", list(seen.iter().copied()));
                let to = list(wanted.to.iter().map(Vec::as_slice));
                return wrong(what, format!("one to {to}"), None);
            }
        }
    }
    if let [first, ..] = wanted.pattern.to_lacks.as_slice() {
        let all = &wanted.pattern.to_lacks;
        let bad = |path: &&&[u8]| all.iter().any(|one| one.is_match(path));
        match &came.to {
            None => unknown = Some("the place of delivery does not tell the recipients"),
            Some(seen) => {
                if let Some(path) = seen.iter().find(bad) {
                    let what = format!("a message to <{}>", escape(path));
                    return wrong(what, format!("none to what matches `{}`", first.as_str()), None);
                }
            }
        }
    }
    match parameters::compare(came, wanted) {
        Fit::Right => unknown.map_or(Fit::Right, Fit::Unknown),
        other => other,
    }
}

fn octets(mail: &Mail, wanted: &Wanted) -> Option<Difference> {
    let pattern = &wanted.pattern;
    let message = wanted.message.as_deref().and_then(|sent| message(mail, sent));
    let body = || wanted.body.as_deref().and_then(|sent| body(mail, sent));
    let contains = || {
        let missing = pattern.contains.iter().find(|one| !one.is_match(&mail.octets))?;
        let wanted = format!("one that matches `{}`", missing.as_str());
        Some(Difference { what: "a message without it".to_owned(), wanted, at: None })
    };
    let lacks = || {
        let (one, found) =
            pattern.lacks.iter().find_map(|one| Some((one, one.find(&mail.octets)?)))?;
        let what = format!("`{}` in the message", shown(found.as_bytes()));
        let wanted = format!("nothing that matches `{}`", one.as_str());
        Some(Difference { what, wanted, at: Some(found.start()) })
    };
    let names = || {
        let missing = wanted.names.iter().find(|name| !holds(&mail.octets, name))?;
        let wanted = format!("one that names `{}`", escape(missing));
        Some(Difference { what: "a message without it".to_owned(), wanted, at: None })
    };
    message
        .or_else(body)
        .or_else(names)
        .or_else(contains)
        .or_else(lacks)
        .or_else(|| header(mail, pattern))
}

/// Whether a text stands in a message, letters in any case.
fn holds(octets: &[u8], text: &[u8]) -> bool {
    octets.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
}

/// The message as it was sent, with whole fields in front of it.
fn message(mail: &Mail, sent: &[u8]) -> Option<Difference> {
    let sent = mail.as_kept(sent);
    let Some(front) = mail.octets.strip_suffix(sent.as_slice()) else {
        // What was sent begins where its first line does.
        let end = mail.line_end();
        let first = memchr::memmem::find(&sent, end).map_or(sent.len(), |at| at + end.len());
        let starts = memchr::memmem::find_iter(&mail.octets, &sent[..first]);
        let start = { starts }.find(|at| *at == 0 || mail.octets[..*at].ends_with(end));
        let start = start.unwrap_or(mail.octets.len());
        return Some(difference("the message", &mail.octets, start, &sent));
    };
    if are_fields(front, mail.line_end()) {
        return None;
    }
    let what = format!("`{}` in front of the message", shown(front));
    Some(Difference { what, wanted: "nothing but whole fields".to_owned(), at: Some(0) })
}

fn body(mail: &Mail, sent: &[u8]) -> Option<Difference> {
    let (start, sent) = (mail.body(), mail.as_kept(sent));
    (mail.octets[start..] != sent).then(|| difference("the body", &mail.octets, start, &sent))
}

/// Where two texts part.
fn difference(name: &str, octets: &[u8], start: usize, sent: &[u8]) -> Difference {
    let seen = &octets[start..];
    let at = seen.iter().zip(sent).take_while(|(a, b)| a == b).count();
    let rest = |octets: &[u8]| match octets.get(at..) {
        None | Some([]) => "its end".to_owned(),
        Some(rest) => format!("`{}`", shown(rest)),
    };
    let what = format!("{name} has {} at octet {at}", rest(seen));
    Difference { what, wanted: rest(sent), at: Some(start + at).filter(|at| *at < octets.len()) }
}

fn header(mail: &Mail, pattern: &MailPattern) -> Option<Difference> {
    if pattern.header.is_empty() && pattern.top.is_none() {
        return None;
    }
    let fields = mail.header();
    for wanted in &pattern.header {
        let mut named = fields.iter().filter(|field| field.is(&wanted.name)).peekable();
        let first = named.peek().copied();
        if named.any(|field| wanted.pattern.is_match(&field.value)) {
            continue;
        }
        let what = match first {
            Some(field) => format!("the field `{}: {}`", wanted.name, escape(&field.value)),
            None => format!("no field `{}`", wanted.name),
        };
        let wanted = format!("one that matches `{}`", wanted.pattern.as_str());
        return Some(Difference { what, wanted, at: first.map(|field| field.at) });
    }
    let wanted = pattern.top.as_ref()?;
    // A next hop is no final delivery: there the field is the very first.
    let above = |field: &Field<'_>| {
        mail.via == Via::Maildir && !field.is(&wanted.name) && field.is_of_delivery()
    };
    let top = fields.iter().find(|field| !above(field));
    let right = |field: &Field<'_>| field.is(&wanted.name) && wanted.pattern.is_match(&field.value);
    if top.is_some_and(right) {
        return None;
    }
    let what = match top {
        Some(field) => format!("`{}: {}` at the top", escape(field.name), escape(&field.value)),
        None => "a message without a header".to_owned(),
    };
    let wanted = format!("a field `{}` that matches `{}`", wanted.name, wanted.pattern.as_str());
    Some(Difference { what, wanted, at: top.map(|field| field.at) })
}

/// Finds a message for each pattern, each its own. The patterns may overlap, so a message that was
/// given away is taken back where another fits in its place.
pub(crate) fn assign(came: &[Came<'_>], wanted: &[Wanted]) -> Vec<Option<usize>> {
    let fits = |pattern: usize, mail: usize| {
        !matches!(compare(&came[mail], &wanted[pattern]), Fit::Wrong(_))
    };
    let mut owner: Vec<Option<usize>> = vec![None; came.len()];
    for pattern in 0..wanted.len() {
        let mut tried = vec![false; came.len()];
        place(pattern, &fits, &mut owner, &mut tried);
    }
    (0..wanted.len()).map(|one| owner.iter().position(|had| *had == Some(one))).collect()
}

fn place(
    pattern: usize,
    fits: &dyn Fn(usize, usize) -> bool,
    owner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for mail in 0..owner.len() {
        if tried[mail] || !fits(pattern, mail) {
            continue;
        }
        tried[mail] = true;
        if owner[mail].is_none_or(|other| place(other, fits, owner, tried)) {
            owner[mail] = Some(pattern);
            return true;
        }
    }
    false
}

/// A number of messages, for a sentence.
pub(crate) fn describe(count: MailCount) -> String {
    match (count.least, count.most) {
        (least, Some(most)) if least == most => messages(least),
        (0, Some(most)) => format!("at most {}", messages(most)),
        (least, Some(most)) => format!("{least} to {}", messages(most)),
        (least, None) => format!("at least {}", messages(least)),
    }
}

pub(crate) fn messages(count: usize) -> String {
    match count {
        0 => "no message".to_owned(),
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

/// The local part octet for octet, the domain in any case (RFC 5321 §2.4).
fn same_path(seen: &[u8], wanted: &[u8]) -> bool {
    let split = |path: &[u8]| memchr::memrchr(b'@', path).unwrap_or(path.len());
    let (a, b) = (split(seen), split(wanted));
    seen[..a] == wanted[..b] && seen[a..].eq_ignore_ascii_case(&wanted[b..])
}

/// The same mailboxes. One that was named twice may come out twice, or once.
fn same_paths(seen: &[&[u8]], wanted: &[Vec<u8>]) -> bool {
    seen.iter().all(|had| wanted.iter().any(|one| same_path(had, one)))
        && wanted.iter().all(|one| seen.iter().any(|had| same_path(had, one)))
}

fn list<'p>(paths: impl Iterator<Item = &'p [u8]>) -> String {
    let paths: Vec<_> = paths.map(|path| format!("<{}>", escape(path))).collect();
    paths.join(" and ")
}

fn shown(octets: &[u8]) -> String {
    escape(&octets[..octets.len().min(SHOWN)]).to_string()
}

fn wrong(what: String, wanted: String, at: Option<usize>) -> Fit {
    Fit::Wrong(Difference { what, wanted, at })
}

#[cfg(test)]
mod tests;
