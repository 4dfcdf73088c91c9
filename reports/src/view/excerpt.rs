//! Octets as one line that people can read: escaped, shortened where they are too many, with a
//! caret below the one that matters.

use std::fmt::{self, Write as _};

use smtpspec_protocol::escape::escape;

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// What it says; printable.
    pub(crate) text: String,
    /// The column of the octet to point at.
    pub(crate) caret: Option<usize>,
}

/// How much of a stranger's octets is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How many columns of a line.
    pub(crate) columns: usize,
    /// How many lines.
    pub(crate) lines: usize,
}

/// However narrow a line is, the octet at the caret and something before it are shown.
const LEAST: usize = 16;
/// How many columns a count of left out octets takes at most, with its dots.
const COUNT: usize = 20;

impl Row {
    /// A line that points at nothing.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), caret: None }
    }
}

/// How many columns octets take. Each octet is escaped by itself, so widths add up.
fn width(octets: &[u8]) -> usize {
    struct Columns(usize);
    impl fmt::Write for Columns {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut columns = Columns(0);
    // Counting can't fail.
    let _ = write!(columns, "{}", escape(octets));
    columns.0
}

/// One line of octets. Of a long one the beginning is shown, or the surroundings of the octet at
/// `at`, with a count of what was left out on either side.
pub(crate) fn row(octets: &[u8], at: Option<usize>, columns: usize) -> Row {
    let columns = columns.max(LEAST);
    let at = at.filter(|at| *at < octets.len());
    if octets.len() <= columns && width(octets) <= columns {
        let caret = at.map(|at| width(&octets[..at]));
        return Row { text: escape(octets).to_string(), caret };
    }
    // The counts need room too, so that the caret stays below its octet in a narrow terminal.
    let one_side = columns.saturating_sub(COUNT).max(LEAST);
    let both_sides = columns.saturating_sub(2 * COUNT).max(LEAST);
    // Enough of what stands before the octet in question, then as much as has room.
    let start = at.map_or(0, |at| at - fitting(octets[..at].iter().rev(), both_sides * 2 / 3));
    let columns = if start == 0 { one_side } else { both_sides };
    let end = start + fitting(octets[start..].iter(), columns).max(1);
    let before = left_out(start).map(|note| format!("{note}...")).unwrap_or_default();
    let after = left_out(octets.len() - end).map(|note| format!("...{note}")).unwrap_or_default();
    let caret = at.map(|at| before.len() + width(&octets[start..at]));
    Row { text: format!("{before}{}{after}", escape(&octets[start..end])), caret }
}

/// How many of the octets fit into so many columns.
fn fitting<'a>(octets: impl Iterator<Item = &'a u8>, columns: usize) -> usize {
    let mut used = 0;
    octets
        .take_while(|octet| {
            used += width(std::slice::from_ref(*octet));
            used <= columns
        })
        .count()
}

/// The count that stands for octets that are not shown.
fn left_out(octets: usize) -> Option<String> {
    match octets {
        0 => None,
        1 => Some("[1 octet]".to_owned()),
        _ => Some(format!("[{octets} octets]")),
    }
}

/// Several lines of octets, each with its end shown. Where they are too many, the first stay, and
/// the one with the octet at `at`.
pub(crate) fn rows(octets: &[u8], at: Option<usize>, bounds: Bounds) -> Vec<Row> {
    let mut shown = Vec::new();
    let mut hidden = 0;
    let mut start = 0;
    for (index, line) in octets.split_inclusive(|&octet| octet == b'\n').enumerate() {
        let within = at.filter(|at| (start..start + line.len()).contains(at));
        if index < bounds.lines || within.is_some() {
            shown.extend(skipped(&mut hidden));
            shown.push(row(line, within.map(|at| at - start), bounds.columns));
        } else {
            hidden += 1;
        }
        start += line.len();
    }
    shown.extend(skipped(&mut hidden));
    shown
}

/// A note in place of the lines that were left out, if there were any; the count begins anew.
pub(crate) fn skipped(hidden: &mut usize) -> Option<Row> {
    match std::mem::take(hidden) {
        0 => None,
        1 => Some(Row::plain("...[1 line]")),
        lines => Some(Row::plain(format!("...[{lines} lines]"))),
    }
}

/// A text of at most so many characters, with a count of those left out.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((cut, _)) => {
            let left = text[cut..].chars().count();
            let unit = if left == 1 { "character" } else { "characters" };
            format!("{}...[{left} {unit}]", &text[..cut])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointed_at(row: &Row) -> &str {
        &row.text[row.caret.expect("a caret")..]
    }

    #[test]
    fn short_octets_are_shown_whole_with_their_caret() {
        let row = row(b"250 \x1b[31mok\r\n", Some(4), 80);
        assert_eq!(row.text, r"250 \x1b[31mok\r\n");
        assert!(pointed_at(&row).starts_with(r"\x1b"));
    }

    #[test]
    fn a_long_line_is_cut_with_a_count() {
        let row = row(&[b'a'; 1000], None, 40);
        assert_eq!(row.text, "aaaaaaaaaaaaaaaaaaaa...[980 octets]");
    }

    #[test]
    fn the_surroundings_of_the_octet_in_question_stay() {
        let mut octets = vec![b'a'; 1000];
        octets[900] = 0;
        for columns in [1, 2, 3, 10, 40, 60, 100, 2000] {
            let row = row(&octets, Some(900), columns);
            assert!(pointed_at(&row).starts_with("\\0"), "{columns}: {row:?}");
            assert!(columns < 60 || row.text.len() <= columns, "{columns}: {row:?}");
        }
    }

    #[test]
    fn a_caret_outside_of_the_octets_is_none() {
        assert_eq!(row(b"abc", Some(3), 80).caret, None);
        assert_eq!(row(b"", Some(0), 80), Row::plain(""));
    }

    #[test]
    fn of_many_lines_the_first_stay_and_the_one_in_question() {
        let octets = b"a\r\nb\r\nc\r\nd\r\ne\r\n";
        let rows = rows(octets, Some(9), Bounds { columns: 80, lines: 2 });
        let text: Vec<_> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(text, [r"a\r\n", r"b\r\n", "...[1 line]", r"d\r\n", "...[1 line]"]);
        assert_eq!(rows[3].caret, Some(0));
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äöü...[1 character]");
    }
}
