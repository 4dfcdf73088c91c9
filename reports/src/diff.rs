//! Two runs compared: what got worse, what got better, what is new and what is gone.
//!
//! Only what was judged in both runs can get better or worse. A case that was skipped, inconclusive
//! or an error, and now fails, got worse too: what was hidden is seen, and it is broken. One that
//! failed and is not judged any more did not get better.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use smtpspec_judge::{CaseResult, Results, RunFinding, Verdict};

use crate::format::Format;
use crate::options::Options;
use crate::view::order;

/// The version of the JSON document's form.
const SCHEMA: &str = "smtpspec-diff/1.0";

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    schema: &'static str,
    old: Side,
    new: Side,
    /// The changes of each kind, those of cases in the order of their sections.
    changes: BTreeMap<Kind, Vec<Change>>,
    /// How many cases came to the same.
    same: usize,
}

/// A run, as far as a reader must know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Side {
    tool: String,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    started: String,
    cases: usize,
}

/// The kinds of changes, in the order in which they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A rule that was not seen broken is, or a recommendation was and now a requirement is.
    Worse,
    /// It was judged, and is not any more.
    Unjudged,
    /// A case that the older run did not have.
    New,
    /// A case that the newer run does not have.
    Gone,
    /// A rule that was seen broken is kept, or less is broken.
    Better,
    /// It was not judged, and now passes.
    Judged,
}

/// What became of one case, or of what the model saw of one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Change {
    /// The case's id, or the requirement's where the model saw it.
    id: String,
    by_model: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Verdict>,
    /// What the newer run says of it; the older one where it is gone.
    why: String,
}

impl Kind {
    /// Every kind, the most important first.
    pub const ALL: [Self; 6] =
        [Self::Worse, Self::Unjudged, Self::New, Self::Gone, Self::Better, Self::Judged];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unjudged => "not judged any more",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Better => "better",
            Self::Judged => "judged now",
        }
    }

    /// What a change is, where a case stands in both runs; none where it is none.
    fn of(was: Verdict, is: Verdict) -> Option<Self> {
        let broken = |verdict| match verdict {
            Verdict::Fail => 2,
            Verdict::Warn => 1,
            _ => 0,
        };
        let judged = |verdict| matches!(verdict, Verdict::Pass | Verdict::Warn | Verdict::Fail);
        match (judged(was), judged(is)) {
            _ if broken(is) > broken(was) => Some(Self::Worse),
            (true, false) => Some(Self::Unjudged),
            (false, true) => Some(Self::Judged),
            (true, true) if broken(is) < broken(was) => Some(Self::Better),
            _ => None,
        }
    }
}

impl Diff {
    /// Compares an older run with a newer one.
    pub fn of(old: &Results, new: &Results) -> Self {
        let mut diff = Self {
            schema: SCHEMA,
            old: Side::of(old),
            new: Side::of(new),
            changes: BTreeMap::new(),
            same: 0,
        };
        diff.cases(old, new);
        diff.model(old, new);
        for changes in diff.changes.values_mut() {
            changes.sort_by(|a, b| {
                a.by_model.cmp(&b.by_model).then_with(|| order::natural(&a.id, &b.id))
            });
        }
        diff
    }

    /// Whether something got worse.
    pub fn is_worse(&self) -> bool {
        self.count(Kind::Worse) > 0
    }

    /// How many changes of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.changes.get(&kind).map_or(0, Vec::len)
    }

    /// The formats that a comparison has.
    pub const FORMATS: [Format; 3] = [Format::Terminal, Format::Markdown, Format::Json];

    /// The comparison in a format; none where it has no such.
    pub fn render(&self, format: Format, options: &Options) -> Option<Vec<u8>> {
        match format {
            Format::Terminal => Some(text::terminal(self, options).into_bytes()),
            Format::Markdown => Some(text::markdown(self).into_bytes()),
            Format::Json => Some(crate::json::document(self)),
            _ => None,
        }
    }

    fn add(&mut self, kind: Kind, change: Change) {
        self.changes.entry(kind).or_default().push(change);
    }

    fn cases(&mut self, old: &Results, new: &Results) {
        let before: BTreeMap<&str, &CaseResult> = by_id(old);
        let after: BTreeMap<&str, &CaseResult> = by_id(new);
        for case in &new.scenarios {
            match before.get(case.id.as_str()) {
                None => self.add(Kind::New, Change::of(None, Some(case))),
                Some(was) => match Kind::of(was.verdict, case.verdict) {
                    Some(kind) => self.add(kind, Change::of(Some(was), Some(case))),
                    None => self.same += 1,
                },
            }
        }
        for case in old.scenarios.iter().filter(|case| !after.contains_key(case.id.as_str())) {
            self.add(Kind::Gone, Change::of(Some(case), None));
        }
    }

    /// What the model saw, by requirement: how a server says it may change from run to run.
    fn model(&mut self, old: &Results, new: &Results) {
        let rules = |results: &Results| {
            let all = results.findings.iter().map(|found| found.finding.requirement);
            all.collect::<BTreeSet<_>>()
        };
        let (before, after) = (rules(old), rules(new));
        let still: BTreeSet<&str> = new.scenarios.iter().map(|case| case.id.as_str()).collect();
        let mut told = BTreeSet::new();
        for found in &new.findings {
            let rule = found.finding.requirement;
            if !before.contains(&rule) && told.insert(rule) {
                self.add(Kind::Worse, Change::of_model(found, false));
            }
        }
        for found in &old.findings {
            let rule = found.finding.requirement;
            if !after.contains(&rule) && told.insert(rule) {
                // Where the case did not run, nothing was looked at.
                let seen = still.contains(found.case.as_str());
                let kind = if seen { Kind::Better } else { Kind::Gone };
                self.add(kind, Change::of_model(found, true));
            }
        }
    }
}

fn by_id(results: &Results) -> BTreeMap<&str, &CaseResult> {
    results.scenarios.iter().map(|case| (case.id.as_str(), case)).collect()
}

impl Side {
    fn of(results: &Results) -> Self {
        let target = &results.target;
        Self {
            tool: format!("{} {}", results.tool.name, results.tool.version),
            target: if target.embedded {
                "the reference server".to_owned()
            } else {
                target.address.clone()
            },
            greeting: target.greeting.clone(),
            started: results.started.clone(),
            cases: results.scenarios.len(),
        }
    }
}

impl Change {
    fn of(was: Option<&CaseResult>, is: Option<&CaseResult>) -> Self {
        let case = is.or(was);
        let why = case.map(|case| match case.findings.first() {
            Some(found) => format!("{}; wanted: {}", found.what, found.wanted),
            None => case.reason.clone().unwrap_or_default(),
        });
        Self {
            id: case.map(|case| case.id.clone()).unwrap_or_default(),
            by_model: false,
            was: was.map(|case| case.verdict),
            is: is.map(|case| case.verdict),
            why: why.unwrap_or_default(),
        }
    }

    fn of_model(found: &RunFinding, gone: bool) -> Self {
        let verdict = Verdict::of_breach(found.finding.level.grade());
        Self {
            id: found.finding.requirement.as_str().to_owned(),
            by_model: true,
            was: gone.then_some(verdict),
            is: (!gone).then_some(verdict),
            why: format!("{}; wanted: {}", found.finding.what, found.finding.wanted),
        }
    }
}

#[cfg(test)]
mod tests;
