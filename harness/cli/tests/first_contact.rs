//! What is said at once of a server on which most scenarios could learn nothing, and what helps.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use smtpspec::{Ended, peer, smtpspec, text};

/// A server with a greeting, which answers each line as `answer` says.
fn server(
    greeting: &'static str,
    answer: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
) -> String {
    peer(move |mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(format!("{greeting}\r\n").as_bytes());
        for line in reader.lines().map_while(Result::ok) {
            let usual = if line == "QUIT" { "221 bye" } else { "250 mx.example.test" };
            let reply = answer(&line).unwrap_or(usual);
            let _ = stream.write_all(format!("{reply}\r\n").as_bytes());
            if line == "QUIT" || reply.starts_with("421") {
                return;
            }
        }
    })
}

const READY: &str = "220 mx.example.test ready";

/// Runs two scenarios: one that says NOOP, and one that begins with a recipient.
fn run(server: &str, flags: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.yaml");
    let scenarios = "spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n  \
                     - id: alone\n    title: A line\n    checks: [rfc5321-4.1.1.9-4]\n    \
                     dialogue: [{C: NOOP}, {S: 250}]\n  \
                     - id: within\n    title: A line\n    checks: [rfc5321-4.1.1.9-4]\n    \
                     given: recipient\n    dialogue: [{C: NOOP}, {S: 250}]\n";
    fs::write(&file, scenarios).expect("it can be written");
    let own = text(&file);
    let common = ["run", "--scenarios", &own, "-s", server, "--timeout", "5s"];
    smtpspec(&[&common, flags].concat())
}

/// That the server is warned of in these words, and the rest runs.
fn warned(server: &str, flags: &[&str], words: &[&str]) {
    let ended = run(server, flags);
    let errors = String::from_utf8_lossy(&ended.errors);
    let warning = errors.lines().find(|line| line.starts_with("warning: the target"));
    let warning = warning.unwrap_or_else(|| panic!("{ended}"));
    for word in words {
        assert!(warning.contains(word), "{word}: {ended}");
    }
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("1 passed") && ended.says("1 inconclusive"), "{ended}");
    // Where everything needs what is not to be had, nothing is asked at all.
    let ended = run(server, &[flags, &["*/within"]].concat());
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("stopped: the target") && ended.says("1 not run"), "{ended}");
}

#[test]
fn a_wrong_mailbox_is_named() {
    let refuses =
        server(READY, |line| line.starts_with("RCPT").then_some("550 5.1.1 no such user"));
    let words = ["<me@example.test>", "550 5.1.1 no such user", "--to"];
    warned(&refuses, &["--to", "me@example.test"], &words);
}

#[test]
fn a_server_that_wants_tls_or_a_login_is_told_from_each_other() {
    let tls = server(READY, |line| {
        line.starts_with("MAIL").then_some("530 5.7.0 Must issue a STARTTLS command first")
    });
    warned(&tls, &[], &["wants TLS", "--tls"]);
    let login = server(READY, |line| {
        line.starts_with("MAIL").then_some("530 5.7.0 Authentication required")
    });
    warned(&login, &[], &["wants a login", "--login"]);
}

#[test]
fn greylisting_is_known_and_can_be_waited_for() {
    let grey = || {
        let asked = AtomicUsize::new(0);
        server(READY, move |line| {
            let puts_off = line.starts_with("RCPT") && asked.fetch_add(1, Ordering::Relaxed) < 3;
            puts_off.then_some("451 4.7.1 greylisted, come back")
        })
    };
    let ended = run(&grey(), &[]);
    assert!(ended.says("greylisted, come back") && ended.says("--wait 5m"), "{ended}");
    let ended = run(&grey(), &["--wait", "30s"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("2 passed") && !ended.says("greylisted"), "{ended}");
}

#[test]
fn a_server_that_is_busy_for_everybody_ends_the_run_at_once() {
    let busy = server("421 4.7.0 too many connections from you", |_| Some("421 busy"));
    let ended = run(&busy, &[]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("too many connections from you") && ended.says("--wait 5m"), "{ended}");
    assert!(ended.says("0 inconclusive") && ended.says("2 not run"), "{ended}");
}

#[test]
fn a_server_that_is_as_it_should_be_is_not_warned_of() {
    let ended = run(&server(READY, |_| None), &[]);
    assert!(ended.code == 0 && ended.errors.is_empty(), "{ended}");
    let ended = smtpspec(&["run", "-s", "127.0.0.1:9", "--login"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("--login needs --user"), "{ended}");
}

#[test]
fn a_dry_run_shows_the_dialogue_and_connects_to_nobody() {
    let reached = std::sync::Arc::new(AtomicUsize::new(0));
    let counts = std::sync::Arc::clone(&reached);
    let address = peer(move |_: TcpStream| {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    let ended = run(&address, &["--dry-run", "-v", "--to", "me@example.test"]);
    assert_eq!((ended.code, reached.load(Ordering::Relaxed)), (0, 0), "{ended}");
    let said = String::from_utf8_lossy(&ended.output).replace(&address, "ADDRESS");
    insta::assert_snapshot!(said);
}
