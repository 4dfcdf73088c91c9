//! `--watch`: the run again when something changes, each time on a server of its own.

use std::io;
use std::path::PathBuf;

use smtpspec_runner::{Changes, ServerCommand, Stop};

use crate::args::Run;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::launch;
use crate::output;

/// Runs once, or again and again until Ctrl-C. `once` does one run.
pub(super) fn repeat(
    mut run: Run,
    console: &Console,
    once: impl Fn(&Run, Option<&ServerCommand>) -> Exit,
) -> Exit {
    let server = run.target.server.is_some();
    let command = match launch::command(run.launch.server_command.as_deref(), server, console) {
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
            run.target.server = match launch::free_address(console) {
                Ok(address) => Some(address),
                Err(exit) => return exit,
            };
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
