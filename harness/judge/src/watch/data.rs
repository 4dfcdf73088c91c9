//! Message data as it goes out: where it really ends, and what in it only looks like its end.
//!
//! A line with a dot alone ends the data when CRLF stands on both sides of it
//! (RFC 5321 §4.1.1.4). With anything else for a line end it is a look-alike; a server that takes
//! one for the end reads the rest of the message as commands.

use memchr::memchr;
use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::DataDecoder;
use smtpspec_reference::{Measure, MessageFacts};

/// How much of what follows a look-alike is kept, to be read as commands if need be.
const KEPT: usize = 64 * 1024;

/// The data of one message, as far as it was sent.
#[derive(Default)]
pub(super) struct Data {
    decoder: DataDecoder,
    measure: Measure,
    ended: bool,
    scan: Scan,
}

/// The first look-alike of an end in the data that was sent.
#[derive(Debug, Clone)]
pub(super) struct LookAlike {
    /// What a server breaks that takes it for the end.
    pub(super) requirement: RequirementId,
    /// What it is, in words.
    pub(super) what: &'static str,
    /// The octets behind it, up to the end of what was sent of the data; `None` where it can't be
    /// known where a server would read on.
    pub(super) tail: Option<Vec<u8>>,
}

impl Data {
    /// Takes of `octets` what belongs to the data, and says how much that is; keeps only what can be
    /// asked about it.
    pub(super) fn scan(&mut self, octets: &[u8]) -> usize {
        const PIECE: usize = 64 * 1024;
        let mut text = Vec::with_capacity(octets.len().min(PIECE));
        let mut consumed = 0;
        for piece in octets.chunks(PIECE) {
            if self.ended {
                break;
            }
            let mut input = piece;
            text.clear();
            self.ended = self.decoder.feed(&mut input, &mut text);
            self.measure.feed(&text);
            let taken = piece.len() - input.len();
            self.scan.feed(&piece[..taken]);
            consumed += taken;
        }
        consumed
    }

    /// Whether the end was sent.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn facts(&self) -> MessageFacts {
        self.measure.facts()
    }

    /// The look-alike that was sent, if one was.
    pub(super) fn look_alike(&self) -> Option<LookAlike> {
        let found = self.scan.found.as_ref()?;
        if self.scan.several {
            // Which of them was taken can't be known, nor where the server reads on.
            return Some(LookAlike {
                requirement: requirement!("rfc5321-4.1.1.4-3"),
                what: "one of several line ends around a dot that are not CRLF",
                tail: None,
            });
        }
        Some(found.clone())
    }
}

/// What ends a line, for one reader or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Crlf,
    Lf,
    Cr,
}

/// Looks for look-alikes around each dot, however the data is cut.
#[derive(Default)]
struct Scan {
    /// The last octets, oldest first: as many as the longest look-alike has before its last.
    recent: Vec<u8>,
    found: Option<LookAlike>,
    several: bool,
}

impl Scan {
    fn feed(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() {
            // No look-alike is without a dot.
            let plain = match memchr(b'.', &self.recent) {
                Some(_) => 0,
                None => memchr(b'.', rest).unwrap_or(rest.len()),
            };
            let (passed, behind) = rest.split_at(plain.max(1));
            self.keep(passed);
            self.pass(passed);
            if plain == 0 {
                // A CR is known to be a line end by itself only when the next octet is there; that
                // octet stands behind the look-alike then, and the LF of others belongs to it.
                let seen = look_alike(&self.recent);
                self.several |= self.found.is_some() && seen.is_some();
                self.found = self.found.take().or(seen);
                let older = self.recent.len().saturating_sub(Self::LONGEST);
                self.recent.drain(..older);
            }
            rest = behind;
        }
    }

    /// How many octets a look-alike has at most before its last.
    const LONGEST: usize = 4;

    /// Keeps what stands behind the look-alike that was found.
    fn keep(&mut self, octets: &[u8]) {
        let Some(known) = &mut self.found else { return };
        known.tail = known.tail.take().filter(|tail| tail.len() + octets.len() <= KEPT);
        known.tail.iter_mut().for_each(|tail| tail.extend_from_slice(octets));
    }

    /// Goes on behind these octets: the last of them are recent, and an octet more before them.
    fn pass(&mut self, octets: &[u8]) {
        let last = &octets[octets.len().saturating_sub(Self::LONGEST)..];
        if last.len() < octets.len() {
            self.recent.clear();
        }
        let kept = (Self::LONGEST + 1).saturating_sub(last.len());
        let older = self.recent.len().saturating_sub(kept);
        self.recent.drain(..older);
        self.recent.extend_from_slice(last);
    }
}

