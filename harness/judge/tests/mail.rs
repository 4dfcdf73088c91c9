//! What a case comes to when this or that mail comes out of the target.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{
    Action, Happening, Mail, Outcome, Play, Segmentation, Setup, Verdict, Via, again,
};
use smtpspec_scenario::{Case, Outlet, Profile, Source, load};

fn case(steps: &str) -> Case {
    let text = format!(
        "spec: rfc5321\nsection: 4.1.1.4\ntitle: DATA\nscenarios:\n  - id: one\n    title: One\n    \
         checks: [rfc5321-4.1.1.4-7]\n    given: connected\n    dialogue:\n      \
         - C: NOOP ${{unique}}\n{steps}"
    );
    match load(&[Source::new("one.yaml", text)]) {
        Ok(loaded) => loaded.suite.cases().remove(0),
        Err(found) => panic!("{}", found[0]),
    }
}

fn setup() -> Setup {
    let profile = Profile { outlet: Some(Outlet::Memory), ..Profile::default() };
    Setup {
        shows_secrets: true,
        profile: Arc::new(profile),
        unique: "u-1".to_owned(),
        segmentation: Segmentation::AsWritten,
        offered: Vec::new(),
    }
}

fn mail(from: &str, text: &str) -> Mail {
    Mail {
        via: Via::NextHop,
        from: Some(from.into()),
        to: Some(vec![b"user@example.test".to_vec()]),
        mail_parameters: None,
        rcpt_parameters: None,
        octets: text.into(),
    }
}

/// Plays the steps while these messages come out, each at its time in milliseconds.
fn play(steps: &str, mails: &[(u64, Mail)]) -> (Outcome, Duration) {
    let mut play = Play::new(case(steps), setup());
    let mut mails: VecDeque<_> = mails.to_vec().into();
    let mut now = Duration::ZERO;
    for _ in 0..1_000 {
        now += Duration::from_micros(10);
        match play.next(now) {
            Action::Open { connection } => play.observe(now, connection, Happening::Opened),
            Action::Send { connection, octets } => {
                play.observe(now, connection, Happening::Sent { octets });
            }
            Action::Receive { connection, until } => {
                now = now.max(until);
                play.observe(now, connection, Happening::Closed);
            }
            Action::Collect { until } => {
                let at = mails.front().map(|(at, _)| Duration::from_millis(*at));
                let due = at.filter(|at| *at <= until.max(now));
                now = now.max(due.unwrap_or(until));
                let mail = due.and_then(|_| mails.pop_front());
                let what = mail.map_or(Happening::Waited, |(_, mail)| Happening::Delivered(mail));
                play.observe(now, 0, what);
            }
            Action::Secure { connection } => {
                let reason = "no TLS here".to_owned();
                play.observe(now, connection, Happening::HandshakeFailed { reason });
            }
            Action::Pause { until } => now = now.max(until),
            Action::End { connection, how } => {
                play.observe(now, connection, Happening::Ended { how });
            }
            Action::Done => {
                let outcome = play.finish();
                let again = again::judge(case(steps), setup(), &outcome.result.transcript);
                let again = again.unwrap_or_else(|mismatch| panic!("{mismatch:?}"));
                assert_eq!(again.result.verdict, outcome.result.verdict);
                assert_eq!(again.result.findings, outcome.result.findings);
                return (outcome, now);
            }
        }
    }
    panic!("the case does not end");
}

fn verdict(steps: &str, mails: &[(u64, Mail)]) -> (Verdict, String) {
    let (outcome, _) = play(steps, mails);
    (outcome.result.verdict, outcome.result.reason.unwrap_or_default())
}

const ONE: &str = "      - delivered: {from: a@b.example, contains: x}\n";

#[test]
fn what_comes_out_as_wanted_is_a_pass() {
    assert_eq!(verdict(ONE, &[(200, mail("a@b.example", "x"))]).0, Verdict::Pass);
}

