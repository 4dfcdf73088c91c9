//! The course of a run: starts cases and looks at the target as there is room and reason, and
//! decides what becomes of each case that ends.

mod loss;
mod retry;

use std::collections::HashMap;
use std::sync::Arc;

use smtpspec_catalogue::Grade;
use smtpspec_judge::{CaseResult, Finding, Outcome, Play, Setup, Stopped, Verdict};
use smtpspec_scenario::{Case, Profile};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::{RunOptions, unique};
use crate::biding::Biding;
use crate::event::RunEvent;
use crate::health::{Ended, Health};
use crate::pace::Pace;
use crate::probe::{Contact, Obstacle, Unreachable, probe};
use crate::schedule::{Job, Schedule};
use crate::session;
use crate::stop::Stop;
use crate::target::TargetAddress;

/// How often a case is run that the target turns away.
const ATTEMPTS: u32 = 3;

/// How many cases may bide their time for each that is at work.
const COMPANY: usize = 15;

/// A run under way.
pub(super) struct Course {
    target: TargetAddress,
    profile: Arc<Profile>,
    options: RunOptions,
    contact: Contact,
    unique: String,
    schedule: Schedule,
    pace: Pace,
    biding: Biding,
    health: Health,
    tasks: JoinSet<Done>,
    running: HashMap<Id, Running>,
    /// Ends the cases that run.
    cut: Stop,
    /// Whether a case had a connection since the last look at a target at rest.
    unseen: bool,
    /// The case that was the last to have a connection.
    last: Option<usize>,
    results: Vec<Option<(CaseResult, Vec<Finding>)>>,
    stopped: Option<Stopped>,
}

/// A case that runs.
struct Running {
    job: Job,
    round: u32,
    company: bool,
    /// It ran when the target was lost.
    suspect: bool,
}

/// What a task comes to.
enum Done {
    Case(Box<Outcome>),
    Look(Result<Contact, Unreachable>),
    /// The run was stopped, so nobody wants to know.
    Nothing,
}

