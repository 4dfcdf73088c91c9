//! RFC 3461 §5.2 and §6.1: what of the parameters goes on with a message, and who is told what of
//! each recipient.

use smtpspec_protocol::rfc2045::in_seven_bits;

use crate::config::Config;
use crate::delivery::Delivery;
use crate::rfc4865;
use crate::rfc5321::notice::{Action, Notice, Reported};
use crate::transaction::{Parameter, value_of};

use super::value::{Notify, Return, decode, original_recipient};

/// What the sender is to be told of those whom the message reached; nothing where the next hop
/// knows of DSN and tells them itself (RFC 3461 §5.2.1, rfc3461-5.2.2-2, rfc3461-5.2.3-1).
pub(crate) fn of_success(config: &Config) -> Option<Action> {
    match &config.next_hop {
        None => Some(Action::Delivered),
        Some(hop) if hop.offers("DSN") => None,
        Some(_) => Some(Action::Relayed),
    }
}

/// Whether the sender is told if this mailbox can't be reached (rfc3461-5.2.6-1 to -4).
pub(crate) fn wants_failure(mail: &Delivery, mailbox: &[u8]) -> bool {
    notify(mail, mailbox).is_none_or(|notify| notify.failure)
}

/// Whether the sender is told if this mailbox is reached (rfc3461-5.2.3-1 to -3).
pub(crate) fn wants_success(mail: &Delivery, mailbox: &[u8]) -> bool {
    notify(mail, mailbox).is_some_and(|notify| notify.success)
}

/// Whether the sender is told if it takes long to reach this mailbox (RFC 2852 §4.1.3).
pub(crate) fn wants_delay(mail: &Delivery, mailbox: &[u8]) -> bool {
    notify(mail, mailbox).is_none_or(|notify| notify.delay)
}

/// Whether there is anything that the sender is told of this mailbox.
pub(crate) fn wants_anything(mail: &Delivery, mailbox: &[u8]) -> bool {
    notify(mail, mailbox).is_none_or(|notify| notify.success || notify.failure || notify.delay)
}

fn notify(mail: &Delivery, mailbox: &[u8]) -> Option<Notify> {
    value_of(mail.parameters_of(mailbox), "NOTIFY").and_then(Notify::parse)
}

/// The message with the parameters that the next hop knows (rfc3461-5.2.1-1 to -8,
/// rfc3461-5.2.2-1).
pub(crate) fn onward(config: &Config, mut mail: Delivery) -> Delivery {
    let knows = |(keyword, value): &Parameter| {
        config.next_hop.as_ref().is_some_and(|hop| match keyword.as_slice() {
            b"RET" | b"ENVID" | b"NOTIFY" | b"ORCPT" => hop.offers("DSN"),
            b"BODY" => {
                let bits = value.as_deref().unwrap_or_default().to_ascii_uppercase();
                match bits.as_slice() {
                    b"7BIT" | b"8BITMIME" => hop.offers("8BITMIME"),
                    b"BINARYMIME" => hop.offers("BINARYMIME"),
                    _ => false,
                }
            }
            // At once, so that all the seconds are left (rfc2852-4.1.4-1).
            b"BY" => hop.offers("DELIVERBY"),
            b"SMTPUTF8" => hop.offers("SMTPUTF8"),
            _ => false,
        })
    };
    mail.parameters.retain(knows);
    let reached = mail.recipients.clone();
    mail.recipient_parameters.retain(|(mailbox, _)| reached.contains(mailbox));
    for (_, parameters) in &mut mail.recipient_parameters {
        parameters.retain(knows);
    }
    mail.recipient_parameters.retain(|(_, parameters)| !parameters.is_empty());
    mail
}

/// The notice about these recipients, where there are any. Nobody is told where the reverse-path is
/// null, or where the notice would fail too (rfc3461-5.2-1, rfc5321-6.1-6).
pub(crate) fn notice(
    config: &Config,
    mail: &Delivery,
    at: u64,
    action: Action,
    mailboxes: &[Vec<u8>],
) -> Option<Delivery> {
    let silent = mail.reverse_path.is_empty() || config.loses(&mail.reverse_path);
    if mailboxes.is_empty() || silent {
        return None;
    }
    let recipients: Vec<_> = mailboxes.iter().map(|mailbox| reported(mail, mailbox)).collect();
    let notice = Notice {
        by: &config.name,
        action,
        recipients: &recipients,
        envelope: value_of(&mail.parameters, "ENVID").and_then(decode),
        release: rfc4865::asked_for(&mail.parameters),
        remote: config.next_hop.as_ref().map(|hop| hop.name.as_str()),
        whole: action == Action::Failed
            && value_of(&mail.parameters, "RET").and_then(Return::parse) == Some(Return::Full),
        about: &mail.message,
        at,
    };
    let whole = notice.to(&mail.reverse_path);
    let header = || Notice { whole: false, ..notice.clone() }.to(&mail.reverse_path);
    let seven_bits = config.next_hop.as_ref().is_some_and(|hop| !hop.offers("8BITMIME"));
    let message = if seven_bits && !whole.is_ascii() {
        // rfc6152-3-12: what comes back goes the same way. An address in UTF-8 can't, nor is there
        // another that could be told.
        in_seven_bits(&whole).or_else(|| in_seven_bits(&header()))?
    } else {
        whole
    };
    Some(Delivery { recipients: vec![mail.reverse_path.clone()], message, ..Delivery::default() })
}