/// Whether these octets end with a look-alike. Fewer than five are the beginning of the data, which
/// comes behind a CRLF.
fn look_alike(recent: &[u8]) -> Option<LookAlike> {
    let (behind, (before, end)) = match recent {
        [rest @ .., b'\r', b'\n'] => (rest, (LineEnd::Crlf, 0)),
        [rest @ .., b'\n'] => (rest, (LineEnd::Lf, 0)),
        [rest @ .., b'\r', _] => (rest, (LineEnd::Cr, 1)),
        _ => return None,
    };
    let text = behind.strip_suffix(b".")?;
    let first = match text {
        [.., b'\r', b'\n'] | [] => LineEnd::Crlf,
        [.., b'\n'] => LineEnd::Lf,
        [.., b'\r'] => LineEnd::Cr,
        _ => return None,
    };
    let (requirement, what) = match (first, before) {
        (LineEnd::Crlf, LineEnd::Crlf) => return None,
        (LineEnd::Lf, LineEnd::Lf) => (requirement!("rfc5321-4.1.1.4-7"), "LF.LF"),
        (LineEnd::Lf, LineEnd::Crlf) => (requirement!("rfc5321-2.3.8-1"), "LF.CRLF"),
        (LineEnd::Crlf, LineEnd::Lf) => (requirement!("rfc5321-2.3.8-1"), "CRLF.LF"),
        (LineEnd::Cr, LineEnd::Cr) => (requirement!("rfc5321-2.3.8-1"), "CR.CR"),
        (LineEnd::Cr, LineEnd::Crlf) => (requirement!("rfc5321-2.3.8-1"), "CR.CRLF"),
        (LineEnd::Crlf, LineEnd::Cr) => (requirement!("rfc5321-2.3.8-1"), "CRLF.CR"),
        (LineEnd::Cr, LineEnd::Lf) => (requirement!("rfc5321-2.3.8-1"), "CR.LF"),
        (LineEnd::Lf, LineEnd::Cr) => (requirement!("rfc5321-2.3.8-1"), "LF.CR"),
    };
    // Behind a lone CR servers differ in what they make of an LF that follows later.
    Some(LookAlike { requirement, what, tail: (end == 0).then(Vec::new) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(data: &[u8], cut: usize) -> Option<(&'static str, Option<Vec<u8>>)> {
        let mut message = Data::default();
        for piece in data.chunks(cut) {
            message.scan(piece);
        }
        message.look_alike().map(|look| (look.what, look.tail))
    }

    #[test]
    fn look_alikes_are_found_however_the_data_is_cut() {
        type Found<'t> = Option<(&'t str, Option<&'t [u8]>)>;
        let table: [(&[u8], Found<'_>); 12] = [
            (b"text\r\n.\r\n", None),
            (b".\r\n", None),
            (b"text\r\n..\n", None),
            (b"a\n.b\n", None),
            (b"a\n.\nMAIL", Some(("LF.LF", Some(b"MAIL")))),
            (b"a\n.\r\nX", Some(("LF.CRLF", Some(b"X")))),
            (b"a\r\n.\nX", Some(("CRLF.LF", Some(b"X")))),
            (b".\nX", Some(("CRLF.LF", Some(b"X")))),
            (b"a\r.\rX", Some(("CR.CR", None))),
            (b"a\r.\r\nX", Some(("CR.CRLF", Some(b"X")))),
            (b"a\r\n.\r\r\nX", Some(("CRLF.CR", None))),
            (b"a\r\n.\r", None),
        ];
        for (data, expected) in table {
            for cut in 1..=data.len() {
                let seen = found(data, cut);
                let seen = seen.as_ref().map(|(what, tail)| (*what, tail.as_deref()));
                assert_eq!(seen, expected, "{:?} cut at {cut}", data.escape_ascii().to_string());
            }
        }
    }

    proptest! {
        /// Octet by octet each is looked at; in large pieces most are passed over.
        #[test]
        fn look_alikes_are_the_same_in_pieces_of_any_size(
            words in prop::collection::vec(
                prop_oneof![
                    Just(&b"."[..]),
                    Just(&b"\r"[..]),
                    Just(&b"\n"[..]),
                    Just(&b"\r\n"[..]),
                    Just(&b"x"[..]),
                    Just(&b"some text"[..]),
                ],
                0..40,
            ),
            cut in 2_usize..80,
        ) {
            let data = words.concat();
            prop_assert_eq!(found(&data, cut), found(&data, 1));
        }
    }

    #[test]
    fn of_several_look_alikes_none_is_singled_out() {
        let (what, tail) = found(b"a\n.\nb\r.\r\nc", 3).unwrap();
        assert!(what.contains("several") && tail.is_none());
    }

    #[test]
    fn so_much_is_kept_of_what_follows_and_no_more() {
        let tail = |octets: usize| {
            let data = [&b"a\n.\n"[..], &vec![b'x'; octets]].concat();
            found(&data, data.len()).unwrap().1.map(|tail| tail.len())
        };
        assert_eq!(tail(KEPT), Some(KEPT));
        assert_eq!(tail(KEPT + 1), None);
    }
}
