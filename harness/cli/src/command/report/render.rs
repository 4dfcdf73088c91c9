//! `smtpspec report render`: results in another format.

use smtpspec_report::Verbosity;

use super::document;
use crate::args::RenderReport;
use crate::console::Console;
use crate::exit::Exit;
use crate::output;

pub(super) fn render(args: &RenderReport, console: &Console) -> Exit {
    let outputs = match output::parse(std::slice::from_ref(&args.format)) {
        Ok(outputs) => outputs,
        Err(why) => {
            console.error(&why);
            return Exit::Usage;
        }
    };
    let results = match document::read(&args.file, console) {
        Ok(results) => results,
        Err(exit) => return exit,
    };
    let verbosity = match args.verbose {
        0 => Verbosity::Normal,
        1 => Verbosity::Verbose,
        _ => Verbosity::VeryVerbose,
    };
    if output::write(&outputs, &results, verbosity, console) { Exit::Clean } else { Exit::Failed }
}
