//! RFC 5321 §3.6.3 and §6.1 (notices of mail that could not be delivered), and RFC 3461 §6.2 and
//! §6.3 (of mail that could), in the form of RFC 3464.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::trace::date;

/// How much of the header of the message is returned, in octets.
const RETURNED: usize = 64 * 1024;

/// What the sender of a message is told.
#[derive(Debug, Clone)]
pub(crate) struct Notice<'a> {
    /// The host that tells it (rfc5321-3.6.3-3).
    pub(crate) by: &'a str,
    /// What became of the message.
    pub(crate) action: Action,
    /// For whom.
    pub(crate) recipients: &'a [Reported],
    /// What the sender calls the transaction (rfc3461-6.3-1).
    pub(crate) envelope: Option<Vec<u8>>,
    /// The time that the message was to be kept (rfc4865-5.1.2-2).
    pub(crate) release: Option<Vec<u8>>,
    /// The host that the message went to, or did not (rfc3461-6.3-17).
    pub(crate) remote: Option<&'a str>,
    /// Whether the whole message goes back, and not its header alone (rfc3461-6.2-3).
    pub(crate) whole: bool,
    /// The message.
    pub(crate) about: &'a [u8],
    /// When, in seconds since 1970 began.
    pub(crate) at: u64,
}

/// A recipient of whom the sender is told.
#[derive(Debug, Clone, Hash)]
pub(crate) struct Reported {
    /// The mailbox.
    pub(crate) mailbox: Vec<u8>,
    /// The type and the address that the sender gave for it, as the field has them
    /// (rfc3461-6.3-9).
    pub(crate) original: Option<Vec<u8>>,
}

/// What became of a message (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It did not reach the mailbox, and never will.
    Failed,
    /// It was to go on inside TLS, and there is none (RFC 8689 §4.2.1).
    NoTls,
    /// It was to come back unless it is in time, and the next host can't say (RFC 2852 §4.1.4.1).
    NotByTime,
    /// The next host does not take what stands in it (RFC 6152 §3, RFC 3030 §3).
    NotConverted,
    /// It has addresses or a header that the next host does not take (RFC 6531 §3.2).
    NoUtf8,
    /// The time has come that it was to be delivered by, and it is on its way (RFC 2852 §4.1.3).
    Delayed,
    /// It was passed on to a host that will not tell.
    Relayed,
    /// It is in the mailbox.
    Delivered,
}

impl Action {
    /// The word for programs, the status, what the next hop said, and a line for people.
    fn told(self) -> [&'static str; 4] {
        match self {
            Self::Failed => [
                "failed",
                "5.1.1",
                "550 5.1.1 No such mailbox",
                "Your message did not reach these mailboxes:",
            ],
            Self::NoTls => [
                "failed",
                "5.7.10",
                "",
                "Your message needs TLS, and there is none on the way to these mailboxes:",
            ],
            Self::NotByTime => [
                "failed",
                "5.3.3",
                "",
                "Nobody can tell whether your message would be in time for these mailboxes:",
            ],
            Self::NotConverted => [
                "failed",
                "5.6.3",
                "",
                "The host of these mailboxes does not take all octets of your message:",
            ],
            Self::NoUtf8 => [
                "failed",
                "5.6.7",
                "",
                "The host of these mailboxes does not take addresses or headers in UTF-8:",
            ],
            Self::Delayed => [
                "delayed",
                "4.4.7",
                "",
                "Your message is not in time for these mailboxes, and is tried all the same:",
            ],
            Self::Relayed => [
                "relayed",
                "2.1.9",
                "250 2.1.5 OK",
                "Your message went on to a host that tells nothing of these mailboxes:",
            ],
            Self::Delivered => {
                ["delivered", "2.1.5", "250 2.1.5 OK", "Your message reached these mailboxes:"]
            }
        }
    }
}

