//! The rules have addresses: each file names its sections, and each id in the sources exists.

use std::fs;
use std::path::{Path, PathBuf};

use smtpspec_catalogue::RequirementId;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a file of sources").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn all() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a text");
            (path, text)
        })
        .collect()
}

/// The RFC that a file is named after, or that its folder is.
fn rfc(path: &Path) -> Option<&str> {
    path.iter().find_map(|part| {
        let name = part.to_str()?;
        let digits = name.strip_suffix(".rs").unwrap_or(name).strip_prefix("rfc")?;
        digits.bytes().all(|octet| octet.is_ascii_digit()).then_some(digits)
    })
}

#[test]
fn the_heading_of_each_rule_file_names_its_sections() {
    for (path, text) in all() {
        let Some(rfc) = rfc(&path) else { continue };
        // The roots of the folders only list their files.
        let root = path.file_stem().is_some_and(|stem| path.with_file_name(stem).is_dir());
        let heading = if root { format!("//! RFC {rfc}") } else { format!("//! RFC {rfc} §") };
        assert!(text.starts_with(&heading), "{}: should begin with `{heading}`", path.display());
    }
}

#[test]
fn every_id_in_the_sources_is_in_the_catalogue() {
    for (path, text) in all() {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
        for word in words.map(|word| word.trim_end_matches('.')) {
            if !word.starts_with("rfc") || word.matches('-').count() < 2 {
                continue;
            }
            if let Err(error) = word.parse::<RequirementId>() {
                panic!("{}: {error}", path.display());
            }
        }
    }
}

#[test]
fn no_file_outgrows_what_can_be_read() {
    for (path, text) in all() {
        assert!(text.lines().count() <= 600, "{} is too long", path.display());
    }
}
