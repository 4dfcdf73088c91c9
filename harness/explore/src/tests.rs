use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::memory::{hello, play as play_case};
use smtpspec_reference::{Config, mutants};
use smtpspec_scenario::{Profile, Source, load, write};

use super::memory::{play, play_settled};
use super::*;

fn ground(config: &Arc<Config>) -> Ground {
    Ground::of(&Profile::default(), hello(config))
}

fn usual() -> Arc<Config> {
    Arc::new(Config { max_message_octets: 1 << 17, ..Config::default() })
}

fn mutant(name: &str) -> Arc<Config> {
    let mutant = mutants::by_name(name).expect("it exists");
    Arc::new(Config { mutants: vec![mutant], ..Config::clone(&usual()) })
}

#[test]
fn the_reference_is_convicted_of_nothing() {
    let config = usual();
    let explorer = Explorer::new(ground(&config), 1);
    for index in 0..3000 {
        let session = explorer.case(index);
        let trace = play(&session, &config, &Access::default());
        assert!(trace.findings.is_empty(), "case {index}\n{session}{:#?}", trace.findings[0]);
        assert!(trace.hangs.is_none(), "case {index}\n{session}{:?}", trace.hangs);
    }
}

#[test]
fn line_by_line_the_reference_is_convicted_of_nothing_either() {
    let config = usual();
    let explorer = Explorer::new(ground(&config), 1);
    let settle = Duration::from_millis(60);
    for index in 0..500 {
        let session = explorer.case(index);
        let trace = play_settled(&session, &config, &Access::default(), settle);
        assert!(trace.findings.is_empty(), "case {index}\n{session}{:#?}", trace.findings[0]);
        assert!(trace.hangs.is_none(), "case {index}\n{session}{:?}", trace.hangs);
    }
}

#[test]
fn what_was_new_leads_to_more_and_convicts_nobody_either() {
    let config = usual();
    let explorer = Explorer::new(ground(&config), 2);
    let mut novelty = Novelty::default();
    let mut seeds = Vec::new();
    for index in 0..1500 {
        let session = match seeds.len() {
            0 => explorer.case(index),
            count => explorer.descendant(&seeds[index as usize % count], index),
        };
        let trace = play(&session, &config, &Access::default());
        assert!(trace.findings.is_empty(), "case {index}\n{session}{:#?}", trace.findings[0]);
        if novelty.note(&trace) {
            seeds.push(session);
        }
    }
    assert!(novelty.states() >= 7 && novelty.sights() > 60, "{novelty:?}");
}

#[test]
fn a_case_is_the_same_whenever_it_is_made() {
    let explorer = || Explorer::new(ground(&usual()), 7);
    let (one, other) = (explorer(), explorer());
    let all: HashSet<Session> = (0..500).map(|index| one.case(index)).collect();
    assert!(all.len() > 400);
    assert_eq!(one.case(499), other.case(499));
}

/// What a scenario that was made of a finding is played with.
fn setup() -> smtpspec_judge::Setup {
    smtpspec_judge::Setup {
        shows_secrets: true,
        profile: Arc::new(Profile::default()),
        unique: "unique".to_owned(),
        segmentation: smtpspec_judge::Segmentation::default(),
        offered: Vec::new(),
    }
}

#[test]
fn a_finding_becomes_small_and_then_a_scenario_that_finds_it_again() {
    let config = mutant("verbs-case-sensitive");
    let explorer = Explorer::new(ground(&config), 3);
    let convicts = |session: &Session| {
        play(session, &config, &Access::default())
            .findings
            .first()
            .map(|finding| finding.requirement)
    };
    let (session, requirement) = (0..5000)
        .map(|index| explorer.case(index))
        .find_map(|session| convicts(&session).map(|requirement| (session, requirement)))
        .expect("somebody sees it");
    let mut shrink = Shrink::new(session.clone(), explorer.ground().plain());
    while let Some(candidate) = shrink.candidate() {
        let shows = convicts(candidate) == Some(requirement);
        shrink.tell(shows);
    }
    let small = shrink.best().clone();
    assert!(small.moves.len() == 1 && small.octets() <= session.octets(), "{small}");
    let trace = play(&small, &config, &Access::default());
    let names = Names::of(&Profile::default());
    let made = reproducer::scenario(&trace, &names, requirement, "found", "Found");
    let text = write(&made);
    let suite = load(&[Source::new("found.yaml", text.clone())])
        .unwrap_or_else(|found| panic!("{}\n{text}", found[0]))
        .suite;
    let played = play_case(suite.cases().remove(0), setup(), &config);
    let outcome = played.outcome;
    let again = outcome.result.findings.iter().chain(&outcome.oracle);
    assert!(again.map(|one| one.requirement).any(|one| one == requirement), "{text}");
}

