//! `smtpspec lab up`: one server, until Ctrl-C or the end of a command.

use std::fmt::Write as _;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use smtpspec_runner::lab::needs;
use smtpspec_runner::launch::Lives;
use smtpspec_runner::{Crash, Kit, Lab, Launched, Setting, Stop};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::args::LabUp;
use crate::console::Console;
use crate::exit::Exit;
use crate::{interrupt, launch, recipes};

/// How long a command may take to end by itself at Ctrl-C, which it hears too.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a server is started again after a crash.
const RESTARTS: usize = 20;

pub(super) fn up(args: &LabUp, console: &Console) -> Result<Exit, Exit> {
    let kits = recipes::all(args.place.recipes.as_deref(), console)?;
    let kit = match super::named(&kits, &args.name, console)?.as_slice() {
        [kit] => *kit,
        variants => {
            let names: Vec<&str> = variants.iter().map(|kit| kit.recipe.name.as_str()).collect();
            console.error(&format!("`{}` is one of {}", args.name, names.join(", ")));
            return Err(Exit::Usage);
        }
    };
    let lab = super::place(&args.place, console)?;
    match interrupt::block_on(keep(args, &lab, kit, console)) {
        Ok(exit) => Ok(exit),
        Err(error) => {
            console.error(&format!("{}: {error}", kit.recipe.name));
            Err(Exit::Failed)
        }
    }
}

async fn keep(args: &LabUp, lab: &Lab, kit: &Kit, console: &Console) -> io::Result<Exit> {
    let name = &kit.recipe.name;
    let own = match super::values(&args.values, &[kit], console) {
        Ok(own) => own,
        Err(exit) => return Ok(exit),
    };
    let stop = Stop::new();
    interrupt::stops(&stop)?;
    let needs = needs::of(&kit.recipe, &stop).await;
    if let Some(why) = super::hindrance(kit, &needs, args.listener) {
        console.error(&format!("{name} was not started: {why}"));
        return Ok(Exit::Nothing);
    }
    let setting = match super::set_up(lab, kit, &own, &stop, console).await? {
        Ok(setting) => setting,
        Err(exit) => return Ok(exit),
    };
    let address = setting.addresses[&args.listener];
    let lives = Lives { ready_within: setting.ready_within, restarts: RESTARTS };
    let launched = tokio::select! {
        () = stop.stopped() => return Ok(Exit::Interrupted),
        launched = setting.command.launch(address, lives) => launched,
    };
    let mut launched = match launched {
        Ok(launched) => launched,
        Err(why) => {
            console.error(&format!("{name}: {why}"));
            return Ok(Exit::Unreachable);
        }
    };
    let exit = if args.command.is_empty() {
        alone(lab, kit, &setting, &mut launched, &stop).await?
    } else {
        let flags = super::flags(kit, &setting, args.listener);
        beside(&args.command, &flags, &stop, console).await?
    };
    let crashes = launched.stop().await;
    launch::tell(&crashes, console);
    Ok(of(exit, &crashes))
}

/// A server that crashed is no success, whatever the command made of it.
fn of(exit: Exit, crashes: &[Crash]) -> Exit {
    match exit {
        Exit::Clean | Exit::As(0) if !crashes.is_empty() => Exit::Unreachable,
        exit => exit,
    }
}

/// Tells where the server is, and waits for Ctrl-C or for the server's own end.
async fn alone(
    lab: &Lab,
    kit: &Kit,
    setting: &Setting,
    launched: &mut Launched,
    stop: &Stop,
) -> io::Result<Exit> {
    let mut text = String::new();
    for (listener, address) in &setting.addresses {
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "listening {address} {}", listener.as_str());
    }
    let _ = writeln!(text, "what it writes: {}", lab.log(&kit.recipe).display());
    for listener in setting.addresses.keys() {
        let flags = super::flags(kit, setting, *listener);
        let _ = writeln!(text, "{}", super::line(&flags));
    }
    Console::print(text.as_bytes())?;
    tokio::select! {
        () = stop.stopped() => Ok(Exit::Clean),
        () = launched.given_up() => Ok(Exit::Unreachable),
    }
}

/// Runs a command that finds the server in its variables.
async fn beside(
    words: &[String],
    flags: &[super::Flag],
    stop: &Stop,
    console: &Console,
) -> io::Result<Exit> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::inherit()).kill_on_drop(true);
    for super::Flag { variable, value, .. } in flags {
        command.env(variable, value.as_deref().unwrap_or("true"));
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let program = words[0].escape_debug();
            console.error(&format!("`{program}` could not be started: {error}"));
            return Ok(Exit::Failed);
        }
    };
    tokio::select! {
        status = child.wait() => status.map(code),
        () = stop.stopped() => ended(&mut child).await,
    }
}

/// Waits for the end of a command at Ctrl-C, of which a terminal tells it too.
async fn ended(child: &mut Child) -> io::Result<Exit> {
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status.map(code);
    }
    child.kill().await?;
    Ok(Exit::Interrupted)
}

/// The exit code of a command; a signal counts as shells have it.
fn code(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    let by_signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let by_signal: Option<i32> = None;
    let code = status.code().or(by_signal.map(|signal| 128 + signal));
    Exit::As(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}
