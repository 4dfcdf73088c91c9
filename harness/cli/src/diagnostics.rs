//! Diagnostics of scenario and profile files as people read them: the line, a caret, advice.

use std::io::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use smtpspec_scenario::{Diagnostic, Severity, Source};

use crate::console::Console;

/// Prints diagnostics on standard error, and a line that counts them.
pub(crate) fn print(diagnostics: &[Diagnostic], sources: &[Source], console: &Console) {
    let renderer = if console.colors_errors() { Renderer::styled() } else { Renderer::plain() };
    let mut errors = std::io::stderr().lock();
    for diagnostic in diagnostics {
        let source = sources
            .iter()
            .find(|source| *source.path == *diagnostic.mark.place.file)
            .map(|source| String::from_utf8_lossy(&source.bytes));
        let report = report(diagnostic, source.as_deref().unwrap_or_default());
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(errors, "{}\n", renderer.render(&report));
    }
}

/// How many of the diagnostics are errors and warnings, for a sentence.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    match (errors, warnings) {
        (_, 0) => plural(errors, "error"),
        (0, _) => plural(warnings, "warning"),
        _ => format!("{} and {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

fn report<'d>(diagnostic: &'d Diagnostic, source: &'d str) -> Vec<Group<'d>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mark = &diagnostic.mark;
    // A file that is not text has no line to show: the places in it are not those of its text.
    let title = level.clone().primary_title(diagnostic.message.as_str());
    let mut group = Group::with_title(title);
    if source.len() >= mark.range.end && source.is_char_boundary(mark.range.start) {
        let mut snippet = Snippet::source(source).path(&*mark.place.file).annotation(
            AnnotationKind::Primary.span(mark.range.clone()).label(mark.label.as_str()),
        );
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
