//! A process by its number and by when it started, so that another one that got its number later
//! is not taken for it.

use std::fmt;
use std::str::FromStr;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its number.
    pub(crate) number: u32,
    /// When it started, as the system tells it; empty where it tells nothing.
    started: String,
}

impl Mark {
    /// The process with this number, as it is now.
    pub(crate) fn of(number: u32) -> Self {
        Self { number, started: started(number).unwrap_or_default() }
    }

    /// Whether just this process is alive.
    pub(crate) fn lives(&self) -> bool {
        !self.started.is_empty() && started(self.number).as_ref() == Some(&self.started)
    }

    /// Whether its number belongs to another process now.
    pub(crate) fn is_taken(&self) -> bool {
        started(self.number).is_some_and(|now| now != self.started)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.started)
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, started) = text.trim().split_once(' ').ok_or(())?;
        Ok(Self { number: number.parse().map_err(|_| ())?, started: started.to_owned() })
    }
}

/// When a process started: the boot of the machine, and the ticks since then. A process that has
/// ended and that nobody has asked for yet is not there any more.
#[cfg(target_os = "linux")]
fn started(number: u32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let Status { state, started, .. } = Status::of(number)?;
    (!matches!(state, b'Z' | b'X')).then(|| format!("{} {started}", boot.trim()))
}

/// When a process started, as `ps` tells it.
#[cfg(not(target_os = "linux"))]
fn started(number: u32) -> Option<String> {
    let asked = std::process::Command::new("ps")
        .args(["-o", "lstart=", "-p", &number.to_string()])
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    (!told.is_empty()).then_some(told)
}

/// What Linux tells of a process.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    state: u8,
    /// The number of the process that started it.
    pub(crate) parent: u32,
    /// The number of its group's leader.
    pub(crate) group: u32,
    /// The number of its session's leader.
    pub(crate) session: u32,
    started: u64,
}

#[cfg(target_os = "linux")]
impl Status {
    /// That of the process with this number, if there is one.
    pub(crate) fn of(number: u32) -> Option<Self> {
        let text = std::fs::read(format!("/proc/{number}/stat")).ok()?;
        // The name before this may hold anything, brackets and blanks too (proc(5)).
        let behind = text.iter().rposition(|octet| *octet == b')')? + 1;
        let rest = String::from_utf8_lossy(&text[behind..]).into_owned();
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let state = *fields.first()?.as_bytes().first()?;
        Some(Self {
            state,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// Every process of the machine, with its number.
    pub(crate) fn all() -> impl Iterator<Item = (u32, Self)> {
        std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|number| Some((number, Self::of(number)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_again_and_none_that_has_its_number_later() {
        let here = Mark::of(std::process::id());
        assert!(here.lives() && !here.is_taken());
        let again: Mark = here.to_string().parse().unwrap();
        assert_eq!(again, here);
        let other = Mark { started: "another boot 1".to_owned(), ..here };
        assert!(!other.lives() && other.is_taken());
        assert!("12".parse::<Mark>().is_err() && "x y".parse::<Mark>().is_err());
    }

    #[test]
    fn one_that_is_not_there_lives_no_more() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let mark = Mark::of(child.id());
        child.wait().unwrap();
        assert!(!mark.lives() && !mark.is_taken());
    }
}
