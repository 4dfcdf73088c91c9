//! `smtpspec check`: reads scenario files, says all that is wrong with them, and sends nothing.

use smtpspec_scenario::load;

use crate::args::Check;
use crate::console::Console;
use crate::diagnostics::{self, plural};
use crate::exit::Exit;
use crate::suite;

pub(crate) fn check(check: &Check, console: &Console) -> Exit {
    let sources = if check.paths.is_empty() {
        suite::built_in_sources()
    } else {
        match suite::read(&check.paths, console) {
            Ok(sources) => sources,
            Err(exit) => return exit,
        }
    };
    match load(&sources) {
        Ok(loaded) => {
            diagnostics::print(&loaded.warnings, &sources, console);
            let cases = plural(loaded.suite.cases().len(), "case");
            let scenarios = plural(loaded.suite.scenarios.len(), "scenario");
            let files = plural(sources.len(), "file");
            let verdict = match loaded.warnings.as_slice() {
                [] => "all well-formed".to_owned(),
                warnings => format!("well-formed, with {}", diagnostics::count(warnings)),
            };
            let line = format!("{files}, {scenarios}, {cases}: {verdict}\n");
            console.finish(line.as_bytes(), Exit::Clean)
        }
        Err(found) => {
            diagnostics::print(&found, &sources, console);
            let files = plural(sources.len(), "file");
            console.error(&format!("{} in {files}", diagnostics::count(&found)));
            Exit::Usage
        }
    }
}
