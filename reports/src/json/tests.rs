use serde_json::Value;

use super::check::{faults, undescribed};
use super::*;
use crate::fixture;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/results.schema.json")).expect("JSON")
}

#[test]
fn the_document_is_whole() {
    let document = String::from_utf8(render(&fixture::everything())).expect("UTF-8");
    insta::assert_snapshot!(document);
    assert!(document.contains(&"x".repeat(3000)), "nothing is shortened");
}

#[test]
fn a_baseline_is_told_whole() {
    let document: Value = serde_json::from_slice(&render(&fixture::expected())).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["baseline"]).expect("JSON"));
}

#[test]
fn an_interrupted_run_says_so() {
    let document = String::from_utf8(render(&fixture::interrupted())).expect("UTF-8");
    insta::assert_snapshot!(document);
}

#[test]
fn what_was_written_can_be_read_again() {
    for results in fixture::all() {
        let read: Results = serde_json::from_slice(&render(&results)).expect("a results document");
        assert_eq!(read, results);
    }
}

#[test]
fn every_document_is_as_the_schema_says() {
    let schema = schema();
    let documents: Vec<Value> = fixture::all()
        .iter()
        .map(|results| serde_json::from_slice(&render(results)).expect("JSON"))
        .collect();
    for document in &documents {
        assert_eq!(faults(&schema, document), [""; 0]);
    }
    assert_eq!(undescribed(&schema, &documents), [""; 0]);
}

#[test]
fn the_schema_is_strict_enough_to_fail() {
    let schema = schema();
    let good: Value = serde_json::from_slice(&render(&fixture::everything())).expect("JSON");
    let breaks: [fn(&mut Value); 6] = [
        |document| document["schema"] = "smtpspec-results/2.0".into(),
        |document| document["scenarios"][0]["verdict"] = "passed".into(),
        |document| document["summary"]["pass"] = "1".into(),
        |document| document["surprise"] = 1.into(),
        |document| document["findings"][0]["source"] = "model".into(),
        |document| document["scenarios"][0]["transcript"][1]["event"] = "refused".into(),
    ];
    for (index, breaks) in breaks.into_iter().enumerate() {
        let mut document = good.clone();
        breaks(&mut document);
        assert!(!faults(&schema, &document).is_empty(), "case {index} passed");
    }
}
