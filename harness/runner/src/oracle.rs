//! What the model found in all cases together: each thing once, however many cases show it.

use std::collections::HashMap;

use smtpspec_judge::{Finding, RunFinding};

/// One finding for each requirement and thing done against it, with the first case that shows it
/// and how many do. `found` is in the suite's order, and so is what comes of it.
pub(crate) fn gather<'a>(
    found: impl IntoIterator<Item = (&'a str, Vec<Finding>)>,
) -> Vec<RunFinding> {
    let mut gathered: Vec<RunFinding> = Vec::new();
    // Where each thing stands in `gathered`, and which case was the last to show it.
    let mut known = HashMap::new();
    for (nth, (case, findings)) in found.into_iter().enumerate() {
        for finding in findings {
            let key = (finding.requirement, finding.what.clone());
            let (place, last) = known.entry(key).or_insert((gathered.len(), None));
            if let Some(run) = gathered.get_mut(*place) {
                run.cases += usize::from(*last != Some(nth));
            } else {
                gathered.push(RunFinding { case: case.to_owned(), cases: 1, finding });
            }
            *last = Some(nth);
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::{RequirementId, requirement};
    use smtpspec_judge::{Evidence, Source};

    use super::*;

    fn finding(requirement: RequirementId, what: &str, event: usize) -> Finding {
        Finding {
            requirement,
            level: requirement.requirement().level,
            what: what.to_owned(),
            wanted: String::new(),
            source: Source::Oracle,
            evidence: Evidence { event, ..Evidence::default() },
        }
    }

    #[test]
    fn each_thing_is_told_once_with_its_first_case_and_the_number_of_cases() {
        let (form, close) = (requirement!("rfc5321-4.2-2"), requirement!("rfc5321-3.8-2"));
        let gathered = gather([
            ("a", vec![finding(form, "x", 1), finding(form, "y", 2), finding(form, "x", 3)]),
            ("b", vec![]),
            ("c", vec![finding(close, "x", 4), finding(form, "x", 5)]),
        ]);
        let told = |run: &RunFinding| {
            (run.case.clone(), run.cases, run.finding.what.clone(), run.finding.evidence.event)
        };
        let told: Vec<_> = gathered.iter().map(told).collect();
        let row = |case: &str, cases, what: &str, event| (case.into(), cases, what.into(), event);
        assert_eq!(told, [row("a", 2, "x", 1), row("a", 1, "y", 2), row("c", 1, "x", 4)]);
    }
}
