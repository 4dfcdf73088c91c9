//! What a scenario file means.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself")]

use std::path::Path;
use std::time::Duration;

use smtpspec_scenario::expect::CommandShape;
use smtpspec_scenario::{
    Act, Condition, Content, Hear, Profile, Scenario, Send, Source, Step, Variables, load,
};

fn scenario(rest: &str) -> Scenario {
    let text = format!(
        "spec: hostile\nsection: smuggling\ntitle: Smuggling\nscenarios:\n  - id: a\n    title: A\n    checks: [rfc5321-3.3-15]\n{rest}"
    );
    let loaded = load(&[Source::new("a.yaml", text)]).unwrap_or_else(|diagnostics| {
        panic!("{}", diagnostics[0]);
    });
    (*loaded.suite.scenarios[0]).clone()
}

fn dialogue(steps: &str) -> Vec<Step> {
    let steps = steps.replace('\n', "\n      ");
    scenario(&format!("    dialogue:\n      - S: permitted\n      {steps}\n")).dialogue.split_off(1)
}

/// The octets of each write that a step makes.
fn writes(step: &str) -> Vec<Vec<u8>> {
    let steps = dialogue(step);
    let Act::Send(Send::Writes { writes, .. }) = &steps[0].act else {
        panic!("{step} writes nothing")
    };
    writes.iter().map(|contents| octets(contents)).collect()
}

fn octets(contents: &[Content]) -> Vec<u8> {
    let mut variables = Variables::default();
    variables.set_mailbox("sender", "a@b.example");
    let put_in = |template: &smtpspec_scenario::Template| template.expand(&[], &variables).unwrap();
    contents
        .iter()
        .flat_map(|content| match content {
            Content::Text(text) => put_in(text),
            Content::Repeat { unit, times } => put_in(unit).repeat(*times as usize),
            Content::Base64(_) | Content::Answer { .. } => panic!("that is for the harness"),
        })
        .collect()
}

