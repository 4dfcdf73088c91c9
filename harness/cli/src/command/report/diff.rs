//! `smtpspec report diff`: what got worse between two runs, and what got better.

use smtpspec_report::diff::Diff;
use smtpspec_report::{Format, Options, Verbosity};

use super::document;
use crate::args::DiffReport;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::{self, Output};

pub(super) fn diff(args: &DiffReport, console: &Console) -> Exit {
    let outputs = match outputs(&args.reports, &Diff::FORMATS, Format::Terminal) {
        Ok(outputs) => outputs,
        Err(why) => {
            console.error(&format!("--report: {why}"));
            return Exit::Usage;
        }
    };
    let (old, new) = match (document::read(&args.old, console), document::read(&args.new, console))
    {
        (Ok(old), Ok(new)) => (old, new),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let diff = Diff::of(&old, &new);
    let verbosity = if args.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut written = true;
    for output in &outputs {
        let options = Options { verbosity, ..output.options(console) };
        let page = diff.render(output.format, &options).unwrap_or_default();
        written &= output::put(output, &page, console);
    }
    match (written, diff.is_worse()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Broken,
        (true, false) => Exit::Clean,
    }
}

/// The `FORMAT[=PATH]` words, of which only some formats are possible here.
pub(super) fn outputs(
    words: &[String],
    formats: &[Format],
    usual: Format,
) -> Result<Vec<Output>, String> {
    if words.is_empty() {
        return Ok(vec![Output { format: usual, path: None }]);
    }
    let outputs = output::parse(words)?;
    match outputs.iter().find(|output| !formats.contains(&output.format)) {
        None => Ok(outputs),
        Some(output) => {
            let possible: Vec<&str> = formats.iter().map(|format| format.name()).collect();
            Err(format!("there is no {} here; write {}", output.format, possible.join(", ")))
        }
    }
}
