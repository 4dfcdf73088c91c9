//! What a person is told about a wrong file: one snapshot for each kind of mistake.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself")]

mod show;

use std::fmt::Write as _;

use smtpspec_scenario::{Baseline, Profile, Source, load};

use show::show;

const HEAD: &str = "\
spec: rfc5321
section: 4.1.1.3
title: RECIPIENT (RCPT)
scenarios:
  - id: before-mail
    title: RCPT with no transaction open is refused
    checks: [rfc5321-3.3-15]
";

/// What is said of one file that must be refused.
fn refused(text: impl AsRef<[u8]>) -> String {
    let source = Source::new("rfc5321/4.1.1.3-rcpt.yaml", text.as_ref());
    let diagnostics = load(std::slice::from_ref(&source)).expect_err("it must be refused");
    show(&[source], &diagnostics)
}

/// What is said of a scenario with this dialogue.
fn dialogue(steps: &str) -> String {
    refused(format!("{HEAD}    dialogue:\n{steps}"))
}

/// What is said of each of these steps, in a file of its own.
fn each_step(steps: &[&str]) -> String {
    let mut all = String::new();
    for step in steps {
        let said = dialogue(&format!("      - S: permitted\n{step}\n"));
        writeln!(all, "{said}").unwrap();
    }
    all
}

#[test]
fn an_unknown_key_is_met_with_the_nearest() {
    insta::assert_snapshot!(refused(format!(
        "{HEAD}    saftey: quiet\n    dialogue:\n      - C: NOOP\n      - S: {{must: 250, shuold: 250}}\n      - X: NOOP\n"
    )));
}

#[test]
fn an_unknown_requirement_is_met_with_the_nearest() {
    let text = format!("{HEAD}    dialogue: [{{S: 250, checks: [rfc5321-3.3-151, nonsense]}}]\n");
    insta::assert_snapshot!(refused(text.replace("rfc5321-3.3-15]", "rfc5321-3.3-155]")));
}

#[test]
fn a_duplicate_key_is_shown_beside_the_first() {
    insta::assert_snapshot!(refused(format!(
        "{HEAD}    title: another\n    dialogue:\n      - S: 250\n        S: 251\n"
    )));
}

#[test]
fn a_duplicate_id_is_shown_beside_the_first_even_in_another_file() {
    let scenario = |aliases: &str| format!("{HEAD}{aliases}    dialogue:\n      - S: 250\n");
    let sources = [
        Source::new("one.yaml", scenario("")),
        Source::new("two.yaml", scenario("    aliases: [rfc5321/4.1.1.3/before-mail, New]\n")),
    ];
    insta::assert_snapshot!(show(&sources, &load(&sources).unwrap_err()));
}

#[test]
fn a_bad_code_pattern_is_met_with_the_form_of_one() {
    insta::assert_snapshot!(each_step(&[
        "      - S: 25",
        "      - S: 250 OK",
        "      - S: 5xx",
        "      - S: closd",
        "      - S: [250, {must: 251}]",
        "      - S: {must: []}",
        "      - S: {must: 250, should: 503}",
        "      - S: {must: 250, not: 2yz}",
        "      - S: {enhanced: 5.1}",
        "      - S: {policy: fails}",
        "      - S: {closed: true, must: 221}",
        "      - S:",
    ]));
}

#[test]
fn a_bad_regular_expression_is_shown_at_the_very_character() {
    insta::assert_snapshot!(each_step(&[
        "      - S: {text: 'queued as (a'}",
        "      - S: {text: 'it''s *{2'}",
        "      - S: {text: \"\\\\d{1000}{1000}\"}",
        "      - S: {capture: {sender: x, word: '['}}",
    ]));
}

#[test]
fn tabs_in_the_indentation_are_named() {
    insta::assert_snapshot!(dialogue("\t- S: 250\n"));
    insta::assert_snapshot!(dialogue("      - S: {must: 250}\n      \tC: x\n"));
}

#[test]
fn octets_that_are_not_utf_8_are_named_with_their_place() {
    let mut text = format!("{HEAD}    dialogue:\n      - C: é ").into_bytes();
    text.extend(b"\xff\xfe\n");
    insta::assert_snapshot!(refused(text));
    insta::assert_snapshot!(dialogue("      - C: \"a\0b\"\n"));
}

#[test]
fn a_file_that_is_too_long_is_refused_unread() {
    let source = Source::read("endless.yaml", std::io::repeat(b'#')).unwrap();
    let refused = load(&[source]).unwrap_err();
    insta::assert_snapshot!(refused[0].to_string());
}

/// The traps of YAML that the language warns of.
#[test]
fn the_traps_of_yaml_are_met_with_advice() {
    insta::assert_snapshot!(each_step(&[
        "      - C: [MAIL FROM:<${sender}>, DATA]",
        "      - C: [EHLO [127.0.0.1], QUIT]",
        "      - C: {bytes: a${sender}b}",
        "      - C: NOOP # a comment",
        "      - C: NOOP  ",
        "      - C: {bytes: \"A\\xff\"}",
        "      - C:",
        "      - C: null",
        "      - C: NOOP\n          QUIT",
        "      - C: EHLO: x",
        "      - C: [EHLO: x]",
        "      - C: *all",
        "      - C: &all x",
        "      - C: !tag x",
        "      - C: @x",
        "      - C: %x",
        "      - C: >x",
        "      - C: 'it's'",
        "      - C: - x",
        "      - C: \"NOOP\\r\\n\"",
    ]));
}

