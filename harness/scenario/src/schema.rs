//! JSON Schemas for editors, made of the key tables that the loader goes by. What the tables don't
//! say (who speaks, which variables are set, which ids exist) only `smtpspec check` knows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::language::FILE;
use crate::profile::keys::PROFILE;
use crate::recipe::keys::RECIPE;
use crate::shape::{Kind, Shape};

/// The schema of a scenario file.
pub fn scenario_schema() -> Value {
    schema(&FILE, "A scenario file of smtpspec")
}

/// The schema of a profile.
pub fn profile_schema() -> Value {
    schema(&PROFILE, "A profile of smtpspec")
}

/// The schema of a recipe.
pub fn recipe_schema() -> Value {
    schema(&RECIPE, "A recipe of smtpspec")
}

fn schema(root: &'static Shape, title: &str) -> Value {
    let mut definitions = BTreeMap::new();
    define(root, &mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "allOf": [{"$ref": reference(root)}],
        "definitions": definitions,
    })
}

/// Writes a shape and all that it leads to, each once.
fn define(shape: &'static Shape, definitions: &mut BTreeMap<&'static str, Value>) {
    if definitions.contains_key(shape.name) {
        return;
    }
    // Known from now on: what it leads to may lead back to it.
    definitions.insert(shape.name, Value::Null);
    let mut properties = Map::new();
    for key in shape.all_keys() {
        let mut value = describe(&key.kind, definitions);
        value["description"] = key.about.into();
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<_> =
        shape.all_keys().filter(|key| key.required).map(|key| key.name).collect();
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object["additionalProperties"] =
        shape.others.map_or(false.into(), |kind| describe(kind, definitions));
    if !shape.one_of.is_empty() {
        let choice = shape.one_of.iter().map(|name| json!({"required": [name]}));
        object["oneOf"] = choice.collect();
    }
    definitions.insert(shape.name, object);
}

fn describe(kind: &'static Kind, definitions: &mut BTreeMap<&'static str, Value>) -> Value {
    match kind {
        // YAML makes a number of `250` and a truth of `true`; to the loader they are texts.
        Kind::Text => json!({"type": ["string", "number", "boolean"]}),
        Kind::Like(pattern) => json!({"type": ["string", "number"], "pattern": pattern}),
        Kind::Words(words) => json!({"enum": words}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::True => json!({"const": true}),
        Kind::List(kind) => json!({"type": "array", "items": describe(kind, definitions)}),
        Kind::Names(kind) => {
            json!({"type": "object", "additionalProperties": describe(kind, definitions)})
        }
        Kind::Shape(shape) => {
            let shape = shape();
            define(shape, definitions);
            // Beside a bare `$ref` editors would not show the description of the key.
            json!({"allOf": [{"$ref": reference(shape)}]})
        }
        Kind::AnyOf(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| describe(kind, definitions)).collect();
            json!({"anyOf": kinds})
        }
    }
}

fn reference(shape: &Shape) -> String {
    format!("#/definitions/{}", shape.name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The schemas are published beside what they describe; `SMTPSPEC_BLESS=1` writes them anew.
    #[test]
    fn the_published_schemas_are_those_of_the_tables() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (name, schema) in [
            ("scenarios/schema.json", scenario_schema()),
            ("scenarios/profile.schema.json", profile_schema()),
            ("harness/lab/recipe.schema.json", recipe_schema()),
        ] {
            let path = folder.join(name);
            let text = format!("{schema:#}\n");
            if std::env::var_os("SMTPSPEC_BLESS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let published = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(published, text, "{name} is stale: run the tests with SMTPSPEC_BLESS=1");
        }
    }

    #[test]
    fn every_reference_leads_to_a_definition() {
        for schema in [scenario_schema(), profile_schema(), recipe_schema()] {
            let text = schema.to_string();
            let definitions = schema["definitions"].as_object().unwrap();
            for reference in text.split("#/definitions/").skip(1) {
                let name = reference.split('"').next().unwrap();
                assert!(definitions.get(name).is_some_and(Value::is_object), "{name}");
            }
        }
    }
}