#[test]
fn what_is_said_is_sent_octet_for_octet() {
    for (step, expected) in [
        ("- C: NOOP", &[&b"NOOP\r\n"[..]][..]),
        ("- C: ''", &[b"\r\n"]),
        ("- C: 'close'", &[b"close\r\n"]),
        ("- C: MAIL FROM:<${sender}>", &[b"MAIL FROM:<a@b.example>\r\n"]),
        (r"- C: a\r", &[b"a\\r\r\n"]),
        (r"- C: {bytes: 'NOOP\n'}", &[b"NOOP\n"]),
        (r#"- C: {bytes: "NOOP\n"}"#, &[b"NOOP\n"]),
        (r"- C: {bytes: '\xff\0é'}", &[b"\xff\0\xc3\xa9"]),
        ("- C: {repeat: ab, times: 3}", &[b"ababab"]),
        ("- C:\n  - RSET\n  - {bytes: x}\n  - NOOP", &[b"RSET\r\nxNOOP\r\n"]),
        ("- C: {line: [A, {repeat: b, times: 2}, {bytes: '\\x00'}]}", &[b"Abb\0\r\n"]),
        ("- C: {line: [A, {repeat: b, times: 2}]}", &[b"Abb\r\n"]),
        (
            r"- C: {split: ['NO', 'OP\r\n', [a, {repeat: b, times: 2}]]}",
            &[b"NO", b"OP\r\n", b"abb"],
        ),
    ] {
        assert_eq!(writes(step), expected, "{step}");
    }
}

#[test]
fn the_lines_of_a_message_end_with_crlf() {
    let steps = dialogue(
        "- C:\n    message: |\n      Subject: x\n      \tfolded\n\n      .\n- C: {chunk: \"a\\r\\nb\", last: true}",
    );
    let Act::Send(Send::Message(contents)) = &steps[0].act else { panic!() };
    assert_eq!(octets(contents), b"Subject: x\r\n\tfolded\r\n\r\n.\r\n");
    let Act::Send(Send::Chunk { contents, last: true }) = &steps[1].act else { panic!() };
    assert_eq!(octets(contents), b"a\r\nb");
}

#[test]
fn the_letters_keep_their_meaning_when_the_roles_swap() {
    let steps = dialogue(
        "- C: TURN\n- S: 250\n- turn: swap\n- S: 220 hello\n- C: {verb: EHLO}\n- S: 250\n- turn: swap\n- C: NOOP\n- S: 250",
    );
    let kinds: Vec<_> = steps
        .iter()
        .map(|step| match &step.act {
            Act::Send(_) => "send",
            Act::Hear(_) => "hear",
            Act::Await(_) => "await",
            Act::Swap => "swap",
            Act::Delivered(_) => "delivered",
        })
        .collect();
    let expected = ["send", "hear", "swap", "send", "await", "send", "swap", "send", "hear"];
    assert_eq!(kinds, expected);
}

#[test]
fn roles_belong_to_a_connection() {
    let steps = dialogue("- turn: swap\n  on: second\n- C: NOOP\n- C: QUIT\n  on: second");
    assert!(matches!(steps[1].act, Act::Send(_)));
    assert!(matches!(steps[2].act, Act::Await(_)));
}

#[test]
fn a_server_waits_for_lines_verbs_and_messages() {
    let scenario = scenario(
        "    plays: server\n    dialogue:\n      - S: [220-a, 220 b]\n      - C: EHLO x\n      - C: message\n      - C: {any-of: [{verb: QUIT, ends: true}, closed]}\n",
    );
    let shapes: Vec<_> = scenario
        .dialogue
        .iter()
        .filter_map(|step| match &step.act {
            Act::Await(patterns) => Some(&patterns[0].hear),
            _ => None,
        })
        .collect();
    assert!(matches!(shapes[0], CommandShape::Line(_)));
    assert!(matches!(shapes[1], CommandShape::Message(None)));
    assert!(matches!(shapes[2], CommandShape::Verb(verb) if verb == "QUIT"));
}

#[test]
fn expectations_are_graded_and_timed() {
    let steps = dialogue(
        "- S: [250, 251]\n- S: {must: 5yz, should: 503, within: 2s}\n- S: silence\n- S: {silence: 200ms}\n- S: {closed: true, within: 1m}\n- S: reset",
    );
    let hear = |index: usize| match &steps[index].act {
        Act::Hear(hear) => hear,
        _ => panic!(),
    };
    assert!(matches!(hear(0), Hear::Reply(reply) if reply.must.patterns().len() == 2));
    let Hear::Reply(reply) = hear(1) else { panic!() };
    assert_eq!(reply.should.as_ref().unwrap().to_string(), "503");
    assert_eq!(reply.within, Some(Duration::from_secs(2)));
    assert_eq!(hear(2), &Hear::Silence(Duration::from_millis(500)));
    assert_eq!(hear(3), &Hear::Silence(Duration::from_millis(200)));
    assert_eq!(hear(4), &Hear::Closed(Some(Duration::from_mins(1))));
    assert_eq!(hear(5), &Hear::Reset(None));
}

#[test]
fn a_used_dialogue_takes_what_stands_beside_its_use() {
    let library = "dialogues:\n  hello:\n    - C: EHLO ${client}\n    - S: 250\n      on: first\n    - use: bye\n  bye:\n    - C: QUIT\n";
    let file = "spec: rfc5321\nsection: D.1\ntitle: x\nscenarios:\n  - id: a\n    title: A\n    checks: [rfc5321-3.3-15]\n    dialogue:\n      - use: lib/hello\n        on: second\n        when: {profile: turn}\n";
    let sources = [Source::new("D.1-x.yaml", file), Source::new("x/lib.yaml", library)];
    let loaded = load(&sources).unwrap();
    let steps = &loaded.suite.scenarios[0].dialogue;
    let connections: Vec<_> = steps.iter().map(|step| step.on.as_deref().unwrap()).collect();
    assert_eq!(connections, ["second", "first", "second"]);
    assert!(steps.iter().all(|step| step.when == Some(Condition::Profile("turn".to_owned()))));
    assert_eq!((&*steps[2].place.file, steps[2].place.line), ("x/lib.yaml", 8));
}

#[test]
fn a_capture_is_known_from_then_on_and_perhaps_behind_alternatives() {
    dialogue(
        "- S: {must: 250, capture: {id: 'as (\\S+)'}}\n- C: NOOP ${id}\n- S: {any-of: [{must: 250, capture: {other: x}}, 251]}\n- C: NOOP ${other}\n  when: {captured: other}",
    );
}

#[test]
fn a_profile_of_another_server_has_only_the_mailboxes_that_it_names() {
    let source = Source::new(
        "profile.yaml",
        "server: mx.example.net:25\nrecipient: a@example.net\nfacts: [vrfy]\nvariables: {limit: 100}\ntimeouts: {reply: 300ms}\nreference:\n  size: 5000000000\n  lists: {all: [a@b.example]}\n  turn: {client.example: [{from: '', to: [a@b.example], text: hello}]}\n",
    );
    let profile = Profile::load(&source).unwrap();
    assert_eq!(profile.second_recipient, None);
    assert_eq!(profile.variables["limit"], "100");
    assert_eq!(profile.timeouts.reply, Duration::from_millis(300));
    assert_eq!(profile.reference.turn["client.example"][0].text, "hello");
    assert_eq!(profile.reference.size, Some(5_000_000_000));
    let profile = Profile::load(&Source::new("profile.yaml", "client: me.example\n")).unwrap();
    assert_eq!(profile.second_recipient, Profile::default().second_recipient);
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Every file that is published with the project.
#[test]
fn the_scenarios_of_the_project_load() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut scenarios = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().to_string_lossy().into_owned();
        if !folder.path().is_dir() || name == "requirements" {
            continue;
        }
        // Profiles lie also one folder deeper.
        let mut paths: Vec<_> = entries(&folder.path());
        let deeper: Vec<_> = paths.extract_if(.., |path| path.is_dir()).collect();
        paths.extend(deeper.iter().flat_map(|folder| entries(folder)));
        for path in paths {
            let shown = path.file_name().unwrap().to_string_lossy();
            let file = std::fs::File::open(&path).unwrap();
            let source = Source::read(format!("{name}/{shown}"), file).unwrap();
            if name == "profiles" {
                Profile::load(&source).unwrap();
            } else {
                scenarios.push(source);
            }
        }
    }
    match load(&scenarios) {
        Ok(loaded) => assert_eq!(loaded.warnings, []),
        Err(diagnostics) => {
            let said: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
            panic!("{}", said.join("\n"));
        }
    }
}
