//! Which case is next.

use std::cmp::Reverse;
use std::collections::VecDeque;

use smtpspec_judge::{Outcome, Verdict};
use smtpspec_scenario::Case;

/// A case on its way to a result.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Its place in the suite.
    pub(crate) index: usize,
    /// The case.
    pub(crate) case: Case,
    /// How often it was begun.
    pub(crate) runs: u32,
    /// How often the target turned it away.
    pub(crate) turned_away: u32,
    /// It must have the target to itself, so that what happens then is its own doing.
    pub(crate) alone: bool,
    /// What it came to before, in case there is no next time.
    pub(crate) kept: Option<Box<Outcome>>,
    /// What it came to, each time that counted, and the outcome that may be played again for that.
    pub(crate) tries: Vec<Verdict>,
    pub(crate) broken: Option<Box<Outcome>>,
}

impl Job {
    /// A case that was not begun yet.
    pub(crate) fn new(index: usize, case: Case) -> Self {
        Self {
            index,
            case,
            runs: 0,
            turned_away: 0,
            alone: false,
            kept: None,
            tries: Vec::new(),
            broken: None,
        }
    }
}

/// The cases that are still to be run.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    waiting: VecDeque<Job>,
    alone: VecDeque<Job>,
}

impl Schedule {
    /// All cases: those that wait longest first, so that the run does not end with waiting for one
    /// of them, and the others in the suite's order.
    pub(crate) fn new(cases: Vec<Case>) -> Self {
        let job = |(index, case)| Job::new(index, case);
        let mut jobs: Vec<Job> = cases.into_iter().enumerate().map(job).collect();
        jobs.sort_by_key(|job| Reverse(job.case.scenario.waits()));
        Self { waiting: jobs.into(), alone: VecDeque::new() }
    }

    /// Puts back a case that is to be run once more. It is the next, so that a target which turns
    /// away everybody is known for that soon.
    pub(crate) fn again(&mut self, job: Job) {
        if job.alone { self.alone.push_back(job) } else { self.waiting.push_front(job) }
    }

    /// The next case, where there is room beside so many that run now.
    pub(crate) fn next(&mut self, running: usize, jobs: usize) -> Option<Job> {
        if self.alone.is_empty() {
            return if running < jobs { self.waiting.pop_front() } else { None };
        }
        if running == 0 { self.alone.pop_front() } else { None }
    }

    /// Whether no case is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.alone.is_empty()
    }

    /// Takes out what is left.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Job> + '_ {
        self.alone.drain(..).chain(self.waiting.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::cases;

    fn ids(schedule: &mut Schedule) -> Vec<String> {
        schedule.drain().map(|job| job.case.id).collect()
    }

    #[test]
    fn there_are_never_more_cases_than_jobs() {
        let mut schedule = Schedule::new(cases(&["a", "b"]));
        assert!(schedule.next(2, 2).is_none());
        assert_eq!(schedule.next(1, 2).unwrap().case.id, "a");
        assert_eq!(ids(&mut schedule), ["b"]);
    }

    #[test]
    fn a_case_that_must_be_alone_waits_for_the_others_and_they_for_it() {
        let mut schedule = Schedule::new(cases(&["a", "b"]));
        let first = schedule.next(0, 8).unwrap();
        schedule.again(Job { alone: true, ..first });
        assert!(schedule.next(1, 8).is_none());
        assert_eq!(schedule.next(0, 8).unwrap().case.id, "a");
        assert_eq!(schedule.next(0, 8).unwrap().case.id, "b");
        assert!(schedule.is_empty());
    }
}
