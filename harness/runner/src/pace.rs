//! How many cases run at once, and when the next may begin: fewer and later while the target
//! turns connections away.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause after the target turned us away, and the longest. Each is twice the one before.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How many cases must go through undisturbed before one more runs at once.
const CALM: usize = 16;

/// The pace of a run.
#[derive(Debug)]
pub(crate) struct Pace {
    jobs: usize,
    most: usize,
    pause: Duration,
    resume_at: Option<Instant>,
    round: u32,
    calm: usize,
    believed: bool,
}

impl Pace {
    /// A pace of so many cases at once, at least one.
    pub(crate) fn new(jobs: usize) -> Self {
        let most = jobs.max(1);
        let (pause, _) = PAUSE;
        Self { jobs: most, most, pause, resume_at: None, round: 0, calm: 0, believed: false }
    }

    /// How many cases may run at once.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Which cases belong together: those that begin between two changes for the worse.
    pub(crate) fn round(&self) -> u32 {
        self.round
    }

    /// When the next case may begin, if not at once.
    pub(crate) fn resume_at(&self, now: Instant) -> Option<Instant> {
        self.resume_at.filter(|at| *at > now)
    }

    /// The target turned away a case that had begun in `round`; says whether fewer run from now
    /// on. Cases of an earlier round tell nothing new: they met the crowd that was there before.
    pub(crate) fn turned_away(&mut self, round: u32, now: Instant) -> bool {
        self.calm = 0;
        if round != self.round {
            return false;
        }
        self.round += 1;
        if self.believed {
            self.pause = PAUSE.0;
        }
        self.resume_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(PAUSE.1);
        let before = self.jobs;
        self.jobs = (self.jobs / 2).max(1);
        self.jobs < before
    }

    /// A case went through undisturbed.
    pub(crate) fn went_through(&mut self) {
        self.believed = false;
        self.calm += 1;
        if self.calm >= CALM {
            self.calm = 0;
            self.pause = PAUSE.0;
            self.jobs = (self.jobs + 1).min(self.most);
        }
    }

    /// The target turned away a case for the last time, though it was alone. That is no congestion
    /// but the target's way: others are not tried again, and not waited for long, until one goes
    /// through.
    pub(crate) fn gave_up(&mut self) {
        self.believed = true;
    }

    /// Whether it is worth while to try a case again.
    pub(crate) fn hopes(&self) -> bool {
        !self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_pace_halves_at_once_and_grows_slowly() {
        let now = Instant::now();
        let mut pace = Pace::new(8);
        let mut seen = Vec::new();
        for _ in 0..4 {
            pace.turned_away(pace.round(), now);
            seen.push((pace.jobs(), pace.resume_at(now).map(|at| at - now)));
        }
        let millis = |time| Some(Duration::from_millis(time));
        assert_eq!(seen, [(4, millis(100)), (2, millis(200)), (1, millis(400)), (1, millis(800))]);
        for _ in 0..CALM {
            pace.went_through();
        }
        assert_eq!(pace.jobs(), 2);
        for _ in 0..CALM * 20 {
            pace.went_through();
        }
        assert_eq!(pace.jobs(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_is_turned_away_counts_once() {
        let now = Instant::now();
        let mut pace = Pace::new(8);
        let round = pace.round();
        assert!(pace.turned_away(round, now));
        assert!(!pace.turned_away(round, now));
        assert_eq!(pace.jobs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_longer_than_five_seconds() {
        let now = Instant::now();
        let mut pace = Pace::new(1);
        for _ in 0..20 {
            pace.turned_away(pace.round(), now);
        }
        assert_eq!(pace.resume_at(now), Some(now + Duration::from_secs(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_turns_all_away_is_believed_until_one_goes_through() {
        let now = Instant::now();
        let mut pace = Pace::new(1);
        for _ in 0..3 {
            pace.turned_away(pace.round(), now);
        }
        assert!(pace.hopes());
        pace.gave_up();
        assert!(!pace.hopes());
        for _ in 0..9 {
            pace.turned_away(pace.round(), now);
            assert_eq!(pace.resume_at(now), Some(now + Duration::from_millis(100)));
        }
        pace.went_through();
        assert!(pace.hopes());
    }
}
