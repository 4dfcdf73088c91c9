//! A transcript as people read it: line by line, whatever the reads and writes were, each line
//! with its time and a mark in the manner of swaks.

use std::collections::BTreeMap;

use smtpspec_judge::{Ending, Evidence, Happening, Mail, Tls, Transcript};
use smtpspec_protocol::escape::escape;

use super::excerpt::{self, Row};
use super::printable;

/// How many lines of a long text are shown at its beginning, and as many at its end.
const EDGE: usize = 3;

/// The lines of a transcript.
#[derive(Debug)]
pub(crate) struct Dialogue {
    /// The lines, in the order in which they began.
    pub(crate) lines: Vec<Line>,
    /// Whether there is more than one connection, so that lines must say theirs.
    pub(crate) several: bool,
    /// What came on each connection, all together.
    heard: BTreeMap<usize, Vec<u8>>,
    /// For each event: the line on which it began, and the place of what it brought in `heard`.
    events: Vec<(usize, Option<(usize, usize)>)>,
}

/// One line of a dialogue.
#[derive(Debug)]
pub(crate) struct Line {
    /// When it began, in microseconds since the case began.
    pub(crate) at_us: u64,
    /// On which connection.
    pub(crate) connection: usize,
    /// What kind of thing it is.
    pub(crate) mark: Mark,
    what: What,
    /// The octet in it that a finding points at.
    caret: Option<usize>,
}

/// The kinds of lines, by swaks' marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `===`: something about the connection.
    Note,
    /// `***`: something about the connection that nobody wanted.
    Trouble,
    /// ` ->`: we sent it.
    Sent,
    /// `<- `: it came back.
    Received,
    /// `==>`: it came out of the target.
    Delivered,
    /// `<**`: it came back, and a finding rests on it.
    Offending,
}

#[derive(Debug)]
enum What {
    Said(String),
    /// Octets, and where they begin among all that came on the connection.
    Octets(Vec<u8>, usize),
}

impl Mark {
    /// Three columns wide.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "===",
            Self::Trouble => "***",
            Self::Sent => " ->",
            Self::Received => "<- ",
            Self::Delivered => "==>",
            Self::Offending => "<**",
        }
    }
}

