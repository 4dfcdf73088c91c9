//! The Test Anything Protocol, version 13, as `prove` and other harnesses read it.
//!
//! One line for each case, in the suite's order, and behind them one for each finding of the model.
//! TAP knows four answers where we have six: what was skipped or inconclusive is `# SKIP`, and a
//! broken recommendation is `not ok … # TODO`, which harnesses show and don't count as a failure.

use std::fmt::Write as _;

use smtpspec_judge::{CaseResult, Finding, Results, RunFinding, Verdict};

use crate::block;
use crate::view::excerpt::shorten;
use crate::view::{self, printable};

/// How many characters of a title or a reason a line shows.
const LINE: usize = 300;
/// How many columns of a line of a dialogue are shown.
const COLUMNS: usize = 160;
/// How many lines of a dialogue are shown: the last ones, and those on which findings rest.
const DIALOGUE: usize = 30;

/// The whole document.
pub(crate) fn render(results: &Results) -> String {
    let mut page = "TAP version 13\n".to_owned();
    if let Some(part) = view::part(results) {
        add(&mut page, format_args!("# {part}"));
    }
    let tests = results.scenarios.len() + results.findings.len();
    match tests {
        0 if results.stopped.is_none() => page.push_str("1..0 # SKIP no case was selected\n"),
        0 => {}
        _ => add(&mut page, format_args!("1..{tests}")),
    }
    for (index, case) in results.scenarios.iter().enumerate() {
        of_case(&mut page, results, case, index + 1);
    }
    for (index, found) in results.findings.iter().enumerate() {
        of_model(&mut page, results, found, results.scenarios.len() + index + 1);
    }
    if let Some(stopped) = &results.stopped {
        let (left, all) = (results.summary.not_run, results.summary.selected);
        let why = plain(&view::why_stopped(stopped));
        add(&mut page, format_args!("Bail out!  {why}; {left} of {all} cases did not run"));
    }
    page
}

/// The line of a case, and what there is to say of a bad one.
fn of_case(page: &mut String, results: &Results, case: &CaseResult, number: usize) {
    let name = format!("{} {}", plain(&case.id), plain(&case.title));
    let reason = plain(case.reason.as_deref().unwrap_or("no reason was given"));
    match case.verdict {
        Verdict::Pass => add(page, format_args!("ok {number} - {name}")),
        Verdict::Skip => add(page, format_args!("ok {number} - {name} # SKIP {reason}")),
        Verdict::Inconclusive => {
            add(page, format_args!("ok {number} - {name} # SKIP inconclusive: {reason}"));
        }
        Verdict::Warn => {
            add(page, format_args!("not ok {number} - {name} # TODO a SHOULD is broken: {reason}"));
        }
        Verdict::Fail | Verdict::Error => {
            let todo = of_known(results, &case.id);
            add(page, format_args!("not ok {number} - {name}{todo}"));
        }
    }
    if !matches!(case.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error) {
        return;
    }
    page.push_str("  ---\n");
    entry(page, "verdict", case.verdict.as_str());
    match case.findings.first() {
        Some(found) => finding(page, found),
        None => entry(page, "message", case.reason.as_deref().unwrap_or("no reason was given")),
    }
    entry(page, "at", &view::place(case, case.findings.first()));
    entry(page, "replay", &view::replay(results, &case.id));
    let dialogue = block::of_case(results, case);
    let shown = dialogue.worth_showing(DIALOGUE);
    if !shown.is_empty() {
        page.push_str("  dialogue:\n");
    }
    for index in shown {
        let line = &dialogue.lines[index];
        let row = line.row(COLUMNS);
        add(
            page,
            format_args!("    - {}", quoted(&format!("{} {}", line.mark.as_str(), row.text))),
        );
    }
    page.push_str("  ...\n");
}

/// The line of a finding of the model.
fn of_model(page: &mut String, results: &Results, found: &RunFinding, number: usize) {
    let verdict = Verdict::of_breach(found.finding.level.grade());
    let what = plain(&found.finding.what);
    let name = format!("model {} {what}", found.finding.requirement);
    match verdict {
        Verdict::Fail => {
            let todo = of_known(results, found.finding.requirement.as_str());
            add(page, format_args!("not ok {number} - {name}{todo}"));
        }
        _ => add(page, format_args!("not ok {number} - {name} # TODO a SHOULD is broken")),
    }
    page.push_str("  ---\n");
    entry(page, "verdict", verdict.as_str());
    finding(page, &found.finding);
    entry(page, "case", &found.case);
    add(page, format_args!("  cases: {}", found.cases));
    entry(page, "replay", &view::replay(results, &found.case));
    page.push_str("  ...\n");
}

/// The directive for what a baseline expected: harnesses show it and don't count it.
fn of_known(results: &Results, id: &str) -> String {
    let known = results.baseline.as_ref().zip(view::known::of(results, id));
    let why = known.map(|(baseline, known)| plain(&view::known::why(baseline, known)));
    why.map_or_else(String::new, |why| format!(" # TODO known: {why}"))
}

fn finding(page: &mut String, finding: &Finding) {
    entry(page, "requirement", finding.requirement.as_str());
    entry(page, "level", finding.level.as_str());
    entry(page, "message", &finding.what);
    entry(page, "wanted", &finding.wanted);
    entry(page, "rule", finding.requirement.requirement().summary);
}

fn entry(page: &mut String, name: &str, value: &str) {
    add(page, format_args!("  {name}: {}", quoted(&shorten(&printable(value), LINE))));
}

/// A string as YAML and JSON both write it. What is printable holds no control character, so
/// nothing else must be escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text within a test line, where `#` begins a directive and a backslash an escape.
fn plain(text: &str) -> String {
    shorten(&printable(text), LINE).replace('\\', "\\\\").replace('#', "\\#")
}

fn add(page: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _ = writeln!(page, "{line}");
}

#[cfg(test)]
mod tests;
