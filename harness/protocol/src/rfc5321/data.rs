//! Message data on the wire: its end, and the dots that keep the end unmistakable
//! (RFC 5321 §4.1.1.4, §4.5.2).
//!
//! Only CRLF.CRLF ends the data, where the first CRLF may be that of the DATA command. Lone CRs
//! and LFs are octets like any other: they end nothing, and no dot behind them is added or taken.

use memchr::memchr;

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
        while let Some((&octet, rest)) = input.split_first() {
            self.place = match (self.place, octet) {
                (Place::Text, _) => {
                    let text = memchr(b'\r', input).unwrap_or(input.len());
                    let (text, rest) = input.split_at(text);
                    out.extend_from_slice(text);
                    *input = rest;
                    let Some(rest) = rest.strip_prefix(b"\r") else { return false };
                    out.push(b'\r');
                    *input = rest;
                    self.place = Place::Cr;
                    continue;
                }
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
                (place, octet) => {
                    out.push(octet);
                    match (place, octet) {
                        (Place::Cr, b'\n') => Place::LineStart,
                        (_, b'\r') => Place::Cr,
                        _ => Place::Text,
                    }
                }
            };
            *input = rest;
        }
        false
    }
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
        while let Some(&octet) = rest.first() {
            let text = match self.place {
                // Up to a CR nothing can start a line.
                Place::Text => memchr(b'\r', rest).map_or(rest.len(), |cr| cr + 1),
                _ => 1,
            };
            if self.place == Place::LineStart && octet == b'.' {
                out.push(b'.');
            }
            let (text, behind) = rest.split_at(text);
            out.extend_from_slice(text);
            self.place = match (self.place, text.last()) {
                (_, Some(b'\r')) => Place::Cr,
                (Place::Cr, Some(b'\n')) => Place::LineStart,
                _ => Place::Text,
            };
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

    proptest! {
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
