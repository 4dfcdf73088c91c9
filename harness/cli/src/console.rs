//! Standard output for results, standard error for everything else, and when to use colour.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::args::When;
use crate::exit::Exit;

/// Where the program writes.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    choice: ColorChoice,
}

impl Console {
    pub(crate) fn new(when: When) -> Self {
        let choice = match when {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::AlwaysAnsi,
            When::Never => ColorChoice::Never,
        };
        Self { choice }
    }

    /// Whether standard output takes colour.
    pub(crate) fn colors_output(&self) -> bool {
        self.colors(&io::stdout())
    }

    /// Whether standard error takes colour.
    pub(crate) fn colors_errors(&self) -> bool {
        self.colors(&io::stderr())
    }

    fn colors<S: anstream::stream::RawStream>(&self, stream: &S) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(stream) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    /// Whether somebody is looking at standard error, so that a progress bar is of use.
    pub(crate) fn is_watched() -> bool {
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Writes results. A reader that has gone away (`| head`) is no error.
    pub(crate) fn print(bytes: &[u8]) -> io::Result<()> {
        let mut output = io::stdout().lock();
        match output.write_all(bytes).and_then(|()| output.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes results, and makes a failure to do so the exit code.
    pub(crate) fn finish(&self, bytes: &[u8], exit: Exit) -> Exit {
        match Self::print(bytes) {
            Ok(()) => exit,
            Err(error) => {
                self.error(&format!("standard output could not be written: {error}"));
                Exit::Failed
            }
        }
    }

    /// Says what went wrong, and what to do.
    pub(crate) fn error(&self, message: &str) {
        self.say("error", anstyle::AnsiColor::Red, message);
    }

    /// Says what is worth knowing.
    pub(crate) fn warn(&self, message: &str) {
        self.say("warning", anstyle::AnsiColor::Yellow, message);
    }

    /// Says something in passing.
    pub(crate) fn note(&self, message: &str) {
        self.say("note", anstyle::AnsiColor::Cyan, message);
    }

    fn say(&self, word: &str, color: anstyle::AnsiColor, message: &str) {
        let style = if self.colors_errors() {
            anstyle::Style::new().bold().fg_color(Some(color.into()))
        } else {
            anstyle::Style::new()
        };
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(io::stderr(), "{style}{word}{style:#}: {message}");
    }
}
