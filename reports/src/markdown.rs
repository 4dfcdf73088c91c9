//! Markdown for a step summary or a comment on a pull request: GitHub's, which GitLab reads too.
//!
//! The most important first: the answer, the counts, a line for each failure; then the failures with
//! their dialogues, as long as there is room. GitHub takes 1 MiB in a step summary and 65,536
//! characters in a comment; the page fits both. Where it is cut, it says what was left out.
//!
//! What comes from a server stands in code alone, where neither markup nor `@names` mean anything.

pub(crate) mod code;

use std::fmt::Write as _;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::{CaseResult, Results, RunFinding, Verdict};

use crate::block;
use crate::text::Pen;
use crate::view::excerpt::shorten;
use crate::view::tally::{self, Kept, tally};
use crate::view::{self, known, printable};
use code::{cell, fence, span, summary};

/// How many octets the whole page has, at most.
const ROOM: usize = 65_000;
/// How many of them are kept back for the notes on what was left out.
const NOTES: usize = 1_000;
/// How many of them the tables may take, so that dialogues have room too.
const TABLES: usize = 30_000;
/// How many characters of a text a line shows.
const LINE: usize = 160;
/// As wide as a comment on GitHub shows code without a scroll bar.
const PEN: Pen = Pen { color: false, width: 100 };

/// The whole page.
pub(crate) fn render(results: &Results) -> String {
    let mut page = header(results);
    table(&mut page, results, Verdict::Fail, "Broken requirements (MUST)");
    table(&mut page, results, Verdict::Warn, "Broken recommendations (SHOULD)");
    broken_entries(&mut page, results);
    errors(&mut page, results);
    let sections = sections(results);
    let unjudged = unjudged(results);
    let room = ROOM - NOTES - sections.len() - unjudged.len();
    let (mut shown, mut left_out) = (0, 0);
    for detail in details(results) {
        if page.len() + detail.len() <= room {
            if shown == 0 {
                page.push_str("\n### Dialogues\n\n");
            }
            page.push_str(&detail);
            shown += 1;
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        add(
            &mut page,
            format_args!("\n_{}_", left_out_note(left_out, "dialogue", "has no room here")),
        );
    }
    page.push_str(&sections);
    page.push_str(&unjudged);
    page
}

/// The answer, whom it is about, and the counts.
fn header(results: &Results) -> String {
    let mut page = String::new();
    let target = &results.target;
    let whom =
        if target.embedded { "the reference server".to_owned() } else { span(&target.address) };
    add(&mut page, format_args!("## {} {whom}: {}\n", sign(results), tally::answer(results)));
    if let Some(part) = view::part(results) {
        add(&mut page, format_args!("This is {part}.\n"));
    }
    if let Some(stopped) = &results.stopped {
        let why = shorten(&view::why_stopped(stopped), LINE);
        let left = results.summary.not_run;
        add(
            &mut page,
            format_args!("**The run ended early**, and {left} cases did not run: {}\n", span(&why)),
        );
    }
    let tally = tally(results);
    page.push_str("| requirements | judged | kept | broken |\n|---|--:|--:|--:|\n");
    for (name, Kept { kept, broken }) in [("MUST", tally.must), ("SHOULD", tally.should)] {
        add(&mut page, format_args!("| {name} | {} | {kept} | {broken} |", kept + broken));
    }
    let counts: Vec<String> =
        view::counts(&results.summary).into_iter().map(|(_, text)| text).collect();
    let time = view::elapsed(results.elapsed_ms.saturating_mul(1000));
    let counts = counts.join(", ");
    add(&mut page, format_args!("\nCases: {counts}, of {} in {time}.", results.summary.selected));
    if let Some(baseline) = &results.baseline {
        add(&mut page, format_args!("{}.\n", span(&known::answer(baseline))));
    }
    let tool = span(&format!("{} {}", results.tool.name, results.tool.version));
    let greeting = target.greeting.as_deref().map(|text| shorten(&printable(text), LINE));
    let greeting = greeting.map_or_else(String::new, |text| format!(" Greeting: {}.", span(&text)));
    add(&mut page, format_args!("{tool}, {}.{greeting}", span(&results.started)));
    page
}

/// One sign for the whole run, which is seen in a list of comments.
fn sign(results: &Results) -> &'static str {
    let tally = tally(results);
    match (tally.must.broken, tally.should.broken) {
        (0, _) if results.stopped.is_some() || tally.must.judged() == 0 => "❔",
        (0, 0) => "✅",
        (0, _) => "⚠️",
        _ => "❌",
    }
}

