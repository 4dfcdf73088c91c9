//! RFC 6152 §3 and RFC 3030 §3: what goes wrong with messages that the next hop can't take as they are.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::rfc2045::{self, Entity};

use super::content::find;
use super::{Asked, Fault, Mutant, mutant};
use crate::delivery::Delivery;
use crate::rfc3030::is_binary;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "eight-bits-to-seven-bit-hop",
        "passes octets above 127 on to a host without 8BITMIME",
        requirement!("rfc6152-3-12"),
        Fault::Each(|on, mail| {
            if is_converted(on, mail) && !on.text.is_ascii() {
                mail.message = on.text.to_vec();
            }
        }),
    ),
    mutant(
        "conversion-clears-high-bits",
        "clears the high bit of each octet where the next host has no 8BITMIME",
        requirement!("rfc6152-3-14"),
        Fault::Each(|on, mail| {
            if is_converted_text(on, mail) {
                let text = on.text.iter().map(|octet| octet & 0x7f);
                mail.message = text.collect();
                replace(&mut mail.message, b"Encoding: 8bit", b"Encoding: 7bit");
            }
        }),
    ),
    mutant(
        "conversion-with-long-lines",
        "writes what it encodes for a host without 8BITMIME in one line",
        requirement!("rfc6152-3-15"),
        Fault::Each(|on, mail| {
            if is_converted_text(on, mail) {
                join_lines(mail);
            }
        }),
    ),
    mutant(
        "binary-conversion-drops-nul",
        "drops NUL where the next host has no BINARYMIME",
        requirement!("rfc3030-3-15"),
        Fault::Each(|on, mail| {
            if is_converted_binary(on, mail) {
                let mut text = on.text.to_vec();
                text.retain(|&octet| octet != 0);
                mail.message = rfc2045::in_seven_bits(&text).unwrap_or_default();
            }
        }),
    ),
    mutant(
        "binary-conversion-to-text",
        "passes a binary message on as text where the next host has no BINARYMIME",
        requirement!("rfc3030-3-16"),
        Fault::Each(|on, mail| {
            if is_converted_binary(on, mail) {
                let text = on.text.iter().filter(|octet| octet.is_ascii() && **octet != 0);
                mail.message = text.copied().collect();
                replace(&mut mail.message, b"Encoding: binary", b"Encoding: 7bit");
            }
        }),
    ),
    mutant(
        "binary-conversion-with-long-lines",
        "writes what it encodes for a host without BINARYMIME in one line",
        requirement!("rfc3030-3-17"),
        Fault::Each(|on, mail| {
            if is_converted_binary(on, mail) {
                join_lines(mail);
            }
        }),
    ),
    mutant(
        "binary-conversion-encodes-twice",
        "encodes parts once more that have an encoding",
        requirement!("rfc3030-3-18"),
        Fault::Each(|on, mail| {
            let entity = Entity::of(&mail.message);
            if is_converted_binary(on, mail) && entity.boundary().is_some() {
                // As binary octets of no known kind they are encoded in one.
                let inner = [&b"MIME-Version: 1.0\r\n\r\n"[..], entity.body, b"\0"].concat();
                let inner = rfc2045::in_seven_bits(&inner).unwrap_or_default();
                let mut header = entity.header.to_vec();
                replace(&mut header, b"Encoding: 7bit", b"Encoding: base64");
                mail.message = [&header, &b"\r\n"[..], Entity::of(&inner).body].concat();
            }
        }),
    ),
    mutant(
        "binary-to-text-hop",
        "passes binary octets on to a host without BINARYMIME",
        requirement!("rfc3030-3-13"),
        Fault::Each(|on, mail| {
            if is_converted_binary(on, mail) {
                mail.message = on.text.to_vec();
            }
        }),
    ),
    mutant(
        "utf8-to-ascii-hop",
        "passes a header in UTF-8 on to a host without SMTPUTF8",
        requirement!("rfc6531-3.2-9"),
        Fault::Each(|on, mail| {
            if on.hop_lacks("SMTPUTF8")
                && mail.reverse_path.is_empty()
                && let Some(open) = on.model.transaction().filter(|open| open.has("SMTPUTF8"))
            {
                mail.reverse_path = open.reverse_path.clone().unwrap_or_default();
                mail.recipients.clone_from(&open.recipients);
                mail.message = on.text.to_vec();
            }
        }),
    ),
];

/// Whether it is the message itself, with other encodings than it came with.
fn is_converted(on: &Asked<'_>, mail: &Delivery) -> bool {
    let could = on.hop_lacks("8BITMIME") || on.hop_lacks("BINARYMIME");
    could && !mail.reverse_path.is_empty() && !mail.message.ends_with(on.text)
}

fn is_converted_text(on: &Asked<'_>, mail: &Delivery) -> bool {
    is_converted(on, mail) && !is_binary(on.model)
}

fn is_converted_binary(on: &Asked<'_>, mail: &Delivery) -> bool {
    is_converted(on, mail) && is_binary(on.model)
}

/// Puts the lines of what is in base64 together, the whole of it or its parts.
fn join_lines(mail: &mut Delivery) {
    let Some(at) = find(&mail.message, b"Encoding: base64") else { return };
    let Some(end) = find(&mail.message[at..], b"\r\n\r\n") else { return };
    let text = mail.message.split_off(at + end + 4);
    mail.message.extend(text.into_iter().filter(|octet| !b"\r\n".contains(octet)));
    mail.message.extend_from_slice(b"\r\n");
}

fn replace(text: &mut Vec<u8>, part: &[u8], by: &[u8]) {
    if let Some(at) = find(text, part) {
        text.splice(at..at + part.len(), by.iter().copied());
    }
}
