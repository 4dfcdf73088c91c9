//! Message data on the wire: its end, and the dots that keep the end unmistakable
//! (RFC 5321 §4.1.1.4, §4.5.2).
//!
//! Only CRLF.CRLF ends the data, where the first CRLF may be that of the DATA command. Lone CRs
//! and LFs are octets like any other: they end nothing, and no dot behind them is added or taken.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What every dot that matters stands behind. The CR before it is looked at afterwards: a needle
/// of two octets is found the fastest.
static LF_DOT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n."));

/// The end of data, with the CRLF before it.
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n.\r\n"));

/// Reads message data from a stream and takes out the dots that were put in
/// (RFC 5321 §4.5.2). It holds back at most two octets.
///
/// ```
/// use smtpspec_protocol::DataDecoder;
///
/// let (mut decoder, mut message) = (DataDecoder::new(), Vec::new());
/// let mut input = &b"..a\r\n.\r\nQUIT\r\n"[..];
/// assert!(decoder.feed(&mut input, &mut message));
/// assert_eq!((&message[..], input), (&b".a\r\n"[..], &b"QUIT\r\n"[..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataDecoder {
    place: Place,
}

/// What the octets before the next one are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// A CRLF, or nothing.
    #[default]
    LineStart,
    /// Anything else than what follows here.
    Text,
    /// A CR, which is written out already.
    Cr,
    /// A dot at the start of a line, which is held back.
    Dot,
    /// A dot at the start of a line and a CR, both held back.
    DotCr,
}

impl DataDecoder {
    /// A decoder that stands at the start of the message data (RFC 5321 §4.1.1.4).
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets and writes the message to `out`. True once the end of data was taken: `input`
    /// then stands behind it, and the decoder at the start of the next message
    /// (RFC 5321 §4.1.1.4).
    #[must_use = "what stands behind the end of data is no message"]
    pub fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> bool {
        let mut dense = false;
        while let Some((&octet, rest)) = input.split_first() {
            self.place = match (self.place, octet) {
                (Place::LineStart, b'.') => Place::Dot,
                (Place::Dot, b'\r') => Place::DotCr,
                (Place::DotCr, b'\n') => {
                    *input = rest;
                    self.place = Place::LineStart;
                    return true;
                }
                // rfc5321-4.5.2-3: the dot is deleted, the CR behind it is text.
                (Place::DotCr, _) => {
                    out.push(b'\r');
                    self.place = Place::Cr;
                    continue;
                }
                (Place::Text | Place::LineStart, _) => {
                    self.place = if dense && input.len() > DENSE {
                        dots_away(self.place, input, out, &mut dense)
                    } else {
                        up_to_dot(self.place, input, out, &mut dense)
                    };
                    continue;
                }
                (place, octet) => {
                    out.push(octet);
                    place.behind(&[octet])
                }
            };
            *input = rest;
        }
        false
    }
}

impl Place {
    /// The place behind this text, none of whose octets is held back.
    fn behind(self, text: &[u8]) -> Self {
        match text {
            [] => self,
            [.., b'\r', b'\n'] => Self::LineStart,
            [b'\n'] if self == Self::Cr => Self::LineStart,
            [.., b'\r'] => Self::Cr,
            _ => Self::Text,
        }
    }
}

/// Writes text up to the next dot behind an LF, or all of it, and tells whether the dot came soon.
/// It begins with no dot that starts a line.
fn up_to_dot(place: Place, input: &mut &[u8], out: &mut Vec<u8>, dense: &mut bool) -> Place {
    const SOON: usize = 32;
    let length = LF_DOT.find(input).map_or(input.len(), |lf| lf + 1);
    let (text, rest) = input.split_at(length);
    out.extend_from_slice(text);
    *input = rest;
    *dense = length < SOON;
    place.behind(text)
}

/// The octets that are looked at word by word where dots are dense.
const DENSE: usize = 512;

