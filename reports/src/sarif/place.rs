//! Where a finding is shown, and how it is known again.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use smtpspec_catalogue::RequirementId;
use smtpspec_judge::{CaseResult, Finding, Source};

/// What places are relative to.
pub(super) const ROOT: &str = "%SRCROOT%";

/// The line of the expectation, or of the case where the model found it.
pub(super) fn of(case: &CaseResult, finding: &Finding) -> Value {
    let line = match finding.source {
        Source::Scenario { line } => line,
        Source::Oracle => case.line,
    };
    let mut artifact = json!({ "uri": uri(&case.file) });
    if !is_absolute(&case.file) {
        artifact["uriBaseId"] = ROOT.into();
    }
    json!({ "physicalLocation": {
        "artifactLocation": artifact,
        "region": { "startLine": line.max(1) },
    } })
}

/// A path as a reference: relative to the root, or a `file:` one.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./");
    let mut uri = String::with_capacity(path.len());
    if is_absolute(path) {
        uri.push_str(if path.starts_with('/') { "file://" } else { "file:///" });
    }
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(char::from(octet));
            }
            _ => {
                // Writing to a `String` can't fail.
                let _ = write!(uri, "%{octet:02X}");
            }
        }
    }
    uri
}

/// Whether a path begins at the root of a disk.
fn is_absolute(path: &str) -> bool {
    let mut letters = path.chars();
    match (letters.next(), letters.next()) {
        (Some('/' | '\\'), _) => true,
        (Some(letter), Some(':')) => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// The same for the same breach in every run, whatever lines, words and times are.
pub(super) fn fingerprint(requirement: RequirementId, case: &str, by_model: bool) -> String {
    let who = if by_model { "model" } else { "scenario" };
    // What the model sees in many cases is told once, with the first; which that is may change.
    let case = if by_model { "" } else { case };
    let digest = Sha256::digest(format!("{who}\n{requirement}\n{case}"));
    let first: [u8; 8] = std::array::from_fn(|index| digest[index]);
    format!("{:016x}:1", u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("scenarios/rfc5321/4.1.yaml"), "scenarios/rfc5321/4.1.yaml");
        assert_eq!(uri("./my own\\x.yaml"), "my%20own/x.yaml");
        assert_eq!(uri("/tmp/ä.yaml"), "file:///tmp/%C3%A4.yaml");
        assert_eq!(uri("C:\\x.yaml"), "file:///C%3A/x.yaml");
        assert!(!is_absolute("scenarios/x.yaml") && !is_absolute(""));
    }
}
