//! What becomes of a message that was accepted (RFC 5321 §3.6.3, §3.9, §6.1): it goes to its
//! recipients, a list passes it on to its members, and whom it can't reach its sender is told of.

use std::collections::BTreeSet;
use std::time::Duration;

use smtpspec_protocol::Reply;

use crate::config::{Config, MailingList};
use crate::relaying;
use crate::rfc3461::fate;
use crate::rfc5321::notice::Action;
use crate::transaction::{Parameter, ParameterList};

/// A message on its way out (RFC 5321 §4.1.1.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The sender's mailbox without brackets and route, empty for `<>`.
    pub reverse_path: Vec<u8>,
    /// The recipients' mailboxes, without brackets and route.
    pub recipients: Vec<Vec<u8>>,
    /// The parameters of MAIL (RFC 5321 §4.1.1.11).
    pub parameters: ParameterList,
    /// The parameters of RCPT, for each mailbox that has some.
    pub recipient_parameters: Vec<(Vec<u8>, ParameterList)>,
    /// The message with its trace line, and without a Return-Path: that is for the mailbox
    /// (RFC 5321 §4.4).
    pub message: Vec<u8>,
    /// How long it is to be kept before it goes out (RFC 4865 §4.2).
    pub held: Option<Duration>,
}

impl Delivery {
    /// The parameters of RCPT with this mailbox.
    pub fn parameters_of(&self, mailbox: &[u8]) -> &[Parameter] {
        let mut all = self.recipient_parameters.iter();
        all.find(|(of, _)| of == mailbox).map_or(&[], |(_, parameters)| parameters)
    }

    /// What is left of it where each recipient has a reply of its own: the mail for those who were
    /// accepted, and for nobody else (RFC 2033 §4.2).
    pub(crate) fn for_those_accepted(mut self, replies: &[Reply]) -> Self {
        if replies.len() == self.recipients.len() {
            let mut replies = replies.iter();
            self.recipients.retain(|_| replies.next().is_some_and(|reply| reply.code.class() == 2));
        }
        self
    }
}

/// All mail that comes of an accepted message; `at` is the time, in seconds since 1970 began.
pub(crate) fn dispatch(config: &Config, accepted: &Delivery, at: u64) -> Vec<Delivery> {
    let (mut lists, mut of_lists) = (Vec::new(), Vec::new());
    let mut mails = vec![Delivery { recipients: Vec::new(), ..accepted.clone() }];
    for recipient in &accepted.recipients {
        match config.list_at(recipient) {
            Some(list) => {
                lists.push(list);
                of_lists.push(recipient.clone());
            }
            None => mails[0].recipients.push(recipient.clone()),
        }
    }
    mails.extend(lists.iter().map(|list| expanded(config, list, &accepted.message)));
    // Without recipients there is nobody to send it to, unless nobody was ever named.
    mails.retain(|mail| !mail.recipients.is_empty() || accepted.recipients.is_empty());
    // What a list sends on is as much in need of it as what it was sent.
    let why = relaying::obstacle(config, &accepted.parameters);
    let mut out: Vec<_> = mails.into_iter().flat_map(|mail| sent(config, mail, why, at)).collect();
    // Mail for a list is delivered once the list has it (rfc3461-5.2.7.1-1).
    of_lists.retain(|list| fate::wants_success(accepted, list));
    out.extend(fate::notice(config, accepted, at, Action::Delivered, &of_lists));
    out
}

/// A copy for the members of a list. Errors go to its owner from here on, the message stays what it
/// is, and nothing goes on of what its sender asked for (rfc5321-3.9-2, rfc5321-3.9-3,
/// rfc3461-5.2.7.1-7).
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
    Delivery { reverse_path, recipients, message: message.to_vec(), ..Delivery::default() }
}