/// Writes the next octets without the dots that start their lines. To search for each of these
/// would take longer than to look at every octet, and whoever sends them may want just that. They
/// are input behind text, and more than [`DENSE`].
fn dots_away(place: Place, input: &mut &[u8], out: &mut Vec<u8>, dense: &mut bool) -> Place {
    // A dot whose line is not all here is left to whoever can wait for the rest.
    let most = DENSE - END.needle().len();
    let block = &input[..DENSE];
    // Where dots abound a search for the end would stop at each of them.
    let end = if has_end(block) { END.find(block) } else { None };
    let (words, _) = block[..end.unwrap_or(most).min(most)].as_chunks::<WORD>();
    if words.is_empty() {
        return up_to_dot(place, input, out, dense);
    }
    let length = words.len() * WORD;
    let start = out.len();
    out.resize(start + length + WORD, 0);
    let (written, mut end, mut dotted) = (&mut out[start..], 0, 0);
    let (mut lf_before, mut cr_before) = (0, 0);
    for word in words {
        let word = u64::from_le_bytes(*word);
        let (lf, cr) = (octets_of(word, b'\n'), octets_of(word, b'\r'));
        // The top octet of the word before stands before the lowest of this one.
        let behind_lf = octets_of(word, b'.') & (lf << 8 | lf_before >> 56);
        let mut stuffed = behind_lf & (cr << 16 | cr_before >> 48);
        dotted += usize::from(behind_lf != 0);
        (lf_before, cr_before) = (lf, cr);
        let (mut rest, mut passed) = (word, 0);
        loop {
            written[end..end + WORD].copy_from_slice(&rest.to_le_bytes());
            if stuffed == 0 {
                end += WORD - passed;
                break;
            }
            let dot = stuffed.trailing_zeros() / 8;
            end += dot as usize - passed;
            passed = dot as usize + 1;
            rest = word.checked_shr((dot + 1) * 8).unwrap_or(0);
            stuffed &= stuffed - 1;
        }
    }
    out.truncate(start + end);
    let (text, rest) = input.split_at(length);
    *input = rest;
    // Fewer than one in 64 octets: a search is worth while again.
    *dense = dotted > length / 64;
    Place::Text.behind(text)
}

const WORD: usize = 8;

/// The highest bit of each octet of the word that is this one, and no other bit.
fn octets_of(word: u64, octet: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const SEVEN: u64 = LOW * 0x7F;
    let differs = word ^ (LOW * u64::from(octet));
    !(((differs & SEVEN) + SEVEN) | differs | SEVEN)
}

/// Whether the end of data lies somewhere in these octets: all places at once, so that no octet of them
/// makes it slower.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a condition for each octet could not be foreseen"
)]
fn has_end(block: &[u8]) -> bool {
    let last = block.len() - (END.needle().len() - 1);
    let at = |offset: usize| &block[offset..offset + last];
    let (lf, dot, cr, last_lf) = (at(1), at(2), at(3), at(4));
    (0..last).fold(false, |found, start| {
        found
            | ((block[start] == b'\r')
                & (lf[start] == b'\n')
                & (dot[start] == b'.')
                & (cr[start] == b'\r')
                & (last_lf[start] == b'\n'))
    })
}

/// Writes message data for the wire: puts in the dots, and at last the end of data
/// (RFC 5321 §4.5.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataEncoder {
    place: Place,
}