#[test]
fn a_session_is_read_as_it_was_written() {
    let explorer = Explorer::new(ground(&usual()), 11);
    for index in 0..2000 {
        let session = explorer.case(index);
        let text = session.to_string();
        assert_eq!(text.parse().as_ref(), Ok(&session), "{text}");
    }
    let wrong = "- NOOP\\r\\n\n? x".parse::<Session>().unwrap_err().to_string();
    assert!(wrong.starts_with("line 2: `?`"), "{wrong}");
}

#[test]
fn letters_that_matter_to_nothing_become_the_usual_ones() {
    let small = |lines: &[&str], shows: fn(&str) -> bool| {
        let moves = lines.iter().map(|line| Move::of(format!("{line}\r\n"))).collect();
        let session = Session { moves, ..Session::default() };
        let mut shrink = Shrink::new(session, Vec::new());
        while let Some(candidate) = shrink.candidate() {
            let shown = shows(&candidate.to_string());
            shrink.tell(shown);
        }
        shrink.best().to_string()
    };
    let path = small(&["mail from:<a b@example.org>"], |text| text.contains("<a b"));
    assert!(path.contains("<a b") && !path.contains("mail") && !path.contains("from"), "{path}");
    let argument = small(&["vrfy some:body"], |text| {
        text.to_ascii_lowercase().contains("vrfy some:body") && text.contains("some:body")
    });
    assert!(argument.contains("VRFY some:body"), "{argument}");
    let letters = small(&["mail from:<>"], |text| text.contains("mail from:<>"));
    assert!(letters.contains("mail from:<>"), "{letters}");
}

#[test]
fn the_same_line_again_and_again_is_kept_once() {
    let config = mutant("verbs-case-sensitive");
    let line = "x".repeat(998) + "\r\n";
    let message = format!("Subject: large\r\n\r\n{}.\r\n", line.repeat(1100));
    let moves = ["EHLO a.test\r\n", "MAIL FROM:<a@b.test>\r\n", "RCPT TO:<user@example.test>\r\n"];
    let moves = moves.into_iter().chain(["DATA\r\n", &message]).map(Move::of).collect();
    let trace = play(&Session { moves, ..Session::default() }, &config, &Access::default());
    let names = Names::of(&Profile::default());
    let rule = smtpspec_catalogue::requirement!("rfc5321-2.4-2");
    let text = write(&reproducer::scenario(&trace, &names, rule, "large", "Large"));
    assert!(text.len() < 4096, "{} octets", text.len());
    let suite = load(&[Source::new("large.yaml", text.clone())]).expect("it is well-formed").suite;
    let events =
        play_case(suite.cases().remove(0), setup(), &config).outcome.result.transcript.events;
    let sends = |octets: &[u8]| octets == message.as_bytes();
    assert!(events.iter().any(|event| {
        matches!(&event.what, smtpspec_judge::Happening::Sent { octets } if sends(octets))
    }));
}

#[test]
fn what_is_made_small_keeps_its_line_ends() {
    let session: Session = "- NOOP something\\r\\n\n".parse().expect("a session");
    let mut shrink = Shrink::new(session, Vec::new());
    while let Some(candidate) = shrink.candidate() {
        // As a server that takes LF for a line end shows it too.
        let shown = candidate.to_string();
        shrink.tell(shown.contains("NOOP s") && shown.contains("\\n"));
    }
    assert_eq!(shrink.best().to_string(), "- NOOP s\\r\\n\n");
}
