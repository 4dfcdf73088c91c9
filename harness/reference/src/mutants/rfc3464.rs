//! What becomes of the parameters of DSN, and what is wrong with notices (RFC 3461 §5.2 to §6.3,
//! RFC 3464): all of it shows in the mail that comes out.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::content::find;
use super::notice::{is_from_list, on_notice};
use super::{Asked, Fault, Mutant, Say, Then, When, mutant};
use crate::delivery::Delivery;
use crate::model::Model;
use crate::transaction::{Parameter, Transaction};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "envid-not-passed-on",
        "keeps ENVID to itself",
        requirement!("rfc3461-5.2.1-1"),
        Fault::Each(|_, mail| drop_of_mail(mail, b"ENVID")),
    ),
    mutant(
        "envid-in-lower-case",
        "passes ENVID on in lower case",
        requirement!("rfc3461-5.2.1-1"),
        Fault::Each(|_, mail| {
            for (keyword, value) in &mut mail.parameters {
                if let (b"ENVID", Some(value)) = (keyword.as_slice(), value) {
                    value.make_ascii_lowercase();
                }
            }
        }),
    ),
    mutant(
        "envid-added",
        "adds an ENVID of its own",
        requirement!("rfc3461-5.2.1-2"),
        Fault::Each(|_, mail| add_to_mail(mail, "ENVID", "own")),
    ),
    mutant(
        "ret-not-passed-on",
        "keeps RET to itself",
        requirement!("rfc3461-5.2.1-3"),
        Fault::Each(|_, mail| drop_of_mail(mail, b"RET")),
    ),
    mutant(
        "ret-added",
        "adds RET where the sender gave none",
        requirement!("rfc3461-5.2.1-4"),
        Fault::Each(|_, mail| add_to_mail(mail, "RET", "HDRS")),
    ),
    mutant(
        "notify-not-passed-on",
        "keeps NOTIFY to itself",
        requirement!("rfc3461-5.2.1-5"),
        Fault::Each(|_, mail| drop_of_rcpt(mail, b"NOTIFY")),
    ),
    mutant(
        "notify-added",
        "adds NOTIFY where the sender gave none",
        requirement!("rfc3461-5.2.1-6"),
        Fault::Each(|_, mail| add_to_rcpt(mail, "NOTIFY", "FAILURE")),
    ),
    mutant(
        "orcpt-not-passed-on",
        "keeps ORCPT to itself",
        requirement!("rfc3461-5.2.1-7"),
        Fault::Each(|_, mail| drop_of_rcpt(mail, b"ORCPT")),
    ),
    mutant(
        "orcpt-in-lower-case",
        "passes ORCPT on in lower case",
        requirement!("rfc3461-5.2.1-8"),
        Fault::Each(|_, mail| on_rcpt(mail, b"ORCPT", |value| value.make_ascii_lowercase())),
    ),
    mutant(
        "orcpt-of-another-added",
        "adds an ORCPT that is not the recipient",
        requirement!("rfc3461-5.2.1-10"),
        Fault::Each(|_, mail| add_to_rcpt(mail, "ORCPT", "rfc822;postmaster@mx.example.test")),
    ),
    mutant(
        "parameters-sent-unasked",
        "sends the parameters of DSN to a host that does not offer it",
        requirement!("rfc3461-5.2.2-1"),
        Fault::Each(|on, mail| {
            if let (true, Some(open)) = (is_without_dsn(on), on.model.transaction()) {
                mail.parameters.clone_from(&open.parameters);
                mail.recipient_parameters.clone_from(&open.recipient_parameters);
            }
        }),
    ),
    mutant(
        "relayed-not-told",
        "does not tell that mail went on to a host without DSN",
        requirement!("rfc3461-5.2.2-2"),
        Fault::Deliveries(|_, all| all.retain(|mail| !tells(mail, b"relayed"))),
    ),
    mutant(
        "delivered-not-told",
        "does not tell that mail was delivered",
        requirement!("rfc3461-5.2.3-1"),
        Fault::Deliveries(|_, all| all.retain(|mail| !tells(mail, b"delivered"))),
    ),
    mutant(
        "list-delivery-not-told",
        "does not tell that mail was delivered to a list",
        requirement!("rfc3461-5.2.7.1-1"),
        Fault::Deliveries(|_, all| {
            if all.iter().any(is_from_list) {
                all.retain(|mail| !tells(mail, b"delivered"));
            }
        }),
    ),
    mutant(
        "failure-not-told-if-asked",
        "does not tell of failure where NOTIFY has FAILURE",
        requirement!("rfc3461-5.2.6-1"),
        Fault::Deliveries(|on, all| {
            if asked(on, b"FAILURE") {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "failure-not-told-unasked",
        "does not tell of failure where there is no NOTIFY",
        requirement!("rfc3461-5.2.6-4"),
        Fault::Deliveries(|on, all| {
            if on.model.transaction().is_some_and(|open| open.recipient_parameters.is_empty()) {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "refusal-of-next-hop-not-told",
        "does not tell of a refusal by a host without DSN",
        requirement!("rfc3461-5.2.2-3"),
        Fault::Deliveries(|on, all| {
            if is_without_dsn(on) {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "notify-ignored",
        "tells of failure whatever NOTIFY says",
        requirement!("rfc3461-5.2.6-2"),
        on_command(
            |on| on.is(Verb::Rcpt),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(keyword, _)| keyword != b"NOTIFY");
                    }
                });
            },
        ),
    ),
    mutant(
        "never-ignored-by-relay",
        "tells of a refusal by a host without DSN where NOTIFY is NEVER",
        requirement!("rfc3461-5.2.2-4"),
        on_command(
            |on| on.is(Verb::Rcpt) && is_without_dsn(on),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(_, value)| value.as_deref() != Some(b"NEVER"));
                    }
                });
            },
        ),
    ),
    mutant(
        "relayed-told-unasked",
        "tells that mail went on though nobody asked",
        requirement!("rfc3461-5.2.2-7"),
        on_command(
            |on| on.is(Verb::Rcpt) && !on.line().contains(&b'=') && is_without_dsn(on),
            |model| {
                change(model, |open| {
                    if let Some(last) = open.recipients.last().cloned() {
                        let both = vec![parameter("NOTIFY", "SUCCESS,FAILURE")];
                        open.recipient_parameters.push((last, both));
                    }
                });
            },
        ),
    ),
    mutant(
        "delivered-told-unasked",
        "tells that mail was delivered though nobody asked",
        requirement!("rfc3461-5.2.3-3"),
        on_command(
            |on| on.is(Verb::Rcpt) && !on.line().contains(&b'=') && delivers(on),
            |model| {
                change(model, |open| {
                    if let Some(last) = open.recipients.last().cloned() {
                        let both = vec![parameter("NOTIFY", "SUCCESS,FAILURE")];
                        open.recipient_parameters.push((last, both));
                    }
                });
            },
        ),
    ),
    mutant(
        "delivered-told-against-wish",
        "tells that mail was delivered though NOTIFY lacks SUCCESS",
        requirement!("rfc3461-5.2.3-2"),
        on_command(
            |on| on.is(Verb::Rcpt) && delivers(on),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(keyword, _)| keyword != b"NOTIFY");
                        parameters.push(parameter("NOTIFY", "SUCCESS,FAILURE"));
                    }
                });
            },
        ),
    ),
    mutant(
        "null-reverse-path-told",
        "tells the sender in the header what became of mail with the null reverse-path",
        requirement!("rfc3461-5.2-1"),
        Fault::Deliveries(|on, all| {
            let asks = asked(on, b"SUCCESS");
            if asks && all.iter().any(|mail| mail.reverse_path.is_empty()) {
                all.push(Delivery {
                    recipients: vec![b"sender@example.org".to_vec()],
                    message: on.text.to_vec(),
                    ..Delivery::default()
                });
            }
        }),
    ),
    mutant(
        "list-passes-parameters-on",
        "passes on to the members of a list what its sender asked for",
        requirement!("rfc3461-5.2.7.1-7"),
        Fault::EachOf(is_from_list, |on, mail| {
            let Some(open) = on.model.transaction() else { return };
            mail.parameters.clone_from(&open.parameters);
            if let Some((_, asked)) = open.recipient_parameters.first() {
                let members = mail.recipients.iter().cloned();
                mail.recipient_parameters = members.map(|member| (member, asked.clone())).collect();
            }
        }),
    ),
    mutant(
        "list-names-itself-in-orcpt",
        "names itself in ORCPT where it sends to its members",
        requirement!("rfc3461-4.2-5"),
        Fault::EachOf(is_from_list, |_, mail| {
            add_to_rcpt(mail, "ORCPT", "rfc822;list@example.test");
        }),
    ),
    mutant(
        "notice-tells-of-silent-recipients",
        "names in a notice the recipients of whom nothing was to be told",
        requirement!("rfc3461-5.2.8-1"),
        on_notice(|on, notice| {
            let Some(open) = on.model.transaction() else { return };
            for (_, value) in open.recipient_parameters.iter().flat_map(|(_, all)| all) {
                notice.message.extend_from_slice(value.as_deref().unwrap_or_default());
            }
        }),
    ),
    mutant(
        "notice-with-ret",
        "sends notices with RET",
        requirement!("rfc3461-6.1-3"),
        on_notice(|_, notice| add_to_mail(notice, "RET", "HDRS")),
    ),
    mutant(
        "notice-with-notify",
        "asks for notices of its notices",
        requirement!("rfc3461-6.1-5"),
        on_notice(|_, notice| add_to_rcpt(notice, "NOTIFY", "FAILURE")),
    ),
    mutant(
        "notice-without-fields",
        "sends the fields of a notice as a text",
        requirement!("rfc3461-6.2-2"),
        on_notice(|_, notice| {
            replace(notice, "Content-Type: message/delivery-status", "Content-Type: text/plain");
        }),
    ),
    mutant(
        "returned-header-as-octets",
        "returns the header of the message as unknown octets",
        requirement!("rfc3461-6.2-6"),
        on_notice(|_, notice| replace(notice, "text/rfc822-headers", "application/octet-stream")),
    ),
    mutant(
        "ret-full-ignored",
        "returns the header alone though RET is FULL",
        requirement!("rfc3461-6.2-3"),
        on_command(
            |on| on.is(Verb::Mail),
            |model| {
                change(model, |open| open.parameters.retain(|(keyword, _)| keyword != b"RET"));
            },
        ),
    ),
    mutant(
        "ret-hdrs-ignored",
        "returns the whole message though RET is HDRS",
        requirement!("rfc3461-4.3-5"),
        on_command(
            |on| on.is(Verb::Mail),
            |model| {
                change(model, |open| {
                    open.parameters.retain(|(keyword, _)| keyword != b"RET");
                    open.parameters.push(parameter("RET", "FULL"));
                });
            },
        ),
    ),
    mutant(
        "whole-message-with-success",
        "returns the whole message where nothing failed",
        requirement!("rfc3461-6.2-5"),
        on_notice(|on, notice| {
            if !tells(notice, b"failed") {
                notice.message.extend_from_slice(on.text);
            }
        }),
    ),
    mutant(
        "envelope-id-not-told",
        "leaves the envelope id out of notices",
        requirement!("rfc3461-6.3-1"),
        on_notice(|_, notice| replace(notice, "Original-Envelope-Id: ", "X-Id: ")),
    ),
    mutant(
        "envelope-id-invented",
        "tells an envelope id where there is none",
        requirement!("rfc3461-6.3-2"),
        on_notice(|_, notice| {
            if find(&notice.message, b"Original-Envelope-Id: ").is_none() {
                replace(notice, "Reporting-MTA: ", "Original-Envelope-Id: 1\r\nReporting-MTA: ");
            }
        }),
    ),
    mutant(
        "envelope-id-in-xtext",
        "tells the envelope id in xtext",
        requirement!("rfc3461-6.3-3"),
        on_notice(|on, notice| {
            let Some(raw) = on.model.transaction().and_then(|open| open.parameter("ENVID")) else {
                return;
            };
            let raw = String::from_utf8_lossy(raw);
            on_field(notice, "Original-Envelope-Id: ", |_| raw.to_string());
        }),
    ),
    mutant(
        "envelope-id-in-upper-case",
        "tells the envelope id in upper case",
        requirement!("rfc3464-2.2.1-2"),
        on_notice(|_, notice| on_field(notice, "Original-Envelope-Id: ", str::to_uppercase)),
    ),
    mutant(
        "reporting-mta-missing",
        "does not say in notices who reports",
        requirement!("rfc3461-6.3-4"),
        on_notice(|_, notice| replace(notice, "Reporting-MTA: ", "X-MTA: ")),
    ),
    mutant(
        "reporting-mta-of-other-type",
        "gives its domain name another type",
        requirement!("rfc3461-6.3-5"),
        on_notice(|_, notice| {
            replace(notice, "Reporting-MTA: dns", "Reporting-MTA: x-local-hostname");
        }),
    ),
    mutant(
        "reporting-mta-localhost",
        "reports as localhost",
        requirement!("rfc3461-6.3-6"),
        on_notice(|_, notice| on_field(notice, "Reporting-MTA: ", |_| "dns; localhost".to_owned())),
    ),
    mutant(
        "reporting-mta-without-type",
        "gives its name no type",
        requirement!("rfc3464-2.2.2-1"),
        on_notice(|_, notice| replace(notice, "Reporting-MTA: dns; ", "Reporting-MTA: ")),
    ),
    mutant(
        "original-recipient-not-told",
        "leaves the original recipient out of notices",
        requirement!("rfc3461-6.3-9"),
        on_notice(|_, notice| replace(notice, "Original-Recipient: ", "X-Recipient: ")),
    ),
    mutant(
        "original-recipient-invented",
        "makes up an original recipient",
        requirement!("rfc3461-6.3-10"),
        on_notice(|_, notice| {
            if find(&notice.message, b"Original-Recipient: ").is_none() {
                let invented = "Original-Recipient: rfc822; x@y.example\r\nFinal-Recipient: ";
                replace(notice, "Final-Recipient: ", invented);
            }
        }),
    ),
    mutant(
        "original-recipient-mended",
        "makes a mailbox of the original recipient",
        requirement!("rfc3461-9.1-1"),
        on_notice(|_, notice| {
            on_field(notice, "Original-Recipient: rfc822; ", |value| value.replace(' ', "."));
        }),
    ),
    mutant(
        "final-recipient-missing",
        "leaves out Final-Recipient",
        requirement!("rfc3461-6.3-11"),
        on_notice(|_, notice| replace(notice, "Final-Recipient: ", "X-Final: ")),
    ),
    mutant(
        "final-recipient-rewritten",
        "tells of another mailbox than the one of the envelope",
        requirement!("rfc3461-6.3-12"),
        on_notice(|_, notice| replace(notice, "undeliverable@", "lost@")),
    ),
    mutant(
        "final-recipient-of-other-type",
        "gives the final recipient another type",
        requirement!("rfc3461-6.3-13"),
        on_notice(|_, notice| {
            replace(notice, "Final-Recipient: rfc822;", "Final-Recipient: x-local;");
        }),
    ),
    mutant(
        "final-recipient-without-type",
        "gives the final recipient no type",
        requirement!("rfc3464-2.3.2-1"),
        on_notice(|_, notice| replace(notice, "Final-Recipient: rfc822; ", "Final-Recipient: ")),
    ),
    mutant(
        "action-missing",
        "leaves out Action",
        requirement!("rfc3461-6.3-14"),
        on_notice(|_, notice| replace(notice, "Action: ", "X-Action: ")),
    ),
    mutant(
        "action-unknown",
        "has an Action of its own",
        requirement!("rfc3464-2.3.3-2"),
        on_notice(|_, notice| replace(notice, "Action: failed", "Action: bounced")),
    ),
    mutant(
        "action-renamed",
        "calls Action by another name",
        requirement!("rfc3464-2.3.3-1"),
        on_notice(|_, notice| replace(notice, "Action: ", "Result: ")),
    ),
    mutant(
        "status-missing",
        "leaves out Status",
        requirement!("rfc3461-6.3-15"),
        on_notice(|_, notice| replace(notice, "Status: ", "X-Status: ")),
    ),
    mutant(
        "status-of-two-numbers",
        "has two numbers in Status",
        requirement!("rfc3464-2.3.4-1"),
        on_notice(|_, notice| replace(notice, "Status: 5.1.1", "Status: 5.1")),
    ),
    mutant(
        "status-with-leading-zeros",
        "has leading zeros in Status",
        requirement!("rfc3464-2.3.4-2"),
        on_notice(|_, notice| replace(notice, "Status: 5.1.1", "Status: 5.01.001")),
    ),
    mutant(
        "remote-mta-missing",
        "does not say which host refused",
        requirement!("rfc3461-6.3-17"),
        on_notice(|_, notice| replace(notice, "Remote-MTA: ", "X-Remote: ")),
    ),
    mutant(
        "remote-mta-of-other-type",
        "gives the name of the next hop another type",
        requirement!("rfc3461-6.3-18"),
        on_notice(|_, notice| replace(notice, "Remote-MTA: dns;", "Remote-MTA: x-local;")),
    ),
    mutant(
        "diagnostic-code-missing",
        "does not say what the next hop said",
        requirement!("rfc3461-6.3-19"),
        on_notice(|_, notice| replace(notice, "Diagnostic-Code: ", "X-Code: ")),
    ),
    mutant(
        "diagnostic-code-of-other-type",
        "gives the reply of the next hop another type",
        requirement!("rfc3461-6.3-20"),
        on_notice(|_, notice| {
            replace(notice, "Diagnostic-Code: smtp;", "Diagnostic-Code: x-unix;");
        }),
    ),
    mutant(
        "diagnostic-code-in-own-words",
        "tells in its own words what the next hop said",
        requirement!("rfc3461-9.2-1"),
        on_notice(|_, notice| replace(notice, "550 5.1.1 No such mailbox", "550 user unknown")),
    ),
    mutant(
        "notice-addressed-to-nobody",
        "addresses notices to nobody in their header",
        requirement!("rfc3464-2-1"),
        on_notice(|_, notice| on_field(notice, "To: ", |_| "undisclosed-recipients:;".to_owned())),
    ),
    mutant(
        "notice-from-nobody",
        "sends notices from nobody in their header",
        requirement!("rfc3464-2-2"),
        on_notice(|_, notice| on_field(notice, "From: ", |_| "Mail Delivery System".to_owned())),
    ),
    mutant(
        "notice-encoded",
        "encodes the fields of a notice",
        requirement!("rfc3464-2.1-1"),
        on_notice(|_, notice| {
            replace(
                notice,
                "Content-Type: message/delivery-status\r\n",
                "Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n",
            );
        }),
    ),
    mutant(
        "recipient-fields-run-on",
        "puts no empty line before the fields of a recipient",
        requirement!("rfc3464-2.1-2"),
        on_notice(|_, notice| {
            replace(notice, "\r\n\r\nFinal-Recipient: ", "\r\nFinal-Recipient: ");
        }),
    ),
];

