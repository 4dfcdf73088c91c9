//! The proof that every check can fail: the suite against the reference and against each of its
//! mutants, in memory.
//!
//! A case that no mutant fails shows nothing when it passes; a mutant that no case catches shows
//! what the suite is blind to. The model is held to the same: which mutants does it convict
//! without any scenario's help? [`walk`] gives it more to look at than the suite.
//!
//! Most plays of every mutant on every case would prove what others proved already, so they are
//! left out unless [`Extent::Matrix`] asks for them. What is played depends on nothing but the
//! suite and the mutants, so that a proof is the same each time.

mod trial;
pub mod walk;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::memory::Played;
use smtpspec_judge::{Transcript, Verdict};
use smtpspec_reference::{Config, Delivery, Mutant, Shows};
use smtpspec_scenario::{Case, Profile};

use self::trial::{Subject, Trial};
use crate::embedded::config_of;

/// The largest message that the reference takes here.
const MESSAGE: u64 = 1 << 17;

/// What was proved.
#[derive(Debug)]
pub struct Proof {
    /// Each case, in the order given.
    pub cases: Vec<CaseProof>,
    /// Each mutant, in the order given.
    pub mutants: Vec<MutantProof>,
    /// What the model was given to look at.
    pub sights: Sights,
    /// How much was played.
    pub extent: Extent,
}

/// What the reference server is, and what its profile says of it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The profile, whose `reference:` makes the server.
    pub profile: Profile,
}

/// What is known of a case.
#[derive(Debug)]
pub struct CaseProof {
    /// Its id.
    pub id: String,
    /// The setting in which it was played: the first in which it applies, or the first of all
    /// where it applies in none.
    pub setting: &'static str,
    /// What it comes to on the reference; it has to be a pass.
    pub verdict: Verdict,
    /// Why, where it is none; and what the model finds in the reference.
    pub reason: Option<String>,
    /// The mutants that it was seen to catch, as places in [`Proof::mutants`].
    pub catches: Vec<usize>,
}

/// What is known of a mutant.
#[derive(Debug)]
pub struct MutantProof {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// The cases that were seen to catch it, as places in [`Proof::cases`].
    pub caught_by: Vec<usize>,
    /// Whether one of them finds that the requirement is broken which the mutant breaks.
    pub for_its_rule: bool,
    /// Whether anything in the suite or on the walks differs from the reference.
    pub deviates: bool,
    /// What the model finds by itself, in the suite or on the walks; the first of it.
    pub oracle: Option<RequirementId>,
}

impl Proof {
    /// The cases that do not pass on the reference.
    pub fn broken(&self) -> impl Iterator<Item = &CaseProof> {
        self.cases.iter().filter(|case| case.verdict != Verdict::Pass)
    }

    /// The cases that catch no mutant.
    pub fn idle(&self) -> impl Iterator<Item = &CaseProof> {
        self.cases.iter().filter(|case| case.catches.is_empty())
    }

    /// The mutants that no case catches.
    pub fn escaped(&self) -> impl Iterator<Item = &MutantProof> {
        self.mutants.iter().filter(|mutant| mutant.caught_by.is_empty())
    }

    /// The mutants that behave like the reference in all that was tried.
    pub fn harmless(&self) -> impl Iterator<Item = &MutantProof> {
        self.mutants.iter().filter(|mutant| !mutant.deviates)
    }
}

/// What the model is given to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sights {
    /// The cases alone.
    Cases,
    /// The walks besides: all in the first setting, and some in the others.
    Walks,
}

/// How much is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What it takes to see that each mutant is caught for its rule, that each case catches one,
    /// and which mutants the model convicts.
    Enough,
    /// Every mutant on every case: all that each of them catches.
    Matrix,
}

