//! `JUnit`'s XML, as GitLab and Jenkins read it.
//!
//! They agree on little, so the rules are: one `<testsuite>` for each section; a class name and a
//! name that together occur once (GitLab keeps only the first of duplicates); the detail in the
//! element's text, because GitLab has ignored the `message` attribute; `<failure>` where the
//! server is wrong, `<error>` where the test could not be run; a bounded size.

mod known;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use smtpspec_judge::{CaseResult, Results, RunFinding, Verdict};

use crate::block;
use crate::text::Pen;
use crate::view::excerpt::shorten;
use crate::view::{self, Section, printable};

/// How many octets of text all test cases may have, escaped. GitLab refuses a file of 30 MB; the
/// rest is for the elements around the text.
const TEXT: usize = 20_000_000;
/// How many octets of text one test case may have.
const TEXT_OF_ONE: usize = 32 * 1024;
/// How many characters of a reason the `message` attribute has.
const MESSAGE: usize = 300;
/// No colours, and lines as wide as the views of GitLab and Jenkins show without a scroll bar.
const PEN: Pen = Pen { color: false, width: 120 };

/// The whole document.
pub(crate) fn render(results: &Results) -> Vec<u8> {
    let mut document = Report::new("smtpspec");
    // A time that doesn't parse is left out: the attribute is optional, a wrong one breaks readers.
    document.timestamp = results.started.parse().ok();
    document.set_time(Duration::from_millis(results.elapsed_ms));
    let mut room = Room { left: TEXT, names: BTreeMap::new() };
    for section in view::sections(results) {
        document.add_test_suite(suite(results, &section, &mut room));
    }
    if !results.findings.is_empty() {
        document.add_test_suite(model(results, &mut room));
    }
    if let Some(comparison) = results.baseline.as_ref().filter(|one| !one.stale.is_empty()) {
        document.add_test_suite(known::suite(comparison, &mut room));
    }
    if results.stopped.is_some() || results.summary.not_run > 0 {
        document.add_test_suite(run(results, &mut room));
    }
    let mut octets = Vec::new();
    document.serialize(&mut octets).expect("invariant: writing to memory can't fail");
    octets
}

/// What is left of the document's room, and the names that are taken.
struct Room {
    left: usize,
    names: BTreeMap<(String, String), usize>,
}

impl Room {
    /// The text, if there is still room for it.
    fn text(&mut self, mut text: String) -> String {
        if text.len() > TEXT_OF_ONE {
            let mut end = TEXT_OF_ONE;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let left_out = text.len() - end;
            text.truncate(end);
            // Writing to a `String` can't fail.
            let _ = writeln!(text, "...[{left_out} octets]");
        }
        match self.left.checked_sub(escaped(&text)) {
            Some(left) => {
                self.left = left;
                text
            }
            None => "[left out, because the report would grow too large]\n".to_owned(),
        }
    }

    /// A test case with names that no other has.
    fn case(&mut self, class: &str, name: &str, status: TestCaseStatus) -> TestCase {
        let (class, name) = (printable(class).into_owned(), printable(name).into_owned());
        let taken = self.names.entry((class.clone(), name.clone())).or_default();
        *taken += 1;
        let name = if *taken == 1 { name } else { format!("{name} ({taken})") };
        let mut case = TestCase::new(name, status);
        case.set_classname(class);
        case
    }
}

/// How many octets a text takes in XML. A server that sends `<` alone must not get four times the
/// room.
fn escaped(text: &str) -> usize {
    let width = |octet| match octet {
        b'<' | b'>' => "&lt;".len(),
        b'&' => "&amp;".len(),
        b'"' | b'\'' => "&quot;".len(),
        _ => 1,
    };
    text.bytes().map(width).sum()
}

/// The suite of a section.
fn suite(results: &Results, section: &Section<'_>, room: &mut Room) -> TestSuite {
    let name = format!("{} {} {}", section.spec, section.number, section.title);
    let mut suite = TestSuite::new(printable(name.trim_end()));
    suite.add_property(("server", printable(&results.target.address).as_ref()));
    let elapsed = section.cases.iter().map(|case| case.elapsed_us).fold(0, u64::saturating_add);
    suite.set_time(Duration::from_micros(elapsed));
    // Jenkins takes what stands before the last dot for the package; so the section has none.
    let class = format!("{}.{}", section.spec, section.number.replace('.', "_"));
    for case in &section.cases {
        suite.add_test_case(test_case(results, case, &class, room));
    }
    suite
}

