//! The server's process: whether it lives, and what memory it holds, where the system tells.

use std::fs;

/// A process, by its number.
#[derive(Debug)]
pub(super) struct Process {
    status: String,
}

/// What a process held while it was watched, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// At first.
    pub first: u64,
    /// At the most.
    pub most: u64,
    /// At the end.
    pub last: u64,
}

impl Process {
    pub(super) fn new(number: u32) -> Self {
        Self { status: format!("/proc/{number}/status") }
    }

    /// The memory that it holds; nothing where it is gone, or the system does not tell.
    pub(super) fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(&self.status).ok()?;
        if status.lines().any(|line| line.starts_with("State:") && line.contains('Z')) {
            return None;
        }
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes * 1024)
    }
}

impl Memory {
    pub(super) fn of(octets: u64) -> Self {
        Self { first: octets, most: octets, last: octets }
    }

    pub(super) fn note(&mut self, octets: u64) {
        self.most = self.most.max(octets);
        self.last = octets;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_holds_something() {
        assert!(Process::new(std::process::id()).resident() > Some(1 << 16));
        assert_eq!(Process::new(u32::MAX).resident(), None);
    }
}
