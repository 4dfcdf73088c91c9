//! `smtpspec fuzz` as a user meets it: against the reference, which does nothing wrong, and against
//! servers that do.

mod smtpspec;

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use std::{fs, thread};

use smtpspec::{peer, smtpspec, text};

#[test]
fn the_reference_is_accused_of_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = text(&folder.path().join("found"));
    let ended = smtpspec(&[
        "fuzz",
        "--seed",
        "1",
        "--sessions",
        "400",
        "--output",
        &output,
        "--time",
        "60s",
    ]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("400 sessions") && ended.says("0 findings"), "{ended}");
    assert!(!folder.path().join("found").exists());
}

#[test]
fn what_is_found_is_a_scenario_that_finds_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, corpus) = (folder.path().join("found"), folder.path().join("corpus"));
    let ended = smtpspec(&[
        "fuzz",
        "--seed",
        "1",
        "--sessions",
        "600",
        "--mutant",
        "rset-draws-220",
        "--output",
        &text(&output),
        "--corpus",
        &text(&corpus),
        "--fail-on",
        "should",
    ]);
    assert_eq!(ended.code, 1, "{ended}");
    let files: Vec<_> = fs::read_dir(&output).expect("findings").flatten().collect();
    assert!(files.iter().all(|file| file.path().extension().is_some_and(|end| end == "yaml")));
    let checked = smtpspec(&["check", &text(&output)]);
    assert_eq!(checked.code, 0, "{checked}");
    // The careful server passes what the other one failed.
    let careful = smtpspec(&["run", "--scenarios", &text(&output)]);
    assert_eq!(careful.code, 0, "{careful}");
    assert!(fs::read_dir(&corpus).expect("a corpus").count() > 20);
    let again = smtpspec(&[
        "fuzz",
        "--sessions",
        "50",
        "--corpus",
        &text(&corpus),
        "--output",
        &text(&output),
    ]);
    assert_eq!(again.code, 0, "{again}");
}

#[test]
fn a_session_logs_in_and_what_is_kept_of_it_shows_no_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let (found, corpus) = (folder.path().join("found"), folder.path().join("corpus"));
    let known = ["--user", "bob", "--password", "secret", "--login", "--tls"];
    let attack = [
        "fuzz",
        "--seed",
        "1",
        "--sessions",
        "300",
        "--mutant",
        "auth-second-login-taken",
        "--output",
        &text(&found),
        "--corpus",
        &text(&corpus),
    ];
    let ended = smtpspec(&[&attack[..], &known].concat());
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("rfc4954-4-4"), "{ended}");
    let kept = [&found, &corpus].map(|folder| fs::read_dir(folder).expect("a folder"));
    let kept: Vec<String> = kept
        .into_iter()
        .flatten()
        .map(|file| fs::read(file.expect("a file").path()).expect("octets"))
        .map(|octets| String::from_utf8_lossy(&octets).into_owned())
        .collect();
    assert!(kept.iter().any(|one| one.contains("${login}")), "nobody logged in");
    // The message of PLAIN with this name and password.
    let shown = kept.iter().find(|one| one.contains("AGJvYgBzZWNyZXQ="));
    assert_eq!(shown, None);
    // Who knows the password can play them: the careful server takes no second login.
    let careful = smtpspec(&[&["run", "--scenarios", &text(&found)], &known[..4]].concat());
    assert_eq!(careful.code, 0, "{careful}");
    assert!(careful.says("0 skipped, 0 inconclusive"), "{careful}");
}

#[test]
fn sessions_are_played_inside_tls_from_the_first_octet() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = text(&folder.path().join("found"));
    let within = ["fuzz", "--seed", "1", "--sessions", "60", "--tls-on-connect"];
    let careful = smtpspec(&[&within[..], &["--output", &output]].concat());
    assert_eq!(careful.code, 0, "{careful}");
    let faulty = ["--mutant", "noop-draws-220", "--fail-on", "should", "--output", &output];
    let found = smtpspec(&[&within[..], &faulty].concat());
    assert_eq!(found.code, 1, "{found}");
}

#[test]
fn a_server_that_goes_silent_or_away_is_told_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = text(&folder.path().join("found"));
    // It greets, and then says nothing more.
    let mute = peer(|mut stream| {
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let ended = smtpspec(&[
        "fuzz",
        "-s",
        &mute,
        "--sessions",
        "4",
        "--timeout",
        "100ms",
        "--output",
        &output,
        "--seed",
        "1",
        "--to",
        "me@example.test",
    ]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("rfc5321-4.2-1"), "{ended}");
}

#[test]
fn what_comes_late_and_unasked_is_held_against_no_other_command() {
    let punctual = rules_broken_by(false);
    let mut late = rules_broken_by(true);
    assert!(late.remove("rfc5321-4.2-1"), "{late:?}");
    assert_eq!(late, punctual);
}

/// The rules that a small server breaks which takes no mail; a `late` one says 250 once more, a little
/// while behind its answer to RSET.
fn rules_broken_by(late: bool) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("found");
    let server = peer(move |stream| {
        let _ = take_no_mail(stream, late);
    });
    let ended = smtpspec(&[
        "fuzz",
        "-s",
        &server,
        "--seed",
        "1",
        "--sessions",
        "150",
        "--to",
        "me@example.test",
        "--output",
        &text(&output),
    ]);
    assert!(ended.code <= 1, "{ended}");
    let files = fs::read_dir(&output).into_iter().flatten().flatten();
    let found = files.filter_map(|file| {
        let scenario = fs::read_to_string(file.path()).expect("a scenario");
        let rule =
            scenario.split("checks:\n").nth(1)?.lines().next()?.trim().trim_start_matches("- ");
        Some(rule.to_owned())
    });
    found.collect()
}

