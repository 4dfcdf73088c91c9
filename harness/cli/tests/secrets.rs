//! Passwords and tokens, and what is made of them for AUTH, are shown nowhere, whatever a server
//! makes of them, unless somebody asks for it.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use smtpspec::{Ended, command, peer, text};

const USER: &str = "mallory";
const PASSWORD: &str = "Tr0ub4dor&3-horse";
const TOKEN: &str = "ya29.a-token-of-mallory";

/// A server that lets in nobody, and says what it was sent.
fn echo() -> String {
    peer(|mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let reply = match verb.as_str() {
                "EHLO" => {
                    "250-mx.example.test\r\n250 AUTH PLAIN LOGIN OAUTHBEARER CRAM-MD5".to_owned()
                }
                "NOOP" => "250 OK".to_owned(),
                "QUIT" => "221 mx.example.test bye".to_owned(),
                "AUTH" if line.ends_with("PLAIN") => "334 ".to_owned(),
                "AUTH" if line.ends_with("LOGIN") => "334 VXNlcm5hbWU6".to_owned(),
                "AUTH" if line.ends_with("MD5") => "334 PDFAbXguZXhhbXBsZS50ZXN0Pg==".to_owned(),
                _ => format!("554 {line} {} {PASSWORD}", line.to_ascii_uppercase()),
            };
            if stream.write_all(format!("{reply}\r\n").as_bytes()).is_err() || verb == "QUIT" {
                return;
            }
        }
    })
}

/// Everything that a run writes, in every format; octets that were sent in pieces are put together.
fn written(folder: &Path, args: &[&str]) -> (Ended, String) {
    let profile = folder.join("profile.yaml");
    let of_user = format!(
        "recipient: user@example.test\nauth: {{user: {USER}, password: '{PASSWORD}', token: '{TOKEN}'}}\n\
         reference: {{habits: [auth-in-clear]}}\n"
    );
    fs::write(&profile, of_user).expect("a profile");
    let formats =
        ["json", "junit", "terminal", "tap", "markdown", "html", "sarif", "badge", "badge-json"];
    let files = formats.map(|format| (format, folder.join(format)));
    let mut run = command();
    run.args(["run", "rfc4954", "-vv", "--profile", &text(&profile)]).args(args);
    for (format, path) in &files {
        run.args(["--report", &format!("{format}={}", text(path))]);
    }
    run.args(["--report", "terminal"]);
    let output = run.output().expect("the program starts");
    let mut all = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat())
        .into_owned();
    for (_, path) in &files {
        all.push_str(&without_own(&fs::read_to_string(path).expect("a report")));
    }
    let results: Value =
        serde_json::from_slice(&fs::read(&files[0].1).expect("results")).expect("JSON");
    for case in results["scenarios"].as_array().expect("a list") {
        for event in ["sent", "received"] {
            let events = case["transcript"].as_array().expect("a transcript").iter();
            let octets = events.filter(|one| one["event"] == event).map(|one| &one["octets"]);
            all.extend(octets.filter_map(Value::as_str));
            all.push('\n');
        }
    }
    let code = output.status.code().expect("no signal ended it");
    (Ended { code, output: output.stdout, errors: output.stderr }, all)
}

/// A page without its own style and script, which are the same in every run, and in which `[hidden]`
/// stands for what is not shown.
fn without_own(page: &str) -> String {
    let mut page = page.to_owned();
    for (begin, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        if let (Some(begin), Some(end)) = (page.find(begin), page.find(end)) {
            page.replace_range(begin..end, "");
        }
    }
    page
}

/// What gives a secret away: itself, and the part of its BASE64 that does not depend on what stands
/// before it, for each of the three places where it can begin.
fn traces(secret: &str) -> Vec<String> {
    let mut traces = vec![secret.to_owned(), secret.to_uppercase()];
    for before in 0..3 {
        let encoded = STANDARD.encode([&vec![0; before], secret.as_bytes()].concat());
        let whole = encoded.len() / 4 * 4 - 4;
        traces.push(encoded[(before * 8).div_ceil(6)..whole].to_owned());
    }
    traces
}

fn found(all: &str) -> Vec<String> {
    let secrets = [PASSWORD, TOKEN];
    secrets.iter().flat_map(|secret| traces(secret)).filter(|trace| all.contains(trace)).collect()
}

#[test]
fn a_run_against_the_reference_shows_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ended, all) = written(folder.path(), &[]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(all.contains("235 2.7.0 Authentication successful") && all.contains("[hidden]"));
    assert_eq!(found(&all), [""; 0]);
    let proof = STANDARD.encode(format!("{USER} "));
    assert!(!all.contains(proof.trim_end_matches('=')), "an answer of CRAM-MD5");
}

#[test]
fn octet_by_octet_no_secret_is_shown_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["--segmentation", "octets", "--exclude", "rfc4954/4/over-long-response*"];
    let (ended, all) = written(folder.path(), &args);
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(found(&all), [""; 0]);
}

#[test]
fn what_a_server_says_of_a_secret_is_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = echo();
    let (ended, all) = written(folder.path(), &["--server", &server, "--timeout", "500ms"]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(all.contains("[hidden]"), "{ended}");
    assert_eq!(found(&all), [""; 0]);
}

#[test]
fn a_profile_that_is_refused_does_not_show_its_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile.yaml");
    for auth in [
        "auth: {user: bob, password: WORD, pasword: WORD}",
        "auth: {user: bob, password: [WORD]}",
        "auth: {user: bob, password: WORD",
        "auth: {user: bob, password: 'WORD}",
        "auth: {user: bob, password: @WORD}",
        "auth: {user: bob, password: WORD, WORD}",
        "auth: {user: bob, password: WORD, always: 'WORD'}",
        "auth: {user: bob, token: {WORD: WORD}}",
        "auth: bob:WORD",
        "aut: {user: bob}\nPassword: WORD",
    ] {
        fs::write(&profile, auth.replace("WORD", PASSWORD)).expect("a profile");
        let output = command().args(["run", "--profile", &text(&profile)]).output().expect("a run");
        let all = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{auth}: {all}");
        assert!(all.contains("profile.yaml:"), "{auth}: {all}");
        assert_eq!(found(&all), [""; 0], "{auth}: {all}");
    }
}

#[test]
fn who_asks_for_it_is_shown_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ended, all) = written(folder.path(), &["--show-secrets"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(!all.contains("[hidden]"));
    let message = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    assert!(all.contains(&message), "{ended}");
    assert!(found(&all).len() >= 2);
}
