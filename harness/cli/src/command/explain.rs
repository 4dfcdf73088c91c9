//! `smtpspec explain ID`: all that is known of a requirement, a scenario or a mutant, on one page.

use std::fmt::Write as _;

use smtpspec_catalogue::{Requirement, RequirementId, UnknownRequirement};
use smtpspec_reference::{Mutant, mutants};
use smtpspec_scenario::{Scenario, Suite};

use crate::args::Explain;
use crate::console::Console;
use crate::exit::Exit;
use crate::filter::Filter;
use crate::suite;

pub(crate) fn explain(explain: &Explain, console: &Console) -> Exit {
    let suite = match suite::built_in(console) {
        Ok(suite) => suite,
        Err(exit) => return exit,
    };
    let text = match explain.id.parse::<RequirementId>() {
        Ok(id) => requirement(id.requirement(), &suite),
        Err(unknown) => match (find(&suite, &explain.id), mutants::by_name(&explain.id)) {
            (Some(found), _) => scenario(found),
            (None, Some(found)) => mutant(found),
            (None, None) => return not_found(&suite, &unknown, console),
        },
    };
    console.finish(text.as_bytes(), Exit::Clean)
}

fn find<'s>(suite: &'s Suite, id: &str) -> Option<&'s Scenario> {
    let exact = |scenario: &&std::sync::Arc<Scenario>| {
        scenario.id == id
            || scenario.aliases.iter().any(|alias| alias == id)
            || scenario.cases().iter().any(|case| case.id == id)
    };
    suite.scenarios.iter().find(exact).map(AsRef::as_ref)
}

fn requirement(entry: &Requirement, suite: &Suite) -> String {
    let mut text = format!(
        "{}\n\n  {}\n\n  {} for the {}  ({}, {})\n",
        entry.name,
        entry.summary,
        entry.level,
        entry.binds,
        entry.citation(),
        entry.link(),
    );
    if let Some(line) = entry.line {
        let _ = writeln!(text, "  line {line} of the RFC Editor's plain text");
    }
    let seen = match entry.observable.as_str() {
        "wire" => "seen on the connection to the server",
        "next-hop" => "seen only in the mail that comes out",
        "partly" => "seen only with special set-up, or by its effects",
        _ => "not seen from outside",
    };
    let _ = writeln!(text, "  {seen}");
    if let Some(note) = entry.note {
        let _ = writeln!(text, "\n  note: {note}");
    }
    for (index, source) in entry.follows_from().enumerate() {
        text.push_str(if index == 0 { "\n  follows from\n" } else { "" });
        let _ = writeln!(text, "    {source}  {}", source.requirement().summary);
    }
    let id = entry.id();
    for (index, file) in crate::rules::files(id).enumerate() {
        text.push_str(if index == 0 { "\n  judged in\n" } else { "" });
        let _ = writeln!(text, "    {file}");
    }
    for (index, mutant) in mutants::all().filter(|mutant| mutant.breaks == id).enumerate() {
        text.push_str(if index == 0 { "\n  broken by\n" } else { "" });
        let _ = writeln!(text, "    {}  {}", mutant.name, mutant.about);
    }
    let checked: Vec<_> =
        suite.scenarios.iter().filter(|scenario| scenario.checks.contains(&id)).collect();
    if checked.is_empty() && entry.follows_from().next().is_some() {
        text.push_str("\n  no scenario checks it by itself\n");
    } else if checked.is_empty() {
        text.push_str("\n  no scenario checks it\n");
    } else {
        text.push_str("\n  checked by\n");
        for scenario in checked {
            let _ = writeln!(text, "    {}  {}", scenario.id, scenario.title);
        }
    }
    text
}

fn scenario(scenario: &Scenario) -> String {
    let mut text = format!(
        "{}\n\n  {}\n\n  {}:{}\n  given: {}, safety: {}\n",
        scenario.id,
        scenario.title,
        scenario.place.file,
        scenario.place.line,
        scenario.given.as_str(),
        scenario.safety.as_str(),
    );
    if let Some(rationale) = &scenario.rationale {
        let _ = writeln!(text, "\n  rationale: {}", rationale.trim());
    }
    text.push_str("\n  checks\n");
    for id in &scenario.checks {
        let entry = id.requirement();
        let _ = writeln!(
            text,
            "    {}  {} ({})\n      {}",
            entry.name,
            entry.level,
            entry.citation(),
            entry.summary
        );
    }
    if !scenario.rows.is_empty() {
        text.push_str("\n  cases\n");
        for row in &scenario.rows {
            let _ = writeln!(text, "    {}[{}]", scenario.id, row.name);
        }
    }
    text
}

fn mutant(mutant: &Mutant) -> String {
    let Mutant { name, about, breaks, .. } = mutant;
    let entry = breaks.requirement();
    format!(
        "{name}\n\n  the reference server {about}\n\n  breaks\n    {}  {} ({})\n      {}\n\n  \
         smtpspec serve --mutant {name}\n  smtpspec prove --mutant {name}\n",
        entry.name,
        entry.level,
        entry.citation(),
        entry.summary,
    )
}

/// Nothing has this id: name what looks like it, and what lies below it.
fn not_found(suite: &Suite, unknown: &UnknownRequirement, console: &Console) -> Exit {
    let id = unknown.name.as_str();
    let filter = Filter::new(id);
    let below = suite.cases().into_iter().filter(|case| filter.selects(case)).count();
    let help = if let Some(nearest) = unknown.nearest {
        format!("did you mean `{nearest}`?")
    } else if below > 0 {
        format!("{below} scenarios lie below it: `smtpspec run --dry-run {id}` lists them")
    } else {
        match nearest(suite, id).or_else(|| super::prove::nearest(id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "`smtpspec list` and `smtpspec list requirements` show what there is".to_owned()
            }
        }
    };
    console.error(&format!("nothing has the id `{id}`; {help}"));
    Exit::Usage
}

/// The scenario with the id that looks most like this one, if any does.
pub(super) fn nearest<'s>(suite: &'s Suite, id: &str) -> Option<&'s str> {
    let likeness =
        |scenario: &'s Scenario| (strsim::jaro_winkler(&scenario.id, id), scenario.id.as_str());
    suite
        .scenarios
        .iter()
        .map(|scenario| likeness(scenario))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.85)
        .map(|(_, near)| near)
}
