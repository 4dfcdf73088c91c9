//! `--baseline`, `--update-baseline` and `--retries`, against a server whose answer to NOOP changes.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use smtpspec::{Ended, peer, smtpspec, text};

const NOOP: &str = "rfc5321/4.1.1.9/plain";
const QUIT: &str = "rfc5321/4.1.1.10/closes";

/// The two scenarios, as files of the user's own: the program's whole suite takes longer to read.
const FILES: [(&str, &str); 2] = [
    (
        "4.1.1.9-noop.yaml",
        "section: 4.1.1.9\nid: plain\nchecks: [rfc5321-4.1.1.9-4]\nC: NOOP\nS: 250",
    ),
    (
        "4.1.1.10-quit.yaml",
        "section: 4.1.1.10\nid: closes\nchecks: [rfc5321-4.1.1.10-2]\nC: QUIT\nS: 221",
    ),
];

/// A server that answers NOOP with the code that `code` holds, and the rest as it should.
fn server(code: &Arc<AtomicUsize>) -> String {
    let code = Arc::clone(code);
    peer(move |mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let code = match line.as_str() {
                "NOOP" => code.load(Ordering::Relaxed),
                "QUIT" => 221,
                _ => 250,
            };
            let _ = stream.write_all(format!("{code} mx.example.test\r\n").as_bytes());
            if code == 221 {
                return;
            }
        }
    })
}

/// A server, a folder, and runs of one scenario with a baseline in it.
struct Bench {
    code: Arc<AtomicUsize>,
    address: String,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(code: usize) -> Self {
        let code = Arc::new(AtomicUsize::new(code));
        let address = server(&code);
        let folder = tempfile::tempdir().expect("a folder");
        let rfc = folder.path().join("rfc5321");
        fs::create_dir(&rfc).expect("it can be made");
        for (name, lines) in FILES {
            let line: Vec<&str> = lines.lines().collect();
            let scenario = format!(
                "spec: rfc5321\n{}\ntitle: One\nscenarios:\n  - {}\n    title: One\n    {}\n    \
                 dialogue:\n      - {}\n      - {}\n",
                line[0], line[1], line[2], line[3], line[4]
            );
            fs::write(rfc.join(name), scenario).expect("it can be written");
        }
        Self { code, address, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("known.yaml")
    }

    fn write(&self, entries: &str) {
        fs::write(self.file(), format!("known:\n{entries}")).expect("it can be written");
    }

    fn read(&self) -> String {
        fs::read_to_string(self.file()).expect("it is there")
    }

    fn run(&self, filters: &[&str], flags: &[&str]) -> Ended {
        let (file, folder) = (text(&self.file()), text(&self.folder.path().join("rfc5321")));
        let common = ["-s", &self.address, "--baseline", &file, "--scenarios", &folder];
        smtpspec(&[&["run"], filters, &common, flags].concat())
    }
}

fn entry(id: &str, expect: &str, more: &str) -> String {
    format!("  - {{scenario: '{id}', expect: {expect}, reason: the vendor knows{more}}}\n")
}

#[test]
fn what_is_known_is_green_and_what_is_new_is_red() {
    let bench = Bench::new(550);
    bench.write(&entry(QUIT, "fail", ""));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("1 new that fail") && ended.says(&format!("FAIL {NOOP}")), "{ended}");
    bench.write(&entry(NOOP, "fail", ""));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("1 known") && ended.says("the vendor knows"), "{ended}");
    assert!(ended.says("known.yaml:2") && !ended.says("FAIL "), "{ended}");
}

#[test]
fn a_pass_where_a_failure_was_expected_is_red_and_names_the_line() {
    let bench = Bench::new(250);
    bench.write(&entry(NOOP, "fail", ""));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("does not hold any more") && ended.says("line 2"), "{ended}");
    assert!(ended.says("expected to fail and passes"), "{ended}");
    bench.write(&entry(NOOP, "fail", ", intermittent: true"));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 0, "{ended}");
}

#[test]
fn an_entry_that_matches_nothing_is_red_and_one_that_was_not_selected_is_not() {
    let bench = Bench::new(250);
    bench.write(&entry(QUIT, "fail", ""));
    assert_eq!(bench.run(&[NOOP], &[]).code, 0);
    bench.write(&entry("rfc5321/4.1.1.9/plane", "fail", ""));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("`rfc5321/4.1.1.9/plane` matches nothing"), "{ended}");
    // The program's own suite knows this one, so it is no slip where another suite is run.
    bench.write(&entry("rfc5321/4.1.4/rcpt-before-mail", "fail", ""));
    let ended = bench.run(&[], &[]);
    assert_eq!(ended.code, 0, "{ended}");
}

#[test]
fn an_entry_whose_day_is_over_is_red() {
    let bench = Bench::new(550);
    bench.write(&entry(NOOP, "fail", ", until: 2020-02-29"));
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("was excused until 2020-02-29") && ended.says("line 2"), "{ended}");
    assert!(ended.says(&format!("FAIL {NOOP}")), "{ended}");
    // Nobody but a person gives it another day.
    let before = bench.read();
    assert_eq!(bench.run(&[NOOP], &["--update-baseline"]).code, 1);
    assert_eq!(bench.read(), before);
    bench.write(&entry(NOOP, "fail", ", until: 2999-12-31"));
    assert_eq!(bench.run(&[NOOP], &[]).code, 0);
}

