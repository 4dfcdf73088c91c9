//! RFC 6409 §4 to §8 (message submission): what our own server does where people post their mail.
//!
//! No reply tells that a server is one of submission, so the oracle asks for none of this: the
//! scenarios do, of a target whose profile says that it is one.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use smtpspec_protocol::{
    Command, ForwardPath, Host, Mail, Mailbox, Rcpt, Reply, Request, ReversePath,
};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::model::Model;
use crate::rfc5321::trace::date;

/// Whether our own server is one of submission.
pub(crate) fn is_submission(model: &Model) -> bool {
    model.config().is_some_and(|config| config.submission)
}

/// What it refuses of the envelope: a domain that is not fully qualified (rfc6409-4.2-1), and a
/// reverse-path that is somebody else's mailbox (rfc6409-6.1-2).
pub(crate) fn on_path(
    model: &Model,
    request: &Request<'_>,
    expectation: Expectation,
) -> Expectation {
    let Some(config) = model.config().filter(|config| config.submission) else {
        return expectation;
    };
    let mailbox = mailbox(request);
    let incomplete = mailbox.as_ref().is_some_and(
        |mailbox| matches!(mailbox.host, Host::Domain(domain) if !domain.contains(&b'.')),
    );
    let sender = mailbox.filter(|_| matches!(request.command, Ok(Command::Mail(_))));
    let borrowed = sender.is_some_and(|sender| is_anothers(config, &sender));
    expectation
        .refuse_if(incomplete, || Reply::new(554, "The domain is not fully qualified"))
        .refuse_if(borrowed, || Reply::new(550, "This is the mailbox of somebody else"))
}

/// The mailbox that a MAIL or RCPT names, if it does.
fn mailbox<'a>(request: &Request<'a>) -> Option<Mailbox<'a>> {
    match &request.command {
        Ok(
            Command::Mail(Mail { reverse_path: ReversePath::Path(path), .. })
            | Command::Rcpt(Rcpt { forward_path: ForwardPath::Path(path), .. }),
        ) => Some(path.mailbox),
        _ => None,
    }
}

/// Whether it is a mailbox here of somebody who is none of those who can log in.
fn is_anothers(config: &Config, sender: &Mailbox<'_>) -> bool {
    let Host::Domain(domain) = sender.host else { return false };
    let content = sender.local_part.content();
    let owner = config.accounts.iter().find(|account| {
        account.local_part.as_bytes() == &*content
            && account.domain.as_bytes().eq_ignore_ascii_case(domain)
    });
    owner.is_some_and(|owner| config.users.iter().all(|user| user.name != owner.local_part))
}

/// The message with the fields that it lacks: what goes on has Date and From, as any message does
/// (rfc6409-8-3), and a Message-ID of the right form (rfc6409-8.3-1).
pub(crate) fn completed(config: &Config, reverse_path: &[u8], text: &[u8], at: u64) -> Vec<u8> {
    let fields = fields(text);
    let has = |name: &str| fields.iter().any(|field| is_named(field, name));
    let mut added = String::new();
    // Writing to a String does not fail.
    if !has("Date") {
        let _ = write!(added, "Date: {}\r\n", date(at));
    }
    if !has("From") {
        let unknown = format!("MAILER-DAEMON@{}", config.name);
        let author = String::from_utf8_lossy(reverse_path);
        let author = if author.is_empty() { unknown.into() } else { author };
        let _ = write!(added, "From: <{author}>\r\n");
    }
    let identified =
        fields.iter().any(|field| is_named(field, "Message-ID") && is_identified(field));
    let mut message = added.into_bytes();
    let mut rest = text;
    if !identified {
        let digest = Sha256::digest(text);
        let [first, second] = [&digest[..8], &digest[8..16]]
            .map(|part| part.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet)));
        let name = &config.name;
        message.extend(format!("Message-ID: <{at}.{first:x}.{second:x}@{name}>\r\n").bytes());
        for field in &fields {
            if !is_named(field, "Message-ID") {
                message.extend_from_slice(field);
            }
            rest = &rest[field.len()..];
        }
    }
    if fields.is_empty() && !rest.starts_with(b"\r\n") {
        // A text without a header is all body.
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(rest);
    message
}

/// The fields of the header, each with its folded lines and the CRLF.
fn fields(text: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some(length) = field(rest) {
        let (field, behind) = rest.split_at(length);
        fields.push(field);
        rest = behind;
    }
    fields
}

