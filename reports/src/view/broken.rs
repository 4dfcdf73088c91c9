//! Which rules are broken, each once, however many cases show it: what somebody reads first who is
//! to mend a server.

use std::collections::BTreeMap;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::{Results, Verdict};

use super::{known, order};

/// A rule that was seen broken.
#[derive(Debug)]
pub(crate) struct Broken<'a> {
    pub(crate) requirement: RequirementId,
    /// `Fail` for a MUST, `Warn` for a SHOULD.
    pub(crate) verdict: Verdict,
    /// The ids of the cases whose own expectations show it, in the order of the results; empty
    /// where only the model saw it.
    pub(crate) cases: Vec<&'a str>,
    /// Whether a baseline expected all of it.
    pub(crate) known: bool,
}

impl Broken<'_> {
    /// How often it was seen, in words.
    pub(crate) fn seen(&self) -> String {
        match self.cases.len() {
            0 => "the model".to_owned(),
            1 => "1 case".to_owned(),
            many => format!("{many} cases"),
        }
    }
}

/// The broken rules: those of a MUST first, and each kind in natural order.
pub(crate) fn broken(results: &Results) -> Vec<Broken<'_>> {
    let judged = results.scenarios.iter();
    let judged = judged.filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Warn));
    let of_cases = judged.flat_map(|case| {
        let known = known::of(results, &case.id).is_some();
        case.findings.iter().map(move |finding| (finding, Some(case.id.as_str()), known))
    });
    let of_model = results.findings.iter().map(|found| {
        let known = known::of(results, found.finding.requirement.as_str()).is_some();
        (&found.finding, None, known)
    });
    let mut rules: BTreeMap<RequirementId, Broken<'_>> = BTreeMap::new();
    for (finding, case, known) in of_cases.chain(of_model) {
        let (requirement, level) = (finding.requirement, finding.level);
        let verdict = Verdict::of_breach(level.grade());
        let rule = rules.entry(requirement).or_insert_with(|| Broken {
            requirement,
            verdict,
            cases: Vec::new(),
            known: true,
        });
        rule.known &= known;
        if let Some(case) = case.filter(|case| rule.cases.last() != Some(case)) {
            rule.cases.push(case);
        }
    }
    let mut rules: Vec<_> = rules.into_values().collect();
    rules.sort_by(|a, b| {
        (a.verdict != Verdict::Fail)
            .cmp(&(b.verdict != Verdict::Fail))
            .then_with(|| order::natural(a.requirement.as_str(), b.requirement.as_str()))
    });
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn each_broken_rule_stands_there_once_and_a_must_comes_first() {
        let results = fixture::everything();
        let rules = broken(&results);
        let seen: Vec<_> = rules
            .iter()
            .map(|rule| (rule.requirement.as_str(), rule.verdict, rule.seen()))
            .collect();
        let wanted = [
            ("rfc5321-4.1.4-19", Verdict::Fail, "1 case"),
            ("rfc5321-4.2-7", Verdict::Fail, "2 cases"),
            ("rfc5321-4.2-8", Verdict::Fail, "the model"),
            ("rfc5321-4.2-13", Verdict::Warn, "1 case"),
        ];
        assert_eq!(seen, wanted.map(|(rule, verdict, seen)| (rule, verdict, seen.to_owned())));
    }

    #[test]
    fn there_are_as_many_as_the_tally_counts() {
        let results = fixture::everything();
        let tally = crate::view::tally::tally(&results);
        assert_eq!(broken(&results).len(), tally.must.broken + tally.should.broken);
    }
}
