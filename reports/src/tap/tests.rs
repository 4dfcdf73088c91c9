use super::*;
use crate::fixture;

#[test]
fn every_verdict_has_its_line() {
    insta::assert_snapshot!(render(&fixture::everything()));
}

#[test]
fn a_run_that_ended_early_bails_out() {
    insta::assert_snapshot!(render(&fixture::interrupted()));
    let page = render(&fixture::unreachable());
    assert!(
        page.starts_with("TAP version 13\nBail out!  the target could not be reached"),
        "{page}"
    );
}

#[test]
fn nothing_selected_is_a_plan_of_nothing() {
    assert_eq!(render(&fixture::empty()), "TAP version 13\n1..0 # SKIP no case was selected\n");
}

/// What a reader of TAP makes of a line.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Good,
    Bad,
    Skip,
    Todo,
}

/// Reads a document by the grammar of `prove`; panics where that would complain.
fn read(page: &str) -> Vec<Read> {
    let mut lines = page.lines();
    assert_eq!(lines.next(), Some("TAP version 13"));
    let mut tests = Vec::new();
    let mut plan = None;
    let mut within = false;
    let mut bailed = false;
    for line in lines {
        assert!(!bailed, "something stands behind the end: {line}");
        if within {
            within = line != "  ...";
            assert!(line.starts_with("  "), "outside of its block: {line}");
        } else if line.starts_with("# ") {
            // A comment, which readers show or drop.
        } else if let Some(number) = line.strip_prefix("1..") {
            let number = number.split(" # ").next().unwrap_or_default();
            assert_eq!(plan.replace(number.parse::<usize>().expect("a number")), None);
        } else if line == "  ---" {
            within = true;
        } else if line.starts_with("Bail out!") {
            bailed = true;
        } else {
            tests.push(test(line, tests.len() + 1));
        }
    }
    assert!(!within, "a block has no end");
    assert!(bailed || plan == Some(tests.len()), "planned {plan:?}, came {}", tests.len());
    tests
}

fn test(line: &str, number: usize) -> Read {
    let (good, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok ").unwrap_or_else(|| panic!("no test: {line}"))),
    };
    let rest = rest.strip_prefix(&number.to_string()).unwrap_or_else(|| panic!("{number}: {line}"));
    // A backslash takes away the meaning of what stands behind it.
    let mut escaped = false;
    let directive = rest.char_indices().find(|(_, letter)| {
        let begins = *letter == '#' && !escaped;
        escaped = *letter == '\\' && !escaped;
        begins
    });
    match directive.map(|(at, _)| rest[at + 1..].trim_start()) {
        Some(word) if word.starts_with("SKIP ") => Read::Skip,
        Some(word) if word.starts_with("TODO ") => Read::Todo,
        Some(other) => panic!("no directive: {other}"),
        None if good => Read::Good,
        None => Read::Bad,
    }
}

#[test]
fn a_reader_finds_as_many_of_each_kind_as_there_are() {
    for results in fixture::all() {
        let tests = read(&render(&results));
        let count = |kind| tests.iter().filter(|test| **test == kind).count();
        let summary = results.summary;
        assert_eq!(count(Read::Good), summary.pass);
        assert_eq!(count(Read::Skip), summary.skip + summary.inconclusive);
        // What a baseline knows is told and not counted.
        let known = results.baseline.as_ref().map_or(0, |baseline| baseline.known.len());
        assert_eq!(count(Read::Todo), summary.warn + summary.oracle_should + known);
        assert_eq!(count(Read::Bad), summary.fail + summary.error + summary.oracle_must - known);
    }
}

#[test]
fn a_text_cannot_give_itself_a_directive() {
    let mut results = fixture::everything();
    for case in &mut results.scenarios {
        case.title = "a # SKIP of its own \\# TODO \\\\# SKIP".into();
    }
    let tests = read(&render(&results));
    assert_eq!(tests.iter().filter(|test| **test == Read::Bad).count(), 5);
}

#[test]
fn what_a_baseline_knows_is_to_be_done_and_no_failure() {
    let results = fixture::expected();
    let known = &results.baseline.as_ref().expect("a baseline").known;
    let page = super::render(&results);
    let told: Vec<_> = page.lines().filter(|line| line.contains("# TODO known: ")).collect();
    assert_eq!(told.len(), known.len(), "{page}");
    for one in known {
        assert!(told.iter().any(|line| line.contains(&one.id)), "{}", one.id);
    }
}
