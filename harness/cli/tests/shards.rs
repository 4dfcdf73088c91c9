//! A run that is split over machines and merged equals the whole run.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};
use smtpspec::{Ended, command, peer, smtpspec, text};

/// A server that breaks rules, but always the same ones.
fn parrot() -> String {
    peer(|mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        let mut within_data = false;
        for line in reader.lines().map_while(Result::ok) {
            if within_data && line != "." {
                continue;
            }
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            within_data = verb == "DATA" && !within_data;
            let reply = match verb.as_str() {
                "EHLO" => "250-mx.example.test\r\n250-SIZE 100000\r\n250 8BITMIME\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                "RSET" => "250\r\n",
                _ => "250 ok \x07\r\n",
            };
            if stream.write_all(reply.as_bytes()).is_err() || verb == "QUIT" {
                return;
            }
        }
    })
}

fn run(args: &[&str], file: &Path, variables: &[(&str, &str)]) -> Ended {
    let mut run = command();
    for name in ["JOB_COMPLETION_INDEX", "CI_NODE_INDEX", "CIRCLE_NODE_INDEX"] {
        run.env_remove(name);
    }
    run.envs(variables.iter().copied());
    run.args(["run", "--report", &format!("json={}", text(file))]).args(args);
    let output = run.output().expect("the program starts");
    let code = output.status.code().expect("no signal ended it");
    Ended { code, output: output.stdout, errors: output.stderr }
}

fn document(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("a report")).expect("JSON")
}

/// The results without what two runs can't have alike: times, and words that are drawn by chance.
fn alike(results: &Value) -> Value {
    let pick = |value: &Value, members: &[&str]| {
        members.iter().map(|name| ((*name).to_owned(), value[*name].clone())).collect::<Value>()
    };
    let list = |name: &str| results[name].as_array().expect("a list").clone();
    let case = |case: &Value| {
        let mut shown =
            pick(case, &["id", "title", "section", "verdict", "checks", "file", "line"]);
        let findings = case["findings"].as_array().expect("a list");
        shown["findings"] = findings
            .iter()
            .map(|one| pick(one, &["requirement", "level", "wanted", "source"]))
            .collect();
        shown
    };
    let finding =
        |one: &Value| pick(one, &["case", "cases", "requirement", "level", "what", "wanted"]);
    json!({
        "schema": results["schema"],
        "tool": results["tool"],
        "target": pick(&results["target"], &["embedded", "greeting", "ehlo"]),
        "options": results["options"],
        "stopped": results["stopped"],
        "shard": results["shard"],
        "summary": results["summary"],
        "scenarios": list("scenarios").iter().map(case).collect::<Vec<_>>(),
        "findings": list("findings").iter().map(finding).collect::<Vec<_>>(),
    })
}

/// Two results are the same; where they are not, only the first difference is told.
fn assert_alike(merged: &Value, whole: &Value) {
    let (merged, whole) = (alike(merged), alike(whole));
    for list in ["scenarios", "findings"] {
        let items = |results: &Value| results[list].as_array().expect("a list").clone();
        for (merged, whole) in items(&merged).into_iter().zip(items(&whole)) {
            assert_eq!(merged, whole, "{list}");
        }
        assert_eq!(items(&merged).len(), items(&whole).len(), "{list}");
    }
    assert!(merged == whole, "summary: {} and {}", merged["summary"], whole["summary"]);
}

/// Plays all at once, and again in parts; tells what the whole came to, and what the parts.
fn both(args: &[&str], count: usize) -> (Ended, Value, Ended, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.json");
    let ended = run(args, &whole, &[]);
    let mut parts = Vec::new();
    for index in 1..=count {
        let file = folder.path().join(format!("{index}.json"));
        let shard = format!("{index}/{count}");
        let part = run(&[args, &["--shard", &shard]].concat(), &file, &[]);
        assert!(part.code <= 1, "{part}");
        parts.push(text(&file));
    }
    // In which order they come does not matter.
    parts.reverse();
    let merged = folder.path().join("merged.json");
    let report = format!("json={}", text(&merged));
    let mut merge = vec!["report", "merge", "--report", &report];
    merge.extend(parts.iter().map(String::as_str));
    let merging = smtpspec(&merge);
    (ended, document(&whole), merging, document(&merged))
}

