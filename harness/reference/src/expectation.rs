//! What a server may answer: rules on the code and on the text, each with the requirement that
//! makes it one.
//!
//! No rule lives here; the files named after commands build expectations out of these parts.

use std::fmt;

use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_protocol::{CodePattern, CodeSet, Reply, ReplyCode};

use crate::text::{TextBreach, TextRule};

/// What the specifications say of the answer to one stimulus in one state.
///
/// Rules stand side by side: a reply is permitted when it satisfies every rule that a MUST
/// stands behind. RFC 5321 §4.3.2.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Each rule that the code of the reply has to satisfy.
    pub rules: Vec<Rule>,
    /// Each rule that the text of the reply has to satisfy; each looks for itself at what code
    /// the text comes with (RFC 5321 §4.2).
    pub texts: Vec<TextRule>,
    /// The name by which the server called itself before, if it has (RFC 5321 §4.3.1).
    pub name: Option<Vec<u8>>,
    /// The codes beside 421 by which the server may decline here for reasons of its own, policy or
    /// passing trouble; such a reply breaks no rule (RFC 5321 §7.9).
    policy: &'static str,
    /// Whether anything may be refused as out of order.
    in_disorder: bool,
    /// What a careful server answers.
    pub preferred: Reply,
}

/// One rule on the code of a reply, graded by the level of its requirement.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The codes that satisfy it.
    pub codes: Codes,
    /// The requirement that says so.
    pub requirement: RequirementId,
}

/// The codes that satisfy a rule: a rule asks for some, or forbids some.
#[derive(Debug, Clone, Copy)]
pub enum Codes {
    /// These.
    Only(Spelled),
    /// Any but these.
    AllBut(Spelled),
}

/// Codes as our rules spell them: lists of patterns, with spaces between. They are read when there is
/// a code to hold against them: every reply is judged by some ten such, and most are passed by the
/// first word.
#[derive(Debug, Clone, Copy)]
pub struct Spelled([&'static str; Self::MOST]);

impl Spelled {
    /// Of how many lists one is put together at most.
    const MOST: usize = 6;

    fn new(lists: &[&'static str]) -> Self {
        let mut all = [""; Self::MOST];
        all[..lists.len()].copy_from_slice(lists);
        Self(all)
    }

    /// Whether a pattern of the lists has the code (RFC 5321 §4.2.1).
    pub fn matches(&self, code: ReplyCode) -> bool {
        self.patterns().any(|pattern| pattern.matches(code))
    }

    /// The patterns, in their order; one may stand twice.
    pub fn patterns(&self) -> impl Iterator<Item = CodePattern> {
        self.0.iter().copied().flat_map(patterns)
    }
}

fn patterns(list: &'static str) -> impl Iterator<Item = CodePattern> {
    list.split_ascii_whitespace().map(CodePattern::new)
}

/// As people list codes: `250, 251 or 5yz`.
impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns().collect::<CodeSet>().fmt(f)
    }
}

impl Expectation {
    /// The rules that a reply with this code breaks, the gravest first; none if it declines on
    /// grounds of policy (RFC 5321 §4.3.1).
    pub fn breaches(&self, code: ReplyCode) -> Vec<&Rule> {
        let mut broken: Vec<_> =
            self.rules.iter().filter(|rule| !rule.codes.matches(code)).collect();
        let out_of_order = self.in_disorder && code.get() == 503;
        if !broken.is_empty() && (out_of_order || self.is_policy(code)) {
            return Vec::new();
        }
        broken.sort_by_key(|rule| std::cmp::Reverse(rule.grade()));
        broken
    }

    /// Whether the code breaks no MUST; a SHOULD not met leaves a reply permitted.
    pub fn permits(&self, code: ReplyCode) -> bool {
        self.breaches(code).iter().all(|rule| rule.grade() != Grade::Must)
    }

    /// The rules that the text of this reply breaks, the gravest first; no policy of the server
    /// excuses these (RFC 5321 §4.2).
    pub fn text_breaches(&self, reply: &Reply) -> Vec<TextBreach<'_>> {
        let fault = |rule: &TextRule| rule.fault(reply, self.name.as_deref());
        let mut broken: Vec<_> = self
            .texts
            .iter()
            .filter_map(|rule| fault(rule).map(|fault| TextBreach { rule, fault }))
            .collect();
        broken.sort_by_key(|breach| std::cmp::Reverse(breach.rule.grade()));
        broken
    }

    /// The requirements that speak here (RFC 5321 §4.3.2).
    pub fn because(&self) -> impl Iterator<Item = RequirementId> + '_ {
        let of_codes = self.rules.iter().map(|rule| rule.requirement);
        of_codes.chain(self.texts.iter().map(|rule| rule.requirement))
    }

    /// Whether the code declines for the server's own reasons (RFC 5321 §7.9).
    pub fn is_policy(&self, code: ReplyCode) -> bool {
        code.get() == CLOSES || patterns(self.policy).any(|pattern| pattern.matches(code))
    }

    /// An expectation without rules; 421 may come at any time (rfc5321-4.3.2-9).
    pub(crate) fn of(preferred: Reply) -> Self {
        Self {
            // Room for what most answers are judged by.
            rules: Vec::with_capacity(8),
            texts: Vec::with_capacity(24),
            name: None,
            policy: "",
            in_disorder: false,
            preferred,
        }
    }

    /// Adds rules on the text.
    pub(crate) fn texts(mut self, rules: impl IntoIterator<Item = TextRule>) -> Self {
        self.texts.extend(rules);
        self
    }

    /// Adds a rule; of several lists all patterns count.
    pub(crate) fn rule(mut self, requirement: RequirementId, lists: &[&'static str]) -> Self {
        self.rules.push(Rule { codes: Codes::Only(Spelled::new(lists)), requirement });
        self
    }

    /// Adds a rule that holds under a condition only.
    pub(crate) fn rule_if(
        self,
        condition: bool,
        requirement: RequirementId,
        lists: &[&'static str],
    ) -> Self {
        if condition { self.rule(requirement, lists) } else { self }
    }

    /// Adds a rule, under a condition, that forbids some codes.
    pub(crate) fn never_if(
        mut self,
        condition: bool,
        requirement: RequirementId,
        patterns: &'static str,
    ) -> Self {
        if condition {
            self.rules.push(Rule { codes: Codes::AllBut(Spelled::new(&[patterns])), requirement });
        }
        self
    }

    /// Sets the codes of policy, 421 left out.
    pub(crate) fn policy(mut self, patterns: &'static str) -> Self {
        self.policy = patterns;
        self
    }

    /// Lets 503 pass, under a condition, whatever the rules say.
    pub(crate) fn out_of_order_if(mut self, condition: bool) -> Self {
        self.in_disorder |= condition;
        self
    }

    /// Makes the careful server refuse; the refusal found first stands.
    pub(crate) fn refuse_if(mut self, condition: bool, refusal: impl FnOnce() -> Reply) -> Self {
        if condition && self.preferred.code.class() < 4 {
            self.preferred = refusal();
        }
        self
    }
}

impl Codes {
    /// Whether the code satisfies the rule.
    pub fn matches(&self, code: ReplyCode) -> bool {
        match self {
            Self::Only(codes) => codes.matches(code),
            Self::AllBut(codes) => !codes.matches(code),
        }
    }
}

/// As people list codes: `250, 251 or 5yz`, `any but 500 or 502`.
impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(codes) => codes.fmt(f),
            Self::AllBut(codes) => write!(f, "any but {codes}"),
        }
    }
}

