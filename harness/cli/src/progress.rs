//! A bar on standard error while a run goes on, where somebody is looking.

use indicatif::{ProgressBar, ProgressStyle};
use smtpspec_judge::{CaseResult, Verdict};

use crate::console::Console;

/// The bar, or nothing where nobody is looking.
pub(crate) struct Progress {
    bar: ProgressBar,
    failed: usize,
}

impl Progress {
    pub(crate) fn new(cases: usize, wanted: bool) -> Self {
        let bar = if wanted && Console::is_watched() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(cases as u64).with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Self { bar, failed: 0 }
    }

    pub(crate) fn finished(&mut self, case: &CaseResult) {
        self.bar.inc(1);
        if case.verdict == Verdict::Fail {
            self.failed += 1;
        }
        let failed = match self.failed {
            0 => String::new(),
            count => format!("{count} failed"),
        };
        self.bar.set_message(failed);
    }

    /// Prints a line above the bar, or plainly where there is none.
    pub(crate) fn note(&self, console: &Console, message: &str) {
        self.bar.suspend(|| console.note(message));
    }

    /// The same for what is worth more than a note.
    pub(crate) fn warn(&self, console: &Console, message: &str) {
        self.bar.suspend(|| console.warn(message));
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
