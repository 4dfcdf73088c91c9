//! What a case comes to when the server does this or that: each verdict, for its own reason.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{Action, Happening, Outcome, Play, Segmentation, Setup, Verdict};
use smtpspec_scenario::{Profile, Source, load};

/// What a scripted server does when the next line, or the connection, has come.
#[derive(Debug, Clone)]
enum Far {
    Says(&'static [u8]),
    Closes,
    Cuts,
}

use Far::{Closes, Cuts, Says};

/// Plays one scenario with these steps against a server that goes through the script, a line of it
/// for the connection and one for each command line; when the script ends it is silent.
fn play_as(head: &str, steps: &str, script: &[Far]) -> Outcome {
    let text = format!(
        "spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP (NOOP)\nscenarios:\n  - id: one\n    \
         title: One\n{head}    dialogue:\n{steps}"
    );
    let suite = match load(&[Source::new("one.yaml", text)]) {
        Ok(loaded) => loaded.suite,
        Err(found) => panic!("{}", found[0]),
    };
    let case = suite.cases().remove(0);
    let setup = Setup {
        shows_secrets: true,
        profile: Arc::new(Profile::default()),
        unique: "unique".to_owned(),
        segmentation: Segmentation::AsWritten,
        offered: vec!["SIZE".to_owned()],
    };
    let mut play = Play::new(case, setup);
    let mut script: VecDeque<Far> = script.to_vec().into();
    let mut inbox: VecDeque<Far> = VecDeque::new();
    let mut now = Duration::ZERO;
    for _ in 0..10_000 {
        now += Duration::from_millis(1);
        match play.next(now) {
            Action::Open { connection } => {
                inbox.extend(script.pop_front());
                play.observe(now, connection, Happening::Opened);
            }
            Action::Send { connection, octets } => {
                let lines = octets.split(|&octet| octet == b'\n').count() - 1;
                for _ in 0..lines {
                    inbox.extend(script.pop_front());
                }
                play.observe(now, connection, Happening::Sent { octets });
            }
            Action::Receive { connection, until } => {
                let what = match inbox.pop_front() {
                    Some(Says(octets)) => Happening::Received { octets: octets.to_vec() },
                    Some(Closes) => Happening::Closed,
                    Some(Cuts) => Happening::Cut { reason: "reset".to_owned() },
                    None => {
                        now = now.max(until);
                        Happening::Waited
                    }
                };
                play.observe(now, connection, what);
            }
            Action::Collect { until } => {
                now = now.max(until);
                play.observe(now, 0, Happening::Waited);
            }
            Action::Secure { connection } => {
                let reason = "no TLS here".to_owned();
                play.observe(now, connection, Happening::HandshakeFailed { reason });
            }
            Action::Pause { until } => now = now.max(until),
            Action::End { connection, how } => {
                play.observe(now, connection, Happening::Ended { how });
            }
            Action::Done => return play.finish(),
        }
    }
    panic!("the case does not end");
}

const MUST: &str = "    checks: [rfc5321-4.1.1.9-2]\n";
const SHOULD: &str = "    checks: [rfc5321-4.1.1.9-3]\n";
const GREETED: [Far; 2] =
    [Says(b"220 mx.example.test\r\n"), Says(b"250-mx.example.test\r\n250 SIZE\r\n")];

/// The script of a greeted session and what comes behind.
fn greeted(behind: &[Far]) -> Vec<Far> {
    GREETED.iter().chain(behind).cloned().collect()
}

fn verdict_of(head: &str, steps: &str, behind: &[Far]) -> (Verdict, String) {
    let result = play_as(head, steps, &greeted(behind)).result;
    (result.verdict, result.reason.unwrap_or_default())
}

const NOOP: &str = "      - C: NOOP\n      - S: 250\n";

#[test]
fn what_was_wanted_is_a_pass() {
    let outcome =
        play_as(MUST, NOOP, &greeted(&[Says(b"250 OK\r\n"), Says(b"221 mx.example.test\r\n")]));
    assert_eq!(outcome.result.verdict, Verdict::Pass);
    assert_eq!(outcome.oracle, []);
    assert!(!outcome.congested && !outcome.lost);
}

#[test]
fn the_level_of_the_requirement_decides_between_fail_and_warn() {
    assert_eq!(verdict_of(MUST, NOOP, &[Says(b"550 no\r\n")]).0, Verdict::Fail);
    assert_eq!(verdict_of(SHOULD, NOOP, &[Says(b"550 no\r\n")]).0, Verdict::Warn);
}

#[test]
fn a_recommendation_within_a_rule_is_a_warning() {
    let steps = "      - C: NOOP\n      - S: {must: 2yz, should: 250}\n";
    let outcome = play_as(MUST, steps, &greeted(&[Says(b"252 perhaps\r\n")]));
    assert_eq!(outcome.result.verdict, Verdict::Warn);
    assert_eq!(outcome.result.findings[0].level.as_str(), "SHOULD");
}

#[test]
fn a_finding_shows_the_octets_and_the_event() {
    let result = play_as(MUST, NOOP, &greeted(&[Says(b"550 no\r\n")])).result;
    let evidence = &result.findings[0].evidence;
    assert_eq!(evidence.sent, b"NOOP\r\n");
    assert_eq!(evidence.received, b"550 no\r\n");
    let event = &result.transcript.events[evidence.event];
    assert_eq!(event.what, Happening::Received { octets: b"550 no\r\n".to_vec() });
}

/// Everything that was sent, in one piece.
fn all_said(outcome: &Outcome) -> String {
    let events = outcome.result.transcript.events.iter();
    let sent = events.filter_map(|event| match &event.what {
        Happening::Sent { octets } => Some(octets.as_slice()),
        _ => None,
    });
    String::from_utf8(sent.collect::<Vec<_>>().concat()).expect("it is text")
}

#[test]
fn only_a_positive_answer_to_ehlo_tells_what_is_offered() {
    let conditional = "      - C: NOOP size\n        when: {ehlo: SIZE}\n      - S: {not: 999}\n        \
                       when: {ehlo: SIZE}\n";
    let noop = format!("{NOOP}{conditional}");
    let script = greeted(&[Says(b"250-OK\r\n250 CHUNKING\r\n"), Says(b"250 OK\r\n")]);
    assert!(all_said(&play_as(MUST, &noop, &script)).contains("NOOP size"));
    let refused = format!("      - C: EHLO again.test\n      - S: 550\n{conditional}");
    let script = greeted(&[Says(b"550-No\r\n550 CHUNKING\r\n"), Says(b"250 OK\r\n")]);
    assert!(all_said(&play_as(MUST, &refused, &script)).contains("NOOP size"));
    let taken = format!("      - C: EHLO again.test\n      - S: 250\n{conditional}");
    let script = greeted(&[Says(b"250-mx\r\n250 CHUNKING\r\n"), Says(b"250 OK\r\n")]);
    assert!(!all_said(&play_as(MUST, &taken, &script)).contains("NOOP size"));
}

#[test]
fn helo_is_no_way_around_a_refusal_of_ehlo() {
    let script =
        [Says(b"220 mx\r\n"), Says(b"550 not you\r\n"), Says(b"250 mx\r\n"), Says(b"250 OK\r\n")];
    assert_eq!(play_as(MUST, NOOP, &script).result.verdict, Verdict::Inconclusive);
    // Of another command of the prelude it says nothing that the verb is not known.
    let head = format!("{MUST}    given: mail\n");
    let script = greeted(&[Says(b"502 no\r\n"), Says(b"250 mx\r\n"), Says(b"250 OK\r\n")]);
    let outcome = play_as(&head, NOOP, &script);
    assert_eq!(outcome.result.verdict, Verdict::Inconclusive);
    assert!(!all_said(&outcome).contains("HELO"));
}

#[test]
fn a_prelude_that_is_refused_teaches_nothing() {
    let result = play_as(MUST, NOOP, &[Says(b"554 no mail here\r\n")]).result;
    assert_eq!(result.verdict, Verdict::Inconclusive);
    assert!(result.reason.unwrap().contains("554 no mail here"));
}

#[test]
fn a_passing_refusal_and_a_421_are_no_fault() {
    let steps = "      - C: MAIL FROM:<${sender}>\n      - S: 250\n";
    let (verdict, reason) = verdict_of(MUST, steps, &[Says(b"451 later\r\n")]);
    assert_eq!(verdict, Verdict::Inconclusive, "{reason}");
    let outcome = play_as(MUST, NOOP, &greeted(&[Says(b"421 mx.test too busy\r\n"), Closes]));
    assert_eq!(outcome.result.verdict, Verdict::Inconclusive);
    assert!(outcome.congested);
    assert_eq!(outcome.oracle, []);
}

#[test]
fn a_cut_connection_is_policy_unless_the_scenario_says_otherwise() {
    for end in [Closes, Cuts] {
        let outcome = play_as(MUST, NOOP, &greeted(std::slice::from_ref(&end)));
        assert_eq!(outcome.result.verdict, Verdict::Inconclusive);
        assert!(outcome.lost);
        let strict = "      - C: NOOP\n      - S: {must: 250, policy: fails}\n";
        let result = play_as(MUST, strict, &greeted(std::slice::from_ref(&end))).result;
        assert_eq!(result.verdict, Verdict::Fail);
        let event = &result.transcript.events[result.findings[0].evidence.event];
        assert!(matches!(event.what, Happening::Closed | Happening::Cut { .. }), "{event:?}");
    }
}

#[test]
fn no_reply_at_all_is_shown_as_such() {
    let (verdict, reason) = verdict_of(MUST, NOOP, &[]);
    assert_eq!(verdict, Verdict::Fail);
    assert!(reason.starts_with("nothing within 5s"), "{reason}");
    let result = play_as(MUST, NOOP, &greeted(&[Says(b"250-half\r\n250")])).result;
    let reason = result.reason.unwrap();
    assert!(reason.starts_with("no whole reply"), "{reason}");
    let evidence = &result.findings[0].evidence;
    assert_eq!(evidence.received, b"250-half\r\n250");
    assert_eq!(result.transcript.events[evidence.event].what, Happening::Waited);
}

#[test]
fn silence_is_kept_or_broken() {
    let steps = "      - C: {bytes: 'NO'}\n      - S: {silence: 100ms}\n";
    assert_eq!(verdict_of(MUST, steps, &[]).0, Verdict::Pass);
    let script = [Says(b"220 mx.example.test\r\n"), Says(b"250 mx.example.test\r\n250 early\r\n")];
    assert_eq!(play_as(MUST, steps, &script).result.verdict, Verdict::Fail);
    let script = [Says(b"220 mx.example.test\r\n"), Says(b"250 mx.example.test\r\n25")];
    assert_eq!(play_as(MUST, steps, &script).result.verdict, Verdict::Fail, "a part is no silence");
}

#[test]
fn a_server_without_ehlo_is_spoken_to_with_helo() {
    let script =
        [Says(b"220 mx\r\n"), Says(b"500 what?\r\n"), Says(b"250 mx\r\n"), Says(b"250 OK\r\n")];
    assert_eq!(play_as(MUST, NOOP, &script).result.verdict, Verdict::Pass);
}

#[test]
fn what_is_not_there_skips_the_case() {
    for head in ["    requires: {ehlo: CHUNKING}\n", "    requires: {profile: [turn]}\n"] {
        let (verdict, _) = verdict_of(&format!("{MUST}{head}"), NOOP, &[]);
        assert_eq!(verdict, Verdict::Skip, "{head}");
    }
    let (verdict, _) =
        verdict_of(&format!("{MUST}    requires: {{ehlo: size}}\n"), NOOP, &[Says(b"250 OK\r\n")]);
    assert_eq!(verdict, Verdict::Pass);
}

#[test]
fn the_first_alternative_that_fits_decides_and_goes_on() {
    let steps = "      - C: FIRST\n      - S:\n          any-of:\n            - {must: 250, verdict: warn, note: unusual}\n            \
                 - must: 500\n              then:\n                - C: NOOP\n                - S: 250\n";
    let (verdict, _) = verdict_of(MUST, steps, &[Says(b"500 no\r\n"), Says(b"250 OK\r\n")]);
    assert_eq!(verdict, Verdict::Pass);
    let (verdict, reason) = verdict_of(MUST, steps, &[Says(b"250 OK\r\n")]);
    assert_eq!((verdict, reason.contains("unusual")), (Verdict::Warn, true));
    let (verdict, _) = verdict_of(MUST, steps, &[Says(b"354 go on\r\n")]);
    assert_eq!(verdict, Verdict::Fail);
}

#[test]
fn a_capture_is_a_variable_afterwards() {
    let steps = "      - C: NOOP\n      - S: {must: 250, capture: {word: 'word (\\S+)'}}\n      \
                 - C: NOOP ${word}\n      - S: 250\n";
    let script = greeted(&[Says(b"250 word abc def\r\n"), Says(b"250 OK\r\n")]);
    let result = play_as(MUST, steps, &script).result;
    let said = |octets: &[u8]| {
        let sent = Happening::Sent { octets: octets.to_vec() };
        result.transcript.events.iter().any(|event| event.what == sent)
    };
    assert!(said(b"NOOP abc\r\n"));
}

/// What the model finds when the server answers `NOOP` and a QUIT like that.
fn found(behind: &[Far]) -> Vec<String> {
    let outcome = play_as(MUST, "      - C: NOOP\n      - S: {not: 999}\n", &greeted(behind));
    outcome.oracle.iter().map(|finding| finding.requirement.to_string()).collect()
}

#[test]
fn the_model_sees_what_no_scenario_asked_for() {
    let bye = Says(b"221 mx.example.test bye\r\n");
    assert_eq!(found(&[Says(b"250 OK\r\n"), bye.clone()]), [""; 0]);
    let cases: [(&'static [u8], &str); 7] = [
        (b"250 OK\n", "rfc5321-2.3.8-1"),
        (b"250-one\r\n251 two\r\n", "rfc5321-4.2.1-13"),
        (b"250 \xff\r\n", "rfc5321-4.2-7"),
        (b"250 O\0K\r\n", "rfc5321-4.2-7"),
        (b"699 strange\r\n", "rfc5321-4.2-9"),
        (b"250 OK\r\n250 once more\r\n", "rfc5321-4.2-1"),
        (b"hello\r\n", "rfc5321-4.2-2"),
    ];
    for (reply, requirement) in cases {
        let found = found(&[Says(reply), bye.clone()]);
        assert!(found.iter().any(|one| one == requirement), "{reply:?}: {found:?}");
    }
}

#[test]
fn a_reply_before_the_end_of_the_line_is_found_and_a_421_is_not() {
    let steps = "      - C: {bytes: 'NOOP\\n'}\n      - S: {silence: 50ms}\n";
    let outcome = play_as(MUST, steps, &greeted(&[Says(b"250 OK\r\n")]));
    assert_eq!(outcome.result.verdict, Verdict::Fail);
    assert_eq!(outcome.oracle[0].requirement.as_str(), "rfc5321-2.3.8-1");
    let outcome = play_as(MUST, steps, &greeted(&[Says(b"421 going down\r\n")]));
    assert_eq!(outcome.result.verdict, Verdict::Inconclusive);
    assert_eq!(outcome.oracle, []);
}

#[test]
fn pipelined_replies_are_paired_with_their_commands() {
    let steps = "      - C:\n          - MAIL FROM:<${sender}>\n          - RCPT TO:<${recipient}>\n          - NOOP\n      \
                 - S: 250\n      - S: [250, 251]\n      - S: 250\n";
    let replies = [Says(b"250 a\r\n"), Says(b"250 b\r\n"), Says(b"250 c\r\n")];
    let outcome = play_as(MUST, steps, &greeted(&replies));
    assert_eq!((outcome.result.verdict, outcome.oracle.len()), (Verdict::Pass, 0));
}

#[test]
fn an_endless_reply_ends_in_a_verdict() {
    static LONG: [u8; 200_000] = [b'2'; 200_000];
    let outcome = play_as(MUST, NOOP, &greeted(&[Says(&LONG)]));
    assert_eq!(outcome.result.verdict, Verdict::Fail);
}

#[test]
fn who_goes_on_without_an_end_is_read_no_further() {
    let many: &[u8] = "250 OK\r\n".repeat(2000).leak().as_bytes();
    let long: &[u8] = "2".repeat(200_000).leak().as_bytes();
    for endless in [many, long] {
        // The dialogue would hear four times, and QUIT be said behind it.
        let steps = NOOP.repeat(2) + "      - S: {silence: 50ms}\n" + NOOP;
        let outcome = play_as(MUST, &steps, &greeted(&[Says(endless), Says(endless)]));
        let events = &outcome.result.transcript.events;
        let came = events.iter().position(
            |event| matches!(&event.what, Happening::Received { octets } if octets == endless),
        );
        let behind = &events[came.expect("it came") + 1..];
        let heard =
            |what: &Happening| matches!(what, Happening::Received { .. } | Happening::Waited);
        assert!(!behind.iter().any(|event| heard(&event.what)), "{behind:?}");
    }
}

#[test]
fn a_reply_that_answers_nothing_convicts_under_no_other_rule() {
    let script = [
        Says(b"220 mx.example.test\r\n"),
        Says(b"250 mx.example.test\r\n250 and\r\n250 more\r\n"),
        Says(b"250 OK\r\n"),
    ];
    let steps = "      - C: RCPT TO:<${recipient}>\n      - S: 503\n";
    let outcome = play_as(MUST, steps, &script);
    assert_eq!(outcome.result.verdict, Verdict::Inconclusive);
    assert!(outcome.oracle.iter().any(|one| one.requirement.as_str() == "rfc5321-4.2-1"));
}

#[test]
fn octets_that_are_no_reply_may_be_what_was_wanted() {
    let alert = [Says(b"\x15\x03\x03\0\x02\x02\n")];
    let steps = |wanted: &str| format!("      - C: NOOP\n      - S: {wanted}\n");
    let verdict = |wanted: &str| verdict_of(MUST, &steps(wanted), &alert).0;
    assert_eq!(verdict("{octets: '\\A\\x15\\x03'}"), Verdict::Pass);
    assert_eq!(verdict("{octets: '\\A\\x16\\x03'}"), Verdict::Fail);
    assert_eq!(verdict("{must: 250, octets: '\\A\\x15\\x03'}"), Verdict::Fail);
}

#[test]
fn what_is_left_to_the_model_fails_for_any_breach_of_what_is_checked() {
    let script = greeted(&[Says(b"250 \xe9\r\n"), Says(b"221 mx.example.test\r\n")]);
    let steps = "      - C: NOOP\n      - S: permitted\n";
    let of_text = play_as("    checks: [rfc5321-4.2-7]\n", steps, &script);
    assert_eq!(of_text.result.verdict, Verdict::Fail, "{of_text:?}");
    let own: Vec<_> =
        of_text.result.findings.iter().map(|one| one.requirement.to_string()).collect();
    assert_eq!((own.as_slice(), of_text.oracle.len()), (&["rfc5321-4.2-7".to_owned()][..], 0));

    let of_another = play_as(MUST, steps, &script);
    assert_eq!(of_another.result.verdict, Verdict::Pass);
    assert_eq!(of_another.oracle.len(), 1, "{of_another:?}");
}
