//! The reports that were asked for: which formats, and where they go.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use smtpspec_judge::Results;
use smtpspec_report::{Format, Options, Verbosity, render};

use crate::console::Console;

/// Where GitHub wants what its page of a run is to show.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// Standard output where it is missing.
    pub(crate) path: Option<PathBuf>,
}

impl Output {
    /// What becomes of a report there: colour only where somebody looks.
    pub(crate) fn options(&self, console: &Console) -> Options {
        let color = self.path.is_none() && console.colors_output();
        Options { color, ..Options::default() }
    }
}

impl Output {
    /// The file that it goes into.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.path.clone()
    }
}

/// Reads `FORMAT[=PATH]` words; `-` is standard output. Without any it is the terminal's report.
pub(crate) fn parse(words: &[String]) -> Result<Vec<Output>, String> {
    let mut outputs: Vec<Output> = Vec::new();
    for word in words {
        let (format, path) = match word.split_once('=') {
            // As it is for input, a hyphen is no file.
            Some((format, "-")) => (format, None),
            Some((format, path)) if !path.is_empty() => (format, Some(PathBuf::from(path))),
            Some((format, _)) => {
                return Err(format!("`{word}`: there is no path behind `{format}=`"));
            }
            None => (word.as_str(), None),
        };
        let format = format.parse().map_err(|unknown| format!("{unknown}"))?;
        let output = Output { format, path };
        if outputs.iter().any(|other| other.path == output.path) {
            let place =
                output.path.map_or("standard output".to_owned(), |path| path.display().to_string());
            return Err(format!("two reports can't both go to {place}"));
        }
        outputs.push(output);
    }
    if outputs.is_empty() {
        outputs.push(Output { format: Format::Terminal, path: None });
    }
    Ok(outputs)
}

/// Writes every report, also after one that can't be written. Tells whether all were.
pub(crate) fn write(
    outputs: &[Output],
    results: &Results,
    verbosity: Verbosity,
    console: &Console,
) -> bool {
    let mut written = true;
    for output in outputs {
        let options = Options { verbosity, ..output.options(console) };
        written &= put(output, &render(output.format, results, &options), console);
    }
    written
}

/// Says in a line what a run came to whose reports all went into files.
pub(crate) fn sum_up(outputs: &[Output], results: &Results, console: &Console) {
    if outputs.iter().any(|output| output.path.is_none()) {
        return;
    }
    let options = Options { color: false, ..Options::default() };
    let page = render(Format::Terminal, results, &options);
    if let Some(last) = String::from_utf8_lossy(&page).lines().last() {
        console.note(last);
    }
}

/// Whether any report can be written, as far as that can be known before there is one: a run may
/// take long. Where none can, says why.
pub(crate) fn have_room(outputs: &[Output], console: &Console) -> bool {
    let tried = outputs.iter().map(|output| {
        let path = output.path.as_ref()?;
        try_out(path).err().map(|error| (output.format, path, error))
    });
    let failed: Vec<_> = tried.collect();
    if failed.is_empty() || failed.iter().any(Option::is_none) {
        return true;
    }
    for (format, path, error) in failed.into_iter().flatten() {
        let place = path.display();
        console.error(&format!("{place}: the {format} report could not be written there: {error}"));
    }
    false
}

/// Opens a file as its report will be written, and leaves things as they were. What is neither a
/// file nor a folder, as a pipe, is left alone: opening it may mean something to somebody.
fn try_out(path: &Path) -> std::io::Result<()> {
    let found = fs::metadata(path);
    if found.as_ref().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().append(true).create(true).open(path)?;
    if found.is_err() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Writes one report. Tells whether it was.
pub(crate) fn put(output: &Output, report: &[u8], console: &Console) -> bool {
    let (result, place) = match &output.path {
        Some(path) => (create(path, report), path.display().to_string()),
        None => (Console::print(report), "standard output".to_owned()),
    };
    if let Err(error) = &result {
        console
            .error(&format!("{place}: the {} report could not be written: {error}", output.format));
    }
    result.is_ok()
}

fn create(path: &Path, report: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // In the summary of a step, GitHub's, others may have written before.
    if std::env::var_os(STEP_SUMMARY).is_some_and(|summary| Path::new(&summary) == path) {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        return file.write_all(report);
    }
    fs::write(path, report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<Vec<Output>, String> {
        parse(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn without_a_word_it_is_the_terminals_report() {
        assert_eq!(words(&[]), Ok(vec![Output { format: Format::Terminal, path: None }]));
    }

    #[test]
    fn several_reports_go_to_several_places() {
        let outputs = words(&["terminal", "json=a.json", "junit=b.xml"]).unwrap();
        assert_eq!(outputs.len(), 3);
        assert_eq!(outputs[1].path.as_deref(), Some(Path::new("a.json")));
        assert_eq!(words(&["terminal=-"]), words(&["terminal"]));
        assert!(words(&["json=-", "terminal"]).unwrap_err().contains("standard output"));
    }

    #[test]
    fn what_cannot_be_is_said() {
        assert!(words(&["jnuit"]).unwrap_err().contains("junit"));
        assert!(words(&["json="]).unwrap_err().contains("no path"));
        assert!(words(&["json=a", "junit=a"]).unwrap_err().contains("both go to a"));
        assert!(words(&["json", "terminal"]).unwrap_err().contains("standard output"));
    }
}