/// Once such a command is accepted, this happens.
const fn on_command(when: When, then: fn(&mut Model)) -> Fault {
    Fault::Answer { when, say: Say::AsUsual, then: Then::Also(then) }
}

fn change(model: &mut Model, how: impl FnOnce(&mut Transaction)) {
    let mut open = model.transaction().cloned();
    if let Some(open) = &mut open {
        how(open);
    }
    model.keep(open);
}

/// Whether mail goes on to a host that does not offer DSN.
fn is_without_dsn(on: &Asked<'_>) -> bool {
    let hop = on.model.config().and_then(|config| config.next_hop.as_ref());
    hop.is_some_and(|hop| !hop.offers("DSN"))
}

/// Whether mail ends here.
fn delivers(on: &Asked<'_>) -> bool {
    on.model.config().is_some_and(|config| config.next_hop.is_none())
}

/// Whether a recipient came with a NOTIFY that has this word.
fn asked(on: &Asked<'_>, word: &[u8]) -> bool {
    let open = on.model.transaction();
    let of = |(keyword, value): &Parameter| {
        let value = value.as_deref().unwrap_or_default().to_ascii_uppercase();
        keyword == b"NOTIFY" && find(&value, word).is_some()
    };
    open.is_some_and(|open| open.recipient_parameters.iter().flat_map(|(_, all)| all).any(of))
}

