//! Where an attack stands, in a line.

use indicatif::{ProgressBar, ProgressStyle};
use smtpspec_runner::FuzzEvent;
use smtpspec_runner::fuzz::Progress;

use crate::console::Console;

/// A line on standard error while the attack goes on, where somebody is looking.
pub(super) struct Status {
    bar: ProgressBar,
}

impl Status {
    pub(super) fn new(wanted: bool) -> Self {
        let bar = if wanted && Console::is_watched() {
            let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Self { bar }
    }

    pub(super) fn follow(&self, event: &FuzzEvent<'_>, console: &Console) {
        match event {
            FuzzEvent::Progress(progress) => {
                self.bar.tick();
                self.bar.set_message(in_words(progress));
            }
            FuzzEvent::Suspected(what) => {
                self.bar.suspend(|| console.note(&format!("seen {what}")));
            }
            FuzzEvent::Found(found) => {
                let moves = found.session.moves.len();
                let what = format!("{} ({moves} moves show it)", found.finding.what);
                self.bar.suspend(|| console.note(&format!("found {what}")));
            }
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

pub(super) fn in_words(progress: &Progress) -> String {
    let rate = u128::from(progress.sessions) * 1000 / progress.elapsed.as_millis().max(1);
    format!(
        "{} sessions, {rate} a second, {} states, {} transitions, {} kinds of exchanges, {} \
         findings",
        progress.sessions,
        progress.states,
        progress.transitions,
        progress.exchanges,
        progress.findings,
    )
}
