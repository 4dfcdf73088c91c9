//! What is wrong with the trace information of the mail that is delivered (RFC 5321 §4.4, §7.2).

use smtpspec_catalogue::requirement;

use super::content::{find, on_fields};
use super::{Fault, Mutant, mutant};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
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
    mutant(
        "received-twice",
        "adds its Received field in front and once more behind the first field of the message",
        requirement!("rfc5321-4.4-9"),
        Fault::Each(|_, delivery| {
            let trace = delivery.message[..trace_len(&delivery.message)].to_vec();
            let behind = trace.len() + trace_len(&delivery.message[trace.len()..]);
            delivery.message.splice(behind..behind, trace);
        }),
    ),
    mutant(
        "received-of-others-reversed",
        "puts the Received fields that are there already into the opposite order",
        requirement!("rfc5321-4.4-9"),
        Fault::Text(|text| {
            let mut fields = Vec::new();
            while text.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:")) {
                let end = trace_len(text);
                fields.push(text.drain(..end).collect::<Vec<u8>>());
            }
            fields.reverse();
            *text = [fields.concat(), std::mem::take(text)].concat();
        }),
    ),
    mutant(
        "received-with-clauses-out-of-order",
        "puts an ID in front of WITH in its Received field",
        requirement!("rfc5321-4.4-36"),
        Fault::Trace(|trace| trace.replacen(" with ", " id 4711 with ", 1)),
    ),
    mutant(
        "received-with-for-in-front",
        "puts FOR in front of WITH in its Received field",
        requirement!("rfc5321-4.4-36"),
        Fault::Trace(|trace| trace.replacen(" with ", " for <user@example.test> with ", 1)),
    ),
    mutant(
        "received-with-via-behind",
        "puts VIA behind WITH in its Received field",
        requirement!("rfc5321-4.4-36"),
        Fault::Trace(|trace| trace.replacen(';', " via TCP;", 1)),
    ),
    mutant(
        "received-with-unknown-link",
        "names a link that nobody registered in its Received field",
        requirement!("rfc5321-4.4-38"),
        Fault::Trace(|trace| trace.replacen(" with ", " via PIGEON with ", 1)),
    ),
    mutant(
        "received-with-unknown-clause",
        "has a clause that nobody registered in its Received field",
        requirement!("rfc5321-4.4-37"),
        Fault::Trace(|trace| trace.replacen(';', " mood sunny;", 1)),
    ),
    mutant(
        "received-with-odd-name",
        "has something else than a domain in its Received field",
        requirement!("rfc5321-4.4-34"),
        Fault::Trace(|trace| trace.replacen("by mx.example.test", "by /dev/mail:25", 1)),
    ),
    mutant(
        "received-with-two-paths",
        "names two recipients in one FOR clause",
        requirement!("rfc5321-4.4-6"),
        Fault::Each(|_, delivery| {
            if let [first, second, ..] = delivery.recipients.as_slice() {
                let named = [b" for <", first.as_slice(), b">, <", second, b">;"].concat();
                let named = String::from_utf8_lossy(&named).into_owned();
                rewrite_trace(delivery, |trace| trace.replacen(';', &named, 1));
            }
        }),
    ),
    mutant(
        "received-for-one-of-several",
        "names the first of several recipients in its Received field",
        requirement!("rfc5321-7.6-1"),
        Fault::Each(|_, delivery| {
            if let Some(first) = delivery.recipients.first() {
                let named = format!(" for <{}>;", String::from_utf8_lossy(first));
                rewrite_trace(delivery, |trace| trace.replacen(';', &named, 1));
            }
        }),
    ),
];

/// Spoils the trace field of a message.
pub(crate) fn rewrite_trace(delivery: &mut Delivery, spoil: impl Fn(&str) -> String) {
    let text = delivery.message.split_off(trace_len(&delivery.message));
    let trace = spoil(&String::from_utf8_lossy(&delivery.message));
    delivery.message = [trace.into_bytes(), text].concat();
}

/// How long the field is that stands first.
pub(super) fn trace_len(message: &[u8]) -> usize {
    let mut length = 0;
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        if length > 0 && !matches!(line.first(), Some(b' ' | b'\t')) {
            break;
        }
        length += line.len();
    }
    length
}