#[test]
fn an_update_writes_what_was_seen_and_keeps_what_people_wrote() {
    let bench = Bench::new(550);
    let ended = bench.run(&[NOOP], &["--update-baseline"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("1 added, 0 changed, 0 removed"), "{ended}");
    let written = bench.read();
    assert!(written.contains(NOOP) && written.contains("550"), "{written}");
    assert_eq!(bench.run(&[NOOP], &[]).code, 0);
    let people = format!(
        "# Ours.\nknown:\n  # See 17.\n  - scenario: {NOOP}\n    expect: warn # so far\n    \
         reason: it takes none\n    link: https://vendor.example/17\n{}{}",
        entry(QUIT, "fail", ""),
        entry("rfc5321/9/gone", "fail", "")
    );
    fs::write(bench.file(), &people).expect("it can be written");
    let ended = bench.run(&[NOOP], &["--update-baseline"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("0 added, 1 changed, 1 removed"), "{ended}");
    let wanted = people.replace("warn # so", "fail # so");
    let wanted = wanted.replace(&entry("rfc5321/9/gone", "fail", ""), "");
    assert_eq!(bench.read(), wanted);
    // It passes now: what is not so any more goes, and nothing is left of it.
    bench.code.store(250, Ordering::Relaxed);
    assert_eq!(bench.run(&[NOOP], &["--update-baseline"]).code, 0);
    assert!(!bench.read().contains("See 17") && bench.read().contains(QUIT), "{}", bench.read());
}

#[test]
fn an_update_leaves_the_file_alone_where_the_run_was_cut_short() {
    let bench = Bench::new(550);
    bench.write(" []\n");
    let before = bench.read();
    let ended = bench.run(&[NOOP, QUIT], &["--update-baseline", "--fail-fast", "--jobs", "1"]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("is left as it is"), "{ended}");
    assert_eq!(bench.read(), before);
}

#[test]
fn what_the_model_sees_is_covered_too() {
    // The greeting of this one has no name in it, which no scenario of QUIT asks.
    let nameless = peer(|mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let quits = line == "QUIT";
            let _ =
                stream.write_all(if quits { b"221 bye\r\n" } else { b"250 mx.example.test\r\n" });
            if quits {
                return;
            }
        }
    });
    let bench = Bench { address: nameless, ..Bench::new(250) };
    bench.write(" []\n");
    let report = bench.folder.path().join("out.json");
    let json = format!("json={}", text(&report));
    let ended = bench.run(&[QUIT], &["--fail-on", "should", "--report", &json]);
    let results: Value = serde_json::from_slice(&fs::read(&report).expect("it")).expect("JSON");
    let seen: Vec<&str> = results["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|found| found["requirement"].as_str())
        .collect();
    assert!(!seen.is_empty() && ended.code == 1, "{ended}");
    let flags = ["--fail-on", "should", "--update-baseline"];
    assert_eq!(bench.run(&[QUIT], &flags).code, 0);
    assert!(seen.iter().all(|id| bench.read().contains(&format!("requirement: {id}"))));
    assert_eq!(bench.run(&[QUIT], &["--fail-on", "should"]).code, 0);
}

#[test]
fn every_report_still_shows_what_is_known() {
    let bench = Bench::new(550);
    bench.write(&(entry(NOOP, "fail", "") + &entry(QUIT, "fail", "")));
    let path = |name: &str| text(&bench.folder.path().join(name));
    let (json, junit) = (path("a.json"), path("b.xml"));
    let flags = ["--report", &format!("json={json}"), "--report", &format!("junit={junit}")];
    assert_eq!(bench.run(&[NOOP, QUIT], &flags).code, 1);
    let results: Value = serde_json::from_slice(&fs::read(json).expect("it")).expect("JSON");
    assert_eq!(results["summary"]["fail"], 1);
    assert_eq!(results["baseline"]["known"][0]["id"], NOOP);
    assert_eq!(results["baseline"]["stale"][0]["why"], "passes");
    let junit = fs::read_to_string(junit).expect("it is there");
    assert!(junit.contains("<skipped message=\"known, fail: the vendor knows"), "{junit}");
    assert!(junit.contains("<failure message=") && junit.contains("and passes"), "{junit}");
}

#[test]
fn a_failure_that_does_not_come_again_is_told_as_intermittent() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&asked);
    let address = peer(move |mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let code = match line.as_str() {
                "NOOP" if counts.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => 550,
                "QUIT" => 221,
                _ => 250,
            };
            let _ = stream.write_all(format!("{code} mx.example.test\r\n").as_bytes());
            if code == 221 {
                return;
            }
        }
    });
    let bench = Bench { address, ..Bench::new(250) };
    bench.write(" []\n");
    let ended = bench.run(&[NOOP], &["--retries", "2"]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("intermittent: played again") && ended.says("fail, pass"), "{ended}");
    asked.store(0, Ordering::Relaxed);
    bench.write(&entry(NOOP, "fail", ", intermittent: true"));
    let ended = bench.run(&[NOOP], &["--retries", "2"]);
    assert_eq!(ended.code, 0, "{ended}");
}

#[test]
fn fail_fast_does_not_stop_at_what_is_known() {
    let bench = Bench::new(550);
    bench.write(&entry(NOOP, "fail", ""));
    let ended = bench.run(&[NOOP, QUIT], &["--fail-fast", "--jobs", "1"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(!ended.says("stopped"), "{ended}");
}

#[test]
fn a_slip_in_a_baseline_is_shown_before_anything_is_sent() {
    let bench = Bench::new(250);
    bench.write("  - {scenario: x, expect: fail, raeson: y}\n");
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("did you mean `reason`?") && ended.says("known.yaml:2"), "{ended}");
    fs::remove_file(bench.file()).expect("it is there");
    let ended = bench.run(&[NOOP], &[]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("--update-baseline writes a new one"), "{ended}");
    let ended = smtpspec(&["run", "--update-baseline"]);
    assert_eq!(ended.code, 2, "{ended}");
}
