//! What a baseline says of a run, in words.

use smtpspec_judge::{Comparison, Known, Results, Seen, Stale, Verdict, Why};

use super::printable;

/// The entry that expected this, where there is one.
pub(crate) fn of<'r>(results: &'r Results, id: &str) -> Option<&'r Known> {
    results.baseline.as_ref().and_then(|baseline| baseline.known(id))
}

/// Why something was expected, and where that is said.
pub(crate) fn why(comparison: &Comparison, known: &Known) -> String {
    let mut text = printable(&known.reason).into_owned();
    if let Some(link) = &known.link {
        text.push_str(", see ");
        text.push_str(&printable(link));
    }
    if let Some(until) = &known.until {
        text.push_str(", until ");
        text.push_str(until);
    }
    format!("{text} ({})", place(comparison, known.line))
}

/// Where an entry stands.
pub(crate) fn place(comparison: &Comparison, line: u32) -> String {
    format!("{}:{line}", printable(&comparison.file))
}

/// Why an entry does not hold, and what to do.
pub(crate) fn why_stale(stale: &Stale) -> String {
    let entry = printable(&stale.entry);
    let expected = expected_to(stale.expected);
    match (stale.why, stale.seen.as_slice()) {
        (Why::Passes, []) => {
            format!("`{entry}`: the model does not see it broken any more; take the entry out")
        }
        (Why::Passes, seen) => {
            let seen = listed(seen, &stale.entry);
            format!("`{entry}` was expected {expected} and passes{seen}; take the entry out")
        }
        (Why::Changed, seen) => {
            let came = seen.first().map_or("came to something else", |one| came_to(one.verdict));
            let seen = listed(seen, &stale.entry);
            format!("`{entry}` was expected {expected} and {came}{seen}; change the entry")
        }
        (Why::MatchesNothing, _) => {
            format!("`{entry}` matches nothing; correct the entry, or take it out")
        }
        (Why::Expired, seen) => {
            let broken = |one: &&Seen| !matches!(one.verdict, Verdict::Pass | Verdict::Skip);
            let until = stale.until.as_deref().unwrap_or("a day that is over");
            let left = match seen.iter().filter(broken).count() {
                0 => "nothing of it is left; take the entry out".to_owned(),
                1 if seen.len() == 1 => "it is still so".to_owned(),
                count => format!("{count} of {} are still so", seen.len()),
            };
            format!("`{entry}` was excused until {until}, and {left}")
        }
    }
}

/// The entries that do not hold any more, each with its line in the file and what to do.
pub(crate) fn broken(comparison: &Comparison) -> Vec<(u32, String)> {
    let stale = comparison.stale.iter().map(|stale| (stale.line, why_stale(stale)));
    let worse = comparison.new.iter().filter_map(|seen| {
        let what = if seen.verdict == Verdict::Fail { "fails" } else { "warns" };
        let text = format!("`{}` {what}, which is worse than expected", printable(&seen.id));
        Some((seen.line?, text))
    });
    let mut entries: Vec<_> = stale.chain(worse).collect();
    entries.sort();
    entries
}

/// What a run differs in from its baseline, in one line: `by FILE: 3 known, 2 new that fail`.
pub(crate) fn answer(comparison: &Comparison) -> String {
    let counts: Vec<String> = counts(comparison).into_iter().map(|(_, text)| text).collect();
    let counts = if counts.is_empty() { "as expected".to_owned() } else { counts.join(", ") };
    format!("by {}: {counts}", printable(&comparison.file))
}

/// Which cases show it, where the entry does not say it.
fn listed(seen: &[Seen], entry: &str) -> String {
    match seen {
        [one] if one.id == entry => String::new(),
        [] => String::new(),
        [one] => format!(": {}", printable(&one.id)),
        [one, more @ ..] => format!(": {} and {} more", printable(&one.id), more.len()),
    }
}

const fn expected_to(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "to pass",
        Verdict::Fail => "to fail",
        Verdict::Warn => "to warn",
        Verdict::Skip => "to be skipped",
        Verdict::Inconclusive => "to be inconclusive",
        Verdict::Error => "to end in an error",
    }
}

const fn came_to(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passes",
        Verdict::Fail => "fails",
        Verdict::Warn => "warns now",
        Verdict::Skip => "is skipped now",
        Verdict::Inconclusive => "is inconclusive now",
        Verdict::Error => "ends in an error now",
    }
}

/// What a run differs in from its baseline, for a line that sums up.
pub(crate) fn counts(comparison: &Comparison) -> Vec<(Verdict, String)> {
    let count = |verdict| comparison.new.iter().filter(|seen| seen.verdict == verdict).count();
    let stale = match comparison.stale.len() {
        1 => "1 entry that does not hold".to_owned(),
        many => format!("{many} entries that do not hold"),
    };
    [
        (Verdict::Skip, comparison.known.len(), format!("{} known", comparison.known.len())),
        (Verdict::Fail, count(Verdict::Fail), format!("{} new that fail", count(Verdict::Fail))),
        (Verdict::Warn, count(Verdict::Warn), format!("{} new that warn", count(Verdict::Warn))),
        (Verdict::Fail, comparison.stale.len(), stale),
    ]
    .into_iter()
    .filter(|(_, count, _)| *count > 0)
    .map(|(verdict, _, text)| (verdict, text))
    .collect()
}
