//! `smtpspec run` as a user meets it: against the reference, against servers that break rules, with
//! flags, variables and profiles, and when it is interrupted.

mod smtpspec;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;
use smtpspec::{Ended, command, peer, smtpspec, text};

/// The results document of a run.
fn results(args: &[&str]) -> (Ended, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.json");
    let report = format!("json={}", path.display());
    let ended = smtpspec(&[&["run", "--report", &report], args].concat());
    let document = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {ended}"));
    (ended, serde_json::from_slice(&document).expect("it is JSON"))
}

/// A server that answers every line with `reply`, after a greeting and until QUIT.
fn parrot(reply: &'static str) -> String {
    peer(move |mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let quits = line.eq_ignore_ascii_case("quit");
            let reply = if quits { "221 mx.example.test bye\r\n" } else { reply };
            if stream.write_all(reply.as_bytes()).is_err() || quits {
                return;
            }
        }
    })
}

#[test]
fn the_reference_passes_everything_and_nothing_of_the_lesson_is_skipped() {
    let (ended, results) = results(&[]);
    assert_eq!(ended.code, 0, "{ended}");
    let cases = results["scenarios"].as_array().expect("a list");
    assert!(cases.len() >= 60);
    // What the reference does not have is skipped; TURN and the lesson are not among that.
    let passes = |case: &Value| case["verdict"] == "pass";
    for case in cases {
        assert!(passes(case) || case["verdict"] == "skip", "{case:#}");
        let id = case["id"].as_str().unwrap_or_default();
        // What a server does that does not turn can't be seen in one that does.
        let of_the_lesson = ["lesson/", "rfc821/3.8/"].iter().any(|spec| id.starts_with(spec))
            && id != "rfc821/3.8/roles-stay-when-refused";
        assert!(passes(case) || !of_the_lesson, "{id}");
    }
    assert!(cases.iter().filter(|case| passes(case)).count() >= 800);
    assert!(cases.iter().any(|case| case["id"] == "rfc821/3.8/waiting-mail"));
    assert_eq!(results["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(results["target"]["embedded"], true);
}

#[test]
fn any_cut_of_the_octets_gives_the_same() {
    for way in ["whole", "lines", "octets", "crlf", "dot"] {
        let ended = smtpspec(&["run", "-q", "rfc5321/4.1.1", "--segmentation", way]);
        assert_eq!(ended.code, 0, "{way}: {ended}");
    }
}

#[test]
fn a_broken_must_is_1_and_a_broken_should_only_when_asked() {
    // 250 to everything breaks order; 252 to NOOP only a recommendation.
    let yes = parrot("250 mx.example.test\r\n");
    let ended = smtpspec(&["run", "rfc5321/4.1.4/rcpt-before-mail", "-s", &yes]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("rfc5321-3.3-15") && ended.says("RFC 5321 §3.3"), "{ended}");
    assert!(ended.says("RCPT TO:<user@example.test>") && ended.says("503"), "{ended}");
    let perhaps = peer(|mut stream: TcpStream| {
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        for line in reader.lines().map_while(Result::ok) {
            let code = match line.as_str() {
                "NOOP" => 252,
                "QUIT" => 221,
                _ => 250,
            };
            let _ = stream.write_all(format!("{code} mx.example.test\r\n").as_bytes());
            if code == 221 {
                return;
            }
        }
    });
    let noop = ["run", "rfc5321/4.1.1.9/plain", "-s", &perhaps];
    let ended = smtpspec(&noop);
    assert_eq!(ended.code, 0, "{ended}");
    let ended = smtpspec(&[&noop[..], &["--fail-on", "should"]].concat());
    assert_eq!(ended.code, 1, "{ended}");
}

#[test]
fn a_server_that_never_lets_us_in_is_no_success() {
    let busy = parrot("450 come back later\r\n");
    let ended = smtpspec(&["run", "rfc5321/4.1.1.3/postmaster", "-s", &busy]);
    assert_eq!(ended.code, 4, "{ended}");
    assert!(ended.says("nothing could be judged") && ended.says("450 come back later"), "{ended}");
}

#[test]
fn fail_fast_stops_after_the_first() {
    let yes = parrot("250 mx.example.test\r\n");
    let (ended, results) = results(&["rfc5321/4.1.4", "-s", &yes, "--fail-fast", "--jobs", "1"]);
    assert_eq!(ended.code, 1, "{ended}");
    assert_eq!(results["stopped"]["why"], "fail-fast");
    assert!(results["summary"]["not_run"].as_u64() > Some(0));
}

#[test]
fn a_flag_goes_over_its_variable_and_that_over_the_profile() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile.yaml");
    fs::write(&profile, "client: from.profile.test\nsender: profile@example.test\n")
        .expect("it can be written");
    let says = |flags: &[&str], variable: Option<&str>| {
        let mut command = command();
        let common = ["run", "-vv", "rfc5321/4.1.1.2/reverse-path", "--profile", &text(&profile)];
        command.args(common).args(flags);
        if let Some(name) = variable {
            command.env("SMTPSPEC_EHLO", name);
        }
        let output = command.output().expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(says(&[], None).contains("EHLO from.profile.test"));
    assert!(says(&[], None).contains("MAIL FROM:<profile@example.test>"));
    assert!(says(&[], Some("from.variable.test")).contains("EHLO from.variable.test"));
    let both = says(&["--ehlo", "from.flag.test"], Some("from.variable.test"));
    assert!(both.contains("EHLO from.flag.test"));
}

#[test]
fn colour_comes_only_where_it_is_wanted() {
    let colored = |args: &[&str], variable: Option<(&str, &str)>| {
        let mut command = command();
        command.args(["run", "rfc5321/4.1.1.9"]).args(args).envs(variable);
        command.output().expect("the program starts").stdout.contains(&0x1b)
    };
    assert!(!colored(&[], None), "a pipe is no terminal");
    assert!(colored(&["--color", "always"], None));
    assert!(colored(&[], Some(("CLICOLOR_FORCE", "1"))));
    assert!(!colored(&["--color", "never"], Some(("CLICOLOR_FORCE", "1"))));
}

#[test]
fn every_report_is_written_also_after_one_that_cannot_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("below/junit.xml");
    let impossible = format!("json={}/", folder.path().display());
    let good = format!("junit={}", junit.display());
    let args = ["run", "rfc5321/4.1.1.9/plain", "--report", &impossible, "--report", &good];
    let ended = smtpspec(&[&args[..], &["--report", "terminal"]].concat());
    assert_eq!(ended.code, 5, "{ended}");
    assert!(fs::read_to_string(&junit).is_ok_and(|text| text.contains("<testsuites")));
    assert!(ended.says("1 passed"), "{ended}");
}

#[test]
fn a_run_whose_reports_are_files_still_says_what_it_came_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = format!("json={}", folder.path().join("out.json").display());
    let ended = smtpspec(&["run", "rfc5321/4.1.1.9/plain", "--report", &report]);
    assert_eq!((ended.code, ended.output.as_slice()), (0, &b""[..]), "{ended}");
    assert!(ended.says("note: 1 passed"), "{ended}");
}

