use std::collections::BTreeSet;

use serde_json::Value;

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
    let mut check = Check { root: &schema, seen: BTreeSet::new(), faults: Vec::new() };
    for results in fixture::all() {
        let document = serde_json::from_slice(&render(&results)).expect("JSON");
        check.value(&schema, &document, "");
    }
    assert_eq!(check.faults, [""; 0]);
    let mut described = BTreeSet::new();
    properties(&schema, &mut described);
    let unseen: Vec<_> =
        described.iter().filter(|property| !check.seen.contains(*property)).collect();
    assert!(unseen.is_empty(), "the schema describes what no document holds: {unseen:?}");
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
        let mut check = Check { root: &schema, seen: BTreeSet::new(), faults: Vec::new() };
        check.value(&schema, &document, "");
        assert!(!check.faults.is_empty(), "case {index} passed");
    }
}

/// As much of JSON Schema as the schema uses. It is stricter than the schema in one thing: a
/// member that is not described is a fault, so that nothing stays undocumented.
struct Check<'a> {
    root: &'a Value,
    /// The members that were met, as `title.member` of the object that describes them.
    seen: BTreeSet<String>,
    faults: Vec<String>,
}

const KNOWN: [&str; 16] = [
    "$schema",
    "$id",
    "$ref",
    "title",
    "description",
    "definitions",
    "type",
    "required",
    "properties",
    "items",
    "enum",
    "const",
    "oneOf",
    "minimum",
    "pattern",
    "format",
];

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let rules = schema.as_object().expect("a schema is an object");
        for word in rules.keys() {
            assert!(KNOWN.contains(&word.as_str()), "this check doesn't know `{word}`");
        }
        if let Some(target) = rules.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(&target[1..]).expect("a definition that exists");
            return self.value(target, value, at);
        }
        let fits = match rules.get("type").and_then(Value::as_str) {
            None => true,
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64(),
            Some(other) => panic!("this check doesn't know the type `{other}`"),
        };
        let listed = rules.get("enum").and_then(Value::as_array);
        if !fits
            || rules.get("const").is_some_and(|wanted| wanted != value)
            || listed.is_some_and(|listed| !listed.contains(value))
        {
            self.faults.push(format!("{at}: {value} is not as {schema} wants"));
        }
        if let Some(least) = rules.get("minimum").and_then(Value::as_u64)
            && value.as_u64().is_some_and(|value| value < least)
        {
            self.faults.push(format!("{at}: {value} is less than {least}"));
        }
        if let (Some(items), Some(values)) = (rules.get("items"), value.as_array()) {
            for (index, item) in values.iter().enumerate() {
                self.value(items, item, &format!("{at}/{index}"));
            }
        }
        self.members(schema, value, at);
        if let Some(choices) = rules.get("oneOf").and_then(Value::as_array) {
            let fitting = choices.iter().filter(|choice| self.fits(choice, value)).count();
            if fitting != 1 {
                self.faults.push(format!("{at}: {value} fits {fitting} of the choices"));
            }
        }
    }

    fn members(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else { return };
        for wanted in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(wanted.as_str().expect("a name")) {
                self.faults.push(format!("{at}: {wanted} is missing"));
            }
        }
        // What has no type only adds to a description that has one.
        let whole = schema["type"] == "object";
        for (name, member) in members {
            match schema["properties"].get(name) {
                Some(description) => {
                    self.seen.insert(named(schema, name));
                    self.value(description, member, &format!("{at}/{name}"));
                }
                None if whole => self.faults.push(format!("{at}: {name} is not described")),
                None => {}
            }
        }
    }

    /// Whether a value fits one of several choices; the members of the one that fits are met.
    fn fits(&mut self, choice: &Value, value: &Value) -> bool {
        let mut check = Check { root: self.root, seen: BTreeSet::new(), faults: Vec::new() };
        check.value(choice, value, "");
        let fits = check.faults.is_empty();
        if fits {
            self.seen.append(&mut check.seen);
        }
        fits
    }
}

/// Every member that the schema describes.
fn properties(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(rules) => {
            for name in schema["properties"].as_object().into_iter().flat_map(|all| all.keys()) {
                into.insert(named(schema, name));
            }
            rules.values().for_each(|rule| properties(rule, into));
        }
        Value::Array(choices) => choices.iter().for_each(|choice| properties(choice, into)),
        _ => {}
    }
}

fn named(schema: &Value, member: &str) -> String {
    format!("{}.{member}", schema["title"].as_str().unwrap_or_default())
}
