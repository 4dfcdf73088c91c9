use super::*;
use crate::fixture;

#[test]
fn every_verdict_has_its_place() {
    insta::assert_snapshot!(render(&fixture::everything()));
}

#[test]
fn a_run_that_ended_early_says_so_on_top() {
    insta::assert_snapshot!(render(&fixture::interrupted()));
    insta::assert_snapshot!(render(&fixture::unreachable()));
}

#[test]
fn a_page_fits_a_comment_and_says_what_it_left_out() {
    let mut results = fixture::everything();
    let bad: Vec<CaseResult> =
        results.scenarios.iter().filter(|case| case.verdict == Verdict::Fail).cloned().collect();
    for number in 0..2000 {
        for case in &bad {
            let id = format!("{}-{number}", case.id);
            let section = format!("4.1.{number}");
            results.scenarios.push(CaseResult { id, section, ..case.clone() });
        }
    }
    let page = render(&results);
    assert!(page.len() <= ROOM, "{}", page.len());
    let all = results.scenarios.iter().filter(|case| case.verdict == Verdict::Fail).count();
    // One line of the table is the model's.
    let lines = page.matches("\n| `rfc5321/").count();
    let left = page.split_once(" more lines have no room here").expect("a note").0;
    let left: usize = left.rsplit('_').next().unwrap_or_default().parse().expect("a count");
    let warned = 2;
    assert_eq!(lines + left, all + 1 + warned - 1, "each failure is shown or counted");
    assert!(page.contains(" more dialogues have no room here; the HTML and the JSON report"));
    assert!(page.contains(" more sections have no room here"));
    assert!(page.contains("Dialogues"), "the first dialogues are there");
}

#[test]
fn a_page_of_long_texts_fits_too() {
    let mut results = fixture::everything();
    let long = "|`<".repeat(4000);
    for case in &mut results.scenarios {
        case.id.push_str(&long);
        case.title = long.clone();
        case.reason = Some(format!("{} {long}", case.id));
        case.section_title = long.clone();
        for finding in &mut case.findings {
            finding.what = long.clone();
            finding.wanted = long.clone();
        }
    }
    assert!(render(&results).len() <= ROOM, "{}", render(&results).len());
}

/// Everything outside of code, where markup means something.
fn outside_of_code(page: &str) -> String {
    let mut rest = page;
    let mut outside = String::new();
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let ticks = rest[at..].bytes().take_while(|octet| *octet == b'`').count();
        let behind = &rest[at + ticks..];
        let mut end = None;
        let mut from = 0;
        while let Some(next) = behind[from..].find('`') {
            let run = behind[from + next..].bytes().take_while(|octet| *octet == b'`').count();
            if run == ticks {
                end = Some(from + next + run);
                break;
            }
            from += next + run;
        }
        rest = &behind[end.expect("code that begins ends")..];
    }
    outside.push_str(rest);
    outside
}

#[test]
fn nothing_foreign_stands_outside_of_code() {
    for mut results in fixture::all() {
        let word = "<img src=x> @everyone #1 [x](https://evil.example) | **b** `` ` ``` ````";
        results.target.greeting = Some(word.into());
        for case in &mut results.scenarios {
            case.title = word.into();
            case.reason = Some(word.into());
            for finding in &mut case.findings {
                finding.what = word.into();
                finding.evidence.received = word.as_bytes().to_vec();
            }
        }
        let outside = outside_of_code(&render(&results));
        for sign in ["<img", "@everyone", "#1 ", "evil.example", "**b**", "<script", "alert"] {
            assert!(!outside.contains(sign), "{sign}: {outside}");
        }
    }
}

#[test]
fn a_part_of_a_run_says_which() {
    let page = render(&fixture::part());
    assert!(page.contains("\n\nThis is part 2 of 3, of 82 cases in all.\n\n"), "{page}");
}

#[test]
fn what_a_baseline_knows_is_told_as_such() {
    let page = render(&fixture::expected());
    let row = |id: &str| page.lines().find(|line| line.starts_with(&format!("| `{id}`")));
    let known = row("rfc5321/4.1.1.3/before-mail").expect("a row");
    assert!(known.contains("`, known |"), "{known}");
    assert!(row("rfc5321/4.1.1.9/long").is_some_and(|row| !row.contains("known")), "{page}");
    assert!(page.contains("`by smtpspec-baseline.yaml: 3 known, 2 new that fail"), "{page}");
    assert!(page.contains("- line 27: "), "{page}");
    assert!(!render(&fixture::everything()).contains("baseline"));
}
