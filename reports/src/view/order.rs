//! The order in which people expect sections: numbers by their value, so 4.1.1.10 after 4.1.1.9.

use std::cmp::Ordering;

/// Compares two texts part by part; runs of digits count as numbers, and come before words, so
/// that a document's sections stand before its appendices.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (part, rest) = split(left);
        let (other, other_rest) = split(right);
        let order = compare_parts(part, other);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (rest, other_rest);
    }
    // The shorter comes first; and texts that differ only in leading zeros still differ.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The run of digits, or of anything else, with which a text begins.
fn split(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|first: char| first.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    let is_number = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_stand_as_in_the_document() {
        let wanted = [
            "2.1", "3", "3.3", "4.1.1", "4.1.1.1", "4.1.1.9", "4.1.1.10", "4.1.2", "4.10", "F.2",
            "F.10",
        ];
        let mut sections = wanted;
        sections.reverse();
        sections.sort_by(|a, b| natural(a, b));
        assert_eq!(sections, wanted);
    }

    #[test]
    fn older_documents_come_first_and_long_numbers_do_no_harm() {
        assert_eq!(natural("rfc821", "rfc5321"), Ordering::Less);
        assert_eq!(natural("99999999999999999999998", "99999999999999999999999"), Ordering::Less);
        assert_eq!(natural("1", "01"), Ordering::Greater);
        assert_eq!(natural("4.1", "4.1"), Ordering::Equal);
    }
}