/// The mail for those whom it reaches, and what its sender is told of them and of all others
/// (rfc5321-3.6.3-4, RFC 3461 §5.2).
fn sent(config: &Config, mut mail: Delivery, why: Option<Action>, at: u64) -> Vec<Delivery> {
    let is_for_nobody = mail.recipients.is_empty();
    let mut told = Vec::new();
    if let Some(why) = why {
        let kept = relaying::kept_back(config, &mut mail);
        told.extend(notice(config, &mail, at, why, kept));
    }
    let (failed, reached) =
        mail.recipients.iter().cloned().partition(|mailbox| config.loses(mailbox));
    told.extend(notice(config, &mail, at, Action::Failed, failed));
    mail.recipients = reached;
    let before = mail.clone();
    if let Err(why) = relaying::fit(config, &mut mail) {
        let failed = std::mem::take(&mut mail.recipients);
        told.extend(notice(config, &before, at, why, failed));
    }
    if mail.recipients.is_empty() && !is_for_nobody {
        return told;
    }
    told.extend(told_on_the_way(config, &mail, at));
    relaying::ask_for_delays(config, &mut mail);
    told.insert(0, fate::onward(config, mail));
    told
}

/// What the sender is told of those whom the mail goes on to.
fn told_on_the_way(config: &Config, mail: &Delivery, at: u64) -> Vec<Delivery> {
    let mut asked = mail.recipients.clone();
    asked.retain(|mailbox| fate::wants_success(mail, mailbox));
    let success = fate::of_success(config).map(|action| (action, asked));
    let told = success.into_iter().chain(relaying::told_of_time(config, mail));
    told.filter_map(|(action, about)| fate::notice(config, mail, at, action, &about)).collect()
}

