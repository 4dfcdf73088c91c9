//! What is wrong with DATA, the message and its end (RFC 5321 §3.3, §4.1.1.4, §4.5.2).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::reading::{Rules, STRICT};
use super::{
    Asked, Fault, Mutant, Say, Then, When, answer, is_message, misreport, mutant, silence,
};
use crate::model::Model;
use crate::state::State;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "data-unknown",
        "does not know DATA",
        requirement!("rfc5321-4.3.2-5"),
        answer(|on| on.is(Verb::Data), 500, "Command unrecognized"),
    ),
    mutant(
        "data-draws-350",
        "accepts DATA with 350",
        requirement!("rfc5321-3.3-17"),
        misreport(|on| on.is(Verb::Data) && on.accepted(), 350, "Start mail input"),
    ),
    mutant(
        "data-draws-250",
        "accepts DATA with 250",
        requirement!("rfc5321-4.3.2-14"),
        misreport(|on| on.is(Verb::Data) && on.accepted(), 250, "Start mail input"),
    ),
    mutant(
        "data-with-argument-accepted",
        "takes DATA with an argument",
        requirement!("rfc5321-4.3.2-8"),
        answer(
            |on| on.is(Verb::Data) && on.command().is_none() && on.state() == State::AwaitData,
            354,
            "Start mail input",
        ),
    ),
    mutant(
        "message-draws-220",
        "accepts a message with 220",
        requirement!("rfc5321-3.3-26"),
        misreport(|on| is_message(on) && on.accepted(), 220, "OK"),
    ),
    mutant(
        "message-draws-354",
        "answers 354 to the end of data once more",
        requirement!("rfc5321-4.3.2-15"),
        misreport(|on| is_message(on) && on.accepted(), 354, "Go on"),
    ),
    mutant(
        "message-unanswered",
        "says nothing to the end of data",
        requirement!("rfc5321-4.1.1.4-9"),
        silence(is_message),
    ),
    mutant(
        "message-answered-for-each-recipient",
        "answers the end of data once for each recipient",
        requirement!("rfc5321-4.1.1.4-11"),
        Fault::Octets(|on, octets| {
            if is_message(on) {
                let recipients = on.model.transaction().map_or(1, |open| open.recipients.len());
                *octets = octets.repeat(recipients.max(1));
            }
        }),
    ),
    mutant(
        "message-refused-with-500",
        "refuses a message that is too large with 500",
        requirement!("rfc5321-4.3.2-15"),
        answer(|on| is_message(on) && on.usually() == 552, 500, "Too much mail data"),
    ),
    mutant(
        "message-keeps-transaction",
        "keeps the transaction after the message",
        requirement!("rfc5321-4.1.1.4-8"),
        Fault::Answer {
            when: |on| is_message(on) && on.accepted(),
            say: Say::AsUsual,
            then: Then::Only(|model, _| model.enter(State::AwaitData)),
        },
    ),
    mutant(
        "recipients-leak-into-next-mail",
        "delivers the next message to the recipients of the last one too",
        requirement!("rfc5321-4.1.1.4-8"),
        Fault::All(&[
            Fault::Answer {
                when: |on| is_message(on) && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(keep_quietly),
            },
            Fault::Answer {
                when: |on| on.is(Verb::Mail) && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(begin_with_what_was_kept),
            },
        ]),
    ),
    mutant(
        "recipients-leak-through-rset",
        "delivers the next message to the recipients before RSET too",
        requirement!("rfc5321-4.1.1.5-1"),
        Fault::All(&[
            Fault::Answer {
                when: |on| on.is(Verb::Rset) && on.state().in_transaction() && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(keep_quietly),
            },
            Fault::Answer {
                when: |on| on.is(Verb::Mail) && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(begin_with_what_was_kept),
            },
        ]),
    ),
    mutant(
        "recipients-leak-through-ehlo",
        "delivers the next message to the recipients before EHLO too",
        requirement!("rfc5321-4.1.1.1-9"),
        Fault::All(&[
            Fault::Answer {
                when: |on| on.is(Verb::Ehlo) && on.state().in_transaction() && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(keep_quietly),
            },
            Fault::Answer {
                when: |on| on.is(Verb::Mail) && on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(begin_with_what_was_kept),
            },
        ]),
    ),
    mutant(
        "lf-dot-lf-ends-data",
        "takes LF.LF for the end of data",
        requirement!("rfc5321-4.1.1.4-7"),
        ends(&[b"\r\n.\r\n", b"\n.\n"]),
    ),
    mutant(
        "lf-dot-crlf-ends-data",
        "takes LF.CRLF for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\n.\r\n"]),
    ),
    mutant(
        "crlf-dot-lf-ends-data",
        "takes CRLF.LF for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\r\n.\r\n", b"\r\n.\n"]),
    ),
    mutant(
        "cr-dot-cr-ends-data",
        "takes CR.CR for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\r\n.\r\n", b"\r.\r"]),
    ),
    mutant(
        "cr-dot-crlf-ends-data",
        "takes CR.CRLF for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\r\n.\r\n", b"\r.\r\n"]),
    ),
    mutant(
        "crlf-dot-cr-ends-data",
        "takes CRLF.CR for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\r\n.\r"]),
    ),
    mutant(
        "dot-with-space-ends-data",
        "takes a dot with a space behind it for the end of data",
        requirement!("rfc5321-4.5.2-2"),
        ends(&[b"\r\n.\r\n", b"\r\n. \r\n"]),
    ),
    mutant(
        "two-dots-end-data",
        "takes a line of two dots for the end of data",
        requirement!("rfc5321-4.5.2-3"),
        ends(&[b"\r\n.\r\n", b"\r\n..\r\n"]),
    ),
    mutant(
        "dot-behind-text-ends-data",
        "takes a dot at the end of a line for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b".\r\n"]),
    ),
    mutant(
        "quit-in-message-ends-data",
        "takes a line QUIT in a message for the end of data",
        requirement!("rfc5321-4.1.1.4-3"),
        ends(&[b"\r\n.\r\n", b"\r\nQUIT\r\n"]),
    ),
    mutant(
        "empty-message-has-no-end",
        "does not see the end of data straight after DATA",
        requirement!("rfc5321-4.1.1.4-3"),
        Fault::Data(Rules { at_once: false, ..STRICT }),
    ),
    mutant(
        "dot-not-unstuffed",
        "leaves the dots that transparency put in",
        requirement!("rfc5321-4.5.2-3"),
        Fault::Data(Rules { line: |line| line, ..STRICT }),
    ),
    mutant(
        "all-leading-dots-removed",
        "removes every dot at the start of a line",
        requirement!("rfc5321-4.5.2-3"),
        Fault::Data(Rules { line: without_leading_dots, ..STRICT }),
    ),
    mutant(
        "white-space-at-line-end-removed",
        "removes white space at the end of lines of the message",
        requirement!("rfc5321-4.5.2-4"),
        Fault::Data(Rules { line: |line| (STRICT.line)(line).trim_ascii_end(), ..STRICT }),
    ),
    mutant(
        "message-without-headers-refused",
        "refuses a message without header fields",
        requirement!("rfc5321-3.3-23"),
        refuse(|on| is_message(on) && !has_field(on, b"")),
    ),
    mutant(
        "message-without-date-refused",
        "refuses a message with header fields and no Date",
        requirement!("rfc5321-3.3-23"),
        refuse(|on| has_field(on, b"") && !has_field(on, b"date")),
    ),
    mutant(
        "message-with-resent-fields-refused",
        "refuses a message whose Resent fields are incomplete",
        requirement!("rfc5321-3.3-24"),
        refuse(|on| has_field(on, b"resent-")),
    ),
    mutant(
        "message-with-odd-received-refused",
        "refuses a message with a Received field that it cannot read",
        requirement!("rfc5321-3.7.2-3"),
        refuse(|on| has_field(on, b"received") && !contains(on.text, b" by ")),
    ),
    mutant(
        "message-with-many-addresses-refused",
        "refuses a message with more than 50 addresses in its header",
        requirement!("rfc5321-4.5.3.1.8-5"),
        refuse(|on| on.text.split(|&octet| octet == b'@').count() > 50),
    ),
    mutant(
        "message-with-nul-refused",
        "refuses a message with control characters",
        requirement!("rfc5321-4.5.2-4"),
        refuse(|on| {
            on.text.iter().any(|octet| octet.is_ascii_control() && !b"\r\n\t".contains(octet))
        }),
    ),
    mutant(
        "eight-bit-message-refused",
        "refuses a message with octets above 127, though it offers 8BITMIME",
        requirement!("rfc6152-3-2"),
        refuse(|on| !on.text.is_ascii()),
    ),
];

