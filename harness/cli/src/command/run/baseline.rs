//! `--baseline` and `--update-baseline`: the file, what of it holds, and what it is to say.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use smtpspec_catalogue::Grade;
use smtpspec_judge::{Expectations, Results, Selection};
use smtpspec_scenario::baseline::Change;
use smtpspec_scenario::{Baseline, Case, Entry, Source, Subject, Suite};

use crate::args::Run;
use crate::console::Console;
use crate::diagnostics;
use crate::exit::Exit;
use crate::suite;

/// A baseline, and what its entries may be about.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) expectations: Arc<Expectations>,
    source: Source,
    suite: Vec<Case>,
    whole: bool,
}

/// Reads the baseline that was named. `selected` is how many cases the filters left of the suite.
pub(super) fn read(
    run: &Run,
    suite: &Suite,
    selected: usize,
    console: &Console,
) -> Result<Option<Known>, Exit> {
    let Some(path) = &run.expectations.baseline else { return Ok(None) };
    let source = open(path, run.expectations.update_baseline, console)?;
    let baseline = if source.bytes.is_empty() {
        Baseline::default()
    } else {
        Baseline::load(&source).map_err(|found| {
            diagnostics::print(&found, std::slice::from_ref(&source), console);
            console.error(&format!("nothing was sent: {}", diagnostics::count(&found)));
            Exit::Usage
        })?
    };
    let mut cases = suite.cases();
    let whole = selected == cases.len();
    let known = |entry: &Entry| match entry.subject {
        Subject::Scenario(_) => cases.iter().any(|case| entry.subject.means_case(case)),
        Subject::Requirement(_) => true,
    };
    if !run.scenarios.is_empty() && !baseline.entries.iter().all(known) {
        // An entry about a scenario of the program is no slip where others are run.
        cases.extend(suite::built_in(console)?.cases());
    }
    let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
    let expectations = Expectations { file: source.path.clone(), baseline, today };
    Ok(Some(Known { expectations: Arc::new(expectations), source, suite: cases, whole }))
}

fn open(path: &Path, may_be_new: bool, console: &Console) -> Result<Source, Exit> {
    let name = path.display().to_string();
    match File::open(path).and_then(|reader| Source::read(name.clone(), reader)) {
        Ok(source) => Ok(source),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_be_new => {
            Ok(Source::new(name, Vec::new()))
        }
        Err(error) => {
            let advice = match error.kind() {
                io::ErrorKind::NotFound => "; --update-baseline writes a new one",
                _ => "",
            };
            console.error(&format!("{name}: {error}{advice}"));
            Err(Exit::Usage)
        }
    }
}

/// Puts into the results how they differ from the baseline; one that is to be updated is written
/// before that. False where it could not be.
pub(super) fn apply(
    known: &Known,
    results: &mut Results,
    updates: bool,
    fail_on: Grade,
    console: &Console,
) -> bool {
    let selection = Selection { suite: &known.suite, whole: known.whole };
    let comparison = known.expectations.compare(results, selection);
    results.baseline = Some(comparison);
    if !updates {
        return true;
    }
    let file = &known.expectations.file;
    if results.stopped.is_some() {
        console.warn(&format!("{file} is left as it is, because the run ended early"));
        return true;
    }
    match update(known, results, selection, fail_on, console) {
        Ok(Some(now)) => {
            results.baseline = Some(now.compare(results, selection));
            true
        }
        Ok(None) => true,
        Err(error) => {
            console.error(&format!("{file} could not be written: {error}"));
            false
        }
    }
}

/// Writes the baseline anew; nothing where there is nothing to change.
fn update(
    known: &Known,
    results: &Results,
    selection: Selection<'_>,
    fail_on: Grade,
    console: &Console,
) -> io::Result<Option<Expectations>> {
    let had = &known.expectations;
    let comparison = had.compare(results, selection);
    let changes = had.revise(results, selection, &comparison, fail_on);
    let file = &had.file;
    let new = known.source.bytes.is_empty();
    if changes.is_empty() && !new {
        console.note(&format!("{file}: there is nothing to change"));
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&known.source.bytes);
    let rewritten = had.baseline.rewrite(&text, &changes);
    if let Some(folder) = Path::new(file).parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, &rewritten.text)?;
    let count = |which: fn(&Change) -> bool| changes.iter().filter(|one| which(one)).count();
    let added = count(|change| matches!(change, Change::Add(_)));
    let altered = count(|change| matches!(change, Change::Expect(..)));
    let removed = count(|change| matches!(change, Change::Remove(_)));
    console.note(&format!("{file}: {added} added, {altered} changed, {removed} removed"));
    if added > 0 {
        console.note(
            "replace the reasons of new entries, which only say what was seen, by why it is so",
        );
    }
    if !rewritten.kept {
        console.warn(&format!("{file} was written anew, and comments in it are lost"));
    }
    let source = Source::new(file.clone(), rewritten.text);
    let baseline = Baseline::load(&source)
        .map_err(|_| io::Error::other("what was written can't be read back"))?;
    Ok(Some(Expectations { baseline, ..Expectations::clone(had) }))
}
