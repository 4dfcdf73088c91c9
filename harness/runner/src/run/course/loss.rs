//! What a run does when the target stops answering: waits for it, finds out which case is to blame,
//! and lets no other case suffer for it.

use std::time::Duration;

use smtpspec_judge::Stopped;
use tokio::time::Instant;

use super::{Course, Events};
use crate::event::RunEvent;
use crate::health::{self, Ended, Sight};
use crate::probe::Unreachable;
use crate::schedule::Job;

impl Course {
    /// A look at the target is over.
    pub(super) fn looked(&mut self, obstacle: Option<&Unreachable>, events: Events<'_>) {
        let reason = obstacle.map(ToString::to_string).unwrap_or_default();
        match self.health.looked(obstacle.is_none(), Instant::now()) {
            Sight::Well(outcomes) => {
                for ended in outcomes {
                    self.settle(ended, events);
                }
            }
            Sight::Lost => {
                for running in self.running.values_mut() {
                    running.suspect = true;
                }
                let after = self.prime_suspect();
                events(RunEvent::TargetLost { after: after.as_deref(), reason: &reason });
                self.give_up_after(Duration::ZERO, &reason);
            }
            Sight::Missing(away) => self.give_up_after(away, &reason),
            Sight::Back(away, suspects) => {
                events(RunEvent::TargetBack { after: away });
                self.back(away, suspects, events);
            }
        }
    }

    fn give_up_after(&mut self, away: Duration, reason: &str) {
        if away >= self.options.return_within {
            let after = self.prime_suspect();
            let waited = health::seconds(away);
            let reason = format!("{reason} (waited {waited} for it to come back)");
            self.stopped = Some(Stopped::Unreachable { after, reason });
        }
    }

    /// The case that most likely killed the target.
    fn prime_suspect(&self) -> Option<String> {
        let suspect = self.health.suspects().iter().find(|ended| ended.had_connection());
        let last = || self.results[self.last?].as_ref().map(|(result, _)| result.id.clone());
        suspect.map(|ended| ended.job.case.id.clone()).or_else(last)
    }

    /// The target is back: whoever alone can have killed it is to blame; several run once more.
    fn back(&mut self, away: Duration, suspects: Vec<Ended>, events: Events<'_>) {
        let still = self.running.values().filter(|running| running.suspect).count();
        let culprits = suspects.iter().filter(|one| one.had_connection()).count() + still;
        if culprits == 0 {
            self.blame_the_last(Some(away));
        }
        for mut ended in suspects {
            if ended.had_connection() && (culprits == 1 || ended.job.alone) {
                health::blame(&mut ended.outcome.result, Some(away), true);
                self.conclude(ended, events);
            } else {
                self.again_after_loss(ended, events);
            }
        }
    }

    fn blame_the_last(&mut self, came_back: Option<Duration>) {
        let last = self.last.and_then(|index| self.results[index].as_mut());
        if let Some((result, _)) = last {
            health::blame(result, came_back, true);
        }
    }

    /// Runs a case once more that was caught in the loss of the target.
    pub(super) fn again_after_loss(&mut self, mut ended: Ended, events: Events<'_>) {
        let why = if ended.had_connection() {
            ended.job.alone = true;
            "the target stopped answering while it ran beside others"
        } else {
            "the target had stopped answering before it began"
        };
        self.again(ended, why, events);
    }

    /// Nothing comes any more: what was kept back counts as it is.
    pub(super) fn settle_the_rest(&mut self, events: Events<'_>) {
        let lost = matches!(self.stopped, Some(Stopped::Unreachable { .. }));
        let rest = self.health.drain();
        let culprits = rest.iter().filter(|one| one.had_connection()).count();
        if lost && culprits == 0 {
            self.blame_the_last(None);
        }
        for mut ended in rest {
            if lost && !ended.had_connection() {
                // It never met the target, so it has not run.
                self.schedule.again(ended.job);
                continue;
            }
            if lost && ended.is_doubtful() {
                health::blame(&mut ended.outcome.result, None, culprits == 1);
            }
            self.conclude(ended, events);
        }
        let left: Vec<Job> = self.schedule.drain().collect();
        for mut job in left {
            if let Some(outcome) = job.kept.take() {
                let round = self.pace.round();
                self.conclude(Ended { job, outcome: *outcome, round, company: false }, events);
            }
        }
    }
}