#[test]
fn a_run_none_of_whose_reports_can_be_written_calls_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = peer(|_| panic!("somebody called"));
    let impossible = format!("json={}/", folder.path().display());
    let ended = smtpspec(&["run", "rfc5321/4.1.1.9/plain", "-s", &silent, "--report", &impossible]);
    assert_eq!(ended.code, 5, "{ended}");
    assert!(ended.says("could not be written"), "{ended}");
}

#[test]
fn a_dry_run_lists_the_cases_and_sends_nothing() {
    let silent = peer(|_| panic!("somebody called"));
    let ended = smtpspec(&["run", "--dry-run", "*4.1.1.3/postmaster", "-s", &silent]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.says("rfc5321/4.1.1.3/postmaster[bare]"), "{ended}");
    assert!(ended.says("5 scenarios would run"), "{ended}");
}

#[test]
fn what_waits_for_minutes_runs_on_request_or_by_a_faster_clock() {
    let would_run = |args: &[&str]| {
        let filter = "*4.5.3.2.7/nearly-*";
        smtpspec(&[&["run", "--dry-run", filter, "*pause-before-ehlo"], args].concat())
    };
    let silent = peer(|_| panic!("somebody called"));
    let usual = would_run(&["-s", &silent]);
    assert!(usual.says("1 scenarios would run") && usual.says("--slow runs them"), "{usual}");
    assert!(would_run(&["-s", &silent, "--slow"]).says("4 scenarios would run"));
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("hasty.yaml");
    fs::write(&profile, "timeouts: {clock: 100}\n").expect("it can be written");
    let profile = profile.display().to_string();
    let hasty = would_run(&["-s", &silent, "--profile", &profile]);
    assert!(hasty.says("4 scenarios would run"), "{hasty}");
}

