//! What is wrong with the envelope of the mail that is delivered: nothing of it shows on the
//! connection (RFC 5321 §2.4, §3.3, §4.1.1.3, §4.2.5, §6.1).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, Say, Then, is_message, misreport, mutant};
use crate::delivery::Delivery;
use crate::model::Model;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "accepted-message-lost",
        "accepts messages and throws them away",
        requirement!("rfc5321-6.1-1"),
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
                    ..Delivery::default()
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
        requirement!("rfc5321-3.3-27"),
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
        requirement!("rfc5321-2.4-5"),
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
        requirement!("rfc5321-4.5.5-3"),
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
        "refused-for-now-and-delivered",
        "answers 451 to the end of data and delivers the message",
        requirement!("rfc5321-4.2.5-3"),
        misreport(|on| is_message(on) && on.accepted(), 451, "Try again later"),
    ),
    mutant(
        "route-kept-in-recipient",
        "leaves the route in the recipients of the envelope",
        requirement!("rfc5321-4.1.1.3-3"),
        on_route(|model, asked| keep_route(model, asked, |_, _| true)),
    ),
    mutant(
        "own-name-kept-in-route",
        "leaves its own name in the route of a recipient",
        requirement!("rfc5321-C-6"),
        on_route(|model, asked| keep_route(model, asked, |route, own| &route[1..] == own)),
    ),
    mutant(
        "route-copied-into-reverse-path",
        "puts the hosts of a recipient's route in front of the reverse-path",
        requirement!("rfc5321-4.1.1.3-5"),
        on_route(|model, asked| {
            model.advance(asked.stimulus, asked.usual);
            let (Some((route, _)), Some(mut open)) =
                (route_of(asked.line()), model.transaction().cloned())
            else {
                return;
            };
            let sender = open.reverse_path.take().unwrap_or_default();
            open.reverse_path = Some([route, b":", sender.as_slice()].concat());
            model.keep(Some(open));
        }),
    ),
    mutant(
        "route-kept-in-reverse-path",
        "sends notices back along the route of the reverse-path",
        requirement!("rfc5321-6.1-7"),
        Fault::Answer {
            when: |on| on.is(Verb::Mail) && on.accepted() && route_of(on.line()).is_some(),
            say: Say::AsUsual,
            then: Then::Only(|model, asked| {
                model.advance(asked.stimulus, asked.usual);
                if let (Some((route, mailbox)), Some(mut open)) =
                    (route_of(asked.line()), model.transaction().cloned())
                {
                    open.reverse_path = Some([route, b":", mailbox].concat());
                    model.keep(Some(open));
                }
            }),
        },
    ),
    mutant(
        "own-name-put-into-reverse-path",
        "puts itself in front of the reverse-path",
        requirement!("rfc5321-C-8"),
        Fault::Each(|_, delivery| {
            if !delivery.reverse_path.is_empty() {
                let path = delivery.reverse_path.as_slice();
                delivery.reverse_path = [b"@mx.example.test:", path].concat();
            }
        }),
    ),
    mutant(
        "percent-in-local-part-obeyed",
        "takes a percent sign in the sender's local-part for a route",
        requirement!("rfc5321-2.3.11-1"),
        Fault::Each(|_, delivery| {
            let path = &mut delivery.reverse_path;
            let at = path.iter().rposition(|&octet| octet == b'@').unwrap_or(path.len());
            if let Some(percent) = path[..at].iter().rposition(|&octet| octet == b'%') {
                path.truncate(at);
                path[percent] = b'@';
            }
        }),
    ),
    mutant(
        "partial-domain-completed",
        "completes a sender's domain that has one label",
        requirement!("rfc5321-5.1-3"),
        Fault::Each(|_, delivery| {
            let path = &mut delivery.reverse_path;
            let at = path.iter().rposition(|&octet| octet == b'@').unwrap_or(path.len());
            if at < path.len() && !path[at..].contains(&b'.') {
                path.extend_from_slice(b".example.test");
            }
        }),
    ),
    mutant(
        "looping-message-relayed",
        "passes a message on however many hosts it went through",
        requirement!("rfc5321-6.3-2"),
        Fault::Config(|config| config.max_received = usize::MAX),
    ),
];

/// On a recipient with a route that is accepted, this happens.
const fn on_route(then: fn(&mut Model, &Asked<'_>)) -> Fault {
    Fault::Answer {
        when: |on| on.is(Verb::Rcpt) && on.accepted() && route_of(on.line()).is_some(),
        say: Say::AsUsual,
        then: Then::Only(then),
    }
}

/// The recipient is noted with its route, where it is to be kept.
fn keep_route(model: &mut Model, asked: &Asked<'_>, keeps: fn(&[u8], &[u8]) -> bool) {
    model.advance(asked.stimulus, asked.usual);
    let own = asked.model.config().map_or(&b""[..], |config| config.name.as_bytes());
    let (Some((route, mailbox)), Some(mut open)) =
        (route_of(asked.line()), model.transaction().cloned())
    else {
        return;
    };
    if keeps(route, own) {
        open.recipients.pop();
        open.recipients.push([route, b":", mailbox].concat());
        model.keep(Some(open));
    }
}

/// The route in the path of a command line, and what stands behind it.
fn route_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.windows(2).position(|two| two == b"<@")? + 1;
    let colon = start + line[start..].iter().position(|&octet| octet == b':')?;
    let end = colon + line[colon..].iter().position(|&octet| octet == b'>')?;
    Some((&line[start..colon], &line[colon + 1..end]))
}