/// Plays cases in the first setting in which they come to a judgement, and the walks where they
/// are asked for, against the reference and against each of the mutants.
pub fn prove(
    cases: &[Case],
    mutants: &[&'static Mutant],
    settings: &[Setting],
    (sights, extent): (Sights, Extent),
) -> Proof {
    let (scenes, mut proofs) = arrange(cases, settings, sights);
    let mut mutants = each(mutants.len(), |index| meet(mutants[index], &scenes, extent));
    note(&mutants, &mut proofs);
    if extent == Extent::Enough {
        try_idle(&scenes, &mut proofs, &mut mutants);
    }
    Proof { cases: proofs, mutants, sights, extent }
}

/// Notes with each case the mutants that it catches.
fn note(mutants: &[MutantProof], cases: &mut [CaseProof]) {
    for (index, mutant) in mutants.iter().enumerate() {
        for &case in &mutant.caught_by {
            cases[case].catches.push(index);
        }
    }
}

/// Plays the cases that have caught nothing yet, each until it catches a mutant.
fn try_idle(scenes: &[Scene<'_>], cases: &mut [CaseProof], mutants: &mut [MutantProof]) {
    let is_idle =
        |&(scene, at): &(usize, usize)| cases[scenes[scene].places[at]].catches.is_empty();
    let idle: Vec<(usize, usize)> = all_places(scenes).filter(is_idle).collect();
    let found = each(idle.len(), |index| {
        let (scene, at) = idle[index];
        scenes[scene].first_caught(at, mutants)
    });
    for ((scene, at), caught) in idle.into_iter().zip(found) {
        if let Some(mutant) = caught {
            let place = scenes[scene].places[at];
            cases[place].catches.push(mutant);
            mutants[mutant].caught_by.push(place);
        }
    }
    for mutant in mutants {
        mutant.caught_by.sort_unstable();
    }
}

/// Finds the setting of each case, and what it comes to there.
fn arrange<'a>(
    cases: &'a [Case],
    settings: &[Setting],
    sights: Sights,
) -> (Vec<Scene<'a>>, Vec<CaseProof>) {
    let mut scenes = Vec::new();
    let mut proofs: Vec<Option<CaseProof>> = cases.iter().map(|_| None).collect();
    for (place, setting) in settings.iter().enumerate() {
        let open = |proof: &Option<CaseProof>| proof.as_ref().is_none_or(|proof| !judged(proof));
        let places: Vec<usize> = (0..cases.len()).filter(|&at| open(&proofs[at])).collect();
        let wanted = places.iter().map(|&at| &cases[at]).collect();
        let walks = match (sights, place) {
            (Sights::Cases, _) => Walks::None,
            (Sights::Walks, 0) => Walks::All,
            (Sights::Walks, _) => Walks::Some,
        };
        let mut stage = Stage::new(wanted, &setting.profile, walks);
        let mut usual = stage.run();
        let mut applies = Vec::new();
        for (&at, played) in places.iter().zip(&usual.played) {
            let proof = on_reference(&cases[at], setting.name, played);
            applies.push(judged(&proof));
            if proofs[at].is_none() || judged(&proof) {
                proofs[at] = Some(proof);
            }
        }
        stage.cases = kept(stage.cases, &applies);
        usual.played = kept(usual.played, &applies);
        scenes.push(Scene { stage, usual, places: kept(places, &applies) });
    }
    (scenes, proofs.into_iter().flatten().collect())
}

/// Whether the case applies in its setting, and nothing stood in its way.
fn judged(proof: &CaseProof) -> bool {
    !matches!(proof.verdict, Verdict::Skip | Verdict::Inconclusive)
}

/// Those of the items that are marked.
fn kept<T>(items: Vec<T>, marks: &[bool]) -> Vec<T> {
    items.into_iter().zip(marks).filter(|(_, mark)| **mark).map(|(item, _)| item).collect()
}

/// A setting, the cases that apply in it, and what the reference shows.
struct Scene<'a> {
    stage: Stage<'a>,
    usual: Shown,
    /// Where each of the cases is in the whole suite.
    places: Vec<usize>,
}

/// What everything is played with.
struct Stage<'a> {
    cases: Vec<&'a Case>,
    walks: Walks,
    profile: Arc<Profile>,
    config: Config,
}

/// Which of the walks there are.
#[derive(Debug, Clone, Copy)]
enum Walks {
    All,
    Some,
    None,
}

/// All that one server showed.
struct Shown {
    played: Vec<Played>,
    walks: Vec<(Transcript, Vec<Delivery>)>,
}

impl<'a> Stage<'a> {
    fn new(cases: Vec<&'a Case>, profile: &Profile, walks: Walks) -> Self {
        let mut config = config_of(profile);
        // A message over the limit is then not much to send.
        if config.max_message_octets > 0 {
            config.max_message_octets = MESSAGE;
        }
        Self { cases, walks, profile: Arc::new(profile.clone()), config }
    }

