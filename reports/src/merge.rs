//! The parts of a run that was split over machines, put together: what comes of it is what one
//! machine would have found.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::{CaseResult, Results, RunFinding, Shard, Summary};

/// Results of a part, and what to call them: the name of their file.
#[derive(Debug, Clone)]
pub struct Part {
    /// What to call it.
    pub name: String,
    /// The results.
    pub results: Results,
}

/// Why parts can't be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmergeable {
    /// There is none.
    Nothing,
    /// It is no part of a split run.
    Whole {
        /// Which.
        name: String,
    },
    /// Two parts are not of the same run.
    Apart {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// What they differ in.
        what: &'static str,
        /// What the one has.
        has: String,
        /// What the other has.
        other_has: String,
    },
    /// Two are the same part.
    Twice {
        /// Which part.
        index: usize,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// These parts are not there.
    Missing {
        /// Which, from 1.
        indices: Vec<usize>,
        /// How many there should be.
        count: usize,
    },
    /// What it says of its cases can't be.
    Broken {
        /// Which.
        name: String,
        /// What is wrong.
        what: String,
    },
}

/// Puts parts together. They must be of one run, each there once, and none may be missing.
pub fn merge(parts: Vec<Part>) -> Result<Results, Unmergeable> {
    let mut known: BTreeMap<usize, (Part, Shard)> = BTreeMap::new();
    // The part that came first: all others are held against it.
    let mut first = None;
    for mut part in parts {
        let Some(shard) = part.results.shard.take() else {
            return Err(Unmergeable::Whole { name: part.name });
        };
        check(&part, &shard)?;
        let index = shard.index;
        let with = *first.get_or_insert(index);
        if let Some(other) = known.get(&with) {
            belong_together((&other.0, &other.1), (&part, &shard))?;
        }
        if let Some((other, _)) = known.get(&index) {
            let (first, second) = (other.name.clone(), part.name);
            return Err(Unmergeable::Twice { index, first, second });
        }
        known.insert(index, (part, shard));
    }
    let Some((_, shard)) = known.values().next() else { return Err(Unmergeable::Nothing) };
    let (count, selected) = (shard.count, shard.selected);
    let indices: Vec<usize> = (1..=count).filter(|index| !known.contains_key(index)).collect();
    if !indices.is_empty() {
        return Err(Unmergeable::Missing { indices, count });
    }
    Ok(together(known.into_values().collect(), selected))
}

/// Whether what a part says of itself fits what it holds.
fn check(part: &Part, shard: &Shard) -> Result<(), Unmergeable> {
    let broken = |what: String| Err(Unmergeable::Broken { name: part.name.clone(), what });
    let Shard { index, count, selected, places, .. } = shard;
    if *index == 0 || index > count {
        return broken(format!("it says to be part {index} of {count}"));
    }
    let cases = &part.results.scenarios;
    if places.len() != cases.len() {
        return broken(format!("it has {} cases, and places for {}", cases.len(), places.len()));
    }
    if !places.is_sorted_by(|one, next| one < next)
        || places.last().is_some_and(|last| last >= selected)
    {
        return broken("the places of its cases are no places in a selection".to_owned());
    }
    if let Some(case) = cases.iter().find(|case| Shard::of(&case.id, *count) != *index) {
        let id = crate::view::printable(&case.id);
        return broken(format!("{id} belongs to another part"));
    }
    Ok(())
}

/// Whether two parts are of one run.
fn belong_together(first: (&Part, &Shard), second: (&Part, &Shard)) -> Result<(), Unmergeable> {
    let facts = |(part, shard): (&Part, &Shard)| {
        let Results { schema, tool, target, options, .. } = &part.results;
        [
            ("the form of their document", schema.clone()),
            ("the program", format!("{} {}", tool.name, tool.version)),
            ("the number of parts", shard.count.to_string()),
            ("the target", target.address.clone()),
            ("the options", options.join(" ")),
            ("the number of selected cases", shard.selected.to_string()),
            ("the suite", shard.suite.clone()),
        ]
    };
    // The reference within the program has another port in each run.
    let embedded = first.0.results.target.embedded && second.0.results.target.embedded;
    for ((what, has), (_, other_has)) in facts(first).into_iter().zip(facts(second)) {
        if has != other_has && !(embedded && what == "the target") {
            let (first, second) = (first.0.name.clone(), second.0.name.clone());
            return Err(Unmergeable::Apart { first, second, what, has, other_has });
        }
    }
    Ok(())
}

