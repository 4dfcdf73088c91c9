//! The report for people: a line for each section, a block for each case that went wrong, groups
//! for what could not be judged, the broken rules in a list, and the summary line last.

mod known;

use smtpspec_judge::{CaseResult, Results, RunFinding, Verdict};

use crate::block;
use crate::options::{Options, Verbosity};
use crate::text::{FAINT, Pen, STRONG, line, of_verdict, wrap};
use crate::view::broken::{Broken, broken};
use crate::view::excerpt::shorten;
use crate::view::{self, Section, printable};

/// How many characters of a title, a reason or a greeting a line shows.
const LINE: usize = 300;
/// How many columns a section's title may take before its counts.
const TITLE: usize = 44;

/// The whole report.
pub(crate) fn render(results: &Results, options: &Options) -> String {
    let pen = Pen { color: options.color, width: options.width.clamp(40, 1000) };
    let mut page = String::new();
    if options.verbosity > Verbosity::Quiet {
        header(&mut page, results, pen, options.verbosity);
        sections(&mut page, results, pen, options.verbosity);
        for verdict in [Verdict::Skip, Verdict::Inconclusive] {
            groups(&mut page, results, verdict, pen, options.verbosity);
        }
        known::intermittent(&mut page, results, pen);
        blocks(&mut page, results, Verdict::Warn, pen, options.verbosity);
        blocks(&mut page, results, Verdict::Error, pen, options.verbosity);
    }
    model(&mut page, results, pen, options.verbosity);
    blocks(&mut page, results, Verdict::Fail, pen, options.verbosity);
    rules(&mut page, results, pen, options.verbosity);
    known::baseline(&mut page, results, pen, options.verbosity);
    summary(&mut page, results, pen);
    page
}

/// Who tested whom.
fn header(page: &mut String, results: &Results, pen: Pen, verbosity: Verbosity) {
    let target = &results.target;
    let whom = if target.embedded {
        "the reference server".to_owned()
    } else {
        printable(&target.address).into_owned()
    };
    let tool = format!("{} {}", results.tool.name, results.tool.version);
    line(page, &format!("{} against {whom}", pen.paint(STRONG, &printable(&tool))));
    if let Some(part) = view::part(results) {
        pen.words(page, "shard", &part);
    }
    if let Some(greeting) = &target.greeting {
        pen.words(page, "greeting", &shorten(&printable(greeting), LINE));
    }
    if verbosity >= Verbosity::Verbose && !target.ehlo.is_empty() {
        for (index, said) in target.ehlo.iter().enumerate() {
            let label = if index == 0 { "EHLO" } else { "" };
            pen.words(page, label, &shorten(&printable(said), LINE));
        }
    }
    page.push('\n');
}

/// One line for each section, and below it one for each case if wanted.
fn sections(page: &mut String, results: &Results, pen: Pen, verbosity: Verbosity) {
    let sections = view::sections(results);
    let name = |section: &Section<'_>| {
        printable(&format!("{} {}", section.spec, section.number)).into_owned()
    };
    let title = |section: &Section<'_>| shortened(section.title, TITLE);
    let widest = |text: &dyn Fn(&Section<'_>) -> String| {
        sections.iter().map(|section| text(section).chars().count()).max().unwrap_or(0)
    };
    let (names, titles) = (widest(&name), widest(&title));
    for section in &sections {
        let counts: Vec<String> = Verdict::ALL
            .into_iter()
            .map(|verdict| (verdict, section.count(verdict)))
            .filter(|(_, count)| *count > 0)
            .map(|(verdict, count)| {
                pen.paint(of_verdict(verdict), &format!("{count:>3} {verdict}"))
            })
            .collect();
        let name = pen.paint(STRONG, &format!("{:<names$}", name(section)));
        line(page, &format!("{name}  {:<titles$}  {}", title(section), counts.join("  ")));
        if verbosity >= Verbosity::Verbose {
            for case in &section.cases {
                listed(page, results, case, pen, verbosity);
            }
        }
    }
    if !page.ends_with("\n\n") {
        page.push('\n');
    }
}

