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
use smtpspec_protocol::Protocol;
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
    /// What the model was given to look at.
    pub sights: Sights,
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

/// What the model is given to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sights {
    /// The cases alone.
    Cases,
    /// The walks besides: all in the first setting, and some in the others.
    Walks,
}

/// Plays every case in the first setting in which it comes to a judgement, and the walks where
/// they are asked for, against the reference and against each of the mutants.
pub fn prove(
    cases: &[Case],
    mutants: &[&'static Mutant],
    settings: &[Setting],
    sights: Sights,
) -> Proof {
    let (scenes, mut cases) = arrange(cases, settings, sights);
    let mutants = each(mutants.len(), |index| meet(mutants[index], &scenes));
    for (index, mutant) in mutants.iter().enumerate() {
        for &case in &mutant.caught_by {
            cases[case].catches.push(index);
        }
    }
    Proof { cases, mutants, sights }
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
        let config = Arc::new(self.config.clone());
        let play = self.player(&config);
        Shown {
            played: self.cases.iter().map(|case| play(case)).collect(),
            walks: self.walks(&config),
        }
    }

    /// Plays cases on a server.
    fn player(&self, config: &Arc<Config>) -> impl Fn(&Case) -> Played {
        let offered = memory::offered(config);
        let (config, profile) = (Arc::clone(config), Arc::clone(&self.profile));
        move |case| {
            let setup = Setup {
                shows_secrets: true,
                profile: Arc::clone(&profile),
                unique: "unique".to_owned(),
                segmentation: Segmentation::default(),
                offered: offered.clone(),
            };
            memory::play(case.clone(), setup, &config)
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

/// Plays a mutant in every setting.
fn meet(mutant: &'static Mutant, scenes: &[Scene<'_>]) -> MutantProof {
    let mut proof = MutantProof {
        mutant,
        caught_by: Vec::new(),
        for_its_rule: false,
        deviates: false,
        oracle: None,
    };
    for scene in scenes {
        scene.meet(&mut proof);
    }
    proof.caught_by.sort_unstable();
    proof
}

impl Scene<'_> {
    fn meet(&self, proof: &mut MutantProof) {
        let Self { stage, usual, places } = self;
        let protocol = stage.config.protocol;
        let mutants = vec![proof.mutant];
        let config = Arc::new(Config { mutants, ..stage.config.clone() });
        let play = stage.player(&config);
        for ((case, usual), &place) in stage.cases.iter().zip(&usual.played).zip(places) {
            // What goes wrong in the mail alone, a case that asks for none can't see.
            if proof.mutant.spoils_mail_alone() && !case.scenario.requires.next_hop {
                continue;
            }
            let played = play(case);
            // A case that fails on the reference too shows nothing.
            if is_accusation(&played) && !is_accusation(usual) {
                proof.caught_by.push(place);
                let findings = &played.outcome.result.findings;
                proof.for_its_rule |=
                    findings.iter().any(|finding| finding.requirement == proof.mutant.breaks);
            }
            compare(proof, protocol, shown_by(&played), shown_by(usual));
        }
        for (walk, usual) in stage.walks(&config).iter().zip(&usual.walks) {
            compare(proof, protocol, (&walk.0, &walk.1), (&usual.0, &usual.1));
        }
    }
}

/// Asks the model about what a mutant does otherwise than the reference: what is as there holds
/// nothing against it.
fn compare(proof: &mut MutantProof, protocol: Protocol, shown: Seen<'_>, usual: Seen<'_>) {
    if differ(shown, usual) {
        proof.deviates = true;
        if proof.oracle.is_none() {
            let found = memory::listen(shown.0, protocol);
            proof.oracle = found.first().map(|found| found.requirement);
        }
    }
}

/// What went over the wire, and the mail that came out.
type Seen<'s> = (&'s Transcript, &'s Vec<Delivery>);

fn shown_by(played: &Played) -> Seen<'_> {
    (&played.outcome.result.transcript, &played.deliveries)
}

fn is_accusation(played: &Played) -> bool {
    matches!(played.outcome.result.verdict, Verdict::Fail | Verdict::Warn)
}

/// Whether anything differs, on the wire or in the mail that comes out. Times do not count.
fn differ(one: Seen<'_>, other: Seen<'_>) -> bool {
    one.1 != other.1 || wire(one.0).ne(wire(other.0))
}

fn wire(transcript: &Transcript) -> impl Iterator<Item = &Happening> {
    transcript.events.iter().map(|event| &event.what)
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
