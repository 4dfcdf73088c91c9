//! What each library takes, beside what RFC 5321 has: a figure of speed says little about one that
//! takes what nobody may send, or refuses what everybody may.
//!
//! The table is what the libraries do, found by asking them; the test holds it, so that it can't
//! grow old, and it holds ours to what the grammar says.

use crate::Reader;
use crate::peers::{
    email_address_mailbox, lettre_mailbox, lettre_reply, rustyknife_command, rustyknife_mailbox,
    smtp_codec_command, smtp_codec_mailbox, smtp_codec_reply, smtp_proto_command, smtp_proto_reply,
    smtpspec_command, smtpspec_mailbox, smtpspec_reply,
};

/// An input, and whether the grammar has it.
pub type Probe = (&'static [u8], bool);

/// Lines of commands (RFC 5321 §4.1.1, §4.1.2).
pub const COMMANDS: [Probe; 22] = [
    (b"EHLO client.example.org\r\n", true),
    (b"ehlo [192.0.2.1]\r\n", true),
    (b"EHLO [IPv6:2001:db8::1]\r\n", true),
    (b"EHLO\r\n", false),
    (b"EHLO under_score\r\n", false),
    (b"MAIL FROM:<a@b.test>\r\n", true),
    (b"MAIL FROM:<a@b.test>\n", false),
    (b"MAIL FROM: <a@b.test>\r\n", false),
    (b"MAIL FROM:a@b.test\r\n", false),
    (b"MAIL FROM:<>\r\n", true),
    (b"RCPT TO:<>\r\n", false),
    (b"RCPT TO:<Postmaster>\r\n", true),
    (b"RCPT TO:<@one.test,@two.test:a@b.test>\r\n", true),
    (b"RCPT TO:<\"a b\"@c.test>\r\n", true),
    (b"RCPT TO:<\"a\\\"b\"@c.test>\r\n", true),
    (b"RCPT TO:<a b@c.test>\r\n", false),
    (b"RCPT TO:<a..b@c.test>\r\n", false),
    (b"RCPT TO:<a@-b.test>\r\n", false),
    (b"RCPT TO:<a@b..test>\r\n", false),
    (b"RCPT TO:<a@[192.0.2.256]>\r\n", false),
    (b"DATA\r\n", true),
    (b"DATA now\r\n", false),
];

/// Replies (RFC 5321 §4.2).
pub const REPLIES: [Probe; 10] = [
    (b"250 OK\r\n", true),
    (b"250\r\n", true),
    (b"250-a\r\n250 b\r\n", true),
    (b"250-a\r\n251 b\r\n", false),
    (b"250-a\r\n", false),
    (b"250 OK\n", false),
    (b"650 OK\r\n", false),
    (b"290 OK\r\n", false),
    (b"250 a\0b\r\n", false),
    (b"250_OK\r\n", false),
];

/// Mailboxes (RFC 5321 §4.1.2).
pub const MAILBOXES: [Probe; 14] = [
    (b"user@example.test", true),
    (b"o'neil+list@example.test", true),
    (b"\"joe smith\"@example.test", true),
    (b"\"a\\\"b\"@example.test", true),
    (b"user@[192.0.2.1]", true),
    (b"user@[IPv6:2001:db8::1]", true),
    (b"user@localhost", true),
    (b"user@a--b.test", true),
    (b"user@-a.test", false),
    (b"user@a_b.test", false),
    (b"us..er@example.test", false),
    (b"user.@example.test", false),
    (b"user@[192.0.2.256]", false),
    (b"user@example.test.", false),
];

/// A library, and which of the inputs it judges otherwise than the grammar does, by their places.
pub struct Differs {
    /// The library.
    pub who: &'static str,
    /// What it is asked.
    pub reader: Reader,
    /// The inputs.
    pub probes: &'static [Probe],
    /// What came of it.
    pub at: &'static [usize],
}

const fn differs(
    who: &'static str,
    reader: Reader,
    probes: &'static [Probe],
    at: &'static [usize],
) -> Differs {
    Differs { who, reader, probes, at }
}

/// Every library, on every kind of input that it reads.
pub const TABLE: &[Differs] = &[
    differs("smtpspec", smtpspec_command, &COMMANDS, &[]),
    differs("smtp-proto", smtp_proto_command, &COMMANDS, &[4, 6, 7, 10, 17, 21]),
    differs("rustyknife", rustyknife_command, &COMMANDS, &[]),
    differs("smtp-codec", smtp_codec_command, &COMMANDS, &[7, 19]),
    differs("smtpspec", smtpspec_reply, &REPLIES, &[]),
    differs("smtp-proto", smtp_proto_reply, &REPLIES, &[3, 5, 6, 7, 8]),
    differs("lettre", lettre_reply, &REPLIES, &[1, 8]),
    differs("smtp-codec", smtp_codec_reply, &REPLIES, &[3, 6, 7]),
    differs("smtpspec", smtpspec_mailbox, &MAILBOXES, &[]),
    differs("lettre", lettre_mailbox, &MAILBOXES, &[9, 12]),
    differs("email_address", email_address_mailbox, &MAILBOXES, &[9, 12]),
    differs("rustyknife", rustyknife_mailbox, &MAILBOXES, &[]),
    differs("smtp-codec", smtp_codec_mailbox, &MAILBOXES, &[7, 12]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_differs_from_the_grammar_where_the_table_says_so() {
        let mut wrong = Vec::new();
        for Differs { who, reader, probes, at } in TABLE {
            let differs = |&(input, wanted): &Probe| reader(input) != wanted;
            let found: Vec<usize> = (0..probes.len()).filter(|&at| differs(&probes[at])).collect();
            if found != *at {
                wrong.push(format!("{who}, {} inputs: {found:?}, not {at:?}", probes.len()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
