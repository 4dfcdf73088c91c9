//! Rules on the text of a reply, beside those on its code: what such a rule is, and how it is
//! held against a reply.
//!
//! Most text is for people and free (RFC 5321 §4.2). The rules themselves are in the files named
//! after what they are about: `naming`, `keywords` and `disclosure`.

use smtpspec_catalogue::{Grade, Level, RequirementId};
use smtpspec_protocol::Reply;

/// One rule on the text of the reply, graded by the level of its requirement (RFC 5321 §4.2).
#[derive(Debug, Clone)]
pub struct TextRule {
    /// The requirement that says so.
    pub requirement: RequirementId,
    /// How strongly it binds here. Where another sentence of the RFC leaves the server a way out
    /// that cannot be seen from outside, that is less than the requirement's own level.
    pub level: Level,
    /// What would satisfy it, in words.
    pub wanted: &'static str,
    check: Check,
}

/// Finds what is wrong with a reply.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// The name is the one by which the server has called itself, if it has.
    OfReply(fn(&Reply, Option<&[u8]>) -> Option<Fault>),
    /// What several extensions want of their keywords.
    OfKeyword(fn(&Reply, &str) -> Option<Fault>, &'static str),
}

/// What is wrong with a text, and where (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, in words that hold nothing of what the server sent.
    pub what: &'static str,
    /// The line of the reply, from zero.
    pub line: usize,
    /// The octet of that line's text, from zero; its length where something is missing.
    pub at: usize,
}

/// A rule on the text that a reply breaks, and how (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy)]
pub struct TextBreach<'e> {
    /// The rule.
    pub rule: &'e TextRule,
    /// How it is broken; of each rule the first place.
    pub fault: Fault,
}

impl TextRule {
    pub(crate) fn new(
        requirement: RequirementId,
        wanted: &'static str,
        check: fn(&Reply, Option<&[u8]>) -> Option<Fault>,
    ) -> Self {
        let level = requirement.requirement().level;
        Self { requirement, level, wanted, check: Check::OfReply(check) }
    }

    /// A rule on the line of a keyword, which is given to the check.
    pub(crate) fn of_keyword(
        requirement: RequirementId,
        wanted: &'static str,
        keyword: &'static str,
        check: fn(&Reply, &str) -> Option<Fault>,
    ) -> Self {
        let level = requirement.requirement().level;
        Self { requirement, level, wanted, check: Check::OfKeyword(check, keyword) }
    }

    /// The same rule as no more than a recommendation.
    pub(crate) fn softened(self) -> Self {
        Self { level: Level::Should, ..self }
    }

    /// How the reply breaks the rule, if it does (RFC 5321 §4.2).
    pub fn fault(&self, reply: &Reply, name: Option<&[u8]>) -> Option<Fault> {
        match self.check {
            Check::OfReply(check) => check(reply, name),
            Check::OfKeyword(check, keyword) => check(reply, keyword),
        }
    }

    /// How strongly the rule binds (RFC 2119).
    pub fn grade(&self) -> Grade {
        self.level.grade()
    }
}

impl Fault {
    pub(crate) fn new(what: &'static str, line: usize, at: usize) -> Self {
        Self { what, line, at }
    }

    /// A fault at the beginning of the text.
    pub(crate) fn first(what: &'static str) -> Self {
        Self::new(what, 0, 0)
    }
}

/// The text behind an enhanced status code, with the number of octets before it. RFC 2034 §3
/// puts such a code in front of the text that RFC 5321 asks for.
pub(crate) fn behind_enhanced_code(text: &[u8]) -> (usize, &[u8]) {
    let end = text.iter().position(|&octet| octet == b' ').unwrap_or(text.len());
    let is_code = std::str::from_utf8(&text[..end])
        .is_ok_and(|word| word.parse::<smtpspec_protocol::EnhancedCode>().is_ok());
    if !is_code {
        return (0, text);
    }
    let rest = &text[end..];
    let spaces = rest.iter().take_while(|&&octet| octet == b' ').count();
    (end + spaces, &rest[spaces..])
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::requirement;

    use super::*;

    #[test]
    fn an_enhanced_code_stands_before_the_text() {
        let table: [(&str, usize, &str); 8] = [
            ("2.1.5 OK", 6, "OK"),
            ("2.1.5  OK", 7, "OK"),
            ("2.1.5", 5, ""),
            ("2.1.5\tOK", 0, "2.1.5\tOK"),
            ("OK 2.1.5", 0, "OK 2.1.5"),
            ("mx.example.test", 0, "mx.example.test"),
            ("2.1 OK", 0, "2.1 OK"),
            ("", 0, ""),
        ];
        for (text, before, behind) in table {
            let found = behind_enhanced_code(text.as_bytes());
            assert_eq!(found, (before, behind.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_softened_rule_only_warns() {
        let rule = || TextRule::new(requirement!("rfc5321-4.3.2-5"), "text", |_, _| None);
        assert_eq!((rule().grade(), rule().softened().grade()), (Grade::Must, Grade::Should));
    }
}
