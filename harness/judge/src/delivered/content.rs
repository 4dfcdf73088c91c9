//! RFC 2045: what stands in a message that came out, whatever encoding it has for its way.

use smtpspec_protocol::rfc2045::{self, Entity};

use super::{Difference, Fit, difference, wrong};
use crate::mail::{Mail, Via};

/// Compares the contents of a message with what was sent. A host may send mail back that the next
/// one can't take as it is (RFC 6152 §3, RFC 3030 §3): then there is nothing to compare.
pub(super) fn compare(mail: &Mail, sent: &[u8]) -> Fit {
    if mail.from.as_deref() == Some(b"") {
        return Fit::Unknown("a notice came out, and not the message");
    }
    if mail.via == Via::Maildir && mail.line_end() == b"\n" {
        let has_parts = Entity::of(&mail.octets).boundary().is_some();
        let alike = mail.octets[mail.body()..] == mail.as_kept(sent);
        return match (alike, has_parts) {
            (true, _) => Fit::Right,
            (false, true) => Fit::Unknown("the Maildir keeps LF for CRLF, which hides the parts"),
            (false, false) => {
                let kept = mail.as_kept(sent);
                Fit::Wrong(difference("the body", &mail.octets, mail.body(), &kept))
            }
        };
    }
    match rfc2045::content(&mail.octets) {
        Err(fault) => wrong(
            format!("{fault} in the message"),
            "a message whose encodings can be undone".to_owned(),
            Some(mail.body()).filter(|at| *at < mail.octets.len()),
        ),
        Ok(content) if content == sent => Fit::Right,
        Ok(content) => {
            // The octet is one of the content, not of the message.
            let found = difference("the content", &content, 0, sent);
            Fit::Wrong(Difference { at: None, ..found })
        }
    }
}
