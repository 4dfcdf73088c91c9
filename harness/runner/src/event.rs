//! What a run tells while it goes on. Whoever shows progress hears of it here and sees no socket.

use std::time::Duration;

use smtpspec_judge::CaseResult;

use crate::probe::Contact;
use crate::rehearsal::Hindrance;

/// Something that happened in a run.
#[derive(Debug, Clone, Copy)]
pub enum RunEvent<'a> {
    /// The target was there before the first case.
    Probed(&'a Contact),
    /// Something stands in the way of most cases.
    Hindered(&'a Hindrance),
    /// A case begins, or begins again.
    CaseStarted {
        /// The case.
        id: &'a str,
    },
    /// A case is to be run once more; it has no result yet.
    CaseRetried {
        /// The case.
        id: &'a str,
        /// Why what came of it does not count.
        why: &'a str,
    },
    /// A case has its result.
    CaseFinished(&'a CaseResult),
    /// From now on fewer cases run at once.
    JobsReduced {
        /// How many.
        jobs: usize,
        /// What the target did.
        why: &'a str,
    },
    /// The target does not answer any more; no case is started until it does.
    TargetLost {
        /// The last case that ran on it, which may have killed it.
        after: Option<&'a str>,
        /// What was tried, and what happened.
        reason: &'a str,
    },
    /// The target answers again.
    TargetBack {
        /// How long it was away.
        after: Duration,
    },
}
