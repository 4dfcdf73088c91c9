//! Sessions as rows of letters: what the fuzz target `session` reads, so that its crashes can be
//! played against a server, and what a server showed can be its seed. `EMRDt.Q` delivers a mail.

use crate::session::{Move, Session};

/// What a row of letters spells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelt {
    /// Which habits the server of the fuzz target has: one bit for each.
    pub habits: u8,
    /// How the input is cut.
    pub cuts: u8,
    /// What the client sends.
    pub input: Vec<u8>,
}

/// More than this is never sent in one conversation.
pub const LONGEST_INPUT: usize = 1 << 11;

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
/// How many of them there can be at once.
const RAW_OCTETS: usize = 63;
/// The octet before the length of a long line.
const LONG: u8 = b'L';

/// Reads a row of letters. Every row spells something; where octets are wanting they are 0.
pub fn spell(row: &[u8]) -> Spelt {
    let mut row = row.iter().copied();
    let habits = row.next().unwrap_or(0);
    let cuts = row.next().unwrap_or(0);
    let mut input = Vec::new();
    while input.len() < LONGEST_INPUT {
        let Some(letter) = row.next() else { break };
        match letter {
            CHANGED => {
                let mut changed = named(row.next().unwrap_or(0)).to_vec();
                let at = usize::from(row.next().unwrap_or(0)) % changed.len();
                changed[at] = row.next().unwrap_or(0);
                input.append(&mut changed);
            }
            RAW => {
                let wanted = usize::from(row.next().unwrap_or(0)) % (RAW_OCTETS + 1);
                input.extend(row.by_ref().take(wanted));
            }
            LONG => {
                // Around the limits of RFC 5321 §4.5.3.1 and of the server itself.
                let length = 450 + usize::from(row.next().unwrap_or(0));
                input.extend_from_slice(b"NOOP ");
                input.resize(input.len() + length, b'x');
                input.extend_from_slice(b"\r\n");
            }
            letter => input.extend_from_slice(named(letter)),
        }
    }
    Spelt { habits, cuts, input }
}

/// The row that spells what a session sends.
pub fn row_of(session: &Session) -> Vec<u8> {
    let mut row = b"@0".to_vec();
    for one in &session.moves {
        let letter = MOVES.iter().find(|(_, octets)| *octets == one.octets.as_slice());
        if let Some((letter, _)) = letter {
            row.push(*letter);
            continue;
        }
        for piece in one.octets.chunks(RAW_OCTETS) {
            row.push(RAW);
            row.push(piece.len() as u8);
            row.extend_from_slice(piece);
        }
    }
    row
}

/// The session that sends what a row spells, a line at a time.
pub fn session_of(row: &[u8]) -> Session {
    let input = spell(row).input;
    let lines = input.split_inclusive(|&octet| octet == b'\n');
    Session { hasty: false, moves: lines.map(Move::of).collect() }
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
        let spelt = spell(b"@0EM\"\x02hi~D\x00X");
        assert_eq!(spelt.input, b"EHLO client.test\r\nMAIL FROM:<>\r\nhiXATA\r\n");
    }

    #[test]
    fn a_session_is_spelt_and_read_again() {
        let octets: Vec<u8> = (0..=255).collect();
        let moves = vec![Move::line("DATA"), Move::of(octets.clone()), Move::of(".\r\n")];
        let row = row_of(&Session { hasty: false, moves });
        assert_eq!(spell(&row).input, [b"DATA\r\n", octets.as_slice(), b".\r\n"].concat());
        assert_eq!(row[2], b'D');
    }
}
