//! RFC 8689 §2 to §5 (REQUIRETLS): what goes wrong with messages that want TLS on their way.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Verb};

use super::{Asked, Fault, Mutant, answer, mutant, reword};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "requiretls-keyword-with-parameter",
        "lists REQUIRETLS with a parameter",
        requirement!("rfc8689-7-2"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"REQUIRETLS") {
                    *line = b"REQUIRETLS CHAIN".to_vec();
                }
            },
        ),
    ),
    mutant(
        "requiretls-offered-and-unknown",
        "lists REQUIRETLS and does not know the parameter",
        requirement!("rfc8689-2-1"),
        answer(|on| parameter(on).is_some() && on.accepted(), 555, "Parameter not recognized"),
    ),
    mutant(
        "requiretls-with-value-draws-502",
        "does not implement MAIL where REQUIRETLS has a value",
        requirement!("rfc5321-4.3.2-12"),
        answer(|on| parameter(on).is_some() && on.usually() == 501, 502, "Not implemented"),
    ),
    mutant(
        "requiretls-wants-short-line",
        "takes REQUIRETLS in lines of 512 octets at most",
        requirement!("rfc8689-2-2"),
        answer(|on| parameter(on).is_some() && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "requiretls-passed-on-in-the-clear",
        "passes on without TLS what came with REQUIRETLS",
        requirement!("rfc8689-4.2.1-11"),
        Fault::Deliveries(pass_on),
    ),
    mutant(
        "requiretls-undone-by-field",
        "passes on without TLS what came with REQUIRETLS and says in a field that it needs none",
        requirement!("rfc8689-4.1-3"),
        Fault::Deliveries(|on, deliveries| {
            if String::from_utf8_lossy(on.text).to_ascii_lowercase().starts_with("tls-required: no")
            {
                pass_on(on, deliveries);
            }
        }),
    ),
    mutant(
        "requiretls-not-for-lists",
        "passes copies for the members of a list on without TLS",
        requirement!("rfc8689-4.1-5"),
        Fault::Deliveries(|on, deliveries| {
            if deliveries.iter().any(|mail| mail.recipients.iter().any(|to| is_owner(to))) {
                pass_on(on, deliveries);
            }
        }),
    ),
    mutant(
        "requiretls-failure-not-told",
        "does not tell the sender of what can't go on for REQUIRETLS",
        requirement!("rfc8689-4.2.1-12"),
        Fault::Deliveries(|on, deliveries| {
            if is_required(on) {
                deliveries.retain(|mail| !mail.reverse_path.is_empty());
            }
        }),
    ),
    mutant(
        "requiretls-notice-with-reverse-path",
        "tells of what can't go on for REQUIRETLS with a reverse-path",
        requirement!("rfc8689-5-5"),
        on_notice(|_, notice| notice.reverse_path = b"postmaster@mx.example.test".to_vec()),
    ),
    mutant(
        "requiretls-notice-with-another-status",
        "tells with the status of an unknown mailbox of what can't go on for REQUIRETLS",
        requirement!("rfc8689-4.2.1-13"),
        on_notice(|_, notice| {
            let text = String::from_utf8_lossy(&notice.message).replace("5.7.10", "5.1.1");
            notice.message = text.into_bytes();
        }),
    ),
    mutant(
        "requiretls-notice-with-text",
        "returns the text of what can't go on for REQUIRETLS",
        requirement!("rfc8689-5-3"),
        on_notice(|on, notice| notice.message.extend_from_slice(on.text)),
    ),
    mutant(
        "tls-required-no-not-sent",
        "does not send what says in a field that it needs no TLS",
        requirement!("rfc8689-3-2"),
        Fault::Deliveries(|on, deliveries| {
            if on.text.starts_with(b"TLS-Required: No") {
                deliveries.clear();
            }
        }),
    ),
];

/// Sends the message to all whom it was sent to, whatever it asked for.
fn pass_on(on: &Asked<'_>, deliveries: &mut Vec<Delivery>) {
    if !is_required(on) {
        return;
    }
    let Some(open) = on.model.transaction() else { return };
    deliveries.push(Delivery {
        reverse_path: open.reverse_path.clone().unwrap_or_default(),
        recipients: open.recipients.clone(),
        message: on.text.to_vec(),
        ..Delivery::default()
    });
}

const fn on_notice(spoil: fn(&Asked<'_>, &mut Delivery)) -> Fault {
    Fault::EachOf(is_notice_of_this, spoil)
}

fn is_notice_of_this(mail: &Delivery) -> bool {
    mail.reverse_path.is_empty() && String::from_utf8_lossy(&mail.message).contains("5.7.10")
}

/// The mailbox that errors of a list go to.
fn is_owner(mailbox: &[u8]) -> bool {
    String::from_utf8_lossy(mailbox).contains("-owner@")
}

/// Whether the message that has come to its end was to go inside TLS.
fn is_required(on: &Asked<'_>) -> bool {
    on.model.transaction().is_some_and(|open| open.has("REQUIRETLS"))
}

/// REQUIRETLS, where MAIL has it.
fn parameter<'a>(on: &Asked<'a>) -> Option<Parameter<'a>> {
    match on.command()? {
        Command::Mail(mail) => mail.parameters.get(b"REQUIRETLS"),
        _ => None,
    }
}
