//! `reports/adjudication.yaml` says of everything that a published result accuses a server of why
//! it is true, and of nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fs, str};

use serde_json::Value;
use serde_yaml::Value as Yaml;

fn reports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports")
}

/// What one published result accuses its server of: the ids of cases, and `oracle:` with a
/// requirement for what the model found. The results are large, so all tests read them once.
static ACCUSATIONS: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let published = fs::read_dir(reports().join("published")).expect("as it was published");
    published
        .map(|entry| {
            let path = entry.expect("as it was published").path();
            let results: Value =
                serde_json::from_slice(&fs::read(&path).expect("as it was published"))
                    .expect("as it was published");
            (
                path.file_stem()
                    .expect("as it was published")
                    .to_str()
                    .expect("as it was published")
                    .to_owned(),
                of(&results),
            )
        })
        .collect()
});

fn of(results: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("as it was published").to_owned();
    let cases = results["scenarios"].as_array().expect("as it was published").iter();
    let mut accused: Vec<_> = cases
        .filter(|case| matches!(case["verdict"].as_str(), Some("fail" | "warn")))
        .map(|case| text(&case["id"]))
        .collect();
    let findings = results["findings"].as_array().expect("as it was published").iter();
    accused.extend(findings.map(|found| format!("oracle:{}", text(&found["requirement"]))));
    accused.sort();
    accused.dedup();
    accused
}

#[derive(Debug)]
struct Entry {
    servers: Vec<String>,
    /// Globs over cases, and `oracle:` with a requirement.
    accused: Vec<String>,
    requirement: String,
    judgement: String,
    why: String,
}

fn entries() -> Vec<Entry> {
    let text =
        fs::read_to_string(reports().join("adjudication.yaml")).expect("as it was published");
    let entries: Vec<Yaml> = serde_yaml::from_str(&text).expect("as it was published");
    entries.iter().map(entry).collect()
}

fn entry(entry: &Yaml) -> Entry {
    let word = |value: &Yaml| match value {
        // YAML's own `true`.
        Yaml::Bool(truth) => truth.to_string(),
        other => other.as_str().unwrap_or_else(|| panic!("no text: {other:?}")).to_owned(),
    };
    let list = |key: &str| match &entry[key] {
        Yaml::Null => Vec::new(),
        list => {
            list.as_sequence().expect("as it was published").iter().map(word).collect::<Vec<_>>()
        }
    };
    let oracle = list("oracle").into_iter().map(|id| format!("oracle:{id}"));
    Entry {
        servers: list("servers"),
        accused: list("cases").into_iter().chain(oracle).collect(),
        requirement: word(&entry["requirement"]),
        judgement: word(&entry["judgement"]),
        why: word(&entry["why"]),
    }
}

impl Entry {
    /// Whether it speaks of what this result shows: a server stands for all its listeners, for the
    /// clear one and those inside TLS that `harness/lab/publish` puts behind its name.
    fn is_about(&self, result: &str) -> bool {
        self.servers.iter().any(|named| stands_for(named, result))
    }
}

fn stands_for(named: &str, result: &str) -> bool {
    let server = ["-submission", "-submissions"].iter().find_map(|end| result.strip_suffix(end));
    named == result || server == Some(named)
}

/// Whether a pattern, in which `*` stands for anything, fits.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    text.char_indices().any(|(at, _)| fits(rest, &text[at..])) || fits(rest, "")
}

#[test]
fn every_accusation_is_judged() {
    let entries = entries();
    let mut unjudged = Vec::new();
    assert!(!ACCUSATIONS.is_empty());
    for (server, accused) in &*ACCUSATIONS {
        let own: Vec<_> = entries.iter().filter(|entry| entry.is_about(server)).collect();
        let judged = |accusation: &String| {
            own.iter().any(|entry| entry.accused.iter().any(|one| fits(one, accusation)))
        };
        let missing = accused.iter().filter(|accusation| !judged(accusation));
        unjudged.extend(missing.map(|accusation| format!("{server}: {accusation}")));
    }
    assert!(unjudged.is_empty(), "not in adjudication.yaml:\n{}", unjudged.join("\n"));
}

#[test]
fn no_judgement_outlives_its_accusation() {
    let mut stale = Vec::new();
    for entry in entries() {
        let shown = |server: &String, pattern: &String| {
            let mut own = ACCUSATIONS.iter().filter(|(result, _)| stands_for(server, result));
            own.any(|(_, accused)| accused.iter().any(|accusation| fits(pattern, accusation)))
        };
        for server in &entry.servers {
            if !entry.accused.iter().any(|pattern| shown(server, pattern)) {
                stale.push(format!("{server}: none of {:?}", entry.accused));
            }
        }
        for pattern in &entry.accused {
            if !entry.servers.iter().any(|server| shown(server, pattern)) {
                stale.push(format!("{pattern}: with none of {:?}", entry.servers));
            }
        }
    }
    assert!(stale.is_empty(), "no published result shows:\n{}", stale.join("\n"));
}

