//! `--server-command`: a server that is started for a run or an attack.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use smtpspec_judge::Stopped;
use smtpspec_runner::launch::Lives;
use smtpspec_runner::{Crash, Launched, ServerCommand, Stop, TargetAddress, free_port};

use crate::console::Console;
use crate::exit::Exit;

/// The command that starts the server, where there is one; `has_server` says whether its
/// address was named.
pub(crate) fn command(
    text: Option<&str>,
    has_server: bool,
    console: &Console,
) -> Result<Option<ServerCommand>, Exit> {
    let Some(text) = text else { return Ok(None) };
    let command = ServerCommand::parse(text).map_err(|why| {
        console.error(&format!("--server-command: {why}: `{}`", text.escape_debug()));
        Exit::Usage
    })?;
    if !command.takes_port() && !has_server {
        console.error(
            "--server-command: nobody says where the server listens; write {port} where its port \
             belongs, or name its address by --server",
        );
        return Err(Exit::Usage);
    }
    Ok(Some(command))
}

/// An address on this machine where nobody listens.
pub(crate) fn free_address(console: &Console) -> Result<String, Exit> {
    match free_port() {
        Ok(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string()),
        Err(error) => {
            console.error(&format!("there is no free port: {error}"));
            Err(Exit::Failed)
        }
    }
}

/// Why a server was not started.
pub(crate) enum NotStarted {
    /// It can't be where it is said to be.
    Usage,
    /// There is nothing to run on.
    Stopped(Stopped),
}

/// Starts the server, where it is to be started.
pub(crate) async fn start(
    command: Option<&ServerCommand>,
    lives: Lives,
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
        launched = command.launch(address, lives) => match launched {
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

/// Tells of a server that ended by itself.
pub(crate) fn tell(crashes: &[Crash], console: &Console) {
    const TOLD: usize = 3;
    for crash in crashes.iter().take(TOLD) {
        console.error(&format!("the server ended by itself: {crash}"));
    }
    if let Some(more) = crashes.len().checked_sub(TOLD).filter(|more| *more > 0) {
        console.error(&format!("the server ended by itself {more} more times"));
    }
}