impl Notice<'_> {
    /// The notice as a message for this mailbox. Its envelope has the null reverse-path
    /// (rfc5321-3.6.3-5).
    pub(crate) fn to(&self, mailbox: &[u8]) -> Vec<u8> {
        let (by, date, mark) = (self.by, date(self.at), self.mark(mailbox));
        let [action, status, said, sentence] = self.action.told();
        let subject =
            if self.action == Action::Failed { "Undeliverable mail" } else { "Your mail" };
        let mut notice = Text::default();
        notice.line(&[b"Date: ", date.as_bytes()]);
        notice.line(&[b"From: Mail Delivery System <postmaster@", by.as_bytes(), b">"]);
        notice.line(&[b"To: <", mailbox, b">"]);
        notice.line(&[format!("Message-ID: <{mark}@{by}>").as_bytes()]);
        notice.line(&[b"Subject: ", subject.as_bytes()]);
        notice.line(&[b"Auto-Submitted: auto-replied"]);
        notice.line(&[b"MIME-Version: 1.0"]);
        notice.line(&[b"Content-Type: multipart/report; report-type=delivery-status;"]);
        notice.line(&[format!("\tboundary=\"{mark}\"").as_bytes()]);

        notice.part(&mark, "text/plain; charset=us-ascii");
        notice.line(&[sentence.as_bytes()]);
        notice.line(&[]);
        for one in self.recipients {
            notice.line(&[b"  <", &one.mailbox, b">"]);
        }

        notice.part(&mark, "message/delivery-status");
        if let Some(envelope) = &self.envelope {
            notice.line(&[b"Original-Envelope-Id: ", envelope]);
        }
        notice.line(&[b"Reporting-MTA: dns; ", by.as_bytes()]);
        notice.line(&[b"Arrival-Date: ", date.as_bytes()]);
        if let Some(release) = &self.release {
            notice.line(&[b"Future-Release-Request: ", release]);
        }
        for one in self.recipients {
            notice.line(&[]);
            if let Some(original) = &one.original {
                notice.line(&[b"Original-Recipient: ", original]);
            }
            notice.line(&[b"Final-Recipient: rfc822; ", &one.mailbox]);
            notice.line(&[b"Action: ", action.as_bytes()]);
            notice.line(&[b"Status: ", status.as_bytes()]);
            // A list is on this host (RFC 3461 §5.2.7.1), whatever host its members are on.
            if let Some(remote) =
                self.remote.filter(|_| !said.is_empty() && self.action != Action::Delivered)
            {
                notice.line(&[b"Remote-MTA: dns; ", remote.as_bytes()]);
                notice.line(&[b"Diagnostic-Code: smtp; ", said.as_bytes()]);
            }
        }

        let (content, returned) = if self.whole {
            ("message/rfc822", self.about)
        } else {
            ("text/rfc822-headers", header(self.about))
        };
        notice.part(&mark, content);
        notice.0.extend_from_slice(returned);
        notice.line(&[]);
        notice.line(&[format!("--{mark}--").as_bytes()]);
        notice.0
    }

    /// A word that stands in no message by chance: the id of the notice and its boundary.
    fn mark(&self, mailbox: &[u8]) -> String {
        let mut hasher = DefaultHasher::new();
        (self.at, self.about, self.recipients, mailbox).hash(&mut hasher);
        format!("notice-{:x}-{:016x}", self.at, hasher.finish())
    }
}

/// A message in the making.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn line(&mut self, parts: &[&[u8]]) {
        self.0.extend(parts.concat());
        self.0.extend_from_slice(b"\r\n");
    }

    fn part(&mut self, boundary: &str, content: &str) {
        self.line(&[]);
        self.line(&[format!("--{boundary}").as_bytes()]);
        self.line(&[b"Content-Type: ", content.as_bytes()]);
        self.line(&[]);
    }
}

/// The header of a message, in whole lines.
fn header(message: &[u8]) -> &[u8] {
    let end =
        message.windows(4).position(|four| four == b"\r\n\r\n").map_or(message.len(), |at| at + 2);
    let head = &message[..end.min(RETURNED)];
    let lines = head.iter().rposition(|&octet| octet == b'\n').map_or(0, |at| at + 1);
    &head[..lines]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_the_host_the_mailboxes_and_the_message() {
        let recipients = ["lost@b.test", "gone@b.test"]
            .map(|mailbox| Reported { mailbox: mailbox.into(), original: None });
        let notice = Notice {
            by: "mx.b.test",
            action: Action::Failed,
            recipients: &recipients,
            release: None,
            envelope: None,
            remote: None,
            whole: false,
            about: b"Subject: greetings\r\n\r\nHello.\r\n",
            at: 0,
        };
        let notice = notice.to(b"a@c.test");
        let text = String::from_utf8(notice).unwrap();
        let mark = text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(text.matches(&format!("\r\n--{mark}\r\n")).count(), 3);
        assert!(text.ends_with(&format!("Subject: greetings\r\n\r\n--{mark}--\r\n")));
        for part in [
            "\r\nTo: <a@c.test>\r\n",
            "\r\nReporting-MTA: dns; mx.b.test\r\n",
            "\r\nFinal-Recipient: rfc822; lost@b.test\r\nAction: failed\r\n",
            "\r\nFinal-Recipient: rfc822; gone@b.test\r\nAction: failed\r\n",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("Hello"));
    }

    #[test]
    fn the_next_host_is_named_where_it_had_something_to_say() {
        let recipients = [Reported { mailbox: b"lost@b.test".to_vec(), original: None }];
        let names = |action| {
            let notice = Notice {
                by: "mx.b.test",
                action,
                recipients: &recipients,
                release: None,
                envelope: None,
                remote: Some("next.test"),
                whole: false,
                about: b"Subject: greetings\r\n\r\n",
                at: 0,
            };
            let text = String::from_utf8(notice.to(b"a@c.test")).unwrap();
            text.contains("\r\nRemote-MTA: dns; next.test\r\nDiagnostic-Code: smtp; ")
        };
        assert!(names(Action::Failed) && names(Action::Relayed));
        assert!(!names(Action::NoTls) && !names(Action::Delivered));
    }
}
