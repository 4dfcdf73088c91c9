//! `smtpspec report`: results that were written to files, rendered, compared and put side by side.

mod smtpspec;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use smtpspec::{command, smtpspec, text};

const FORMATS: [&str; 9] =
    ["terminal", "json", "junit", "tap", "markdown", "html", "sarif", "badge", "badge-json"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn published(name: &str) -> String {
    text(&root().join("reports/published").join(name))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// A short run against the reference, written in every format.
fn written(folder: &Path) -> PathBuf {
    let mut run = command();
    run.args(["run", "rfc5321/4.1.1.9"]);
    for format in FORMATS {
        run.args(["--report", &format!("{format}={}", text(&folder.join(format)))]);
    }
    let ended = run.output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    folder.join("json")
}

#[test]
fn a_stored_document_renders_as_the_run_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = written(folder.path());
    for format in FORMATS {
        let again = folder.path().join("again");
        let ended =
            smtpspec(&["report", "render", &format!("{format}={}", text(&again)), &text(&results)]);
        assert_eq!(ended.code, 0, "{ended}");
        let first = fs::read(folder.path().join(format)).expect("the run's");
        assert_eq!(fs::read(&again).expect("the same"), first, "{format}");
    }
}

#[test]
fn results_come_from_standard_input_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = fs::read(written(folder.path())).expect("results");
    let mut render = command();
    render
        .args(["report", "render", "badge-json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = render.spawn().expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(&results).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let badge: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &badge["schemaVersion"]), (Some(0), &Value::from(1)));
}

#[test]
fn what_is_no_results_document_is_told_with_what_would_be_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("some.json");
    for (content, word) in [
        ("", "--report json=FILE"),
        ("{}", "it names no `schema`"),
        ("{\"schema\": \"smtpspec-results/2.0\"}", "`smtpspec-results/2.0`"),
        ("{\"schema\": \"smtpspec-results/1.0\",\n\"tool\": 7}", "line 2"),
    ] {
        fs::write(&file, content).expect("a file");
        let ended = smtpspec(&["report", "render", "html", &text(&file)]);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.says(word) && ended.says("some.json"), "{ended}");
        assert!(ended.output.is_empty(), "{ended}");
    }
    let ended = smtpspec(&["report", "render", "html", &text(&folder.path().join("none.json"))]);
    assert!(ended.code == 2 && ended.says("none.json"), "{ended}");
    let ended = smtpspec(&["report", "render", "htm", &text(&file)]);
    assert!(ended.code == 2 && ended.says("did you mean `html`"), "{ended}");
}

#[test]
fn what_got_worse_is_1_and_what_got_better_is_0() {
    let (hardened, usual) =
        (published("postfix-3.7.11-hardened.json"), published("postfix-3.7.11.json"));
    let worse = smtpspec(&["report", "diff", &hardened, &usual]);
    assert_eq!(worse.code, 1, "{worse}");
    let case = "rfc5321/4.1.1.4/end-of-data-alone[lf-dot-crlf]";
    assert!(worse.says(case) && worse.says("rfc5321-4.1.1.4-7 (the model)"), "{worse}");
    let better = smtpspec(&["report", "diff", &usual, &hardened]);
    assert_eq!(better.code, 0, "{better}");
    assert!(better.says("0 worse") && better.says(case), "{better}");
    let beside_itself = smtpspec(&["report", "diff", &hardened, &hardened, "--quiet"]);
    assert!(beside_itself.code == 0 && beside_itself.says("0 worse"), "{beside_itself}");
}

#[test]
fn a_comparison_has_its_own_formats() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json_file, page) = (folder.path().join("deep/diff.json"), folder.path().join("diff.md"));
    let old = published("aiosmtpd-1.4.4.json");
    let new = published("aiosmtpd-1.4.6.json");
    let (first, second) =
        (format!("json={}", text(&json_file)), format!("markdown={}", text(&page)));
    let ended = smtpspec(&["report", "diff", &old, &new, "--report", &first, "--report", &second]);
    assert_eq!(ended.code, 0, "{ended}");
    let better = json(&json_file)["changes"]["better"].as_array().expect("a list").len();
    assert!(better > 10, "{better}");
    assert!(fs::read_to_string(&page).expect("a page").contains("### Better ("));
    let ended = smtpspec(&["report", "diff", &old, &new, "--report", "junit"]);
    assert!(ended.code == 2 && ended.says("terminal, markdown, json"), "{ended}");
}

#[test]
fn one_run_is_no_part_of_one() {
    let ended = smtpspec(&["report", "merge", &published("aiosmtpd-1.4.6.json")]);
    assert!(ended.code == 2 && ended.says("no part of a split run"), "{ended}");
    assert!(smtpspec(&["report", "merge"]).code == 2);
}

#[test]
fn a_matrix_needs_files_of_different_names_and_good_judgements() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = published("aiosmtpd-1.4.6.json");
    let ended = smtpspec(&["report", "matrix", &file, &file]);
    assert!(ended.code == 2 && ended.says("aiosmtpd-1.4.6"), "{ended}");
    let judgements = folder.path().join("judgements.yaml");
    fs::write(&judgements, "- servers: [a]\n  judgement: maybe\n").expect("a file");
    let ended = smtpspec(&["report", "matrix", &file, "--adjudication", &text(&judgements)]);
    assert!(ended.code == 2 && ended.says("judgements.yaml"), "{ended}");
    let ended = smtpspec(&["report", "matrix", &file, "--report", "tap"]);
    assert!(ended.code == 2 && ended.says("html, markdown, json"), "{ended}");
}

#[test]
fn the_published_matrix_is_that_of_the_published_results() {
    let matrix = json(&root().join("reports/matrix.json"));
    let mut shown = BTreeMap::new();
    for server in matrix["servers"].as_array().expect("a list") {
        let name = server["name"].as_str().expect("a name").to_owned();
        shown.insert(name, (server["started"].clone(), server["summary"].clone()));
    }
    let mut published = BTreeMap::new();
    for entry in fs::read_dir(root().join("reports/published")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with("-submission") && !name.ends_with("-submissions") {
            let results = json(&path);
            published.insert(name, (results["started"].clone(), results["summary"].clone()));
        }
    }
    assert_eq!(shown, published, "`harness/lab/matrix SMTPSPEC` makes it anew");
    // The page that people see first shows the same.
    let page = fs::read_to_string(root().join("reports/matrix.md")).expect("the page");
    let table = page.split("\n\n").find(|part| part.starts_with("| server |")).expect("a table");
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(readme.contains(table), "README shows another table than reports/matrix.md:\n{table}");
    assert!(!table.contains("127.0.0.1"), "{table}");
}

#[test]
fn in_a_step_summary_what_stood_there_stays_and_elsewhere_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (summary, other) = (folder.path().join("summary.md"), folder.path().join("other.md"));
    for file in [&summary, &other] {
        fs::write(file, "what an earlier command said\n\n").expect("a file");
        let mut render = command();
        render.env("GITHUB_STEP_SUMMARY", &summary);
        let report = format!("markdown={}", text(file));
        render.args(["report", "render", &report, &published("aiosmtpd-1.4.6-submission.json")]);
        assert!(render.status().expect("the program starts").success());
    }
    let read = |file: &Path| fs::read_to_string(file).expect("a report");
    assert_eq!(read(&summary), format!("what an earlier command said\n\n{}", read(&other)));
    assert!(read(&other).starts_with("## "));
}
