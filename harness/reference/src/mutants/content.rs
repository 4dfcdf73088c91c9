//! What is wrong with the text of the mail that is delivered (RFC 5321 §2.4, §3.6.3, §4.5.2, §6.4,
//! §7.2; RFC 6152 §3).

use smtpspec_catalogue::requirement;

use super::trace::trace_len;
use super::{Fault, Mutant, mutant};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "message-truncated",
        "keeps the first 500 octets of a message",
        requirement!("rfc5321-4.1.1.4-1"),
        Fault::Text(|text| text.truncate(500)),
    ),
    mutant(
        "last-line-lost",
        "loses the last line of a message",
        requirement!("rfc6152-3-8"),
        Fault::Text(|text| {
            let inner = text.len().saturating_sub(1);
            let end = text[..inner].iter().rposition(|&octet| octet == b'\n');
            text.truncate(end.map_or(0, |end| end + 1));
        }),
    ),
    mutant(
        "high-bit-stripped",
        "clears the high bit of the octets of a message",
        requirement!("rfc6152-3-6"),
        Fault::Text(|text| text.iter_mut().for_each(|octet| *octet &= 0x7f)),
    ),
    mutant(
        "control-characters-removed",
        "removes control characters from a message",
        requirement!("rfc5321-4.5.2-4"),
        Fault::Text(|text| {
            text.retain(|octet| !octet.is_ascii_control() || b"\r\n".contains(octet));
        }),
    ),
    mutant(
        "bare-lf-completed",
        "makes a line end of a lone LF in a message",
        requirement!("rfc5321-2.3.8-1"),
        Fault::Text(|text| {
            let mut completed = Vec::with_capacity(text.len());
            for &octet in text.iter() {
                if octet == b'\n' && completed.last() != Some(&b'\r') {
                    completed.push(b'\r');
                }
                completed.push(octet);
            }
            *text = completed;
        }),
    ),
    mutant(
        "long-lines-folded",
        "breaks lines of more than 500 octets",
        requirement!("rfc5321-4.1.1.4-1"),
        Fault::Text(|text| {
            let mut folded = Vec::with_capacity(text.len());
            for line in text.split_inclusive(|&octet| octet == b'\n') {
                let mut pieces = line.chunks(500).peekable();
                while let Some(piece) = pieces.next() {
                    folded.extend_from_slice(piece);
                    if pieces.peek().is_some_and(|next| next.len() > 2) {
                        folded.extend_from_slice(b"\r\n");
                    }
                }
            }
            *text = folded;
        }),
    ),
    mutant(
        "header-fields-rewritten",
        "writes the envelope sender into From",
        requirement!("rfc5321-7.2-3"),
        Fault::Each(|_, delivery| {
            let from = delivery.reverse_path.clone();
            on_fields(&mut delivery.message, b"From:", |line| {
                *line = [b"From: <", from.as_slice(), b">\r\n"].concat();
            });
        }),
    ),
    mutant(
        "apparently-to-added",
        "adds the recipients to the header as Apparently-To",
        requirement!("rfc5321-7.2-4"),
        Fault::Each(|_, delivery| {
            let named = delivery.recipients.join(&b", "[..]);
            delivery.message =
                [b"Apparently-To: ", named.as_slice(), b"\r\n", delivery.message.as_slice()]
                    .concat();
        }),
    ),
    mutant(
        "return-path-added",
        "adds Return-Path though it is not where the mail ends",
        requirement!("rfc5321-4.4-19"),
        Fault::Each(|_, delivery| {
            let line = [b"Return-Path: <", delivery.reverse_path.as_slice(), b">\r\n"].concat();
            delivery.message = [line.repeat(2), delivery.message.clone()].concat();
        }),
    ),
    mutant(
        "parity-bit-set",
        "sets the high bit of some letters in a message",
        requirement!("rfc5321-4.5.2-5"),
        Fault::Text(|text| {
            text.iter_mut().filter(|octet| **octet == b'l').for_each(|l| *l |= 0x80);
        }),
    ),
    mutant(
        "date-added",
        "adds a Date to a message that has none",
        requirement!("rfc5321-6.4-2"),
        Fault::Text(|text| add_missing(text, b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n")),
    ),
    mutant(
        "message-id-added",
        "adds a Message-ID to a message that has none",
        requirement!("rfc5321-6.4-2"),
        Fault::Text(|text| add_missing(text, b"Message-ID: <added@mx.example.test>\r\n")),
    ),
    mutant(
        "addresses-completed",
        "adds a domain to an address of the header that has none",
        requirement!("rfc5321-6.4-2"),
        Fault::Text(|text| {
            on_fields(text, b"From:", |line| {
                if !line.contains(&b'@') && line.trim_ascii() != b"From:" {
                    line.truncate(line.len() - 2);
                    line.extend_from_slice(b"@mx.example.test\r\n");
                }
            });
        }),
    ),
    mutant(
        "bcc-removed",
        "removes Bcc from a message",
        requirement!("rfc5321-3.6.3-6"),
        Fault::Text(|text| on_fields(text, b"Bcc:", Vec::clear)),
    ),
    mutant(
        "boundary-completed",
        "closes a multipart that never ends",
        requirement!("rfc5321-3.6.3-6"),
        Fault::Text(|text| {
            if find(text, b"\r\n--b\r\n").is_some() && find(text, b"\r\n--b--").is_none() {
                text.extend_from_slice(b"--b--\r\n");
            }
        }),
    ),
];

/// Spoils the text of a message behind its trace field.
pub(crate) fn rewrite_text(delivery: &mut Delivery, spoil: fn(&mut Vec<u8>)) {
    let mut text = delivery.message.split_off(trace_len(&delivery.message));
    spoil(&mut text);
    delivery.message.append(&mut text);
}

/// Puts a field in front of a message that has none of this name.
fn add_missing(text: &mut Vec<u8>, field: &[u8]) {
    let name = field.iter().position(|&octet| octet == b':').map_or(field, |at| &field[..=at]);
    let named =
        |line: &[u8]| line.get(..name.len()).is_some_and(|had| had.eq_ignore_ascii_case(name));
    let mut header = text.split(|&octet| octet == b'\n').take_while(|line| *line != b"\r");
    if !header.any(named) {
        *text = [field, text.as_slice()].concat();
    }
}

/// Changes each line of the header that begins so.
pub(super) fn on_fields(message: &mut Vec<u8>, name: &[u8], change: impl Fn(&mut Vec<u8>)) {
    let mut in_header = true;
    let mut lines = Vec::new();
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        in_header &= line != b"\r\n";
        let mut line = line.to_vec();
        if in_header && line.starts_with(name) {
            change(&mut line);
        }
        lines.extend(line);
    }
    *message = lines;
}

pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
