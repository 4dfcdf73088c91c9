//! The process group of a server: it and all that it started, unless that left the group.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::mark::Mark;

/// Every group that may be alive, for an end without farewell.
static ALL: Mutex<Vec<Weak<AtomicU32>>> = Mutex::new(Vec::new());

/// The group that lives now, by its leader's number; 0 where there is none.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Arc<AtomicU32>,
    /// Where it is written down which process leads, for whoever comes after a hard end.
    record: Option<PathBuf>,
}

impl Default for Group {
    fn default() -> Self {
        Self::recorded(None)
    }
}

/// The process that leads a group, by its number, which is another one in each life of a server.
#[derive(Debug, Clone)]
pub struct Leader(Arc<AtomicU32>);

impl Leader {
    /// Its number now; nothing between two lives.
    pub fn number(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Group {
    /// A group whose leader is written down in this file.
    pub(crate) fn recorded(record: Option<PathBuf>) -> Self {
        let leader = Arc::new(AtomicU32::new(0));
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(&leader));
        Self { leader, record }
    }

    /// The leader, for whoever watches it.
    pub(crate) fn leader(&self) -> Leader {
        Leader(Arc::clone(&self.leader))
    }

    /// A new leader.
    pub(crate) fn now(&self, leader: Option<u32>) {
        self.leader.store(leader.unwrap_or(0), Ordering::Relaxed);
        if let (Some(record), Some(number)) = (&self.record, leader) {
            // Without it the server only outlives us if we are ended hard.
            let _ = fs::write(record, Mark::of(number).to_string());
        }
    }

    /// Asks all of it to end.
    pub(crate) fn terminate(&self) {
        signal(self.leader.load(Ordering::Relaxed), false);
    }

    /// Ends all of it, once.
    pub(crate) fn kill(&self) {
        signal(self.leader.swap(0, Ordering::Relaxed), true);
    }
}

/// Ends every server that was started, at once: for a program that ends itself without unwinding.
pub fn end_all() {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    for leader in all.iter().filter_map(Weak::upgrade) {
        signal(leader.swap(0, Ordering::Relaxed), true);
    }
}

#[cfg(unix)]
fn signal(leader: u32, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    let number = i32::try_from(leader).ok().filter(|number| *number > 1);
    if let Some(group) = number.and_then(Pid::from_raw) {
        // A group that is gone already is what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

/// Where there are no groups, the server itself is ended by whoever holds it.
#[cfg(not(unix))]
fn signal(_: u32, _: bool) {}
