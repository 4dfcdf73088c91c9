//! RFC 2033 §4.1 to §5: what goes wrong with LMTP.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Protocol, Reply, Verb};

use super::{
    Asked, Fault, Mutant, Say, Then, also, answer, is_message, misreport, mutant, reword, silence,
};
use crate::model::{Model, Stimulus};
use crate::rfc2033::{self, ends_message};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "lmtp-on-port-25",
        "speaks LMTP where it should speak SMTP",
        requirement!("rfc2033-5-1"),
        answer(
            |on| on.model.protocol() == Protocol::Smtp && says(on, b"LHLO"),
            250,
            "At your service",
        ),
    ),
    mutant(
        "lmtp-lhlo-unknown",
        "does not know LHLO",
        requirement!("rfc2033-4.1-1"),
        answer(is_lhlo, 500, "Command unrecognized"),
    ),
    mutant(
        "lmtp-lhlo-answered-as-helo",
        "lists no extension in its answer to LHLO",
        requirement!("rfc2033-4.1-2"),
        reword(|on| is_lhlo(on) && on.accepted(), |_, reply| reply.lines.truncate(1)),
    ),
    mutant(
        "lmtp-lhlo-without-name-draws-354",
        "answers 354 to an LHLO without a name",
        requirement!("rfc2033-4.1-2"),
        misreport(|on| is_lhlo(on) && !on.accepted(), 354, "Go ahead"),
    ),
    mutant(
        "lmtp-lhlo-keeps-transaction",
        "goes on with the transaction from before LHLO",
        requirement!("rfc2033-4.1-2"),
        Fault::Answer {
            when: |on| is_lhlo(on) && on.state().in_transaction() && on.accepted(),
            say: Say::AsUsual,
            then: Then::Nothing,
        },
    ),
    mutant(
        "lmtp-ehlo-accepted",
        "accepts EHLO in LMTP",
        requirement!("rfc2033-4.1-3"),
        misreport(|on| is_lmtp(on) && says(on, b"EHLO"), 250, "mx.example.test"),
    ),
    mutant(
        "lmtp-helo-accepted",
        "accepts HELO in LMTP",
        requirement!("rfc2033-4.1-3"),
        misreport(|on| is_lmtp(on) && says(on, b"HELO"), 250, "mx.example.test"),
    ),
    mutant(
        "lmtp-ehlo-draws-502",
        "knows EHLO and HELO in LMTP, and does not implement them",
        requirement!("rfc2033-4.1-4"),
        misreport(
            |on| is_lmtp(on) && (says(on, b"EHLO") || says(on, b"HELO")),
            502,
            "Command not implemented",
        ),
    ),
    mutant(
        "lmtp-refused-ehlo-clears",
        "drops the transaction when it refuses EHLO",
        requirement!("rfc2033-4.1-3"),
        also(|on| is_lmtp(on) && says(on, b"EHLO"), Model::clear),
    ),
    mutant(
        "lmtp-data-without-recipient-draws-554",
        "answers 554 to DATA where no recipient was accepted",
        requirement!("rfc2033-4.2-1"),
        misreport(|on| is_data(on) && on.usually() == 503, 554, "No valid recipients"),
    ),
    mutant(
        "lmtp-data-without-recipient-accepted",
        "takes a message for nobody",
        requirement!("rfc2033-4.2-1"),
        answer(|on| is_data(on) && on.usually() == 503, 354, "Start mail input"),
    ),
    mutant(
        "lmtp-one-reply-for-all",
        "answers the end of data once, as in SMTP",
        requirement!("rfc2033-4.2-2"),
        silence(|on| is_report(on) && on.model.reported() > 0),
    ),
    mutant(
        "lmtp-one-reply-too-many",
        "sends one reply more than there are recipients",
        requirement!("rfc2033-4.2-2"),
        Fault::Octets(|on, octets| {
            if is_report(on) && on.model.replies_due() == 1 {
                let again = octets.clone();
                octets.extend(again);
            }
        }),
    ),
    mutant(
        "lmtp-replies-in-reverse",
        "answers the end of data in the reverse order of the recipients",
        requirement!("rfc2033-4.2-2"),
        reword(|on| is_report(on) && others(on) > 0, |on, reply| *reply = in_reverse(on)),
    ),
    mutant(
        "lmtp-command-answered-for-recipient",
        "sends no reply for the last of several recipients",
        requirement!("rfc2033-4.2-2"),
        silence(|on| is_report(on) && on.model.reported() > 0 && on.model.replies_due() == 1),
    ),
    mutant(
        "lmtp-one-reply-for-equal-recipients",
        "sends one reply for recipients that are equal",
        requirement!("rfc2033-4.2-3"),
        silence(|on| is_report(on) && is_named_before(on)),
    ),
    mutant(
        "lmtp-one-line-for-each",
        "sends one reply with a line for each recipient",
        requirement!("rfc2033-4.2-6"),
        Fault::Octets(|on, octets| {
            if is_report(on)
                && on.model.replies_due() > 1
                && let Some(behind_code) = octets.get_mut(3)
            {
                *behind_code = b'-';
            }
        }),
    ),
    mutant(
        "lmtp-accepted-for-one-only",
        "delivers to the first recipient only, and accepts for all",
        requirement!("rfc2033-4.2-4"),
        Fault::Deliveries(|on, mails| {
            if is_lmtp(on) {
                for mail in mails {
                    mail.recipients.truncate(1);
                }
            }
        }),
    ),
    mutant(
        "lmtp-refused-and-delivered",
        "delivers also to the recipients that it refuses after the data",
        requirement!("rfc2033-4.2-4"),
        Fault::Deliveries(|on, mails| {
            if let Some(transaction) = on.model.transaction().filter(|_| is_lmtp(on)) {
                let everybody = &transaction.recipients;
                for mail in mails {
                    mail.recipients.clone_from(everybody);
                }
            }
        }),
    ),
    mutant(
        "lmtp-notice-for-refused",
        "tells the sender too of a recipient that it refuses after the data",
        requirement!("rfc2033-4.2-4"),
        Fault::Deliveries(|on, mails| {
            let mut notice = mails.first().cloned().filter(|_| is_lmtp(on) && refuses_one(on));
            if let Some(mail) = &mut notice {
                mail.recipients = vec![std::mem::take(&mut mail.reverse_path)];
            }
            mails.extend(notice);
        }),
    ),
    mutant(
        "lmtp-last-chunk-answered-once",
        "answers the last chunk once, as in SMTP",
        requirement!("rfc2033-4.3-1"),
        silence(|on| is_last_chunk(on) && on.model.reported() > 0),
    ),
    mutant(
        "lmtp-last-chunk-in-reverse",
        "answers the last chunk in the reverse order of the recipients",
        requirement!("rfc2033-4.3-1"),
        reword(|on| is_last_chunk(on) && others(on) > 0, |on, reply| *reply = in_reverse(on)),
    ),
    mutant(
        "lmtp-last-chunk-once-for-equal-recipients",
        "answers the last chunk once for recipients that are equal",
        requirement!("rfc2033-4.3-2"),
        silence(|on| is_last_chunk(on) && is_named_before(on)),
    ),
    mutant(
        "lmtp-last-chunk-for-nobody-answered",
        "answers the last chunk where no recipient was accepted",
        requirement!("rfc2033-4.3-3"),
        Fault::AnswersForNobody(|_, stimulus| matches!(stimulus, Stimulus::Chunk(..))),
    ),
    mutant(
        "lmtp-chunks-accepted-for-one-only",
        "delivers a message that came in chunks to the first recipient only, and accepts for all",
        requirement!("rfc2033-4.3-4"),
        Fault::Deliveries(|on, mails| {
            if is_last_chunk(on) {
                for mail in mails {
                    mail.recipients.truncate(1);
                }
            }
        }),
    ),
    mutant(
        "lmtp-chunks-refused-and-delivered",
        "delivers what came in chunks also to the recipients that it refuses",
        requirement!("rfc2033-4.3-4"),
        Fault::Deliveries(|on, mails| {
            if let Some(transaction) = on.model.transaction().filter(|_| is_last_chunk(on)) {
                let everybody = &transaction.recipients;
                for mail in mails {
                    mail.recipients.clone_from(everybody);
                }
            }
        }),
    ),
    mutant(
        "lmtp-last-chunk-one-line-for-each",
        "answers the last chunk by one reply with a line for each recipient",
        requirement!("rfc2033-4.3-6"),
        Fault::Octets(|on, octets| {
            if is_last_chunk(on)
                && on.model.replies_due() > 1
                && let Some(behind_code) = octets.get_mut(3)
            {
                *behind_code = b'-';
            }
        }),
    ),
    mutant(
        "lmtp-chunk-answered-for-each",
        "answers a chunk that is not the last for each recipient",
        requirement!("rfc2033-4.3-7"),
        Fault::Octets(|on, octets| {
            let recipients = on.model.transaction().map_or(0, |open| open.recipients.len());
            if is_lmtp(on) && is_chunk(on, false) {
                *octets = octets.repeat(recipients.max(1));
            }
        }),
    ),
    mutant(
        "lmtp-chunk-unanswered",
        "says nothing to a chunk that is not the last",
        requirement!("rfc2033-4.3-7"),
        silence(|on| is_lmtp(on) && is_chunk(on, false)),
    ),
    mutant(
        "lmtp-without-pipelining",
        "does not offer PIPELINING in LMTP",
        requirement!("rfc2033-5-2"),
        reword(is_lhlo, |_, reply| withhold(reply, b"PIPELINING")),
    ),
    mutant(
        "lmtp-group-refused",
        "throws away in LMTP what comes in one piece with MAIL",
        requirement!("rfc2033-5-2"),
        Fault::Flush(|on| is_lmtp(on) && on.is(Verb::Mail)),
    ),
    mutant(
        "lmtp-without-status-codes",
        "does not offer ENHANCEDSTATUSCODES in LMTP",
        requirement!("rfc2033-5-10"),
        reword(is_lhlo, |_, reply| withhold(reply, b"ENHANCEDSTATUSCODES")),
    ),
    mutant(
        "lmtp-status-code-for-first-only",
        "gives an enhanced status code in the reply for the first recipient only",
        requirement!("rfc2033-5-10"),
        Fault::Octets(|on, octets| {
            if is_report(on) && on.model.reported() > 0 {
                *octets = Reply::new(on.usually(), "Done").to_bytes();
            }
        }),
    ),
    mutant(
        "lmtp-without-eight-bit",
        "does not offer 8BITMIME in LMTP",
        requirement!("rfc2033-5-3"),
        reword(is_lhlo, |_, reply| withhold(reply, b"8BITMIME")),
    ),
    mutant(
        "lmtp-noop-unknown",
        "does not know NOOP in LMTP",
        requirement!("rfc2033-4-1"),
        answer(|on| is_lmtp(on) && on.is(Verb::Noop), 500, "Command unrecognized"),
    ),
    mutant(
        "lmtp-rset-keeps-recipients",
        "goes on after RSET with the recipients from before it",
        requirement!("rfc2033-4-1"),
        Fault::Answer {
            when: |on| is_lmtp(on) && on.is(Verb::Rset),
            say: Say::AsUsual,
            then: Then::Nothing,
        },
    ),
];

