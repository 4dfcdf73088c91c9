//! RFC 4954 §3, §4 and §6 (texts): the keyword's line, challenges in BASE64 and nothing else, and
//! the enhanced status codes that go with each failure.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{EnhancedCode, Reply, Request};

use super::{Arguments, begins_with_server, is_auth, is_mechanism_name};
use crate::model::{Model, Stimulus};
use crate::sasl;
use crate::state::State;
use crate::text::{Fault, TextRule, behind_enhanced_code};

/// The keyword's line in the reply to EHLO.
pub(crate) fn of_ehlo() -> TextRule {
    TextRule::new(requirement!("rfc4954-3-1"), "AUTH with names of mechanisms", |reply, _| {
        let mut lines = reply.lines.iter().enumerate().skip(1);
        lines.find_map(|(number, line)| {
            let mut words = line.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
            let ours = words.next()?.eq_ignore_ascii_case(b"AUTH") && reply.code.get() == 250;
            let wrong = words.find(|word| !is_mechanism_name(word));
            (ours && wrong.is_some())
                .then(|| Fault::new("a word that is no name of a mechanism", number, 0))
        })
    })
}

/// What holds for each answer within an exchange.
pub(super) fn of_exchange(model: &Model) -> impl Iterator<Item = TextRule> + use<> {
    let challenge = TextRule::new(
        requirement!("rfc4954-4-10"),
        "one line with BASE64 and nothing else",
        |reply, _| challenge(reply),
    );
    [challenge].into_iter().chain(with_codes(model, || {
        TextRule::new(
            requirement!("rfc4954-6-1"),
            "the enhanced status code that RFC 4954 §6 has for this reply",
            |reply, _| {
                let wanted = match reply.code.get() {
                    235 => (2, 7, 0),
                    432 => (4, 7, 12),
                    454 => (4, 7, 0),
                    534 => (5, 7, 9),
                    535 => (5, 7, 8),
                    538 => (5, 7, 11),
                    _ => return None,
                };
                other_code(reply, wanted)
            },
        )
    }))
}

/// A challenge that asks for the initial response.
pub(super) fn of_empty_challenge() -> TextRule {
    TextRule::new(requirement!("rfc4954-4-15"), "334 and a space, without a text", |reply, _| {
        let empty = reply.lines.iter().all(Vec::is_empty);
        (reply.code.get() == 334 && !empty)
            .then(|| Fault::first("a challenge where only the initial response is missing"))
    })
}

/// The code with 530, whatever draws it.
pub(crate) fn of_required_login(model: &Model) -> Option<TextRule> {
    let rule = with_codes(model, || {
        TextRule::new(requirement!("rfc4954-6-1"), "5.7.0 with 530", |reply, _| {
            other_code(reply, (5, 7, 0)).filter(|_| reply.code.get() == 530)
        })
    });
    rule.filter(|_| model.offers("AUTH"))
}

/// The code with 504.
pub(super) fn of_unknown_mechanism(model: &Model) -> Option<TextRule> {
    with_codes(model, || {
        TextRule::new(requirement!("rfc4954-4-8"), "5.5.4 with 504", |reply, _| {
            other_code(reply, (5, 5, 4)).filter(|_| reply.code.get() == 504)
        })
    })
}

/// The code with 501 where a mechanism has no initial response.
pub(super) fn of_superfluous_response(model: &Model) -> Option<TextRule> {
    with_codes(model, || {
        TextRule::new(requirement!("rfc4954-4-19"), "5.7.0 with 501", |reply, _| {
            other_code(reply, (5, 7, 0)).filter(|_| reply.code.get() == 501)
        })
    })
}

/// The code with 501 where a response can't be decoded.
pub(super) fn of_undecodable(model: &Model) -> Option<TextRule> {
    with_codes(model, || {
        TextRule::new(requirement!("rfc4954-4-21"), "5.5.2 with 501", |reply, _| {
            other_code(reply, (5, 5, 2)).filter(|_| reply.code.get() == 501)
        })
    })
}

/// The code with 500 where a response is too long.
pub(super) fn of_too_long(model: &Model) -> Option<TextRule> {
    with_codes(model, || {
        TextRule::new(requirement!("rfc4954-4-27"), "5.5.6 with 500", |reply, _| {
            other_code(reply, (5, 5, 6)).filter(|_| reply.code.get() == 500)
        })
    })
}

/// The code that our own server puts in front of a text.
pub(crate) fn enhanced(
    model: &Model,
    stimulus: &Stimulus<'_>,
    reply: &Reply,
) -> Option<(u16, u16)> {
    let in_exchange = *model.state() == State::AwaitResponse;
    let request = match stimulus {
        Stimulus::Request(request) => Some(*request),
        _ => None,
    };
    if reply.code.get() == 530 {
        return Some((7, 0));
    }
    if !in_exchange && !request.is_some_and(is_auth) {
        return None;
    }
    match reply.code.get() {
        235 | 454 => Some((7, 0)),
        500 => Some((5, 6)),
        501 => Some(request.map_or((5, 2), |request| of_501(request, in_exchange))),
        534 => Some((7, 9)),
        535 => Some((7, 8)),
        _ => None,
    }
}

fn of_501(request: &Request<'_>, in_exchange: bool) -> (u16, u16) {
    let arguments = Arguments::of(request.line);
    match arguments.mechanism {
        _ if in_exchange => {
            if request.line == b"*" {
                (7, 0)
            } else {
                (5, 2)
            }
        }
        None => (5, 4),
        Some(name) if begins_with_server(name) => (7, 0),
        Some(_) => (5, 2),
    }
}

fn with_codes(model: &Model, rule: fn() -> TextRule) -> Option<TextRule> {
    model.offers("ENHANCEDSTATUSCODES").then(rule)
}

fn challenge(reply: &Reply) -> Option<Fault> {
    if reply.code.get() != 334 {
        return None;
    }
    match &reply.lines[..] {
        [line] if sasl::is_base64(line) => None,
        [_] => Some(Fault::first("a challenge that is no BASE64")),
        _ => Some(Fault::new("a challenge of several lines", 1, 0)),
    }
}

/// Where the first line bears an enhanced code, and another than this.
fn other_code(reply: &Reply, (class, subject, detail): (u8, u16, u16)) -> Option<Fault> {
    let line = reply.lines.first()?;
    let (end, _) = behind_enhanced_code(line);
    let word = line[..end].trim_ascii_end();
    let found: EnhancedCode = std::str::from_utf8(word).ok()?.parse().ok()?;
    (EnhancedCode::new(class, subject, detail) != Some(found))
        .then(|| Fault::first("another enhanced status code than the one for this"))
}