/// One case in the list: verdict, id, title, time; its reason; its transcript if wanted.
fn listed(page: &mut String, results: &Results, case: &CaseResult, pen: Pen, verbosity: Verbosity) {
    let verdict = pen.paint(of_verdict(case.verdict), &format!("{:<12}", case.verdict));
    let time = pen.paint(FAINT, &format!("({})", view::elapsed(case.elapsed_us)));
    let (id, title) = (printable(&case.id), shortened(&case.title, LINE));
    line(page, &format!("  {verdict}  {id}  {title} {time}"));
    if let Some(reason) = &case.reason {
        let reason = shorten(&printable(reason), LINE);
        for part in wrap(&reason, pen.width.saturating_sub(16)) {
            line(page, &format!("{:16}{}", "", pen.paint(FAINT, &part)));
        }
    }
    if verbosity >= Verbosity::VeryVerbose {
        block::dialogue(page, &block::of_case(results, case), None, pen);
        page.push('\n');
    }
}

/// The cases of a verdict by reason, the commonest first: one line each, so that a common cause
/// is seen at once.
fn groups(page: &mut String, results: &Results, verdict: Verdict, pen: Pen, verbosity: Verbosity) {
    let groups = view::by_reason(results, verdict);
    if groups.is_empty() {
        return;
    }
    let meaning = match verdict {
        Verdict::Skip => "skip: what these cases need is not there",
        _ => "inconclusive: something stood in the way, and nothing was learnt",
    };
    line(page, &pen.paint(of_verdict(verdict), meaning));
    for group in groups {
        let reason = shorten(&printable(&group.reason), LINE);
        line(page, &format!("{:>5}  {reason}", group.cases.len()));
        if verbosity >= Verbosity::Verbose {
            for case in group.cases {
                line(page, &pen.paint(FAINT, &format!("{:7}{}", "", printable(&case.id))));
            }
        }
    }
    page.push('\n');
}

/// The cases of a verdict, a block each, in the order of the sections; what is known has one only
/// where much is to be told.
fn blocks(page: &mut String, results: &Results, verdict: Verdict, pen: Pen, verbosity: Verbosity) {
    for section in view::sections(results) {
        for case in section.cases.into_iter().filter(|case| case.verdict == verdict) {
            if verbosity < Verbosity::Verbose && view::known::of(results, &case.id).is_some() {
                continue;
            }
            let word = pen.paint(of_verdict(verdict), &verdict.as_str().to_uppercase());
            line(page, &format!("{word} {}", pen.paint(STRONG, &printable(&case.id))));
            block::title(page, &case.title, pen);
            page.push('\n');
            page.push_str(&block::case(results, case, pen));
            page.push('\n');
        }
    }
}

/// What the model saw beside the scenarios' own expectations. Quiet shows broken requirements only.
fn model(page: &mut String, results: &Results, pen: Pen, verbosity: Verbosity) {
    let verdict = |found: &RunFinding| Verdict::of_breach(found.finding.level.grade());
    let mut found: Vec<_> = results.findings.iter().collect();
    found.retain(|found| verbosity > Verbosity::Quiet || verdict(found) == Verdict::Fail);
    found.retain(|found| {
        let id = found.finding.requirement.as_str();
        verbosity >= Verbosity::Verbose || view::known::of(results, id).is_none()
    });
    if found.is_empty() {
        return;
    }
    // The worst last, as everywhere: it stands nearest to the summary.
    found.sort_by_key(|found| verdict(found));
    line(page, &pen.paint(STRONG, "seen by the model, beside what the scenarios ask"));
    page.push('\n');
    for found in found {
        let verdict = verdict(found);
        let word = pen.paint(of_verdict(verdict), &verdict.as_str().to_uppercase());
        line(page, &format!("{word} {}", pen.paint(STRONG, found.finding.requirement.as_str())));
        page.push_str(&block::run_finding(results, found, pen));
        page.push('\n');
    }
}