/// A message ends with each of these.
const fn ends(ends: &'static [&'static [u8]]) -> Fault {
    Fault::Data(Rules { ends, ..STRICT })
}

/// Messages are refused with 501, as a fault of form.
const fn refuse(when: When) -> Fault {
    answer(when, 501, "Message refused")
}

fn without_leading_dots(line: &[u8]) -> &[u8] {
    let dots = line.iter().take_while(|&&octet| octet == b'.').count();
    &line[dots..]
}

/// Whether the message has a field whose name begins so.
fn has_field(on: &Asked<'_>, name: &[u8]) -> bool {
    let header = on.text.split(|&octet| octet == b'\n').take_while(|line| line.trim_ascii() != b"");
    let is_field = |line: &[u8]| {
        line.contains(&b':')
            && line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    header.into_iter().any(is_field)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The transaction ends, and its recipients are not forgotten.
fn keep_quietly(model: &mut Model, asked: &Asked<'_>) {
    let kept = asked.model.transaction().cloned();
    model.advance(asked.stimulus, asked.usual);
    model.keep(kept);
}

/// A new transaction begins with the recipients of the last.
fn begin_with_what_was_kept(model: &mut Model, asked: &Asked<'_>) {
    let kept = asked.model.transaction().map(|last| last.recipients.clone());
    model.advance(asked.stimulus, asked.usual);
    if let Some(mut open) = model.transaction().cloned() {
        open.recipients.extend(kept.unwrap_or_default());
        model.keep(Some(open));
    }
}
