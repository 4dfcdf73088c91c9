//! The words of the command line that a replay needs.

use smtpspec_judge::Segmentation;

use crate::args::{Access, ComesOut, Run, Target};

/// What the user said of the target and of how to talk to it, in the words of the command line.
pub(super) fn words(run: &Run) -> Vec<String> {
    let mut words = match &run.lab {
        // The lab says all that there is to say of the target.
        Some(lab) => lab.words.clone(),
        None => words_of(&run.target, &run.access, &run.mail),
    };
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
    if let Some(command) = &run.launch.server_command {
        add("--server-command", command);
    }
    for path in &run.scenarios {
        add("--scenarios", &path.display().to_string());
    }
    if run.segmentation != Segmentation::default() {
        add("--segmentation", run.segmentation.as_str());
    }
    words
}

/// What the user said of the target, of how it is spoken to and of where its mail comes out, in the
/// words of the command line.
pub(crate) fn words_of(target: &Target, access: &Access, mail: &ComesOut) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
    if let Some(profile) = &target.profile {
        add("--profile", &profile.display().to_string());
    }
    let to = Some(target.to.join(",")).filter(|to| !to.is_empty());
    let texts = [
        ("--from", &target.from),
        ("--to", &to),
        ("--unknown-to", &target.unknown_to),
        ("--ehlo", &target.ehlo),
        // Not the password: the words are shown in reports.
        ("--user", &access.user),
    ];
    for (flag, value) in texts {
        if let Some(value) = value {
            add(flag, value);
        }
    }
    for fact in &target.facts {
        add("--fact", fact);
    }
    if let Some(timeout) = target.timeout {
        add("--timeout", &format!("{}ms", timeout.as_millis()));
    }
    if let Some(listen) = mail.next_hop {
        add("--next-hop", &listen.to_string());
    }
    if let Some(protocol) = mail.next_hop_protocol {
        add("--next-hop-protocol", protocol.as_str());
    }
    if let Some(folder) = &mail.delivered_maildir {
        add("--delivered-maildir", &folder.display().to_string());
    }
    let said = [
        ("--tls", access.tls),
        ("--tls-on-connect", access.tls_on_connect),
        ("--login", access.login),
        ("--lmtp", access.lmtp),
    ];
    words.extend(said.iter().filter(|(_, said)| *said).map(|(flag, _)| (*flag).to_owned()));
    words
}
