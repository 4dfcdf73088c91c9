//! RFC 2034 §3 to §5 (ENHANCEDSTATUSCODES), with RFC 3463 §2: the code in front of each text.
//!
//! The greeting and what answers EHLO and HELO bear none, and neither does 354. What answers a
//! client that never said EHLO bears one too, but the oracle then does not know of the extension.

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::{EnhancedCode, Reply, Verb};

use crate::config::Standing;
use crate::extension::Extension;
use crate::model::{Model, Stimulus};
use crate::rfc4954;
use crate::rfc5321::keywords;
use crate::rfc6710;
use crate::text::{Fault, TextRule, behind_enhanced_code};
use crate::{rfc6531, rfc7504, rfc7505};

mod text;

use text::{each_line, first_line};

/// The extension ENHANCEDSTATUSCODES.
pub(crate) struct EnhancedStatusCodes;

const KEYWORD: &str = "ENHANCEDSTATUSCODES";

impl Extension for EnhancedStatusCodes {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }
}

/// The keyword's line in the reply to EHLO.
pub(crate) fn of_ehlo() -> TextRule {
    keywords::alone(requirement!("rfc2034-3-1"), KEYWORD)
}

/// The rules on the texts of what answers this, where the server offers the extension.
pub(crate) fn of_answer(
    model: &Model,
    stimulus: &Stimulus<'_>,
) -> impl Iterator<Item = TextRule> + use<> {
    let speaks = model.offers(KEYWORD) && !is_exempt(stimulus);
    speaks.then(rules).into_iter().flatten()
}

fn rules() -> [TextRule; 10] {
    [
        TextRule::new(
            requirement!("rfc2034-3-2"),
            "an enhanced status code in front of the text",
            |reply, _| first_line(reply, text::missing),
        ),
        TextRule::new(
            requirement!("rfc2034-4-2"),
            "an enhanced status code on each line",
            |reply, _| each_line(reply, text::missing).filter(|fault| fault.line > 0),
        ),
        TextRule::new(
            requirement!("rfc2034-3-3"),
            "a space behind the enhanced status code",
            |reply, _| each_line(reply, text::without_space),
        ),
        TextRule::new(
            requirement!("rfc2034-4-1"),
            "a class of 2, 4 or 5, and one to three digits for subject and detail",
            |reply, _| each_line(reply, text::out_of_form),
        ),
        TextRule::new(
            requirement!("rfc3463-2-2"),
            "no white space within the enhanced status code",
            |reply, _| each_line(reply, text::with_white_space),
        ),
        TextRule::new(requirement!("rfc3463-2-3"), "numbers without leading zeros", |reply, _| {
            each_line(reply, text::with_leading_zeros)
        }),
        TextRule::new(
            requirement!("rfc2034-4-4"),
            "an enhanced status code of the reply's own class",
            |reply, _| each_line(reply, text::of_another_class),
        ),
        TextRule::new(
            requirement!("rfc2034-4-5"),
            "the same enhanced status code on each line",
            |reply, _| each_line(reply, text::not_the_first),
        ),
        TextRule::new(
            requirement!("rfc2034-4-3"),
            "no enhanced status code with 3yz",
            |reply, _| text::with_3yz(reply),
        ),
        TextRule::new(
            requirement!("rfc3463-2-6"),
            "an enhanced status code that is registered",
            |reply, _| each_line(reply, text::not_registered),
        ),
    ]
}

/// Puts the enhanced code in front of each line that our own server says (rfc2034-4-2).
pub(crate) fn dress(model: &Model, stimulus: &Stimulus<'_>, reply: &mut Reply) {
    if !is_exempt(stimulus) {
        put_in_front(model, reply, code(model, stimulus, reply));
    }
}

/// The same where nothing was asked.
pub(crate) fn dress_unasked(model: &Model, reply: &mut Reply) {
    put_in_front(model, reply, EnhancedCode::new(4, 4, 2));
}

fn put_in_front(model: &Model, reply: &mut Reply, code: Option<EnhancedCode>) {
    let withheld =
        model.config().is_none_or(|config| config.withheld.iter().any(|no| no == KEYWORD));
    let Some(code) = code.filter(|_| !withheld) else { return };
    let code = format!("{code} ").into_bytes();
    for line in &mut reply.lines {
        if behind_enhanced_code(line).0 == 0 {
            line.splice(..0, code.iter().copied());
        }
    }
}

/// Whether RFC 2034 §4 leaves out the replies to this.
fn is_exempt(stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Connected => true,
        // In LMTP those words are no verbs (RFC 2033 §4.1), and their replies are as free.
        Stimulus::Request(request) => {
            matches!(Verb::of(request.verb.name()), Verb::Ehlo | Verb::Helo)
        }
        Stimulus::Overlong { head, .. } => head.get(..4).is_some_and(|verb| {
            [b"EHLO", b"HELO", b"LHLO"].iter().any(|hello| verb.eq_ignore_ascii_case(*hello))
        }),
        Stimulus::Message(_) | Stimulus::Chunk(..) => false,
    }
}

/// What an extension asks of the 501 to arguments that can't be: that it bears the code for that
/// (RFC 3463 §3.6).
pub(crate) fn of_arguments(rule: RequirementId) -> TextRule {
    TextRule::new(rule, "5.5.4 in front of the text of 501", |reply, _| {
        let has_it = reply.lines.first().is_some_and(|line| line.starts_with(b"5.5.4 "));
        let what = "another enhanced status code than that for invalid arguments";
        (reply.code.get() == 501 && !has_it).then(|| Fault::first(what))
    })
}

