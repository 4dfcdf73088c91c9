//! Command lines, each by itself and the nine of them as a mix.

use crate::peers::{rustyknife_command, smtp_codec_command, smtp_proto_command, smtpspec_command};
use crate::{Contest, OURS, Reader, reading};

const READERS: [(&str, Reader); 4] = [
    (OURS, smtpspec_command),
    ("smtp-proto 0.2.5", smtp_proto_command),
    ("rustyknife 0.2.11", rustyknife_command),
    ("smtp-codec 0.2.0", smtp_codec_command),
];

/// What a session says.
const MIX: [&[u8]; 9] = [
    b"EHLO client.example.org\r\n",
    b"MAIL FROM:<sender@example.org>\r\n",
    b"MAIL FROM:<sender@example.org> SIZE=1024 BODY=8BITMIME\r\n",
    b"MAIL FROM:<>\r\n",
    b"RCPT TO:<user@example.test>\r\n",
    b"DATA\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
];

/// A line with everything in it that a mailbox may have.
const ODD: [&[u8]; 2] =
    [b"RCPT TO:<\"joe smith\"@example.test>\r\n", b"MAIL FROM:<o'neil+list@[192.0.2.1]>\r\n"];

/// The contests of this file.
#[must_use]
pub fn contests() -> Vec<Contest> {
    vec![
        reading("commands: a mix of nine", &MIX, &READERS),
        reading("command: EHLO", &[MIX[0]], &READERS),
        reading("command: MAIL", &[MIX[1]], &READERS),
        reading("command: MAIL with parameters", &[MIX[2]], &READERS),
        reading("command: MAIL with the null path", &[MIX[3]], &READERS),
        reading("command: RCPT", &[MIX[4]], &READERS),
        reading("command: DATA", &[MIX[5]], &READERS),
        reading("command: RSET", &[MIX[6]], &READERS),
        reading("command: NOOP", &[MIX[7]], &READERS),
        reading("command: QUIT", &[MIX[8]], &READERS),
        reading("command: RCPT, quoted", &[ODD[0]], &READERS),
        reading("command: MAIL from a literal", &[ODD[1]], &READERS),
    ]
}
