//! What people get wrong, and what the world does to them: each has its message and its exit code.

mod smtpspec;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use smtpspec::{Ended, peer, smtpspec, text};

/// Runs a single scenario against a peer that does `serve` with each connection.
fn run_against(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Ended {
    let address = peer(serve);
    smtpspec(&["run", "rfc5321/3.1/greeting", "--timeout", "300ms", "-s", &address])
}

#[test]
fn a_name_that_does_not_exist_is_unreachable() {
    let ended = smtpspec(&["run", "-s", "no-such-host.invalid:25", "--timeout", "2s"]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("no-such-host.invalid"), "{ended}");
}

#[test]
fn a_port_where_nobody_listens_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let ended = smtpspec(&["run", "-s", &address, "--timeout", "2s"]);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("refused") && ended.says(&address), "{ended}");
}

#[test]
fn a_server_that_is_silent_is_told_from_one_that_is_not_there() {
    let ended = run_against(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("silent") || ended.says("no greeting"), "{ended}");
}

#[test]
fn a_server_that_closes_at_once_is_named_as_such() {
    let ended = run_against(drop);
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("closed"), "{ended}");
}

#[test]
fn a_server_that_speaks_http_is_recognised() {
    let ended = run_against(|mut stream| {
        // As web servers do, it waits for a request and answers what it can't read.
        let mut request = [0; 512];
        if stream.read(&mut request).is_ok_and(|count| count > 0) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("HTTP"), "{ended}");
}

#[test]
fn an_endless_line_ends_in_a_verdict() {
    let ended = run_against(|mut stream| while stream.write_all(&[b'2'; 4096]).is_ok() {});
    assert_eq!(ended.code, 3, "{ended}");
    assert!(ended.says("does not end"), "{ended}");
}

#[test]
fn an_octet_at_a_time_is_not_waited_for_for_ever() {
    let ended = run_against(|mut stream| {
        for octet in b"220 slow.example.test ESMTP at last".iter().cycle() {
            thread::sleep(Duration::from_millis(50));
            if stream.write_all(&[*octet]).is_err() {
                return;
            }
        }
    });
    assert_eq!(ended.code, 3, "{ended}");
}

#[test]
fn a_greeting_full_of_escapes_does_not_reach_the_terminal() {
    let ended = run_against(|mut stream| {
        let _ = stream.write_all(b"220 \x1b[31mred\x1b]0;title\x07 <script>\xff\r\n");
        let mut line = [0; 512];
        while stream.read(&mut line).is_ok_and(|count| count > 0) {
            let _ = stream.write_all(b"250 \x1b[2J\r\n");
        }
    });
    assert!(!ended.output.contains(&0x1b) && !ended.errors.contains(&0x1b), "{ended}");
    assert!(ended.says(r"\x1b[31m") || ended.code == 0, "{ended}");
}

#[test]
fn a_wrong_flag_is_wrong_usage() {
    let ended = smtpspec(&["run", "--sever", "localhost"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("--server"), "{ended}");
}

#[test]
fn nothing_selected_is_an_error() {
    let ended = smtpspec(&["run", "rfc5321/9.9.9"]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("rfc5321/9.9.9"), "{ended}");
}

#[test]
fn an_unknown_report_format_is_wrong_usage_before_anything_runs() {
    let ended = smtpspec(&["run", "--report", "jnuit=x.xml"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("junit"), "{ended}");
}

#[test]
fn a_filter_that_selects_nothing_is_told_what_was_probably_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("found.yaml").display().to_string();
    fs::write(&file, "").expect("it can be written");
    let by_file = format!("--scenarios {file} runs");
    for (filter, help) in [
        ("rfc5321/4.1.1.3/postmastr", "did you mean `rfc5321/4.1.1.3/postmaster`?"),
        ("rfc5321-4.5.1-7", "smtpspec explain rfc5321-4.5.1-7"),
        (file.as_str(), by_file.as_str()),
        ("xyzzy", "smtpspec list"),
    ] {
        let ended = smtpspec(&["run", filter]);
        assert_eq!(ended.code, 4, "{ended}");
        assert!(ended.says(help), "{ended}");
    }
}

#[test]
fn half_an_address_is_none() {
    for address in ["@example.test", "me@"] {
        let ended = smtpspec(&["run", "--to", address]);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.says("either side of the @"), "{ended}");
    }
}

#[test]
fn a_report_that_cant_be_written_is_a_failure_of_the_harness() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    fs::write(&file, "").expect("it can be written");
    let path = format!("json={}/below-a-file/x.json", file.display());
    let ended = smtpspec(&["run", "rfc5321/4.1.1.9/plain", "--report", &path]);
    assert_eq!(ended.code, 5, "{ended}");
    assert!(ended.says("below-a-file/x.json"), "{ended}");
}

