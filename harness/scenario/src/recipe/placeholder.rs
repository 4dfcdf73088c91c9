//! Placeholders in the words and the files of a recipe: `{dir}`, `{port}`.

use std::collections::BTreeMap;
use std::ops::Range;

/// The placeholders that each recipe has, whatever it is of.
pub(super) const BUILT_IN: [&str; 12] = [
    "dir",
    "install",
    "libraries",
    "maildir",
    "name",
    "next-hop",
    "port",
    "python",
    "recipe",
    "root",
    "submission",
    "submissions",
];

/// The one that only Debian's packages have beside `{root}` and `{libraries}`.
pub(super) const TRIPLET: &str = "triplet";

/// A text with the known placeholders replaced; braces around anything else stay.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for (range, name) in placeholders(text) {
        if let Some(value) = values.get(name) {
            filled.push_str(&text[done..range.start]);
            filled.push_str(value);
            done = range.end;
        }
    }
    filled.push_str(&text[done..]);
    filled
}

/// The variable in which a command finds the value of a placeholder: `LAB_NEXT_HOP`.
pub fn variable(name: &str) -> String {
    format!("LAB_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// Everything that looks like a placeholder: a name between braces.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.match_indices('{').filter_map(|(start, _)| {
        let rest = &text[start + 1..];
        let length = rest.find(|letter| !is_of_name(letter))?;
        let closed = rest[length..].starts_with('}');
        // A shell and many configurations write variables so.
        let variable = text[..start].ends_with('$');
        (length > 0 && closed && !variable).then(|| (start..start + length + 2, &rest[..length]))
    })
}

/// Whether this is a letter of a placeholder's name.
fn is_of_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_stays() {
        let values = [("port", "2525"), ("next-hop", "2526")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (text, filled) in [
            ("127.0.0.1:{port}", "127.0.0.1:2525"),
            ("{port}{next-hop}", "25252526"),
            ("eq{$received_port}{{port}}", "eq{$received_port}{2525}"),
            ("${port} {Port} {} { {bob} {", "${port} {Port} {} { {bob} {"),
        ] {
            assert_eq!(fill(text, &values), filled);
        }
    }

    #[test]
    fn a_variable_has_the_name_of_its_placeholder() {
        assert_eq!(variable("next-hop"), "LAB_NEXT_HOP");
    }
}
