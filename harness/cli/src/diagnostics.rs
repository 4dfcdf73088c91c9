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

/// Prints diagnostics of a profile. One that may hold a password or a token is not shown: only where
/// it is wrong, and how.
pub(crate) fn print_of_profile(diagnostics: &[Diagnostic], source: &Source, console: &Console) {
    if !speaks_of_secrets(&source.bytes) {
        return print(diagnostics, std::slice::from_ref(source), console);
    }
    let bare: Vec<_> = diagnostics.iter().map(|one| without_content(one, &source.bytes)).collect();
    print(&bare, &[], console);
}

/// Whether a profile says how to log in, however it is misspelt.
fn speaks_of_secrets(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    [&b"auth"[..], b"pass", b"token", b"secret"]
        .iter()
        .any(|word| lower.windows(word.len()).any(|part| part == *word))
}

/// The same with its place in words, and nothing of what the file says but keys.
fn without_content(diagnostic: &Diagnostic, bytes: &[u8]) -> Diagnostic {
    let Range { start, end } = diagnostic.mark.range;
    let covered = bytes.get(start..end).map(String::from_utf8_lossy).unwrap_or_default();
    let is_key = bytes.get(end..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
    let word = covered.trim_matches(['\'', '"']);
    let message = if word.is_empty() || is_key {
        diagnostic.message.clone()
    } else {
        diagnostic.message.replace(word, "[hidden]")
    };
    let place = &diagnostic.mark.place;
    let message = format!("{}:{}:{}: {message}", place.file, place.line, place.column);
    Diagnostic { message, ..diagnostic.clone() }
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
