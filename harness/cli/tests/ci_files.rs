//! The files for other people's CI name flags and variables that exist.

mod smtpspec;

use std::collections::BTreeSet;
use std::path::Path;

use smtpspec::smtpspec;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of a text that begin so.
fn words(text: &str, begin: &str) -> BTreeSet<String> {
    let part = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    text.split(part).filter(|word| word.starts_with(begin)).map(str::to_owned).collect()
}

fn help() -> String {
    String::from_utf8_lossy(&smtpspec(&["run", "--help"]).output).into_owned()
}

#[test]
fn every_flag_of_the_action_is_one_of_run() {
    let script = read(".ci/action");
    let flags = words(&script, "--");
    let known = words(&help(), "--");
    assert!(flags.len() >= 7, "{flags:?}");
    let unknown: Vec<_> = flags.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // And the script reads each input that the action hands to it.
    let inputs = words(&read("action.yml"), "INPUT_");
    assert_eq!(inputs, words(&script, "INPUT_"));
}

#[test]
fn every_variable_of_the_examples_is_one_of_run() {
    let known = words(&help(), "SMTPSPEC_");
    let mut used = words(&read("examples/ci/gitlab.yml"), "SMTPSPEC_");
    // The image is the user's own.
    assert!(used.remove("SMTPSPEC_IMAGE"));
    assert!(used.len() >= 4 && used.is_subset(&known), "{used:?}");
    let flags = words(&read("examples/ci/gitlab.yml"), "--");
    assert!(flags.is_subset(&words(&help(), "--")), "{flags:?}");
}

#[test]
fn the_examples_give_the_action_inputs_that_it_has() {
    let action: serde_yaml::Value = serde_yaml::from_str(&read("action.yml")).expect("YAML");
    let flow: serde_yaml::Value =
        serde_yaml::from_str(&read("examples/ci/github.yml")).expect("YAML");
    let steps = flow["jobs"]["smtp"]["steps"].as_sequence().expect("steps");
    let uses = |step: &&serde_yaml::Value| {
        step["uses"].as_str().is_some_and(|name| name.starts_with("OWNER/smtpspec"))
    };
    let step = steps.iter().find(uses).expect("the step of smtpspec");
    let given = step["with"].as_mapping().expect("inputs");
    for name in given.keys() {
        assert!(action["inputs"].get(name).is_some(), "{name:?} is no input");
    }
    let output = "steps.smtpspec.outputs.sarif";
    assert!(read("examples/ci/github.yml").contains(output));
    assert!(action["outputs"].get("sarif").is_some());
}