fn reported(mail: &Delivery, mailbox: &[u8]) -> Reported {
    let original = value_of(mail.parameters_of(mailbox), "ORCPT").and_then(original_recipient);
    let original = original
        .and_then(|(kind, address)| Some([kind, b"; ", decode(address)?.as_slice()].concat()));
    Reported { mailbox: mailbox.to_vec(), original }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NextHopFacts;

    fn mail(notify: Option<&str>) -> Delivery {
        let parameter = |value: &str| (b"NOTIFY".to_vec(), Some(value.as_bytes().to_vec()));
        let mailbox = b"user@example.test".to_vec();
        Delivery {
            reverse_path: b"sender@example.org".to_vec(),
            recipients: vec![mailbox.clone()],
            parameters: vec![(b"RET".to_vec(), Some(b"FULL".to_vec()))],
            recipient_parameters: vec![(mailbox, notify.map(parameter).into_iter().collect())],
            message: b"Subject: caf\xc3\xa9\r\n\r\nHi.\r\n".to_vec(),
            held: None,
        }
    }

    #[test]
    fn who_wants_no_notice_wants_none_of_any_kind() {
        for (notify, any, failure, success, delay) in [
            (None, true, true, false, true),
            (Some("NEVER"), false, false, false, false),
            (Some("SUCCESS"), true, false, true, false),
            (Some("FAILURE"), true, true, false, false),
            (Some("DELAY"), true, false, false, true),
        ] {
            let mail = mail(notify);
            let mailbox = &mail.recipients[0];
            assert_eq!(wants_anything(&mail, mailbox), any, "{notify:?}");
            assert_eq!(wants_failure(&mail, mailbox), failure, "{notify:?}");
            assert_eq!(wants_success(&mail, mailbox), success, "{notify:?}");
            assert_eq!(wants_delay(&mail, mailbox), delay, "{notify:?}");
        }
    }

    /// A header in UTF-8 can't go in seven bits as it is; what is told of it can.
    #[test]
    fn what_can_not_go_back_whole_goes_back_as_its_header() {
        let next_hop =
            NextHopFacts { without: vec!["8BITMIME".to_owned()], ..NextHopFacts::default() };
        let config = Config { next_hop: Some(next_hop), ..Config::default() };
        let mail = mail(None);
        let told = notice(&config, &mail, 0, Action::Failed, &mail.recipients).expect("a notice");
        assert!(told.message.is_ascii());
        assert_eq!(told.recipients, [b"sender@example.org"]);
    }

    #[test]
    fn a_parameter_goes_on_to_a_host_that_knows_it() {
        let goes_on = |parameter: (&str, &str), without: &[&str]| {
            let without = without.iter().map(|one| (*one).to_owned()).collect();
            let next_hop = NextHopFacts { without, ..NextHopFacts::default() };
            let config = Config { next_hop: Some(next_hop), ..Config::default() };
            let (keyword, value) = parameter;
            let parameters = vec![(keyword.into(), Some(value.into()))];
            !onward(&config, Delivery { parameters, ..mail(None) }).parameters.is_empty()
        };
        for (keyword, value, extension) in [
            ("BODY", "8bitmime", "8BITMIME"),
            ("BODY", "7BIT", "8BITMIME"),
            ("BODY", "BINARYMIME", "BINARYMIME"),
            ("RET", "HDRS", "DSN"),
            ("ENVID", "one", "DSN"),
            ("BY", "60;N", "DELIVERBY"),
        ] {
            assert!(goes_on((keyword, value), &[]), "{keyword}={value}");
            assert!(!goes_on((keyword, value), &[extension]), "{keyword}={value}");
        }
        assert!(!goes_on(("BODY", "9BIT"), &[]) && !goes_on(("HOLDFOR", "60"), &[]));
    }
}
