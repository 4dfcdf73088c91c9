//! Replies as servers send them (RFC 5321 §4.2). What is meant is read, and every departure from
//! the grammar is noted, so that one broken octet does not hide the rest of a session.
//!
//! Any LF ends a line here, with a CR before it or not. What has no code where one is due is no
//! reply. Memory is bounded by [`ReplyLimits`], whatever the server sends.

use std::fmt;

use memchr::memchr;
use smtpspec_catalogue::{RequirementId, requirement};

use super::reply::Reply;
use super::reply_code::ReplyCode;
use crate::limits;
use crate::line::{OddityKind, oddities};
use crate::scan::text_length;

/// How much of one reply is read (RFC 5321 §4.5.3.1.5 bounds lines only, and far below).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyLimits {
    /// Octets of a line, with what ends it.
    pub line_octets: usize,
    /// Lines of a reply.
    pub lines: usize,
    /// Octets of a reply.
    pub octets: usize,
}

impl ReplyLimits {
    /// Those that any reply of a server in its senses keeps to.
    pub const USUAL: Self = Self { line_octets: 8 * 1024, lines: 1_000, octets: 64 * 1024 };
}

impl Default for ReplyLimits {
    fn default() -> Self {
        Self::USUAL
    }
}

/// Which of the [`ReplyLimits`] was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplyLimit {
    /// [`ReplyLimits::line_octets`].
    LineOctets,
    /// [`ReplyLimits::lines`].
    Lines,
    /// [`ReplyLimits::octets`].
    Octets,
}

impl fmt::Display for ReplyLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::LineOctets => "octets of a reply line",
            Self::Lines => "lines of a reply",
            Self::Octets => "octets of a reply",
        })
    }
}

/// Reads replies from a stream (RFC 5321 §4.2).
///
/// ```
/// use smtpspec_protocol::{FlawKind, ReadReply, ReplyReader};
///
/// let mut reader = ReplyReader::default();
/// let Some(ReadReply::Reply(seen)) = reader.feed(&mut &b"250-a\n250 b\r\n"[..]) else { panic!() };
/// assert_eq!(seen.reply.lines, [b"a", b"b"]);
/// assert_eq!((seen.flaws[0].kind, seen.flaws[0].at), (FlawKind::BareLf, 5));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReplyReader {
    limits: ReplyLimits,
    /// The octets of the reply so far.
    octets: Vec<u8>,
    /// Where in `octets` the line begins that is not whole.
    line_start: usize,
    /// What was read of the lines before that.
    reply: Option<Reply>,
    flaws: Vec<Flaw>,
    exhausted: bool,
}

/// What a [`ReplyReader`] read (RFC 5321 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadReply {
    /// A reply.
    Reply(SeenReply),
    /// A line that cannot be one, since it does not begin with three digits.
    Garbage {
        /// The line, with what ended it.
        octets: Vec<u8>,
    },
    /// More than the limits allow; nothing is read after it.
    Overflow {
        /// What was read until then.
        head: Vec<u8>,
        /// The limit that was passed.
        what: ReplyLimit,
    },
}

/// A reply with everything that is wrong with its form (RFC 5321 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenReply {
    /// What was meant: the code is that of the first line.
    pub reply: Reply,
    /// What is wrong, in the order of the octets; of each kind the first on each line.
    pub flaws: Vec<Flaw>,
    /// The octets that were read.
    pub octets: Vec<u8>,
}

/// Something wrong with the form of a reply (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: FlawKind,
    /// The line that it is on, from zero.
    pub line: usize,
    /// Where in the octets of the reply it is.
    pub at: usize,
}

/// What can be wrong with the form of a reply (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlawKind {
    /// A CR without LF.
    BareCr,
    /// A line that ends with LF alone.
    BareLf,
    /// The octet zero.
    Nul,
    /// An octet above 127.
    EightBit,
    /// A control character other than HT.
    Control,
    /// Another code than on the first line.
    CodeChanged,
    /// No code, on a line that continues a reply.
    MissingCode,
    /// Neither space nor hyphen nor the end of the line behind the code.
    BadSeparator,
    /// Nothing behind the code, not even a space.
    NoText,
    /// A line longer than the RFC allows.
    LineTooLong {
        /// Its length, with what ends it.
        octets: usize,
    },
    /// A code that the grammar does not have.
    CodeOutOfRange,
}

impl FlawKind {
    /// The requirement that the flaw breaks.
    pub const fn requirement(self) -> RequirementId {
        match self {
            Self::BareLf => requirement!("rfc5321-2.3.8-1"),
            Self::BareCr | Self::Nul | Self::EightBit | Self::Control => {
                requirement!("rfc5321-4.2-7")
            }
            Self::CodeChanged => requirement!("rfc5321-4.2.1-13"),
            Self::MissingCode => requirement!("rfc5321-4.2-8"),
            Self::BadSeparator => requirement!("rfc5321-2.4-1"),
            Self::NoText => requirement!("rfc5321-4.2.1-11"),
            Self::LineTooLong { .. } => requirement!("rfc5321-4.5.3.1.5-1"),
            Self::CodeOutOfRange => requirement!("rfc5321-4.2-9"),
        }
    }
}

impl From<OddityKind> for FlawKind {
    fn from(kind: OddityKind) -> Self {
        match kind {
            OddityKind::BareCr => Self::BareCr,
            OddityKind::BareLf => Self::BareLf,
            OddityKind::Nul => Self::Nul,
            OddityKind::EightBit => Self::EightBit,
            OddityKind::Control => Self::Control,
        }
    }
}

