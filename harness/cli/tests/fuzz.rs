//! `smtpspec fuzz` as a user meets it: against the reference, which does nothing wrong, and against
//! servers that do.

mod smtpspec;

use std::fs;

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
fn a_server_that_goes_silent_or_away_is_told_as_such() {
    use std::io::Write as _;
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
fn strangers_are_left_in_peace() {
    let ended = smtpspec(&["fuzz", "-s", "192.0.2.1:25", "--to", "me@example.test"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.says("--allow-hostile"), "{ended}");
}
