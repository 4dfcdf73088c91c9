//! Every seed, and every input that once broke a property, through the body of its target.

use std::fs;
use std::path::{Path, PathBuf};

use smtpspec_fuzz::{Body, TARGETS};

#[test]
fn every_property_holds_of_seeds_and_of_former_crashes() {
    let mut failed = Vec::new();
    for (target, body) in TARGETS {
        let seeds = inputs("seeds", target);
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for input in seeds.into_iter().chain(inputs("crashes", target)) {
            if !holds(body, &input) {
                failed.push(input);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_property_holds_of_inputs_of_no_length_and_of_one_octet() {
    for (_, body) in TARGETS {
        body(b"");
        for octet in 0..=u8::MAX {
            body(&[octet]);
        }
    }
}

/// Half a seed is where a connection was cut.
#[test]
fn every_property_holds_of_the_beginnings_of_seeds() {
    for (target, body) in TARGETS {
        for input in inputs("seeds", target) {
            let octets = fs::read(input).expect("it is there");
            let step = octets.len() / 40 + 1;
            for length in (0..octets.len()).step_by(step) {
                body(&octets[..length]);
            }
        }
    }
}

#[test]
fn every_folder_belongs_to_a_target() {
    for kind in ["seeds", "crashes"] {
        for folder in entries(&root().join(kind)) {
            let name = folder.file_name().expect("a folder has a name").to_owned();
            assert!(TARGETS.iter().any(|(target, _)| name == *target), "{}", folder.display());
        }
    }
}

fn holds(body: Body, input: &Path) -> bool {
    let octets = fs::read(input).expect("it is there");
    std::panic::catch_unwind(|| body(&octets)).is_ok()
}

fn inputs(kind: &str, target: &str) -> Vec<PathBuf> {
    entries(&root().join(kind).join(target))
}

/// What is in a folder, in order; nothing if there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
