use smtpspec_judge::Stopped;

use super::*;
use crate::fixture;

fn document(results: &Results) -> Value {
    serde_json::from_slice(&render(results)).expect("JSON")
}

#[test]
fn every_breach_is_a_result_at_its_place() {
    insta::assert_snapshot!(String::from_utf8(render(&fixture::everything())).expect("UTF-8"));
}

#[test]
fn what_was_not_judged_is_no_result() {
    let results = fixture::everything();
    let run = document(&results)["runs"][0].clone();
    let summary = results.summary;
    let breaches = summary.fail + summary.warn + summary.oracle_must + summary.oracle_should;
    let shown = run["results"].as_array().expect("a list");
    assert_eq!(shown.len(), breaches);
    let scenarios: Vec<_> = shown.iter().map(|one| &one["properties"]["scenario"]).collect();
    for case in results.scenarios {
        let bad = matches!(case.verdict, Verdict::Fail | Verdict::Warn);
        assert_eq!(scenarios.iter().any(|id| **id == case.id), bad, "{}", case.id);
    }
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"][0]["level"], "error");
}

#[test]
fn a_run_that_ended_early_was_not_successful() {
    let run = document(&fixture::stopped(Stopped::OutOfTime, Vec::new()))["runs"][0].clone();
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let whole = document(&fixture::everything())["runs"][0].clone();
    assert_eq!(whole["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn a_result_is_known_again_when_lines_move_and_words_change() {
    let prints = |results: &Results| {
        let shown = document(results)["runs"][0]["results"].clone();
        let shown = shown.as_array().expect("a list").clone();
        shown.iter().map(|one| one["partialFingerprints"].to_string()).collect::<Vec<_>>()
    };
    let before = prints(&fixture::everything());
    let mut results = fixture::everything();
    for case in &mut results.scenarios {
        case.line += 7;
        for finding in &mut case.findings {
            finding.what.push_str(" at 14:03");
        }
    }
    assert_eq!(before, prints(&results));
    let mut apart = before.clone();
    apart.sort();
    apart.dedup();
    assert_eq!(apart.len(), before.len(), "no two are the same");
}

#[test]
fn a_text_is_no_template_and_no_link() {
    assert_eq!(text("{0} [a](https://evil.example)"), r"{{0}} \[a\](https://evil.example)");
    assert_eq!(text("4.1.1/x[esc]"), "4.1.1/x[esc]");
}

#[test]
fn the_document_stays_within_the_limits() {
    let mut results = fixture::everything();
    let bad = results.scenarios[2].clone();
    let warned = results.scenarios[5].clone();
    let many = |case: &CaseResult, count: usize| {
        let case = CaseResult { transcript: smtpspec_judge::Transcript::default(), ..case.clone() };
        (0..count).map(move |number| CaseResult { id: format!("x/{number}"), ..case.clone() })
    };
    results.scenarios = many(&warned, 20_000).chain(many(&bad, 5_500)).collect();
    results.findings.clear();
    let run = document(&results)["runs"][0].clone();
    let shown = run["results"].as_array().expect("a list");
    assert_eq!(shown.len(), RESULTS);
    let errors = shown.iter().filter(|one| one["level"] == "error").count();
    assert_eq!(errors, 5_500, "no broken MUST is left out before a SHOULD");
    let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].clone();
    assert_eq!(note, "500 more results are left out; the JSON report has all");
}

#[test]
fn what_a_baseline_knows_is_dismissed_with_its_reason() {
    let results = fixture::expected();
    let known = &results.baseline.as_ref().expect("a baseline").known;
    let run = document(&results)["runs"][0].clone();
    let dismissed = run["results"].as_array().expect("results").iter().filter_map(|result| {
        let why = result["suppressions"][0]["justification"].as_str()?;
        Some(why.to_owned())
    });
    let reasons: Vec<String> = dismissed.collect();
    // What the harness failed at is a notification and no result.
    let broken = known.iter().filter(|one| one.verdict != Verdict::Error);
    assert_eq!(reasons.len(), broken.clone().count());
    for one in broken {
        assert!(reasons.iter().any(|why| why.contains(&one.reason)), "{}", one.reason);
    }
}
