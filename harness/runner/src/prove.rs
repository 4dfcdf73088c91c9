//! The proof that every check can fail: the suite against the reference and against each of its
//! mutants, in memory.
//!
//! A case that no mutant fails shows nothing when it passes; a mutant that no case catches shows
//! what the suite is blind to. The model is held to the same: which mutants does it convict
//! without any scenario's help? [`walk`] gives it more to look at than the suite.

pub mod walk;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use smtpspec_catalogue::RequirementId;
use smtpspec_judge::memory::{self, Played};
use smtpspec_judge::{Happening, Segmentation, Setup, Transcript, Verdict};
use smtpspec_reference::{Config, Delivery, Mutant};
use smtpspec_scenario::{Case, Profile};

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
}

/// What is known of a case.
#[derive(Debug)]
pub struct CaseProof {
    /// Its id.
    pub id: String,
    /// What it comes to on the reference; it has to be a pass.
    pub verdict: Verdict,
    /// Why, where it is none; and what the model finds in the reference.
    pub reason: Option<String>,
    /// The mutants that it catches, as places in [`Proof::mutants`].
    pub catches: Vec<usize>,
}

/// What is known of a mutant.
#[derive(Debug)]
pub struct MutantProof {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// The cases that catch it, as places in [`Proof::cases`].
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

/// Plays every case and every walk against the reference that the profile describes and against
/// each of the mutants.
pub fn prove(cases: &[Case], mutants: &[&'static Mutant], profile: &Profile) -> Proof {
    let stage = Stage::new(cases, profile);
    let usual = stage.run(&stage.config);
    let mut cases: Vec<CaseProof> = cases.iter().zip(&usual.played).map(on_reference).collect();
    let mutants = each(mutants.len(), |index| stage.meet(mutants[index], &usual));
    for (index, mutant) in mutants.iter().enumerate() {
        for &case in &mutant.caught_by {
            cases[case].catches.push(index);
        }
    }
    Proof { cases, mutants }
}

/// The mutants that behave like the reference on every walk, and so can't be caught by anybody.
pub fn harmless(mutants: &[&'static Mutant], profile: &Profile) -> Vec<&'static Mutant> {
    let stage = Stage::new(&[], profile);
    let usual: Vec<_> = walk::all(&Arc::new(stage.config.clone()), profile).collect();
    let tried = each(mutants.len(), |index| {
        let config = Config { mutants: vec![mutants[index]], ..stage.config.clone() };
        let config = Arc::new(config);
        let mut pairs = walk::all(&config, profile).zip(&usual);
        let differs = pairs.any(|(one, usual)| differ((&one.0, &one.1), (&usual.0, &usual.1)));
        (!differs).then_some(mutants[index])
    });
    tried.into_iter().flatten().collect()
}

/// What everything is played with.
struct Stage<'a> {
    cases: &'a [Case],
    profile: Arc<Profile>,
    config: Config,
}

/// All that one server showed.
struct Shown {
    played: Vec<Played>,
    walks: Vec<(Transcript, Vec<Delivery>)>,
}

impl<'a> Stage<'a> {
    fn new(cases: &'a [Case], profile: &Profile) -> Self {
        let mut config = config_of(profile);
        // A message over the limit is then not much to send.
        config.max_message_octets = MESSAGE;
        Self { cases, profile: Arc::new(profile.clone()), config }
    }

    fn run(&self, config: &Config) -> Shown {
        let config = Arc::new(config.clone());
        let offered = memory::offered(&config);
        let setup = || Setup {
            profile: Arc::clone(&self.profile),
            unique: "unique".to_owned(),
            segmentation: Segmentation::default(),
            offered: offered.clone(),
        };
        let play = |case: &Case| memory::play(case.clone(), setup(), &config);
        Shown {
            played: self.cases.iter().map(play).collect(),
            walks: walk::all(&config, &self.profile).collect(),
        }
    }

    fn meet(&self, mutant: &'static Mutant, usual: &Shown) -> MutantProof {
        let shown = self.run(&Config { mutants: vec![mutant], ..self.config.clone() });
        let verdicts = |played: &Played| {
            matches!(played.outcome.result.verdict, Verdict::Fail | Verdict::Warn)
        };
        let caught_by: Vec<usize> = (0..shown.played.len())
            // A case that fails on the reference too shows nothing.
            .filter(|&index| verdicts(&shown.played[index]) && !verdicts(&usual.played[index]))
            .collect();
        let for_its_rule = caught_by.iter().any(|&index| {
            let findings = &shown.played[index].outcome.result.findings;
            findings.iter().any(|finding| finding.requirement == mutant.breaks)
        });
        // What is as on the reference holds nothing against a mutant.
        let others = || shown.all().zip(usual.all()).filter(|(one, usual)| differ(*one, *usual));
        MutantProof {
            mutant,
            caught_by,
            for_its_rule,
            deviates: others().next().is_some(),
            oracle: others()
                .flat_map(|((transcript, _), _)| memory::listen(transcript))
                .map(|found| found.requirement)
                .next(),
        }
    }
}

impl Shown {
    fn all(&self) -> impl Iterator<Item = (&Transcript, &Vec<Delivery>)> {
        let played = self.played.iter();
        played
            .map(|played| (&played.outcome.result.transcript, &played.deliveries))
            .chain(self.walks.iter().map(|walk| (&walk.0, &walk.1)))
    }
}

/// Whether anything differs, on the wire or in the mail that comes out. Times do not count.
fn differ(one: (&Transcript, &Vec<Delivery>), other: (&Transcript, &Vec<Delivery>)) -> bool {
    one.1 != other.1 || wire(one.0).ne(wire(other.0))
}

fn wire(transcript: &Transcript) -> impl Iterator<Item = &Happening> {
    transcript.events.iter().map(|event| &event.what)
}

fn on_reference((case, played): (&Case, &Played)) -> CaseProof {
    let outcome = &played.outcome;
    let found = outcome.result.findings.iter().chain(&outcome.oracle).next();
    CaseProof {
        id: case.id.clone(),
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
