//! The other commands, as people read what they print.

mod smtpspec;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;
use smtpspec::{command, smtpspec, text};

/// What a successful command prints.
fn print(args: &[&str]) -> String {
    let ended = smtpspec(args);
    assert_eq!(ended.code, 0, "{ended}");
    String::from_utf8(ended.output).expect("it is text")
}

#[test]
fn help_tells_all_flags() {
    let mut settings = insta::Settings::clone_current();
    // The width is that of a pipe, and the version is told elsewhere.
    settings.set_description("smtpspec --help and smtpspec run --help");
    settings.bind(|| {
        insta::assert_snapshot!("help", print(&["--help"]));
        insta::assert_snapshot!("help-run", print(&["run", "-h"]));
        insta::assert_snapshot!("help-serve", print(&["serve", "-h"]));
    });
}

#[test]
fn a_requirement_is_explained_with_the_scenarios_that_check_it() {
    insta::assert_snapshot!("explain-requirement", print(&["explain", "rfc5321-3.2-2"]));
}

#[test]
fn a_scenario_is_explained_with_the_requirements_that_it_checks() {
    insta::assert_snapshot!(
        "explain-scenario",
        print(&["explain", "rfc5321/4.1.4/rcpt-before-mail"])
    );
    let by_case = print(&["explain", "rfc5321/4.1.1.3/postmaster[bare]"]);
    assert!(by_case.starts_with("rfc5321/4.1.1.3/postmaster\n"));
}

#[test]
fn a_slip_in_an_id_is_met_with_the_right_one() {
    for (slip, right) in [
        ("rfc5321-3.3-155", "rfc5321-3.3-15"),
        ("rfc5321/4.1.4/rcpt-befor-mail", "rfc5321/4.1.4/rcpt-before-mail"),
    ] {
        let ended = smtpspec(&["explain", slip]);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.says(right), "{ended}");
    }
}

#[test]
fn lists_for_scripts_have_the_fields_that_were_promised() {
    let scenarios: Value = serde_json::from_str(&print(&["list", "scenarios", "--json"])).unwrap();
    for case in scenarios.as_array().expect("a list") {
        for field in ["id", "checks", "level", "safety"] {
            assert!(!case[field].is_null(), "{case}");
        }
    }
    let requirements: Value =
        serde_json::from_str(&print(&["list", "requirements", "--json"])).unwrap();
    assert!(requirements.as_array().is_some_and(|list| list.len() > 500));
    let mutants: Value = serde_json::from_str(&print(&["list", "mutants", "--json"])).unwrap();
    for mutant in mutants.as_array().expect("a list") {
        for field in ["name", "about", "breaks"] {
            assert!(mutant[field].is_string(), "{mutant}");
        }
    }
    assert_eq!(print(&["list"]).lines().count(), scenarios.as_array().map_or(0, Vec::len));
}

#[test]
fn a_mutant_that_is_not_there_is_wrong_usage() {
    let ended = smtpspec(&["serve", "--mutant", "no-such-thing"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("no-such-thing"), "{ended}");
    let slip = smtpspec(&["prove", "--mutant", "noop-503"]);
    assert!(slip.code == 2 && slip.says("noop-502"), "{slip}");
}

#[test]
fn mutants_are_listed_and_explained() {
    insta::assert_snapshot!("list-mutants", print(&["list", "mutants"]));
    insta::assert_snapshot!("explain-mutant", print(&["explain", "rset-keeps-transaction"]));
    assert!(print(&["explain", "rfc5321-4.1.1.5-1"]).contains("rset-keeps-transaction"));
}

#[test]
fn a_mutant_is_caught_by_the_scenario_that_is_there_for_it() {
    let scenario = "rfc5321/4.1.4/rcpt-before-mail";
    let proved = print(&["prove", scenario, "--mutant", "rcpt-before-mail-accepted"]);
    assert!(proved.contains("1 catch a mutant"), "{proved}");
    assert!(proved.contains("1 are caught by a scenario, 1 of them"), "{proved}");
    let escaped = smtpspec(&["prove", scenario, "--mutant", "greeting-250", "--json"]);
    assert_eq!(escaped.code, 0, "a part of the suite need not catch every mutant: {escaped}");
    let proof: Value = serde_json::from_slice(&escaped.output).expect("it is JSON");
    assert_eq!(proof["mutants"][0]["caught_by"], Value::Array(Vec::new()), "{proof}");
}

#[test]
fn a_mutant_that_no_scenario_catches_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("idle.yaml");
    let text = "
spec: rfc5321
section: '3.1'
title: Session Initiation
scenarios:
  - id: idle
    title: Whatever comes first is right
    checks: [rfc5321-3.1-1]
    given: connected
    dialogue:
      - S:
          any-of:
            - {must: xyz}
            - {silence: 10ms}
";
    std::fs::write(&file, text).expect("it can be written");
    let path = file.to_str().expect("it is text");
    let ended = smtpspec(&["prove", "--scenarios", path, "--mutant", "greeting-250"]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("no scenario catches greeting-250"), "{ended}");
}

#[test]
fn the_suite_is_well_formed() {
    let text = print(&["check"]);
    assert!(text.ends_with("all well-formed\n"), "{text}");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    assert_eq!(print(&["check", folder]), text, "what is compiled in is what lies in the folder");
}

#[test]
fn the_example_profile_is_well_formed() {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/profiles/example.yaml");
    let listed = print(&["run", "--dry-run", "--profile", profile]);
    assert!(listed.ends_with("127.0.0.1:2525\n"), "{listed}");
}

#[test]
fn completions_and_the_manual_come_from_the_parser() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(print(&["completions", shell]).contains("unknown-to"), "{shell}");
    }
    let manual = print(&["man"]);
    assert!(manual.contains(".TH smtpspec 1") && manual.contains("unknown\\-to"));
}

/// The reference server in a process of its own; it is gone with the value.
struct Served(Child, String);

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut child = command()
            .args([&["serve", "--listen", "127.0.0.1:0"], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("listening ").expect("the promised line").to_owned();
        Self(child, address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_is_delivered_lies_in_the_maildir() {
    let folder = tempfile::tempdir().expect("a folder");
    let maildir = folder.path().join("mail");
    let served = Served::start(&["--maildir", &text(&maildir)]);
    let mut stream = TcpStream::connect(&served.1).expect("it listens");
    let session = b"EHLO client.example.org\r\nMAIL FROM:<a@example.org>\r\n\
        RCPT TO:<user@example.test>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
    stream.write_all(session).expect("it reads");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("it closes after QUIT");
    assert!(said.ends_with("\r\n") && said.contains("\r\n354 "), "{said}");
    let files: Vec<_> = std::fs::read_dir(maildir.join("new")).expect("a Maildir").collect();
    assert_eq!(files.len(), 1);
    let file = files[0].as_ref().expect("an entry").path();
    let message = std::fs::read_to_string(file).expect("it is text");
    assert!(message.starts_with("Return-Path: <a@example.org>\r\n"), "{message}");
    assert!(message.ends_with("Subject: x\r\n\r\n.dot\r\n"), "{message}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_server_cleanly() {
    let mut served = Served::start(&[]);
    let id = served.0.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let status = served.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = smtpspec(&["serve", "--listen", &address]);
    assert_eq!(ended.code, 5, "{ended}");
    assert!(ended.says(&address) && ended.says("--listen"), "{ended}");
}
