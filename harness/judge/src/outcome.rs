//! What a case has come to.

use crate::play::Play;
use crate::results::CaseResult;
use crate::verdict::{Finding, Verdict};

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
}

/// Puts together what a play has come to.
pub(crate) fn of(play: Play) -> Outcome {
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
    let found = play.peers.into_iter().flat_map(|peer| peer.watch.into_findings());
    // What the scenario itself found, in the same reply and of the same requirement, is not told
    // twice.
    let told = |finding: &Finding| {
        result.findings.iter().any(|own| {
            own.requirement == finding.requirement && own.evidence.event == finding.evidence.event
        })
    };
    let oracle = found.filter(|finding| !told(finding)).collect();
    let Tally { congested, lost, .. } = play.tally;
    let mut outcome = Outcome { result, oracle, congested, lost };
    if !play.setup.shows_secrets {
        play.secrets.hide(&mut outcome);
    }
    outcome
}
