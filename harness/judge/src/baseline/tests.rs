use std::fmt::Write as _;

use proptest::prelude::*;
use smtpspec_catalogue::requirement;
use smtpspec_scenario::{Source, load};

use super::*;
use crate::results::{CaseResult, RunFinding, SCHEMA, Stopped, Summary, Target, Tool};
use crate::transcript::Transcript;
use crate::verdict::{Evidence, Finding};

const TODAY: &str = "2026-11-26";

/// A suite with the scenarios `one`, `two` and `many[a]`, `many[b]`, `many[c]`.
fn suite() -> Vec<Case> {
    let scenario = |id: &str, more: &str| {
        format!(
            "  - id: {id}\n    title: NOOP\n    checks: [rfc5321-4.1.1.9-4]\n{more}    \
             dialogue:\n      - C: NOOP\n      - S: 250\n"
        )
    };
    let rows = "    each: [{name: a}, {name: b}, {name: c}]\n";
    let former = "    aliases: [rfc5321/4.1.1.9/former]\n";
    let scenarios = [scenario("one", ""), scenario("two", former), scenario("many", rows)].concat();
    let text = format!("spec: rfc5321\nsection: 4.1.1.9\ntitle: NOOP\nscenarios:\n{scenarios}");
    load(&[Source::new("test.yaml", text)]).expect("a suite").suite.cases()
}

fn id(name: &str) -> String {
    format!("rfc5321/4.1.1.9/{name}")
}

fn finding(requirement: RequirementId) -> Finding {
    Finding {
        requirement,
        level: requirement.requirement().level,
        what: "251".into(),
        wanted: "250".into(),
        source: crate::verdict::Source::Oracle,
        evidence: Evidence::default(),
    }
}

/// A run in which these cases came to this.
fn results(outcomes: &[(&str, Verdict)], model: &[RequirementId]) -> Results {
    let case = |(name, verdict): &(&str, Verdict)| CaseResult {
        id: id(name),
        title: "NOOP".into(),
        spec: "rfc5321".into(),
        section: "4.1.1.9".into(),
        section_title: "NOOP".into(),
        verdict: *verdict,
        checks: Vec::new(),
        reason: Some(format!("it came to {verdict}")),
        file: "test.yaml".into(),
        line: 5,
        elapsed_us: 0,
        attempts: 1,
        tries: Vec::new(),
        findings: Vec::new(),
        transcript: Transcript::default(),
    };
    let scenarios: Vec<_> = outcomes.iter().map(case).collect();
    let found =
        |one: &RequirementId| RunFinding { case: id("one"), cases: 1, finding: finding(*one) };
    let findings: Vec<_> = model.iter().map(found).collect();
    Results {
        schema: SCHEMA.into(),
        tool: Tool { name: "smtpspec".into(), version: "0".into() },
        target: Target::default(),
        options: Vec::new(),
        started: String::new(),
        elapsed_ms: 0,
        stopped: None,
        summary: Summary::of(outcomes.len(), &scenarios, &findings),
        scenarios,
        findings,
        baseline: None,
        seed: None,
        shard: None,
    }
}

fn expectations(entries: &str) -> Expectations {
    let text = format!("known:\n{entries}").replace('@', "rfc5321/4.1.1.9/");
    let baseline = Baseline::load(&Source::new("known.yaml", text)).expect("a baseline");
    Expectations { file: "known.yaml".into(), baseline, today: TODAY.parse().expect("a day") }
}

fn compare(entries: &str, results: &Results) -> Comparison {
    let suite = suite();
    expectations(entries).compare(results, Selection { suite: &suite, whole: true })
}

fn stale(comparison: &Comparison) -> Vec<(Why, u32)> {
    comparison.stale.iter().map(|stale| (stale.why, stale.line)).collect()
}

/// What one case that came to this makes of an entry that expects that.
fn outcome(expected: Verdict, came: Verdict, more: &str) -> &'static str {
    let entry = format!("  - {{scenario: '@one', expect: {expected}, reason: x{more}}}\n");
    let comparison = compare(&entry, &results(&[("one", came)], &[]));
    let Comparison { known, new, stale, open, .. } = &comparison;
    assert_eq!(known.len() + new.len() + stale.len() + open.len(), 1, "{comparison:?}");
    match (known.len(), new.len(), open.len(), stale.first().map(|stale| stale.why)) {
        (1, ..) => "known",
        (_, 1, ..) => "new",
        (_, _, 1, _) => "open",
        (.., Some(Why::Passes)) => "passes",
        (.., Some(Why::Changed)) => "changed",
        (.., Some(Why::Expired)) => "expired",
        _ => "nothing",
    }
}