/// The whole run.
fn together(parts: Vec<(Part, Shard)>, selected: usize) -> Results {
    let mut cases: Vec<(usize, CaseResult)> = Vec::with_capacity(selected);
    let mut found = Vec::new();
    let mut whole: Option<Results> = None;
    for (part, shard) in parts {
        let mut results = part.results;
        cases.extend(shard.places.into_iter().zip(std::mem::take(&mut results.scenarios)));
        found.extend(std::mem::take(&mut results.findings).into_iter().enumerate());
        match &mut whole {
            None => whole = Some(results),
            Some(whole) => {
                // They ran side by side: from the first beginning, as long as the longest.
                whole.started = results.started.min(std::mem::take(&mut whole.started));
                whole.elapsed_ms = whole.elapsed_ms.max(results.elapsed_ms);
                whole.stopped = whole.stopped.take().or(results.stopped);
                whole.baseline = match (whole.baseline.take(), results.baseline) {
                    (Some(one), Some(other)) => Some(one.joined(other)),
                    (one, other) => one.or(other),
                };
                whole.seed = whole.seed.filter(|seed| results.seed == Some(*seed));
                if whole.target.greeting.is_none() {
                    whole.target = results.target;
                }
            }
        }
    }
    cases.sort_by_key(|(place, _)| *place);
    let places = cases.iter().map(|(place, case)| (case.id.as_str(), *place)).collect();
    let findings = gather(found, &places);
    let scenarios: Vec<CaseResult> = cases.into_iter().map(|(_, case)| case).collect();
    let whole = whole.expect("invariant: there is a part");
    Results { summary: Summary::of(selected, &scenarios, &findings), scenarios, findings, ..whole }
}

/// Each thing that the model saw once, with the first case that shows it, in the order of the cases;
/// what one case shows stays in the order of its part.
fn gather(found: Vec<(usize, RunFinding)>, places: &HashMap<&str, usize>) -> Vec<RunFinding> {
    let place = |found: &RunFinding| places.get(found.case.as_str()).copied().unwrap_or(usize::MAX);
    let mut gathered: HashMap<(RequirementId, String), ((usize, usize), RunFinding)> =
        HashMap::new();
    for (nth, found) in found {
        let key = (found.finding.requirement, found.finding.what.clone());
        let order = (place(&found), nth);
        match gathered.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((order, found));
            }
            Entry::Occupied(mut entry) => {
                let (known_order, known) = entry.get_mut();
                let cases = known.cases + found.cases;
                if order < *known_order {
                    (*known_order, *known) = (order, found);
                }
                known.cases = cases;
            }
        }
    }
    let mut gathered: Vec<_> = gathered.into_values().collect();
    gathered.sort_by_key(|(order, _)| *order);
    gathered.into_iter().map(|(_, found)| found).collect()
}

impl fmt::Display for Unmergeable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is no part to merge"),
            Self::Whole { name } => write!(
                f,
                "{name} is no part of a split run; `smtpspec run --shard K/N --report json=FILE` \
                 writes one"
            ),
            Self::Apart { first, second, what, has, other_has } => write!(
                f,
                "{first} and {second} are not of one run: they differ in {what}, `{}` and `{}`",
                crate::view::printable(has),
                crate::view::printable(other_has)
            ),
            Self::Twice { index, first, second } => {
                write!(f, "{first} and {second} are both part {index}; leave one out")
            }
            Self::Missing { indices, count } => {
                let list: Vec<String> = indices.iter().map(ToString::to_string).collect();
                let (noun, verb) = if list.len() == 1 { ("part", "is") } else { ("parts", "are") };
                write!(f, "{noun} {} of {count} {verb} missing", list.join(", "))
            }
            Self::Broken { name, what } => write!(f, "{name} is damaged: {what}"),
        }
    }
}

impl std::error::Error for Unmergeable {}

#[cfg(test)]
mod tests;
