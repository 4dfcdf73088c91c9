//! Diagnostics of scenario and profile files as people read them: the line, a caret, advice.

use std::borrow::Cow;
use std::io::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use smtpspec_scenario::{Diagnostic, Severity, Source};

use crate::console::Console;

/// Prints diagnostics on standard error, and a line that counts them.
pub(crate) fn print(diagnostics: &[Diagnostic], sources: &[Source], console: &Console) {
    let renderer = if console.colors_errors() { Renderer::styled() } else { Renderer::plain() };
    let mut errors = std::io::stderr().lock();
    for diagnostic in diagnostics {
        let source = sources.iter().find(|source| *source.path == *diagnostic.mark.place.file);
        let bytes = source.map_or(&[][..], |source| &source.bytes);
        let shown = Shown::of(bytes, diagnostic.mark.range.clone());
        let report = report(diagnostic, &shown);
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(errors, "{}\n", renderer.render(&report));
    }
}

/// How many of the diagnostics are errors and warnings, for a sentence.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    match (errors, warnings) {
        (_, 0) => plural(errors, "error"),
        (0, _) => plural(warnings, "warning"),
        _ => format!("{} and {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// A file as it can be shown. Octets that are no text become marks that are longer than they, so
/// a range of octets moves.
struct Shown<'s> {
    text: Cow<'s, str>,
    range: Range<usize>,
}

impl<'s> Shown<'s> {
    fn of(bytes: &'s [u8], range: Range<usize>) -> Self {
        let length =
            |end: usize| bytes.get(..end).map_or(0, |before| String::from_utf8_lossy(before).len());
        let range = length(range.start)..length(range.end);
        Self { text: String::from_utf8_lossy(bytes), range }
    }

    /// Whether the range can be pointed at: a file that is not at hand has nothing to show.
    fn is_whole(&self) -> bool {
        self.text.get(self.range.clone()).is_some() && !self.text.is_empty()
    }
}

/// A number of things, in English.
pub(crate) fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

fn report<'d>(diagnostic: &'d Diagnostic, shown: &'d Shown<'_>) -> Vec<Group<'d>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mark = &diagnostic.mark;
    let title = level.clone().primary_title(diagnostic.message.as_str());
    let mut group = Group::with_title(title);
    if shown.is_whole() {
        let annotation = AnnotationKind::Primary.span(shown.range.clone());
        let mut snippet = Snippet::source(&*shown.text)
            .path(&*mark.place.file)
            .annotation(annotation.label(mark.label.as_str()));
        for other in diagnostic.others.iter().filter(|other| other.place.file == mark.place.file) {
            let annotation = AnnotationKind::Context.span(other.range.clone());
            snippet = snippet.annotation(annotation.label(other.label.as_str()));
        }
        group = group.element(snippet);
    }
    for other in diagnostic.others.iter().filter(|other| other.place.file != mark.place.file) {
        let place = &other.place;
        let text = format!("{}: {}:{}", other.label, place.file, place.line);
        group = group.element(Level::NOTE.message(text));
    }
    if let Some(note) = &diagnostic.note {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    vec![group]
}
