//! Judges a stored transcript again: the interpreter is led through it as it was led through the
//! wire, and comes to the same outcome.

use std::time::Duration;

use smtpspec_scenario::Case;

use crate::outcome::Outcome;
use crate::play::{Action, Play, Setup};
use crate::transcript::{Event, Transcript};

/// A stored transcript that does not fit the case: made with another scenario or profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The first event that the case does not lead to; the number of events where it leads on.
    pub event: usize,
}

/// The outcome of `case`, from the transcript of an earlier play with the same set-up.
pub fn judge(case: Case, setup: Setup, transcript: &Transcript) -> Result<Outcome, Mismatch> {
    let mut play = Play::new(case, setup);
    let mut now = Duration::ZERO;
    let mut events = transcript.events.iter().enumerate();
    loop {
        match play.next(now) {
            Action::Done => break,
            Action::Pause { until } => now = until,
            Action::Collect { .. } => {
                now = follow(&mut play, events.next(), 0, transcript)?;
            }
            Action::Open { connection }
            | Action::Send { connection, .. }
            | Action::Receive { connection, .. }
            | Action::End { connection, .. } => {
                now = follow(&mut play, events.next(), connection, transcript)?;
            }
        }
    }
    match events.next() {
        Some((event, _)) => Err(Mismatch { event }),
        None => Ok(play.finish(now)),
    }
}

/// Tells the play of the next event, and the time of it.
fn follow(
    play: &mut Play,
    event: Option<(usize, &Event)>,
    connection: usize,
    transcript: &Transcript,
) -> Result<Duration, Mismatch> {
    let Some((index, event)) = event else {
        return Err(Mismatch { event: transcript.events.len() });
    };
    if event.connection != connection {
        return Err(Mismatch { event: index });
    }
    let now = time_of(event);
    play.observe(now, connection, event.what.clone());
    Ok(now)
}

fn time_of(event: &Event) -> Duration {
    Duration::from_micros(event.at_us)
}
