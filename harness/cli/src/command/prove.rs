//! `smtpspec prove`: that every scenario can fail, and that every mutant is caught. All of it in
//! memory, against the reference and its mutants.

use std::fmt::Write as _;

use serde_json::{Value, json};
use smtpspec_reference::{Mutant, Shows, mutants};
use smtpspec_runner::prove::{Extent, MutantProof, Proof, Setting, Sights, prove as run};
use smtpspec_scenario::{Case, Outlet};

use super::run::let_mail_wait;
use crate::args::Prove;
use crate::console::Console;
use crate::exit::Exit;
use crate::filter::Filter;
use crate::suite;

/// How many of the scenarios that catch a mutant are named.
const NAMED: usize = 3;

pub(crate) fn prove(prove: &Prove, console: &Console) -> Exit {
    let (cases, mutants) = match (cases(prove, console), named(&prove.mutants, console)) {
        (Ok(cases), Ok(mutants)) => (cases, mutants),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let mutants = if mutants.is_empty() { mutants::all().collect() } else { mutants };
    let settings = match settings(console) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    // Who asks about some cases wants to know about these.
    let some = !prove.filters.is_empty() && prove.mutants.is_empty();
    let sights = if some { Sights::Cases } else { Sights::Walks };
    let part = !prove.filters.is_empty() || !prove.mutants.is_empty();
    let extent = if part || prove.matrix { Extent::Matrix } else { Extent::Enough };
    let proof = run(&cases, &mutants, &settings, (sights, extent));
    // A part of the suite need not catch every mutant, nor all of it a part of them.
    let verdict = Wanted { idle: prove.mutants.is_empty(), escaped: prove.filters.is_empty() };
    let text = if prove.json { as_json(&proof) } else { as_text(&proof) };
    let exit = verdict.complain(&proof, console);
    console.finish(text.as_bytes(), exit)
}

/// The settings in which cases are played.
fn settings(console: &Console) -> Result<Vec<Setting>, Exit> {
    let profiles = suite::reference_profiles(console)?;
    let setting = |(place, (name, mut profile)): (usize, _)| {
        // Only the usual server turns; how others refuse it is for the cases to see.
        if place == 0 {
            let_mail_wait(&mut profile);
        }
        profile.outlet = Some(Outlet::Memory);
        Setting { name, profile }
    };
    Ok(profiles.into_iter().enumerate().map(setting).collect())
}

/// The mutants with these names; a slip is met with the name that was probably meant.
pub(crate) fn named(names: &[String], console: &Console) -> Result<Vec<&'static Mutant>, Exit> {
    names
        .iter()
        .map(|name| {
            mutants::by_name(name).ok_or_else(|| {
                let help = nearest(name).map_or_else(
                    || "`smtpspec list mutants` lists them".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                console.error(&format!("there is no mutant `{}`; {help}", name.escape_debug()));
                Exit::Usage
            })
        })
        .collect()
}

/// The name that is most like this one, if one is.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    mutants::all()
        .map(|mutant| (strsim::jaro_winkler(mutant.name, name), mutant.name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.85)
        .map(|(_, near)| near)
}

fn cases(prove: &Prove, console: &Console) -> Result<Vec<Case>, Exit> {
    let suite = match prove.scenarios.as_slice() {
        [] => suite::built_in(console)?,
        paths => suite::at(paths, console)?,
    };
    let all = suite.cases();
    let filters: Vec<Filter> = prove.filters.iter().map(|word| Filter::new(word)).collect();
    for filter in &filters {
        if !all.iter().any(|case| filter.selects(case)) {
            let word = filter.as_str();
            console
                .error(&format!("`{word}` selects no scenario; `smtpspec list` shows their ids"));
            return Err(Exit::Nothing);
        }
    }
    let wanted =
        |case: &Case| filters.is_empty() || filters.iter().any(|filter| filter.selects(case));
    Ok(all.into_iter().filter(wanted).collect())
}

/// What counts as an error.
struct Wanted {
    idle: bool,
    escaped: bool,
}

impl Wanted {
    fn complain(&self, proof: &Proof, console: &Console) -> Exit {
        let mut exit = Exit::Clean;
        let mut complain = |message: &str| {
            console.error(message);
            exit = Exit::Broken;
        };
        for case in proof.broken() {
            let reason = case.reason.as_deref().unwrap_or("no reason is known");
            complain(&format!("{} comes to {} on the reference: {reason}", case.id, case.verdict));
        }
        for case in proof.idle().filter(|_| self.idle) {
            complain(&format!("{} fails on no mutant", case.id));
        }
        for proof in proof.escaped().filter(|_| self.escaped) {
            let Mutant { name, about, breaks, .. } = proof.mutant;
            complain(&format!("no scenario catches {name}: a server that {about} ({breaks})"));
        }
        let spoken = |proof: &&MutantProof| proof.mutant.shows() == Shows::Reply;
        let heard = |proof: &&MutantProof| proof.oracle.is_some();
        let unheard = proof.mutants.iter().filter(spoken).filter(|proof| !heard(proof));
        for proof in unheard.filter(|_| self.escaped) {
            complain(&format!("the model alone does not convict {}", proof.mutant.name));
        }
        for proof in proof.harmless().filter(|_| self.escaped) {
            complain(&format!("{} behaves like the reference", proof.mutant.name));
        }
        exit
    }
}

fn as_text(proof: &Proof) -> String {
    let mut text = String::from(match proof.extent {
        Extent::Matrix => "caught by scenarios\n",
        Extent::Enough => "caught by scenarios (as many as were asked; --matrix asks all)\n",
    });
    for mutant in &proof.mutants {
        let mark = if mutant.for_its_rule { ' ' } else { '~' };
        let count = mutant.caught_by.len();
        let _ = write!(text, "  {count:4}{mark} {:44}", mutant.mutant.name);
        for &case in mutant.caught_by.iter().take(NAMED) {
            let _ = write!(text, " {}", proof.cases[case].id);
        }
        text.push_str(if count > NAMED { " …\n" } else { "\n" });
    }
    text.push_str("\nconvicted by the model alone\n");
    for mutant in &proof.mutants {
        let found = mutant.oracle;
        let (mark, found) = match found {
            Some(found) => ("yes", found.as_str()),
            None => ("no", ""),
        };
        let Mutant { name, .. } = mutant.mutant;
        let shows = mutant.mutant.shows().as_str();
        let _ = writeln!(text, "  {mark:4} {shows:8} {name:44} {found}");
    }
    let _ = writeln!(text, "\n{}", summary(proof));
    text
}

fn summary(proof: &Proof) -> String {
    let count = |which: fn(&&MutantProof) -> bool| proof.mutants.iter().filter(which).count();
    let (cases, mutants) = (proof.cases.len(), proof.mutants.len());
    let passing = cases - proof.broken().count();
    let killing = cases - proof.idle().count();
    let caught = mutants - proof.escaped().count();
    let for_its_rule = count(|mutant| mutant.for_its_rule);
    let convicted = count(|mutant| mutant.oracle.is_some());
    let shows_in_reply = |mutant: &&MutantProof| mutant.mutant.shows() == Shows::Reply;
    let in_reply = count(shows_in_reply);
    let convicted_for_reply =
        count(|mutant| mutant.mutant.shows() == Shows::Reply && mutant.oracle.is_some());
    let mut text = format!(
        "{cases} scenarios: {passing} pass on the reference, {killing} catch a mutant\n\
         {mutants} mutants: {caught} are caught by a scenario, {for_its_rule} of them for the \
         requirement that they break (~ marks the others)",
    );
    // What some cases show is no measure of the model.
    if proof.sights == Sights::Walks {
        let share = convicted_for_reply * 100 / in_reply.max(1);
        let _ = write!(
            text,
            "\nthe model alone convicts {convicted_for_reply} of {in_reply} mutants that show in a \
             reply ({share} %), and {convicted} of all {mutants}",
        );
    }
    text
}

fn as_json(proof: &Proof) -> String {
    let names = |places: &[usize]| -> Vec<&str> {
        places.iter().map(|&place| proof.mutants[place].mutant.name).collect()
    };
    let cases: Vec<Value> = proof
        .cases
        .iter()
        .map(|case| {
            json!({
                "id": case.id,
                "setting": case.setting,
                "on_reference": case.verdict.as_str(),
                "reason": case.reason,
                "catches": names(&case.catches),
            })
        })
        .collect();
    let mutants: Vec<Value> = proof
        .mutants
        .iter()
        .map(|proof_of| {
            let caught_by: Vec<&str> =
                proof_of.caught_by.iter().map(|&case| proof.cases[case].id.as_str()).collect();
            json!({
                "name": proof_of.mutant.name,
                "breaks": proof_of.mutant.breaks,
                "caught_by": caught_by,
                "for_its_rule": proof_of.for_its_rule,
                "deviates": proof_of.deviates,
                "shows": proof_of.mutant.shows().as_str(),
                "oracle": proof_of.oracle,
            })
        })
        .collect();
    let matrix = proof.extent == Extent::Matrix;
    format!("{:#}\n", json!({ "matrix": matrix, "scenarios": cases, "mutants": mutants }))
}
