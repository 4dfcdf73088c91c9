//! RFC 2852 §2 to §4 (DELIVERBY): what goes wrong with messages that are to be in time.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Verb};

use super::content::find;
use super::dsn::tells;
use super::{Asked, Fault, Mutant, answer, mutant, reword};
use crate::delivery::Delivery;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "deliverby-keyword-with-unit",
        "lists DELIVERBY with a unit",
        requirement!("rfc2852-2-1"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| replace(&mut reply.lines, b"DELIVERBY 60s")),
    ),
    mutant(
        "deliverby-keyword-with-two-parameters",
        "lists DELIVERBY with two parameters",
        requirement!("rfc2852-2-1"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| replace(&mut reply.lines, b"DELIVERBY 60 120")),
    ),
    mutant(
        "deliverby-offered-and-unknown",
        "lists DELIVERBY and does not know BY",
        requirement!("rfc2852-3-3"),
        answer(|on| by(on).is_some(), 504, "Parameter not implemented"),
    ),
    mutant(
        "deliverby-with-trace-refused",
        "does not know the T of BY",
        requirement!("rfc2852-3-3"),
        answer(|on| by(on).is_some_and(|by| by.ends_with(b"T")), 501, "Syntax error"),
    ),
    mutant(
        "deliverby-wants-short-line",
        "takes BY in lines of 512 octets at most",
        requirement!("rfc2852-2-2"),
        answer(|on| by(on).is_some() && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "deliverby-passed-time-refused",
        "calls a time that has passed an error",
        requirement!("rfc2852-4-3"),
        answer(|on| by(on).is_some_and(is_past), 501, "Syntax error"),
    ),
    mutant(
        "deliverby-return-in-no-time-accepted",
        "takes R with a time that has passed",
        requirement!("rfc2852-4-4"),
        answer(|on| by(on).is_some_and(is_past) && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "deliverby-return-in-no-time-draws-552",
        "refuses R with a time that has passed with 552",
        requirement!("rfc2852-4-4"),
        answer(|on| by(on).is_some_and(is_past) && on.usually() == 501, 552, "Too late"),
    ),
    mutant(
        "deliverby-return-in-no-time-with-another-code",
        "calls R with a time that has passed an unknown mailbox",
        requirement!("rfc2852-4-5"),
        reword(
            |on| by(on).is_some_and(is_past) && on.usually() == 501,
            |_, reply| reply.lines = vec![b"5.1.1 Too late".to_vec()],
        ),
    ),
    mutant(
        "deliverby-below-minimum-accepted",
        "takes R with a time below its minimum",
        requirement!("rfc2852-3-2"),
        answer(|on| by(on).is_some() && on.usually() == 555, 250, "OK"),
    ),
    mutant(
        "deliverby-below-minimum-draws-501",
        "calls a time below its minimum an error of syntax",
        requirement!("rfc2852-3-2"),
        answer(|on| by(on).is_some() && on.usually() == 555, 501, "Syntax error"),
    ),
    mutant(
        "deliverby-bad-time-draws-502",
        "does not implement MAIL where BY has no time",
        requirement!("rfc5321-4.3.2-12"),
        answer(
            |on| {
                on.line().windows(3).any(|part| part.eq_ignore_ascii_case(b" BY"))
                    && on.usually() == 501
            },
            502,
            "Not implemented",
        ),
    ),
    mutant(
        "deliverby-return-passed-on",
        "passes a message with R on to a host without DELIVERBY",
        requirement!("rfc2852-4.1.4.1-1"),
        Fault::Deliveries(|on, deliveries| {
            let Some(open) = on.model.transaction().filter(|_| returns(on)) else { return };
            deliveries.push(Delivery {
                reverse_path: open.reverse_path.clone().unwrap_or_default(),
                recipients: open.recipients.clone(),
                message: on.text.to_vec(),
                ..Delivery::default()
            });
        }),
    ),
    mutant(
        "deliverby-return-not-told",
        "does not tell the sender of a message with R that it can't pass on",
        requirement!("rfc2852-4.1.4.1-3"),
        Fault::Deliveries(|on, deliveries| {
            if returns(on) {
                deliveries.clear();
            }
        }),
    ),
    mutant(
        "deliverby-passed-time-not-sent",
        "does not send a message with N",
        requirement!("rfc2852-4.1.3-3"),
        Fault::Deliveries(|on, deliveries| {
            let open = on.model.transaction();
            if open.is_some_and(|open| open.has("BY")) && !returns(on) {
                deliveries.clear();
            }
        }),
    ),
    mutant(
        "deliverby-not-passed-on",
        "passes mail with BY on without it to a host with DELIVERBY",
        requirement!("rfc2852-4.1.4-1"),
        Fault::Each(|_, mail| mail.parameters.retain(|(keyword, _)| keyword != b"BY")),
    ),
    mutant(
        "deliverby-passed-on-with-more-time",
        "gives the next host more time than is left",
        requirement!("rfc2852-4.1.4-1"),
        Fault::Each(|_, mail| {
            for (_, value) in mail.parameters.iter_mut().filter(|(keyword, _)| keyword == b"BY") {
                *value = Some(b"9999999;N".to_vec());
            }
        }),
    ),
    mutant(
        "deliverby-trace-not-told",
        "does not tell where a message with T went",
        requirement!("rfc2852-4.1.4-2"),
        Fault::Deliveries(|on, deliveries| hide_relaying(on, deliveries, b"T")),
    ),
    mutant(
        "deliverby-relaying-not-told",
        "does not tell that a message with N went on to a host without DELIVERBY",
        requirement!("rfc2852-4.1.4.2-2"),
        Fault::Deliveries(|on, deliveries| hide_relaying(on, deliveries, b"N")),
    ),
    mutant(
        "deliverby-delay-not-told",
        "does not tell that the time of a message with N has passed",
        requirement!("rfc2852-4.1.3-4"),
        Fault::Deliveries(|_, deliveries| deliveries.retain(|mail| !tells(mail, b"delayed"))),
    ),
    mutant(
        "deliverby-delay-told-with-another-status",
        "tells that the time of a message with N has passed with another status",
        requirement!("rfc2852-4.1.3-4"),
        Fault::EachOf(
            |mail| tells(mail, b"delayed"),
            |_, mail| {
                if let Some(at) = find(&mail.message, b"Status: 4.4.7") {
                    mail.message[at + 12] = b'1';
                }
            },
        ),
    ),
    mutant(
        "deliverby-delays-not-asked-for",
        "does not ask a host with DSN and without DELIVERBY to tell of delays",
        requirement!("rfc2852-4.1.4.2-3"),
        Fault::Each(|on, mail| {
            if on.model.transaction().is_some_and(|open| open.has("BY")) {
                for (_, parameters) in &mut mail.recipient_parameters {
                    parameters.retain(|(keyword, _)| keyword != b"NOTIFY");
                }
            }
        }),
    ),
];

/// Leaves out the notice that mail went on, where its BY ends so.
fn hide_relaying(on: &Asked<'_>, deliveries: &mut Vec<Delivery>, end: &[u8]) {
    let by = on.model.transaction().and_then(|open| open.parameter("BY"));
    if by.is_some_and(|by| by.ends_with(end)) {
        deliveries.retain(|mail| !tells(mail, b"relayed"));
    }
}

/// Whether the message that has come to its end is to come back if it is not in time.
fn returns(on: &Asked<'_>) -> bool {
    let by = on.model.transaction().and_then(|open| open.parameter("BY"));
    by.is_some_and(|by| by.contains(&b'R'))
}

/// The value of BY, where MAIL has one.
fn by<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    match on.command()? {
        Command::Mail(mail) => mail.parameters.get(b"BY")?.value,
        _ => None,
    }
}

/// Whether it is zero or less.
fn is_past(by: &[u8]) -> bool {
    by.starts_with(b"-") || by.starts_with(b"0;") || by.starts_with(b"+0;")
}

fn replace(lines: &mut [Vec<u8>], by: &[u8]) {
    for line in lines.iter_mut().filter(|line| line.starts_with(b"DELIVERBY")) {
        *line = by.to_vec();
    }
}
