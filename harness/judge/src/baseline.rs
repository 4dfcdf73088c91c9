//! The results of a run against what is known of the target: what was expected and came, what is
//! new, and which entries of the baseline do not hold any more.

mod revise;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_scenario::{Baseline, Case, Entry, Expected, Subject};

use crate::results::Results;
use crate::verdict::Verdict;

/// What a run differs in from its baseline, and what not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// The baseline's file.
    pub file: String,
    /// What was expected, and came.
    pub known: Vec<Known>,
    /// What is broken, and was not expected to be.
    pub new: Vec<Seen>,
    /// The entries that do not hold.
    pub stale: Vec<Stale>,
    /// What was expected, where nothing was learnt this time.
    pub open: Vec<Known>,
}

/// Something that was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The case, or the requirement that the model saw broken.
    pub id: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was expected.
    pub expected: Verdict,
    /// Whether it was expected only sometimes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub intermittent: bool,
    /// Why.
    pub reason: String,
    /// Where more of it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The last day on which that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The line of the entry.
    pub line: u32,
}

/// What a case came to, or what the model saw broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The case, or the requirement.
    pub id: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The line of the entry that expects something milder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// An entry that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stale {
    /// Why not.
    pub why: Why,
    /// The line of the entry.
    pub line: u32,
    /// What it is about: an id or a glob.
    pub entry: String,
    /// What it expects.
    pub expected: Verdict,
    /// The last day on which it counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What shows it.
    pub seen: Vec<Seen>,
}

/// Why an entry does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// What it is about passes.
    Passes,
    /// It came to something else, which is no worse.
    Changed,
    /// There is nothing that it could be about.
    MatchesNothing,
    /// Its last day is over.
    Expired,
}

/// A baseline, and the day on which it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// The file, as people are to see it.
    pub file: String,
    /// What stands in it.
    pub baseline: Baseline,
    /// Today, in UTC.
    pub today: Date,
}

/// What was there to be run.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Every case that an entry may be about, selected or not.
    pub suite: &'a [Case],
    /// Whether nothing was left out on request: only then is what the model did not see gone.
    pub whole: bool,
}

/// What came of what an entry is about.
struct Hit<'a> {
    id: &'a str,
    verdict: Verdict,
    /// Whether it came out differently when it was played again.
    wavers: bool,
}

impl Comparison {
    /// Whether the run is red for what is new, by the weakest level that makes it so, or for an
    /// entry that does not hold.
    pub fn is_red(&self, fail_on: Grade) -> bool {
        let counts = |seen: &Seen| {
            seen.verdict == Verdict::Fail
                || (fail_on == Grade::Should && seen.verdict == Verdict::Warn)
        };
        !self.stale.is_empty() || self.new.iter().any(counts)
    }

    /// What two parts of one run differ in from the same baseline, each thing once.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        let Self { file: _, known, new, stale, open } = other;
        for (mine, theirs) in [(&mut self.known, known), (&mut self.open, open)] {
            let had: BTreeSet<String> = mine.iter().map(|known| known.id.clone()).collect();
            mine.extend(theirs.into_iter().filter(|known| !had.contains(&known.id)));
        }
        let had: BTreeSet<String> = self.new.iter().map(|seen| seen.id.clone()).collect();
        self.new.extend(new.into_iter().filter(|seen| !had.contains(&seen.id)));
        for theirs in stale {
            match self.stale.iter_mut().find(|mine| mine.line == theirs.line) {
                Some(mine) => mine.seen.extend(theirs.seen),
                None => self.stale.push(theirs),
            }
        }
        self
    }

    /// The entry that expected what this case, or this requirement, came to.
    pub fn known(&self, id: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.id == id)
    }
}

impl Expectations {
    /// Whether a case is expected to come to this: then it stops no run.
    pub fn expects(&self, case: &Case, verdict: Verdict) -> bool {
        self.of_case(case).is_some_and(|(_, entry)| verdict == Verdict::from(entry.expect))
    }

    /// Holds the results against what is expected.
    pub fn compare(&self, results: &Results, selection: Selection<'_>) -> Comparison {
        let cases: BTreeMap<&str, &Case> =
            selection.suite.iter().map(|case| (case.id.as_str(), case)).collect();
        let mut comparison = Comparison { file: self.file.clone(), ..Comparison::default() };
        let mut stale = BTreeMap::new();
        let mut touched = BTreeSet::new();
        for result in &results.scenarios {
            let Some(case) = cases.get(result.id.as_str()) else { continue };
            let hit =
                Hit { id: &result.id, verdict: result.verdict, wavers: result.is_intermittent() };
            for (index, entry) in self.numbered() {
                if entry.subject.means_case(case) {
                    touched.insert(index);
                    self.note_expired(index, entry, &hit, &mut stale);
                }
            }
            weigh(self.of_case(case), &hit, &mut comparison, &mut stale);
        }
        for (id, verdict) in requirements(results) {
            let hit = Hit { id: id.as_str(), verdict, wavers: false };
            for (index, entry) in self.numbered() {
                if entry.subject.means_requirement(hit.id) {
                    touched.insert(index);
                    self.note_expired(index, entry, &hit, &mut stale);
                }
            }
            weigh(self.of_requirement(hit.id), &hit, &mut comparison, &mut stale);
        }
        let over = selection.whole && results.stopped.is_none();
        for (index, entry) in self.numbered().filter(|(index, _)| !touched.contains(index)) {
            if let Some(why) = untouched(entry, selection.suite, over) {
                stale.insert((index, why), stale_entry(entry, why));
            }
        }
        comparison.stale = stale.into_values().collect();
        comparison
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.baseline.entries.iter().enumerate()
    }

