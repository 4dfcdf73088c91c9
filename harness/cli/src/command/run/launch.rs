//! `--server-command` and `--watch`: a server that is started for the run, and the run again when
//! something changes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use smtpspec_judge::Stopped;
use smtpspec_runner::{Changes, Crash, Launched, ServerCommand, Stop, TargetAddress, free_port};

use crate::args::Run;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::output;

/// Runs once, or again and again until Ctrl-C. `once` does one run.
pub(super) fn repeat(
    mut run: Run,
    console: &Console,
    once: impl Fn(&Run, Option<&ServerCommand>) -> Exit,
) -> Exit {
    let command = match command(&run, console) {
        Ok(command) => command,
        Err(exit) => return exit,
    };
    let mut changes = match changes(&run, console) {
        Ok(changes) => changes,
        Err(exit) => return exit,
    };
    // Without --server each start has a port of its own: the last one may still be held.
    let takes_any = command.is_some() && run.target.server.is_none();
    loop {
        if takes_any {
            match free_port() {
                Ok(port) => run.target.server = Some(format!("{}:{port}", Ipv4Addr::LOCALHOST)),
                Err(error) => {
                    console.error(&format!("there is no free port: {error}"));
                    return Exit::Failed;
                }
            }
        }
        let exit = once(&run, command.as_ref());
        let Some(changes) = changes.as_mut().filter(|_| exit != Exit::Interrupted) else {
            return exit;
        };
        console.note("waiting for a change; Ctrl-C ends");
        match interrupt::block_on(wait(changes)) {
            Ok(Some(path)) => console.note(&format!("{} has changed", path.display())),
            Ok(None) => return exit,
            Err(error) => {
                console.error(&format!("nothing can be waited for: {error}"));
                return Exit::Failed;
            }
        }
    }
}

/// The command that starts the server, where there is one.
fn command(run: &Run, console: &Console) -> Result<Option<ServerCommand>, Exit> {
    let Some(text) = &run.launch.server_command else { return Ok(None) };
    let command = ServerCommand::parse(text).map_err(|why| {
        console.error(&format!("--server-command: {why}: `{}`", text.escape_debug()));
        Exit::Usage
    })?;
    if !command.takes_port() && run.target.server.is_none() {
        console.error(
            "--server-command: nobody says where the server listens; write {port} where its port \
             belongs, or name its address by --server",
        );
        return Err(Exit::Usage);
    }
    Ok(Some(command))
}

fn changes(run: &Run, console: &Console) -> Result<Option<Changes>, Exit> {
    let Some(path) = &run.launch.watch else { return Ok(None) };
    // What a run writes is no reason for another one.
    let mut ours: Vec<PathBuf> =
        output::parse(&run.reports).iter().flatten().filter_map(output::Output::path).collect();
    ours.extend(run.expectations.baseline.clone());
    let names = ours.iter().filter_map(|path| path.file_name()).map(PathBuf::from).collect();
    match Changes::below(path, names) {
        Ok(changes) => Ok(Some(changes)),
        Err(error) => {
            console.error(&format!("--watch: {} can't be watched: {error}", path.display()));
            Err(Exit::Usage)
        }
    }
}

/// What changed; nothing where somebody asked to end.
async fn wait(changes: &mut Changes) -> io::Result<Option<PathBuf>> {
    let stop = Stop::new();
    interrupt::stops(&stop)?;
    tokio::select! {
        () = stop.stopped() => Ok(None),
        path = changes.next() => Ok(path),
    }
}

/// Why a server was not started.
pub(super) enum NotStarted {
    /// It can't be where it is said to be.
    Usage,
    /// There is nothing to run on.
    Stopped(Stopped),
}

/// Starts the server, where it is to be started.
pub(super) async fn start(
    run: &Run,
    command: Option<&ServerCommand>,
    target: Option<&TargetAddress>,
    stop: &Stop,
    console: &Console,
) -> Result<Option<Launched>, NotStarted> {
    let Some((command, target)) = command.zip(target) else { return Ok(None) };
    let host = match target.host() {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        host => host.parse().ok().filter(|_| target.is_loopback()),
    };
    let Some(host) = host else {
        console.error(&format!(
            "--server: {target} is not on this machine, where --server-command starts the server"
        ));
        return Err(NotStarted::Usage);
    };
    let address = SocketAddr::new(host, target.port());
    tokio::select! {
        () = stop.stopped() => Err(NotStarted::Stopped(Stopped::Interrupted)),
        launched = command.launch(address, run.launch.server_ready) => match launched {
            Ok(launched) => Ok(Some(launched)),
            Err(error) => {
                let why = error.to_string();
                console.error(&why);
                let reason = why.lines().next().unwrap_or_default().to_owned();
                Err(NotStarted::Stopped(Stopped::Unreachable { after: None, reason }))
            }
        },
    }
}

/// Tells of a server that ended by itself, which is worse than any rule that it may have broken.
pub(super) fn tell(crashes: &[Crash], exit: Exit, console: &Console) -> Exit {
    const TOLD: usize = 3;
    for crash in crashes.iter().take(TOLD) {
        console.error(&format!("the server ended by itself: {crash}"));
    }
    if let Some(more) = crashes.len().checked_sub(TOLD).filter(|more| *more > 0) {
        console.error(&format!("the server ended by itself {more} more times"));
    }
    match exit {
        Exit::Interrupted | Exit::Failed => exit,
        _ if crashes.is_empty() => exit,
        _ => Exit::Unreachable,
    }
}
