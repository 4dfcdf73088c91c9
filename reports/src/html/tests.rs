use std::collections::BTreeSet;

use quick_xml::events::Event;
use smtpspec_judge::CaseResult;

use super::*;
use crate::fixture;

fn page(results: &Results) -> String {
    String::from_utf8(render(results)).expect("UTF-8")
}

/// The page without the style and the script, which snapshots need not repeat.
fn body(results: &Results) -> String {
    page(results).replace(STYLE, "...").replace(SCRIPT, "...")
}

#[test]
fn every_verdict_has_its_place() {
    insta::assert_snapshot!(body(&fixture::everything()));
}

#[test]
fn what_a_baseline_knows_is_told_as_such_and_closed() {
    let results = fixture::expected();
    let page = page(&results);
    let card = |id: &str| {
        let at = page.find(&format!("id=\"{id}\" data-v")).expect("a card");
        let end = page[at..].find("</details>").expect("its end");
        &page[at..at + end]
    };
    let known = card("case-rfc5321/4.1.1.3/before-mail");
    let head = known.split('>').next().unwrap_or_default();
    assert!(known.contains("<small>known</small>") && !head.contains(" open"), "{known}");
    assert!(known.contains("<b>Known.</b> the vendor knows of it"), "{known}");
    let new = card("case-rfc5321/4.1.1.9/long");
    assert!(!new.contains("Known") && new.split('>').next().is_some_and(|it| it.contains(" open")));
    assert!(page.contains("<b>by smtpspec-baseline.yaml: 3 known, 2 new that fail"), "{page}");
    assert!(
        page.contains("<tr><td>line 18</td><td>`rfc5321/4.1.1.10/closes` was expected to fail")
    );
    assert!(!body(&fixture::everything()).contains("baseline"));
}

#[test]
fn a_run_that_ended_early_says_so_on_top() {
    insta::assert_snapshot!(body(&fixture::unreachable()));
}

#[test]
fn a_part_of_a_run_says_which_and_an_attack_its_seed() {
    let page = page(&fixture::part());
    assert!(
        page.contains("<dd>4711</dd>")
            && page.contains("\"answer\">part 2 of 3, of 82 cases in all: "),
        "{page}"
    );
}

/// The name of an element, and its attributes.
type Element = (String, Vec<(String, String)>);

/// The elements of a page.
fn parsed(page: &str) -> Vec<Element> {
    // The page is HTML; where its void elements are closed, it is XML too.
    let mut xml =
        page.replace("<!DOCTYPE html>", "").replace(" open>", ">").replace(" hidden>", ">");
    xml = xml.replace(" checked>", "/>").replace(" selected>", ">");
    for void in ["meta", "input"] {
        let mut closed = String::new();
        let mut rest = xml.as_str();
        while let Some(at) = rest.find(&format!("<{void} ")) {
            let end = at + rest[at..].find('>').expect("an end");
            closed.push_str(rest[..end].trim_end_matches('/'));
            closed.push_str("/>");
            rest = &rest[end + 1..];
        }
        closed.push_str(rest);
        xml = closed;
    }
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut elements = Vec::new();
    loop {
        match reader
            .read_event()
            .unwrap_or_else(|error| panic!("{error} at {}", reader.error_position()))
        {
            Event::Eof => return elements,
            Event::Start(start) | Event::Empty(start) => {
                let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
                let attributes = start.attributes().map(|one| {
                    let one = one.expect("an attribute");
                    let key = String::from_utf8_lossy(one.key.as_ref()).into_owned();
                    (key, String::from_utf8_lossy(&one.value).into_owned())
                });
                elements.push((name, attributes.collect()));
            }
            _ => {}
        }
    }
}

#[test]
fn the_page_loads_nothing_and_runs_its_own_script_alone() {
    for results in fixture::all() {
        let body = body(&results);
        let elements = parsed(&body);
        let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
        assert_eq!((count("script"), count("style")), (1, 1));
        for (element, attributes) in &elements {
            assert!(!matches!(element.as_str(), "img" | "link" | "iframe" | "object" | "base"));
            for (name, value) in attributes {
                assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}");
                if name == "href" {
                    let known = value.starts_with('#')
                        || value.starts_with("https://www.rfc-editor.org/rfc/rfc");
                    assert!(known, "{value}");
                }
            }
        }
        // A word that a server sent is there, as a text.
        if results.scenarios.iter().any(|case| case.id.contains("hostile[")) {
            assert!(
                body.contains("&#60;script&#62;alert(1)")
                    || body.contains("&lt;script&gt;alert(1)")
            );
        }
    }
}

#[test]
fn the_policy_allows_just_what_the_page_has() {
    let policy = policy::of(STYLE, SCRIPT);
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    let page = page(&fixture::empty());
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    assert!(page.contains(&format!("<script>{SCRIPT}</script>")));
    // What stands in them would end the element.
    assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
}

#[test]
fn only_our_own_style_and_script_go_in_as_they_are() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/html");
    let mut raw = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the templates") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a template");
        raw.extend(
            text.split("{{")
                .skip(1)
                .filter_map(|part| part.split("}}").next())
                .filter(|part| part.contains("safe"))
                .map(|part| part.trim().to_owned()),
        );
        assert!(!text.contains("escape none") && !text.contains("|escape(\"none"), "{text}");
    }
    raw.sort();
    raw.dedup();
    assert_eq!(raw, ["script|safe", "style|safe"]);
}

#[test]
fn every_link_within_the_page_leads_somewhere() {
    for results in fixture::all() {
        let elements = parsed(&body(&results));
        let of = |wanted: &str| {
            let all = elements.iter().flat_map(|(_, attributes)| attributes);
            let values = all.filter(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            values.collect::<Vec<_>>()
        };
        let ids = of("id");
        let apart: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(apart.len(), ids.len(), "an id stands twice");
        for link in of("href").iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(ids.iter().any(|id| id == link), "{link}");
        }
    }
}

#[test]
fn what_was_skipped_is_in_no_share() {
    let mut results = fixture::everything();
    let before = page(&results);
    let share = |page: &str| page.matches("rules kept, 3 broken (0.0 %)").count();
    assert_eq!(share(&before), 1);
    let skipped = results.scenarios[6].clone();
    assert_eq!(skipped.verdict, Verdict::Skip);
    results.scenarios.extend((0..50).map(|number| CaseResult {
        id: format!("rfc5321/4.1.1.3/skipped-{number}"),
        checks: vec![smtpspec_catalogue::requirement!("rfc5321-4.1.1.5-2")],
        ..skipped.clone()
    }));
    assert_eq!(share(&page(&results)), 1);
}

#[test]
fn ten_thousand_failures_stay_a_page_that_opens() {
    let mut results = fixture::everything();
    let bad = results.scenarios[2].clone();
    results.scenarios = (0..10_000)
        .map(|number| CaseResult { id: format!("rfc5321/4.1.1.3/x[{number}]"), ..bad.clone() })
        .collect();
    let page = page(&results);
    assert!(page.len() < 40_000_000, "{}", page.len());
    assert_eq!(page.matches("class=\"card fail\"").count(), 10_000 + 1);
    assert!(page.contains("Left out, because the page would grow too large"));
}

#[test]
fn what_only_the_model_saw_is_on_the_map() {
    let page = page(&fixture::everything());
    let tile = page.lines().find(|line| line.contains("href=\"#section-rfc5321-4.2\""));
    let tile = tile.expect("a tile of a section without scenarios");
    assert!(
        tile.contains("tile fail") && tile.contains("<small>model: 2 broken</small>"),
        "{tile}"
    );
}
