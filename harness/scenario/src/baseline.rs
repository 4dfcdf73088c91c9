//! Which failures of a target are known: a file that says what each of them comes to, and why that
//! is so. Whether it holds is for `smtpspec-judge`.

mod load;
mod rewrite;

use std::fmt;

use jiff::civil::Date;

use crate::diagnostic::Span;
use crate::glob;
use crate::scenario::Case;

pub use rewrite::{Change, Rewritten};

/// What is known of a target's failures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// The entries, as they stand in the file.
    pub entries: Vec<Entry>,
    /// Where the list of them stands; missing where there is no file yet.
    layout: Option<Layout>,
}

/// One known failure, or several that have one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub subject: Subject,
    /// What that comes to.
    pub expect: Expected,
    /// Whether it comes to that only sometimes; then a pass is expected too.
    pub intermittent: bool,
    /// Why it is so.
    pub reason: String,
    /// Where more of it stands: a report to the vendor.
    pub link: Option<String>,
    /// The last day on which it counts, in UTC.
    pub until: Option<Date>,
    /// The line where it begins, from 1.
    pub line: u32,
    layout: EntryLayout,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A case, a scenario with all its rows, or a glob over the ids of both.
    Scenario(String),
    /// A requirement that the model sees broken beside the scenarios, or a glob over their ids.
    Requirement(String),
}

/// The verdict that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// It passes: an exception from a glob.
    Pass,
    /// A requirement is broken.
    Fail,
    /// A recommendation is broken.
    Warn,
    /// It does not apply.
    Skip,
    /// Something stands in the way.
    Inconclusive,
    /// The harness or the network fails.
    Error,
}

/// Where the list stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    key: Span,
    /// Whether each entry begins on a line of its own, with a hyphen.
    block: bool,
}

/// Where an entry stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct EntryLayout {
    whole: Span,
    expect: Span,
}

impl Entry {
    /// A new entry, which stands in no file yet.
    pub fn new(subject: Subject, expect: Expected, reason: impl Into<String>) -> Self {
        Self {
            subject,
            expect,
            intermittent: false,
            reason: reason.into(),
            link: None,
            until: None,
            line: 0,
            layout: EntryLayout::default(),
        }
    }

    /// Whether it still counts on this day.
    pub fn counts_on(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    /// The same about something else.
    #[must_use]
    pub fn about(&self, subject: Subject, expect: Expected) -> Self {
        Self { subject, expect, layout: EntryLayout::default(), ..self.clone() }
    }
}

impl Subject {
    /// The id or the glob.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Scenario(text) | Self::Requirement(text) => text,
        }
    }

    /// Whether it is a glob.
    pub fn is_glob(&self) -> bool {
        glob::is_glob(self.as_str())
    }

    /// Whether it is about this case: by its id, its scenario's, or a former one of those.
    pub fn means_case(&self, case: &Case) -> bool {
        let Self::Scenario(text) = self else { return false };
        let scenario = &case.scenario;
        let names = scenario.aliases.iter().chain([&case.id, &scenario.id]);
        names.into_iter().any(|name| means(text, name))
    }

    /// Whether it is about just this case, and not about others too.
    pub fn is_case(&self, case: &Case) -> bool {
        matches!(self, Self::Scenario(text) if *text == case.id)
    }

    /// Whether it is about this requirement.
    pub fn means_requirement(&self, id: &str) -> bool {
        matches!(self, Self::Requirement(text) if means(text, id))
    }
}

fn means(text: &str, name: &str) -> bool {
    text == name || (glob::is_glob(text) && glob::matches(text, name))
}

impl Expected {
    /// Every one, as lists show them.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Warn, Self::Inconclusive, Self::Skip, Self::Error, Self::Pass];

    /// The words of the file, in the order of [`Expected::ALL`].
    pub const WORDS: [&'static str; 6] = ["fail", "warn", "inconclusive", "skip", "error", "pass"];

    /// The word of the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => Self::WORDS[0],
            Self::Warn => Self::WORDS[1],
            Self::Inconclusive => Self::WORDS[2],
            Self::Skip => Self::WORDS[3],
            Self::Error => Self::WORDS[4],
            Self::Pass => Self::WORDS[5],
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
