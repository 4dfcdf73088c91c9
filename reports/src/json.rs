//! The results document itself, for programs: `schema/results.schema.json` describes it.
//!
//! Nothing is shortened here: octets are whole, as the text of the protocol's `escape`.

use std::fmt::Write as _;

use smtpspec_judge::Results;

use crate::view::steers;

/// The document, indented, with a line end at its end.
pub(crate) fn render(results: &Results) -> Vec<u8> {
    document(results)
}

/// Any document, likewise.
pub(crate) fn document(document: &impl serde::Serialize) -> Vec<u8> {
    let document = serde_json::to_string_pretty(document)
        .expect("invariant: the document holds nothing that JSON can't");
    let mut shown = String::with_capacity(document.len() + 1);
    for c in document.chars() {
        // JSON must escape only controls below U+0020. The others, and what turns the direction
        // of writing, can stand in strings alone, so escaping them changes no meaning.
        if steers(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a `String` can't fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown.push('\n');
    shown.into_bytes()
}

#[cfg(test)]
pub(crate) mod check;
#[cfg(test)]
mod tests;
