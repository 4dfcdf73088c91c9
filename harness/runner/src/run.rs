//! A run: many cases on one target, and the one document that comes of it.
//!
//! Cases run at the same time, each on connections of its own. The target is looked at before the
//! first case, after each failure and after the last, so that a crash shows with the case that
//! caused it. However a run ends, there is a document.

mod course;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use smtpspec_catalogue::Grade;
use smtpspec_judge::results::SCHEMA;
use smtpspec_judge::{Expectations, Results, Segmentation, Stopped, Summary, Target, Tool};
use smtpspec_scenario::{Case, Profile};
use tokio::time::{Instant, timeout_at};

use crate::event::RunEvent;
use crate::oracle;
use crate::outlet;
use crate::postbox::Postbox;
use crate::probe::probe;
use crate::rehearsal::Stage;
use crate::session::later;
use crate::stop::Stop;
use crate::target::TargetAddress;
use course::Course;

/// How a run is to go.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// How many cases run at the same time, at most.
    pub jobs: usize,
    /// How writes are cut.
    pub segmentation: Segmentation,
    /// Stop after the first case in which a requirement of this grade, or a stronger one, was
    /// broken.
    pub fail_fast: Option<Grade>,
    /// How long to go on where a session before the first case shows that the target puts us off;
    /// no such session where it is missing.
    pub rehearses: Option<Duration>,
    /// How often a case that failed or erred is played again at most.
    pub retries: u32,
    /// What is known of the target; what is expected stops no run.
    pub expectations: Option<Arc<Expectations>>,
    /// When the run begins, in RFC 3339's form.
    pub started: String,
    /// What makes the results.
    pub tool: Tool,
    /// Whether the target is the reference server inside the program.
    pub embedded: bool,
    /// Where the mail goes that comes out of the target; an embedded reference has the same.
    pub postbox: Postbox,
    /// Whether the results may show passwords, and what was made of them for AUTH.
    pub shows_secrets: bool,
    /// How long a target that stopped answering is waited for.
    pub return_within: Duration,
}

impl RunOptions {
    /// The usual way: eight cases at once, to the end.
    pub fn new(tool: Tool, started: impl Into<String>) -> Self {
        Self {
            jobs: 8,
            segmentation: Segmentation::default(),
            fail_fast: None,
            rehearses: None,
            retries: 0,
            expectations: None,
            started: started.into(),
            tool,
            embedded: false,
            postbox: Postbox::default(),
            shows_secrets: false,
            return_within: Duration::from_secs(10),
        }
    }
}

/// Runs the cases on the target, and tells what comes of it. The results are in the order of the
/// cases, whatever order they ended in.
pub async fn run(
    cases: Vec<Case>,
    target: &TargetAddress,
    mut profile: Arc<Profile>,
    options: RunOptions,
    events: &mut dyn FnMut(RunEvent<'_>),
    stop: &Stop,
) -> Results {
    let began = Instant::now();
    let selected = cases.len();
    // What the slowest case waits of its own will is not held against the run.
    let waits = cases.iter().map(|case| case.scenario.waits_by(profile.timeouts.clock)).max();
    let deadline = later(began, profile.timeouts.run + waits.unwrap_or_default());
    let mut facts = Target { address: target.to_string(), ..Target::default() };
    let mut course = None;
    let intake = outlet::open(&cases, &mut profile, &options.postbox).await;
    let first_look = tokio::select! {
        biased;
        () = stop.stopped() => Err(Stopped::Interrupted),
        looked = timeout_at(deadline, probe(target, &profile)) => match looked {
            Ok(Ok(contact)) => Ok(contact),
            Ok(Err(obstacle)) => {
                Err(Stopped::Unreachable { after: None, reason: obstacle.to_string() })
            }
            Err(_) => Err(Stopped::OutOfTime),
        },
    };
    let stopped = match first_look {
        Ok(contact) => {
            events(RunEvent::Probed(&contact));
            facts.clone_from(&contact.target);
            let stage = Stage {
                profile: &profile,
                address: contact.address,
                offered: &contact.offered,
                unique: &unique(),
                stop,
            };
            match rehearse(&stage, &cases, options.rehearses, deadline, events).await {
                Some(stopped) => Err(stopped),
                None => Ok(contact),
            }
        }
        Err(stopped) => Err(stopped),
    };
    let stopped = match stopped {
        Ok(contact) => {
            if intake.is_some() && outlet::is_looked_at(&cases) {
                let (offered, postbox) = (contact.offered.clone(), &options.postbox);
                let tried = outlet::try_out(
                    &mut profile,
                    offered,
                    format!("{}-0-0", unique()),
                    contact.address,
                    postbox,
                    stop,
                );
                tried.await;
            }
            let course = course.insert(Course::new(cases, target, profile, &options, contact));
            course.go(events, stop, deadline).await
        }
        Err(stopped) => Some(stopped),
    };
    if let Some(intake) = intake {
        intake.close().await;
    }
    facts.embedded = options.embedded;
    let (scenarios, found) = course.map(Course::results).unwrap_or_default();
    let places = scenarios.iter().map(|result| result.id.as_str());
    let findings = oracle::gather(places.zip(found));
    Results {
        schema: SCHEMA.to_owned(),
        tool: options.tool,
        target: facts,
        options: Vec::new(),
        seed: None,
        shard: None,
        started: options.started,
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        stopped,
        summary: Summary::of(selected, &scenarios, &findings),
        scenarios,
        findings,
        baseline: None,
    }
}

/// Looks what stands in the way of the cases, and tells it; where that is all of them, there is
/// nothing to run.
async fn rehearse(
    stage: &Stage<'_>,
    cases: &[Case],
    patience: Option<Duration>,
    deadline: Instant,
    events: &mut dyn FnMut(RunEvent<'_>),
) -> Option<Stopped> {
    let patience = patience.filter(|_| !cases.is_empty())?;
    let hindrance = timeout_at(deadline, stage.rehearse(patience)).await;
    let hindrance = hindrance.ok().flatten().filter(|_| !stage.stop.is_stopped())?;
    if cases.iter().all(|case| hindrance.bars(case.scenario.given)) {
        return Some(Stopped::TurnedAway { reason: hindrance.to_string() });
    }
    events(RunEvent::Hindered(&hindrance));
    None
}

/// A word that no other run has; with a number behind it, what `${unique}` stands for.
pub(crate) fn unique() -> String {
    // The standard library seeds it from the system's randomness.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
