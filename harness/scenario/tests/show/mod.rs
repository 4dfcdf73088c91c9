//! Diagnostics as text: the line, a caret below it, and what is said.

use std::fmt::Write as _;

use smtpspec_scenario::{Diagnostic, Mark, Source};

pub(crate) fn show(sources: &[Source], diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        writeln!(text, "{diagnostic}").unwrap();
        point(&mut text, sources, &diagnostic.mark);
        for other in &diagnostic.others {
            writeln!(text, "  also {}:{}", other.place.file, other.place.line).unwrap();
            point(&mut text, sources, other);
        }
        for (name, said) in [("help", &diagnostic.help), ("note", &diagnostic.note)] {
            if let Some(said) = said {
                writeln!(text, "  = {name}: {said}").unwrap();
            }
        }
    }
    text
}

fn point(text: &mut String, sources: &[Source], mark: &Mark) {
    let source = sources.iter().find(|source| *source.path == *mark.place.file).unwrap();
    let content = String::from_utf8_lossy(&source.bytes);
    let line = content.lines().nth(mark.place.line as usize - 1).unwrap_or_default();
    let length = String::from_utf8_lossy(&source.bytes[mark.range.clone()]).chars().count();
    let carets = "^".repeat(length.max(1));
    let indent = " ".repeat(mark.place.column as usize - 1);
    writeln!(text, "  | {}", line.replace(['\t', '\0'], "→")).unwrap();
    writeln!(text, "  | {indent}{carets} {}", mark.label).unwrap();
}