/// A line for each case with this verdict, and for each finding of the model that comes to it.
fn table(page: &mut String, results: &Results, verdict: Verdict, heading: &str) {
    let mut rows = Vec::new();
    for case in of_verdict(results, verdict) {
        let found = case.findings.first();
        let what = found.map_or(case.reason.as_deref().unwrap_or_default(), |found| &found.what);
        let wanted = found.map_or("", |found| found.wanted.as_str());
        let rule = found.map_or_else(String::new, |found| link(found.requirement));
        let id = cell(&case.id) + known_mark(results, &case.id);
        rows.push(format!("| {id} | {rule} | {} | {} |", cell(what), cell(wanted)));
    }
    for RunFinding { case, cases, finding } in of_model(results, verdict) {
        let seen = match cases {
            0 | 1 => cell(case),
            cases => format!("{} and {} more", cell(case), cases - 1),
        };
        let rule = link(finding.requirement);
        let seen = seen + known_mark(results, finding.requirement.as_str());
        let (what, wanted) = (cell(&finding.what), cell(&finding.wanted));
        rows.push(format!("| seen by the model in {seen} | {rule} | {what} | {wanted} |"));
    }
    if rows.is_empty() {
        return;
    }
    let columns = "| scenario | rule | seen | wanted |\n|---|---|---|---|\n";
    let _ = write!(page, "\n### {heading}\n\n{columns}");
    let all = rows.len();
    // The second table begins where the first ended; each has its half.
    let room = page.len() + TABLES / 2;
    let mut shown = 0;
    for row in rows {
        if page.len() + row.len() > room {
            break;
        }
        add(page, format_args!("{row}"));
        shown += 1;
    }
    if shown < all {
        add(page, format_args!("\n_{}_", left_out_note(all - shown, "line", "has no room here")));
    }
}

/// Says of what a baseline expected that it is known.
fn known_mark(results: &Results, id: &str) -> &'static str {
    if known::of(results, id).is_some() { ", known" } else { "" }
}

/// The entries of the baseline that do not hold any more.
fn broken_entries(page: &mut String, results: &Results) {
    /// How many are told.
    const MOST: usize = 50;
    let Some(baseline) = &results.baseline else { return };
    let entries = known::broken(baseline);
    if entries.is_empty() {
        return;
    }
    page.push_str("\n### The baseline does not hold any more\n\n");
    for (number, why) in entries.iter().take(MOST) {
        add(page, format_args!("- line {number}: {}", span(&shorten(why, LINE))));
    }
    if let Some(more) = entries.len().checked_sub(MOST).filter(|more| *more > 0) {
        add(page, format_args!("- _{}_", left_out_note(more, "line", "is not listed")));
    }
}

/// What the harness could not do, in a line for each reason.
fn errors(page: &mut String, results: &Results) {
    let groups = view::by_reason(results, Verdict::Error);
    if groups.is_empty() {
        return;
    }
    page.push_str("\n### Errors of the harness or the network\n\n");
    reasons(page, &groups);
}

