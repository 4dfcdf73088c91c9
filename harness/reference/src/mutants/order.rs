//! Commands out of order are taken, or those in order are not; or the state goes astray
//! (RFC 5321 §3.3, §4.1.4).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Fault, Mutant, Say, Then, also, answer, is_message, is_unknown, mutant};
use crate::model::Model;
use crate::state::State;
use crate::transaction::Transaction;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "rcpt-before-mail-accepted",
        "accepts RCPT without MAIL before it",
        requirement!("rfc5321-3.3-15"),
        Fault::Answer {
            when: |on| on.is(Verb::Rcpt) && on.state().is_idle(),
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "rcpt-before-mail-draws-550",
        "refuses RCPT without MAIL before it with 550",
        requirement!("rfc5321-3.3-15"),
        answer(|on| on.is(Verb::Rcpt) && on.state().is_idle(), 550, "Who is it from?"),
    ),
    mutant(
        "refused-rcpt-opens-transaction",
        "refuses RCPT without MAIL and opens a transaction all the same",
        requirement!("rfc5321-4.1.4-20"),
        also(
            |on| on.is(Verb::Rcpt) && on.state().is_idle(),
            |model| model.begin(Transaction::default()),
        ),
    ),
    mutant(
        "data-before-mail-accepted",
        "takes a message without MAIL before it",
        requirement!("rfc5321-4.1.4-19"),
        Fault::All(&[
            answer(|on| on.is(Verb::Data) && on.state().is_idle(), 354, "Start mail input"),
            answer(|on| is_message(on) && on.model.transaction().is_none(), 250, "OK"),
        ]),
    ),
    mutant(
        "data-without-rcpt-accepted",
        "takes a message for nobody",
        requirement!("rfc5321-4.1.4-19"),
        Fault::All(&[
            answer(
                |on| on.is(Verb::Data) && on.state() == State::AwaitRcpt,
                354,
                "Start mail input",
            ),
            answer(is_message, 250, "OK"),
        ]),
    ),
    mutant(
        "data-without-rcpt-draws-250",
        "answers 250 to DATA where no recipient was accepted",
        requirement!("rfc5321-4.1.4-19"),
        Fault::Answer {
            when: |on| on.is(Verb::Data) && !on.accepted(),
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "refused-data-ends-transaction",
        "refuses DATA without recipients and drops the transaction",
        requirement!("rfc5321-4.1.4-20"),
        also(|on| on.is(Verb::Data) && on.state() == State::AwaitRcpt, Model::clear),
    ),
    mutant(
        "refused-mail-ends-transaction",
        "refuses a second MAIL and drops the transaction all the same",
        requirement!("rfc5321-4.1.4-20"),
        also(|on| on.is(Verb::Mail) && on.usually() == 503, Model::clear),
    ),
    mutant(
        "mail-in-transaction-draws-502",
        "refuses a second MAIL with 502",
        requirement!("rfc5321-4.3.2-12"),
        answer(|on| on.is(Verb::Mail) && on.usually() == 503, 502, "One at a time"),
    ),
    mutant(
        "refused-recipients-draw-502",
        "refuses recipients with 502",
        requirement!("rfc5321-4.3.2-13"),
        answer(
            |on| on.is(Verb::Rcpt) && on.state().in_transaction() && !on.accepted(),
            502,
            "Not that one",
        ),
    ),
    mutant(
        "mail-with-bad-syntax-opens-transaction",
        "refuses MAIL with 501 and opens a transaction all the same",
        requirement!("rfc5321-4.1.4-18"),
        also(
            |on| on.is(Verb::Mail) && on.usually() == 501,
            |model| model.begin(Transaction::default()),
        ),
    ),
    mutant(
        "mail-with-bad-syntax-forgets-greeting",
        "refuses MAIL with 501 and wants EHLO again",
        requirement!("rfc5321-4.1.4-18"),
        also(|on| on.is(Verb::Mail) && on.usually() == 501, |model| model.enter(State::AwaitHello)),
    ),
    mutant(
        "rcpt-with-bad-syntax-ends-transaction",
        "refuses RCPT with 501 and drops the transaction",
        requirement!("rfc5321-4.1.4-18"),
        also(|on| on.is(Verb::Rcpt) && on.usually() == 501, Model::clear),
    ),
    mutant(
        "refused-recipient-ends-transaction",
        "drops the transaction where a recipient is refused",
        requirement!("rfc5321-3.3-8"),
        also(|on| on.is(Verb::Rcpt) && on.usually() == 550, Model::clear),
    ),
    mutant(
        "unknown-command-ends-transaction",
        "drops the transaction at a command that it does not know",
        requirement!("rfc5321-3.8-6"),
        also(is_unknown, Model::clear),
    ),
    mutant(
        "unknown-command-forgets-greeting",
        "wants EHLO again after a command that it does not know",
        requirement!("rfc5321-3.8-6"),
        also(is_unknown, |model| model.enter(State::AwaitHello)),
    ),
    mutant(
        "message-forgets-greeting",
        "wants EHLO again after each message",
        requirement!("rfc5321-4.1.1.4-8"),
        also(is_message, |model| model.enter(State::AwaitHello)),
    ),
    mutant(
        "rset-forgets-greeting",
        "wants EHLO again after RSET",
        requirement!("rfc5321-4.1.1.5-3"),
        also(
            |on| on.is(Verb::Rset) && on.model.hello().is_some(),
            |model| model.enter(State::AwaitHello),
        ),
    ),
    mutant(
        "noop-wants-ehlo",
        "answers 503 to NOOP before EHLO",
        requirement!("rfc5321-4.1.4-12"),
        answer(|on| on.is(Verb::Noop) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "rset-wants-ehlo",
        "answers 503 to RSET before EHLO",
        requirement!("rfc5321-4.1.1.5-8"),
        answer(|on| on.is(Verb::Rset) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "help-wants-ehlo",
        "answers 503 to HELP before EHLO",
        requirement!("rfc5321-4.1.1.8-6"),
        answer(|on| on.is(Verb::Help) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "vrfy-wants-ehlo",
        "answers 503 to VRFY before EHLO",
        requirement!("rfc5321-4.1.4-2"),
        answer(|on| on.is(Verb::Vrfy) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "expn-wants-ehlo",
        "answers 503 to EXPN before EHLO",
        requirement!("rfc5321-4.1.1.7-3"),
        answer(|on| on.is(Verb::Expn) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "quit-wants-ehlo",
        "answers 503 to QUIT before EHLO",
        requirement!("rfc5321-4.1.1.10-1"),
        answer(|on| on.is(Verb::Quit) && early(on.state()), 503, "Send EHLO first"),
    ),
    mutant(
        "noop-refused-in-transaction",
        "answers 503 to NOOP in a transaction",
        requirement!("rfc5321-4.1.1.9-5"),
        answer(|on| on.is(Verb::Noop) && on.state().in_transaction(), 503, "Not now"),
    ),
    mutant(
        "rset-refused-in-transaction",
        "answers 503 to RSET in a transaction",
        requirement!("rfc5321-4.1.1.5-2"),
        answer(|on| on.is(Verb::Rset) && on.state().in_transaction(), 503, "Not now"),
    ),
    mutant(
        "quit-refused-in-transaction",
        "answers 503 to QUIT in a transaction",
        requirement!("rfc5321-4.1.1.10-1"),
        answer(|on| on.is(Verb::Quit) && on.state().in_transaction(), 503, "Not now"),
    ),
    mutant(
        "inquiries-refused-in-transaction",
        "answers 503 to VRFY, EXPN and HELP in a transaction",
        requirement!("rfc5321-4.1.4-11"),
        answer(
            |on| on.is_any(&[Verb::Vrfy, Verb::Expn, Verb::Help]) && on.state().in_transaction(),
            503,
            "Not now",
        ),
    ),
    mutant(
        "inquiries-want-transaction",
        "answers 503 to VRFY, EXPN and HELP where no transaction is open",
        requirement!("rfc5321-4.3.2-18"),
        answer(
            |on| on.is_any(&[Verb::Vrfy, Verb::Expn, Verb::Help]) && on.state().is_idle(),
            503,
            "Send MAIL first",
        ),
    ),
    mutant(
        "ehlo-refused-in-transaction",
        "answers 503 to EHLO in a transaction",
        requirement!("rfc5321-4.1.4-15"),
        answer(|on| on.is(Verb::Ehlo) && on.state().in_transaction(), 503, "Not now"),
    ),
];

fn early(state: State) -> bool {
    state == State::AwaitHello
}
