//! What a client may do next, each move with a letter, so that an input is a row of letters that
//! people can read: `EMRDt.Q` delivers a mail.

use arbitrary::{Arbitrary, Result, Unstructured};

/// A conversation: the kind of server, how its input is cut, and the input.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// Which habits the server has: one bit for each.
    pub(crate) habits: u8,
    /// How the input is cut.
    pub(crate) cuts: u8,
    /// What the client sends.
    pub(crate) input: Vec<u8>,
}

/// More than this is never sent in one conversation.
pub(crate) const LONGEST_INPUT: usize = 1 << 11;

/// The moves: legal commands, nearly legal ones, message text, and what a server says, since after
/// TURN the roles are exchanged.
const MOVES: &[(u8, &[u8])] = &[
    (b'E', b"EHLO client.test\r\n"),
    (b'e', b"EHLO peer.test\r\n"),
    (b'H', b"HELO client.test\r\n"),
    (b'h', b"HELO [192.0.2.1]\r\n"),
    (b'i', b"EHLO [IPv6:2001:db8::1] text\r\n"),
    (b'M', b"MAIL FROM:<>\r\n"),
    (b'm', b"MAIL FROM:<a@client.test>\r\n"),
    (b'S', b"MAIL FROM:<a@client.test> SIZE=100 BODY=8BITMIME\r\n"),
    (b's', b"MAIL FROM:<> SIZE=1000\r\n"),
    (b'w', b"SEND FROM:<a@client.test>\r\n"),
    (b'R', b"RCPT TO:<user@example.test>\r\n"),
    (b'r', b"RCPT TO:<postMaster>\r\n"),
    (b'l', b"RCPT TO:<@a.test,@b.test:list@example.test>\r\n"),
    (b'n', b"RCPT TO:<nobody@example.test>\r\n"),
    (b'f', b"RCPT TO:<user@elsewhere.test>\r\n"),
    (b'a', b"RCPT TO:<user@example.test> NOTIFY=NEVER\r\n"),
    (b'D', b"DATA\r\n"),
    (b't', b"Subject: text\r\n"),
    (b'd', b"..\r\n"),
    (b'8', b"caf\xc3\xa9\r\n"),
    (b'.', b".\r\n"),
    (b'Z', b"RSET\r\n"),
    (b'N', b"NOOP\r\n"),
    (b'V', b"VRFY user\r\n"),
    (b'v', b"VRFY list@example.test\r\n"),
    (b'X', b"EXPN list\r\n"),
    (b'P', b"HELP\r\n"),
    (b'p', b"HELP MAIL\r\n"),
    (b'U', b"TURN\r\n"),
    (b'T', b"STARTTLS\r\n"),
    (b'x', b"XFOO bar\r\n"),
    (b'Q', b"QUIT\r\n"),
    (b'2', b"220 peer.test\r\n"),
    (b'5', b"250 OK\r\n"),
    (b'6', b"250-peer.test\r\n250-8BITMIME\r\n250 SIZE 100\r\n"),
    (b'3', b"354 go on\r\n"),
    (b'4', b"450 later\r\n"),
    (b'9', b"550 no\r\n"),
    (b'c', b"\r"),
    (b'b', b"\n"),
];

/// The octet before a move of which one octet is then exchanged: a place and an octet follow.
const CHANGED: u8 = b'~';
/// The octet before octets that are sent as they are: how many comes first.
const RAW: u8 = b'"';
/// The octet before the length of a long line.
const LONG: u8 = b'L';

impl<'a> Arbitrary<'a> for Conversation {
    fn arbitrary(octets: &mut Unstructured<'a>) -> Result<Self> {
        let habits = octets.arbitrary()?;
        let cuts = octets.arbitrary()?;
        let mut input = Vec::new();
        while !octets.is_empty() && input.len() < LONGEST_INPUT {
            add_move(octets, &mut input)?;
        }
        Ok(Self { habits, cuts, input })
    }
}

fn add_move(octets: &mut Unstructured<'_>, input: &mut Vec<u8>) -> Result<()> {
    match octets.arbitrary::<u8>()? {
        CHANGED => {
            let mut changed = named(octets.arbitrary()?).to_vec();
            let at = usize::from(octets.arbitrary::<u8>()?) % changed.len();
            changed[at] = octets.arbitrary()?;
            input.append(&mut changed);
        }
        RAW => {
            let wanted = usize::from(octets.arbitrary::<u8>()? % 64);
            input.extend_from_slice(octets.bytes(wanted.min(octets.len()))?);
        }
        LONG => {
            // Around the limits of RFC 5321 §4.5.3.1 and of the server itself.
            let length = 450 + usize::from(octets.arbitrary::<u8>()?);
            input.extend_from_slice(b"NOOP ");
            input.resize(input.len() + length, b'x');
            input.extend_from_slice(b"\r\n");
        }
        letter => input.extend_from_slice(named(letter)),
    }
    Ok(())
}

/// The move of that letter; letters without one stand for any.
fn named(letter: u8) -> &'static [u8] {
    let named = MOVES.iter().find(|(name, _)| *name == letter);
    named.unwrap_or(&MOVES[usize::from(letter) % MOVES.len()]).1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_letter_names_two_moves() {
        let letters: BTreeSet<u8> = MOVES.iter().map(|(letter, _)| *letter).collect();
        assert_eq!(letters.len(), MOVES.len());
        assert!(!letters.contains(&CHANGED) && !letters.contains(&RAW) && !letters.contains(&LONG));
    }

    #[test]
    fn letters_spell_a_conversation() {
        let mut octets = Unstructured::new(b"@0EM\"\x02hi~D\x00X");
        let conversation = Conversation::arbitrary(&mut octets).unwrap();
        assert_eq!(conversation.input, b"EHLO client.test\r\nMAIL FROM:<>\r\nhiXATA\r\n");
    }
}
