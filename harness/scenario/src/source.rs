//! Sources: the octets of a file, held against the limits, and the way from an offset to a place
//! that people can find. Nothing here knows YAML.

use std::io::{self, Read};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Mark, Span};
use crate::scenario::Place;

/// The largest file that is read, in octets.
pub const FILE_LIMIT: usize = 1 << 20;

/// A file as it was found: its path, for diagnostics, and its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path, as people are to see it.
    pub path: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A source from octets that are at hand.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }

    /// A source from a reader, of which no more is taken than shows that it is too long.
    pub fn read(path: impl Into<String>, reader: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        reader.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Self { path: path.into(), bytes })
    }
}

/// A source that is text, with the places where its lines begin.
#[derive(Debug)]
pub(crate) struct File<'s> {
    pub(crate) path: Arc<str>,
    pub(crate) text: &'s str,
    lines: Vec<usize>,
    /// How many characters stand before each block of octets: a file may be one long line.
    blocks: Vec<usize>,
}

/// The size of such a block.
const BLOCK: usize = 256;

impl<'s> File<'s> {
    /// Reads a source as text that YAML can hold.
    pub(crate) fn open(source: &'s Source) -> Result<Self, Box<Diagnostic>> {
        let path: Arc<str> = source.path.as_str().into();
        let bytes = source.bytes.as_slice();
        let refuse = |at, length, message: String, help: String| {
            let mark = Mark::in_octets(&path, bytes, at, length);
            Err(Box::new(Diagnostic::error(mark, message).with_help(help)))
        };
        if bytes.len() > FILE_LIMIT {
            let message = "this file is too long to be a scenario file".to_owned();
            return refuse(0, 0, message, format!("divide it: the limit is {FILE_LIMIT} octets"));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let message = format!("the octet 0x{:02x} is not UTF-8", bytes[at]);
                let help = r"to send such octets, write them as escapes: `{bytes: '\xff'}`";
                return refuse(at, 1, message, help.to_owned());
            }
        };
        if let Some((at, found)) = unprintable(text) {
            let message = format!("the character U+{:04X} can't stand in YAML", u32::from(found));
            let help = r"to send it, write it as an escape: `{bytes: '\x00'}`";
            return refuse(at, found.len_utf8(), message, help.to_owned());
        }
        let newlines = text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n');
        let lines = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        let mut characters = 0;
        let mut blocks = vec![0];
        for block in bytes.chunks(BLOCK) {
            characters += count_characters(block);
            blocks.push(characters);
        }
        Ok(Self { path, text, lines, blocks })
    }

    /// The index of the line that holds the offset.
    fn line_index(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at) - 1
    }

    /// The line that holds the offset, without its end, and the offset where it begins.
    pub(crate) fn line(&self, at: usize) -> (usize, &'s str) {
        let index = self.line_index(at);
        let start = self.lines[index];
        let end = self.lines.get(index + 1).copied().unwrap_or(self.text.len());
        (start, self.text[start..end].trim_end_matches(['\r', '\n']))
    }

    /// What stands between the offset and the end of its line.
    pub(crate) fn rest_of_line(&self, at: usize) -> &'s str {
        let (start, line) = self.line(at);
        line.get(at - start..).unwrap_or_default()
    }

    /// The place of an offset, as people count.
    pub(crate) fn place(&self, at: usize) -> Place {
        let index = self.line_index(at);
        let mut column = self.characters_before(at) - self.characters_before(self.lines[index]);
        if index == 0 && at > 0 && self.text.starts_with(BYTE_ORDER_MARK) {
            column = column.saturating_sub(1);
        }
        Place { file: Arc::clone(&self.path), line: index as u32 + 1, column: column as u32 + 1 }
    }

    fn characters_before(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let block = at / BLOCK;
        self.blocks[block] + count_characters(&self.text.as_bytes()[block * BLOCK..at])
    }

    /// A mark at a span, of which only the first line is pointed at.
    pub(crate) fn mark(&self, span: Span) -> Mark {
        let start = self.text.floor_char_boundary(span.start);
        let (line_start, line) = self.line(start);
        let end = span.end.clamp(start, (line_start + line.len()).max(start));
        let end = self.text.ceil_char_boundary(end);
        Mark { place: self.place(start), range: start..end, label: String::new() }
    }

    /// The text of a span.
    pub(crate) fn slice(&self, span: Span) -> &'s str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }
}

pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many characters begin in these octets of UTF-8.
fn count_characters(octets: &[u8]) -> usize {
    octets.iter().filter(|octet| **octet & 0b1100_0000 != 0b1000_0000).count()
}

/// The first character that YAML 1.2 does not let stand in a file, or a CR that ends no line.
fn unprintable(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(at, character)| match character {
        '\r' => text.as_bytes().get(at + 1) != Some(&b'\n'),
        '\t' | '\n' | '\u{85}' => false,
        '\u{feff}' => *at != 0,
        // YAML 1.1 ends a line at these, YAML 1.2 does not: no two readers agree on them.
        '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_of_a_file_is_read_than_shows_that_it_is_too_long() {
        let source = Source::read("endless.yaml", io::repeat(b'#')).unwrap();
        assert_eq!(source.bytes.len(), FILE_LIMIT + 1);
        let refused = File::open(&source).unwrap_err();
        assert!(refused.message.contains("too long"));
    }

    #[test]
    fn a_bad_octet_is_found_by_line_and_column() {
        let source = Source::new("bad.yaml", b"a: \xc3\xa9\nb: \xc3\xa9 \xff\n".to_vec());
        let place = File::open(&source).unwrap_err().mark.place;
        assert_eq!((place.line, place.column), (2, 6));
    }

    #[test]
    fn a_mark_points_at_one_line_only() {
        let source = Source::new("a.yaml", "ab\ncde\nf");
        let file = File::open(&source).unwrap();
        let mark = file.mark(Span { start: 4, end: 8 });
        assert_eq!((mark.place.line, mark.place.column, mark.range), (2, 2, 4..6));
        assert_eq!(file.place(8).line, 3);
        assert_eq!(file.rest_of_line(1), "b");
    }

    #[test]
    fn columns_are_characters_even_far_into_a_line() {
        let text = format!("a\n{}x", "é".repeat(1000));
        let source = Source::new("a.yaml", text.clone());
        let file = File::open(&source).unwrap();
        assert_eq!(file.place(text.len() - 1).column, 1001);
        let source = Source::new("a.yaml", "\u{feff}ab");
        assert_eq!(File::open(&source).unwrap().place(4).column, 2);
    }
}
