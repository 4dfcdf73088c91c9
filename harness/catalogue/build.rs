//! Turns `scenarios/requirements/*.yaml` into the table of requirements, so that an id that is
//! misspelt in code fails to compile and the binary carries the whole catalogue.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    section: String,
    level: String,
    binds: String,
    observable: String,
    #[serde(default)]
    line: Option<u32>,
    summary: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default, rename = "follows-from")]
    follows_from: Vec<String>,
}

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = root.join("../../scenarios/requirements");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    let mut entries = Vec::new();
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
        entries.extend(read(file));
    }
    let order: Vec<String> = entries.iter().map(|(_, entry)| entry.id.clone()).collect();
    // Sorted by octets, because the compile-time look-up is a binary search.
    entries.sort_by(|(_, a), (_, b)| a.id.as_bytes().cmp(b.id.as_bytes()));
    let mut table = String::from("[\n");
    let mut seen = BTreeSet::new();
    for (rfc, entry) in &entries {
        assert!(seen.insert(&entry.id), "{} stands twice in the catalogue", entry.id);
        let expected = format!("rfc{rfc}-{}-", entry.section);
        assert!(entry.id.starts_with(&expected), "{}: should begin with {expected}", entry.id);
        for other in &entry.follows_from {
            let known = order.contains(other) && *other != entry.id;
            assert!(known, "{} follows from {other}, which is not there", entry.id);
        }
        let place = order.iter().position(|id| *id == entry.id).expect("it came from there");
        writeln!(
            table,
            "Requirement {{ name: {:?}, rfc: {rfc:?}, section: {:?}, level: Level::{}, \
             binds: Role::{}, observable: Observable::{}, line: {:?}, summary: {:?}, note: {:?}, \
             follows_from: &{:?}, place: {place} }},",
            entry.id,
            entry.section,
            camel(&entry.level),
            camel(&entry.binds),
            camel(&entry.observable),
            entry.line,
            entry.summary,
            entry.note,
            entry.follows_from,
        )
        .expect("writing to a string");
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("table.rs"), table).expect("the build folder can be written");
}

/// The entries of one file, which is named after its RFC: `rfc5321.yaml`.
fn read(file: &Path) -> Vec<(String, Entry)> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let rfc = name.strip_prefix("rfc").unwrap_or_else(|| panic!("{name}: should be rfcNNNN"));
    let text = fs::read_to_string(file).expect("a readable file");
    let entries: Vec<Entry> =
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    entries.into_iter().map(|entry| (rfc.to_owned(), entry)).collect()
}

/// `must-not` is the variant `MustNot`.
fn camel(word: &str) -> String {
    word.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}