#[test]
fn bad_escapes_and_variables_are_shown_at_the_very_character() {
    insta::assert_snapshot!(each_step(&[
        r"      - C: {bytes: 'it''s \q'}",
        r"      - C: {bytes: 'NOOP\x1'}",
        r"      - C: {bytes: NOOP\}",
        r#"      - C: {bytes: "tab \t and \\q"}"#,
        "      - C: {message: \"a\\n${sendr}\"}",
        "      - C:\n          message: |\n            Subject: x\n\n            to ${recipient.secnd} here",
        "      - C: VRFY ${recipient",
        "      - C: VRFY ${two words}",
        "      - S: 250\n        when: {captured: nothing}",
    ]));
}

#[test]
fn what_is_said_is_told_from_what_is_heard() {
    insta::assert_snapshot!(each_step(&[
        "      - C: closed",
        "      - C: {must: 250}",
        "      - C: {repeat: x}",
        "      - C: {repeat: x, times: 0}",
        "      - C: {split: [a], pause: soon}",
        "      - C: {bytes: a, message: b}",
        "      - C: {message: a, last: true}",
        "      - C: []",
        "      - {C: NOOP, S: 250}",
        "      - {note: nothing}",
        "      - C: {starttls: {}}",
        "      - C: {starttls: later}",
        "      - C: {starttls: handshake, failed: skip}",
        "      - S: {closed: soon}",
        "      - turn: back",
        "      - turn: swap\n      - C: close",
        "      - turn: swap\n      - C: [QUIT]",
        "      - turn: swap\n        when: {ehlo: TURN}",
    ]));
}

#[test]
fn what_is_encoded_and_what_is_answered_is_checked_with_the_same_care() {
    insta::assert_snapshot!(each_step(&[
        "      - C: {line: [{answer: CRAM-MD5}]}",
        "      - C: {line: [{answer: CRAM-MD4, to: x}]}",
        r"      - C: {line: [{base64: '\q'}]}",
        "      - C: {line: [{base64: x, times: 2}]}",
    ]));
}

#[test]
fn alternatives_must_meet_again() {
    insta::assert_snapshot!(each_step(&[
        "      - S: {any-of: [{must: 250, then: [{turn: swap}]}, 502]}\n      - S: 250",
        "      - S: {any-of: [{must: 250, ends: true}, {closed: true, ends: true}]}\n      - S: 250",
        "      - S: {any-of: [{any-of: [250]}]}",
        "      - S: {any-of: [{must: 250, capture: {id: '\\d+'}}, 5yz]}\n      - C: NOOP ${id}",
        "      - S: {any-of: []}",
        "      - S: {any-of: [{must: 250, verdict: wrong}]}",
    ]));
}

#[test]
fn a_scenario_that_can_not_fail_is_refused() {
    insta::assert_snapshot!(dialogue("      - C: NOOP\n"));
    insta::assert_snapshot!(dialogue("      []\n"));
    insta::assert_snapshot!(refused(
        HEAD.replace("rfc5321-3.3-15", "rfc5321-4.1.1.1-6") + "    dialogue: [S: 250]\n"
    ));
}

#[test]
fn dialogues_that_are_missing_or_go_in_circles_are_named() {
    let text = format!(
        "dialogues:\n  one:\n    - use: two\n  two:\n    - S: 250\n    - use: one\n{HEAD}    dialogue:\n      - use: one\n      - use: too\n      - use: lib/hello\n"
    );
    let library = "dialogues:\n  helo:\n    - C: HELO ${me}\n    - S: 250\n  lost:\n    - S: 25\n";
    let sources = [Source::new("a.yaml", text), Source::new("lib.yaml", library)];
    insta::assert_snapshot!(show(&sources, &load(&sources).unwrap_err()));
}

#[test]
fn a_mistake_in_a_dialogue_says_who_uses_it() {
    let text = format!("{HEAD}    dialogue:\n      - use: lib/helo\n      - S: 250\n");
    let library = "library: lib\ndialogues:\n  helo:\n    - C: HELO ${me}\n    - S: 250\n";
    let sources = [Source::new("a.yaml", text), Source::new("x.yaml", library)];
    insta::assert_snapshot!(show(&sources, &load(&sources).unwrap_err()));
}

#[test]
fn rows_must_be_alike() {
    insta::assert_snapshot!(refused(format!(
        "{HEAD}    each:
      - {{name: one, verb: RSET, rest: 'a\\q'}}
      - {{name: one, verbe: NOOP, rest: ''}}
      - {{name: Two Words, verb: NOOP, rest: '${{vreb}}'}}
    dialogue:
      - C: {{bytes: '${{verb}} ${{rest}}\\r\\n'}}
      - S: 250
"
    )));
}

