use smtpspec_judge::{Stopped, Verdict};

use super::*;
use crate::fixture;

/// A run of many cases, in which the model found the same things in several.
fn whole() -> Results {
    let cases = (0..60).map(|number| {
        let verdict = if number % 7 == 0 { Verdict::Fail } else { Verdict::Pass };
        fixture::case("4.1.1.9", &format!("case-{number}"), verdict)
    });
    let scenarios: Vec<CaseResult> = cases.collect();
    let seen = [(3, 4, "a"), (3, 1, "b"), (3, 4, "c"), (3, 2, "d"), (10, 2, "e")];
    let requirement = smtpspec_catalogue::requirement!("rfc5321-4.2-8");
    let findings = seen.map(|(case, cases, what)| {
        let mut finding = fixture::finding(requirement, b"NOOP\r\n", b"250 ok\r\n", None);
        finding.what = what.into();
        RunFinding { case: scenarios[case].id.clone(), cases, finding }
    });
    fixture::run(scenarios, findings.to_vec())
}

/// The whole run as its parts would have been. Where a thing was seen in several cases, each part
/// counts its own.
fn split(whole: &Results, count: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = (1..=count)
        .map(|index| {
            let own = |case: &CaseResult| Shard::of(&case.id, count) == index;
            let all = whole.scenarios.iter().enumerate().filter(|(_, case)| own(case));
            let (places, scenarios): (Vec<usize>, Vec<CaseResult>) =
                all.map(|(place, case)| (place, case.clone())).unzip();
            let mut results = fixture::run(scenarios, Vec::new());
            let (selected, suite) = (whole.scenarios.len(), "one".to_owned());
            results.shard = Some(Shard { index, count, selected, suite, places });
            Part { name: format!("{index}.json"), results }
        })
        .collect();
    for found in &whole.findings {
        // The first case shows it, and the others are spread over the parts.
        let first = Shard::of(&found.case, count) - 1;
        let mut left = found.cases;
        for step in 0..count {
            let at = (first + step) % count;
            let cases = if step + 1 == count { left } else { left.min(1) };
            let later = parts[at].results.scenarios.last().map(|case| case.id.clone());
            let case = if step == 0 { Some(found.case.clone()) } else { later };
            if let (true, Some(case)) = (cases > 0, case) {
                left -= cases;
                parts[at].results.findings.push(RunFinding { case, cases, ..found.clone() });
            }
        }
        parts[first]
            .results
            .findings
            .iter_mut()
            .find(|own| own.case == found.case && own.finding == found.finding)
            .expect("its own")
            .cases += left;
    }
    parts
}

#[test]
fn the_parts_of_a_run_make_the_whole() {
    let whole = whole();
    for count in [1, 2, 3, 7, 40] {
        let mut parts = split(&whole, count);
        parts.reverse();
        assert_eq!(merge(parts).as_ref(), Ok(&whole), "{count} parts");
    }
}

#[test]
fn a_part_that_ended_early_ends_the_whole_early() {
    let whole = whole();
    let mut parts = split(&whole, 3);
    let cut = &mut parts[1].results;
    cut.scenarios.truncate(2);
    cut.shard.as_mut().expect("a part").places.truncate(2);
    cut.findings.clear();
    cut.stopped = Some(Stopped::Interrupted);
    let lost = 60 - parts.iter().map(|part| part.results.scenarios.len()).sum::<usize>();
    let merged = merge(parts).expect("they belong together");
    assert_eq!(merged.stopped, Some(Stopped::Interrupted));
    assert_eq!((merged.summary.selected, merged.summary.not_run), (60, lost));
}

fn refused(change: impl FnOnce(&mut Vec<Part>)) -> String {
    let mut parts = split(&whole(), 3);
    change(&mut parts);
    merge(parts).expect_err("it can't be merged").to_string()
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let shard = |part: &mut Part| part.results.shard.clone().expect("a part");
    let said = [
        refused(Vec::clear),
        refused(|parts| drop(parts.remove(1))),
        refused(|parts| parts.truncate(1)),
        refused(|parts| parts[2] = Part { name: "again.json".into(), ..parts[0].clone() }),
        refused(|parts| parts[1].results.shard = None),
        refused(|parts| parts[1].results.target.address = "127.0.0.1:26\u{1b}".into()),
        refused(|parts| parts[1].results.tool.version = "0.2.0".into()),
        refused(|parts| parts[1].results.options.clear()),
        refused(|parts| {
            parts[1].results.shard = Some(Shard { suite: "two".into(), ..shard(&mut parts[1]) });
        }),
        refused(|parts| {
            parts[1].results.shard = Some(Shard { index: 4, ..shard(&mut parts[1]) });
        }),
        refused(|parts| {
            let places = vec![0; parts[1].results.scenarios.len()];
            parts[1].results.shard = Some(Shard { places, ..shard(&mut parts[1]) });
        }),
        refused(|parts| {
            parts[1].results.shard = Some(Shard { places: vec![1], ..shard(&mut parts[1]) });
        }),
        refused(|parts| {
            let (first, second) = (shard(&mut parts[0]).index, shard(&mut parts[1]).index);
            parts[0].results.shard = Some(Shard { index: second, ..shard(&mut parts[0]) });
            parts[1].results.shard = Some(Shard { index: first, ..shard(&mut parts[1]) });
        }),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_reference_has_another_port_in_each_run() {
    let mut parts = split(&whole(), 2);
    for (number, part) in parts.iter_mut().enumerate() {
        part.results.target.embedded = true;
        part.results.target.address = format!("127.0.0.1:{number}");
    }
    assert!(merge(parts).is_ok());
}