impl Dialogue {
    /// The lines of a transcript; those on which a finding rests are marked.
    pub(crate) fn of<'a>(
        transcript: &Transcript,
        evidence: impl IntoIterator<Item = &'a Evidence>,
    ) -> Self {
        let mut dialogue = Self {
            lines: Vec::new(),
            several: transcript.events.iter().any(|event| event.connection != 0),
            heard: BTreeMap::new(),
            events: Vec::with_capacity(transcript.events.len()),
        };
        // The line of each connection that further octets may continue.
        let mut open: BTreeMap<usize, usize> = BTreeMap::new();
        for event in &transcript.events {
            let (at_us, connection) = (event.at_us, event.connection);
            match &event.what {
                Happening::Sent { octets } => {
                    let line = dialogue.add(&mut open, (at_us, connection), Mark::Sent, octets, 0);
                    dialogue.events.push((line, None));
                }
                Happening::Received { octets } => {
                    let heard = dialogue.heard.entry(connection).or_default();
                    let start = heard.len();
                    heard.extend_from_slice(octets);
                    let place = (start, heard.len());
                    let whence = (at_us, connection);
                    let line = dialogue.add(&mut open, whence, Mark::Received, octets, start);
                    dialogue.events.push((line, Some(place)));
                }
                other => {
                    open.remove(&connection);
                    let (mark, said) = note(other);
                    dialogue.events.push((dialogue.lines.len(), None));
                    let what = What::Said(said);
                    dialogue.lines.push(Line { at_us, connection, mark, what, caret: None });
                    if let Happening::Delivered(mail) = other {
                        dialogue.show_mail((at_us, connection), mail);
                    }
                }
            }
        }
        for evidence in evidence {
            dialogue.mark(evidence);
        }
        dialogue
    }

    /// Adds the lines of a message that came out.
    fn show_mail(&mut self, (at_us, connection): (u64, usize), mail: &Mail) {
        for line in mail.octets.split_inclusive(|&octet| octet == b'\n') {
            let what = What::Octets(line.to_vec(), 0);
            let mark = Mark::Delivered;
            self.lines.push(Line { at_us, connection, mark, what, caret: None });
        }
    }

    /// Adds octets: to the open line of the connection if it is of the same direction, and then
    /// as lines of their own. Tells the first line that they are on.
    fn add(
        &mut self,
        open: &mut BTreeMap<usize, usize>,
        (at_us, connection): (u64, usize),
        mark: Mark,
        octets: &[u8],
        mut start: usize,
    ) -> usize {
        let mut first = None;
        for piece in octets.split_inclusive(|&octet| octet == b'\n') {
            let begun = open.remove(&connection).filter(|line| self.lines[*line].mark == mark);
            let index = begun.unwrap_or_else(|| {
                let what = What::Octets(Vec::new(), start);
                self.lines.push(Line { at_us, connection, mark, what, caret: None });
                self.lines.len() - 1
            });
            if let What::Octets(begun, _) = &mut self.lines[index].what {
                begun.extend_from_slice(piece);
            }
            if !piece.ends_with(b"\n") {
                open.insert(connection, index);
            }
            first = first.or(Some(index));
            start += piece.len();
        }
        first.unwrap_or(self.lines.len())
    }

    /// Marks the line on which a finding rests.
    fn mark(&mut self, evidence: &Evidence) {
        let Some(&(line, place)) = self.events.get(evidence.event) else { return };
        if let Some((line, at)) = self.find_in_mail(line, evidence) {
            self.lines[line].caret = Some(at);
        }
        let found = place.and_then(|place| self.find(line, place, evidence));
        let (index, caret) = found.unwrap_or((line, None));
        let Some(line) = self.lines.get_mut(index) else { return };
        line.caret = caret.or(line.caret);
        line.mark = match line.mark {
            Mark::Received | Mark::Offending => Mark::Offending,
            Mark::Sent | Mark::Delivered => line.mark,
            Mark::Note | Mark::Trouble => Mark::Trouble,
        };
    }

    /// The line with the offending octet of the evidence, or with its first octet. Evidence became
    /// whole in its event, and begins where a line begins.
    fn find(
        &self,
        line: usize,
        (start, end): (usize, usize),
        evidence: &Evidence,
    ) -> Option<(usize, Option<usize>)> {
        let connection = self.lines.get(line)?.connection;
        let heard = self.heard.get(&connection)?;
        let received = evidence.received.as_slice();
        let lines = || {
            self.lines.iter().enumerate().filter_map(|(index, line)| match &line.what {
                What::Octets(octets, offset)
                    if line.connection == connection
                        && matches!(line.mark, Mark::Received | Mark::Offending) =>
                {
                    Some((index, *offset, octets.len()))
                }
                _ => None,
            })
        };
        let (first, begin, _) = lines().find(|(_, offset, _)| {
            let stop = offset + received.len();
            !received.is_empty() && stop > start && stop <= end && heard[*offset..stop] == *received
        })?;
        let Some(at) = evidence.at.filter(|at| *at < received.len()) else {
            return Some((first, None));
        };
        let (index, offset, _) =
            lines().find(|(_, offset, len)| (*offset..offset + len).contains(&(begin + at)))?;
        Some((index, Some(begin + at - offset)))
    }

    /// The line with the offending octet of a message that came out, and its place there; `line` is
    /// the one that says so.
    fn find_in_mail(&self, line: usize, evidence: &Evidence) -> Option<(usize, usize)> {
        let at = evidence.at.filter(|at| *at < evidence.received.len())?;
        let lines = self.lines.iter().enumerate().skip(line + 1);
        let lines = lines.map_while(|(index, line)| match &line.what {
            What::Octets(octets, _) if line.mark == Mark::Delivered => Some((index, octets)),
            _ => None,
        });
        let lines: Vec<_> = lines.collect();
        let mail: Vec<u8> = lines.iter().flat_map(|(_, octets)| octets.iter().copied()).collect();
        let begin = memchr::memmem::find(&mail, &evidence.received)?;
        let mut left = begin + at;
        for (index, octets) in lines {
            if left < octets.len() {
                return Some((index, left));
            }
            left -= octets.len();
        }
        None
    }

    /// The indices of the lines worth showing where there is no room for all: the last `most`, and
    /// those on which a finding rests. Of a long text that was sent only the beginning and the end
    /// count, so that what came before it still has room.
    pub(crate) fn worth_showing(&self, most: usize) -> Vec<usize> {
        let all = self.lines.len();
        if all <= most {
            return (0..all).collect();
        }
        let inside = self.inside_long_texts();
        let telling = || (0..all).rev().filter(|index| !inside[*index]);
        let tail = telling().take(most).last().unwrap_or(all);
        let mut marked = 0;
        (0..all)
            .filter(|index| {
                let offending = self.lines[*index].offends();
                marked += usize::from(offending);
                (*index >= tail && !inside[*index]) || (offending && marked <= most)
            })
            .collect()
    }

    /// For each line whether it stands in the middle of many that were sent one behind the other.
    fn inside_long_texts(&self) -> Vec<bool> {
        let mut inside = Vec::with_capacity(self.lines.len());
        for run in self.lines.chunk_by(|a, b| a.mark == b.mark && a.connection == b.connection) {
            let is_text = run.first().is_some_and(|line| line.mark == Mark::Sent);
            let middle = if is_text { EDGE..run.len().saturating_sub(EDGE) } else { 0..0 };
            inside.extend((0..run.len()).map(|index| middle.contains(&index)));
        }
        inside
    }
}

