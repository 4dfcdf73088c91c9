//! `smtpspec lab down`: what was left behind by runs that were ended hard.

use std::fmt::Write as _;

use smtpspec_runner::Lab;

use crate::args::LabDown;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;

pub(super) fn down(args: &LabDown, console: &Console) -> Result<Exit, Exit> {
    let lab = super::place(&args.place, console)?;
    let (text, whole) = match interrupt::block_on(end(&lab, console)) {
        Ok(done) => done,
        Err(error) => {
            console.error(&format!("nobody could look what was left behind: {error}"));
            return Err(Exit::Failed);
        }
    };
    let exit = if whole { Exit::Clean } else { Exit::Failed };
    Ok(console.finish(text.as_bytes(), exit))
}

/// Ends everything that was left behind; a line for each, and whether all could be ended.
async fn end(lab: &Lab, console: &Console) -> std::io::Result<(String, bool)> {
    let mut text = String::new();
    let mut whole = true;
    for left in lab.left()? {
        if let Some(owner) = left.owner {
            console.note(&format!(
                "{} belongs to process {owner}, which is alive; Ctrl-C ends it there",
                left.name
            ));
            continue;
        }
        match left.end().await {
            Ok(ended) => {
                let processes = match ended.processes {
                    1 => "1 process".to_owned(),
                    0 => "nothing of it was alive".to_owned(),
                    count => format!("{count} processes"),
                };
                // Writing to a `String` can't fail.
                let _ = writeln!(text, "{}: {processes}; its folder is gone", left.name);
            }
            Err(error) => {
                console.error(&format!("{}: {error}", left.name));
                whole = false;
            }
        }
    }
    if text.is_empty() && whole {
        console.note("nothing was left behind");
    }
    Ok((text, whole))
}