#[test]
fn another_message_within_the_settling_time_is_one_too_many() {
    let one = mail("a@b.example", "x");
    let (seen, reason) = verdict(ONE, &[(200, one.clone()), (1_100, mail("c@d.example", "y"))]);
    assert_eq!(seen, Verdict::Fail);
    assert_eq!(reason, "2 messages came out instead of 1 message");
    let late = [(200, one), (1_300, mail("c@d.example", "y"))];
    assert_eq!(verdict(ONE, &late).0, Verdict::Pass);
}

#[test]
fn what_does_not_come_out_is_waited_for_as_long_as_the_step_says() {
    let (outcome, took) = play(ONE, &[]);
    assert_eq!(outcome.result.verdict, Verdict::Fail);
    assert!(took >= Duration::from_secs(10), "{took:?}");
    assert_eq!(outcome.result.reason.unwrap(), "no message came out instead of 1 message");
    let (outcome, took) = play("      - delivered: {contains: x, within: 2s}\n", &[]);
    assert_eq!(outcome.result.verdict, Verdict::Fail);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn that_nothing_comes_out_takes_no_longer_than_the_settling_time() {
    let (outcome, took) = play("      - delivered: 0\n", &[]);
    assert_eq!(outcome.result.verdict, Verdict::Pass);
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(verdict("      - delivered: 0\n", &[(500, mail("a", "x"))]).0, Verdict::Fail);
}

#[test]
fn several_steps_look_at_the_same_mail_and_wait_once() {
    let steps = format!("{ONE}{ONE}{ONE}");
    let (outcome, took) = play(&steps, &[(200, mail("a@b.example", "x"))]);
    assert_eq!(outcome.result.verdict, Verdict::Pass);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_finding_shows_the_octet_of_the_mail_in_which_it_is_wrong() {
    let long = format!("{}bad{}", "-".repeat(1_000), "-".repeat(1_000));
    let (outcome, _) = play("      - delivered: {lacks: bad}\n", &[(10, mail("a", &long))]);
    let evidence = &outcome.result.findings[0].evidence;
    let at = evidence.at.unwrap();
    assert_eq!(&evidence.received[at..at + 3], b"bad");
    assert!(evidence.received.len() < 1_000);
    let event = &outcome.result.transcript.events[evidence.event];
    assert!(matches!(&event.what, Happening::Delivered(mail) if mail.octets == long.as_bytes()));
}

#[test]
fn an_envelope_that_is_not_told_leaves_the_case_undecided_unless_something_is_wrong() {
    let untold = Mail { from: None, ..mail("", "x") };
    assert_eq!(verdict(ONE, &[(10, untold.clone())]).0, Verdict::Inconclusive);
    let wrong = Mail { octets: b"y".to_vec(), ..untold };
    assert_eq!(verdict(ONE, &[(10, wrong)]).0, Verdict::Fail);
}

#[test]
fn messages_are_told_apart_in_any_order() {
    let steps = "      - delivered: [{contains: x}, {contains: y}]\n";
    let (x, y) = (mail("a", "x"), mail("a", "y"));
    assert_eq!(verdict(steps, &[(10, y.clone()), (20, x.clone())]).0, Verdict::Pass);
    assert_eq!(verdict(steps, &[(10, x.clone()), (20, mail("b", "x"))]).0, Verdict::Fail);
    assert_eq!(verdict(steps, &[(10, x)]).0, Verdict::Fail);
}

#[test]
fn without_a_place_of_delivery_the_case_is_skipped() {
    let mut bare = setup();
    bare.profile = Arc::new(Profile::default());
    let mut play = Play::new(case(ONE), bare);
    assert_eq!(play.next(Duration::ZERO), Action::Done);
    let result = play.finish().result;
    assert_eq!(result.verdict, Verdict::Skip);
    assert!(result.reason.unwrap().contains("names neither"));
}
