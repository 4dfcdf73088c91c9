//! A baseline's file with other entries in it. What stays keeps its words, its comments and its
//! place; only where the file is written in a way that can't be edited line by line is it written
//! anew.

use std::fmt::Write as _;

use super::{Baseline, Entry, Expected, Subject};
use crate::source::Source;

/// What begins a file that did not exist.
const HEAD: &str = "\
# What is known of this target: `smtpspec run --baseline` is red only where something differs.
# Each entry says why it is so; `link:`, `until: YYYY-MM-DD` and `intermittent: true` may be added.
";

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The entry with this index goes.
    Remove(usize),
    /// The entry with this index expects something else.
    Expect(usize, Expected),
    /// There is one more.
    Add(Entry),
}

/// A file that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// What stands in it now.
    pub text: String,
    /// Whether its comments could be kept.
    pub kept: bool,
}

impl Baseline {
    /// The file with these changes. `text` is what it was read from; empty for a new one.
    pub fn rewrite(&self, text: &str, changes: &[Change]) -> Rewritten {
        let wanted = self.changed(changes);
        let edited = self.edit(text, changes).filter(|edited| says(edited, &wanted));
        let kept = edited.is_some() || text.is_empty();
        Rewritten { text: edited.unwrap_or_else(|| anew(&wanted)), kept }
    }

    /// The entries after the changes.
    fn changed(&self, changes: &[Change]) -> Vec<Entry> {
        let mut entries: Vec<Option<Entry>> = self.entries.iter().cloned().map(Some).collect();
        for change in changes {
            match change {
                Change::Remove(index) => entries[*index] = None,
                Change::Expect(index, expect) => {
                    if let Some(entry) = &mut entries[*index] {
                        entry.expect = *expect;
                    }
                }
                Change::Add(entry) => entries.push(Some(entry.clone())),
            }
        }
        entries.into_iter().flatten().collect()
    }

    /// The text with the changes put in; nothing where it is not written a line for each entry.
    fn edit(&self, text: &str, changes: &[Change]) -> Option<String> {
        let layout = self.layout?;
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        let mut added = String::new();
        let column = match self.entries.first() {
            Some(first) if layout.block => column_of_hyphen(text, first.layout.whole.start)?,
            Some(_) => return None,
            None => 2,
        };
        for change in changes {
            match change {
                Change::Remove(index) => {
                    let (start, end) = self.lines_of(text, *index);
                    edits.push((start, end, String::new()));
                }
                Change::Expect(index, expect) => {
                    let span = self.entries[*index].layout.expect;
                    edits.push((span.start, span.end, expect.as_str().to_owned()));
                }
                Change::Add(entry) => write(&mut added, entry, column),
            }
        }
        let removed = |change: &&Change| matches!(change, Change::Remove(_));
        let left = self.entries.len() - changes.iter().filter(removed).count();
        match self.entries.len().checked_sub(1) {
            Some(last) => {
                let end = self.lines_of(text, last).1;
                let open = !text[..end].ends_with('\n');
                edits.push((end, end, if open { format!("\n{added}") } else { added.clone() }));
                if left == 0 && added.is_empty() {
                    let colon = text[layout.key.end..].find(':')? + layout.key.end + 1;
                    edits.push((colon, colon, " []".to_owned()));
                }
            }
            // `known: []`, or nothing behind the colon.
            None if added.is_empty() => return Some(text.to_owned()),
            None => {
                let colon = text[layout.key.end..].find(':')? + layout.key.end + 1;
                let brackets = text[colon..].trim_start().starts_with('[');
                let end = if brackets { text[colon..].find(']')? + colon + 1 } else { colon };
                let rest = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
                let comment = text[end..rest].trim_end();
                edits.push((colon, rest, format!("{comment}\n{added}")));
            }
        }
        edits.sort_by_key(|(start, end, _)| (*start, *end));
        let mut edited = String::new();
        let mut at = 0;
        for (start, end, new) in edits {
            edited.push_str(text.get(at..start)?);
            edited.push_str(&new);
            at = end;
        }
        edited.push_str(text.get(at..)?);
        Some(edited)
    }