/// The code that says most of what our server means, by RFC 3463 §3 and the table of RFC 5248.
fn code(model: &Model, stimulus: &Stimulus<'_>, reply: &Reply) -> Option<EnhancedCode> {
    if let Some((subject, detail)) = rfc4954::enhanced(model, stimulus, reply) {
        return EnhancedCode::new(reply.code.class(), subject, detail);
    }
    let verb = match stimulus {
        Stimulus::Request(request) => Some(request.verb),
        _ => None,
    };
    let inquiry = matches!(verb, Some(Verb::Vrfy | Verb::Expn));
    let of_others = rfc6531::detail(model, stimulus, reply)
        .or_else(|| rfc7504::detail(reply))
        .or_else(|| rfc7505::detail(reply));
    if let Some((subject, detail)) = of_others {
        return EnhancedCode::new(reply.code.class(), subject, detail);
    }
    let (subject, detail) = match reply.code.get() {
        250 if is_lowered(model, stimulus) => (3, 6),
        250 | 251 if verb == Some(Verb::Mail) => (1, 0),
        250 | 251 if verb == Some(Verb::Rcpt) || inquiry => (1, 5),
        250 if matches!(stimulus, Stimulus::Message(_)) => (6, 0),
        250 if matches!(stimulus, Stimulus::Chunk(chunk, _) if chunk.last) => (6, 0),
        252 => (5, 0),
        421 => (3, 2),
        452 if verb == Some(Verb::Rcpt) => (5, 3),
        452 => (3, 1),
        458 => (3, 0),
        459 => (7, 1),
        500 => (5, 2),
        502 | 503 => (5, 1),
        501 | 504 | 555 => (5, 4),
        550 if matches!(stimulus, Stimulus::Message(_)) => (2, 0),
        550 if verb == Some(Verb::Rcpt) && is_foreign(model, stimulus) => (7, 1),
        550 if verb == Some(Verb::Rcpt) || inquiry => (1, 1),
        551 => (1, 6),
        552 => (3, 4),
        553 if inquiry => (1, 4),
        553 => (1, 3),
        554 if verb == Some(Verb::Data) => (5, 1),
        _ => (0, 0),
    };
    EnhancedCode::new(reply.code.class(), subject, detail)
}

/// Whether it is a MAIL whose priority was lowered (RFC 6710 §4.1).
fn is_lowered(model: &Model, stimulus: &Stimulus<'_>) -> bool {
    matches!(stimulus, Stimulus::Request(request) if rfc6710::lowers(model, request))
}

/// Whether the recipient is somebody that we do not relay for.
fn is_foreign(model: &Model, stimulus: &Stimulus<'_>) -> bool {
    let (Some(config), Stimulus::Request(request)) = (model.config(), stimulus) else {
        return false;
    };
    match &request.command {
        Ok(smtpspec_protocol::Command::Rcpt(rcpt)) => {
            config.standing(&rcpt.forward_path) == Standing::Foreign
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::{expect, extended, session};
    use smtpspec_protocol::Request;
    use std::sync::Arc;

    #[test]
    fn the_rules_hold_for_a_server_that_offers_the_codes_and_not_for_its_hello() {
        let broken = |model: &Model, line: &str| {
            !expect(model, line).text_breaches(&Reply::new(250, "mx.example.test")).is_empty()
        };
        let offered = extended(&[KEYWORD]);
        assert!(broken(&offered, "NOOP"));
        assert!(!broken(&offered, "HELO client.test"));
        assert!(!broken(&session(&[("EHLO client.test", 250)]), "NOOP"));
    }

    #[test]
    fn the_server_tells_what_befell_it() {
        let dressed = |config: Config, line: &str, mut reply: Reply| {
            let model = Model::server(Arc::new(config));
            let request = Request::parse(line.as_bytes(), model.grammar());
            dress(&model, &Stimulus::Request(&request), &mut reply);
            String::from_utf8(reply.lines.concat()).unwrap()
        };
        for (line, code, expected) in [
            ("NOOP", 250, "2.0.0 x"),
            ("MAIL FROM:<>", 250, "2.1.0 x"),
            ("RCPT TO:<nobody@example.test>", 550, "5.1.1 x"),
            ("RCPT TO:<a@elsewhere.test>", 550, "5.7.1 x"),
            ("RCPT TO:<user@example.test>", 452, "4.5.3 x"),
            ("VRFY user", 553, "5.1.4 x"),
            ("RCPT TO:<user@example.test>", 503, "5.5.1 x"),
            ("XYZZY", 502, "5.5.1 x"),
            ("MAIL FROM:<>", 553, "5.1.3 x"),
            ("MAIL FROM:<>", 452, "4.3.1 x"),
            ("DATA", 354, "x"),
            ("EHLO client.test", 250, "x"),
        ] {
            assert_eq!(dressed(Config::default(), line, Reply::new(code, "x")), expected, "{line}");
        }
        let without = Config { withheld: vec![KEYWORD.to_owned()], ..Config::default() };
        assert_eq!(dressed(without, "NOOP", Reply::new(250, "x")), "x");
    }
}
