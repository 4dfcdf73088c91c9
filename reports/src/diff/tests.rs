use super::*;
use crate::fixture;
use crate::options::Verbosity;
use smtpspec_catalogue::requirement;

fn cases(verdicts: &[(&str, Verdict)]) -> Vec<CaseResult> {
    let case = |(name, verdict): &(&str, Verdict)| fixture::case("4.1.1.9", name, *verdict);
    verdicts.iter().map(case).collect()
}

/// A pair of runs with a change of each kind.
fn pair() -> (Results, Results) {
    let mut before = fixture::everything();
    let mut after = fixture::everything();
    before.scenarios = cases(&[
        ("worse", Verdict::Pass),
        ("worse-still", Verdict::Warn),
        ("seen-now", Verdict::Skip),
        ("better", Verdict::Fail),
        ("judged-now", Verdict::Inconclusive),
        ("hidden", Verdict::Fail),
        ("same", Verdict::Fail),
        ("as-unknown", Verdict::Error),
        ("gone\u{1b}[2J | `x`", Verdict::Pass),
    ]);
    after.scenarios = cases(&[
        ("worse", Verdict::Fail),
        ("worse-still", Verdict::Fail),
        ("seen-now", Verdict::Warn),
        ("better", Verdict::Warn),
        ("judged-now", Verdict::Pass),
        ("hidden", Verdict::Skip),
        ("same", Verdict::Fail),
        ("as-unknown", Verdict::Inconclusive),
        ("new", Verdict::Fail),
    ]);
    let found = |what: &str, case: &CaseResult, requirement| {
        let mut finding = fixture::finding(requirement, b"NOOP\r\n", b"250\r\n", None);
        finding.what = what.into();
        RunFinding { case: case.id.clone(), cases: 1, finding }
    };
    let [kept, mended, fresh] = [
        requirement!("rfc5321-4.2-8"),
        requirement!("rfc5321-4.2-7"),
        requirement!("rfc5321-4.2-13"),
    ];
    let (old, gone) = (&before.scenarios[0], &before.scenarios[8]);
    before.findings = vec![
        found("said this", old, kept),
        found("mended", old, mended),
        found("not looked at", gone, requirement!("rfc5321-4.1.4-19")),
    ];
    after.findings = vec![found("said that", old, kept), found("fresh", old, fresh)];
    (before, after)
}

fn diff() -> Diff {
    let (before, after) = pair();
    Diff::of(&before, &after)
}

fn shown(diff: &Diff, format: Format) -> String {
    let page = diff.render(format, &Options::default()).expect("it has this format");
    String::from_utf8(page).expect("UTF-8")
}

#[test]
fn every_change_has_its_kind() {
    insta::assert_snapshot!(shown(&diff(), Format::Terminal));
    insta::assert_snapshot!(shown(&diff(), Format::Markdown));
    insta::assert_snapshot!(shown(&diff(), Format::Json));
}

#[test]
fn a_run_beside_itself_is_the_same() {
    let results = fixture::everything();
    let diff = Diff::of(&results, &results);
    assert!(!diff.is_worse() && Kind::ALL.iter().all(|kind| diff.count(*kind) == 0));
    assert_eq!(diff.same, results.scenarios.len());
}

#[test]
fn what_got_better_is_not_worse_and_backwards_it_is() {
    let (before, after) = pair();
    let only = |name: &str, results: &Results| {
        let cases = results.scenarios.iter().filter(|case| case.id.ends_with(name));
        fixture::run(cases.cloned().collect(), Vec::new())
    };
    let (before, after) = (only("better", &before), only("better", &after));
    assert!(!Diff::of(&before, &after).is_worse());
    assert!(Diff::of(&after, &before).is_worse());
}

#[test]
fn quiet_shows_what_got_worse_alone() {
    let options = Options { verbosity: Verbosity::Quiet, ..Options::default() };
    let page = String::from_utf8(diff().render(Format::Terminal, &options).unwrap()).unwrap();
    assert!(page.starts_with("worse (4)") && !page.contains("better ("), "{page}");
}

#[test]
fn no_text_steers_and_other_formats_are_none() {
    for format in Diff::FORMATS {
        let page = shown(&diff(), format);
        assert!(!page.contains(|c| crate::view::steers(c) && c != '\n'), "{format}");
    }
    assert_eq!(diff().render(Format::Junit, &Options::default()), None);
}

#[test]
fn a_long_page_fits_a_comment() {
    let many: Vec<_> =
        (0..5000).map(|n| fixture::case("4.1", &format!("c{n}"), Verdict::Fail)).collect();
    let diff = Diff::of(&fixture::empty(), &fixture::run(many, Vec::new()));
    let page = shown(&diff, Format::Markdown);
    assert!(page.len() < 65_536 && page.contains(" more have no room here"), "{}", page.len());
}

#[test]
fn the_document_is_as_its_schema_says() {
    let schema = serde_json::from_str(include_str!("../../schema/diff.schema.json")).expect("JSON");
    let (before, after) = pair();
    let documents = [(&before, &after), (&after, &before)].map(|(old, new)| {
        serde_json::from_str(&shown(&Diff::of(old, new), Format::Json)).expect("JSON")
    });
    for document in &documents {
        assert_eq!(crate::json::check::faults(&schema, document), [""; 0]);
    }
    assert_eq!(crate::json::check::undescribed(&schema, &documents), [""; 0]);
    let mut broken = documents[0].clone();
    broken["changes"]["worse"][0]["is"] = "failed".into();
    assert!(!crate::json::check::faults(&schema, &broken).is_empty());
}