#[test]
fn each_pair_of_expectation_and_outcome_has_its_answer() {
    use Verdict::{Error, Fail, Inconclusive, Pass, Skip, Warn};
    let columns = [Fail, Warn, Inconclusive, Skip, Error, Pass];
    let table = [
        (Fail, ["known", "changed", "open", "changed", "open", "passes"]),
        (Warn, ["new", "known", "open", "changed", "open", "passes"]),
        (Inconclusive, ["new", "new", "known", "changed", "open", "passes"]),
        (Skip, ["new", "new", "open", "known", "open", "passes"]),
        (Error, ["new", "new", "open", "changed", "known", "passes"]),
        (Pass, ["new", "new", "open", "changed", "open", "known"]),
    ];
    for (expected, row) in table {
        for (came, answer) in columns.into_iter().zip(row) {
            assert_eq!(outcome(expected, came, ""), answer, "{expected} {came}");
        }
    }
    assert_eq!(outcome(Fail, Pass, ", intermittent: true"), "known");
    assert_eq!(outcome(Warn, Fail, ", intermittent: true"), "new");
    assert_eq!(outcome(Fail, Fail, ", until: 2026-11-26"), "known");
}

#[test]
fn an_entry_whose_last_day_is_over_counts_no_more() {
    let entry = "  - {scenario: '@one', expect: fail, reason: x, until: 2026-11-25}\n";
    let comparison = compare(entry, &results(&[("one", Verdict::Fail)], &[]));
    assert_eq!(stale(&comparison), [(Why::Expired, 2)]);
    assert_eq!(comparison.new.len(), 1);
    assert_eq!(comparison.stale[0].until.as_deref(), Some("2026-11-25"));
    // What was not asked is not told of.
    let other = compare(entry, &results(&[("two", Verdict::Pass)], &[]));
    assert_eq!(stale(&other), []);
}

#[test]
fn what_names_a_case_goes_over_what_means_many() {
    let entries = "  - {scenario: '@*', expect: fail, reason: all}\n  \
                   - {scenario: '@one', expect: pass, reason: but this}\n  \
                   - {scenario: '@many', expect: warn, reason: never asked}\n";
    let came = [("one", Verdict::Pass), ("many[a]", Verdict::Fail), ("two", Verdict::Fail)];
    let comparison = compare(entries, &results(&came, &[]));
    assert_eq!((stale(&comparison), comparison.new.len()), (Vec::new(), 0));
    let reasons: Vec<_> = comparison.known.iter().map(|known| &*known.reason).collect();
    assert_eq!(reasons, ["but this", "all", "all"]);
}

#[test]
fn a_scenario_means_its_rows_and_a_former_id_still_counts() {
    let entries = "  - {scenario: '@many', expect: fail, reason: x}\n  \
                   - {scenario: '@former', expect: fail, reason: y}\n";
    let came = [("many[a]", Verdict::Fail), ("many[b]", Verdict::Pass), ("two", Verdict::Fail)];
    let comparison = compare(entries, &results(&came, &[]));
    assert_eq!(stale(&comparison), [(Why::Passes, 2)]);
    assert_eq!(comparison.stale[0].seen[0].id, id("many[b]"));
    assert_eq!(comparison.known.len(), 2);
}

#[test]
fn what_matches_nothing_is_told_and_what_was_not_selected_is_not() {
    let entries = "  - {scenario: '@three', expect: fail, reason: x}\n  \
                   - {scenario: '@two', expect: fail, reason: y}\n  \
                   - {requirement: 'rfc1-*', expect: fail, reason: z}\n  \
                   - {requirement: rfc5321-4.2-2, expect: fail, reason: z}\n";
    let came = results(&[("one", Verdict::Pass)], &[]);
    let nothing = [(Why::MatchesNothing, 2), (Why::MatchesNothing, 4)];
    let suite = suite();
    let part = expectations(entries).compare(&came, Selection { suite: &suite, whole: false });
    assert_eq!(stale(&part), nothing);
    let whole = compare(entries, &came);
    assert_eq!(stale(&whole), [nothing[0], nothing[1], (Why::Passes, 5)]);
    let cut = Results { stopped: Some(Stopped::Interrupted), ..came };
    assert_eq!(stale(&compare(entries, &cut)), nothing);
}

#[test]
fn what_the_model_sees_can_be_expected_too() {
    let entries = "  - {requirement: rfc5321-4.2-2, expect: fail, reason: x}\n";
    let (known, other) = (requirement!("rfc5321-4.2-2"), requirement!("rfc5321-3.8-2"));
    let comparison = compare(entries, &results(&[], &[known, known, other]));
    assert_eq!(comparison.known.len(), 1);
    assert_eq!(comparison.new[0].id, "rfc5321-3.8-2");
    assert!(comparison.is_red(Grade::Must));
}

