//! The files under `examples/ci` are well-formed, and name flags and formats that there are.

mod smtpspec;

use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;
use smtpspec::smtpspec;

fn examples() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ci");
    let entries = fs::read_dir(folder).expect("the examples");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    texts.map(|path| (path.clone(), fs::read_to_string(path).expect("a file"))).collect()
}

/// Every text within a document.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Sequence(all) => all.iter().for_each(|one| texts(one, into)),
        Value::Mapping(all) => all.values().for_each(|one| texts(one, into)),
        _ => {}
    }
}

#[test]
fn they_are_yaml_and_there_is_one_for_each_of_them() {
    let names: Vec<String> = examples()
        .iter()
        .map(|(path, text)| {
            serde_yaml::from_str::<Value>(text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            path.file_name().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    for wanted in ["github-matrix.yaml", "gitlab-parallel.yaml", "kubernetes-indexed-job.yaml"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
    }
}

#[test]
fn their_flags_and_formats_exist() {
    let mut looked_at = 0;
    for (path, text) in examples() {
        let document: Value = serde_yaml::from_str(&text).expect("YAML");
        let mut all = Vec::new();
        texts(&document, &mut all);
        // Lines that a shell joins are one; what the CI replaces is some text.
        let commands = all.iter().flat_map(|text| {
            let joined = text.replace("\\\n", " ");
            joined.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        for command in commands.filter(|command| command.contains("smtpspec r")) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let start = words.iter().position(|word| *word == "smtpspec").expect("the program");
            let help = match words[start + 1] {
                "run" => smtpspec(&["run", "--help"]),
                "report" => smtpspec(&["report", words[start + 2], "--help"]),
                other => panic!("{}: {other}", path.display()),
            };
            assert_eq!(help.code, 0, "{help}");
            let known = String::from_utf8_lossy(&help.output).into_owned();
            let known: Vec<&str> = known.split_whitespace().collect();
            for pair in words[start..].windows(2) {
                let flag = pair[0];
                assert!(
                    !flag.starts_with("--") || known.contains(&flag),
                    "{}: {flag}",
                    path.display()
                );
                if pair[0] == "--report" {
                    let format = pair[1].split('=').next().unwrap_or_default();
                    format.parse::<smtpspec_report::Format>().unwrap_or_else(|why| panic!("{why}"));
                }
            }
            looked_at += 1;
        }
    }
    assert!(looked_at >= 5, "{looked_at}");
}