#[test]
fn the_parts_of_a_run_against_a_bad_server_make_the_whole() {
    let server = parrot();
    // Of sections in which nothing hangs on what comes first.
    let sections = ["rfc5321/4.1.1.2", "rfc5321/4.1.1.3", "rfc5321/4.1.1.7", "rfc5321/4.2.4"];
    let args = [&sections[..], &["--server", &server, "--timeout", "5s"]].concat();
    let (ended, whole, merging, merged) = both(&args, 3);
    assert_eq!((ended.code, merging.code), (1, 1), "{ended}\n{merging}");
    assert!(whole["summary"]["fail"].as_u64() > Some(3), "{}", whole["summary"]);
    assert!(whole["summary"]["oracle_must"].as_u64() > Some(0), "{}", whole["summary"]);
    assert_alike(&merged, &whole);
}

#[test]
fn the_parts_of_a_run_against_the_reference_make_the_whole() {
    let (ended, whole, merging, merged) = both(&["rfc1870", "rfc6531"], 3);
    assert_eq!((ended.code, merging.code), (0, 0), "{ended}\n{merging}");
    assert!(whole["summary"]["pass"].as_u64() > Some(100), "{}", whole["summary"]);
    assert_alike(&merged, &whole);
}

#[test]
fn a_case_runs_in_one_part_and_an_empty_part_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let listed = smtpspec(&["run", "rfc5321/4.1.1.9", "--dry-run"]);
    let listed = String::from_utf8_lossy(&listed.output).into_owned();
    let id = listed.split_whitespace().next().expect("an id");
    let mut ran = 0;
    for index in 1..=5 {
        let file = folder.path().join("part.json");
        let part = run(&[id, "--shard", &format!("{index}/5")], &file, &[]);
        assert_eq!(part.code, 0, "{part}");
        let results = document(&file);
        ran += results["scenarios"].as_array().expect("a list").len();
        assert_eq!(results["shard"]["selected"], 1);
    }
    assert_eq!(ran, 1);
}

#[test]
fn a_missing_part_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("1.json");
    assert_eq!(run(&["rfc5321/4.1.1.9", "--shard", "1/3"], &file, &[]).code, 0);
    let whole = folder.path().join("whole.html");
    let report = format!("html={}", text(&whole));
    let ended = smtpspec(&["report", "merge", &text(&file), "--report", &report]);
    assert!(ended.code == 2 && ended.says("parts 2, 3 of 3 are missing"), "{ended}");
    assert!(!whole.exists());
}

#[test]
fn auto_asks_the_variables_of_whatever_runs_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("part.json");
    for (variables, index) in [
        ([("JOB_COMPLETION_INDEX", "1"), ("SMTPSPEC_SHARDS", "3")], 2),
        ([("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "3")], 3),
        ([("CIRCLE_NODE_INDEX", "0"), ("CIRCLE_NODE_TOTAL", "3")], 1),
    ] {
        let ended = run(&["rfc5321/4.1.1.9", "--shard", "auto"], &file, &variables);
        assert_eq!(ended.code, 0, "{ended}");
        let shard = &document(&file)["shard"];
        assert_eq!((&shard["index"], &shard["count"]), (&json!(index), &json!(3)));
    }
    let ended = run(&["rfc5321/4.1.1.9", "--shard", "auto"], &file, &[]);
    assert!(ended.code == 2 && ended.says("none of JOB_COMPLETION_INDEX"), "{ended}");
    let ended = run(&["rfc5321/4.1.1.9"], &file, &[("SMTPSPEC_SHARD", "7/3")]);
    assert!(ended.code == 2 && ended.says("no part 7 of 3"), "{ended}");
}
