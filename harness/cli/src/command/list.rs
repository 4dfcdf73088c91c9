//! `smtpspec list`: what there is, one line each, or as JSON for scripts.

use std::fmt::Write as _;

use serde_json::json;
use smtpspec_catalogue::in_order;
use smtpspec_reference::mutants;
use smtpspec_scenario::Suite;

use crate::args::{List, Listing};
use crate::console::Console;
use crate::exit::Exit;
use crate::suite;

pub(crate) fn list(list: &List, console: &Console) -> Exit {
    let text = match (list.what, list.json) {
        (Listing::Scenarios, json) => match suite::built_in(console) {
            Ok(suite) if json => scenarios_json(&suite),
            Ok(suite) => scenarios_text(&suite),
            Err(exit) => return exit,
        },
        (Listing::Requirements, true) => requirements_json(),
        (Listing::Requirements, false) => requirements_text(),
        (Listing::Mutants, true) => mutants_json(),
        (Listing::Mutants, false) => mutants_text(),
    };
    console.finish(text.as_bytes(), Exit::Clean)
}

fn scenarios_text(suite: &Suite) -> String {
    let mut text = String::new();
    for case in suite.cases() {
        let _ = writeln!(text, "{}  {}", case.id, case.scenario.title);
    }
    text
}

fn scenarios_json(suite: &Suite) -> String {
    let cases: Vec<_> = suite
        .cases()
        .iter()
        .map(|case| {
            let scenario = &case.scenario;
            json!({
                "id": case.id,
                "title": scenario.title,
                "spec": scenario.spec,
                "section": scenario.section,
                "checks": scenario.checks,
                "level": match scenario.grade() {
                    smtpspec_catalogue::Grade::Must => "MUST",
                    smtpspec_catalogue::Grade::Should => "SHOULD",
                    smtpspec_catalogue::Grade::May => "MAY",
                },
                "safety": scenario.safety.as_str(),
                "slow": scenario.is_slow(),
                "file": &*scenario.place.file,
                "line": scenario.place.line,
            })
        })
        .collect();
    pretty(&json!(cases))
}

fn requirements_text() -> String {
    let mut text = String::new();
    for entry in in_order() {
        let _ = writeln!(
            text,
            "{:22} {:10} {:6} {:8} {}",
            entry.name, entry.level, entry.binds, entry.observable, entry.summary
        );
    }
    text
}

fn requirements_json() -> String {
    let entries: Vec<_> = in_order()
        .into_iter()
        .map(|entry| {
            json!({
                "id": entry.name,
                "rfc": entry.rfc,
                "section": entry.section,
                "level": entry.level,
                "binds": entry.binds.as_str(),
                "observable": entry.observable.as_str(),
                "summary": entry.summary,
                "note": entry.note,
                "link": entry.link(),
            })
        })
        .collect();
    pretty(&json!(entries))
}

fn mutants_text() -> String {
    let mut text = String::new();
    for mutant in mutants::all() {
        let _ = writeln!(text, "{:44} {:20} {}", mutant.name, mutant.breaks, mutant.about);
    }
    text
}

fn mutants_json() -> String {
    let mutants: Vec<_> = mutants::all()
        .map(
            |mutant| json!({ "name": mutant.name, "about": mutant.about, "breaks": mutant.breaks }),
        )
        .collect();
    pretty(&json!(mutants))
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
