//! `smtpspec completions SHELL` and `smtpspec man`: both made from the parser itself, so that they
//! can't lag behind it.

use clap::CommandFactory;

use crate::args::Cli;
use crate::console::Console;
use crate::exit::Exit;

pub(crate) fn completions(shell: clap_complete::Shell, console: &Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "smtpspec", &mut script);
    console.finish(&script, Exit::Clean)
}

/// The page of the program, and behind it one of each command.
pub(crate) fn man(console: &Console) -> Exit {
    let mut page = Vec::new();
    let mut program = Cli::command();
    program.build();
    let commands = program.get_subcommands().cloned();
    for command in std::iter::once(program.clone()).chain(commands) {
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        if let Err(error) = rendered {
            console.error(&format!("the manual page could not be made: {error}"));
            return Exit::Failed;
        }
    }
    console.finish(&page, Exit::Clean)
}