/// How long the field is that stands here, if one does.
fn field(text: &[u8]) -> Option<usize> {
    let colon = text.iter().position(|octet| *octet == b':')?;
    let is_name = colon > 0 && text[..colon].iter().all(u8::is_ascii_graphic);
    let mut end = 0;
    loop {
        end += 2 + text[end..].windows(2).position(|two| two == b"\r\n")?;
        if !matches!(text.get(end), Some(b' ' | b'\t')) {
            return is_name.then_some(end);
        }
    }
}

fn is_named(field: &[u8], name: &str) -> bool {
    let colon = field.iter().position(|octet| *octet == b':').unwrap_or_default();
    field[..colon].eq_ignore_ascii_case(name.as_bytes())
}

/// Whether the value is a `msg-id`: one at sign between angle brackets (RFC 5322 §3.6.4), with words
/// that may be in UTF-8 (RFC 6532 §3.2).
fn is_identified(field: &[u8]) -> bool {
    let colon = field.iter().position(|octet| *octet == b':').unwrap_or_default();
    let value = field[colon + 1..].trim_ascii();
    let inside = value.strip_prefix(b"<").and_then(|value| value.strip_suffix(b">"));
    let halves: Vec<_> = inside.unwrap_or_default().split(|octet| *octet == b'@').collect();
    let fits =
        |octet: &u8| (octet.is_ascii_graphic() && !b"<>".contains(octet)) || !octet.is_ascii();
    let is_word = |half: &&[u8]| !half.is_empty() && half.iter().all(fits);
    halves.len() == 2 && halves.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::preferred;

    fn submission() -> Config {
        Config { submission: true, ..Config::default() }
    }

    #[test]
    fn domains_are_fully_qualified() {
        let code = |lines: &[&str]| preferred(submission(), lines).code.get();
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<a@client>"]), 554);
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<a@client.test>"]), 250);
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<a@[127.0.0.1]>"]), 250);
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<>", "RCPT TO:<user@example>"]), 554);
        assert_eq!(code(&["EHLO client.test", "MAIL FROM:<>", "RCPT TO:<Postmaster>"]), 250);
        let usual = preferred(Config::default(), &["EHLO client.test", "MAIL FROM:<a@client>"]);
        assert_eq!(usual.code.get(), 250);
    }

    #[test]
    fn nobody_writes_from_the_mailbox_of_another() {
        let code = |line: &str| preferred(submission(), &["EHLO client.test", line]).code.get();
        assert_eq!(code("MAIL FROM:<user@Example.test>"), 550);
        assert_eq!(code("MAIL FROM:<nobody@example.test>"), 250);
        assert_eq!(code("MAIL FROM:<user@elsewhere.example>"), 250);
    }

    #[test]
    fn etrn_is_not_offered() {
        let offered = |config| {
            let lines = preferred(config, &["EHLO client.test"]).lines;
            lines.iter().any(|line| line == b"ETRN")
        };
        assert!(offered(Config::default()) && !offered(submission()));
    }

    #[test]
    fn a_message_gets_the_fields_that_it_lacks() {
        let text = |text: &str| {
            let made = completed(&submission(), b"a@client.test", text.as_bytes(), 0);
            String::from_utf8(made).unwrap()
        };
        let whole = "Date: x\r\nFrom: a\r\nMessage-ID:\r\n <1@a>\r\n\r\nHi.\r\n";
        assert_eq!(text(whole), whole);
        let made = text("Subject: x\r\n folded\r\nmessage-id: nothing\r\n\r\nDate: no\r\n");
        let (added, rest) = made.split_once("Subject").unwrap();
        assert!(
            added.starts_with("Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: <a@client.test>\r\n")
        );
        assert!(added.contains("Message-ID: <0.") && added.ends_with("@mx.example.test>\r\n"));
        assert_eq!(rest, ": x\r\n folded\r\n\r\nDate: no\r\n");
        assert!(text("no header\r\n").ends_with("@mx.example.test>\r\n\r\nno header\r\n"));
        assert!(text("").ends_with(">\r\n\r\n"));
        let unsigned = completed(&submission(), b"", b"\r\nHi.\r\n", 0);
        assert!(
            String::from_utf8(unsigned).unwrap().contains("From: <MAILER-DAEMON@mx.example.test>")
        );
    }

    #[test]
    fn an_identifier_has_one_at_sign_between_brackets() {
        for (value, right) in [
            ("<a@b>", true),
            ("<\u{fc}@b\u{fc}cher.example>", true),
            (" <a@b> ", true),
            ("a@b", false),
            ("<a>", false),
            ("<a@b@c>", false),
            ("<@b>", false),
            ("<a@>", false),
            ("<a b@c>", false),
            ("<a@<b>", false),
            ("", false),
        ] {
            assert_eq!(
                is_identified(format!("Message-ID:{value}\r\n").as_bytes()),
                right,
                "{value}"
            );
        }
    }
}
