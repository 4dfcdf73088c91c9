//! A finding, a case and a dialogue in words, for people: what terminal and `JUnit` both show.

use smtpspec_judge::{CaseResult, Evidence, Finding, Results, RunFinding, Verdict};

use crate::text::{FAINT, Pen, line, of_verdict, wrap};
use crate::view::dialogue::{Dialogue, Line, Mark};
use crate::view::excerpt::{Bounds, Row, rows, shorten, skipped};
use crate::view::{self, printable};

/// How many lines of a dialogue a block shows: the last ones.
const DIALOGUE_LINES: usize = 20;
/// How many lines of a command or a reply a block shows.
const EVIDENCE_LINES: usize = 8;
/// How many characters of a sentence a block shows. The harness writes short ones, but they may
/// quote the server.
const SENTENCE: usize = 600;
/// How many findings of one case a block shows.
const FINDINGS: usize = 10;

/// The block of a case that went wrong.
pub(crate) fn case(results: &Results, case: &CaseResult, pen: Pen) -> String {
    let mut page = String::new();
    for finding in case.findings.iter().take(FINDINGS) {
        self::finding(&mut page, finding, pen);
        let place = view::place(case, Some(finding));
        pen.field(&mut page, "expected", &[Row::plain(format!("at {place}"))]);
        page.push('\n');
    }
    if let Some(more) = case.findings.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        line(&mut page, &format!("  ...[{more} findings]\n"));
    }
    // A finding says it all; without one the reason is all there is.
    if case.findings.is_empty() || case.verdict == Verdict::Error {
        let reason = case.reason.as_deref().unwrap_or("no reason was given");
        pen.words(&mut page, "reason", &shorten(&printable(reason), SENTENCE));
    }
    if case.attempts > 1 {
        pen.words(&mut page, "attempts", &case.attempts.to_string());
    }
    if case.is_intermittent() {
        let tries: Vec<_> = case.tries.iter().map(|verdict| verdict.as_str()).collect();
        pen.words(&mut page, "tries", &tries.join(", "));
    }
    dialogue(&mut page, &of_case(results, case), Some(DIALOGUE_LINES), pen);
    pen.field(&mut page, "scenario", &[Row::plain(view::place(case, None))]);
    pen.field(&mut page, "replay", &[Row::plain(view::replay(results, &case.id))]);
    page
}

/// The block of a finding of the model.
pub(crate) fn run_finding(results: &Results, found: &RunFinding, pen: Pen) -> String {
    let mut page = String::new();
    finding(&mut page, &found.finding, pen);
    let id = printable(&found.case);
    let cases = match found.cases {
        0 | 1 => format!("{id}, and in no other case"),
        cases => format!("{id}, the first of {cases} cases"),
    };
    pen.field(&mut page, "seen in", &[Row::plain(cases)]);
    pen.field(&mut page, "replay", &[Row::plain(view::replay(results, &found.case))]);
    page
}

/// What was sent, what came back, what would have been right, and which requirement says so.
fn finding(page: &mut String, finding: &Finding, pen: Pen) {
    let bounds = Bounds { columns: pen.room(), lines: EVIDENCE_LINES };
    let Evidence { sent, received, at, .. } = &finding.evidence;
    // Nothing stands there for a greeting; but message data is not repeated there either.
    pen.field(page, "sent", &rows(sent, None, bounds));
    match rows(received, *at, bounds) {
        none if none.is_empty() => pen.field(page, "received", &[Row::plain("nothing")]),
        rows => pen.field(page, "received", &rows),
    }
    pen.words(page, "seen", &shorten(&printable(&finding.what), SENTENCE));
    pen.words(page, "wanted", &shorten(&printable(&finding.wanted), SENTENCE));
    let rule = finding.requirement.requirement();
    let verdict = Verdict::of_breach(finding.level.grade());
    let level = pen.paint(of_verdict(verdict), finding.level.as_str());
    let first = format!("{} {level} ({})", finding.requirement, rule.citation());
    pen.field(page, "rule", &[Row::plain(first)]);
    pen.words(page, "", rule.summary);
}

/// The dialogue of a case, with the lines marked on which findings rest.
pub(crate) fn of_case(results: &Results, case: &CaseResult) -> Dialogue {
    let own = case.findings.iter().map(|finding| &finding.evidence);
    let model = results.findings.iter().filter(|found| found.case == case.id);
    Dialogue::of(&case.transcript, own.chain(model.map(|found| &found.finding.evidence)))
}

/// Adds a dialogue: all of it, or its last lines and those on which findings rest.
pub(crate) fn dialogue(page: &mut String, dialogue: &Dialogue, most: Option<usize>, pen: Pen) {
    let all = dialogue.lines.len();
    let shown = dialogue.worth_showing(most.unwrap_or(all));
    if shown.is_empty() {
        return;
    }
    let heading = match all - shown.len() {
        0 => "dialogue".to_owned(),
        _ => format!("dialogue, {} of its {all} lines", shown.len()),
    };
    line(page, &pen.paint(FAINT, &format!("  {heading}")));
    let mut next = 0;
    for index in shown {
        if let Some(gap) = skipped(&mut (index - next)) {
            line(page, &pen.paint(FAINT, &format!("{:14}{}", "", gap.text)));
        }
        said(page, &dialogue.lines[index], dialogue.several, pen);
        next = index + 1;
    }
}

/// Adds one line of a dialogue: time, connection, mark, octets.
fn said(page: &mut String, said: &Line, several: bool, pen: Pen) {
    let time = format!("{}.{:03}", said.at_us / 1_000_000, said.at_us % 1_000_000 / 1000);
    let time = pen.paint(FAINT, &format!("{time:>9}"));
    let connection = if several { format!("#{:<2} ", said.connection) } else { String::new() };
    let lead = 9 + 1 + connection.len() + 3 + 1;
    let mark = match said.mark {
        Mark::Offending => pen.paint(of_verdict(Verdict::Fail), said.mark.as_str()),
        Mark::Trouble => pen.paint(of_verdict(Verdict::Error), said.mark.as_str()),
        Mark::Note => pen.paint(FAINT, said.mark.as_str()),
        Mark::Sent | Mark::Received | Mark::Delivered => said.mark.as_str().to_owned(),
    };
    let row = said.row(pen.width.saturating_sub(lead).max(40));
    line(page, &format!("{time} {connection}{mark} {}", row.text));
    if let Some(caret) = row.caret {
        let caret = lead + caret;
        line(page, &format!("{:caret$}{}", "", pen.paint(of_verdict(Verdict::Fail), "^")));
    }
}

/// The title of a case, in as many lines as it needs.
pub(crate) fn title(page: &mut String, title: &str, pen: Pen) {
    for part in wrap(&shorten(&printable(title), SENTENCE), pen.width.saturating_sub(2)) {
        line(page, &format!("  {part}"));
    }
}