    /// Where the lines of an entry begin and end, with the comments right above it.
    fn lines_of(&self, text: &str, index: usize) -> (usize, usize) {
        let end_of = |entry: &Entry| {
            let end = text[..entry.layout.whole.end].trim_end().len();
            text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
        };
        let entry = &self.entries[index];
        let floor = index.checked_sub(1).map_or(0, |before| end_of(&self.entries[before]));
        let mut start = start_of_line(text, entry.layout.whole.start);
        while start > floor {
            let above = start_of_line(text, start - 1);
            if above < floor || !text[above..start].trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        // What stands above the first entry may be about all of them, unless it is indented.
        if index == 0 && text[start..].starts_with('#') {
            start = start_of_line(text, entry.layout.whole.start);
        }
        (start, end_of(entry))
    }
}

fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The column of the hyphen before an entry, where nothing else stands before it on its line.
fn column_of_hyphen(text: &str, at: usize) -> Option<usize> {
    let before = &text[start_of_line(text, at)..at];
    let column = before.find('-')?;
    let only = before.chars().all(|character| matches!(character, ' ' | '-'));
    (only && before.matches('-').count() == 1).then_some(column)
}

/// Whether a text holds just these entries.
fn says(text: &str, wanted: &[Entry]) -> bool {
    let read = Baseline::load(&Source::new("baseline", text));
    let bare = |entry: &Entry| Entry {
        line: 0,
        layout: super::EntryLayout::default(),
        reason: on_one_line(&entry.reason),
        link: entry.link.as_deref().map(on_one_line),
        ..entry.clone()
    };
    read.is_ok_and(|read| read.entries.iter().map(bare).eq(wanted.iter().map(bare)))
}

/// The whole file.
fn anew(entries: &[Entry]) -> String {
    let mut text = HEAD.to_owned();
    if entries.is_empty() {
        text.push_str("known: []\n");
        return text;
    }
    text.push_str("known:\n");
    for entry in entries {
        write(&mut text, entry, 2);
    }
    text
}

/// Adds one entry, whose hyphen stands in the given column.
fn write(text: &mut String, entry: &Entry, column: usize) {
    let key = match &entry.subject {
        Subject::Scenario(_) => "scenario",
        Subject::Requirement(_) => "requirement",
    };
    let lead = " ".repeat(column);
    // Writing to a `String` can't fail.
    let _ = writeln!(text, "{lead}- {key}: {}", scalar(entry.subject.as_str()));
    let _ = writeln!(text, "{lead}  expect: {}", entry.expect);
    if entry.intermittent {
        let _ = writeln!(text, "{lead}  intermittent: true");
    }
    let _ = writeln!(text, "{lead}  reason: {}", quoted(&entry.reason));
    if let Some(link) = &entry.link {
        let _ = writeln!(text, "{lead}  link: {}", scalar(link));
    }
    if let Some(until) = entry.until {
        let _ = writeln!(text, "{lead}  until: {until}");
    }
}

/// A word as YAML takes it, bare where it surely means itself.
fn scalar(text: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || "/._-[]".contains(character);
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
    // A slash or a hyphen is in no number and in none of YAML's words for truth.
    if begins && text.contains(['/', '-']) && text.chars().all(bare) {
        return text.to_owned();
    }
    quoted(text)
}

/// A text between single quotes, on one line.
fn quoted(text: &str) -> String {
    format!("'{}'", on_one_line(text).replace('\'', "''"))
}

/// A text on one line, with escapes for what YAML's single quotes can't hold.
fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut shown = String::new();
    for character in words.join(" ").chars() {
        match character {
            ' '..='~' => shown.push(character),
            other if other.is_alphanumeric() => shown.push(other),
            other => shown.extend(other.escape_default()),
        }
    }
    shown
}

#[cfg(test)]
mod tests;
