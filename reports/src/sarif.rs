//! SARIF 2.1.0, as GitHub's code scanning and others read it.
//!
//! The rules are the requirements, and a result is a broken one; its place is the expectation in the
//! scenario's file. What was skipped or inconclusive is no result, and what the harness failed at
//! is a notification of the invocation. Texts are cut, and beyond 25,000 results, of which GitHub
//! takes no more in a run, the rest is counted.

mod place;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smtpspec_catalogue::{Grade, Level, RequirementId};
use smtpspec_judge::{CaseResult, Finding, Results, Verdict};

use crate::view::excerpt::shorten;
use crate::view::{self, printable};

/// The official schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// How many results GitHub takes in a run.
const RESULTS: usize = 25_000;
/// How many notifications there are at most.
const NOTIFICATIONS: usize = 100;
/// How many characters a text has: as many as GitHub shows of a message.
const TEXT: usize = 1000;

/// The whole document.
pub(crate) fn render(results: &Results) -> Vec<u8> {
    let mut rules = Rules::default();
    let mut shown = Vec::new();
    let accused = accusations(results);
    let left_out = accused.len().saturating_sub(RESULTS);
    for accusation in accused.into_iter().take(RESULTS) {
        shown.push(result(results, &accusation, &mut rules));
    }
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": text(&results.tool.name),
                "version": text(&results.tool.version),
                "rules": rules.described,
            } },
            "invocations": [invocation(results, left_out)],
            "originalUriBaseIds": { place::ROOT: {
                "description": { "text": "The root of the repository that holds the scenarios." }
            } },
            "columnKind": "unicodeCodePoints",
            "results": shown,
            "properties": { "server": text(&results.target.address), "started": text(&results.started) },
        }],
    });
    let mut written = serde_json::to_string_pretty(&document)
        .expect("invariant: the document holds nothing that JSON can't");
    written.push('\n');
    written.into_bytes()
}

/// A broken requirement, with the case that shows it.
struct Accusation<'a> {
    finding: &'a Finding,
    case: Option<&'a CaseResult>,
    id: &'a str,
    by_model: bool,
}

/// Every broken requirement, the worst first: where there are too many, the last are left out.
fn accusations(results: &Results) -> Vec<Accusation<'_>> {
    let by_id: BTreeMap<&str, &CaseResult> =
        results.scenarios.iter().map(|case| (case.id.as_str(), case)).collect();
    let own = results
        .scenarios
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Warn))
        .flat_map(|case| case.findings.iter().map(move |finding| (finding, case)))
        .map(|(finding, case)| Accusation {
            finding,
            case: Some(case),
            id: &case.id,
            by_model: false,
        });
    let model = results.findings.iter().map(|found| Accusation {
        finding: &found.finding,
        case: by_id.get(found.case.as_str()).copied(),
        id: &found.case,
        by_model: true,
    });
    let mut all: Vec<_> =
        own.chain(model).filter(|one| one.finding.level.grade() != Grade::May).collect();
    all.sort_by_key(|one| one.finding.level.grade() != Grade::Must);
    all
}

fn result(results: &Results, accusation: &Accusation<'_>, rules: &mut Rules) -> Value {
    let Accusation { finding, case, id, by_model } = accusation;
    let rule = finding.requirement.requirement();
    let who = if *by_model { "the model saw" } else { "seen" };
    let message = format!(
        "{who}: {}; wanted: {}; {}: {}",
        printable(&finding.what),
        printable(&finding.wanted),
        rule.citation(),
        rule.summary
    );
    let mut result = json!({
        "ruleId": finding.requirement.as_str(),
        "ruleIndex": rules.index(finding.requirement),
        "level": level(finding.level),
        "message": { "text": text(&message) },
        // The same breach keeps its fingerprint when lines move or the server's words change.
        "partialFingerprints": {
            "primaryLocationLineHash": place::fingerprint(finding.requirement, id, *by_model),
        },
        "properties": {
            "scenario": text(id),
            "replay": text(&view::replay(results, id)),
        },
    });
    // What a baseline expected is shown as dismissed, with its reason.
    let subject = if *by_model { finding.requirement.as_str() } else { id };
    if let Some((baseline, known)) =
        results.baseline.as_ref().zip(view::known::of(results, subject))
    {
        let why = text(&view::known::why(baseline, known));
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    if let Some(case) = case {
        result["locations"] = json!([place::of(case, finding)]);
    }
    result
}

const fn level(level: Level) -> &'static str {
    match level.grade() {
        Grade::Must => "error",
        Grade::Should => "warning",
        Grade::May => "note",
    }
}

/// The rules that results name, in the order in which they first do.
#[derive(Default)]
struct Rules {
    described: Vec<Value>,
    known: BTreeMap<RequirementId, usize>,
}

impl Rules {
    fn index(&mut self, id: RequirementId) -> usize {
        let next = self.described.len();
        let index = *self.known.entry(id).or_insert(next);
        if index == next {
            let rule = id.requirement();
            let help = format!("{} {}: {}.", rule.citation(), rule.level.as_str(), rule.summary);
            let note = rule.note.map(|note| format!(" {note}")).unwrap_or_default();
            self.described.push(json!({
                "id": id.as_str(),
                "shortDescription": { "text": text(rule.summary) },
                "fullDescription": { "text": text(&help) },
                "help": { "text": text(&format!("{help}{note} {}", rule.link())) },
                "helpUri": rule.link(),
                "defaultConfiguration": { "level": level(rule.level) },
                "properties": { "tags": ["smtp", format!("rfc{}", rule.rfc), rule.level.as_str()], "precision": "high" },
            }));
        }
        index
    }
}

/// How the run went: what is no result, and must not be overlooked.
fn invocation(results: &Results, left_out: usize) -> Value {
    let mut notes = Vec::new();
    let mut note = |level: &str, message: &str| {
        notes.push(json!({ "level": level, "message": { "text": text(message) } }));
    };
    if let Some(stopped) = &results.stopped {
        let left = results.summary.not_run;
        note("error", &format!("{}; {left} cases did not run", view::why_stopped(stopped)));
    }
    if left_out > 0 {
        note("warning", &format!("{left_out} more results are left out; the JSON report has all"));
    }
    let failed = results.scenarios.iter().filter(|case| case.verdict == Verdict::Error);
    for case in failed.take(NOTIFICATIONS) {
        let reason = case.reason.as_deref().unwrap_or("no reason was given");
        note("error", &format!("{}: {}", printable(&case.id), printable(reason)));
    }
    if let Some(more) = results.summary.error.checked_sub(NOTIFICATIONS).filter(|more| *more > 0) {
        note("error", &format!("{more} more cases could not be run"));
    }
    json!({
        "executionSuccessful": results.stopped.is_none(),
        "toolExecutionNotifications": notes,
    })
}

/// A text as messages have it. In these, braces stand for arguments and brackets for links, if they
/// are not doubled or escaped.
fn text(words: &str) -> String {
    let words = shorten(&printable(words), TEXT).replace('{', "{{").replace('}', "}}");
    if words.contains("](") { words.replace('[', "\\[").replace("](", "\\](") } else { words }
}

#[cfg(test)]
mod tests;