    /// All that a careful server shows.
    fn run(&self) -> Shown {
        let server = Subject::new(self.config.clone(), &self.profile);
        Shown {
            played: self.cases.iter().map(|case| server.play(case)).collect(),
            walks: self.walks(&server.config),
        }
    }

    fn walks(&self, config: &Arc<Config>) -> Vec<(Transcript, Vec<Delivery>)> {
        match self.walks {
            Walks::All => walk::all(config, &self.profile).collect(),
            Walks::Some => walk::some(config, &self.profile).collect(),
            Walks::None => Vec::new(),
        }
    }
}

/// Plays a mutant in every setting: first the cases that look for what it breaks, then the walks,
/// then the other cases.
fn meet(mutant: &'static Mutant, scenes: &[Scene<'_>], extent: Extent) -> MutantProof {
    let mut proof = MutantProof {
        mutant,
        caught_by: Vec::new(),
        for_its_rule: false,
        deviates: false,
        oracle: None,
    };
    let trials: Vec<Trial<'_, '_>> = scenes.iter().map(|scene| Trial::new(scene, mutant)).collect();
    let goes_on = |proof: &MutantProof| extent == Extent::Matrix || !proof.is_whole();
    let (likely, others): (Vec<_>, Vec<_>) =
        all_places(scenes).partition(|&(scene, at)| scenes[scene].looks_for(at, mutant));
    for (scene, at) in likely {
        if goes_on(&proof) {
            trials[scene].play(at, &mut proof);
        }
    }
    for trial in &trials {
        if extent == Extent::Matrix || proof.oracle.is_none() {
            trial.walk(&mut proof);
        }
    }
    for (scene, at) in others {
        if goes_on(&proof) {
            trials[scene].play(at, &mut proof);
        }
    }
    proof.caught_by.sort_unstable();
    proof
}

/// Each case of each scene: the place of the scene, and that of the case in it.
fn all_places(scenes: &[Scene<'_>]) -> impl Iterator<Item = (usize, usize)> {
    let cases = scenes.iter().map(|scene| scene.stage.cases.len()).enumerate();
    cases.flat_map(|(scene, count)| (0..count).map(move |at| (scene, at)))
}

impl MutantProof {
    /// Whether more plays could show nothing that has to be shown. The model judges replies, so what
    /// shows elsewhere it need not see.
    fn is_whole(&self) -> bool {
        self.for_its_rule && (self.oracle.is_some() || self.mutant.shows() != Shows::Reply)
    }
}

impl Scene<'_> {
    /// Whether the case is about the requirement that the mutant breaks.
    fn looks_for(&self, at: usize, mutant: &Mutant) -> bool {
        self.stage.cases[at].scenario.checks.contains(&mutant.breaks)
    }

    /// The first mutant that the case catches, those first that break what it is about.
    fn first_caught(&self, at: usize, mutants: &[MutantProof]) -> Option<usize> {
        let (likely, others): (Vec<_>, Vec<_>) =
            (0..mutants.len()).partition(|&index| self.looks_for(at, mutants[index].mutant));
        likely.into_iter().chain(others).find(|&index| {
            let trial = Trial::new(self, mutants[index].mutant);
            trial.played(at).is_some_and(|played| trial.is_caught(at, &played))
        })
    }
}

fn on_reference(case: &Case, setting: &'static str, played: &Played) -> CaseProof {
    let outcome = &played.outcome;
    let found = outcome.result.findings.iter().chain(&outcome.oracle).next();
    CaseProof {
        id: case.id.clone(),
        setting,
        verdict: match (outcome.result.verdict, outcome.oracle.is_empty()) {
            (Verdict::Pass, false) => Verdict::Fail,
            (verdict, _) => verdict,
        },
        reason: outcome
            .result
            .reason
            .clone()
            .or_else(|| found.map(|found| format!("{}: {}", found.requirement, found.what))),
        catches: Vec::new(),
    }
}

/// Does the work for each index below `count` on all processors, and gives it in order.
fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(index)));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count.max(1));
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let hands: Vec<_> = (0..workers).map(|_| scope.spawn(share)).collect();
        hands
            .into_iter()
            .flat_map(|hand| match hand.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, work)| work).collect()
}
