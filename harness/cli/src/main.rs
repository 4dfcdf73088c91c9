//! The command `smtpspec`: arguments, progress, exit codes. What it does is done by the crates
//! below; what they say is shown here.

mod args;
mod command;
mod console;
mod diagnostics;
mod exit;
mod filter;
mod interrupt;
mod launch;
mod output;
mod profile;
mod progress;
mod recipes;
mod rules;
mod shard;
mod suite;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::console::Console;

/// A session of the fuzzer takes some three hundred small pieces of memory, and the system's allocator
/// a third longer for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.color);
    let exit = match cli.command {
        Command::Run(run) => command::run::run(*run, &console),
        Command::Fuzz(fuzz) => command::fuzz::fuzz(*fuzz, &console),
        Command::Serve(serve) => command::serve::serve(&serve, &console),
        Command::List(list) => command::list::list(&list, &console),
        Command::Check(check) => command::check::check(&check, &console),
        Command::Coverage(coverage) => command::coverage::coverage(&coverage, &console),
        Command::Prove(prove) => command::prove::prove(&prove, &console),
        Command::Explain(explain) => command::explain::explain(&explain, &console),
        Command::Lab(lab) => command::lab::lab(lab, &console),
        Command::Report(report) => command::report::report(&report, &console),
        Command::Completions { shell } => command::completions::completions(shell, &console),
        Command::Man => command::completions::man(&console),
    };
    exit.into()
}
