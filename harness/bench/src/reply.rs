//! Replies of one line, and the eleven of an EHLO.

use crate::peers::{
    lettre_reply, smtp_codec_reply, smtp_proto_reply, smtpspec_reply, smtpspec_reply_reader,
};
use crate::{Contest, OURS, Reader, reading};

const READERS: [(&str, Reader); 5] = [
    (OURS, smtpspec_reply),
    ("smtpspec, from a stream, all kept", smtpspec_reply_reader),
    ("smtp-proto 0.2.5", smtp_proto_reply),
    ("lettre 0.11.23", lettre_reply),
    ("smtp-codec 0.2.0", smtp_codec_reply),
];

const OK: [&[u8]; 1] = [b"250 2.1.5 Recipient OK\r\n"];

const EHLO: [&[u8]; 1] = [b"250-mx.example.test greets client.example.org\r\n\
    250-PIPELINING\r\n\
    250-SIZE 10485760\r\n\
    250-VRFY\r\n\
    250-ETRN\r\n\
    250-STARTTLS\r\n\
    250-ENHANCEDSTATUSCODES\r\n\
    250-8BITMIME\r\n\
    250-DSN\r\n\
    250-SMTPUTF8\r\n\
    250 CHUNKING\r\n"];

/// The contests of this file.
#[must_use]
pub fn contests() -> Vec<Contest> {
    vec![
        reading("reply: one line", &OK, &READERS),
        reading("reply: EHLO, eleven lines", &EHLO, &READERS),
    ]
}