fn is_lmtp(on: &Asked<'_>) -> bool {
    on.model.protocol() == Protocol::Lmtp
}

fn is_lhlo(on: &Asked<'_>) -> bool {
    is_lmtp(on) && on.is(Verb::Ehlo)
}

fn is_data(on: &Asked<'_>) -> bool {
    is_lmtp(on) && on.is(Verb::Data)
}

/// Whether it is the end of data in LMTP.
fn is_report(on: &Asked<'_>) -> bool {
    is_lmtp(on) && is_message(on)
}

/// Whether it is the chunk that ends a message in LMTP.
fn is_last_chunk(on: &Asked<'_>) -> bool {
    is_lmtp(on) && is_chunk(on, true) && ends_message(on.model, on.stimulus)
}

fn is_chunk(on: &Asked<'_>, last: bool) -> bool {
    matches!(on.stimulus, Stimulus::Chunk(chunk, _) if chunk.last == last)
}

fn says(on: &Asked<'_>, word: &[u8]) -> bool {
    matches!(on.request().map(|request| request.verb),
        Some(Verb::Other(verb)) if verb.eq_ignore_ascii_case(word))
}

/// How many recipients there are beside the one whose turn it is.
fn others(on: &Asked<'_>) -> usize {
    on.model.reported() + on.model.replies_due().saturating_sub(1)
}

/// The reply for the recipient at the same place from the end.
fn in_reverse(on: &Asked<'_>) -> Reply {
    let mut model = on.model.clone();
    let Some(transaction) = on.model.transaction() else { return on.usual.clone() };
    let mut turned = transaction.clone();
    turned.recipients.reverse();
    model.keep(Some(turned));
    model.expect(on.stimulus).preferred
}

/// Whether the recipient whose turn it is was accepted before in the same transaction.
fn is_named_before(on: &Asked<'_>) -> bool {
    let recipients = on.model.transaction().map(|transaction| transaction.recipients.as_slice());
    let (before, rest) = recipients.unwrap_or_default().split_at(on.model.reported());
    rest.first().is_some_and(|due| before.iter().any(|other| other.eq_ignore_ascii_case(due)))
}

/// Whether a careful server refuses one of the recipients after the data.
fn refuses_one(on: &Asked<'_>) -> bool {
    rfc2033::replies(on.model, on.stimulus).iter().any(|reply| reply.code.class() > 2)
}

fn withhold(reply: &mut Reply, keyword: &[u8]) {
    reply.lines.retain(|line| line != keyword);
}