#[test]
fn a_field_that_no_step_names_is_a_warning() {
    let text = format!(
        "{HEAD}    each:\n      - {{name: one, verb: RSET, rest: a}}\n    dialogue:\n      - C: ${{verb}}\n      - S: 250\n"
    );
    let source = [Source::new("a.yaml", text)];
    let loaded = load(&source).unwrap();
    assert_eq!(loaded.suite.cases()[0].id, "rfc5321/4.1.1.3/before-mail[one]");
    insta::assert_snapshot!(show(&source, &loaded.warnings));
}

#[test]
fn a_heading_must_fit_its_file() {
    let text =
        "spec: RFC5321\nsection: 4..1\nscenarios:\n  - {id: Some Thing, title: '', checks: []}\n";
    insta::assert_snapshot!(refused(text));
    let text = "spec: rfc821\nsection: 4.1.1.4\ntitle: x\nscenarios: []\n";
    insta::assert_snapshot!(refused(text));
    insta::assert_snapshot!(refused("- a\n- b\n"));
    insta::assert_snapshot!(refused("# nothing\n"));
    insta::assert_snapshot!(refused("a: b\n---\nc: d\n"));
    insta::assert_snapshot!(refused("title: x\n"));
}

#[test]
fn all_mistakes_of_a_file_are_told_up_to_a_limit() {
    let steps = "      - S: 25\n".repeat(150);
    let source = Source::new("a.yaml", format!("{HEAD}    dialogue:\n{steps}"));
    let diagnostics = load(&[source]).unwrap_err();
    assert_eq!(diagnostics.len(), 100);
    let last = diagnostics[99].note.as_deref();
    assert_eq!(last, Some("the rest of this file is left out after 100 diagnostics"));
}

#[test]
fn what_is_said_of_delivered_mail_must_be_able_to_hold_and_to_fail() {
    insta::assert_snapshot!(each_step(&[
        "      - C: NOOP\n      - delivered: 1",
        "      - C: NOOP ${unique}\n      - delivered: {count: {least: 0}}",
        "      - C: NOOP ${unique}\n      - delivered: {count: {least: 2, most: 1}}",
        "      - C: NOOP ${unique}\n      - delivered: {count: 0, from: a@b.example}",
        "      - C: NOOP ${unique}\n      - delivered: []",
        "      - C: NOOP ${unique}\n      - delivered: [{}]",
        "      - C: NOOP ${unique}\n      - delivered: {from: <>, to: []}",
        "      - C: NOOP ${unique}\n      - delivered: {top: {A: x, B: y}, header: {'a b': x}}",
        "      - C: NOOP ${unique}\n      - delivered: {contains: '(', boddy: x}",
        "      - C: NOOP ${unique}\n      - delivered: 1\n        on: second",
    ]));
}

#[test]
fn the_place_of_delivery_is_checked_with_the_same_care() {
    let mut all = String::new();
    for text in [
        "next-hop: {listen: localhost, protocol: http}\n",
        "next-hop: {protocol: lmtp}\n",
        "next-hop: {listen: '127.0.0.1:2526'}\nmaildir: /var/mail\n",
        "maildir: ''\n",
    ] {
        let source = Source::new("profile.yaml", text);
        let diagnostics = Profile::load(&source).unwrap_err();
        writeln!(all, "{}", show(&[source], &diagnostics)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_profile_is_checked_with_the_same_care() {
    let source = Source::new(
        "profile.yaml",
        "servr: mx\nclient: two words\nsender: <a@b>\nrecipient: nobody\nfacts: turn\nvariables: {recipient: x}\ntimeouts: {reply: 5, run: 0s, connet: 1s}\nreference: {turn: {a: [{from: '', to: [], txt: x}]}, size: big}\n",
    );
    let diagnostics = Profile::load(&source).unwrap_err();
    insta::assert_snapshot!(show(&[source], &diagnostics));
}

#[test]
fn a_baseline_is_checked_with_the_same_care() {
    let files = [
        "knwon: []\n",
        "known: none\n",
        "known:\n  - scenario: rfc5321/4.1.1/a\n    expect: fial\n    reason: ''\n    untill: x\n",
        "known:\n  - {expect: fail, reason: x}\n  - {scenario: a b, requirement: c, expect: fail, reason: x}\n",
        "known:\n  - {requirement: rfc5321-4.2-222, expect: fail, reason: x}\n  - {scenario: a b, expect: fail}\n",
        "known:\n  - {scenario: a, expect: fail, reason: x, until: 2027-02-30}\n  - {scenario: a, expect: warn, reason: x, until: 20270301}\n",
        "known:\n  - {scenario: a, expect: fail, reason: x}\n  - {scenario: a, expect: warn, reason: y}\n",
        "known:\n  - {scenario: a, expect: pass, intermittent: true, reason: x}\n",
    ];
    let mut all = String::new();
    for text in files {
        let source = Source::new("baseline.yaml", text);
        let diagnostics = Baseline::load(&source).expect_err(text);
        writeln!(all, "{}", show(&[source], &diagnostics)).unwrap();
    }
    insta::assert_snapshot!(all);
}
