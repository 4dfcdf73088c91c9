//! What is wrong with a file, said to the person who wrote it: plain data. How it looks on a
//! terminal or in an editor is the business of whoever prints it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::scenario::Place;
use crate::source::File;

/// How many diagnostics of one file are kept; what follows in it is not looked at.
pub const DIAGNOSTIC_LIMIT: usize = 100;

/// One thing that is wrong, or that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub mark: Mark,
    /// Other places that belong to it, such as the first of two equal keys.
    pub others: Vec<Mark>,
    /// What to write instead.
    pub help: Option<String>,
    /// Why it is so.
    pub note: Option<String>,
}

/// Whether a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file works, but probably does not do what was meant.
    Warning,
    /// The file is refused.
    Error,
}

/// A place in a file, and what to say beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// File, line and column.
    pub place: Place,
    /// The octets that it covers; never more than the rest of the line.
    pub range: Range<usize>,
    /// What stands beside the caret; empty where the message says it all.
    pub label: String,
}

/// A range of octets in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Diagnostic {
    /// Something for which the file is refused.
    pub fn error(mark: Mark, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: on_one_line(message.into()),
            mark,
            others: Vec::new(),
            help: None,
            note: None,
        }
    }

    /// Something that is probably not meant.
    pub fn warning(mark: Mark, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(mark, message) }
    }

    /// The same with words beside the caret.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.mark.label = on_one_line(label.into());
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(on_one_line(help.into()));
        self
    }

    /// The same with a reason.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(on_one_line(note.into()));
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn with_other(mut self, mut mark: Mark, label: impl Into<String>) -> Self {
        mark.label = on_one_line(label.into());
        self.others.push(mark);
        self
    }
}

/// A text in which what the file says can break no line and steer no terminal.
fn on_one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars()
        .flat_map(|letter| {
            let escaped = letter.is_control().then(|| letter.escape_default());
            escaped.into_iter().flatten().chain((!letter.is_control()).then_some(letter))
        })
        .collect()
}

impl Severity {
    /// The word before the message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Mark {
    /// A mark at some octets of a file that may not be text.
    pub(crate) fn in_octets(path: &Arc<str>, octets: &[u8], at: usize, length: usize) -> Self {
        let before = &octets[..at];
        let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        let line = before.split(|octet| *octet == b'\n').count();
        let column = String::from_utf8_lossy(&before[start..]).chars().count();
        Self {
            place: Place { file: Arc::clone(path), line: line as u32, column: column as u32 + 1 },
            range: at..at + length,
            label: String::new(),
        }
    }
}

impl Span {
    /// The span of one octet, and of what follows it up to `length`.
    pub(crate) fn at(start: usize, length: usize) -> Self {
        Self { start, end: start + length }
    }
}

/// `file:line:column: error: message`, the form that editors and compilers share.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column } = &self.mark.place;
        write!(f, "{file}:{line}:{column}: {}: {}", self.severity.as_str(), self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// What was found so far, of all files.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Diagnostic>,
    /// How many were kept of each file.
    kept: BTreeMap<Arc<str>, usize>,
    said: BTreeSet<(Arc<str>, u32, u32, String)>,
    refused: bool,
}

impl Problems {
    /// Adds one, unless the file has had its share or the same was said before.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        self.refused |= diagnostic.severity == Severity::Error;
        let Place { file, line, column } = &diagnostic.mark.place;
        if self.is_full(file) {
            return;
        }
        let said = (Arc::clone(file), *line, *column, diagnostic.message.clone());
        let kept = self.kept.entry(Arc::clone(file)).or_default();
        if self.said.insert(said) {
            *kept += 1;
            if *kept == DIAGNOSTIC_LIMIT {
                let last = format!("the rest of this file is left out after {kept} diagnostics");
                diagnostic.note = Some(match diagnostic.note {
                    Some(note) => format!("{note}; {last}"),
                    None => last,
                });
            }
            self.list.push(diagnostic);
        }
    }

    /// Whether the file has had its share: then it need not be looked at any further.
    pub(crate) fn is_full(&self, file: &str) -> bool {
        self.kept.get(file).is_some_and(|kept| *kept >= DIAGNOSTIC_LIMIT)
    }

    /// Whether an error is among them.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Everything found, in the order of the files and of the places in them.
    pub(crate) fn into_sorted(mut self, order: &BTreeMap<Arc<str>, usize>) -> Vec<Diagnostic> {
        self.list.sort_by_key(|found| {
            let place = &found.mark.place;
            (order.get(&place.file).copied(), place.line, place.column)
        });
        self.list
    }
}

/// One file and the list to which its problems go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'f> {
    pub(crate) file: &'f File<'f>,
    pub(crate) problems: &'f RefCell<Problems>,
}

/// A diagnostic in the making; it counts once it is reported.
#[must_use]
pub(crate) struct Draft<'f> {
    diagnostic: Diagnostic,
    reader: Reader<'f>,
}

impl<'f> Reader<'f> {
    /// Something for which the file is refused.
    pub(crate) fn error(self, span: Span, message: impl Into<String>) -> Draft<'f> {
        Draft { diagnostic: Diagnostic::error(self.file.mark(span), message), reader: self }
    }

    /// Whether enough was said about the file.
    pub(crate) fn is_full(self) -> bool {
        self.problems.borrow().is_full(&self.file.path)
    }

    /// Something that is probably not meant.
    pub(crate) fn warning(self, span: Span, message: impl Into<String>) -> Draft<'f> {
        Draft { diagnostic: Diagnostic::warning(self.file.mark(span), message), reader: self }
    }
}

impl Draft<'_> {
    /// Words beside the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.with_label(label);
        self
    }

    /// Advice.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.with_help(help);
        self
    }

    /// Advice, where there is some.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.diagnostic.help = help.or(self.diagnostic.help);
        self
    }

    /// A reason.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.with_note(note);
        self
    }

    /// Another place.
    pub(crate) fn other(mut self, mark: Mark, label: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.with_other(mark, label);
        self
    }

    /// Puts it on the list.
    pub(crate) fn report(self) {
        self.reader.problems.borrow_mut().push(self.diagnostic);
    }

    /// Puts it on the list; there is no value.
    pub(crate) fn fail<T>(self) -> Option<T> {
        self.report();
        None
    }
}