/// What the sender is told of those whom the mail did not reach, and why, as far as it wants to know.
pub(crate) fn notice(
    config: &Config,
    mail: &Delivery,
    at: u64,
    why: Action,
    mut failed: Vec<Vec<u8>>,
) -> Option<Delivery> {
    failed.retain(|mailbox| fate::wants_failure(mail, mailbox));
    fate::notice(config, mail, at, why, &failed)
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
            ..Delivery::default()
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

    /// A mail whose recipients come with these NOTIFY, and what comes out of it: the recipients of
    /// each mail with their parameters, and of each notice the action and whom it is about.
    fn outcome(config: &Config, asked: &[(&str, &str)]) -> Vec<String> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let parameter = |keyword: &str, value: &str| (keyword.into(), Some(value.into()));
        let mut mail = mail("a@b.test", &asked.iter().map(|(to, _)| *to).collect::<Vec<_>>());
        mail.parameters = vec![parameter("RET", "FULL"), parameter("ENVID", "x+2By")];
        for (to, notify) in asked.iter().filter(|(_, notify)| !notify.is_empty()) {
            let orcpt = parameter("ORCPT", "rfc822;O+20P");
            mail.recipient_parameters
                .push(((*to).into(), vec![parameter("NOTIFY", notify), orcpt]));
        }
        let told = |mail: Delivery| {
            let message = text(&mail.message);
            let field = |name: &str| {
                let values = message.lines().filter_map(|line| line.strip_prefix(name));
                values.collect::<Vec<_>>().join(",")
            };
            if message.contains("Reporting-MTA") {
                assert!(message.contains("\r\nOriginal-Envelope-Id: x+y\r\n"), "{message}");
                assert_eq!(message.contains("\r\nbody\r\n"), message.contains("Action: failed"));
                return format!("{} {}", field("Action: "), field("Final-Recipient: rfc822; "));
            }
            let count = mail.parameters.len() + mail.recipient_parameters.len();
            format!("to {} with {count}", text(&mail.recipients.join(&b',')))
        };
        dispatch(config, &mail, 0).into_iter().map(told).collect()
    }

    #[test]
    fn nobody_is_told_of_success_that_a_message_was_kept_from() {
        let without = vec!["DSN".to_owned(), "DELIVERBY".to_owned()];
        let hop = crate::config::NextHopFacts { without, ..Default::default() };
        let config = Config { relays: true, next_hop: Some(hop), ..config() };
        let text = |mail: &Delivery| String::from_utf8_lossy(&mail.message).into_owned();
        for (keyword, value, action, status) in [
            ("REQUIRETLS", None, "failed", "5.7.10"),
            ("BY", Some("120;R"), "failed", "5.3.3"),
            ("BY", Some("120;N"), "relayed", "2.1.9"),
            ("BY", Some("-1;N"), "relayed", "2.1.9"),
        ] {
            let mut mail = mail("a@b.test", &["x@elsewhere.test"]);
            mail.parameters = vec![(keyword.into(), value.map(Into::into))];
            let notify = vec![("NOTIFY".into(), Some("SUCCESS,FAILURE".into()))];
            mail.recipient_parameters.push(("x@elsewhere.test".into(), notify));
            let out = dispatch(&config, &mail, 0);
            let notice = text(out.last().unwrap());
            assert_eq!(out.len(), if action == "failed" { 1 } else { 2 }, "{keyword} {value:?}");
            assert!(notice.contains(&format!("\r\nAction: {action}\r\nStatus: {status}\r\n")));
        }
    }

    #[test]
    fn a_notice_that_the_next_hop_can_not_take_is_none_and_not_an_empty_one() {
        let without = vec!["8BITMIME".to_owned(), "SMTPUTF8".to_owned()];
        let hop = crate::config::NextHopFacts { without, ..Default::default() };
        let config = Config { relays: true, next_hop: Some(hop), ..config() };
        let returned = |from: &str| {
            let mut mail = mail(from, &["x@elsewhere.test"]);
            mail.parameters = vec![("SMTPUTF8".into(), None)];
            mail.message = "Subject: gr\u{fc}\u{df}e\r\n\r\nHi\r\n".as_bytes().to_vec();
            dispatch(&config, &mail, 0)
        };
        let told = returned("jurgen@b.test");
        assert_eq!(told.len(), 1);
        let text = String::from_utf8_lossy(&told[0].message);
        assert!(text.is_ascii() && text.contains("\r\nTo: <jurgen@b.test>\r\n"), "{text}");
        assert_eq!(returned("j\u{fc}rgen@b.test"), []);
    }

    #[test]
    fn each_recipient_is_told_of_as_its_sender_asked() {
        let hop = |without: &[&str]| {
            let without = without.iter().map(|keyword| (*keyword).to_owned()).collect();
            Some(crate::config::NextHopFacts { without, ..Default::default() })
        };
        let asked = [("user@example.test", "SUCCESS"), ("user2@example.test", "NEVER")];
        let lost = [("lost@example.test", "FAILURE"), ("user@example.test", "")];
        let lost_silently = [("lost@example.test", "SUCCESS,DELAY")];
        let to_list = [("list@example.test", "SUCCESS")];
        let to_both = "to user@example.test,user2@example.test with";
        let config = |next_hop| Config { next_hop, ..config() };
        let (knows, not, ends) = (config(hop(&[])), config(hop(&["DSN"])), config(None));
        let failed = "failed lost@example.test";
        for config in [&knows, &not, &ends] {
            assert_eq!(outcome(config, &lost_silently), Vec::<String>::new());
            let goes_on = if config.next_hop == hop(&[]) { 2 } else { 0 };
            let goes_on = format!("to user@example.test with {goes_on}");
            assert_eq!(outcome(config, &lost), [goes_on.as_str(), failed]);
            let delivered = "delivered list@example.test";
            assert_eq!(outcome(config, &to_list), [&format!("{to_both} 0"), delivered]);
        }
        assert_eq!(outcome(&knows, &asked), [format!("{to_both} 4")]);
        assert_eq!(outcome(&not, &asked), [&format!("{to_both} 0"), "relayed user@example.test"]);
        assert_eq!(
            outcome(&ends, &asked),
            [&format!("{to_both} 0"), "delivered user@example.test"]
        );
    }

    #[test]
    fn a_list_passes_the_message_on_as_it_is() {
        let sent = mail("a@b.test", &["list@example.test"]);
        let out = dispatch(&config(), &sent, 0);
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].message, sent.message);
        assert_eq!(out[0].reverse_path, b"list-owner@example.test");
    }
}