impl Line {
    /// Whether a finding rests on it.
    pub(crate) fn offends(&self) -> bool {
        self.mark == Mark::Offending || self.caret.is_some()
    }

    /// What the line says, in so many columns. A CRLF that ends it as it should is not shown.
    pub(crate) fn row(&self, columns: usize) -> Row {
        match &self.what {
            What::Said(said) => Row::plain(excerpt::shorten(&printable(said), columns.max(40))),
            What::Octets(octets, _) => {
                let body = octets.strip_suffix(b"\r\n");
                let body = body.filter(|body| self.caret.is_none_or(|at| at < body.len()));
                let mut row = excerpt::row(body.unwrap_or(octets), self.caret, columns);
                if !octets.ends_with(b"\n") {
                    row.text.push_str(" [no end of line]");
                }
                row
            }
        }
    }
}

/// What is said of an event that has no octets.
fn note(what: &Happening) -> (Mark, String) {
    match what {
        Happening::Opened => (Mark::Note, "connected".to_owned()),
        Happening::Refused { reason } => (Mark::Trouble, format!("could not connect: {reason}")),
        Happening::Secured(Tls { version, cipher, certificate }) => {
            let certificate = certificate
                .as_deref()
                .map_or(String::new(), |fingerprint| format!(", certificate sha256:{fingerprint}"));
            (Mark::Note, format!("inside TLS now: {version}, {cipher}{certificate}"))
        }
        Happening::HandshakeFailed { reason } => {
            (Mark::Trouble, format!("the TLS handshake failed: {reason}"))
        }
        Happening::Delivered(mail) => (Mark::Note, came_out(mail)),
        Happening::Waited => (Mark::Note, "waited, and nothing came".to_owned()),
        Happening::Closed => (Mark::Note, "the peer closed the connection".to_owned()),
        Happening::Truncated => {
            let what = "the peer closed the connection, without the alert that ends TLS";
            (Mark::Note, what.to_owned())
        }
        Happening::Cut { reason } => (Mark::Trouble, format!("the connection was cut: {reason}")),
        Happening::Ended { how: Ending::Close } => {
            (Mark::Note, "we closed the connection".to_owned())
        }
        Happening::Ended { how: Ending::Half } => {
            (Mark::Note, "we closed our side and still listen".to_owned())
        }
        Happening::Ended { how: Ending::Abort } => {
            (Mark::Note, "we reset the connection".to_owned())
        }
        Happening::Sent { .. } | Happening::Received { .. } => (Mark::Note, String::new()),
    }
}

/// The envelope of a message that came out of the target.
fn came_out(mail: &Mail) -> String {
    let path = |path: &Vec<u8>| format!("<{}>", escape(path));
    let from = mail.from.as_ref().map_or("an unknown sender".to_owned(), path);
    let to = mail.to.as_ref().map(|to| to.iter().map(path).collect::<Vec<_>>().join(" "));
    let to = to.unwrap_or_else(|| "unknown recipients".to_owned());
    format!("a message came out, from {from} to {to}, {} octets:", mail.octets.len())
}

#[cfg(test)]
mod tests;
