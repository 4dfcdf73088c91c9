//! `--server-command` and `--watch`: the server is started, watched, and stopped with the run.
#![cfg(unix)]

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use smtpspec::{command, smtpspec, text};
use tempfile::TempDir;

/// A server in Python that answers 250 to all, tells its number, and does not survive `NOOP b`.
const FRAGILE: &str = r#"
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
with open(sys.argv[2], "a") as numbers:
    print(os.getpid(), file=numbers)
while True:
    peer, _ = listener.accept()
    try:
        peer.sendall(b"220 mx.example.test ready\r\n")
        for line in peer.makefile("rb"):
            if line == b"NOOP b\r\n":
                print("parsing \x1b[31mb", flush=True)
                raise SystemExit("no such letter")
            peer.sendall(b"221 bye\r\n" if line == b"QUIT\r\n" else b"250 mx.example.test\r\n")
            if line == b"QUIT\r\n":
                break
    except OSError:
        pass
    peer.close()
"#;

fn bench(lines: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = |(id, line): &(&str, &str)| {
        format!(
            "  - id: {id}\n    title: A line\n    checks: [rfc5321-4.1.1.9-4]\n    dialogue:\n      \
             - C: {line}\n      - S: 250\n"
        )
    };
    let scenarios: String = lines.iter().map(scenario).collect();
    let file = format!("spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n{scenarios}");
    fs::write(folder.path().join("own.yaml"), file).expect("it can be written");
    fs::write(folder.path().join("fragile.py"), FRAGILE).expect("it can be written");
    folder
}

