//! Mail that may not go on from here: what asks for TLS on its way (RFC 8689 §4.2.1), or for a time
//! that the next host knows nothing of (RFC 2852 §4.1.4.1).
//!
//! Our own server passes mail on to hosts that have neither. So whom it would pass such a message on
//! to does not get it, and the sender is told.

use smtpspec_protocol::{Grammar, Mailbox};

use crate::config::{Config, Standing};
use crate::delivery::Delivery;
use crate::rfc2852::By;
use crate::rfc3461::fate;
use crate::rfc5321::notice::Action;
use crate::rfc8689;
use crate::transaction::Transaction;

/// Why a message is not passed on to a next host, as its sender is told.
pub(crate) fn obstacle(transaction: &Transaction) -> Option<Action> {
    if transaction.has(rfc8689::KEYWORD) {
        // rfc8689-4.2.1-15: there is no TLS to be had.
        return Some(Action::NoTls);
    }
    let by = transaction.parameter("BY").and_then(By::read);
    // rfc2852-4.1.4.1-3: no host that could take it has what the message wants.
    by.is_some_and(|by| by.returns).then_some(Action::NotByTime)
}

/// Takes out of the mail that comes of a message whom it would have to be passed on to, and adds a
/// notice where that was somebody. Notices go their way (rfc8689-5-6).
pub(crate) fn kept_back(
    config: &Config,
    mails: Vec<Delivery>,
    why: Action,
    at: u64,
) -> Vec<Delivery> {
    let mut out = Vec::new();
    for mut mail in mails {
        if mail.reverse_path.is_empty() {
            out.push(mail);
            continue;
        }
        let far = |mailbox: &Vec<u8>| is_relayed(config, mailbox);
        let (failed, near): (Vec<_>, Vec<_>) = mail.recipients.drain(..).partition(far);
        let mut told = failed;
        told.retain(|mailbox| fate::wants_failure(&mail, mailbox));
        let notice = fate::notice(config, &mail, at, why, &told);
        if !near.is_empty() {
            out.push(Delivery { recipients: near, ..mail });
        }
        out.extend(notice);
    }
    out
}

fn is_relayed(config: &Config, mailbox: &[u8]) -> bool {
    Mailbox::parse(mailbox, Grammar { smtputf8: true, ..Grammar::default() })
        .is_ok_and(|mailbox| config.standing_of(&mailbox) == Standing::Relayed)
}
