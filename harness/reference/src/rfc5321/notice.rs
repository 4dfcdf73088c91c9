//! RFC 5321 §3.6.3 and §6.1 (notices of mail that could not be delivered), in the form of
//! RFC 3464.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::trace::date;

/// How much of the header of the message is returned, in octets.
const RETURNED: usize = 64 * 1024;

/// What the sender of a message is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice<'a> {
    /// The host that tells it (rfc5321-3.6.3-3).
    pub(crate) by: &'a str,
    /// The mailboxes that the message did not reach.
    pub(crate) failed: &'a [Vec<u8>],
    /// The message.
    pub(crate) about: &'a [u8],
    /// When, in seconds since 1970 began.
    pub(crate) at: u64,
}

impl Notice<'_> {
    /// The notice as a message for this mailbox. Its envelope has the null reverse-path
    /// (rfc5321-3.6.3-5).
    pub(crate) fn to(&self, mailbox: &[u8]) -> Vec<u8> {
        let (by, date, mark) = (self.by, date(self.at), self.mark(mailbox));
        let mut notice = Text::default();
        notice.line(&[b"Date: ", date.as_bytes()]);
        notice.line(&[b"From: Mail Delivery System <postmaster@", by.as_bytes(), b">"]);
        notice.line(&[b"To: <", mailbox, b">"]);
        notice.line(&[format!("Message-ID: <{mark}@{by}>").as_bytes()]);
        notice.line(&[b"Subject: Undeliverable mail"]);
        notice.line(&[b"Auto-Submitted: auto-replied"]);
        notice.line(&[b"MIME-Version: 1.0"]);
        notice.line(&[b"Content-Type: multipart/report; report-type=delivery-status;"]);
        notice.line(&[format!("\tboundary=\"{mark}\"").as_bytes()]);

        notice.part(&mark, "text/plain; charset=us-ascii");
        notice.line(&[b"Your message did not reach these mailboxes:"]);
        notice.line(&[]);
        for mailbox in self.failed {
            notice.line(&[b"  <", mailbox, b">"]);
        }

        notice.part(&mark, "message/delivery-status");
        notice.line(&[b"Reporting-MTA: dns; ", by.as_bytes()]);
        notice.line(&[b"Arrival-Date: ", date.as_bytes()]);
        for mailbox in self.failed {
            notice.line(&[]);
            notice.line(&[b"Final-Recipient: rfc822; ", mailbox]);
            notice.line(&[b"Action: failed"]);
            notice.line(&[b"Status: 5.1.1"]);
        }

        notice.part(&mark, "text/rfc822-headers");
        notice.0.extend_from_slice(header(self.about));
        notice.line(&[]);
        notice.line(&[format!("--{mark}--").as_bytes()]);
        notice.0
    }

    /// A word that stands in no message by chance: the id of the notice and its boundary.
    fn mark(&self, mailbox: &[u8]) -> String {
        let mut hasher = DefaultHasher::new();
        (self.at, self.about, self.failed, mailbox).hash(&mut hasher);
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
        let failed = [b"lost@b.test".to_vec(), b"gone@b.test".to_vec()];
        let about = b"Subject: greetings\r\n\r\nHello.\r\n";
        let notice = Notice { by: "mx.b.test", failed: &failed, about, at: 0 }.to(b"a@c.test");
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
}