/// The words of a run of the bench's scenarios on a server that this command starts.
fn words(folder: &TempDir, server: &str) -> Vec<String> {
    let own = text(&folder.path().join("own.yaml"));
    let json = format!("json={}", text(&folder.path().join("out.json")));
    [
        "run",
        "--scenarios",
        &own,
        "--server-command",
        server,
        "--report",
        &json,
        "--report",
        "terminal",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn run(folder: &TempDir, server: &str, more: &[&str]) -> smtpspec::Ended {
    let words = words(folder, server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    smtpspec(&[&words, more].concat())
}

fn reference() -> String {
    format!("'{}' serve --listen 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_smtpspec"))
}

fn fragile(folder: &TempDir) -> String {
    let path = |name: &str| text(&folder.path().join(name));
    format!("python3 '{}' {{port}} '{}'", path("fragile.py"), path("numbers"))
}

fn results(folder: &TempDir) -> Value {
    let document = fs::read(folder.path().join("out.json")).expect("there is a report");
    serde_json::from_slice(&document).expect("it is whole")
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(1), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn lives(number: &str) -> bool {
    let status = Command::new("kill").args(["-0", number]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[test]
fn the_server_is_started_on_a_free_port_and_stopped() {
    let folder = bench(&[("a", "NOOP")]);
    let ended = run(&folder, &reference(), &["--to", "user@example.test"]);
    assert_eq!(ended.code, 0, "{ended}");
    let results = results(&folder);
    assert_eq!(
        (&results["summary"]["pass"], &results["target"]["embedded"]),
        (&1.into(), &false.into())
    );
    let address = results["target"]["address"].as_str().expect("an address").to_owned();
    assert!(TcpStream::connect(&address).is_err(), "somebody still listens on {address}");
    // The port of --server goes into the command, so that a replay is the same.
    let again = run(&folder, &reference(), &["--server", &address, "--to", "user@example.test"]);
    assert_eq!(again.code, 0, "{again}");
}

#[test]
fn a_crash_is_told_with_the_last_words_and_the_run_goes_on() {
    let folder = bench(&[("a", "NOOP"), ("b", "NOOP b"), ("c", "NOOP c")]);
    let ended = run(&folder, &fragile(&folder), &["--jobs", "1"]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("the server ended by itself: exit status: 1"), "{ended}");
    assert!(ended.says("| no such letter") && ended.says(r"| parsing \x1b[31mb"), "{ended}");
    let results = results(&folder);
    let verdict = |index: usize| results["scenarios"][index]["verdict"].as_str();
    assert_eq!((verdict(0), verdict(1), verdict(2)), (Some("pass"), Some("error"), Some("pass")));
    let numbers = fs::read_to_string(folder.path().join("numbers")).expect("it was started");
    assert!(numbers.lines().count() >= 2, "{numbers}");
    until("every server is gone", || !numbers.lines().any(lives));
}

#[test]
fn what_can_not_be_started_is_told() {
    let folder = bench(&[("a", "NOOP")]);
    let ended = run(&folder, "/nowhere/server {port}", &[]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("`/nowhere/server` could not be started"), "{ended}");
    let ended = run(&folder, "sh -c 'echo no such option >&2; exit 2' {port}", &[]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("ended before it listened") && ended.says("| no such option"), "{ended}");
    assert_eq!(results(&folder)["stopped"]["why"], "unreachable");
    let ended = run(&folder, "sleep 600 {port}", &["--server-ready", "300ms"]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("nobody listens on 127.0.0.1:"), "{ended}");
    let ended = run(&folder, "./server", &[]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("write {port}"), "{ended}");
    let ended = run(&folder, "'./server {port}", &[]);
    assert_eq!(ended.code, 2, "{ended}");
    let ended = run(&folder, "./server {port}", &["--server", "mx.example.net"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("not on this machine"), "{ended}");
}

/// Starts a run whose server waits for ever, and gives the run and the server's number.
fn under_way(folder: &TempDir, server: &str) -> (Child, String) {
    let silent = server.replace(
        "if line == b\"NOOP b\\r\\n\":",
        "if line == b\"NOOP b\\r\\n\":\n                continue",
    );
    fs::write(folder.path().join("fragile.py"), silent).expect("it can be written");
    let child = command()
        .args(words(folder, &fragile(folder)))
        .args(["--timeout", "300s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let numbers = folder.path().join("numbers");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    until("the server starts", || read(&numbers).contains('\n'));
    (child, read(&numbers).trim().to_owned())
}

#[test]
fn ctrl_c_stops_the_server_too() {
    let folder = bench(&[("b", "NOOP b")]);
    let (mut child, server) = under_way(&folder, FRAGILE);
    interrupt(&child);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    until("the server is gone", || !lives(&server));
    assert_eq!(results(&folder)["stopped"]["why"], "interrupted");
}

#[test]
fn a_server_that_does_not_end_when_asked_is_ended() {
    let folder = bench(&[("a", "NOOP")]);
    let stubborn =
        format!("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FRAGILE}");
    fs::write(folder.path().join("fragile.py"), stubborn).expect("it can be written");
    let ended = run(&folder, &fragile(&folder), &[]);
    assert_eq!(ended.code, 0, "{ended}");
    let numbers = fs::read_to_string(folder.path().join("numbers")).expect("it was started");
    until("the server is gone", || !numbers.lines().any(lives));
}

#[test]
fn a_second_ctrl_c_leaves_no_server_behind() {
    let folder = bench(&[("b", "NOOP b")]);
    let stubborn =
        format!("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FRAGILE}");
    let (mut child, server) = under_way(&folder, &stubborn);
    // The first one asks the server to end, which it does not.
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        interrupt(&child);
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().expect("it has ended").code(), Some(130));
    until("the server is gone", || !lives(&server));
}

#[test]
fn a_change_runs_it_again() {
    let folder = bench(&[("a", "NOOP")]);
    let source = folder.path().join("source");
    fs::create_dir(&source).expect("it can be made");
    let mut child = command()
        .args(words(&folder, &fragile(&folder)))
        .args(["--watch", &text(&source)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (told, hears) = mpsc::channel();
    let errors = BufReader::new(child.stderr.take().expect("a pipe"));
    let reader = thread::spawn(move || {
        for line in errors.lines().map_while(Result::ok) {
            let _ = told.send(line);
        }
    });
    let waits = || loop {
        let line = hears.recv_timeout(Duration::from_mins(1)).expect("it waits for a change");
        if line.contains("waiting for a change") {
            return;
        }
    };
    waits();
    fs::write(source.join("server.c"), "better").expect("it can be written");
    waits();
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    reader.join().expect("it has ended");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("1 passed").count(), 2, "{said}");
    let numbers = fs::read_to_string(folder.path().join("numbers")).expect("it was started");
    assert_eq!(numbers.lines().count(), 2, "{numbers}");
    until("every server is gone", || !numbers.lines().any(lives));
}

#[test]
fn an_attack_goes_on_after_a_crash() {
    let folder = bench(&[]);
    // It takes many connections at once, and survives neither VRFY nor HELP.
    let fragile = r#"
import os, socketserver, sys
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mx.example.test ready\r\n")
        for line in self.rfile:
            if line.upper().startswith((b"VRFY", b"HELP")):
                os.write(2, b"no such word\n")
                os._exit(7)
            self.wfile.write(b"221 bye\r\n" if line == b"QUIT\r\n" else b"250 mx.example.test\r\n")
            if line == b"QUIT\r\n":
                return
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
Server(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
"#;
    let file = folder.path().join("fragile.py");
    fs::write(&file, fragile).expect("it can be written");
    let mut child = command()
        .args(["fuzz", "--seed", "1", "--time", "5m", "--jobs", "4"])
        .args(["--output", &text(&folder.path().join("found"))])
        .args(["--server-command", &format!("python3 '{}' {{port}}", text(&file))])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut errors = Vec::new();
    // What brings it down is seen to do so again, and made small. How long that takes is a matter of how
    // quickly the server starts, so it ends when that was seen.
    let small = |line: &str| {
        let found = line.split_once("found the server closed the connection instead of a reply (");
        let moves = found.and_then(|(_, moves)| moves.split(' ').next()?.parse::<usize>().ok());
        moves.is_some_and(|moves| moves <= 4)
    };
    for line in lines.by_ref().map_while(Result::ok) {
        let seen = small(&line);
        errors.push(line);
        if seen {
            interrupt(&child);
            break;
        }
    }
    errors.extend(lines.map_while(Result::ok));
    let status = child.wait().expect("it ends");
    let errors = errors.join("\n");
    assert!(errors.lines().any(small), "{errors}");
    assert_eq!(status.code(), Some(130), "{errors}");
    assert!(errors.contains("the server ended by itself: exit status: 7"), "{errors}");
    assert!(errors.contains("| no such word"), "{errors}");
    assert!(errors.contains("KiB in the end"), "its memory was watched, {errors}");
}
