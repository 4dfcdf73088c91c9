//! `--retries`: a case that failed or erred is played again, to learn whether it always does. What
//! a target did once wrong it did: a pass later takes nothing of that back. An error of the harness
//! or the network says nothing of the target, so what comes later counts instead.

use smtpspec_judge::{Outcome, Verdict};

use super::{Course, Events};
use crate::health::Ended;
use crate::schedule::Job;

impl Course {
    /// The outcome counts; it may be worth to be seen again.
    pub(super) fn retry_or_conclude(&mut self, mut ended: Ended, events: Events<'_>) {
        let verdict = ended.outcome.result.verdict;
        let broken = matches!(verdict, Verdict::Fail | Verdict::Error);
        let job = &mut ended.job;
        let tried = u32::try_from(job.tries.len()).unwrap_or(u32::MAX);
        let same = job.tries.iter().all(|before| *before == verdict);
        if !broken || !same || tried >= self.options.retries || self.stopped.is_some() {
            return self.conclude(ended, events);
        }
        job.tries.push(verdict);
        let first = job.broken.take();
        job.broken = first.or_else(|| Some(Box::new(ended.outcome.clone())));
        self.again(ended, "to learn whether it always comes to that", events);
    }
}

/// The outcome that counts of all that a case came to, with the list of them. Where the run was
/// stopped, the last one may be a case that was cut off, and the ones before it say more.
pub(super) fn what_counts(job: &mut Job, last: Outcome, stopped: bool) -> Outcome {
    let Some(first) = job.broken.take() else { return last };
    let mut tries = std::mem::take(&mut job.tries);
    let mut counts = match (first.result.verdict, last.result.verdict) {
        _ if stopped => *first,
        (Verdict::Error, verdict) | (_, verdict @ Verdict::Fail) => {
            tries.push(verdict);
            last
        }
        (_, verdict) => {
            tries.push(verdict);
            *first
        }
    };
    if tries.len() > 1 {
        counts.result.tries = tries;
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smtpspec_judge::{Play, Segmentation, Setup};
    use smtpspec_scenario::Profile;

    use super::*;
    use crate::testing::cases;

    /// What counts of these outcomes, and the list of them.
    fn counts(outcomes: &[Verdict], stopped: bool) -> (Verdict, Vec<Verdict>) {
        let case = cases(&["a"]).remove(0);
        let setup = Setup {
            profile: Arc::new(Profile::default()),
            unique: "unique".to_owned(),
            segmentation: Segmentation::default(),
            offered: Vec::new(),
            shows_secrets: false,
        };
        let outcome = |verdict| {
            let mut outcome = Play::new(case.clone(), setup.clone()).finish();
            outcome.result.verdict = verdict;
            outcome
        };
        let (last, before) = outcomes.split_last().unwrap();
        let mut job = Job::new(0, case.clone());
        job.tries = before.to_vec();
        job.broken = before.first().map(|first| Box::new(outcome(*first)));
        let result = what_counts(&mut job, outcome(*last), stopped).result;
        (result.verdict, result.tries)
    }

    #[test]
    fn a_failure_stays_and_an_error_gives_way() {
        use Verdict::{Error, Fail, Pass, Warn};
        for (outcomes, verdict) in [
            (vec![Fail, Pass], Fail),
            (vec![Fail, Error], Fail),
            (vec![Error, Fail], Fail),
            (vec![Error, Error, Pass], Pass),
            (vec![Error, Warn], Warn),
            (vec![Fail, Fail], Fail),
        ] {
            assert_eq!(counts(&outcomes, false), (verdict, outcomes.clone()));
        }
        assert_eq!(counts(&[Pass], false), (Pass, vec![]));
    }

    #[test]
    fn what_was_cut_off_by_a_stop_is_no_try() {
        use Verdict::{Error, Fail};
        assert_eq!(counts(&[Fail, Error], true), (Fail, vec![]));
        assert_eq!(counts(&[Fail, Fail, Error], true), (Fail, vec![Fail, Fail]));
    }
}
