//! The mutants, as far as the suite has no part in it.

use std::fs;

use smtpspec_judge::memory;
use smtpspec_reference::{Mutant, Shows, mutants};
use smtpspec_runner::config_of;
use smtpspec_runner::prove::{Extent, Setting, Sights, prove, walk};
use smtpspec_scenario::profile::Waiting;
use smtpspec_scenario::{Profile, Source, load};

/// The settings of the repository, each with a server that has mail for its client, so that TURN
/// has a meaning.
fn settings() -> Vec<Setting> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/profiles/reference");
    let setting = |name: &'static str| {
        let path = format!("{folder}/{name}.yaml");
        let source = Source::new(path.as_str(), fs::read(&path).expect("it is there"));
        let profile = Profile::load(&source).expect("well-formed");
        Setting { name, profile: with_mail_waiting(profile) }
    };
    ["usual", "rfc821", "disabled", "refusing"].map(setting).into()
}

fn usual() -> Vec<Setting> {
    vec![Setting { name: "usual", profile: profile() }]
}

fn profile() -> Profile {
    with_mail_waiting(Profile::default())
}

fn with_mail_waiting(mut profile: Profile) -> Profile {
    let waiting =
        Waiting { from: String::new(), to: vec![profile.sender.clone()], text: "Hi\n".to_owned() };
    profile.reference.turn.insert(profile.client.clone(), vec![waiting]);
    profile
}

#[test]
fn the_model_finds_nothing_on_any_walk_with_the_reference() {
    for Setting { profile, .. } in settings() {
        for (transcript, _) in walk::all(&config_of(&profile).into(), &profile) {
            assert_eq!(memory::listen(&transcript, profile.protocol), [], "{transcript:#?}");
        }
    }
}

#[test]
fn a_walk_is_the_same_each_time() {
    let profile = profile();
    let config = config_of(&profile).into();
    assert_eq!(walk::walk(&config, &profile, 7), walk::walk(&config, &profile, 7));
}

#[test]
fn without_a_scenario_every_mutant_escapes_and_the_model_convicts_the_same() {
    let mutant = mutants::by_name("rcpt-before-mail-accepted").expect("it exists");
    let proof = prove(&[], &[mutant], &usual(), (Sights::Walks, Extent::Matrix));
    assert_eq!(proof.escaped().count(), 1);
    assert_eq!(proof.mutants[0].oracle, Some(mutant.breaks));
}

#[test]
fn a_scenario_that_cannot_fail_is_told_from_one_that_can() {
    let text = "
spec: rfc5321
section: '3.1'
title: Session Initiation
scenarios:
  - id: idle
    title: Whatever comes first is right
    checks: [rfc5321-3.1-1]
    given: connected
    dialogue:
      - S:
          any-of:
            - {must: xyz}
            - {silence: 10ms}
  - id: useful
    title: The server speaks first
    checks: [rfc5321-3.1-1]
    given: connected
    dialogue:
      - S: 220
";
    let suite = load(&[Source::new("idle.yaml", text.as_bytes())]).expect("well-formed").suite;
    let mutants: Vec<&Mutant> = ["greeting-missing", "greeting-250"]
        .iter()
        .filter_map(|name| mutants::by_name(name))
        .collect();
    let proof = prove(&suite.cases(), &mutants, &usual(), (Sights::Walks, Extent::Matrix));
    assert_eq!(proof.broken().count(), 0);
    let idle: Vec<_> = proof.idle().map(|case| case.id.as_str()).collect();
    assert_eq!(idle, ["rfc5321/3.1/idle"]);
    assert!(proof.mutants.iter().all(|mutant| mutant.caught_by == [1]));
    assert!(proof.mutants[0].for_its_rule);
}

#[test]
fn what_is_enough_proves_as_much_as_the_whole_matrix() {
    let text = "
spec: rfc5321
section: '4.1.1.9'
title: NOOP
scenarios:
  - id: another-rule
    title: The server speaks first, whatever NOOP does
    checks: [rfc5321-3.1-1]
    given: connected
    dialogue:
      - S: 220
  - id: noop
    title: NOOP is answered
    checks: [rfc5321-4.1.1.9-1]
    given: greeted
    dialogue:
      - C: NOOP
      - S: 250
  - id: noop-again
    title: NOOP is answered each time
    checks: [rfc5321-4.1.1.9-1]
    given: greeted
    dialogue:
      - C: NOOP
      - S: 250
      - C: NOOP
      - S: 250
";
    let suite = load(&[Source::new("noop.yaml", text.as_bytes())]).expect("well-formed").suite;
    // Those that the scenarios are about, and some of all the others.
    let about = |mutant: &Mutant| {
        suite.cases().iter().any(|case| case.scenario.checks.contains(&mutant.breaks))
    };
    let chosen =
        mutants::all().enumerate().filter(|(place, mutant)| place % 40 == 0 || about(mutant));
    let mutants: Vec<&Mutant> = chosen.map(|(_, mutant)| mutant).collect();
    let [enough, matrix] = [Extent::Enough, Extent::Matrix]
        .map(|extent| prove(&suite.cases(), &mutants, &usual(), (Sights::Walks, extent)));
    for (enough, matrix) in enough.mutants.iter().zip(&matrix.mutants) {
        let name = enough.mutant.name;
        assert_eq!(enough.caught_by.is_empty(), matrix.caught_by.is_empty(), "{name}");
        assert_eq!(enough.for_its_rule, matrix.for_its_rule, "{name}");
        assert_eq!(enough.deviates, matrix.deviates, "{name}");
        assert!(enough.caught_by.iter().all(|case| matrix.caught_by.contains(case)), "{name}");
        if enough.mutant.shows() == Shows::Reply {
            assert_eq!(enough.oracle.is_some(), matrix.oracle.is_some(), "{name}");
        }
    }
    for (enough, matrix) in enough.cases.iter().zip(&matrix.cases) {
        assert!(!matrix.catches.is_empty(), "{}", matrix.id);
        assert!(!enough.catches.is_empty(), "{}", enough.id);
        assert!(enough.catches.len() <= matrix.catches.len(), "{}", enough.id);
    }
}
