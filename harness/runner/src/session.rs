//! Plays one case: gives a `Play` its connections and the time, and tells it what happened.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_judge::{Action, Ending, Happening, Outcome, Play, Setup};
use smtpspec_scenario::{Case, Timeouts};
use tokio::time::{Instant, sleep_until};

use crate::biding::Biding;
use crate::connection::{self, Connection};
use crate::postbox::{Place, Postbox};
use crate::stop::Stop;

/// Longer than any run; keeps sums of times within what the clock can tell.
const LONG: Duration = Duration::from_hours(24 * 365);

/// A time after `began`, however far.
pub(crate) fn later(began: Instant, by: Duration) -> Instant {
    began + by.min(LONG)
}

/// Plays a case to its end, or until `stop`. All its connections are closed then.
pub(crate) async fn play(
    case: Case,
    setup: Setup,
    address: SocketAddr,
    postbox: &Postbox,
    biding: &Biding,
    stop: Stop,
) -> Outcome {
    let began = Instant::now();
    let timeouts = setup.profile.timeouts;
    let place = postbox.place(&setup.unique);
    let mut wires = Wires { address, timeouts, began, open: BTreeMap::new(), place };
    let mut play = Play::new(case, setup);
    let mut stopped = std::pin::pin!(stop.stopped());
    loop {
        let action = play.next(began.elapsed());
        if action == Action::Done {
            break;
        }
        // What is ready at once never waits, and others want their turn.
        tokio::task::consume_budget().await;
        let bides = play.bides(&action).then(|| biding.bide());
        let happened = tokio::select! {
            biased;
            () = &mut stopped => break,
            happened = wires.perform(action) => happened,
        };
        drop(bides);
        if let Some((connection, what)) = happened {
            play.observe(began.elapsed(), connection, what);
        }
    }
    play.finish()
}

/// The connections of a case, by number.
struct Wires {
    address: SocketAddr,
    timeouts: Timeouts,
    began: Instant,
    open: BTreeMap<usize, Connection>,
    /// Where the mail arrives that the case sent in.
    place: Place,
}

impl Wires {
    /// Does what is wanted, and tells what came of it and on which connection.
    async fn perform(&mut self, action: Action) -> Option<(usize, Happening)> {
        match action {
            Action::Open { connection } => Some((connection, self.open(connection).await)),
            Action::Send { connection, octets } => {
                let deadline = later(Instant::now(), self.timeouts.reply);
                let what = match self.open.get_mut(&connection) {
                    Some(open) => open.send(octets, deadline).await,
                    None => gone(),
                };
                Some((connection, what))
            }
            Action::Secure { connection } => {
                let deadline = later(Instant::now(), self.timeouts.reply);
                let what = match self.open.get_mut(&connection) {
                    Some(open) => open.secure(deadline).await,
                    None => gone(),
                };
                Some((connection, what))
            }
            Action::Receive { connection, until } => {
                let deadline = later(self.began, until);
                let what = match self.open.get_mut(&connection) {
                    Some(open) => open.receive(deadline).await,
                    None => gone(),
                };
                Some((connection, what))
            }
            Action::Collect { until } => Some((0, self.place.next(later(self.began, until)).await)),
            Action::Pause { until } => {
                sleep_until(later(self.began, until)).await;
                None
            }
            Action::End { connection, how } => {
                self.end(connection, how).await;
                Some((connection, Happening::Ended { how }))
            }
            Action::Done => None,
        }
    }

    async fn open(&mut self, connection: usize) -> Happening {
        let deadline = later(Instant::now(), self.timeouts.connect);
        match Connection::open(self.address, deadline).await {
            Ok(open) => {
                self.open.insert(connection, open);
                Happening::Opened
            }
            Err(error) => Happening::Refused { reason: connection::reason(&error) },
        }
    }

    async fn end(&mut self, connection: usize, how: Ending) {
        if how == Ending::Half {
            if let Some(open) = self.open.get_mut(&connection) {
                open.end_half().await;
            }
        } else if let Some(open) = self.open.remove(&connection) {
            open.end(how).await;
        }
    }
}

/// What a use of a connection comes to that was never open, or was closed.
pub(crate) fn gone() -> Happening {
    Happening::Cut { reason: "there is no such connection".to_owned() }
}
