//! What is to be changed in a baseline so that it says what a run has shown.

use std::collections::{BTreeMap, BTreeSet};

use smtpspec_catalogue::Grade;
use smtpspec_scenario::baseline::Change;
use smtpspec_scenario::{Case, Entry, Expected, Subject};

use super::{Comparison, Expectations, Selection, Why, requirements};
use crate::results::{CaseResult, Results};
use crate::verdict::{Finding, Verdict};

/// Something that an entry decides about, and what it came to.
struct Decided {
    subject: Subject,
    verdict: Verdict,
    holds: bool,
}

impl Expectations {
    /// The changes after which the baseline says what was seen. What still holds stays, and so does
    /// what was not asked; an entry whose last day is over waits for a person. `comparison` is what
    /// [`Expectations::compare`] made of the same results.
    pub fn revise(
        &self,
        results: &Results,
        selection: Selection<'_>,
        comparison: &Comparison,
        fail_on: Grade,
    ) -> Vec<Change> {
        let mut added = Vec::new();
        let suite = selection.suite;
        let decided = self.decided(results, suite, comparison, fail_on, &mut added);
        let ran: BTreeSet<&str> = results.scenarios.iter().map(|case| &*case.id).collect();
        let mut changes = Vec::new();
        for (index, entry) in self.numbered() {
            match decided.get(&index) {
                Some(decided) => {
                    let all = match entry.subject {
                        Subject::Requirement(_) => selection.whole && results.stopped.is_none(),
                        Subject::Scenario(_) => suite.iter().all(|case| {
                            ran.contains(&*case.id)
                                || self.of_case(case).is_none_or(|(decides, _)| decides != index)
                        }),
                    };
                    let shadows = decided.iter().any(|one| self.is_shadowed(index, one, suite));
                    revise_entry((index, entry), decided, (all, shadows), &mut changes);
                }
                None if is_gone(comparison, entry) => changes.push(Change::Remove(index)),
                None => {}
            }
        }
        changes.extend(added.into_iter().map(Change::Add));
        // One whose last day is over may name the same.
        let named = |entry: &Entry| {
            let mut expired = self.numbered().filter(|(_, had)| !had.counts_on(self.today));
            expired.any(|(_, had)| had.subject == entry.subject)
        };
        changes.retain(|change| !matches!(change, Change::Add(entry) if named(entry)));
        changes
    }

    /// What each entry decides about. What no entry is about, and makes a run red, is added.
    fn decided(
        &self,
        results: &Results,
        suite: &[Case],
        comparison: &Comparison,
        fail_on: Grade,
        added: &mut Vec<Entry>,
    ) -> BTreeMap<usize, Vec<Decided>> {
        let cases: BTreeMap<&str, &Case> =
            suite.iter().map(|case| (case.id.as_str(), case)).collect();
        let holds: BTreeSet<&str> =
            comparison.known.iter().chain(&comparison.open).map(|known| &*known.id).collect();
        let mut decided: BTreeMap<usize, Vec<Decided>> = BTreeMap::new();
        let mut take = |entry: Option<(usize, &Entry)>, one: Decided, words: String| match entry {
            Some((index, _)) => decided.entry(index).or_default().push(one),
            None if counts(one.verdict, fail_on) => {
                added.push(Entry::new(one.subject, one.verdict.into(), words));
            }
            None => {}
        };
        for result in &results.scenarios {
            let Some(case) = cases.get(&*result.id) else { continue };
            let subject = Subject::Scenario(result.id.clone());
            if self.has_expired(|entry| entry.subject.means_case(case)) {
                continue;
            }
            let holds = holds.contains(&*result.id);
            let one = Decided { subject, verdict: result.verdict, holds };
            take(self.of_case(case), one, words(result));
        }
        for (requirement, verdict) in requirements(results) {
            let id = requirement.as_str();
            if self.has_expired(|entry| entry.subject.means_requirement(id)) {
                continue;
            }
            let mut findings = results.findings.iter().map(|found| &found.finding);
            let first = findings.find(|one| one.requirement == requirement);
            let subject = Subject::Requirement(id.to_owned());
            let one = Decided { subject, verdict, holds: holds.contains(id) };
            take(self.of_requirement(id), one, first.map(words_of).unwrap_or_default());
        }
        decided
    }

    /// Whether another entry would decide about this, were it not for the one with this index.
    fn is_shadowed(&self, index: usize, one: &Decided, suite: &[Case]) -> bool {
        let id = one.subject.as_str();
        self.numbered().any(|(other, entry)| {
            let means = match one.subject {
                Subject::Requirement(_) => entry.subject.means_requirement(id),
                Subject::Scenario(_) => {
                    let mut cases = suite.iter().filter(|case| case.id == id);
                    cases.any(|case| entry.subject.means_case(case))
                }
            };
            other != index && entry.counts_on(self.today) && means
        })
    }

    /// Whether an entry once counted for this: then a person is to say what becomes of it.
    fn has_expired(&self, means: impl Fn(&Entry) -> bool) -> bool {
        self.numbered().any(|(_, entry)| !entry.counts_on(self.today) && means(entry))
    }
}

/// What becomes of an entry that decided about something; `all` says whether it was about nothing
/// else, and `shadows` whether another entry would decide about that without it.
fn revise_entry(
    (index, entry): (usize, &Entry),
    decided: &[Decided],
    (all, shadows): (bool, bool),
    changes: &mut Vec<Change>,
) {
    if decided.iter().all(|one| one.holds) {
        return;
    }
    let alike = decided.iter().all(|one| one.verdict == decided[0].verdict);
    let stays = |one: &&Decided| shadows || one.holds || counts(one.verdict, Grade::Should);
    let only = |one: &Decided| {
        let expect = if one.holds { entry.expect } else { one.verdict.into() };
        let mut only = entry.about(one.subject.clone(), expect);
        only.intermittent &= expect != Expected::Pass;
        Change::Add(only)
    };
    if !all {
        // The rest was not asked, so the entry stays, and what differs is an exception from it.
        changes.extend(decided.iter().filter(|one| !one.holds).map(only));
    } else if alike && decided.iter().any(|one| stays(&one)) && !entry.intermittent {
        changes.push(Change::Expect(index, decided[0].verdict.into()));
    } else {
        changes.push(Change::Remove(index));
        changes.extend(decided.iter().filter(stays).map(only));
    }
}

/// Whether an entry that decided about nothing is about nothing at all.
fn is_gone(comparison: &Comparison, entry: &Entry) -> bool {
    let of_model = matches!(entry.subject, Subject::Requirement(_));
    let gone = |why| why == Why::MatchesNothing || (of_model && why == Why::Passes);
    comparison.stale.iter().any(|stale| stale.line == entry.line && gone(stale.why))
}

fn counts(verdict: Verdict, fail_on: Grade) -> bool {
    verdict == Verdict::Fail || (fail_on == Grade::Should && verdict == Verdict::Warn)
}

/// What a person is to replace by a reason.
fn words(result: &CaseResult) -> String {
    match result.findings.first() {
        Some(finding) => words_of(finding),
        None => result.reason.clone().unwrap_or_else(|| result.title.clone()),
    }
}

fn words_of(finding: &Finding) -> String {
    match finding.wanted.as_str() {
        "" => finding.what.clone(),
        wanted => format!("seen: {}; wanted: {wanted}", finding.what),
    }
}
