//! `smtpspec check`: reads scenario files, says all that is wrong with them, and sends nothing.

use smtpspec_scenario::load;

use crate::args::Check;
use crate::console::Console;
use crate::diagnostics;
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
            let cases = loaded.suite.cases().len();
            let scenarios = loaded.suite.scenarios.len();
            let files = sources.len();
            let verdict = match loaded.warnings.as_slice() {
                [] => "all well-formed".to_owned(),
                warnings => format!("well-formed, with {}", diagnostics::count(warnings)),
            };
            let line = format!("{files} files, {scenarios} scenarios, {cases} cases: {verdict}\n");
            console.finish(line.as_bytes(), Exit::Clean)
        }
        Err(found) => {
            diagnostics::print(&found, &sources, console);
            console.error(&format!("{} in {} files", diagnostics::count(&found), sources.len()));
            Exit::Usage
        }
    }
}
