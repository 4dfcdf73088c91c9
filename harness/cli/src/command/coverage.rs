//! `smtpspec coverage`: of the requirements that bind a server and can be seen from outside, how
//! many a scenario checks or the model judges, by RFC and section; and which can't be seen, and why.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;
use smtpspec_catalogue::{Grade, Observable, Requirement, RequirementId, in_order};
use smtpspec_scenario::expect::Hear;
use smtpspec_scenario::{Act, Step, Suite};

use crate::args::Coverage;
use crate::console::Console;
use crate::exit::Exit;
use crate::{rules, suite};

/// A section of an RFC, with the requirements in it that count.
struct Section {
    rfc: &'static str,
    name: &'static str,
    wire: Tally,
    next_hop: Tally,
    unseen: Vec<&'static Requirement>,
}

#[derive(Default)]
struct Tally {
    covered: usize,
    uncovered: Vec<&'static Requirement>,
}

pub(crate) fn coverage(coverage: &Coverage, console: &Console) -> Exit {
    let suite = match suite::built_in(console) {
        Ok(suite) => suite,
        Err(exit) => return exit,
    };
    let sections = sections(&checked(&suite));
    let text = match (coverage.json, coverage.unobservable) {
        (true, _) => as_json(&sections),
        (false, false) => as_text(&sections),
        (false, true) => unseen_as_text(&sections),
    };
    console.finish(text.as_bytes(), Exit::Clean)
}

/// Whether a requirement binds a server and can be broken.
fn binds(entry: &Requirement) -> bool {
    entry.binds.binds_server() && entry.level.grade() > Grade::May
}

/// What scenarios and their steps name in `checks:`.
pub(crate) fn checked(suite: &Suite) -> BTreeSet<RequirementId> {
    let mut ids = BTreeSet::new();
    for scenario in &suite.scenarios {
        ids.extend(&scenario.checks);
        checked_by(&scenario.dialogue, &mut ids);
    }
    ids
}

fn checked_by(steps: &[Step], ids: &mut BTreeSet<RequirementId>) {
    for step in steps {
        ids.extend(&step.checks);
        match &step.act {
            Act::Hear(Hear::AnyOf(alternatives)) => {
                for alternative in alternatives {
                    checked_by(&alternative.then, ids);
                }
            }
            Act::Await(patterns) => {
                for pattern in patterns {
                    checked_by(&pattern.then, ids);
                }
            }
            _ => {}
        }
    }
}

fn sections(checked: &BTreeSet<RequirementId>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for entry in in_order() {
        let known = sections
            .iter()
            .position(|section| section.rfc == entry.rfc && section.name == entry.section);
        let index = known.unwrap_or_else(|| {
            sections.push(Section {
                rfc: entry.rfc,
                name: entry.section,
                wire: Tally::default(),
                next_hop: Tally::default(),
                unseen: Vec::new(),
            });
            sections.len() - 1
        });
        // An RFC that only permits is told of too.
        if !binds(entry) {
            continue;
        }
        let section = &mut sections[index];
        let tally = match entry.observable {
            Observable::NextHop => &mut section.next_hop,
            Observable::Wire => &mut section.wire,
            Observable::Partly | Observable::Never => {
                section.unseen.push(entry);
                continue;
            }
        };
        if is_covered(entry, checked) {
            tally.covered += 1;
        } else {
            tally.uncovered.push(entry);
        }
    }
    sections
}

/// Whether a scenario checks it or the model judges it, or both are true of all that it follows
/// from.
fn is_covered(entry: &Requirement, checked: &BTreeSet<RequirementId>) -> bool {
    let directly = |id: RequirementId| checked.contains(&id) || rules::judges(id);
    let mut sources = entry.follows_from().peekable();
    directly(entry.id()) || (sources.peek().is_some() && sources.all(directly))
}

impl Tally {
    fn all(&self) -> usize {
        self.covered + self.uncovered.len()
    }
}

impl Section {
    /// Whether there is anything in it that can be covered.
    fn counts(&self) -> bool {
        self.wire.all() + self.next_hop.all() > 0
    }

    fn uncovered(&self) -> impl Iterator<Item = &'static Requirement> {
        self.wire.uncovered.iter().chain(&self.next_hop.uncovered).copied()
    }
}

fn rfcs(sections: &[Section]) -> Vec<&'static str> {
    let mut rfcs: Vec<&'static str> = sections.iter().map(|section| section.rfc).collect();
    rfcs.dedup();
    rfcs
}

/// The contract for scripts: `{"specs":[{"rfc":"5321","observable":N,"covered":N,"uncovered":[…]}]}`.
fn as_json(sections: &[Section]) -> String {
    let specs: Vec<_> = rfcs(sections)
        .into_iter()
        .map(|rfc| {
            let of = || sections.iter().filter(|section| section.rfc == rfc);
            let sum = |count: fn(&Tally) -> usize| {
                of().map(|section| count(&section.wire) + count(&section.next_hop)).sum::<usize>()
            };
            let uncovered: Vec<_> = of().flat_map(Section::uncovered).map(|one| one.name).collect();
            let unseen = |one: &&Requirement| json!({ "id": one.name, "why": one.note });
            let unobservable: Vec<_> =
                of().flat_map(|section| &section.unseen).map(unseen).collect();
            json!({
                "rfc": rfc,
                "observable": sum(Tally::all),
                "covered": sum(|tally| tally.covered),
                "uncovered": uncovered,
                "unobservable": unobservable,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "specs": specs }))
}

fn as_text(sections: &[Section]) -> String {
    let mut text = String::new();
    for rfc in rfcs(sections) {
        let of: Vec<_> = sections.iter().filter(|section| section.rfc == rfc).collect();
        let sum = |tally: fn(&Section) -> &Tally| {
            let (covered, all) = of.iter().fold((0, 0), |(covered, all), section| {
                let tally = tally(section);
                (covered + tally.covered, all + tally.all())
            });
            share(covered, all)
        };
        let (wire, next_hop) = (sum(|section| &section.wire), sum(|section| &section.next_hop));
        let unseen: usize = of.iter().map(|section| section.unseen.len()).sum();
        let _ = writeln!(
            text,
            "RFC {rfc}: {wire} on the wire, {next_hop} through a next hop; {unseen} more can't be seen"
        );
        text.push('\n');
        for section in of.into_iter().filter(|section| section.counts()) {
            let (wire, next_hop) = (&section.wire, &section.next_hop);
            let _ = writeln!(
                text,
                "  {:12} {:>9} on the wire {:>9} through a next hop",
                section.name,
                format!("{}/{}", wire.covered, wire.all()),
                format!("{}/{}", next_hop.covered, next_hop.all()),
            );
            for entry in section.uncovered() {
                let _ = writeln!(text, "      not covered: {}  {}", entry.name, entry.summary);
            }
        }
        text.push('\n');
    }
    text
}

/// What binds a server and is left out of the count, each with the reason.
fn unseen_as_text(sections: &[Section]) -> String {
    let mut text = String::new();
    for entry in sections.iter().flat_map(|section| &section.unseen) {
        let seen = match entry.observable {
            Observable::Partly => "only in part, or with special set-up",
            _ => "never",
        };
        let _ = writeln!(text, "{}  {}\n    seen: {seen}", entry.name, entry.summary);
        let _ = writeln!(text, "    why: {}\n", entry.note.unwrap_or("no reason is given"));
    }
    text
}

fn share(covered: usize, all: usize) -> String {
    // Of nothing, everything is covered.
    let percent = (covered * 100).checked_div(all).unwrap_or(100);
    format!("{covered} of {all} covered ({percent} %)")
}
