//! Message data and its transparency (RFC 5321 §4.1.1.4, §4.5.2).

use smtpspec_protocol::{DataDecoder, DataEncoder, encode};

use crate::pieces::pieces;

/// The first octet chooses how the others are cut; they are read as what a client sends after 354,
/// and written as the message that it wants to send.
///
/// However a stream is cut, its messages are those that the plainest reading of the RFC finds, and
/// nothing is held back but what may be an end. What is written ends where it ends and nowhere
/// before, and reads as what it was (RFC 5321 §4.5.2).
pub fn data(input: &[u8]) {
    let Some((&choice, octets)) = input.split_first() else { return };
    let found = plain(octets);
    for choice in [b'0', b'1', choice] {
        assert_eq!(decode(octets, choice), found);
    }
    assert_encoded(octets, choice);
}

/// The messages in a stream, and how much of the last one is unfinished: by searching for the end,
/// and taking the dots out afterwards.
fn plain(stream: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut messages = Vec::new();
    let mut rest = stream;
    while let Some(end) = end_of_data(rest) {
        let (message, behind) = rest.split_at(end);
        messages.push(without_dots(message));
        rest = behind.strip_prefix(b".\r\n").expect("the end was found here");
    }
    // What may yet become the end of data is held back.
    let certain = rest.strip_suffix(b".\r").or(rest.strip_suffix(b"."));
    let certain = certain.filter(|before| before.is_empty() || before.ends_with(b"\r\n"));
    (messages, without_dots(certain.unwrap_or(rest)))
}

/// Where the first line stands that is a single dot.
fn end_of_data(stream: &[u8]) -> Option<usize> {
    if stream.starts_with(b".\r\n") {
        return Some(0);
    }
    stream.windows(5).position(|five| five == b"\r\n.\r\n").map(|at| at + 2)
}

fn without_dots(text: &[u8]) -> Vec<u8> {
    let starts_line = |at: usize| at == 0 || text[..at].ends_with(b"\r\n");
    let kept = text.iter().enumerate().filter(|&(at, &octet)| octet != b'.' || !starts_line(at));
    kept.map(|(_, &octet)| octet).collect()
}

fn decode(stream: &[u8], choice: u8) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut decoder, mut messages, mut message) = (DataDecoder::new(), Vec::new(), Vec::new());
    let mut taken = 0;
    for mut piece in pieces(stream, choice) {
        taken += piece.len();
        while decoder.feed(&mut piece, &mut message) {
            messages.push(std::mem::take(&mut message));
        }
        assert!(piece.is_empty() && message.len() <= taken);
    }
    (messages, message)
}

fn assert_encoded(message: &[u8], choice: u8) {
    let whole = encode(message);
    for choice in [b'1', choice] {
        let (mut encoder, mut out) = (DataEncoder::new(), Vec::new());
        for piece in pieces(message, choice) {
            encoder.feed(piece, &mut out);
        }
        encoder.finish(&mut out);
        assert_eq!(out, whole);
    }
    let dots = message.iter().filter(|&&octet| octet == b'.').count();
    assert!(whole.len() <= message.len() + dots + b"\r\n.\r\n".len());
    assert_eq!(end_of_data(&whole), Some(whole.len() - b".\r\n".len()), "it ends only once");
    let mut complete = message.to_vec();
    if !message.is_empty() && !message.ends_with(b"\r\n") {
        complete.extend_from_slice(b"\r\n");
    }
    assert_eq!(decode(&whole, choice), (vec![complete], Vec::new()));
}
