//! The house rules that a machine can hold: which crate may depend on which, what a sans-IO crate
//! may not name, and how long a file may be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// For each crate, what it may depend on. Dependencies point down.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("smtpspec-catalogue", &[]),
    ("smtpspec-protocol", &["catalogue"]),
    ("smtpspec-reference", &["catalogue", "protocol"]),
    ("smtpspec-scenario", &["catalogue", "protocol"]),
    ("smtpspec-judge", &["catalogue", "protocol", "reference", "scenario"]),
    ("smtpspec-explore", &["catalogue", "protocol", "reference", "scenario", "judge"]),
    ("smtpspec-report", &["catalogue", "protocol", "judge"]),
    ("smtpspec-runner", &["catalogue", "protocol", "reference", "scenario", "judge", "explore"]),
    (
        "smtpspec",
        &["catalogue", "protocol", "reference", "scenario", "judge", "explore", "report", "runner"],
    ),
];

/// The crates below the line: no sockets, no clock, no async.
const SANS_IO: &[&str] = &[
    "harness/catalogue",
    "harness/protocol",
    "harness/reference",
    "harness/scenario",
    "harness/judge",
    "harness/explore",
    "reports",
];

/// What those may not name. `std::io` is no socket: a reader that is handed in is data.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "rustls",
    "std::net::Tcp",
    "std::net::Udp",
    "std::net::ToSocketAddrs",
    "Instant::now",
    "SystemTime::now",
    "std::thread",
    "std::fs",
    "std::process",
];

/// The longest file, without the tests at its end.
const LONGEST: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn metadata() -> Value {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

#[test]
fn dependencies_point_down() {
    let allowed: BTreeMap<_, _> = MAY_DEPEND_ON.iter().copied().collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("a list");
    assert_eq!(packages.len(), allowed.len(), "a crate is missing from the table");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for dependency in package["dependencies"].as_array().expect("a list") {
            let on = dependency["name"].as_str().expect("a name");
            if let Some(short) = on.strip_prefix("smtpspec-") {
                assert!(may.contains(&short), "{name} may not depend on {on}");
            }
        }
    }
}

#[test]
fn nothing_below_the_runner_knows_sockets_clocks_or_files() {
    for folder in SANS_IO {
        for file in sources(&root().join(folder).join("src")) {
            if file.file_name().is_some_and(|name| name == "tests.rs") {
                continue;
            }
            for (number, line) in without_tests(&file).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for word in FORBIDDEN {
                    let place = format!("{}:{}", file.display(), number + 1);
                    assert!(!code.contains(word), "{place} names {word}");
                }
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_a_thought() {
    for folder in ["harness", "reports"] {
        for file in sources(&root().join(folder)) {
            let lines = without_tests(&file).lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines", file.display());
        }
    }
}

/// What stands in a file before the tests at its end.
fn without_tests(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a readable file");
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    code.unwrap_or_default().to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{} holds no code", folder.display());
    found
}
