//! The exit codes, which people's CI depends on: one test each, and with each the report that is
//! written whatever happens.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use serde_json::Value;
use smtpspec::{Ended, peer, smtpspec, text};
use tempfile::TempDir;

/// A folder with scenarios that say NOOP: the program's whole suite takes longer.
fn bench() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = |id: &str, line: &str| {
        format!(
            "  - id: {id}\n    title: A line\n    checks: [rfc5321-4.1.1.9-4]\n    dialogue:\n      \
             - C: {line}\n      - S: 250\n"
        )
    };
    let scenarios: String = [("a", "NOOP"), ("b", "NOOP b"), ("c", "NOOP c")]
        .into_iter()
        .map(|(id, line)| scenario(id, line))
        .collect();
    let file = format!("spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n{scenarios}");
    fs::write(folder.path().join("own.yaml"), file).expect("it can be written");
    folder
}

fn report(folder: &TempDir) -> PathBuf {
    folder.path().join("reports").join("out.json")
}

/// The words of a run of the bench's scenarios, one after the other, with a report.
fn words(folder: &TempDir, server: &str) -> Vec<String> {
    let own = text(&folder.path().join("own.yaml"));
    let json = format!("json={}", text(&report(folder)));
    [
        "run",
        "--scenarios",
        &own,
        "-s",
        server,
        "--jobs",
        "1",
        "--report",
        &json,
        "--report",
        "terminal",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn run(folder: &TempDir, server: &str, more: &[&str]) -> Ended {
    let words = words(folder, server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    smtpspec(&[&words, more].concat())
}

fn results(folder: &TempDir) -> Value {
    let document = fs::read(report(folder)).expect("there is a report");
    serde_json::from_slice(&document).expect("it is whole")
}

/// A session in which each line is answered as `answer` says; no answer ends it.
fn session(mut stream: TcpStream, answer: impl Fn(&str) -> Option<&'static str>) {
    let reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let _ = stream.write_all(b"220 mx.example.test ready\r\n");
    for line in reader.lines().map_while(Result::ok) {
        let Some(reply) = answer(&line) else { return };
        let _ = stream.write_all(format!("{reply} mx.example.test\r\n").as_bytes());
        if reply == "221" {
            return;
        }
    }
}

fn server(answer: impl Fn(&str) -> &'static str + Send + Sync + 'static) -> String {
    peer(move |stream| session(stream, |line| Some(answer(line))))
}

fn well(line: &str) -> &'static str {
    if line == "QUIT" { "221" } else { "250" }
}

#[test]
fn zero_is_that_nothing_is_broken() {
    let folder = bench();
    let ended = run(&folder, &server(well), &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(results(&folder)["summary"]["pass"], 3);
}

#[test]
fn one_is_that_a_must_is_broken() {
    let folder = bench();
    let ended = run(&folder, &server(|line| if line == "NOOP" { "550" } else { well(line) }), &[]);
    assert_eq!(ended.code, 1, "{ended}");
    assert_eq!(results(&folder)["summary"]["fail"], 1);
}

#[test]
fn two_is_wrong_usage_and_nothing_is_written() {
    let folder = bench();
    let ended = run(&folder, &server(well), &["--jobs", "many"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(!report(&folder).exists());
}

#[test]
fn three_is_a_target_that_dies_and_what_was_seen_is_reported() {
    let folder = bench();
    // It lives until somebody says `NOOP b`, and then nobody listens any more.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let (dies, death) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            session(stream, |line| {
                if line == "NOOP b" {
                    let _ = dies.send(());
                    return None;
                }
                Some(well(line))
            });
            if death.try_recv().is_ok() {
                return;
            }
        }
    });
    let ended = run(&folder, &address, &["--timeout", "1s"]);
    assert_eq!(ended.code, 3, "{ended}");
    let results = results(&folder);
    assert_eq!(results["stopped"]["why"], "unreachable");
    assert_eq!(results["stopped"]["after"], "rfc5321/4.1.1.9/b");
    assert_eq!(results["summary"]["pass"], 1);
    assert_eq!(results["summary"]["not_run"], 1);
    assert!(ended.says("rfc5321/4.1.1.9/b, which may have brought it down"), "{ended}");
}

#[test]
fn four_is_that_nothing_could_be_judged() {
    let folder = bench();
    // It takes nobody's greeting: policy, and no breach of any rule.
    let ended = run(&folder, &server(|line| if line == "QUIT" { "221" } else { "450" }), &[]);
    assert_eq!(ended.code, 4, "{ended}");
    assert_eq!(results(&folder)["summary"]["inconclusive"], 3);
}

#[test]
fn five_is_a_report_that_cannot_be_written_and_the_other_one_is() {
    let folder = bench();
    let below = format!("junit={}/below-a-file/x.xml", text(&folder.path().join("own.yaml")));
    let ended = run(&folder, &server(well), &["--report", &below]);
    assert_eq!(ended.code, 5, "{ended}");
    assert!(ended.says("below-a-file/x.xml: the junit report could not be written"), "{ended}");
    assert_eq!(results(&folder)["summary"]["pass"], 3);
    assert!(ended.says("3 passed"), "{ended}");
}

#[cfg(unix)]
#[test]
fn one_hundred_and_thirty_is_an_interrupted_run_and_what_was_seen_is_reported() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let folder = bench();
    let (told, hears) = mpsc::channel();
    // `NOOP b` has no answer, and the run waits for one.
    let address = peer(move |mut stream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            match well(&line) {
                _ if line == "NOOP b" => {
                    let _ = told.send(());
                }
                code => {
                    let _ = stream.write_all(format!("{code} mx.example.test\r\n").as_bytes());
                }
            }
        }
    });
    let child = smtpspec::command()
        .args(words(&folder, &address))
        .args(["--timeout", "60s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    hears.recv_timeout(Duration::from_mins(1)).expect("the run is under way");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let results = results(&folder);
    assert_eq!(results["stopped"]["why"], "interrupted");
    assert_eq!(results["summary"]["pass"], 1);
}
