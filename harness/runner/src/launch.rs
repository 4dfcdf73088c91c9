//! A server under test that is started for a run, watched while it lives, started again after a
//! crash, and stopped with all that it started.

mod group;
pub(crate) mod mark;
mod process;
mod tail;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::stop::Stop;

pub(crate) use group::Group;
pub use group::{Leader, end_all};
pub(crate) use process::Process;
pub use process::Program;

/// What becomes the port in the words of a command.
const PORT: &str = "{port}";

/// How often a server is looked for that was just started.
const LOOK: Duration = Duration::from_millis(25);

/// How long a command may take that ends a server.
const FAREWELL: Duration = Duration::from_secs(10);

/// Of how many crashes the last words are kept.
const TOLD: usize = 20;

/// Where free ports are looked for.
const PORTS: Range<u16> = 10_000..32_000;

/// After which pause a server is started again.
const PAUSE: Duration = Duration::from_millis(100);

/// The command that starts a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCommand {
    program: Program,
    /// Where it listens beside the address that it is started for.
    also: Vec<SocketAddr>,
    /// What ends it, where a signal is not enough.
    farewell: Option<Program>,
    /// Where its process is written down.
    record: Option<PathBuf>,
}

/// How long a server may take to be there, and how often it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives {
    /// How long it may take until somebody listens.
    pub ready_within: Duration,
    /// How often it is started again after a crash.
    pub restarts: usize,
}

/// A server that was started. It ends when this is dropped; [`Launched::stop`] lets it end in order.
#[derive(Debug)]
pub struct Launched {
    stop: Stop,
    task: Option<JoinHandle<()>>,
    crashes: Arc<Mutex<Vec<Crash>>>,
    group: Arc<Group>,
}

/// A server that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// How: its exit code, or the signal.
    pub how: String,
    /// The last lines that it wrote, escaped.
    pub output: Vec<String>,
}

/// Why there is no server.
#[derive(Debug)]
pub enum LaunchError {
    /// Somebody listens there already.
    Occupied(SocketAddr),
    /// It could not be started.
    Start(String, io::Error),
    /// It ended before anybody could connect.
    Ended(Crash),
    /// Nobody could connect in this time.
    NotReady(SocketAddr, Duration, Vec<String>),
}

impl ServerCommand {
    /// Splits a command into words as a shell does. Nothing else of a shell is there: no variables,
    /// no pipes.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match shlex::split(text) {
            None => Err("a quote is not closed, or a backslash ends it"),
            Some(words) if words.is_empty() => Err("there is no word in it"),
            Some(words) => Ok(Self::of(Program::of(words))),
        }
    }

    /// The command that this program is.
    pub fn of(program: Program) -> Self {
        Self { program, also: Vec::new(), farewell: None, record: None }
    }

    /// The same, which is not ready before somebody listens at each of these too.
    #[must_use]
    pub fn listening_at(self, also: Vec<SocketAddr>) -> Self {
        Self { also, ..self }
    }

    /// The same, which this program ends before a signal does.
    #[must_use]
    pub fn ended_by(self, farewell: Option<Program>) -> Self {
        Self { farewell, ..self }
    }

    /// The same, whose process is written down in this file for as long as it lives.
    #[must_use]
    pub fn recorded_in(self, record: PathBuf) -> Self {
        Self { record: Some(record), ..self }
    }

    /// Whether the command is told a port.
    pub fn takes_port(&self) -> bool {
        self.program.words.iter().any(|word| word.contains(PORT))
    }

    /// The program, for a server on this port.
    fn on(&self, port: u16) -> Program {
        let put_in = |word: &String| word.replace(PORT, &port.to_string());
        let words = self.program.words.iter().map(put_in).collect();
        Program { words, ..self.program.clone() }
    }

    /// Starts the server, and waits until somebody listens at the address.
    pub async fn launch(&self, address: SocketAddr, lives: Lives) -> Result<Launched, LaunchError> {
        let addresses = || std::iter::once(&address).chain(&self.also);
        for address in addresses() {
            if TcpStream::connect(address).await.is_ok() {
                return Err(LaunchError::Occupied(*address));
            }
        }
        let Lives { ready_within, restarts } = lives;
        let program = self.on(address.port());
        let group = Arc::new(Group::recorded(self.record.clone()));
        let mut process = Process::start(&program, &group)
            .map_err(|error| LaunchError::Start(program.words[0].clone(), error))?;
        let began = Instant::now();
        let mut missing = addresses();
        let mut next = missing.next();
        while let Some(address) = next {
            if TcpStream::connect(address).await.is_ok() {
                next = missing.next();
                continue;
            }
            if let Ok(Some(status)) = process.child.try_wait() {
                group.kill();
                return Err(LaunchError::Ended(process.crash(status).await));
            }
            if began.elapsed() >= ready_within {
                process.end(&group).await;
                let output = process.tail.lines();
                return Err(LaunchError::NotReady(*address, ready_within, output));
            }
            sleep(LOOK).await;
        }
        let (stop, crashes) = (Stop::new(), Arc::new(Mutex::new(Vec::new())));
        let watched = Watched {
            program,
            farewell: self.farewell.clone(),
            group: Arc::clone(&group),
            stop: stop.clone(),
            crashes: Arc::clone(&crashes),
            restarts,
        };
        let watched = watched.watch(process);
        Ok(Launched { stop, task: Some(tokio::spawn(watched)), crashes, group })
    }
}

