//! Whether documents are as a JSON Schema says, and the schema as the documents are.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is wrong with a document.
pub(crate) fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let mut check = Check { root: schema, seen: BTreeSet::new(), faults: Vec::new() };
    check.value(schema, document, "");
    check.faults
}

/// What the schema describes and none of the documents holds.
pub(crate) fn undescribed(schema: &Value, documents: &[Value]) -> Vec<String> {
    let mut check = Check { root: schema, seen: BTreeSet::new(), faults: Vec::new() };
    for document in documents {
        check.value(schema, document, "");
    }
    let mut described = BTreeSet::new();
    properties(schema, &mut described);
    described.into_iter().filter(|property| !check.seen.contains(property)).collect()
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
