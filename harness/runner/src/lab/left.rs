//! What was left behind by a run that was ended so hard that it could not clean up: its server, and
//! its folder. Whose run is still going on is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Lab;
use crate::launch::mark::Mark;

/// How long processes may take to end by themselves when they are asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often they are looked for meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// A run whose folder is there.
#[derive(Debug)]
pub struct Left {
    /// The name of its folder: that of the server, and some digits.
    pub name: String,
    /// The process that it belongs to, if that is alive.
    pub owner: Option<u32>,
    folder: PathBuf,
    record: Record,
}

/// What came of one that was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How many processes of its server were alive.
    pub processes: usize,
}

/// The files beside the folder of a run that say whose it is, and which process is its server.
#[derive(Debug, Clone)]
pub(super) struct Record {
    folder: PathBuf,
}

impl Record {
    pub(super) fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is written down which process leads the server.
    pub(super) fn server(&self) -> PathBuf {
        self.folder.with_added_extension("server")
    }

    fn owner(&self) -> PathBuf {
        self.folder.with_added_extension("owner")
    }

    /// Writes down that the run is ours.
    pub(super) fn own(&self) -> io::Result<()> {
        fs::write(self.owner(), Mark::of(std::process::id()).to_string())
    }

    /// Removes what is written down.
    pub(super) fn remove(&self) {
        for file in [self.server(), self.owner()] {
            // What is not there need not be removed.
            let _ = fs::remove_file(file);
        }
    }

    fn read(file: &Path) -> Option<Mark> {
        fs::read_to_string(file).ok()?.parse().ok()
    }
}

impl Lab {
    /// Every run whose folder is there, in the order of their names.
    pub fn left(&self) -> io::Result<Vec<Left>> {
        let entries = match fs::read_dir(self.runs()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut left = Vec::new();
        for entry in entries {
            let folder = entry?.path();
            if !folder.is_dir() {
                continue;
            }
            let record = Record::beside(&folder);
            let owner = Record::read(&record.owner()).filter(Mark::lives);
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            left.push(Left { name, owner: owner.map(|mark| mark.number), folder, record });
        }
        left.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(left)
    }
}

impl Left {
    /// Ends what is alive of its server, and removes its folder.
    pub async fn end(&self) -> io::Result<Ended> {
        let server = Record::read(&self.record.server());
        let alive = || server.as_ref().map(|leader| processes(leader, &self.folder));
        let processes = alive().unwrap_or_default();
        for number in &processes {
            signal(*number, false);
        }
        let began = Instant::now();
        while let Some(rest) = alive().filter(|rest| !rest.is_empty()) {
            if began.elapsed() >= PATIENCE {
                for number in rest {
                    signal(number, true);
                }
                break;
            }
            sleep(LOOK).await;
        }
        fs::remove_dir_all(&self.folder)?;
        self.record.remove();
        Ok(Ended { processes: processes.len() })
    }
}

/// The processes of the server that this one led: its group, its session if that is its own, and
/// what any of them started. Where the leader is gone, only those of them that stand in the folder
/// of the run or have it among their variables.
#[cfg(target_os = "linux")]
fn processes(leader: &Mark, folder: &Path) -> Vec<u32> {
    use crate::launch::mark::Status;
    if leader.is_taken() {
        return Vec::new();
    }
    let alive = leader.lives();
    let all: Vec<(u32, Status)> = Status::all().collect();
    let mut its: Vec<u32> = Vec::new();
    loop {
        let more: Vec<u32> = all
            .iter()
            .filter(|(number, status)| {
                let led = status.group == leader.number || status.session == leader.number;
                !its.contains(number)
                    && ((led && (alive || belongs(*number, folder)))
                        || its.contains(&status.parent))
            })
            .map(|(number, _)| *number)
            .collect();
        if more.is_empty() {
            break;
        }
        its.extend(more);
    }
    its.retain(|number| Mark::of(*number).lives());
    its
}

#[cfg(target_os = "linux")]
fn belongs(number: u32, folder: &Path) -> bool {
    let place = fs::read_link(format!("/proc/{number}/cwd"));
    let variables = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
    let ours = format!("LAB_DIR={}", folder.display());
    place.is_ok_and(|place| place.starts_with(folder))
        || variables.split(|octet| *octet == 0).any(|variable| variable == ours.as_bytes())
}

/// Where nobody tells of groups, the leader alone.
#[cfg(not(target_os = "linux"))]
fn processes(leader: &Mark, _: &Path) -> Vec<u32> {
    leader.lives().then_some(leader.number).into_iter().collect()
}

#[cfg(unix)]
fn signal(number: u32, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    let number = i32::try_from(number).ok().filter(|number| *number > 1);
    if let Some(process) = number.and_then(Pid::from_raw) {
        // One that is gone already is what was wanted.
        let _ = kill_process(process, signal);
    }
}

#[cfg(not(unix))]
fn signal(_: u32, _: bool) {}