/// A port of this machine on which nobody listens now. It is below those that the system gives to
/// clients: one of them could take it before the server does, or connect to itself.
pub fn free_port() -> io::Result<u16> {
    const TRIES: usize = 100;
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        // The standard library seeds it from the system's randomness.
        let dice = RandomState::new().build_hasher().finish();
        let port = PORTS.start + (dice % u64::from(PORTS.end - PORTS.start)) as u16;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Launched {
    /// Its process, whichever life it has.
    pub fn leader(&self) -> Leader {
        self.group.leader()
    }

    /// Waits until the server has ended by itself more often than it is started again.
    pub async fn given_up(&mut self) {
        if let Some(task) = &mut self.task {
            // It has nothing to tell, not even by a panic.
            let _ = task.await;
            self.task = None;
        }
    }

    /// Stops the server, and tells how often it ended by itself.
    pub async fn stop(mut self) -> Vec<Crash> {
        self.stop.stop();
        if let Some(task) = self.task.take() {
            // It has nothing to tell, not even by a panic: the group is ended below in any case.
            let _ = task.await;
        }
        self.group.kill();
        std::mem::take(&mut *self.crashes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        self.group.kill();
    }
}

/// A server that is started again when it ends by itself, until it is to stop.
struct Watched {
    program: Program,
    farewell: Option<Program>,
    group: Arc<Group>,
    stop: Stop,
    crashes: Arc<Mutex<Vec<Crash>>>,
    restarts: usize,
}

impl Watched {
    async fn watch(self, mut process: Process) {
        loop {
            tokio::select! {
                biased;
                () = self.stop.stopped() => return self.end(process).await,
                status = process.child.wait() => {
                    let Ok(status) = status else { return };
                    let crash = process.crash(status).await;
                    // What it started must not keep its port.
                    self.group.kill();
                    let mut crashes = self.crashes.lock().unwrap_or_else(PoisonError::into_inner);
                    // What many crashes wrote is much, and says the same.
                    let output = if crashes.len() < TOLD { crash.output } else { Vec::new() };
                    crashes.push(Crash { output, ..crash });
                    if crashes.len() > self.restarts {
                        return;
                    }
                }
            }
            tokio::select! {
                () = self.stop.stopped() => return,
                () = sleep(PAUSE) => {}
            }
            match Process::start(&self.program, &self.group) {
                Ok(started) => process = started,
                Err(_) => return,
            }
        }
    }

    /// Ends the server by its own command first, where it has one.
    async fn end(&self, mut process: Process) {
        if let Some(farewell) = &self.farewell {
            let group = Group::default();
            if let Ok(mut said) = Process::start(farewell, &group) {
                // However that went, the signal follows.
                let _ = timeout(FAREWELL, said.wait()).await;
            }
        }
        process.end(&self.group).await;
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.how)?;
        last_words(f, &self.output)
    }
}

fn last_words(f: &mut fmt::Formatter<'_>, output: &[String]) -> fmt::Result {
    if output.is_empty() {
        return f.write_str("; it wrote nothing");
    }
    f.write_str("; the last that it wrote:")?;
    output.iter().try_for_each(|line| write!(f, "\n  | {line}"))
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(address) => write!(
                f,
                "somebody listens on {address} already; stop it, or let the command take a free \
                 port by {PORT}"
            ),
            Self::Start(program, error) => {
                write!(f, "`{}` could not be started: {error}", program.escape_debug())
            }
            Self::Ended(crash) => write!(f, "the server ended before it listened: {crash}"),
            Self::NotReady(address, time, output) => {
                write!(f, "nobody listens on {address} after {time:?}")?;
                last_words(f, output)
            }
        }
    }
}

impl std::error::Error for LaunchError {}

#[cfg(test)]
mod tests;
