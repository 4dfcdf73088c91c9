//! What is wrong with notices of mail that can't be delivered, and with lists (RFC 5321 §3.6.3,
//! §3.9, §4.4, §6.1).

use smtpspec_catalogue::requirement;

use super::content::{find, on_fields};
use super::{Asked, Fault, Mutant, mutant};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "notice-not-sent",
        "does not tell the sender of mail that can't be delivered",
        requirement!("rfc5321-6.1-3"),
        Fault::Deliveries(|_, deliveries| deliveries.retain(|mail| !is_notice(mail))),
    ),
    mutant(
        "notice-not-sent-if-some-are-reached",
        "does not tell the sender if some recipients could be reached",
        requirement!("rfc5321-4.4-25"),
        Fault::Deliveries(|_, deliveries| {
            if deliveries.iter().any(|mail| !is_notice(mail)) {
                deliveries.retain(|mail| !is_notice(mail));
            }
        }),
    ),
    mutant(
        "message-lost-if-some-fail",
        "reaches nobody if some recipients can't be reached",
        requirement!("rfc5321-3.3-22"),
        Fault::Deliveries(|_, deliveries| {
            if deliveries.iter().any(is_notice) {
                deliveries.retain(is_notice);
            }
        }),
    ),
    mutant(
        "notice-with-reverse-path",
        "sends notices with a reverse-path",
        requirement!("rfc5321-6.1-4"),
        on_notice(|_, notice| notice.reverse_path = b"postmaster@mx.example.test".to_vec()),
    ),
    mutant(
        "notice-to-sender-of-header",
        "sends notices to the address in the header",
        requirement!("rfc5321-6.1-5"),
        on_notice(|on, notice| {
            const FIELDS: [&str; 5] =
                ["From: <", "Reply-To: <", "Sender: <", "Errors-To: <", "Return-Receipt-To: <"];
            let text = String::from_utf8_lossy(on.text);
            let named = |line: &str| {
                FIELDS.iter().find_map(|name| {
                    Some(line.strip_prefix(name)?.trim_end_matches('>').to_owned())
                })
            };
            if let Some(address) = text.lines().find_map(named) {
                notice.recipients = vec![address.into_bytes()];
            }
        }),
    ),
    mutant(
        "notice-to-sender-in-lower-case",
        "sends notices to the sender's address in lower case",
        requirement!("rfc5321-2.4-5"),
        on_notice(|_, notice| notice.recipients[0].make_ascii_lowercase()),
    ),
    mutant(
        "notice-to-postmaster",
        "sends notices to its postmaster instead of the sender",
        requirement!("rfc5321-6.1-5"),
        on_notice(|_, notice| notice.recipients = vec![b"postmaster@example.test".to_vec()]),
    ),
    mutant(
        "notice-for-a-notice",
        "tells the address in the header of mail with the null reverse-path that it failed",
        requirement!("rfc5321-6.1-6"),
        Fault::Deliveries(|on, deliveries| {
            let open = on.model.transaction();
            let lost = open.filter(|open| {
                let config = on.model.config();
                open.reverse_path.as_ref().is_some_and(Vec::is_empty)
                    && config
                        .is_some_and(|config| open.recipients.iter().any(|to| config.loses(to)))
            });
            if lost.is_some() {
                deliveries.push(Delivery {
                    reverse_path: Vec::new(),
                    recipients: vec![b"sender@example.org".to_vec()],
                    message: on.text.to_vec(),
                    ..Delivery::default()
                });
            }
        }),
    ),
    mutant(
        "notice-for-each-recipient",
        "sends a notice for each recipient that can't be reached",
        requirement!("rfc5321-4.4-27"),
        Fault::Deliveries(|_, deliveries| {
            let notices: Vec<_> =
                deliveries.iter().filter(|mail| is_notice(mail)).cloned().collect();
            for mut notice in notices {
                if names_two(&notice) {
                    notice.message.extend_from_slice(b"Another one.\r\n");
                    deliveries.push(notice);
                }
            }
        }),
    ),
    mutant(
        "notice-without-second-recipient",
        "names one of several recipients that can't be reached",
        requirement!("rfc5321-4.4-27"),
        on_notice(|_, notice| {
            while let Some(at) = find(&notice.message, b"undeliverable2@") {
                notice.message.drain(at..at + b"undeliverable2@".len());
            }
        }),
    ),
    mutant(
        "three-notices",
        "sends three notices of one message",
        requirement!("rfc5321-4.4-26"),
        Fault::Deliveries(|_, deliveries| {
            let notices: Vec<_> =
                deliveries.iter().filter(|mail| is_notice(mail)).cloned().collect();
            deliveries.extend([notices.clone(), notices].concat());
        }),
    ),
    mutant(
        "notice-in-plain-text",
        "sends notices that no program can read",
        requirement!("rfc5321-3.6.3-2"),
        on_notice(|on, notice| {
            let text = String::from_utf8_lossy(&notice.message).into_owned();
            let plain = text.replace("multipart/report; report-type=delivery-status", "text/plain");
            notice.message = plain.into_bytes();
            notice.message.extend_from_slice(on.text);
        }),
    ),
    mutant(
        "notice-in-another-name",
        "sends notices in the name of another host",
        requirement!("rfc5321-3.6.3-3"),
        on_notice(|_, notice| {
            let text = String::from_utf8_lossy(&notice.message).into_owned();
            notice.message = text.replace("mx.example.test", "elsewhere.example").into_bytes();
        }),
    ),
    mutant(
        "list-keeps-reverse-path",
        "leaves the reverse-path alone where a list passes mail on",
        requirement!("rfc5321-3.9-2"),
        on_list(|on, mail| {
            let sender = on.model.transaction().and_then(|open| open.reverse_path.clone());
            mail.reverse_path = sender.unwrap_or_default();
        }),
    ),
    mutant(
        "list-names-itself-in-header",
        "puts the list into the header where it passes mail on",
        requirement!("rfc5321-3.9-3"),
        on_list(|_, mail| {
            let text = String::from_utf8_lossy(&mail.message).into_owned();
            mail.message = text.replace("\r\nSubject: ", "\r\nSubject: [list] ").into_bytes();
        }),
    ),
    mutant(
        "list-sets-reply-to",
        "directs replies to the list where it passes mail on",
        requirement!("rfc5321-3.9-3"),
        on_list(|_, mail| {
            on_fields(&mut mail.message, b"Reply-To:", |line| {
                *line = b"Reply-To: <list@example.test>\r\n".to_vec();
            });
        }),
    ),
    mutant(
        "list-leaves-out-the-sender",
        "sends nothing to the member of a list who wrote",
        requirement!("rfc5321-3.9-4"),
        on_list(|on, mail| {
            let sender = on.model.transaction().and_then(|open| open.reverse_path.clone());
            mail.recipients.retain(|member| Some(member) != sender.as_ref());
        }),
    ),
    mutant(
        "list-reaches-first-member-only",
        "sends mail for a list to its first member",
        requirement!("rfc5321-3.9-4"),
        on_list(|_, mail| mail.recipients.truncate(1)),
    ),
];

/// Each notice is spoilt.
pub(super) const fn on_notice(spoil: fn(&Asked<'_>, &mut Delivery)) -> Fault {
    Fault::EachOf(is_notice, spoil)
}

/// Each mail that a list passes on is spoilt.
const fn on_list(spoil: fn(&Asked<'_>, &mut Delivery)) -> Fault {
    Fault::EachOf(is_from_list, spoil)
}

fn is_notice(mail: &Delivery) -> bool {
    mail.reverse_path.is_empty() && find(&mail.message, b"\r\nReporting-MTA: ").is_some()
}

pub(super) fn is_from_list(mail: &Delivery) -> bool {
    find(&mail.reverse_path, b"-owner@").is_some()
}

fn names_two(notice: &Delivery) -> bool {
    notice.message.windows(17).filter(|window| window == b"Final-Recipient: ").count() > 1
}
