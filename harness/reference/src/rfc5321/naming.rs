//! RFC 5321 §4.2 (Greeting), §4.2.2 and §4.3.1, with §4.1.1.1: where the server names itself.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::domain::is_domain;
use smtpspec_protocol::{Grammar, Mailbox, Reply, Request, Verb};

use crate::model::Stimulus;
use crate::text::{Fault, TextRule, behind_enhanced_code};

/// The opening greeting of 220: the name is a part of its grammar.
///
/// ```abnf
/// Greeting       = ( "220 " (Domain / address-literal) [ SP textstring ] CRLF )
/// ```
pub(crate) fn of_greeting() -> [TextRule; 2] {
    [
        TextRule::new(
            requirement!("rfc5321-4.2-6"),
            "the server's domain or address literal as the first word",
            |reply, _| of_code(reply, 220, begins_with_host),
        ),
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-4"),
            "the server's name in its greeting",
            |reply, _| of_code(reply, 220, is_empty),
        ),
    ]
}

/// The positive reply to EHLO. Only a domain fits the production, but a host without one has its
/// literal (RFC 5321 §4.3.1), so a literal passes.
///
/// ```abnf
/// ehlo-ok-rsp    = ( "250" SP Domain [ SP ehlo-greet ] CRLF )
/// ```
pub(crate) fn of_ehlo() -> [TextRule; 2] {
    [
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-12"),
            "the server's domain as the first word",
            |reply, _| of_code(reply, 250, begins_with_host),
        ),
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-4"),
            "the server's name in its answer to EHLO",
            |reply, _| of_code(reply, 250, is_empty),
        ),
    ]
}

/// The positive reply to HELO, which has no grammar of its own.
pub(crate) fn of_helo() -> TextRule {
    TextRule::new(
        requirement!("rfc5321-4.1.1.1-19"),
        "the server's domain as the first word",
        |reply, name| {
            (reply.code.get() == 250 && !names_itself(reply.text(), name))
                .then(|| Fault::first("the text does not begin with the server's domain"))
        },
    )
}

/// 221 and 421, wherever they come; the code decides.
pub(crate) fn of_farewell() -> TextRule {
    TextRule::new(
        requirement!("rfc5321-4.2.2-2"),
        "the server's domain as the first word",
        |reply, name| {
            let what = match reply.code.get() {
                221 => "the text of a 221 does not begin with the server's domain",
                421 => "the text of a 421 does not begin with the server's domain",
                _ => return None,
            };
            (!names_itself(reply.text(), name)).then(|| Fault::first(what))
        },
    )
}

/// The name by which the server calls itself in this reply, if that is one in which it does.
pub(crate) fn name_in<'r>(stimulus: &Stimulus<'_>, reply: &'r Reply) -> Option<&'r [u8]> {
    let names_itself = match stimulus {
        Stimulus::Connected => reply.code.get() == 220,
        Stimulus::Request(Request { verb: Verb::Ehlo | Verb::Helo, .. }) => reply.code.get() == 250,
        _ => false,
    };
    let word = first_word(reply.text());
    (names_itself && is_host(word)).then_some(word)
}

fn of_code(reply: &Reply, code: u16, check: fn(&[u8]) -> Option<Fault>) -> Option<Fault> {
    (reply.code.get() == code).then(|| check(reply.text())).flatten()
}

fn begins_with_host(text: &[u8]) -> Option<Fault> {
    (!is_host(first_word(text)))
        .then(|| Fault::first("the first word is neither a domain nor an address literal"))
}

fn is_empty(text: &[u8]) -> Option<Fault> {
    text.is_empty().then(|| Fault::first("the server does not name itself"))
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|&octet| octet == b' ').next().unwrap_or_default()
}

fn is_host(word: &[u8]) -> bool {
    let mailbox = [b"a@", word].concat();
    is_domain(word)
        || (word.starts_with(b"[") && Mailbox::parse(&mailbox, Grammar::default()).is_ok())
}

/// Whether the text begins with the server's domain, as far as that can be told from a first word
/// such as `Bye`, which the grammar of domains has too: a word without a dot has to be the name,
/// or the host part of the name, by which the server went before.
fn names_itself(text: &[u8], name: Option<&[u8]>) -> bool {
    let word = first_word(behind_enhanced_code(text).1);
    let word = word.strip_suffix(b",").or(word.strip_suffix(b":")).unwrap_or(word);
    let label = |name: &[u8]| name.split(|&octet| octet == b'.').next().map(<[u8]>::to_vec);
    let is_known = name.is_none_or(|name| {
        word.eq_ignore_ascii_case(name)
            || label(name).is_some_and(|label| word.eq_ignore_ascii_case(&label))
    });
    is_host(word) && (word.contains(&b'.') || word.starts_with(b"[") || is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(rule: &TextRule, code: u16, text: &str) -> bool {
        rule.fault(&Reply::new(code, text), Some(b"mx.example.test")).is_some()
    }

    #[test]
    fn the_greeting_begins_with_a_domain_or_a_literal() {
        let [grammar, name] = of_greeting();
        for text in ["mx.example.test", "mx ESMTP", "[192.0.2.1] hello", "[IPv6:::1]"] {
            assert!(!fault(&grammar, 220, text) && !fault(&name, 220, text), "{text}");
        }
        for text in ["", " mx.test", "mx_1.test ESMTP", "*** hi", "mx.test\tESMTP", "[mx]", "mx."] {
            assert!(fault(&grammar, 220, text), "{text}");
            assert_eq!(fault(&name, 220, text), text.is_empty(), "{text}");
        }
        assert!(!fault(&grammar, 554, "No service here!"), "other openings are free");
    }

    #[test]
    fn a_farewell_begins_with_the_name_of_the_server() {
        let rule = of_farewell();
        for text in ["mx.example.test Bye", "MX closing", "2.0.0 other.test bye", "a.b, x"] {
            assert!(!fault(&rule, 221, text), "{text}");
        }
        for text in ["Bye", "2.0.0 Bye", "", "Good bye!", "2.0.0"] {
            assert!(fault(&rule, 221, text) && fault(&rule, 421, text), "{text}");
            assert!(!fault(&rule, 250, text), "{text}");
        }
        let nameless = Reply::new(421, "Busy");
        assert!(rule.fault(&nameless, None).is_none(), "it may be the server's name");
    }

    #[test]
    fn helo_may_be_answered_by_any_name() {
        let rule = of_helo();
        assert!(!fault(&rule, 250, "mx.example.test Hello client.test"));
        assert!(fault(&rule, 250, "OK"));
        assert!(!fault(&rule, 501, "No"));
    }

    #[test]
    fn the_server_goes_by_the_name_that_it_gave_last() {
        use crate::testing::{answer, expect, session};
        let mut model = session(&[]);
        let name = |model: &crate::model::Model| expect(model, "QUIT").name;
        assert_eq!(name(&model).as_deref(), Some(&b"mx.example.test"[..]));
        for (line, code, text) in [
            ("EHLO c.test", 501, "wrong.test no"),
            ("NOOP", 250, "wrong.test"),
            ("EHLO c.test", 250, "*** no name"),
        ] {
            answer(&mut model, line, &Reply::new(code, text));
            assert_eq!(name(&model).as_deref(), Some(&b"mx.example.test"[..]), "{line} {text}");
        }
        answer(&mut model, "HELO c.test", &Reply::new(250, "other.test Hello"));
        assert_eq!(name(&model).as_deref(), Some(&b"other.test"[..]));
    }
}
