//! A session against the reference in memory: no sockets, and a clock that jumps.

use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::Action;
use smtpspec_judge::memory::World;
use smtpspec_reference::Config;

use crate::access::Access;
use crate::drive::{Drive, Patience, Trace};
use crate::session::Session;

/// More actions than any session takes.
const ACTIONS: usize = 1_000_000;

/// Plays a session against the reference with this configuration.
pub fn play(session: &Session, config: &Arc<Config>, access: &Access) -> Trace {
    play_settled(session, config, access, Duration::ZERO)
}

/// The same, with so long a wait behind each line as [`Patience::settle`] says.
pub fn play_settled(
    session: &Session,
    config: &Arc<Config>,
    access: &Access,
    settle: Duration,
) -> Trace {
    let mut world = World::new(config, "");
    // Time costs nothing here.
    let patience = Patience {
        reply: Duration::from_secs(5),
        perhaps: Duration::from_millis(50),
        settle,
        protocol: config.protocol,
    };
    let mut drive = Drive::new(session, patience, access);
    for _ in 0..ACTIONS {
        let action = drive.next(world.tick());
        if action == Action::Done {
            break;
        }
        if let Some((_, what)) = world.perform(action) {
            drive.observe(world.now(), what);
        }
    }
    drive.finish()
}