#[test]
fn what_is_excluded_does_not_run() {
    let (_, results) = results(&["rfc5321/4.1.1.3", "--exclude", "*postmaster*"]);
    let cases = results["scenarios"].as_array().expect("a list");
    assert!(!cases.is_empty());
    assert!(
        cases.iter().all(|case| !case["id"].as_str().unwrap_or_default().contains("postmaster"))
    );
}

#[test]
fn a_scenario_of_the_users_own_runs_and_names_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.yaml");
    let own = "spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n  - id: own\n    title: Mine\n    \
               checks: [rfc5321-4.1.1.9-2]\n    dialogue:\n      - C: NOOP\n      - S: 251\n";
    fs::write(&file, own).expect("it can be written");
    let ended = smtpspec(&["run", "--scenarios", &text(folder.path())]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.says("own.yaml:10") || ended.says("own.yaml:6"), "{ended}");
}

#[test]
fn who_logs_in_first_gets_past_a_server_that_wants_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile.yaml");
    let wanted = "reference: {habits: [auth-in-clear, requires-login]}\n";
    let verdicts = |auth: &str, flags: &[&str]| -> Vec<String> {
        fs::write(&profile, format!("{auth}{wanted}")).expect("a profile");
        let cases =
            ["rfc5321/3.3/three-mails", "rfc4954/4/right-password", "rfc4954/4/plain-inside-tls"];
        let profile = text(&profile);
        let (_, results) = results(&[&cases, &["--profile", &*profile][..], flags].concat());
        let cases = results["scenarios"].as_array().expect("a list");
        cases.iter().map(|case| case["verdict"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let bob = "auth: {user: bob, password: secret}\n";
    let always = "auth: {user: bob, password: secret, always: true}\n";
    assert!(verdicts(bob, &[]).contains(&"inconclusive".to_owned()));
    for flags in [&[][..], &["--tls"]] {
        let seen = verdicts(always, flags);
        assert!(seen.len() >= 3 && seen.iter().all(|verdict| verdict == "pass"), "{seen:?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_the_results_so_far() {
    use std::process::Stdio;
    use std::time::Duration;

    // It answers the probe, and then nobody any more: the run would take long.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let (told, hears) = std::sync::mpsc::channel();
    let address = peer(move |mut stream: TcpStream| {
        let first = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let _ = stream.write_all(b"220 mx.example.test ready\r\n");
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        for line in reader.lines().map_while(Result::ok) {
            if first {
                let code = if line == "QUIT" { 221 } else { 250 };
                let _ = stream.write_all(format!("{code} mx.example.test\r\n").as_bytes());
            } else {
                let _ = told.send(());
            }
        }
    });
    let child = command()
        .args(["run", "rfc5321/4.1.1.9/plain", "--timeout", "60s", "-s", &address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    hears.recv_timeout(Duration::from_secs(30)).expect("the run is under way");
    let killed =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("of 1 in"), "{said}");
}

#[test]
fn a_fact_that_nobody_asks_for_is_doubted() {
    let run = ["run", "rfc5321/4.1.1.9", "--fact"];
    let doubted = smtpspec(&[&run[..], &["submision"]].concat());
    assert_eq!(doubted.code, 0, "{doubted}");
    let warning =
        "no scenario asks for the fact `submision`; the nearest that one asks for is `submission`";
    assert!(doubted.says(warning), "{doubted}");
    let known = smtpspec(&[&run[..], &["submission"]].concat());
    assert!(!known.says("no scenario asks"), "{known}");
}
