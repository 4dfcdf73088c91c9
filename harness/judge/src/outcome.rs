//! What a case has come to.

use smtpspec_scenario::expect::Hear;
use smtpspec_scenario::{Act, Scenario, Step};

use crate::play::Play;
use crate::results::CaseResult;
use crate::verdict::{Finding, Source, Verdict};

/// What the runner gets when a case is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The case's own result.
    pub result: CaseResult,
    /// What the model found besides.
    pub oracle: Vec<Finding>,
    /// Whether the target refused a connection or said 421: worth another try with fewer jobs.
    pub congested: bool,
    /// Whether the target ended a connection where a reply was wanted: worth a look at its health.
    pub lost: bool,
}

/// What is known so far.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) verdict: Verdict,
    reason: Option<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) congested: bool,
    pub(crate) lost: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            verdict: Verdict::Pass,
            reason: None,
            findings: Vec::new(),
            congested: false,
            lost: false,
        }
    }
}

impl Tally {
    /// Takes a verdict, if it weighs more than what there is; the reason goes with it.
    pub(crate) fn settle(&mut self, verdict: Verdict, reason: String) {
        if verdict > self.verdict || (verdict == self.verdict && self.reason.is_none()) {
            self.verdict = verdict;
            self.reason = Some(reason).filter(|reason| !reason.is_empty());
        }
    }

    /// What the model found beside the scenario. What both found, in the same reply and of the same
    /// requirement, is not told twice; and where the scenario leaves the judgement to the model
    /// (`S: permitted`), a breach of what it checks is its own, whatever in the session shows it.
    fn share(&mut self, scenario: &Scenario, found: Vec<Finding>) -> Vec<Finding> {
        let told = |own: &[Finding], one: &Finding| {
            own.iter().any(|own| {
                own.requirement == one.requirement && own.evidence.event == one.evidence.event
            })
        };
        let mut others = Vec::new();
        let leaves = scenario.dialogue.iter().any(leaves_to_model);
        for finding in found {
            if told(&self.findings, &finding) {
                continue;
            }
            if leaves && scenario.checks.contains(&finding.requirement) {
                let reason = format!("{} instead of {}", finding.what, finding.wanted);
                self.settle(Verdict::of_breach(finding.level.grade()), reason);
                let source = Source::Scenario { line: scenario.place.line };
                self.findings.push(Finding { source, ..finding });
            } else {
                others.push(finding);
            }
        }
        others
    }
}

/// Whether a step takes whatever the model permits.
fn leaves_to_model(step: &Step) -> bool {
    fn leaves(hear: &Hear) -> bool {
        match hear {
            Hear::Permitted => true,
            Hear::AnyOf(alternatives) => alternatives
                .iter()
                .any(|one| leaves(&one.hear) || one.then.iter().any(leaves_to_model)),
            _ => false,
        }
    }
    matches!(&step.act, Act::Hear(hear) if leaves(hear))
}

/// Puts together what a play has come to.
pub(crate) fn of(mut play: Play) -> Outcome {
    let found = std::mem::take(&mut play.peers).into_iter();
    let found = found.flat_map(|peer| peer.watch.into_findings()).collect();
    let oracle = play.tally.share(&play.case.scenario, found);
    let scenario = &play.case.scenario;
    let result = CaseResult {
        id: play.case.id.clone(),
        title: scenario.title.clone(),
        spec: scenario.spec.clone(),
        section: scenario.section.clone(),
        section_title: scenario.section_title.clone(),
        verdict: play.tally.verdict,
        checks: scenario.checks.clone(),
        reason: play.tally.reason,
        file: scenario.place.file.to_string(),
        line: scenario.place.line,
        elapsed_us: play.transcript.events.last().map_or(0, |last| last.at_us),
        attempts: 1,
        tries: Vec::new(),
        findings: play.tally.findings,
        transcript: play.transcript,
    };
    let Tally { congested, lost, .. } = play.tally;
    let mut outcome = Outcome { result, oracle, congested, lost };
    if !play.setup.shows_secrets {
        play.secrets.hide(&mut outcome);
    }
    outcome
}