impl DataEncoder {
    /// An encoder that stands at the start of a message (RFC 5321 §4.1.1.4).
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the next part of the message to `out` (RFC 5321 §4.5.2).
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut rest = chunk;
        while !rest.is_empty() {
            if self.place == Place::LineStart && rest.starts_with(b".") {
                out.push(b'.');
            }
            let length = LF_DOT.find(rest).map_or(rest.len(), |lf| lf + 1);
            let (text, behind) = rest.split_at(length);
            out.extend_from_slice(text);
            self.place = self.place.behind(text);
            rest = behind;
        }
    }

    /// Writes the end of data, after a CRLF if the message did not end with one
    /// (RFC 5321 §4.1.1.4).
    pub fn finish(self, out: &mut Vec<u8>) {
        // rfc5321-4.1.1.4-5, rfc5321-4.1.1.4-4: completed if need be, and only then.
        if self.place != Place::LineStart {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

/// A whole message as it goes over the wire, with the end of data (RFC 5321 §4.5.2).
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 8);
    let mut encoder = DataEncoder::new();
    encoder.feed(message, &mut out);
    encoder.finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The messages in a stream, and what of the last one has come.
    fn decode(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut decoder, mut messages, mut message) = (DataDecoder::new(), Vec::new(), Vec::new());
        for mut chunk in chunks.iter().copied() {
            while decoder.feed(&mut chunk, &mut message) {
                messages.push(std::mem::take(&mut message));
            }
            assert!(chunk.is_empty());
        }
        (messages, message)
    }

    #[test]
    fn only_crlf_dot_crlf_ends_the_data() {
        let unended: [&[u8]; 11] = [
            b".\n\n",
            b"a\n.\n",
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r\n.\r",
            b"a\r.\r\n",
            b".\n",
            b".\r",
            b"a.\r\n",
            b"a\r\n.\r\r\n",
        ];
        for stream in unended {
            assert!(decode(&[stream]).0.is_empty(), "{}", crate::escape::escape(stream));
        }
        assert_eq!(decode(&[b".\r\n"]).0, [b""]);
        assert_eq!(decode(&[b"a\r\n.\r\n.\r\n"]).0, [&b"a\r\n"[..], b""]);
    }

    #[test]
    fn the_first_dot_of_a_line_is_taken_away() {
        let table: [(&[u8], &[u8]); 6] = [
            (b"..\r\n.\r\n", b".\r\n"),
            (b".a\r\n.\r\n", b"a\r\n"),
            (b"a..\r\n.\r\n", b"a..\r\n"),
            (b"a\n..\r\n.\r\n", b"a\n..\r\n"),
            (b".\ra\r\n.\r\n", b"\ra\r\n"),
            (b".\r\r\n.\r\n", b"\r\r\n"),
        ];
        for (stream, message) in table {
            assert_eq!(decode(&[stream]).0, [message]);
        }
    }

    #[test]
    fn a_message_without_crlf_at_its_end_gets_one() {
        let table: [(&[u8], &[u8]); 5] = [
            (b"", b".\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b"a\r", b"a\r\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b"a\n.\r\n.b\r\n", b"a\n.\r\n..b\r\n.\r\n"),
        ];
        for (message, stream) in table {
            assert_eq!(encode(message), stream);
        }
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()];
        prop::collection::vec(octet, 0..64)
    }

    /// The definition, octet by octet: the messages in a stream, and what of the last one has come.
    fn slowly(stream: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut messages, mut message, mut at) = (Vec::new(), Vec::new(), 0);
        let mut line_start = true;
        while at < stream.len() {
            let rest = &stream[at..];
            if line_start && rest[0] == b'.' {
                if rest.starts_with(b".\r\n") {
                    messages.push(std::mem::take(&mut message));
                    at += 3;
                    continue;
                }
                if b".\r\n".starts_with(rest) {
                    break;
                }
                at += 1;
            }
            message.push(stream[at]);
            at += 1;
            line_start = stream[..at].ends_with(b"\r\n");
        }
        (messages, message)
    }

    /// What makes the decoder change between searching and looking at each octet.
    fn dotted() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => Just(&b"..\r\n"[..]),
            3 => Just(&b".\n.\n."[..]),
            3 => Just(&b".\r\r\n.\r"[..]),
            3 => Just(&b"a\r\n"[..]),
            1 => Just(&b".\r\n"[..]),
            1 => Just(&[b'x'; 70][..]),
        ];
        let runs = prop::collection::vec((piece, 1_usize..200), 0..12);
        runs.prop_map(|runs| runs.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect())
    }

    proptest! {
        #[test]
        fn dense_dots_are_taken_away_like_any_other(stream in dotted(), size in 1_usize..3000) {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            prop_assert_eq!(decode(&chunks), slowly(&stream));
        }

        #[test]
        fn decoding_undoes_encoding(message in octets()) {
            let mut whole = message.clone();
            if !message.is_empty() && !message.ends_with(b"\r\n") {
                whole.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(decode(&[&encode(&message)]), (vec![whole], Vec::new()));
        }

        #[test]
        fn any_split_decodes_to_the_same(stream in octets(), size in 1_usize..8) {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            prop_assert_eq!(decode(&chunks), decode(&[&stream]));
        }

        #[test]
        fn any_split_encodes_to_the_same(message in octets(), size in 1_usize..8) {
            let (mut encoder, mut out) = (DataEncoder::new(), Vec::new());
            for chunk in message.chunks(size) {
                encoder.feed(chunk, &mut out);
            }
            encoder.finish(&mut out);
            prop_assert_eq!(out, encode(&message));
        }
    }
}
