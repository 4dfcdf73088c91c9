//! How many requirements hold and how many are broken, MUST apart from SHOULD.
//!
//! Only what was judged is counted: a case that was skipped, inconclusive or an error says nothing
//! of any requirement, so it never makes a share look better or worse.

use std::collections::BTreeSet;

use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_judge::{Results, Verdict};

/// What was learnt of the requirements of each grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) must: Kept,
    pub(crate) should: Kept,
}

/// What was learnt of the requirements of one grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// Seen to be kept, and never seen broken.
    pub(crate) kept: usize,
    /// Seen broken at least once.
    pub(crate) broken: usize,
}

impl Kept {
    /// How many requirements something is known of.
    pub(crate) const fn judged(self) -> usize {
        self.kept + self.broken
    }
}

/// Counts the requirements. What a case that passed checks is kept; of a case that failed only the
/// requirements of its findings are known, since it may have ended before the others came up.
pub(crate) fn tally(results: &Results) -> Tally {
    let mut kept: BTreeSet<RequirementId> = BTreeSet::new();
    let mut broken = BTreeSet::new();
    for case in &results.scenarios {
        match case.verdict {
            Verdict::Pass => kept.extend(&case.checks),
            Verdict::Warn | Verdict::Fail => {
                broken.extend(case.findings.iter().map(|finding| finding.requirement));
            }
            Verdict::Skip | Verdict::Inconclusive | Verdict::Error => {}
        }
    }
    broken.extend(results.findings.iter().map(|found| found.finding.requirement));
    let count = |of: &dyn Fn(&RequirementId) -> bool, grade| {
        let graded = |id: &&RequirementId| id.requirement().level.grade() == grade && of(id);
        kept.union(&broken).filter(graded).count()
    };
    let of_grade = |grade| Kept {
        kept: count(&|id| !broken.contains(id), grade),
        broken: count(&|id| broken.contains(id), grade),
    };
    Tally { must: of_grade(Grade::Must), should: of_grade(Grade::Should) }
}

/// What the run says of the server, in one sentence without an end.
pub(crate) fn answer(results: &Results) -> String {
    let Tally { must, should } = tally(results);
    let requirements = |count: usize, level: &str, noun: &str| match count {
        1 => format!("1 {noun} ({level})"),
        _ => format!("{count} {noun}s ({level})"),
    };
    let judged = must.judged() + should.judged();
    let seen = match (must.broken, should.broken) {
        _ if judged == 0 => "nothing could be judged".to_owned(),
        (0, 0) if judged == 1 => "keeps the one rule that was judged".to_owned(),
        (0, 0) => format!("keeps all {judged} rules that were judged"),
        (0, broken) => {
            format!("breaks {}, and no MUST", requirements(broken, "SHOULD", "recommendation"))
        }
        (broken, 0) => format!("breaks {}", requirements(broken, "MUST", "requirement")),
        (musts, shoulds) => format!(
            "breaks {} and {}",
            requirements(musts, "MUST", "requirement"),
            requirements(shoulds, "SHOULD", "recommendation")
        ),
    };
    match &results.stopped {
        Some(stopped) => {
            format!("{seen}; the run ended early: {}", super::stopped_briefly(stopped))
        }
        None => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_requirement_that_was_seen_broken_once_is_not_kept() {
        let tally = tally(&fixture::everything());
        // 4.1.4-19 passes in some cases and fails in one; 4.2-7, 4.2-8 are broken too.
        assert_eq!(tally.must, Kept { kept: 0, broken: 3 });
        assert_eq!(tally.should, Kept { kept: 0, broken: 1 });
    }

    #[test]
    fn what_was_not_judged_counts_nowhere() {
        let mut results = fixture::everything();
        results.findings.clear();
        results.scenarios.retain(|case| {
            matches!(case.verdict, Verdict::Skip | Verdict::Inconclusive | Verdict::Error)
        });
        assert!(!results.scenarios.is_empty());
        assert_eq!(tally(&results), Tally::default());
        assert_eq!(answer(&results), "nothing could be judged");
    }

    #[test]
    fn the_answer_keeps_must_apart_from_should() {
        assert_eq!(
            answer(&fixture::everything()),
            "breaks 3 requirements (MUST) and 1 recommendation (SHOULD)"
        );
        assert_eq!(
            answer(&fixture::interrupted()),
            "keeps the one rule that was judged; the run ended early: interrupted"
        );
    }
}
