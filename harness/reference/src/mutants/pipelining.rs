//! What is wrong with commands that come in groups (RFC 2920).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Fault, Mutant, Say, Then, answer, is_message, is_unknown, mutant, reword, silence};
use crate::delivery::Delivery;
use crate::state::State;
use crate::transaction::Transaction;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "pipelining-with-parameter",
        "offers PIPELINING with a parameter",
        requirement!("rfc2920-2-1"),
        reword(
            |on| on.is(Verb::Ehlo) && on.accepted(),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"PIPELINING") {
                    line.extend_from_slice(b" 4096");
                }
            },
        ),
    ),
    mutant(
        "pipelining-as-a-parameter",
        "takes PIPELINING as a parameter of MAIL and RCPT",
        requirement!("rfc2920-2-2"),
        answer(
            |on| on.is_any(&[Verb::Mail, Verb::Rcpt]) && on.line().ends_with(b" PIPELINING"),
            250,
            "OK",
        ),
    ),
    mutant(
        "input-flushed-on-error",
        "throws away what has come when a command fails",
        requirement!("rfc2920-3.2-9"),
        Fault::Flush(|on| !on.accepted()),
    ),
    mutant(
        "input-flushed-after-message",
        "throws away what comes in one piece with the end of data",
        requirement!("rfc2920-3.2-9"),
        Fault::Flush(is_message),
    ),
    mutant(
        "input-flushed-after-rset",
        "throws away what comes in one piece with RSET and behind it",
        requirement!("rfc2920-3.2-9"),
        Fault::Flush(|on| on.is(Verb::Rset)),
    ),
    mutant(
        "last-of-group-held-back",
        "keeps back the reply to the last of commands that come together",
        requirement!("rfc2920-3.2-7"),
        Fault::Group(|replies| {
            if replies.len() > 1 {
                replies.pop();
            }
        }),
    ),
    mutant(
        "group-answered-with-one-reply",
        "makes one reply of many lines of the replies to a group",
        requirement!("rfc2920-3.2-1"),
        Fault::Group(|replies| {
            let last = replies.len().saturating_sub(1);
            for octet in replies[..last].iter_mut().filter_map(|reply| reply.get_mut(3)) {
                *octet = b'-';
            }
        }),
    ),
    mutant(
        "error-in-group-first",
        "answers the commands of a group that fail before the others",
        requirement!("rfc2920-3.2-1"),
        Fault::Group(|replies| replies.sort_by_key(|reply| !reply.starts_with(b"5"))),
    ),
    mutant(
        "unknown-command-held-back",
        "keeps back the reply to an unknown command",
        requirement!("rfc2920-3.2-6"),
        silence(|on| is_unknown(on) && on.usually() == 500),
    ),
    mutant(
        "data-assumed-after-recipients",
        "takes no command but DATA and RCPT for granted behind a recipient",
        requirement!("rfc2920-3.2-8"),
        answer(
            |on| {
                let other = !on.is(Verb::Data) && !on.is(Verb::Rcpt) && !on.is(Verb::Mail);
                on.request().is_some() && other && on.state() == State::AwaitData
            },
            503,
            "DATA is awaited",
        ),
    ),
    mutant(
        "empty-message-for-nobody-delivered",
        "takes a message for nobody, and gives it to the postmaster",
        requirement!("rfc2920-3.2-4"),
        Fault::All(&[
            answer(
                |on| on.is(Verb::Data) && on.state() == State::AwaitRcpt,
                354,
                "Start mail input",
            ),
            Fault::Deliveries(|on, mails| {
                let open = on.model.transaction().filter(|open| open.recipients.is_empty());
                if let Some(reverse_path) = open.and_then(|open| open.reverse_path.clone()) {
                    let recipients = vec![b"postmaster@example.test".to_vec()];
                    let message = on.text.to_vec();
                    mails.push(Delivery {
                        reverse_path,
                        recipients,
                        message,
                        ..Delivery::default()
                    });
                }
            }),
        ]),
    ),
    mutant(
        "data-refused-after-refused-rcpt",
        "refuses DATA when the last RCPT failed, whatever came before it",
        requirement!("rfc2920-3.2-3"),
        Fault::All(&[
            Fault::Answer {
                when: |on| on.is(Verb::Rcpt) && on.state() == State::AwaitData && !on.accepted(),
                say: Say::AsUsual,
                then: Then::Only(|model, _| model.enter(State::AwaitRcpt)),
            },
            answer(
                |on| {
                    on.is(Verb::Data)
                        && on.state() == State::AwaitRcpt
                        && on.model.transaction().is_some_and(has_recipients)
                },
                503,
                "Send a valid RCPT first",
            ),
        ]),
    ),
];

fn has_recipients(open: &Transaction) -> bool {
    !open.recipients.is_empty()
}
