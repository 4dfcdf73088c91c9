//! What is wrong with the mail that is delivered: nothing of it shows on the connection
//! (RFC 5321 §2.4, §3.3, §4.1.1.4, §4.4, §6.1).

use smtpspec_catalogue::requirement;

use super::{Fault, Mutant, mutant};
use crate::server::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "accepted-message-lost",
        "accepts messages and throws them away",
        requirement!("rfc5321-2.1-2"),
        Fault::Deliveries(|_, deliveries| deliveries.clear()),
    ),
    mutant(
        "message-delivered-twice",
        "delivers each message twice",
        requirement!("rfc5321-4.1.1.4-8"),
        Fault::Deliveries(|_, deliveries| deliveries.extend(deliveries.clone())),
    ),
    mutant(
        "refused-message-delivered",
        "delivers a message that it refused",
        requirement!("rfc5321-4.2.5-5"),
        Fault::Deliveries(|on, deliveries| {
            let open = on.model.transaction();
            if let (true, Some(open)) = (deliveries.is_empty(), open) {
                deliveries.push(Delivery {
                    reverse_path: open.reverse_path.clone().unwrap_or_default(),
                    recipients: open.recipients.clone(),
                    message: on.text.to_vec(),
                });
            }
        }),
    ),
    mutant(
        "unfinished-message-delivered",
        "delivers a message that the client broke off",
        requirement!("rfc5321-4.1.1.10-5"),
        Fault::Unfinished,
    ),
    mutant(
        "last-recipient-lost",
        "forgets the last of several recipients",
        requirement!("rfc5321-3.3-27"),
        Fault::Each(|_, delivery| {
            if delivery.recipients.len() > 1 {
                delivery.recipients.pop();
            }
        }),
    ),
    mutant(
        "only-last-recipient-kept",
        "forgets all recipients but the last",
        requirement!("rfc5321-4.1.1.3-6"),
        Fault::Each(|_, delivery| {
            delivery.recipients.drain(..delivery.recipients.len().saturating_sub(1));
        }),
    ),
    mutant(
        "recipients-beyond-50-dropped",
        "accepts more than 50 recipients and forgets the others",
        requirement!("rfc5321-4.5.3.1.8-6"),
        Fault::Each(|_, delivery| delivery.recipients.truncate(50)),
    ),
    mutant(
        "local-part-in-lower-case",
        "delivers to local-parts in lower case",
        requirement!("rfc5321-2.4-5"),
        Fault::Each(|_, delivery| {
            for mailbox in &mut delivery.recipients {
                mailbox.make_ascii_lowercase();
            }
        }),
    ),
    mutant(
        "reverse-path-in-lower-case",
        "delivers from local-parts in lower case",
        requirement!("rfc5321-2.4-4"),
        Fault::Each(|_, delivery| delivery.reverse_path.make_ascii_lowercase()),
    ),
    mutant(
        "reverse-path-lost",
        "delivers from the null reverse-path",
        requirement!("rfc5321-4.1.1.2-1"),
        Fault::Each(|_, delivery| delivery.reverse_path.clear()),
    ),
    mutant(
        "null-reverse-path-replaced",
        "puts an address of its own in place of the null reverse-path",
        requirement!("rfc5321-3.6.3-5"),
        Fault::Each(|_, delivery| {
            if delivery.reverse_path.is_empty() {
                delivery.reverse_path = b"postmaster@mx.example.test".to_vec();
            }
        }),
    ),
    mutant(
        "recipients-from-header",
        "delivers to the addresses of the header",
        requirement!("rfc5321-C-9"),
        Fault::Each(|on, delivery| {
            let text = String::from_utf8_lossy(on.text);
            if let Some(to) = text.lines().find_map(|line| line.strip_prefix("To: ")) {
                delivery.recipients = vec![to.trim_matches(['<', '>']).as_bytes().to_vec()];
            }
        }),
    ),
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
        requirement!("rfc5321-4.5.3.1.6-1"),
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
        "received-missing",
        "adds no Received field",
        requirement!("rfc5321-4.4-1"),
        Fault::Each(|_, delivery| {
            let trace = trace_len(&delivery.message);
            delivery.message.drain(..trace);
        }),
    ),
    mutant(
        "received-behind-header",
        "adds its Received field behind the header",
        requirement!("rfc5321-4.4-8"),
        Fault::Each(|_, delivery| {
            let trace: Vec<u8> = {
                let trace = trace_len(&delivery.message);
                delivery.message.drain(..trace).collect()
            };
            let body = find(&delivery.message, b"\r\n\r\n").map_or(0, |at| at + 2);
            delivery.message.splice(body..body, trace);
        }),
    ),
    mutant(
        "received-without-from",
        "leaves FROM out of its Received field",
        requirement!("rfc5321-4.4-3"),
        Fault::Trace(|trace| {
            let by = trace.find("by ").unwrap_or_default();
            format!("Received: {}", &trace[by..])
        }),
    ),
    mutant(
        "received-without-address",
        "leaves the client's address out of its Received field",
        requirement!("rfc5321-4.4-4"),
        Fault::Trace(|trace| {
            let open = trace.find(" (").unwrap_or(trace.len());
            let close = trace.find(')').map_or(trace.len(), |at| at + 1);
            format!("{}{}", &trace[..open], trace.get(close..).unwrap_or_default())
        }),
    ),
    mutant(
        "received-address-from-ehlo",
        "takes the client's address in its Received field from EHLO",
        requirement!("rfc5321-4.4-35"),
        Fault::Trace(|trace| {
            let name = trace.split(' ').nth(2).unwrap_or_default().to_owned();
            trace.replace("[127.0.0.1]", &name)
        }),
    ),
    mutant(
        "received-without-by",
        "leaves BY out of its Received field",
        requirement!("rfc5321-4.4-33"),
        Fault::Trace(|trace| trace.replace("by mx.example.test ", "")),
    ),
    mutant(
        "received-without-date",
        "leaves the date out of its Received field",
        requirement!("rfc5321-4.4-31"),
        Fault::Trace(|trace| {
            let end = trace.find(';').unwrap_or(trace.len());
            format!("{}\r\n", &trace[..end])
        }),
    ),
    mutant(
        "received-with-zone-name",
        "names the zone in its Received field",
        requirement!("rfc5321-4.4-10"),
        Fault::Trace(|trace| trace.replace("+0000", "GMT")),
    ),
    mutant(
        "received-with-year-of-two-digits",
        "has a year of two digits in its Received field",
        requirement!("rfc5321-F.5-1"),
        Fault::Trace(|trace| trace.replace(" 1970 ", " 70 ").replace(" 20", " ")),
    ),
    mutant(
        "received-with-unknown-protocol",
        "names a protocol that nobody registered in its Received field",
        requirement!("rfc5321-4.4-39"),
        Fault::Trace(|trace| {
            trace.replace("with ESMTP", "with XMAIL").replace("with SMTP", "with XMAIL")
        }),
    ),
    mutant(
        "received-tells-all-recipients",
        "names every recipient in its Received field",
        requirement!("rfc5321-4.4-6"),
        Fault::Each(|_, delivery| {
            let named: Vec<_> = delivery
                .recipients
                .iter()
                .map(|mailbox| format!("for <{}>", String::from_utf8_lossy(mailbox)))
                .collect();
            let all = format!(" {};", named.join(" "));
            rewrite_trace(delivery, |trace| trace.replacen(';', &all, 1));
        }),
    ),
    mutant(
        "received-of-others-removed",
        "removes the Received fields that are there already",
        requirement!("rfc5321-4.4-7"),
        Fault::Text(|text| on_fields(text, b"Received:", Vec::clear)),
    ),
];

/// Spoils the text of a message behind its trace field.
pub(crate) fn rewrite_text(delivery: &mut Delivery, spoil: fn(&mut Vec<u8>)) {
    let mut text = delivery.message.split_off(trace_len(&delivery.message));
    spoil(&mut text);
    delivery.message.append(&mut text);
}

/// Spoils the trace field of a message.
pub(crate) fn rewrite_trace(delivery: &mut Delivery, spoil: impl Fn(&str) -> String) {
    let text = delivery.message.split_off(trace_len(&delivery.message));
    let trace = spoil(&String::from_utf8_lossy(&delivery.message));
    delivery.message = [trace.into_bytes(), text].concat();
}

/// How long the field is that stands first.
fn trace_len(message: &[u8]) -> usize {
    let mut length = 0;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if length > 0 && !matches!(line.first(), Some(b' ' | b'\t')) {
            break;
        }
        length += line.len();
    }
    length
}

/// Changes each line of the header that begins so.
fn on_fields(message: &mut Vec<u8>, name: &[u8], change: impl Fn(&mut Vec<u8>)) {
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

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
