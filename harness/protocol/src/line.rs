//! Lines: what stands between one CRLF and the next, and the octets that have no business in it
//! (RFC 5321 §2.3.8).
//!
//! Only CRLF ends a line. A lone CR or LF is an octet of the line like any other; [`oddities`]
//! finds it there. Replies are read by [`ReplyReader`](crate::ReplyReader), which has to make
//! sense of servers that do not keep to this.

use memchr::memchr;

/// Cuts a stream into lines and never holds more than its limit (RFC 5321 §2.3.8).
///
/// ```
/// use smtpspec_protocol::{Framed, LineBuffer, limits};
///
/// let mut lines = LineBuffer::new(limits::COMMAND_LINE);
/// let mut input = &b"NOOP\r\nQUIT\r"[..];
/// assert_eq!(lines.feed(&mut input), Some(Framed::Line(b"NOOP".to_vec())));
/// assert_eq!(lines.feed(&mut input), None);
/// assert_eq!(lines.feed(&mut &b"\n"[..]), Some(Framed::Line(b"QUIT".to_vec())));
/// ```
#[derive(Debug, Clone)]
pub struct LineBuffer {
    limit: usize,
    /// The first octets of the line, as many as the limit allows.
    head: Vec<u8>,
    /// How many octets of the line came so far, those that were dropped included.
    octets: usize,
    /// Whether the last octet that came is CR.
    after_cr: bool,
}

/// A line that is whole (RFC 5321 §2.3.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// The line, without its CRLF.
    Line(Vec<u8>),
    /// A line beyond the limit, of which the rest was dropped.
    TooLong {
        /// Its first octets, as many as the limit allows.
        head: Vec<u8>,
        /// How many octets it had, with its CRLF.
        octets: usize,
    },
}

impl LineBuffer {
    /// A buffer for lines of at most `limit` octets, CRLF included.
    pub fn new(limit: usize) -> Self {
        Self { limit, head: Vec::new(), octets: 0, after_cr: false }
    }

    /// Takes octets up to and including one CRLF. `None` means that all were taken and that the
    /// line is not whole.
    pub fn feed(&mut self, input: &mut &[u8]) -> Option<Framed> {
        let mut searched = 0;
        while let Some(found) = memchr(b'\n', &input[searched..]) {
            let lf = searched + found;
            let after_cr = if lf == 0 { self.after_cr } else { input[lf - 1] == b'\r' };
            searched = lf + 1;
            if after_cr {
                let (line, rest) = input.split_at(searched);
                self.keep(line);
                *input = rest;
                return Some(self.complete());
            }
        }
        self.keep(input);
        *input = &[];
        None
    }

    /// Reads further lines up to `limit` octets; what of a line is here already stays.
    pub fn limit_to(&mut self, limit: usize) {
        self.limit = limit.max(self.head.len());
    }

    /// How many octets came since the last CRLF.
    pub fn pending(&self) -> usize {
        self.octets
    }

    fn keep(&mut self, octets: &[u8]) {
        let room = self.limit - self.head.len();
        self.head.extend_from_slice(&octets[..octets.len().min(room)]);
        self.octets = self.octets.saturating_add(octets.len());
        self.after_cr = octets.last().map_or(self.after_cr, |&last| last == b'\r');
    }

    fn complete(&mut self) -> Framed {
        const CRLF: usize = 2;
        let octets = std::mem::take(&mut self.octets);
        let mut head = std::mem::take(&mut self.head);
        self.after_cr = false;
        head.truncate(octets - CRLF);
        if octets <= self.limit { Framed::Line(head) } else { Framed::TooLong { head, octets } }
    }
}

/// An octet that a line should not hold, and where it stands (RFC 5321 §2.3.8, §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oddity {
    /// What kind of octet it is.
    pub kind: OddityKind,
    /// Where it stands: an offset in octets.
    pub at: usize,
}

/// The kinds of octets that a line should not hold (RFC 5321 §2.3.8, §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OddityKind {
    /// A CR that no LF follows.
    BareCr,
    /// An LF that no CR precedes.
    BareLf,
    /// The octet zero.
    Nul,
    /// An octet above 127.
    EightBit,
    /// Any other control character than HT.
    Control,
}

/// The octets that have no business in `line`, which is a line without its CRLF
/// (RFC 5321 §2.3.8, §4.1.2).
pub fn oddities(line: &[u8]) -> impl Iterator<Item = Oddity> {
    line.iter()
        .enumerate()
        .filter_map(|(at, &octet)| Some(Oddity { kind: OddityKind::of(octet)?, at }))
}

impl OddityKind {
    /// What is odd about an octet inside a line, if anything is.
    pub fn of(octet: u8) -> Option<Self> {
        match octet {
            b'\r' => Some(Self::BareCr),
            b'\n' => Some(Self::BareLf),
            b'\0' => Some(Self::Nul),
            0x80.. => Some(Self::EightBit),
            b'\t' | b' '..=b'~' => None,
            _ => Some(Self::Control),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(limit: usize, chunks: &[&[u8]]) -> (Vec<Framed>, usize) {
        let mut lines = LineBuffer::new(limit);
        let mut framed = Vec::new();
        for mut chunk in chunks.iter().copied() {
            while let Some(line) = lines.feed(&mut chunk) {
                framed.push(line);
            }
            assert!(chunk.is_empty() && lines.head.len() <= limit);
        }
        (framed, lines.pending())
    }

    #[test]
    fn only_crlf_ends_a_line() {
        let (framed, pending) = frame(512, &[b"a\nb\rc\r\r\n\r\n\n\r"]);
        let lines = [&b"a\nb\rc\r"[..], b""].map(|line| Framed::Line(line.to_vec()));
        assert_eq!((framed, pending), (lines.to_vec(), 2));
    }

    #[test]
    fn the_limit_counts_the_crlf() {
        let (framed, _) = frame(6, &[b"NOOP\r\nNOOP1\r\nNOOP12\r\n"]);
        let expected = [
            Framed::Line(b"NOOP".to_vec()),
            Framed::TooLong { head: b"NOOP1".to_vec(), octets: 7 },
            Framed::TooLong { head: b"NOOP12".to_vec(), octets: 8 },
        ];
        assert_eq!(framed, expected);
    }

    #[test]
    fn odd_octets_are_told_with_their_places() {
        let seen: Vec<_> = oddities(b"a\rb\n\0\xff\x07\t~").map(|odd| (odd.at, odd.kind)).collect();
        let expected = [
            (1, OddityKind::BareCr),
            (3, OddityKind::BareLf),
            (4, OddityKind::Nul),
            (5, OddityKind::EightBit),
            (6, OddityKind::Control),
        ];
        assert_eq!(seen, expected);
    }

    proptest! {
        #[test]
        fn any_split_frames_the_same_lines(
            stream in prop::collection::vec(
                prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a'), any::<u8>()], 0..64),
            size in 1_usize..8,
            limit in 0_usize..12,
        ) {
            let whole = frame(limit, &[&stream]);
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            prop_assert_eq!(frame(limit, &chunks), whole);
        }
    }
}
