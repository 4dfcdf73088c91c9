//! `smtpspec run` where it looks at the mail that comes out: of the reference inside it, of a server
//! with a Maildir, and where it was told wrongly where to look.

mod smtpspec;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use smtpspec::{command, smtpspec, text};

/// The reference server with a Maildir, and where it listens.
fn serve(maildir: &Path) -> (Child, String) {
    let mut server = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--maildir", &text(maildir)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    let mut output = BufReader::new(server.stdout.take().expect("it is piped"));
    output.read_line(&mut first).expect("it says where it listens");
    let address = first
        .split_whitespace()
        .find_map(|word| word.trim_end_matches('.').parse::<std::net::SocketAddr>().ok())
        .unwrap_or_else(|| panic!("no address in {first:?}"))
        .to_string();
    (server, address)
}

const CASE: &str = "rfc5321/4.1.1.4/two-mails-in-one-session";

#[test]
fn the_reference_needs_no_configuration_to_show_what_comes_out() {
    let ended = smtpspec(&["run", "-vv", CASE]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("a message came out, from <first@example.org> to <user@example.test>"));
    assert!(ended.says("==> The second."), "{ended}");
}

#[test]
fn a_servers_maildir_shows_what_it_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let maildir = folder.path().join("maildir");
    let (mut server, address) = serve(&maildir);
    let dots = "rfc5321/4.5.2/dots-come-out";
    let seen = smtpspec(&["run", dots, "-s", &address, "--delivered-maildir", &text(&maildir)]);
    // The same by a variable, over a profile that looks in the wrong place.
    let profile = folder.path().join("profile.yaml");
    fs::write(&profile, "maildir: /nonexistent\ntimeouts: {deliver: 200ms}\n").expect("a file");
    let wrong = smtpspec(&["run", dots, "-s", &address, "--profile", &text(&profile)]);
    let over = command()
        .args(["run", dots, "-s", &address, "--profile", &text(&profile)])
        .env("SMTPSPEC_DELIVERED_MAILDIR", &maildir)
        .output()
        .expect("the program starts");
    let blind = smtpspec(&["run", dots, "-s", &address]);
    server.kill().expect("it runs");
    server.wait().expect("it ended");
    assert_eq!(seen.code, 0, "{seen}");
    assert!(seen.says("6 passed"), "{seen}");
    assert_eq!(wrong.code, 4, "{wrong}");
    assert!(wrong.says("/nonexistent could not be read as a Maildir"), "{wrong}");
    assert_eq!(over.status.code(), Some(0));
    assert_eq!(blind.code, 4, "{blind}");
    assert!(blind.says("it must see what the target delivers"), "{blind}");
}

#[test]
fn nothing_is_wrong_with_the_reference_from_outside_nor_with_a_wrong_mailbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let maildir = folder.path().join("maildir");
    let (mut server, address) = serve(&maildir);
    let run = ["run", "-s", &address, "--jobs", "8", "--fail-on", "should"];
    let seen = smtpspec(&[&run[..], &["--delivered-maildir", &text(&maildir)]].concat());
    let wrong = smtpspec(&[&run[..], &["--to", "me@example.test,you@example.test"]].concat());
    server.kill().expect("it runs");
    server.wait().expect("it ended");
    assert_eq!(seen.code, 0, "{seen}");
    assert!(!seen.says("--to names one"), "{seen}");
    assert_eq!(wrong.code, 0, "{wrong}");
    assert!(wrong.says("the target refused our mailbox; --to names one"), "{wrong}");
}

#[test]
fn what_is_said_of_the_next_hop_must_make_sense() {
    let table: [(&[&str], &str); 4] = [
        (&["--next-hop", "localhost"], "--next-hop"),
        (&["--next-hop-protocol", "lmtp"], "--next-hop-protocol needs --next-hop"),
        (&["--next-hop", "127.0.0.1:1", "--next-hop-protocol", "http"], "smtp or lmtp"),
        (&["--next-hop", "127.0.0.1:1", "--delivered-maildir", "x"], "cannot be used with"),
    ];
    for (flags, word) in table {
        let ended = smtpspec(&[&["run", CASE, "-s", "127.0.0.1:1"], flags].concat());
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.says(word), "{word}: {ended}");
    }
}