/// Answers every command, and refuses every mail for now.
fn take_no_mail(mut stream: TcpStream, late: bool) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 mx.example.test ready\r\n")?;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if lines.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_ascii_uppercase();
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let reply = match verb {
            "EHLO" | "HELO" if argument.is_empty() => "501 Who?",
            "EHLO" | "HELO" => "250 mx.example.test",
            "NOOP" | "RSET" => "250 OK",
            "HELP" => "214 There is none",
            "VRFY" => "252 Perhaps",
            "EXPN" => "550 No such list",
            "MAIL" => "451 Try again later",
            "RCPT" | "DATA" => "503 No mail is under way",
            "QUIT" => "221 mx.example.test",
            _ => "500 What?",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes())?;
        if verb == "QUIT" {
            return Ok(());
        }
        if late && verb == "RSET" {
            // So long as the next command takes to be here.
            thread::sleep(Duration::from_millis(4));
            stream.write_all(b"250 OK\r\n")?;
        }
    }
}

#[test]
fn what_was_found_in_servers_and_published_passes_on_the_reference() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/fuzz");
    let run = smtpspec(&["run", "--scenarios", folder, "--fail-on", "should"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.says(" 0 failed, 0 warned, 0 skipped"), "{run}");
}

#[test]
fn strangers_are_left_in_peace() {
    let ended = smtpspec(&["fuzz", "-s", "192.0.2.1:25", "--to", "me@example.test"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("--allow-hostile"), "{ended}");
}

#[test]
fn a_crash_of_a_fuzz_target_is_played_against_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = text(&folder.path().join("found"));
    let crash = folder.path().join("crash-1");
    fs::write(&crash, b"@0EZN").expect("it can be written");
    let replay = |mutant: &str| {
        smtpspec(&["fuzz", "--replay", &text(&crash), "--mutant", mutant, "--output", &output])
    };
    let ended = replay("rset-unknown");
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("1 sessions") && ended.says("RSET"), "{ended}");
    let ended = replay("vrfy-draws-220");
    assert_eq!(ended.code, 0, "{ended}");
}

#[test]
fn two_servers_are_compared() {
    let reference = |reply: &'static str| {
        peer(move |mut stream| {
            use std::io::{BufRead as _, BufReader, Write as _};
            let _ = stream.write_all(b"220 mx.example.test ready\r\n");
            let reader = BufReader::new(stream.try_clone().expect("a second handle"));
            for line in reader.split(b'\n').map_while(Result::ok) {
                let rset = line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"RSET"));
                let reply = if rset { reply } else { "250 mx.example.test\r\n" };
                if stream.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
        })
    };
    let (one, other) = (reference("250 OK\r\n"), reference("599 No\r\n"));
    let ended = smtpspec(&[
        "fuzz",
        "-s",
        &one,
        "--compare",
        &other,
        "--to",
        "me@example.test",
        "--sessions",
        "60",
        "--seed",
        "1",
    ]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("RSET is answered 250 and 599; the second breaks"), "{ended}");
}

#[test]
fn mail_that_nobody_accepted_is_found_where_it_comes_out() {
    for (mutant, rule) in [
        ("refused-for-now-and-delivered", "rfc5321-4.2.5-3"),
        ("unfinished-message-delivered", "rfc5321-4.1.1.10-5"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("found");
        let ended = smtpspec(&[
            "fuzz",
            "--seed",
            "3",
            "--sessions",
            "1200",
            "--mutant",
            mutant,
            "--output",
            &text(&output),
        ]);
        assert_eq!(ended.code, 1, "{mutant}: {ended}");
        let files: Vec<_> = fs::read_dir(&output).expect("findings").flatten().collect();
        let found = files.iter().any(|file| {
            let scenario = fs::read_to_string(file.path()).expect("a scenario");
            scenario.contains(rule) && scenario.contains("delivered:")
        });
        assert!(found, "{mutant}: {ended}");
        // The careful server passes what the other one failed.
        let careful = smtpspec(&["run", "--scenarios", &text(&output)]);
        assert_eq!(careful.code, 0, "{mutant}: {careful}");
    }
}
