//! Mailboxes: plain, quoted and with an address literal.

use crate::peers::{
    email_address_mailbox, lettre_mailbox, rustyknife_mailbox, smtp_codec_mailbox,
    smtp_proto_mailbox, smtpspec_mailbox,
};
use crate::{Contender, Contest, OURS, Reader, reading};

const READERS: [(&str, Reader); 5] = [
    (OURS, smtpspec_mailbox),
    ("lettre 0.11.23", lettre_mailbox),
    ("email_address 0.2.9", email_address_mailbox),
    ("rustyknife 0.2.11", rustyknife_mailbox),
    ("smtp-codec 0.2.0", smtp_codec_mailbox),
];

const PLAIN: [&[u8]; 4] = [
    b"user@example.test",
    b"first.last@mail.example.org",
    b"a+tag@sub.domain.example.com",
    b"postmaster@example.net",
];

const QUOTED: [&[u8]; 1] = [b"\"joe smith\"@example.test"];
const LITERAL: [&[u8]; 1] = [b"user@[192.0.2.1]"];

/// The contests of this file.
#[must_use]
pub fn contests() -> Vec<Contest> {
    vec![
        beside_rcpt(reading("mailboxes: four plain ones", &PLAIN, &READERS), &PLAIN),
        beside_rcpt(reading("mailbox: quoted", &QUOTED, &READERS), &QUOTED),
        beside_rcpt(reading("mailbox: with an address literal", &LITERAL, &READERS), &LITERAL),
    ]
}

/// The same with smtp-proto, which reads mailboxes in the line of RCPT only.
fn beside_rcpt(mut contest: Contest, mailboxes: &[&[u8]]) -> Contest {
    let line = |mailbox: &&[u8]| [b"RCPT TO:<", *mailbox, b">\r\n"].concat();
    let lines: Vec<Vec<u8>> = mailboxes.iter().map(line).collect();
    if !lines.iter().all(|line| smtp_proto_mailbox(line)) {
        return contest;
    }
    let work =
        move || lines.iter().filter(|line| smtp_proto_mailbox(std::hint::black_box(line))).count();
    contest.contenders.push(Contender::new("smtp-proto 0.2.5, RCPT and all", work));
    contest
}
