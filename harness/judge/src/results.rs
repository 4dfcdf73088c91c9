//! The results of a run: the one document that every report renders.

use serde::{Deserialize, Serialize};
use smtpspec_catalogue::{Grade, RequirementId};

use crate::baseline::Comparison;
use crate::shard::Shard;
use crate::transcript::Transcript;
use crate::verdict::{Finding, Verdict};

/// The version of the document's form: the first number changes when a reader would break.
pub const SCHEMA: &str = "smtpspec-results/1.0";

/// All that a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// Whom it is about.
    pub target: Target,
    /// The words of the command line, beside the target and the filters, that a replay needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What chance was drawn from, where the run drew any; the same seed draws the same again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Which part of a run this is; missing where it is a whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// When the run began, in RFC 3339's form.
    pub started: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Why the run ended before all cases had run; missing when all did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The counts.
    pub summary: Summary,
    /// One entry for each case that ran, in the suite's order.
    pub scenarios: Vec<CaseResult>,
    /// What the model found outside the scenarios' own expectations, once for each requirement and
    /// place.
    pub findings: Vec<RunFinding>,
    /// How it differs from what is known of the target; missing where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Comparison>,
}

/// The program that made the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `smtpspec`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The server that was tested, as it presented itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// `HOST:PORT`.
    pub address: String,
    /// Whether it is the reference server inside the program.
    pub embedded: bool,
    /// The name of the lab's server that it is, if `smtpspec lab` started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<String>,
    /// Its greeting, escaped; missing when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// The lines of its reply to EHLO, escaped.
    #[serde(default)]
    pub ehlo: Vec<String>,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Stopped {
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// The time for the whole run was over.
    OutOfTime,
    /// `--fail-fast`, after the named case.
    FailFast {
        /// The case's id.
        id: String,
    },
    /// The target lets nobody come so far as any case needs: policy, and no fault.
    TurnedAway {
        /// What it said, and what helps.
        reason: String,
    },
    /// The target could not be reached, before the first case or after the named one.
    Unreachable {
        /// The last case that ran on it, which may have killed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// What was tried, and what happened.
        reason: String,
    },
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// How many cases were selected.
    pub selected: usize,
    /// All that was wanted was seen.
    pub pass: usize,
    /// A requirement was broken.
    pub fail: usize,
    /// A recommendation was broken.
    pub warn: usize,
    /// It did not apply.
    pub skip: usize,
    /// Policy or passing trouble stood in the way.
    pub inconclusive: usize,
    /// The harness or the network failed.
    pub error: usize,
    /// Cases that did not run, because the run was stopped.
    pub not_run: usize,
    /// Requirements (MUST) that the model saw broken outside the scenarios' own expectations.
    pub oracle_must: usize,
    /// Recommendations (SHOULD) that the model saw broken likewise.
    pub oracle_should: usize,
}

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The case's id.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The specification: `rfc5321`.
    pub spec: String,
    /// The section: `4.1.1.3`.
    pub section: String,
    /// The section's title.
    pub section_title: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The requirements that it checks.
    pub checks: Vec<RequirementId>,
    /// Why it came to that; missing for a plain pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it is written.
    pub file: String,
    /// The line in that file, from 1.
    pub line: u32,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// How often it was run; more than once where the target refused connections or said 421.
    pub attempts: u32,
    /// What it came to each time, first to last, where it was played again for what it came to
    /// (`--retries`); the worst of what says something of the target counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Verdict>,
    /// What its own expectations found broken.
    pub findings: Vec<Finding>,
    /// Every octet, both ways.
    pub transcript: Transcript,
}

/// A finding of the model, with the case whose transcript shows it first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinding {
    /// The case.
    pub case: String,
    /// How many cases show the same.
    pub cases: usize,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

impl CaseResult {
    /// Whether it came out differently when it was played again.
    pub fn is_intermittent(&self) -> bool {
        self.tries.windows(2).any(|pair| pair[0] != pair[1])
    }
}

impl Summary {
    /// Counts the cases and the model's findings.
    pub fn of(selected: usize, cases: &[CaseResult], findings: &[RunFinding]) -> Self {
        let count = |verdict| cases.iter().filter(|case| case.verdict == verdict).count();
        let found =
            |grade| findings.iter().filter(|run| run.finding.level.grade() == grade).count();
        Self {
            selected,
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            warn: count(Verdict::Warn),
            skip: count(Verdict::Skip),
            inconclusive: count(Verdict::Inconclusive),
            error: count(Verdict::Error),
            not_run: selected.saturating_sub(cases.len()),
            oracle_must: found(Grade::Must),
            oracle_should: found(Grade::Should),
        }
    }

    /// The number for a verdict.
    pub const fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Fail => self.fail,
            Verdict::Warn => self.warn,
            Verdict::Skip => self.skip,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::Error => self.error,
        }
    }
}
