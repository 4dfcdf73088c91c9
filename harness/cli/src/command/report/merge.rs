//! `smtpspec report merge`: the parts of a run that was split over machines, put together.

use smtpspec_report::merge::{Part, merge as together};
use smtpspec_report::{Format, Verbosity};

use super::document;
use crate::args::MergeReport;
use crate::command::run::grade;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::{self, Output};

pub(super) fn merge(args: &MergeReport, console: &Console) -> Exit {
    let outputs = match args.reports.as_slice() {
        // What comes of it is a document again, to be kept.
        [] => Ok(vec![Output { format: Format::Json, path: None }]),
        words => output::parse(words),
    };
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(why) => {
            console.error(&format!("--report: {why}"));
            return Exit::Usage;
        }
    };
    let mut parts = Vec::with_capacity(args.parts.len());
    for path in &args.parts {
        match document::read(path, console) {
            Ok(results) => parts.push(Part { name: path.display().to_string(), results }),
            Err(exit) => return exit,
        }
    }
    let results = match together(parts) {
        Ok(results) => results,
        Err(why) => {
            console.error(&format!("the parts can't be merged: {why}"));
            return Exit::Usage;
        }
    };
    let exit = Exit::of(&results, grade(args.fail_on));
    if output::write(&outputs, &results, Verbosity::Normal, console) { exit } else { Exit::Failed }
}
