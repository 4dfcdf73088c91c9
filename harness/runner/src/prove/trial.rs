//! A mutant in a setting: cases and walks are played on it, and what shows is noted.

use std::sync::Arc;

use smtpspec_judge::memory::{self, Played};
use smtpspec_judge::{Happening, Segmentation, Setup, Transcript, Verdict};
use smtpspec_protocol::Protocol;
use smtpspec_reference::{Config, Delivery, Mutant};
use smtpspec_scenario::{Case, Profile};

use super::{MutantProof, Scene};

/// A mutant in a setting.
pub(super) struct Trial<'s, 'a> {
    scene: &'s Scene<'a>,
    mutant: &'static Mutant,
    server: Subject,
}

impl<'s, 'a> Trial<'s, 'a> {
    pub(super) fn new(scene: &'s Scene<'a>, mutant: &'static Mutant) -> Self {
        let mutants = vec![mutant];
        let config = Config { mutants, ..scene.stage.config.clone() };
        Self { scene, mutant, server: Subject::new(config, &scene.stage.profile) }
    }

    /// Plays a case, unless it can't see the mutant.
    pub(super) fn played(&self, at: usize) -> Option<Played> {
        let case = self.scene.stage.cases[at];
        // What goes wrong in the mail alone, a case that asks for none can't see.
        let blind = self.mutant.spoils_mail_alone() && !case.scenario.requires.next_hop;
        (!blind).then(|| self.server.play(case))
    }

    /// Whether the case accuses the mutant: one that fails on the reference too shows nothing.
    pub(super) fn is_caught(&self, at: usize, played: &Played) -> bool {
        is_accusation(played) && !is_accusation(&self.scene.usual.played[at])
    }

    pub(super) fn play(&self, at: usize, proof: &mut MutantProof) {
        let Scene { stage, usual, places } = self.scene;
        let Some(played) = self.played(at) else { return };
        if self.is_caught(at, &played) {
            proof.caught_by.push(places[at]);
            let findings = &played.outcome.result.findings;
            proof.for_its_rule |=
                findings.iter().any(|finding| finding.requirement == self.mutant.breaks);
        }
        compare(proof, stage.config.protocol, shown_by(&played), shown_by(&usual.played[at]));
    }

    pub(super) fn walk(&self, proof: &mut MutantProof) {
        let Scene { stage, usual, .. } = self.scene;
        for (walk, usual) in stage.walks(&self.server.config).iter().zip(&usual.walks) {
            compare(proof, stage.config.protocol, (&walk.0, &walk.1), (&usual.0, &usual.1));
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

/// A server, and what is known of it when a case begins.
pub(super) struct Subject {
    pub(super) config: Arc<Config>,
    profile: Arc<Profile>,
    offered: Vec<String>,
}

impl Subject {
    pub(super) fn new(config: Config, profile: &Arc<Profile>) -> Self {
        let config = Arc::new(config);
        Self { offered: memory::offered(&config), profile: Arc::clone(profile), config }
    }

    pub(super) fn play(&self, case: &Case) -> Played {
        let setup = Setup {
            shows_secrets: true,
            profile: Arc::clone(&self.profile),
            unique: "unique".to_owned(),
            segmentation: Segmentation::default(),
            offered: self.offered.clone(),
        };
        memory::play(case.clone(), setup, &self.config)
    }
}
