//! What becomes of a message that was accepted (RFC 5321 §3.6.3, §3.9, §6.1): it goes to its
//! recipients, a list passes it on to its members, and whom it can't reach its sender is told of.

use std::collections::BTreeSet;

use crate::config::{Config, MailingList};
use crate::rfc5321::notice::Notice;

/// A message on its way out (RFC 5321 §4.1.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The sender's mailbox without brackets and route, empty for `<>`.
    pub reverse_path: Vec<u8>,
    /// The recipients' mailboxes, without brackets and route.
    pub recipients: Vec<Vec<u8>>,
    /// The message with its trace line, and without a Return-Path: that is for the mailbox
    /// (RFC 5321 §4.4).
    pub message: Vec<u8>,
}

/// All mail that comes of an accepted message; `at` is the time, in seconds since 1970 began.
pub(crate) fn dispatch(config: &Config, accepted: &Delivery, at: u64) -> Vec<Delivery> {
    let mut lists = Vec::new();
    let mut mails = vec![Delivery { recipients: Vec::new(), ..accepted.clone() }];
    for recipient in &accepted.recipients {
        match config.list_at(recipient) {
            Some(list) => lists.push(list),
            None => mails[0].recipients.push(recipient.clone()),
        }
    }
    mails.extend(lists.iter().map(|list| expanded(config, list, &accepted.message)));
    // Without recipients there is nobody to send it to, unless nobody was ever named.
    mails.retain(|mail| !mail.recipients.is_empty() || accepted.recipients.is_empty());
    mails.into_iter().flat_map(|mail| sent(config, mail, at)).collect()
}

/// A copy for the members of a list. Errors go to its owner from here on, and the message stays
/// what it is (rfc5321-3.9-2, rfc5321-3.9-3).
fn expanded(config: &Config, list: &MailingList, message: &[u8]) -> Delivery {
    let mut recipients = Vec::new();
    let mut waiting = vec![list];
    // A list may have another for its member, even itself.
    let mut seen = BTreeSet::new();
    while let Some(list) = waiting.pop() {
        if !seen.insert((&list.local_part, &list.domain)) {
            continue;
        }
        for member in &list.members {
            match config.list_at(member.as_bytes()) {
                Some(inner) => waiting.push(inner),
                None => recipients.push(member.clone().into_bytes()),
            }
        }
    }
    let reverse_path = list.owner.clone().into_bytes();
    Delivery { reverse_path, recipients, message: message.to_vec() }
}

/// The mail for those whom it reaches, and one notice about all others.
fn sent(config: &Config, mail: Delivery, at: u64) -> Vec<Delivery> {
    let (failed, reached): (Vec<_>, Vec<_>) =
        mail.recipients.iter().cloned().partition(|mailbox| config.loses(mailbox));
    let mut out = Vec::new();
    let notice = notice(config, &mail, &failed, at);
    if failed.is_empty() || !reached.is_empty() {
        out.push(Delivery { recipients: reached, ..mail });
    }
    out.extend(notice);
    out
}

/// What the sender is told of those whom the mail did not reach. Nobody is told where the
/// reverse-path is null, or where the notice would fail too (rfc5321-3.6.3-4, rfc5321-6.1-6).
pub(crate) fn notice(
    config: &Config,
    mail: &Delivery,
    failed: &[Vec<u8>],
    at: u64,
) -> Option<Delivery> {
    let notice = Notice { by: &config.name, failed, about: &mail.message, at };
    let tells =
        !failed.is_empty() && !mail.reverse_path.is_empty() && !config.loses(&mail.reverse_path);
    tells.then(|| Delivery {
        reverse_path: Vec::new(),
        recipients: vec![mail.reverse_path.clone()],
        message: notice.to(&mail.reverse_path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Account;

    fn config() -> Config {
        Config { undeliverable: vec![Account::new("lost", "example.test")], ..Config::default() }
    }

    fn mail(from: &str, to: &[&str]) -> Delivery {
        Delivery {
            reverse_path: from.into(),
            recipients: to.iter().map(|one| one.as_bytes().to_vec()).collect(),
            message: b"Received: x\r\nSubject: s\r\n\r\nbody\r\n".to_vec(),
        }
    }

    /// The envelopes of what comes out.
    fn envelopes(from: &str, to: &[&str]) -> Vec<(String, String)> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        dispatch(&config(), &mail(from, to), 0)
            .iter()
            .map(|mail| (text(&mail.reverse_path), text(&mail.recipients.join(&b' '))))
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn mail_without_trouble_goes_out_as_it_is() {
        let usual = mail("a@b.test", &["user@example.test", "user2@example.test"]);
        assert_eq!(dispatch(&config(), &usual, 0), [usual]);
    }

    #[test]
    fn one_notice_tells_the_sender_of_all_who_were_not_reached() {
        let out = envelopes("a@b.test", &["lost@example.test", "user@example.test"]);
        assert_eq!(out, pairs(&[("a@b.test", "user@example.test"), ("", "a@b.test")]));
        let out = envelopes("a@b.test", &["lost@example.test", "\"lost\"@EXAMPLE.test"]);
        assert_eq!(out, pairs(&[("", "a@b.test")]));
    }

    #[test]
    fn nobody_is_told_of_a_notice_or_by_a_notice_that_fails() {
        assert_eq!(envelopes("", &["lost@example.test"]), []);
        assert_eq!(envelopes("lost@example.test", &["lost@example.test"]), []);
    }

    #[test]
    fn a_list_sends_to_its_members_and_errors_go_to_its_owner() {
        let out = envelopes("a@b.test", &["list@example.test", "user@example.test"]);
        let members = "user@example.test user2@example.test";
        let owner = "list-owner@example.test";
        assert_eq!(out, pairs(&[("a@b.test", "user@example.test"), (owner, members)]));
        let mut config = config();
        config.lists[0].members =
            vec!["lost@example.test".to_owned(), "list@example.test".to_owned()];
        let out = dispatch(&config, &mail("a@b.test", &["list@example.test"]), 0);
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].recipients, [owner.as_bytes()]);
    }
}
