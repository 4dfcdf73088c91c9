//! One process that leads a group of its own, from its start to its end.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Crash;
use super::group::Group;
use super::tail::Tail;

/// How long a process may take to end by itself when it is asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// What our own variables are called.
const OURS: &str = "SMTPSPEC_";

/// A program to start, with all that it is to find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub words: Vec<String>,
    /// Its variables, beside those of this process.
    pub environment: BTreeMap<String, String>,
    /// Where it is started; here, where this is missing.
    pub folder: Option<PathBuf>,
    /// The file to which what it writes is added.
    pub log: Option<PathBuf>,
    /// Whether our own variables are kept from it: it may be of our kind, and they are not for it.
    pub without_ours: bool,
}

impl Program {
    /// A program that finds what this process does.
    pub fn of(words: Vec<String>) -> Self {
        Self { words, ..Self::default() }
    }

    fn log(&self) -> io::Result<Option<File>> {
        self.log
            .as_ref()
            .map(|path| OpenOptions::new().create(true).append(true).open(path))
            .transpose()
    }
}

/// A process that was started.
#[derive(Debug)]
pub(crate) struct Process {
    pub(super) child: Child,
    pub(super) tail: Tail,
}

impl Process {
    /// Starts a program as the new leader of the group.
    pub(crate) fn start(program: &Program, group: &Group) -> io::Result<Self> {
        let mut command = Command::new(&program.words[0]);
        command
            .args(&program.words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if program.without_ours && name.to_string_lossy().starts_with(OURS) {
                command.env_remove(name);
            }
        }
        command.envs(&program.environment);
        if let Some(folder) = &program.folder {
            command.current_dir(folder);
        }
        // Ctrl-C in a terminal goes to its whole group, and the server is to live until the end.
        #[cfg(unix)]
        command.process_group(0);
        let log = program.log()?;
        let mut child = command.spawn()?;
        group.now(child.id());
        let tail = Tail::of(child.stdout.take(), child.stderr.take(), log);
        Ok(Self { child, tail })
    }

    /// How it ended, once it has by itself.
    pub(crate) async fn crash(&mut self, status: ExitStatus) -> Crash {
        self.tail.finish().await;
        Crash { how: status.to_string(), output: self.tail.lines() }
    }

    /// Waits for its end.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to end, and ends it where it does not.
    pub(crate) async fn end(&mut self, group: &Group) {
        group.terminate();
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            group.kill();
            // Nothing can be done about one that even that does not end.
            let _ = timeout(PATIENCE, self.child.kill()).await;
        }
        group.kill();
        self.tail.finish().await;
    }
}
