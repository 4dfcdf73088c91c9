//! RFC 3464 §2 and RFC 3461 §6: what is wrong with notices.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::content::find;
use super::dsn::{add_to_mail, add_to_rcpt, change, on_command, parameter, tells};
use super::notice::on_notice;
use super::{Mutant, mutant};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
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
        "original-recipient-in-xtext",
        "tells the original recipient as the parameter has it",
        requirement!("rfc3461-6.3-9"),
        on_notice(|_, notice| {
            on_field(notice, "Original-Recipient: ", |value| {
                let (kind, address) = value.split_once("; ").unwrap_or(("", value));
                let xtext = address.replace('+', "+2B").replace('=', "+3D").replace(' ', "+20");
                format!("{kind}; {xtext}")
            });
        }),
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
            on_field(notice, "Original-Recipient: rfc822; ", |value| value.replace("..", "."));
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
