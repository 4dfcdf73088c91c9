use super::*;
use crate::fixture;

fn shown(results: &Results, verbosity: Verbosity) -> String {
    render(results, &Options { verbosity, ..Options::default() })
}

#[test]
fn every_verdict_has_its_place() {
    insta::assert_snapshot!(shown(&fixture::everything(), Verbosity::Normal));
}

#[test]
fn a_baseline_takes_the_known_away_and_shows_what_does_not_hold() {
    insta::assert_snapshot!(shown(&fixture::expected(), Verbosity::Normal));
    let known = "FAIL rfc5321/4.1.1.3/before-mail";
    assert!(!shown(&fixture::expected(), Verbosity::Normal).contains(known));
    assert!(shown(&fixture::expected(), Verbosity::Verbose).contains(known));
}

#[test]
fn quiet_shows_failures_and_the_summary_line() {
    insta::assert_snapshot!(shown(&fixture::everything(), Verbosity::Quiet));
    let mut green = fixture::everything();
    green.findings.clear();
    green.scenarios.retain(|case| case.verdict == Verdict::Pass);
    assert_eq!(shown(&green, Verbosity::Quiet).lines().count(), 1);
}

#[test]
fn verbose_lists_every_case() {
    insta::assert_snapshot!(shown(&fixture::everything(), Verbosity::Verbose));
}

#[test]
fn very_verbose_shows_every_transcript() {
    let mut results = fixture::everything();
    results.scenarios.retain(|case| case.verdict == Verdict::Error);
    insta::assert_snapshot!(shown(&results, Verbosity::VeryVerbose));
}

#[test]
fn an_interrupted_run_says_so() {
    insta::assert_snapshot!(shown(&fixture::interrupted(), Verbosity::Normal));
}

#[test]
fn an_unreachable_target_is_no_failure() {
    insta::assert_snapshot!(shown(&fixture::unreachable(), Verbosity::Normal));
}

#[test]
fn an_empty_run_says_that_nothing_was_selected() {
    insta::assert_snapshot!(shown(&fixture::empty(), Verbosity::Normal));
}

#[test]
fn colours_are_written_when_asked_for_only() {
    let mut results = fixture::everything();
    results.scenarios.truncate(3);
    let colored = render(&results, &Options { color: true, ..Options::default() });
    insta::assert_snapshot!(colored.replace('\u{1b}', "^["));
    assert!(!shown(&results, Verbosity::VeryVerbose).contains('\u{1b}'));
}

#[test]
fn a_common_cause_is_one_line() {
    let cases = (0..40).map(|n| fixture::refused(&format!("c{n}"), &format!("user{n}"))).collect();
    let page = shown(&fixture::run(cases, Vec::new()), Verbosity::Normal);
    let line = page.lines().find(|line| line.contains("relaying denied"));
    assert_eq!(
        line,
        Some("   40  policy or passing trouble: `550 5.7.1 ... relaying denied` in answer to RCPT")
    );
}

#[test]
fn the_summary_line_is_the_last() {
    for results in fixture::all() {
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::VeryVerbose] {
            let page = shown(&results, verbosity);
            let last = page.lines().last().unwrap_or_default();
            assert!(last.contains(" passed, ") && last.contains(" of "), "{last}");
        }
    }
}

#[test]
fn no_line_of_a_server_outgrows_the_width() {
    let page = shown(&fixture::everything(), Verbosity::VeryVerbose);
    // What the harness says may be longer; it can be broken without harm.
    let of_server = |line: &&str| line.contains("xxx") || line.contains("alert");
    assert!(page.lines().filter(of_server).all(|line| line.len() <= 100));
}

#[test]
fn a_part_of_a_run_says_which() {
    let page = shown(&fixture::part(), Verbosity::Normal);
    assert!(page.contains("\n  shard     part 2 of 3, of 82 cases in all\n"), "{page}");
}
