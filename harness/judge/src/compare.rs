//! One reply against what a scenario wants of it.

use std::time::Duration;

use smtpspec_protocol::escape::escape;
use smtpspec_protocol::{CodeSet, Reply, ReplyCode};
use smtpspec_reference::sasl;
use smtpspec_scenario::{Alternative, Hear, ReplyPattern};

use crate::watch::Exchange;

/// How a reply compares with what was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is right.
    Right,
    /// It is permitted, but a recommendation wants something else.
    Short { wanted: String },
    /// It is a refusal that the server may give on grounds of policy or passing trouble.
    Policy,
    /// It is wrong.
    Wrong { what: String, wanted: String },
}

/// What a reply is compared with, beside the pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The time since the last octet was sent.
    pub(crate) after: Duration,
    /// With what a server that knows the password answers the last message of SCRAM.
    pub(crate) verifier: Option<Vec<u8>>,
    /// Whether the connection ended without the alert that ends TLS.
    pub(crate) truncated: bool,
}

/// Compares a reply with a pattern.
pub(crate) fn reply(pattern: &ReplyPattern, exchange: &Exchange, context: &Context) -> Fit {
    let Some(seen) = &exchange.reply else {
        // Where only the octets are asked for, they need not be a reply: a record of TLS is none.
        let asked_for = pattern.must.is_empty()
            && pattern.octets.as_ref().is_some_and(|octets| octets.is_match(&exchange.octets));
        if asked_for {
            return Fit::Right;
        }
        return wrong("octets that are no reply", &describe(pattern));
    };
    if let Some(fit) = code(pattern, exchange, seen.code) {
        return fit;
    }
    if let Some((what, wanted)) = form(pattern, exchange)
        .or_else(|| details(pattern, seen))
        .or_else(|| challenge(pattern, seen, context.verifier.as_deref()))
        .or_else(|| timing(pattern, context.after))
    {
        return Fit::Wrong { what, wanted };
    }
    match &pattern.should {
        Some(better) if !better.matches(seen.code) => {
            // Whoever wants TLS or a login first may say so whatever else is wrong (RFC 3207 §4,
            // RFC 4954 §6): nothing is learnt.
            let wants_login = matches!(seen.code.get(), 530 | 538) && !pattern.policy_fails;
            if wants_login && is_policy(exchange, seen.code) {
                return Fit::Policy;
            }
            Fit::Short { wanted: better.to_string() }
        }
        _ => Fit::Right,
    }
}

fn code(pattern: &ReplyPattern, exchange: &Exchange, seen: ReplyCode) -> Option<Fit> {
    let forbidden = pattern.not.as_ref().is_some_and(|not| not.matches(seen));
    let wanted = pattern.must.is_empty() || pattern.must.matches(seen);
    if wanted && !forbidden {
        return None;
    }
    if !pattern.policy_fails && is_policy(exchange, seen) {
        return Some(Fit::Policy);
    }
    Some(wrong(&seen.to_string(), &describe(pattern)))
}

/// Whether the model lets a server refuse here for reasons of its own. Where the model has lost
/// track, only passing trouble (4yz) counts.
pub(crate) fn is_policy(exchange: &Exchange, code: ReplyCode) -> bool {
    exchange.expectation.as_ref().map_or_else(
        || code.class() == 4,
        |expectation| code.get() == 421 || expectation.is_policy(code),
    )
}

/// Whether the octets of a reply are as wanted: its codes and line ends count, which its text leaves
/// out.
fn form(pattern: &ReplyPattern, exchange: &Exchange) -> Option<(String, String)> {
    let wanted = pattern.octets.as_ref().filter(|octets| !octets.is_match(&exchange.octets))?;
    let what = format!("the octets `{}`", escape(&exchange.octets));
    Some((what, format!("octets that match `{}`", wanted.as_str())))
}

