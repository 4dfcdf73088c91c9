//! The exit codes, which people's CI depends on.

use std::process::ExitCode;

use smtpspec_catalogue::Grade;
use smtpspec_judge::{Results, Stopped, Verdict};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: nothing is broken.
    Clean,
    /// 1: a MUST is broken; with `--fail-on should` a SHOULD too.
    Broken,
    /// 2: wrong usage, profile or scenario file.
    Usage,
    /// 3: the target couldn't be reached, or died.
    Unreachable,
    /// 4: nothing was selected, or nothing of what was selected could be judged.
    Nothing,
    /// 5: the harness failed, or a report couldn't be written.
    Failed,
    /// 130: Ctrl-C.
    Interrupted,
    /// What a command ended with that was run for the user.
    As(u8),
}

impl Exit {
    /// What a run's results come to.
    pub(crate) fn of(results: &Results, fail_on: Grade) -> Self {
        let summary = &results.summary;
        match &results.stopped {
            Some(Stopped::Unreachable { .. }) => return Self::Unreachable,
            Some(Stopped::Interrupted) => return Self::Interrupted,
            Some(Stopped::TurnedAway { .. }) => return Self::Nothing,
            Some(Stopped::OutOfTime | Stopped::FailFast { .. }) | None => {}
        }
        let must = summary.fail + summary.oracle_must;
        let should = summary.warn + summary.oracle_should;
        // With a baseline only what differs from it counts; and what was expected was judged.
        let broken = match &results.baseline {
            Some(baseline) => baseline.is_red(fail_on),
            None => must > 0 || (fail_on == Grade::Should && should > 0),
        };
        let known = |id: &str| results.baseline.as_ref().is_some_and(|had| had.known(id).is_some());
        let mut errors = results.scenarios.iter().filter(|case| case.verdict == Verdict::Error);
        let judged = results.baseline.as_ref().map_or(0, |baseline| baseline.known.len());
        if broken {
            Self::Broken
        } else if errors.any(|case| !known(&case.id))
            || matches!(results.stopped, Some(Stopped::OutOfTime))
        {
            Self::Failed
        } else if summary.pass + summary.warn + judged == 0 {
            Self::Nothing
        } else {
            Self::Clean
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Broken => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Nothing => 4,
            Self::Failed => 5,
            Self::Interrupted => 130,
            Self::As(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