#[test]
fn a_typo_in_a_profile_is_shown_with_its_place_and_the_right_spelling() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("profile.yaml");
    fs::write(&file, "recipient: user@example.test\nrecipent.second: b@example.test\n")
        .expect("it can be written");
    let ended = smtpspec(&["run", "--profile", &file.display().to_string()]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("recipent.second") && ended.says("recipient.second"), "{ended}");
    assert!(ended.says("profile.yaml:2"), "{ended}");
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let ended = smtpspec(&["run", "--profile", "/nowhere/profile.yaml"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("/nowhere/profile.yaml"), "{ended}");
}

/// Checks one file with this text.
fn check(file_text: &[u8]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yaml");
    fs::write(&file, file_text).expect("it can be written");
    smtpspec(&["check", &file.display().to_string()])
}

/// A scenario file around one dialogue.
fn scenario(rest: &str) -> String {
    format!(
        "spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP (NOOP)\nscenarios:\n  - id: one\n    \
         title: One\n    checks: [rfc5321-4.1.1.9-1]\n{rest}"
    )
}

#[test]
fn each_fault_of_a_scenario_has_its_message() {
    let dialogue = "    dialogue:\n      - C: NOOP\n      - S: 250\n";
    let good = check(scenario(dialogue).as_bytes());
    assert_eq!(good.code, 0, "{good}");
    let faults: [(&str, String, &str); 5] = [
        ("unknown key", scenario(&format!("    givn: mail\n{dialogue}")), "given"),
        (
            "unknown requirement",
            scenario(dialogue).replace("4.1.1.9-1", "4.1.1.9-11"),
            "rfc5321-4.1.1.9-1",
        ),
        (
            "duplicate id",
            scenario(&format!(
                "{dialogue}  - id: one\n    title: Two\n    checks: [rfc5321-4.1.1.9-1]\n{dialogue}"
            )),
            "one",
        ),
        ("bad pattern", scenario(&dialogue.replace("250", "25")), "25"),
        ("tabs", scenario(&dialogue.replace("      - S", "\t- S")), "tab"),
    ];
    for (what, text, word) in faults {
        let ended = check(text.as_bytes());
        assert_eq!(ended.code, 2, "{what}: {ended}");
        assert!(ended.says(word) && ended.says("a.yaml:"), "{what}: {ended}");
    }
}

#[test]
fn octets_that_are_no_text_are_found() {
    let mut octets = scenario("    dialogue:\n      - C: NOOP").into_bytes();
    octets.extend(b" \xff\n      - S: 250\n");
    let ended = check(&octets);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("UTF-8"), "{ended}");
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_without_being_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.yaml");
    // A hole: it takes no room, and still is a hundred megabytes to whoever reads it.
    fs::File::create(&path).and_then(|file| file.set_len(100 << 20)).expect("it can be made");
    let ended = smtpspec(&["check", &path.display().to_string()]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("too long") || ended.says("too large"), "{ended}");
}

#[test]
fn a_path_without_scenarios_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = smtpspec(&["check", &text(folder.path())]);
    assert_eq!(ended.code, 2, "{ended}");
}

#[test]
fn no_message_is_a_panic() {
    let ended = smtpspec(&["explain", "rfc5321-4.1.4-999"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(!ended.says("panicked") && !ended.says("RUST_BACKTRACE"), "{ended}");
}