/// What is wrong with a reply whose code is right.
fn details(pattern: &ReplyPattern, seen: &Reply) -> Option<(String, String)> {
    let text = text_of(seen);
    if let Some(wanted) = &pattern.text
        && !wanted.is_match(&text)
    {
        let what = format!("the text `{}`", escape(&text));
        return Some((what, format!("a text that matches `{}`", wanted.as_str())));
    }
    if let Some(wanted) = &pattern.enhanced {
        match seen.enhanced() {
            Some(status) if wanted.matches(status) => {}
            Some(status) => return Some((status.to_string(), wanted.to_string())),
            None => return Some(("no enhanced status code".to_owned(), wanted.to_string())),
        }
    }
    if let Some(count) = pattern.lines {
        let lines = seen.lines.len();
        if lines < count.least || count.most.is_some_and(|most| lines > most) {
            let wanted = match count.most {
                Some(most) if most == count.least => format!("{most}"),
                Some(most) => format!("{} to {most}", count.least),
                None => format!("at least {}", count.least),
            };
            return Some((format!("{lines} lines"), format!("{wanted} lines")));
        }
    }
    let offered = keywords(seen);
    let offers = |keyword: &String| offered.iter().any(|had| had.eq_ignore_ascii_case(keyword));
    if let Some(missing) = pattern.ehlo.has.iter().find(|keyword| !offers(keyword)) {
        return Some((format!("{missing} is not offered"), format!("{missing} in the list")));
    }
    if let Some(extra) = pattern.ehlo.lacks.iter().find(|keyword| offers(keyword)) {
        return Some((format!("{extra} is offered"), format!("no {extra} in the list")));
    }
    None
}

/// What is wrong with what the text is the BASE64 of.
fn challenge(
    pattern: &ReplyPattern,
    seen: &Reply,
    verifier: Option<&[u8]>,
) -> Option<(String, String)> {
    if pattern.challenge.is_none() && !pattern.signed {
        return None;
    }
    let text = text_of(seen);
    let Some(decoded) = sasl::decode(&text) else {
        return Some((format!("the text `{}`", escape(&text)), "BASE64".to_owned()));
    };
    if let Some(wanted) = pattern.challenge.as_ref().filter(|wanted| !wanted.is_match(&decoded)) {
        let wanted = format!("BASE64 of what matches `{}`", wanted.as_str());
        return Some((format!("the BASE64 of `{}`", escape(&decoded)), wanted));
    }
    // Further attributes may stand behind the proof (RFC 5802 §7).
    let rest = verifier.and_then(|verifier| decoded.strip_prefix(verifier));
    let proved = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b","));
    let wanted = "the server's proof that it knows the password";
    (pattern.signed && !proved).then(|| ("another text".to_owned(), wanted.to_owned()))
}

fn timing(pattern: &ReplyPattern, after: Duration) -> Option<(String, String)> {
    if let Some(least) = pattern.not_before.filter(|least| after < *least) {
        return Some((format!("a reply after {after:.1?}"), format!("none before {least:?}")));
    }
    let most = pattern.within.filter(|most| after > *most)?;
    Some((format!("a reply after {after:.1?}"), format!("one within {most:?}")))
}

/// The text of all lines, joined by LF, codes left out: what `text:` and `capture:` look at.
pub(crate) fn text_of(reply: &Reply) -> Vec<u8> {
    reply.lines.join(&b'\n')
}

/// The keywords that a reply to EHLO offers: the first word of each line but the first
/// (RFC 5321 §4.1.1.1).
pub(crate) fn keywords(reply: &Reply) -> Vec<String> {
    reply
        .lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split(|&octet| octet == b' ' || octet == b'=').next())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// What a pattern wants, for a sentence.
pub(crate) fn describe(pattern: &ReplyPattern) -> String {
    let code = |set: &CodeSet| set.to_string();
    match (&pattern.not, pattern.must.is_empty()) {
        (Some(not), true) => format!("a reply other than {}", code(not)),
        (Some(not), false) => format!("{}, but not {}", code(&pattern.must), code(not)),
        (None, true) => "a reply".to_owned(),
        (None, false) => code(&pattern.must),
    }
}

/// What a `S:` step wants, for a sentence.
pub(crate) fn describe_hear(hear: &Hear) -> String {
    match hear {
        Hear::Reply(pattern) => describe(pattern),
        Hear::AnyOf(alternatives) => {
            let wanted: Vec<_> = alternatives.iter().map(describe_alternative).collect();
            wanted.join("; or ")
        }
        Hear::Permitted => "a reply that the specification permits".to_owned(),
        Hear::Silence(time) => format!("nothing for {time:?}"),
        Hear::Closed(_) => "the end of the connection".to_owned(),
        Hear::Alerted(_) => "the alert that ends TLS, and the end of the connection".to_owned(),
        Hear::Reset(_) => "a reset of the connection".to_owned(),
    }
}

fn describe_alternative(alternative: &Alternative) -> String {
    describe_hear(&alternative.hear)
}

fn wrong(what: &str, wanted: &str) -> Fit {
    Fit::Wrong { what: what.to_owned(), wanted: wanted.to_owned() }
}