fn reasons(page: &mut String, groups: &[view::Group<'_>]) {
    const MOST: usize = 20;
    for group in groups.iter().take(MOST) {
        let reason = span(&shorten(&printable(&group.reason), LINE));
        add(page, format_args!("- {} × {reason}", group.cases.len()));
    }
    if let Some(more) = groups.len().checked_sub(MOST).filter(|more| *more > 0) {
        add(page, format_args!("- _{}_", left_out_note(more, "reason", "is not listed")));
    }
}

/// What would be hidden behind each line of the tables, the worst first.
fn details(results: &Results) -> impl Iterator<Item = String> {
    let cases = [Verdict::Fail, Verdict::Warn].into_iter().flat_map(move |verdict| {
        let word = verdict.as_str().to_uppercase();
        let own = of_verdict(results, verdict).map(move |case| (case, word.clone()));
        own.map(move |(case, word)| {
            let block = block::case(results, case, PEN);
            let title = shorten(&printable(&case.title), LINE);
            detail(&format!("{word} {}", summary(&case.id)), &format!("{title}\n\n{block}"))
        })
    });
    let model = [Verdict::Fail, Verdict::Warn].into_iter().flat_map(move |verdict| {
        let word = verdict.as_str().to_uppercase();
        of_model(results, verdict).map(move |found| {
            let heading = format!(
                "{word} {}, seen by the model",
                summary(found.finding.requirement.as_str())
            );
            detail(&heading, &block::run_finding(results, found, PEN))
        })
    });
    cases.chain(model)
}

fn detail(heading: &str, block: &str) -> String {
    format!("<details><summary>{heading}</summary>\n\n{}\n</details>\n\n", fence(block))
}

/// The sections in which something was judged.
fn sections(results: &Results) -> String {
    /// How many octets this table may have.
    const MOST: usize = 20_000;
    let mut page = String::new();
    let sections = view::sections(results);
    if sections.is_empty() {
        return page;
    }
    page.push_str("\n<details><summary>Sections</summary>\n\n| section | pass | fail | warn | not judged |\n|---|--:|--:|--:|--:|\n");
    let mut left_out = 0;
    for section in &sections {
        let name = format!("{} {} {}", section.spec, section.number, section.title);
        let count = |verdict| match section.count(verdict) {
            0 => String::new(),
            count => count.to_string(),
        };
        let judged: usize = [Verdict::Pass, Verdict::Fail, Verdict::Warn]
            .map(|verdict| section.count(verdict))
            .iter()
            .sum();
        let row = format!(
            "| {} | {} | {} | {} | {} |",
            cell(&shorten(&name, LINE)),
            count(Verdict::Pass),
            count(Verdict::Fail),
            count(Verdict::Warn),
            section.cases.len() - judged
        );
        if page.len() + row.len() < MOST {
            add(&mut page, format_args!("{row}"));
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        add(
            &mut page,
            format_args!("\n_{}_", left_out_note(left_out, "section", "has no room here")),
        );
    }
    page.push_str("\n</details>\n");
    page
}

/// Why cases could not be judged.
fn unjudged(results: &Results) -> String {
    let mut page = String::new();
    for (verdict, heading) in [
        (Verdict::Inconclusive, "Inconclusive: something stood in the way, and nothing was learnt"),
        (Verdict::Skip, "Skipped: what these cases need is not there"),
    ] {
        let groups = view::by_reason(results, verdict);
        if !groups.is_empty() {
            let _ = write!(page, "\n<details><summary>{heading}</summary>\n\n");
            reasons(&mut page, &groups);
            page.push_str("\n</details>\n");
        }
    }
    page
}

fn of_verdict(results: &Results, verdict: Verdict) -> impl Iterator<Item = &CaseResult> {
    let cases = view::sections(results).into_iter().flat_map(|section| section.cases);
    cases.filter(move |case| case.verdict == verdict)
}

fn of_model(results: &Results, verdict: Verdict) -> impl Iterator<Item = &RunFinding> {
    let breach =
        move |found: &&RunFinding| Verdict::of_breach(found.finding.level.grade()) == verdict;
    results.findings.iter().filter(breach)
}

/// A requirement, with a link to its section.
fn link(id: RequirementId) -> String {
    let rule = id.requirement();
    format!("[{}]({}) {}", rule.citation(), rule.link(), rule.level.as_str())
}

/// Says that something is missing, and where it is.
fn left_out_note(count: usize, noun: &str, why: &str) -> String {
    let (noun, why) = match count {
        1 => (noun.to_owned(), why.to_owned()),
        _ => (format!("{noun}s"), why.replacen("has", "have", 1).replacen("is", "are", 1)),
    };
    format!("{count} more {noun} {why}; the HTML and the JSON report show all.")
}

fn add(page: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _ = writeln!(page, "{line}");
}

#[cfg(test)]
mod tests;
