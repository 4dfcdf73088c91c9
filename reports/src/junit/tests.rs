use std::collections::BTreeSet;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::*;
use crate::fixture;

fn shown(results: &Results) -> String {
    String::from_utf8(render(results)).expect("XML is UTF-8")
}

/// What a reader finds in a document.
#[derive(Debug, Default)]
struct Read {
    /// Elements by name.
    elements: BTreeMap<String, usize>,
    /// Class name and name of every test case.
    names: Vec<(String, String)>,
    /// All text, with its entities resolved.
    text: String,
}

/// Reads a document with a reader that checks that it is well-formed.
fn read(document: &str) -> Read {
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut found = Read::default();
    let mut open = 0_i32;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(element) => {
                open += 1;
                started(&mut found, &element);
            }
            Event::Empty(element) => started(&mut found, &element),
            Event::End(_) => open -= 1,
            Event::Text(text) => found.text.push_str(&text.decode().expect("UTF-8")),
            Event::GeneralRef(entity) => {
                let name = entity.decode().expect("UTF-8");
                let resolved = quick_xml::escape::resolve_predefined_entity(&name);
                found.text.push_str(resolved.expect("an entity that XML knows by itself"));
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?} does not belong here"),
        }
    }
    assert_eq!(open, 0);
    found
}

fn started(found: &mut Read, element: &BytesStart<'_>) {
    let name = String::from_utf8(element.name().as_ref().to_vec()).expect("UTF-8");
    let attribute = |wanted: &str| {
        let attributes = element.attributes().map(|one| one.expect("a sound attribute"));
        let mut found = attributes.filter(|one| one.key.as_ref() == wanted.as_bytes());
        found.next().map(|one| {
            one.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .expect("sound entities")
                .into_owned()
        })
    };
    if name == "testcase" {
        let both = (attribute("classname"), attribute("name"));
        found.names.push((both.0.expect("a class name"), both.1.expect("a name")));
    }
    *found.elements.entry(name).or_default() += 1;
}

#[test]
fn every_verdict_has_its_element() {
    let results = fixture::everything();
    let document = shown(&results);
    insta::assert_snapshot!(document);
    let count = |name| read(&document).elements.get(name).copied().unwrap_or_default();
    assert_eq!(count("testcase"), results.scenarios.len() + results.findings.len());
    assert_eq!(count("failure"), results.summary.fail + results.summary.oracle_must);
    assert_eq!(count("error"), results.summary.error);
    assert_eq!(count("skipped"), results.summary.skip + results.summary.inconclusive);
}

#[test]
fn what_is_known_is_skipped_and_what_does_not_hold_fails() {
    let results = fixture::expected();
    let document = shown(&results);
    insta::assert_snapshot!(document);
    let count = |name| read(&document).elements.get(name).copied().unwrap_or_default();
    let baseline = results.baseline.as_ref().expect("a baseline");
    let (broken, stale) =
        (results.summary.fail + results.summary.oracle_must, baseline.stale.len());
    // Of the three that are known, one is an error.
    assert_eq!(count("failure"), broken - 2 + stale);
    assert_eq!(count("error"), results.summary.error - 1);
}

#[test]
fn an_interrupted_run_is_an_error() {
    insta::assert_snapshot!(shown(&fixture::interrupted()));
}

#[test]
fn an_unreachable_target_is_an_error() {
    insta::assert_snapshot!(shown(&fixture::unreachable()));
}

#[test]
fn an_empty_run_is_an_empty_document() {
    insta::assert_snapshot!(shown(&fixture::empty()));
}

#[test]
fn names_occur_once_even_where_ids_do_not() {
    for results in fixture::all() {
        let names = read(&shown(&results)).names;
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
    }
}

#[test]
fn whatever_a_server_says_stays_text() {
    for results in fixture::all() {
        let found = read(&shown(&results));
        let known = [
            "testsuites",
            "testsuite",
            "testcase",
            "properties",
            "property",
            "failure",
            "error",
            "skipped",
            "system-out",
        ];
        assert!(found.elements.keys().all(|name| known.contains(&name.as_str())));
    }
    let text = read(&shown(&fixture::everything())).text;
    assert!(text.contains("]]> </failure><script>alert(1)</script>"));
    assert!(text.contains("\\x1b[2J"), "the escapes are whole");
}

#[test]
fn what_was_written_can_be_read_as_junit() {
    for results in fixture::all() {
        let report = Report::deserialize_from_str(&shown(&results)).expect("a JUnit document");
        let cases = report.test_suites.iter().map(|suite| suite.test_cases.len()).sum::<usize>();
        assert_eq!(report.tests, cases);
    }
}

#[test]
fn the_size_is_bounded() {
    let mut results = fixture::everything();
    let failed = results.scenarios.iter().find(|case| case.verdict == Verdict::Fail);
    let mut long = failed.expect("a failed case").clone();
    let mut finding = long.findings[0].clone();
    finding.evidence.received = b"250-\"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<\r\n".repeat(20);
    long.findings = vec![finding; 20];
    results.scenarios = (0..1500)
        .map(|n| CaseResult { id: format!("rfc5321/4.1.1.3/c{n}"), ..long.clone() })
        .collect();
    let document = shown(&results);
    assert!(document.len() < 30_000_000, "{} octets", document.len());
    assert!(document.contains("the report would grow too large"));
    assert_eq!(read(&document).elements["failure"], 1501);
}

#[test]
fn the_room_that_text_takes_is_what_the_writer_writes() {
    for text in ["plain", "<>&\"'", "a<b>c&amp;d ]]> é"] {
        let mut suite = TestSuite::new("s");
        suite.set_system_out(text);
        let mut report = Report::new("r");
        report.add_test_suite(suite);
        let document = report.to_string().expect("it fits");
        let (_, rest) = document.split_once("<system-out>").expect("the element");
        let (written, _) = rest.split_once("</system-out>").expect("its end");
        assert_eq!(written.len(), escaped(text), "{written}");
    }
}