#[test]
fn a_new_warning_is_red_only_where_recommendations_count() {
    let comparison = compare(" []\n", &results(&[("one", Verdict::Warn)], &[]));
    assert!(!comparison.is_red(Grade::Must) && comparison.is_red(Grade::Should));
    let known = compare(" []\n", &results(&[("one", Verdict::Error)], &[]));
    assert!(!known.is_red(Grade::Should));
}

#[test]
fn a_case_that_wavers_is_fine_where_that_is_expected() {
    let mut came = results(&[("one", Verdict::Warn)], &[]);
    came.scenarios[0].tries = vec![Verdict::Warn, Verdict::Pass];
    let entry = "  - {scenario: '@one', expect: fail, reason: x}\n";
    assert_eq!(stale(&compare(entry, &came)), [(Why::Changed, 2)]);
    let often = entry.replace("reason", "intermittent: true, reason");
    assert_eq!(compare(&often, &came).known.len(), 1);
}

/// Cases and what they came to, in this order.
const NAMES: [&str; 5] = ["one", "two", "many[a]", "many[b]", "many[c]"];

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(Verdict::ALL.to_vec())
}

proptest! {
    /// Whatever there was and whatever came: a revised baseline is not red on the same results,
    /// but for entries whose last day is over.
    #[test]
    fn a_revised_baseline_holds(
        entries in prop::collection::btree_map(
            prop::sample::select(vec!["one", "two", "many", "many[a]", "*", "gone", "o*"]),
            (verdict(), any::<bool>(), prop::sample::select(vec!["", ", until: 2026-01-01"])),
            0..5,
        ),
        came in prop::collection::vec(verdict(), 5),
        ran in 1..6_usize,
        model in any::<bool>(),
        strict in any::<bool>(),
    ) {
        let mut text = String::from("known: []\n");
        if !entries.is_empty() {
            text = "known:\n".into();
        }
        for (name, (expect, often, until)) in &entries {
            let often = *often && *expect != Verdict::Pass;
            let id = id(name);
            writeln!(text, "  - {{scenario: '{id}', expect: {expect}, reason: why, intermittent: {often}{until}}}").unwrap();
        }
        let load = |text: &str| Baseline::load(&Source::new("known.yaml", text)).unwrap();
        let today = TODAY.parse().unwrap();
        let had = Expectations { file: String::new(), baseline: load(&text), today };
        let pairs: Vec<_> = NAMES.into_iter().zip(came).take(ran).collect();
        let seen = vec![requirement!("rfc5321-4.2-2"); usize::from(model)];
        let results = results(&pairs, &seen);
        let fail_on = if strict { Grade::Should } else { Grade::Must };
        let suite = suite();
        let selection = Selection { suite: &suite, whole: ran == NAMES.len() };
        let before = had.compare(&results, selection);
        let changes = had.revise(&results, selection, &before, fail_on);
        let rewritten = had.baseline.rewrite(&text, &changes);
        let now = Expectations { baseline: load(&rewritten.text), ..had.clone() };
        let after = now.compare(&results, selection);
        let expired = entries.values().any(|(_, _, until)| !until.is_empty());
        prop_assert!(expired || !after.is_red(fail_on), "{text}{}{after:?}", rewritten.text);
        // And it does not change again.
        prop_assert_eq!(now.revise(&results, selection, &after, fail_on), []);
    }
}

#[test]
fn what_two_parts_differ_in_is_told_once() {
    let seen = |id: &str| Seen { id: id.into(), verdict: Verdict::Fail, line: None };
    let stale = |line, id: &str| Stale {
        why: Why::Passes,
        line,
        entry: "a*".into(),
        expected: Verdict::Fail,
        until: None,
        seen: vec![Seen { verdict: Verdict::Pass, ..seen(id) }],
    };
    let part = |new: &str, lines: &[u32]| Comparison {
        file: "known.yaml".into(),
        new: vec![seen(new), seen("rfc5321-4.2-1")],
        stale: lines.iter().map(|line| stale(*line, new)).collect(),
        ..Comparison::default()
    };
    let joined = part("a-1", &[3]).joined(part("a-2", &[3, 5]));
    let ids: Vec<_> = joined.new.iter().map(|seen| seen.id.as_str()).collect();
    assert_eq!(ids, ["a-1", "rfc5321-4.2-1", "a-2"]);
    let lines: Vec<_> = joined.stale.iter().map(|entry| (entry.line, entry.seen.len())).collect();
    assert_eq!(lines, [(3, 2), (5, 1)]);
}