/// The broken rules, one line each: many blocks may have few causes. One rule alone stands in its
/// block already.
fn rules(page: &mut String, results: &Results, pen: Pen, verbosity: Verbosity) {
    let mut rules = broken(results);
    rules.retain(|rule| verbosity > Verbosity::Quiet || rule.verdict == Verdict::Fail);
    rules.retain(|rule| verbosity >= Verbosity::Verbose || !rule.known);
    if rules.len() < 2 {
        return;
    }
    line(page, &pen.paint(STRONG, "broken rules; `smtpspec explain RULE` tells all about one"));
    let widest = |text: &dyn Fn(&Broken<'_>) -> usize| rules.iter().map(text).max().unwrap_or(0);
    let ids = widest(&|rule| rule.requirement.as_str().len());
    let counts = widest(&|rule| rule.seen().len());
    let room = pen.width.saturating_sub(2 + 6 + 2 + ids + 2 + counts + 2).max(20);
    // The worst last, as everywhere.
    for rule in rules.iter().rev() {
        let level = if rule.verdict == Verdict::Fail { "MUST" } else { "SHOULD" };
        let level = pen.paint(of_verdict(rule.verdict), &format!("{level:<6}"));
        let (id, seen) = (rule.requirement.as_str(), rule.seen());
        let what = shortened(rule.requirement.requirement().summary, room);
        line(page, &format!("  {level}  {id:<ids$}  {seen:<counts$}  {what}"));
    }
    page.push('\n');
}

/// Why the run ended, if it ended early, and what it came to.
fn summary(page: &mut String, results: &Results, pen: Pen) {
    let summary = &results.summary;
    if let Some(stopped) = &results.stopped {
        let why = shorten(&view::why_stopped(stopped), LINE);
        line(page, &pen.paint(of_verdict(Verdict::Error), &format!("stopped: {why}")));
    } else if summary.selected == 0 {
        line(page, "no case was selected");
    }
    let counts: Vec<String> =
        view::counts(summary)
            .into_iter()
            .map(|(verdict, text)| {
                if summary.count(verdict) == 0 {
                    text
                } else {
                    pen.paint(of_verdict(verdict), &text)
                }
            })
            .collect();
    let mut last = counts.join(", ");
    if summary.not_run > 0 || results.stopped.is_some() {
        let why = results.stopped.as_ref().map(view::stopped_briefly);
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let not_run = format!("{} not run{why}", summary.not_run);
        last = format!("{last}, {}", pen.paint(of_verdict(Verdict::Error), &not_run));
    }
    let time = view::elapsed(results.elapsed_ms.saturating_mul(1000));
    last = format!("{last} of {} in {time}", summary.selected);
    if summary.oracle_must + summary.oracle_should > 0 {
        let (must, should) = (summary.oracle_must, summary.oracle_should);
        let worst = if must > 0 { Verdict::Fail } else { Verdict::Warn };
        let model = format!("{must} MUST and {should} SHOULD broken");
        last = format!("{last}; the model saw {}", pen.paint(of_verdict(worst), &model));
    }
    if let Some(comparison) = &results.baseline {
        let counts: Vec<String> = view::known::counts(comparison)
            .into_iter()
            .map(|(verdict, text)| pen.paint(of_verdict(verdict), &text))
            .collect();
        let file = printable(&comparison.file);
        let counts = if counts.is_empty() { "as expected".to_owned() } else { counts.join(", ") };
        last = format!("{last}; by {file}: {counts}");
    }
    line(page, &last);
}

/// A text that fits a column.
fn shortened(text: &str, most: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= most {
        return text.into_owned();
    }
    format!("{}...", text.chars().take(most.saturating_sub(3)).collect::<String>())
}

#[cfg(test)]
mod tests;