impl ReplyReader {
    /// A reader with these limits (RFC 5321 §4.2).
    pub fn new(limits: ReplyLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes octets until a reply is whole, or a line is seen to be none. `None` means that all
    /// were taken (RFC 5321 §4.2).
    pub fn feed(&mut self, input: &mut &[u8]) -> Option<ReadReply> {
        while !self.exhausted && !input.is_empty() {
            let line = memchr(b'\n', input).map_or(input.len(), |lf| lf + 1);
            let (room, what) = self.room();
            let (taken, rest) = input.split_at(line.min(room));
            if self.octets.is_empty() {
                // Most replies come in one piece.
                self.octets.reserve_exact(input.len().min(room));
            }
            self.octets.extend_from_slice(taken);
            *input = rest;
            if line > room {
                return Some(self.overflow(input, what));
            }
            if taken.ends_with(b"\n")
                && let Some(read) = self.end_line(input)
            {
                return Some(read);
            }
        }
        *input = &[];
        None
    }

    /// What has come of a reply that is not whole (RFC 5321 §4.2).
    pub fn pending(&self) -> &[u8] {
        &self.octets
    }

    /// How many octets may still be taken, and what bounds them.
    fn room(&self) -> (usize, ReplyLimit) {
        let line = self.octets.len() - self.line_start;
        let of_line = self.limits.line_octets.saturating_sub(line);
        let of_reply = self.limits.octets.saturating_sub(self.octets.len());
        if of_line <= of_reply {
            (of_line, ReplyLimit::LineOctets)
        } else {
            (of_reply, ReplyLimit::Octets)
        }
    }

    fn overflow(&mut self, input: &mut &[u8], what: ReplyLimit) -> ReadReply {
        *input = &[];
        self.exhausted = true;
        self.reply = None;
        self.flaws = Vec::new();
        self.line_start = 0;
        ReadReply::Overflow { head: std::mem::take(&mut self.octets), what }
    }

    /// Reads the line that was just ended.
    fn end_line(&mut self, input: &mut &[u8]) -> Option<ReadReply> {
        let start = self.line_start;
        let number = self.reply.as_ref().map_or(0, |reply| reply.lines.len());
        let first = self.reply.as_ref().map(|reply| reply.code);
        let Some(line) = Line::read(&self.octets[start..], first) else {
            self.line_start = 0;
            return Some(ReadReply::Garbage { octets: std::mem::take(&mut self.octets) });
        };
        let text = line.text.to_vec();
        let (code, is_last) = (line.code, line.is_last);
        self.flaws.extend(line.flaws.into_iter().map(|(kind, at)| Flaw {
            kind,
            line: number,
            at: start + at,
        }));
        self.line_start = self.octets.len();
        let reply = self.reply.get_or_insert_with(|| Reply { code, lines: Vec::new() });
        reply.lines.push(text);
        if !is_last {
            let full = reply.lines.len() >= self.limits.lines;
            return full.then(|| self.overflow(input, ReplyLimit::Lines));
        }
        self.line_start = 0;
        self.reply.take().map(|reply| {
            ReadReply::Reply(SeenReply {
                reply,
                flaws: std::mem::take(&mut self.flaws),
                octets: std::mem::take(&mut self.octets),
            })
        })
    }
}

/// One line of a reply, read with good will.
struct Line<'a> {
    code: ReplyCode,
    text: &'a [u8],
    is_last: bool,
    /// What is wrong with it and where, from the start of the line.
    flaws: Vec<(FlawKind, usize)>,
}

impl<'a> Line<'a> {
    /// Reads a line that LF ends. `first` is the code of the reply's first line; without it, a
    /// line that does not begin with a code is no reply.
    fn read(line: &'a [u8], first: Option<ReplyCode>) -> Option<Self> {
        let line_without_lf = line.strip_suffix(b"\n").unwrap_or(line);
        let before_crlf = line_without_lf.strip_suffix(b"\r");
        let content = before_crlf.unwrap_or(line_without_lf);
        let mut flaws = Vec::new();
        let own = content.get(..3).and_then(ReplyCode::from_digits);
        let code = first.or(own)?;
        let (text, is_last) = if own.is_none() {
            flaws.push((FlawKind::MissingCode, 0));
            (content, false)
        } else {
            match content.get(3) {
                Some(b'-') => (&content[4..], false),
                Some(b' ') => (&content[4..], true),
                None => {
                    flaws.push((FlawKind::NoText, 3));
                    (&content[3..], true)
                }
                Some(_) => {
                    flaws.push((FlawKind::BadSeparator, 3));
                    (&content[3..], true)
                }
            }
        };
        match own {
            Some(own) if own != code => flaws.push((FlawKind::CodeChanged, 0)),
            Some(own) if first.is_none() && !own.is_valid() => {
                flaws.push((FlawKind::CodeOutOfRange, 0));
            }
            _ => {}
        }
        let text_start = content.len() - text.len();
        let clean = text_length(text);
        for odd in oddities(&text[clean..]) {
            let kind = FlawKind::from(odd.kind);
            if flaws.iter().all(|(seen, _)| *seen != kind) {
                flaws.push((kind, text_start + clean + odd.at));
            }
        }
        if before_crlf.is_none() {
            flaws.push((FlawKind::BareLf, content.len()));
        }
        if line.len() > limits::REPLY_LINE {
            flaws.push((FlawKind::LineTooLong { octets: line.len() }, limits::REPLY_LINE));
        }
        flaws.sort_by_key(|(_, at)| *at);
        Some(Self { code, text, is_last, flaws })
    }
}

#[cfg(test)]
mod tests;