impl Rule {
    /// How strongly the rule binds: the level of its requirement.
    pub fn grade(&self) -> Grade {
        self.requirement.requirement().level.grade()
    }
}

/// The code of a server that leaves, with which any command may be answered (rfc5321-4.3.2-9).
const CLOSES: u16 = 421;

/// Why a server may decline to take mail: 4yz for passing trouble, 530 and its kin where it
/// wants authentication or encryption first, the others for policy (RFC 5321 §7.9, RFC 4954 §6,
/// RFC 7504).
pub(crate) const DECLINES_MAIL: &str = "4yz 521 523 530 534 535 538 550 551 553 554 556";

/// Why a server may decline to give information.
pub(crate) const DECLINES_INFORMATION: &str = "4yz 521 530 535 538 550 554";

/// RFC 3207 §4 and RFC 4954 §6 let 530 answer most commands, whatever their order.
pub(crate) const WANTS_LOGIN: &str = "530";

/// Any answer but a call for text: only DATA draws 3yz.
pub(crate) const FINAL: &str = "2yz 4yz 5yz";

/// The answers of a server that does not know the verb, or does not implement it
/// (RFC 5321 §4.2.4).
pub(crate) const UNSUPPORTED: &str = "500 502";

/// What any command may draw by RFC 5321 §4.3.2, beside its own row of the table.
pub(crate) const ANY_COMMAND: &str = "500 501 421";

#[cfg(test)]
mod tests {
    use super::*;
    use smtpspec_catalogue::requirement;

    fn code(code: u16) -> ReplyCode {
        ReplyCode::new(code).unwrap()
    }

    fn example() -> Expectation {
        Expectation::of(Reply::new(503, "Bad sequence of commands"))
            .rule(requirement!("rfc5321-3.3-15"), &["503"])
            .rule(requirement!("rfc5321-4.3.2-13"), &["250 251 503"])
    }

    #[test]
    fn a_must_not_met_is_not_permitted() {
        assert!(!example().permits(code(250)));
        assert_eq!(example().breaches(code(250)).len(), 1);
        let grades: Vec<_> =
            example().breaches(code(999)).iter().map(|rule| rule.grade()).collect();
        assert_eq!(grades, [Grade::Must, Grade::Should]);
    }

    #[test]
    fn a_should_not_met_leaves_the_reply_permitted() {
        let expectation =
            Expectation::of(Reply::new(250, "OK")).rule(requirement!("rfc5321-4.3.2-13"), &["250"]);
        assert!(expectation.permits(code(577)));
        assert_eq!(expectation.breaches(code(577)).len(), 1);
    }

    #[test]
    fn codes_are_told_as_people_list_them() {
        let expectation = example().never_if(true, requirement!("rfc5321-4.3.2-5"), "500 502");
        let told: Vec<_> = expectation.rules.iter().map(|rule| rule.codes.to_string()).collect();
        assert_eq!(told, ["503", "250, 251 or 503", "any but 500 or 502"]);
    }

    #[test]
    fn the_refusal_found_first_stands() {
        let refused = Expectation::of(Reply::new(250, "OK"))
            .refuse_if(false, || Reply::new(550, "never"))
            .refuse_if(true, || Reply::new(501, "first"))
            .refuse_if(true, || Reply::new(503, "second"));
        assert_eq!(refused.preferred.code.get(), 501);
        let waits =
            Expectation::of(Reply::new(354, "Go")).refuse_if(true, || Reply::new(451, "No"));
        assert_eq!(waits.preferred.code.get(), 451);
    }

    #[test]
    fn service_closing_breaks_no_rule() {
        assert!(example().breaches(code(421)).is_empty());
        assert!(example().is_policy(code(421)));
    }
}