/// Whether it is a notice with this action.
fn tells(mail: &Delivery, action: &[u8]) -> bool {
    mail.reverse_path.is_empty()
        && find(&mail.message, &[b"\r\nAction: ", action, b"\r\n"].concat()).is_some()
}

fn parameter(keyword: &str, value: &str) -> Parameter {
    (keyword.into(), Some(value.into()))
}

fn drop_of_mail(mail: &mut Delivery, keyword: &[u8]) {
    mail.parameters.retain(|(name, _)| name != keyword);
}

fn drop_of_rcpt(mail: &mut Delivery, keyword: &[u8]) {
    for (_, parameters) in &mut mail.recipient_parameters {
        parameters.retain(|(name, _)| name != keyword);
    }
}

/// Adds a parameter of MAIL that is not there.
fn add_to_mail(mail: &mut Delivery, keyword: &str, value: &str) {
    if !mail.parameters.iter().any(|(name, _)| name == keyword.as_bytes()) {
        mail.parameters.push(parameter(keyword, value));
    }
}

/// Adds a parameter of RCPT for those that have none.
fn add_to_rcpt(mail: &mut Delivery, keyword: &str, value: &str) {
    for mailbox in &mail.recipients {
        let has = |(name, _): &Parameter| name == keyword.as_bytes();
        if mail.parameters_of(mailbox).iter().any(has) {
            continue;
        }
        let mut all = mail.recipient_parameters.iter_mut();
        if let Some((_, parameters)) = all.find(|(of, _)| of == mailbox) {
            parameters.push(parameter(keyword, value));
        } else {
            let added = (mailbox.clone(), vec![parameter(keyword, value)]);
            mail.recipient_parameters.push(added);
        }
    }
}

/// Changes the values of a parameter of RCPT.
fn on_rcpt(mail: &mut Delivery, keyword: &[u8], how: fn(&mut Vec<u8>)) {
    for (name, value) in mail.recipient_parameters.iter_mut().flat_map(|(_, all)| all) {
        if name == keyword {
            value.iter_mut().for_each(how);
        }
    }
}

fn replace(notice: &mut Delivery, from: &str, to: &str) {
    notice.message = String::from_utf8_lossy(&notice.message).replace(from, to).into_bytes();
}

/// Changes what stands behind this on each line that begins with it.
fn on_field(notice: &mut Delivery, name: &str, how: impl Fn(&str) -> String) {
    let text = String::from_utf8_lossy(&notice.message).into_owned();
    let changed = text.split_inclusive("\r\n").map(|line| match line.strip_prefix(name) {
        Some(value) => format!("{name}{}\r\n", how(value.trim_end())),
        None => line.to_owned(),
    });
    notice.message = changed.collect::<String>().into_bytes();
}
