//! A dialogue line by line, with its octets in pieces: plain, escaped, and the offending one.

use smtpspec_judge::{Evidence, Transcript};

use crate::view::dialogue::{self, Dialogue, Mark};
use crate::view::excerpt::{Row, skipped};

/// How many columns of a line are shown.
const COLUMNS: usize = 240;
/// From how many microseconds on the time between two lines is worth telling.
const GAP: u64 = 10_000;

/// One line of a dialogue.
pub(crate) struct Line {
    /// The class of its kind.
    pub(crate) kind: &'static str,
    /// Seconds since the case began; empty in a note on left out lines.
    pub(crate) time: String,
    /// The time since the line before, where it is long.
    pub(crate) gap: Option<String>,
    pub(crate) connection: Option<usize>,
    pub(crate) mark: &'static str,
    pub(crate) pieces: Vec<Piece>,
    /// Whether a finding rests on it.
    pub(crate) offends: bool,
}

/// A piece of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Empty for what stands for itself.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

impl Piece {
    fn plain(text: &str) -> Self {
        Self { class: "", text: text.to_owned() }
    }
}

/// The last `most` lines, and those on which findings rest, with notes where lines are left out.
pub(crate) fn of<'a>(
    transcript: &Transcript,
    evidence: impl IntoIterator<Item = &'a Evidence>,
    most: usize,
) -> Vec<Line> {
    let dialogue = Dialogue::of(transcript, evidence);
    let mut lines = Vec::new();
    let mut next = 0;
    let mut before: Option<u64> = None;
    for index in dialogue.worth_showing(most) {
        if let Some(note) = skipped(&mut (index - next)) {
            lines.push(Line {
                kind: "gap",
                time: String::new(),
                gap: None,
                connection: None,
                mark: "",
                pieces: vec![Piece::plain(&note.text)],
                offends: false,
            });
        }
        let line = &dialogue.lines[index];
        let since = before.map(|before| line.at_us.saturating_sub(before));
        before = Some(line.at_us);
        lines.push(Line {
            kind: kind(line),
            time: format!("{}.{:03}", line.at_us / 1_000_000, line.at_us % 1_000_000 / 1000),
            gap: since.filter(|since| *since >= GAP).map(crate::view::elapsed),
            connection: dialogue.several.then_some(line.connection),
            mark: mark(line.mark),
            pieces: pieces(&line.row(COLUMNS), is_octets(line.mark)),
            offends: line.offends(),
        });
        next = index + 1;
    }
    lines
}

fn kind(line: &dialogue::Line) -> &'static str {
    match line.mark {
        Mark::Note => "note",
        Mark::Trouble => "bad note",
        Mark::Sent => "sent",
        Mark::Received => "got",
        Mark::Delivered if line.offends() => "bad out",
        Mark::Delivered => "out",
        Mark::Offending => "bad got",
    }
}

/// Client and server as the RFCs print them; what is no part of their examples as elsewhere.
const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Sent => "C:",
        Mark::Received | Mark::Offending => "S:",
        Mark::Note | Mark::Trouble | Mark::Delivered => mark.as_str(),
    }
}

const fn is_octets(mark: Mark) -> bool {
    !matches!(mark, Mark::Note | Mark::Trouble)
}

/// A row in pieces. Only what shows octets has escapes; in other texts a backslash is one.
pub(crate) fn pieces(row: &Row, octets: bool) -> Vec<Piece> {
    if !octets {
        return vec![Piece::plain(&row.text)];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = row.text.as_str();
    let mut at = 0;
    while let Some(first) = rest.chars().next() {
        let long = match rest.as_bytes() {
            [b'\\', b'x', ..] => 4,
            [b'\\', ..] => 2,
            _ => first.len_utf8(),
        };
        // A note on left out octets is cut by nothing, but a text of a careless writer might be.
        let long = if rest.is_char_boundary(long.min(rest.len())) {
            long.min(rest.len())
        } else {
            first.len_utf8()
        };
        let (unit, behind) = rest.split_at(long);
        let class = match (row.caret == Some(at), unit.len() > first.len_utf8()) {
            (true, _) => "at",
            (false, true) => "esc",
            (false, false) => "",
        };
        match pieces.last_mut() {
            Some(last) if last.class == class && class != "at" => last.text.push_str(unit),
            _ => pieces.push(Piece { class, text: unit.to_owned() }),
        }
        at += long;
        rest = behind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offending_octet_stands_alone() {
        let row = Row { text: r"250 \x1b[2J\r\n a\\b".into(), caret: Some(4) };
        let seen: Vec<_> =
            pieces(&row, true).into_iter().map(|piece| (piece.class, piece.text)).collect();
        let wanted = [
            ("", "250 "),
            ("at", r"\x1b"),
            ("", "[2J"),
            ("esc", r"\r\n"),
            ("", " a"),
            ("esc", r"\\"),
            ("", "b"),
        ];
        assert_eq!(seen, wanted.map(|(class, text)| (class, text.to_owned())));
    }

    #[test]
    fn nothing_is_lost_whatever_the_text_is() {
        for text in ["", "\\", "\\x", "é\\x1", "\\é", "a\\xff\\"] {
            let row = Row { text: text.into(), caret: Some(0) };
            let whole: String = pieces(&row, true).into_iter().map(|piece| piece.text).collect();
            assert_eq!(whole, text);
        }
    }
}
