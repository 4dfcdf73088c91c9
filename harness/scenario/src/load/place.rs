//! Whether the specification and the section of a file fit its path.

use crate::diagnostic::{Reader, Span};
use crate::yaml::Node;

use super::scalar::is_slug;

/// The value of `section:`: numbers, the letter of an appendix first, or a word where the
/// specification has no sections.
pub(super) fn section<'n>(reader: Reader<'_>, node: &'n Node, spec: &str) -> Option<&'n str> {
    let text = reader.text(node, "section")?;
    if is_numbered(text) || (!is_rfc(spec) && is_slug(text)) {
        return Some(text);
    }
    let help = if is_rfc(spec) { "write `4.1.1.3`, or `D.1`" } else { "write a number or a slug" };
    reader.error(node.span, format!("`{text}` is not a section")).help(help).fail()
}

/// A file `rfc5321/4.1.1.3-rcpt.yaml` holds what its path says.
pub(super) fn check(reader: Reader<'_>, spec: (&str, Span), section: (&str, Span)) {
    let mut parts = reader.file.path.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or_default();
    let folder = parts.next().unwrap_or_default();
    if is_rfc(folder) && folder != spec.0 {
        reader
            .error(
                spec.1,
                format!("this file is in the folder `{folder}`, but is about `{}`", spec.0),
            )
            .help("correct one of the two")
            .report();
    }
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let number = stem.split('-').next().unwrap_or_default();
    if is_rfc(spec.0) && is_numbered(number) && number != section.0 {
        reader
            .error(
                section.1,
                format!("the file's name says section {number}, but this is `{}`", section.0),
            )
            .help("correct one of the two")
            .report();
    }
}

fn is_rfc(word: &str) -> bool {
    word.strip_prefix("rfc").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit())
    })
}

/// `4.1.1.3` or `D.1`.
fn is_numbered(text: &str) -> bool {
    let mut parts = text.split('.');
    let first = parts.next().unwrap_or_default();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    let letter = first.len() == 1 && first.bytes().all(|octet| octet.is_ascii_uppercase());
    (letter || number(first)) && parts.all(number)
}
