//! Judges a stored transcript again: the interpreter is led through it as it was led through the
//! wire, and comes to the same outcome.

use std::time::Duration;

use smtpspec_scenario::Case;

use crate::outcome::Outcome;
use crate::play::{Action, Play, Setup};
use crate::transcript::{Event, Happening, Transcript};

/// A stored transcript that does not fit the case: made with another scenario or profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The first event that the case does not lead to.
    pub event: usize,
}

/// The outcome of `case`, from the transcript of an earlier play with the same set-up. A transcript
/// that ends early is one of a play that was stopped.
pub fn judge(case: Case, setup: Setup, transcript: &Transcript) -> Result<Outcome, Mismatch> {
    let mut play = Play::new(case, setup);
    let mut now = Duration::ZERO;
    let mut events = transcript.events.iter().enumerate().peekable();
    loop {
        let action = play.next(now);
        let connection = match action {
            Action::Done => break,
            Action::Pause { until } => {
                now = until;
                continue;
            }
            Action::Collect { .. } => 0,
            Action::Open { connection }
            | Action::Secure { connection }
            | Action::Send { connection, .. }
            | Action::Receive { connection, .. }
            | Action::End { connection, .. } => connection,
        };
        let Some(&(index, event)) = events.peek() else { return Ok(play.finish()) };
        // Where the play waits and its record goes on with an end, its time was over.
        let ended = matches!(event.what, Happening::Ended { .. });
        let waits = matches!(action, Action::Receive { .. } | Action::Collect { .. });
        if waits && ended && now < time_of(event) {
            now = time_of(event);
            continue;
        }
        if event.connection != connection || ended != matches!(action, Action::End { .. }) {
            return Err(Mismatch { event: index });
        }
        now = time_of(event);
        play.observe(now, connection, event.what.clone());
        events.next();
    }
    match events.next() {
        Some((event, _)) => Err(Mismatch { event }),
        None => Ok(play.finish()),
    }
}

fn time_of(event: &Event) -> Duration {
    Duration::from_micros(event.at_us)
}