#[test]
fn every_judgement_names_its_rule_and_its_reason() {
    for entry in entries() {
        assert!(!entry.servers.is_empty() && !entry.accused.is_empty(), "{entry:?}");
        assert!(matches!(entry.judgement.as_str(), "true" | "lab" | "disputed"), "{entry:?}");
        assert!(entry.why.len() > 20, "{entry:?}");
        let known =
            smtpspec_catalogue::all().iter().any(|known| known.id().as_str() == entry.requirement);
        assert!(known, "{entry:?}");
    }
}

#[test]
fn what_is_known_of_these_servers_shows() {
    let shows =
        |server: &str, case: &str| ACCUSATIONS[server].iter().any(|accusation| accusation == case);
    // CVE-2024-27305 in the one, mended in the other; CVE-2023-51764, and the settings against it.
    for (case, one, other) in [
        ("rfc5321/4.1.1.4/end-of-data-alone[lf-dot-crlf]", "aiosmtpd-1.4.4", "aiosmtpd-1.4.6"),
        (
            "rfc5321/4.1.1.4/end-of-data-alone[lf-dot-crlf]",
            "postfix-3.7.11",
            "postfix-3.7.11-hardened",
        ),
        // CVE-2024-34083, where TLS begins within the session.
        ("rfc3207/4.2/injection-of-a-transaction", "aiosmtpd-1.4.4", "aiosmtpd-1.4.6"),
        (
            "rfc3207/4.2/injection-of-a-command[noop]",
            "aiosmtpd-1.4.4-submission",
            "aiosmtpd-1.4.6-submission",
        ),
    ] {
        assert!(shows(one, case) && !shows(other, case), "{case}: {one} and not {other}");
    }
}

/// What is made of bob's password for PLAIN, LOGIN and by itself, as far as it does not depend on what
/// stands before it; the answers of the other mechanisms are never the same twice.
const TRACES: [&str; 4] = ["c2VjcmV0", "AHNlY3Jld", "zZWNyZX", "AGJvYgBz"];

#[test]
fn no_published_result_shows_the_password() {
    let texts = fs::read_dir(reports().join("published")).expect("as it was published");
    for path in texts.map(|entry| entry.expect("as it was published").path()) {
        let text = fs::read_to_string(&path).expect("as it was published");
        for trace in TRACES {
            assert!(!text.contains(trace), "{}: {trace}", path.display());
        }
        // The word is English too, but nothing that is sent, received or found says it.
        let results: Value = serde_json::from_str(&text).expect("as it was published");
        for case in results["scenarios"].as_array().expect("as it was published") {
            for part in ["transcript", "findings", "reason"] {
                assert!(!case[part].to_string().contains("secret"), "{}", case["id"]);
            }
        }
        assert!(!results["findings"].to_string().contains("secret"), "{}", path.display());
    }
}

#[test]
fn a_server_stands_for_its_listeners() {
    assert!(stands_for("a-1", "a-1") && stands_for("a-1", "a-1-submissions"));
    assert!(!stands_for("a-1", "a-1-hardened-submission") && !stands_for("a-1-submission", "a-1"));
}

#[test]
fn a_star_stands_for_anything() {
    assert!(fits("a/b", "a/b") && fits("a/*", "a/b[c]") && fits("a*c", "abc") && fits("a*", "a"));
    assert!(!fits("a/b", "a/bc") && !fits("a/*", "b/a") && !fits("a*c", "ab"));
}

/// What `smtpspec fuzz` found, in the files of `reports/fuzz`: its id, and what it checks.
fn found_by_fuzzing() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(reports().join("fuzz")).expect("as it was published") {
        let path = entry.expect("as it was published").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_none_or(|kind| kind != "yaml") {
            continue;
        }
        let text = fs::read(&path).expect("as it was published");
        let file: Yaml = serde_yaml::from_slice(&text).expect("as it was published");
        for scenario in file["scenarios"].as_sequence().expect("scenarios") {
            let text = |value: &Yaml| value.as_str().expect("a text").to_owned();
            let checks = scenario["checks"].as_sequence().expect("checks").iter().map(text);
            all.insert(format!("{name} {}", text(&scenario["id"])), checks.collect());
        }
    }
    all
}

#[test]
fn everything_that_was_found_by_fuzzing_is_judged() {
    let text = fs::read(reports().join("fuzz-adjudication.yaml")).expect("as it was published");
    let entries: Vec<Yaml> = serde_yaml::from_slice(&text).expect("as it was published");
    let found = found_by_fuzzing();
    let mut judged: Vec<String> = Vec::new();
    for entry in &entries {
        let scenario = entry["scenario"].as_str().expect("a scenario").to_owned();
        let checks = found.get(&scenario).unwrap_or_else(|| panic!("no such thing: {scenario}"));
        let rule = entry["requirement"].as_str().expect("a requirement");
        assert!(checks.iter().any(|check| check == rule), "{scenario} does not check {rule}");
        assert!(entry["why"].as_str().is_some_and(|why| why.len() > 40), "{scenario}");
        assert!(entry["servers"].as_sequence().is_some_and(|all| !all.is_empty()), "{scenario}");
        judged.push(scenario);
    }
    judged.sort();
    let all: Vec<String> = found.into_keys().collect();
    assert_eq!(judged, all, "each has one entry");
}
