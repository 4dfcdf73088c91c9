//! `smtpspec coverage`: what it counts, what it leaves out, and that it says why.

mod smtpspec;

use serde_json::Value;
use smtpspec::smtpspec;

fn specs() -> Vec<Value> {
    let ended = smtpspec(&["coverage", "--json"]);
    assert_eq!(ended.code, 0, "{ended}");
    let document: Value = serde_json::from_slice(&ended.output).expect("it is JSON");
    document["specs"].as_array().expect("a list").clone()
}

fn list<'s>(spec: &'s Value, key: &str) -> &'s Vec<Value> {
    spec[key].as_array().unwrap_or_else(|| panic!("{key} in {spec:#}"))
}

#[test]
fn every_requirement_that_is_left_out_has_a_reason() {
    for spec in specs() {
        for entry in list(&spec, "unobservable") {
            assert!(entry["why"].as_str().is_some_and(|why| !why.is_empty()), "{entry:#}");
        }
    }
}

#[test]
fn what_is_observable_is_covered_or_listed() {
    for spec in specs() {
        let counted = |key: &str| spec[key].as_u64().expect("a number");
        let listed = list(&spec, "uncovered").len() as u64;
        assert_eq!(counted("observable"), counted("covered") + listed, "{spec:#}");
        // RFC 5248 is a registry, which only permits.
        assert_eq!(counted("observable") > 0, spec["rfc"] != "5248", "{spec:#}");
    }
}

#[test]
fn the_reasons_are_listed_for_people_too() {
    let ended = smtpspec(&["coverage", "--unobservable"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("rfc5321-"), "{ended}");
    assert!(!ended.says("no reason is given"), "{ended}");
}