    /// The entry that decides about a case: the one that names it, or else the first that means it.
    fn of_case(&self, case: &Case) -> Option<(usize, &Entry)> {
        self.first(|entry| entry.subject.is_case(case))
            .or_else(|| self.first(|entry| entry.subject.means_case(case)))
    }

    fn of_requirement(&self, id: &str) -> Option<(usize, &Entry)> {
        self.first(|entry| entry.subject.means_requirement(id) && !entry.subject.is_glob())
            .or_else(|| self.first(|entry| entry.subject.means_requirement(id)))
    }

    fn first(&self, means: impl Fn(&Entry) -> bool) -> Option<(usize, &Entry)> {
        self.numbered().find(|(_, entry)| entry.counts_on(self.today) && means(entry))
    }

    fn note_expired(&self, index: usize, entry: &Entry, hit: &Hit<'_>, stale: &mut AllStale) {
        if !entry.counts_on(self.today) {
            let expired = || stale_entry(entry, Why::Expired);
            stale.entry((index, Why::Expired)).or_insert_with(expired).seen.push(seen(hit, None));
        }
    }
}

/// The entries that do not hold, in the file's order.
type AllStale = BTreeMap<(usize, Why), Stale>;

/// What one outcome says about the entry that decides about it.
fn weigh(
    entry: Option<(usize, &Entry)>,
    hit: &Hit<'_>,
    comparison: &mut Comparison,
    stale: &mut AllStale,
) {
    let broken = matches!(hit.verdict, Verdict::Fail | Verdict::Warn);
    let Some((index, entry)) = entry else {
        if broken {
            comparison.new.push(seen(hit, None));
        }
        return;
    };
    let expected = Verdict::from(entry.expect);
    let sometimes = entry.intermittent && (hit.verdict == Verdict::Pass || hit.wavers);
    if hit.verdict == expected || (sometimes && hit.verdict <= expected) {
        comparison.known.push(known(entry, hit));
    } else if broken && hit.verdict > expected {
        comparison.new.push(seen(hit, Some(entry.line)));
    } else if matches!(hit.verdict, Verdict::Inconclusive | Verdict::Error) {
        comparison.open.push(known(entry, hit));
    } else {
        let why = if hit.verdict == Verdict::Pass { Why::Passes } else { Why::Changed };
        let noted = stale.entry((index, why)).or_insert_with(|| stale_entry(entry, why));
        noted.seen.push(seen(hit, None));
    }
}

/// What is to be said of an entry that nothing of the run is about.
fn untouched(entry: &Entry, suite: &[Case], over: bool) -> Option<Why> {
    match &entry.subject {
        Subject::Scenario(_) => {
            let means_some = suite.iter().any(|case| entry.subject.means_case(case));
            // What was not selected, or not reached, was not asked.
            (!means_some).then_some(Why::MatchesNothing)
        }
        Subject::Requirement(_) => {
            let possible = smtpspec_catalogue::all()
                .iter()
                .any(|one| entry.subject.means_requirement(one.name));
            if !possible {
                return Some(Why::MatchesNothing);
            }
            (over && !entry.intermittent).then_some(Why::Passes)
        }
    }
}

/// The requirements that the model saw broken, each with the verdict that this comes to.
fn requirements(results: &Results) -> BTreeMap<RequirementId, Verdict> {
    let found = results.findings.iter().map(|found| &found.finding);
    found.map(|one| (one.requirement, Verdict::of_breach(one.level.grade()))).collect()
}

fn known(entry: &Entry, hit: &Hit<'_>) -> Known {
    Known {
        id: hit.id.to_owned(),
        verdict: hit.verdict,
        expected: entry.expect.into(),
        intermittent: entry.intermittent,
        reason: entry.reason.clone(),
        link: entry.link.clone(),
        until: entry.until.map(|until| until.to_string()),
        line: entry.line,
    }
}

fn seen(hit: &Hit<'_>, line: Option<u32>) -> Seen {
    Seen { id: hit.id.to_owned(), verdict: hit.verdict, line }
}

fn stale_entry(entry: &Entry, why: Why) -> Stale {
    Stale {
        why,
        line: entry.line,
        entry: entry.subject.as_str().to_owned(),
        expected: entry.expect.into(),
        until: entry.until.map(|until| until.to_string()),
        seen: Vec::new(),
    }
}

impl From<Expected> for Verdict {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Pass => Self::Pass,
            Expected::Fail => Self::Fail,
            Expected::Warn => Self::Warn,
            Expected::Skip => Self::Skip,
            Expected::Inconclusive => Self::Inconclusive,
            Expected::Error => Self::Error,
        }
    }
}

impl From<Verdict> for Expected {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Warn => Self::Warn,
            Verdict::Skip => Self::Skip,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Error => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests;