type Events<'a> = &'a mut dyn FnMut(RunEvent<'_>);

impl Course {
    pub(super) fn new(
        cases: Vec<Case>,
        target: &TargetAddress,
        profile: Arc<Profile>,
        options: &RunOptions,
        contact: Contact,
    ) -> Self {
        Self {
            target: target.clone(),
            profile,
            contact,
            unique: unique(),
            results: vec![None; cases.len()],
            schedule: Schedule::new(cases),
            pace: Pace::new(options.jobs),
            biding: Biding::default(),
            options: options.clone(),
            health: Health::default(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            cut: Stop::new(),
            unseen: false,
            last: None,
            stopped: None,
        }
    }

    /// Runs the cases; says why not all of them, if so.
    pub(super) async fn go(
        &mut self,
        events: Events<'_>,
        stop: &Stop,
        deadline: Instant,
    ) -> Option<Stopped> {
        let mut stopped = std::pin::pin!(stop.stopped());
        while self.stopped.is_none() {
            self.start(events);
            if self.is_over() {
                return None;
            }
            let wake = self.wake();
            tokio::select! {
                biased;
                () = &mut stopped => self.stopped = Some(Stopped::Interrupted),
                () = sleep_until(deadline) => self.stopped = Some(Stopped::OutOfTime),
                Some(done) = self.tasks.join_next_with_id() => self.done(done, events),
                () = self.biding.more(), if self.options.embedded => {}
                () = sleep_until(wake.unwrap_or(deadline)), if wake.is_some() => {}
            }
        }
        if let Some(Stopped::FailFast { .. }) = self.stopped {
            // What runs already ends by itself, unless that takes too long.
            tokio::select! {
                biased;
                () = &mut stopped => {}
                () = sleep_until(deadline) => {}
                () = self.wind_up(events) => {}
            }
        }
        self.cut.stop();
        self.wind_up(events).await;
        self.settle_the_rest(events);
        self.stopped.take()
    }

    /// The results, in the order of the cases, each with what the model found besides.
    pub(super) fn results(self) -> (Vec<CaseResult>, Vec<Vec<Finding>>) {
        self.results.into_iter().flatten().unzip()
    }

    /// Starts what is due.
    fn start(&mut self, events: Events<'_>) {
        let now = Instant::now();
        let idle = self.running.is_empty();
        let last_look =
            idle && self.schedule.is_empty() && self.unseen && !self.health.is_looking();
        if self.health.wants_look(now) || last_look {
            self.look(idle);
        }
        // With one job, nothing is done beside a look either: the target may take one at a time.
        let alone = self.pace.jobs() == 1 && self.health.is_looking();
        if alone || self.health.holds() || self.pace.resume_at(now).is_some() {
            return;
        }
        if self.running.values().any(|running| running.job.alone) {
            return;
        }
        while let Some(job) = self.schedule.next(self.running.len(), self.room()) {
            let alone = job.alone;
            self.begin(job, events);
            if alone {
                return;
            }
        }
    }

    /// How many cases may run now: as many as were asked for, and beside the reference of our own
    /// as many more as only bide their time. With one job, nothing is done beside anything.
    fn room(&self) -> usize {
        let jobs = self.pace.jobs();
        let more = if self.options.embedded && jobs > 1 { self.biding.count() } else { 0 };
        jobs + more.min(jobs * COMPANY)
    }

    fn look(&mut self, idle: bool) {
        self.health.look();
        self.unseen &= !idle;
        let (target, profile) = (self.target.clone(), Arc::clone(&self.profile));
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = cut.stopped() => Done::Nothing,
                seen = probe(&target, &profile) => Done::Look(seen),
            }
        });
    }

    fn begin(&mut self, mut job: Job, events: Events<'_>) {
        job.runs += 1;
        events(RunEvent::CaseStarted { id: &job.case.id });
        let (case, setup) = (job.case.clone(), self.setup(&job));
        let (address, cut) = (self.contact.address, self.cut.clone());
        let (postbox, biding) = (self.options.postbox.clone(), self.biding.clone());
        let task = self.tasks.spawn(async move {
            let played = session::play(case, setup, address, &postbox, &biding, cut);
            Done::Case(Box::new(played.await))
        });
        let company = self.pace.jobs() > 1 && !job.alone;
        let round = self.pace.round();
        self.running.insert(task.id(), Running { job, round, company, suspect: false });
    }

    fn setup(&self, job: &Job) -> Setup {
        Setup {
            profile: Arc::clone(&self.profile),
            unique: format!("{}-{}-{}", self.unique, job.index, job.runs),
            segmentation: self.options.segmentation,
            offered: self.contact.offered.clone(),
            shows_secrets: self.options.shows_secrets,
        }
    }

    fn is_over(&self) -> bool {
        self.tasks.is_empty()
            && self.schedule.is_empty()
            && self.health.is_settled()
            && !self.unseen
    }

    /// When there is something to do again, if it is not a task that tells.
    fn wake(&self) -> Option<Instant> {
        let resume = self.pace.resume_at(Instant::now());
        resume.into_iter().chain(self.health.next_look()).min()
    }

    fn done(&mut self, done: Result<(Id, Done), JoinError>, events: Events<'_>) {
        match done {
            Ok((id, Done::Case(outcome))) => {
                if let Some(running) = self.running.remove(&id) {
                    self.ended(running, *outcome, events);
                }
            }
            Ok((_, Done::Look(Ok(contact)))) => {
                self.contact.address = contact.address;
                self.looked(None, events);
            }
            Ok((_, Done::Look(Err(obstacle)))) => self.looked(Some(&obstacle), events),
            Ok((_, Done::Nothing)) => {}
            Err(failed) => self.failed(&failed, events),
        }
    }

    /// A task that panicked is a defect of ours, and no reason to lose the other results.
    fn failed(&mut self, failed: &JoinError, events: Events<'_>) {
        let why = format!("the harness failed: {failed}");
        if let Some(running) = self.running.remove(&failed.id()) {
            let setup = self.setup(&running.job);
            let mut outcome = Play::new(running.job.case.clone(), setup).finish();
            outcome.result.verdict = Verdict::Error;
            outcome.result.reason = Some(why);
            self.ended(running, outcome, events);
        } else {
            let obstacle =
                Unreachable { address: self.target.to_string(), why: Obstacle::Network(why) };
            self.looked(Some(&obstacle), events);
        }
    }

    /// A case has ended: does it count?
    fn ended(&mut self, running: Running, outcome: Outcome, events: Events<'_>) {
        let Running { job, round, company, suspect } = running;
        let ended = Ended { job, outcome, round, company };
        if ended.had_connection() {
            self.unseen = true;
            self.last = Some(ended.job.index);
        }
        if self.stopped.is_some() {
            self.health.doubt(ended);
        } else if !ended.is_doubtful() {
            self.settle(ended, events);
        } else if suspect && !self.health.is_lost() {
            self.again_after_loss(ended, events);
        } else {
            self.health.doubt(ended);
        }
    }

    fn again(&mut self, ended: Ended, why: &str, events: Events<'_>) {
        let Ended { mut job, outcome, .. } = ended;
        events(RunEvent::CaseRetried { id: &job.case.id, why });
        job.kept = Some(Box::new(outcome));
        self.schedule.again(job);
    }

    /// The target is well, so the outcome counts, unless the target had no room for the case.
    fn settle(&mut self, mut ended: Ended, events: Events<'_>) {
        if !ended.was_turned_away() {
            self.pace.went_through();
            return self.retry_or_conclude(ended, events);
        }
        let why = ended.outcome.result.reason.clone();
        let why = why.as_deref().unwrap_or("the target turned a connection away");
        if self.pace.turned_away(ended.round, Instant::now()) {
            events(RunEvent::JobsReduced { jobs: self.pace.jobs(), why });
        }
        ended.job.turned_away += 1;
        if ended.job.turned_away < ATTEMPTS && self.pace.hopes() {
            // The last attempt has the target to itself, so that no crowd can be the reason.
            ended.job.alone |= ended.job.turned_away + 1 == ATTEMPTS;
            self.again(ended, why, events);
        } else {
            self.pace.gave_up();
            self.conclude(ended, events);
        }
    }

    /// The outcome is the case's result.
    fn conclude(&mut self, ended: Ended, events: Events<'_>) {
        let Ended { mut job, outcome, .. } = ended;
        let Outcome { mut result, oracle, .. } =
            retry::what_counts(&mut job, outcome, self.stopped.is_some());
        result.attempts = job.runs;
        events(RunEvent::CaseFinished(&result));
        let breach = match result.verdict {
            Verdict::Fail => Some(Grade::Must),
            Verdict::Warn => Some(Grade::Should),
            _ => None,
        };
        let expected = self.options.expectations.as_ref();
        let known = expected.is_some_and(|known| known.expects(&job.case, result.verdict));
        let enough =
            self.options.fail_fast.zip(breach).is_some_and(|(wanted, seen)| seen >= wanted);
        if enough && !known && self.stopped.is_none() {
            self.stopped = Some(Stopped::FailFast { id: result.id.clone() });
        }
        self.results[job.index] = Some((result, oracle));
    }

    /// Waits until nothing runs any more.
    async fn wind_up(&mut self, events: Events<'_>) {
        while let Some(done) = self.tasks.join_next_with_id().await {
            // What a look shows now would change nothing any more.
            if !matches!(done, Ok((_, Done::Look(_)))) {
                self.done(done, events);
            }
        }
    }
}
