//! The broken rules, one line each, with where the page shows it: what to mend, before the evidence.

use smtpspec_judge::{Results, Verdict};

use super::card::Anchors;
use super::sign;
use crate::view::broken::{Broken, broken};

/// A broken rule.
pub(super) struct Rule {
    pub(super) verdict: &'static str,
    pub(super) sign: &'static str,
    pub(super) level: &'static str,
    pub(super) requirement: &'static str,
    pub(super) summary: &'static str,
    pub(super) citation: String,
    pub(super) link: String,
    pub(super) seen: String,
    /// The first card that shows it.
    pub(super) card: Option<String>,
    pub(super) known: bool,
}

/// Every broken rule, the worst first.
pub(super) fn rules(results: &Results, anchors: &Anchors) -> Vec<Rule> {
    broken(results).iter().map(|rule| Rule::of(rule, anchors)).collect()
}

impl Rule {
    fn of(rule: &Broken<'_>, anchors: &Anchors) -> Self {
        let entry = rule.requirement.requirement();
        let first = rule.cases.first().and_then(|case| anchors.card(case));
        let card = first.or_else(|| anchors.card_of_rule(rule.requirement.as_str()));
        Self {
            verdict: rule.verdict.as_str(),
            sign: sign(rule.verdict),
            level: if rule.verdict == Verdict::Fail { "MUST" } else { "SHOULD" },
            requirement: rule.requirement.as_str(),
            summary: entry.summary,
            citation: entry.citation(),
            link: entry.link(),
            seen: rule.seen(),
            card: card.map(str::to_owned),
            known: rule.known,
        }
    }
}