/// A case of a scenario.
fn test_case(results: &Results, case: &CaseResult, class: &str, room: &mut Room) -> TestCase {
    let reason = case.reason.as_deref().unwrap_or_default();
    let mut status = match case.verdict {
        Verdict::Pass | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Skip | Verdict::Inconclusive => TestCaseStatus::skipped(),
    };
    let detail = match case.verdict {
        Verdict::Fail | Verdict::Error | Verdict::Warn => {
            let title = printable(&case.title);
            room.text(format!("{title}\n\n{}", block::case(results, case, PEN)))
        }
        _ => String::new(),
    };
    let known = results.baseline.as_ref().zip(view::known::of(results, &case.id));
    match case.verdict {
        Verdict::Pass | Verdict::Warn => {}
        Verdict::Fail | Verdict::Error if known.is_some() => {
            if let Some((comparison, known)) = known {
                status = known::status(comparison, known, &detail);
            }
        }
        Verdict::Fail | Verdict::Error => {
            let what = case.findings.first().map_or(reason, |finding| &finding.what);
            status.set_message(shorten(&printable(what), MESSAGE));
            let requirement = case.findings.first().map(|finding| finding.requirement.as_str());
            status.set_type(requirement.unwrap_or(case.verdict.as_str()));
            status.set_description(&detail);
        }
        Verdict::Skip | Verdict::Inconclusive => {
            let message = format!("{}: {}", case.verdict, printable(reason));
            let message = shorten(&message, MESSAGE);
            status.set_message(&message);
            status.set_type(case.verdict.as_str());
            status.set_description(message);
        }
    }
    let mut test = room.case(class, &case.id, status);
    if case.verdict == Verdict::Warn {
        test.set_system_out(format!("WARN {detail}"));
    }
    test.set_time(Duration::from_micros(case.elapsed_us));
    test.extra.insert("file".into(), printable(&case.file).into());
    test
}

/// What the model saw beside the scenarios' own expectations.
fn model(results: &Results, room: &mut Room) -> TestSuite {
    let mut suite = TestSuite::new("oracle");
    for found in &results.findings {
        suite.add_test_case(found_by_model(results, found, room));
    }
    suite
}

fn found_by_model(results: &Results, found: &RunFinding, room: &mut Room) -> TestCase {
    let finding = &found.finding;
    let requirement = finding.requirement.as_str();
    let detail = room.text(block::run_finding(results, found, PEN));
    let breach = Verdict::of_breach(finding.level.grade());
    let known = results.baseline.as_ref().zip(view::known::of(results, requirement));
    let mut status = match (breach, known) {
        (Verdict::Fail, Some((comparison, known))) => {
            return room.case("oracle", requirement, known::status(comparison, known, &detail));
        }
        (Verdict::Fail, None) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::success(),
    };
    status.set_message(shorten(&printable(&finding.what), MESSAGE));
    status.set_type(requirement);
    if breach == Verdict::Fail {
        status.set_description(&detail);
    }
    let mut case = room.case("oracle", requirement, status);
    if breach != Verdict::Fail {
        case.set_system_out(format!("{}\n{detail}", breach.as_str().to_uppercase()));
    }
    case
}

/// A run that ended early must not look green, whatever its cases came to.
fn run(results: &Results, room: &mut Room) -> TestSuite {
    let why = results.stopped.as_ref().map(view::why_stopped);
    let why = why.unwrap_or_else(|| "the run ended early".to_owned());
    let (left, all) = (results.summary.not_run, results.summary.selected);
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(shorten(&why, MESSAGE));
    status.set_type("stopped");
    status.set_description(room.text(format!("{why}\n{left} of {all} cases did not run\n")));
    let mut suite = TestSuite::new("run");
    suite.add_test_case(room.case("run", "every-case-ran", status));
    suite
}

#[cfg(test)]
mod tests;
