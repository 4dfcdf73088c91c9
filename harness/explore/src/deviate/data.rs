//! Message data that a server may misread, refuse, or have no room for (RFC 5321 §4.5.2, §4.5.3.1).

use super::cut;
use crate::dice::Dice;
use crate::lexicon as words;
use crate::session::{Move, Session};
use crate::walk::{self, Ground, Place};

impl Ground {
    /// A message that is larger than the server says it takes, by little or by much.
    fn too_large(
        &self,
        session: &mut Session,
        place: Place,
        limit: usize,
        dice: &mut Dice,
    ) -> Place {
        let line = [vec![b'x'; 998], b"\r\n".to_vec()].concat();
        let header = b"Subject: large\r\n\r\n".to_vec();
        let lines = limit / line.len() + 1 + dice.below(4);
        let text = [header, line.repeat(lines)].concat();
        if place != Place::Data && self.offers("CHUNKING") && dice.once_in(2) {
            self.lead(session, place, Place::Recipient, dice);
            session.moves.push(walk::chunk(&format!("{} LAST", text.len()), &text));
        } else {
            self.lead(session, place, Place::Data, dice);
            session.moves.push(Move::of([text, b".\r\n".to_vec()].concat()));
        }
        Place::Delivered
    }

    /// Goes on to DATA, and sends what a server may misread.
    pub(super) fn odd_data(&self, session: &mut Session, place: Place, dice: &mut Dice) -> Place {
        if let Some(limit) = self.size().filter(|&size| size <= TRIED && dice.once_in(6)) {
            return self.too_large(session, place, limit, dice);
        }
        self.lead(session, place, Place::Data, dice);
        let mut text = b"Subject: odd\r\n\r\n".to_vec();
        match dice.below(7) {
            6 => text = many_addresses(1 + dice.below(200)),
            0 => {
                let line = [vec![b'x'; dice.pick(words::LENGTHS)], b"\r\n".to_vec()].concat();
                text.extend(line.repeat(1 + dice.below(3)));
            }
            1 => {
                let count = 1 + dice.below(64);
                text.extend((0..count).map(|_| dice.octet()));
                text.extend(b"\r\n");
            }
            2 | 3 => {
                // What looks like the end, and a transaction behind it.
                let odd = self.names.fill(dice.pick(words::ODD_MESSAGES));
                let look_alike = odd.strip_suffix(b"b\r\n.\r\n").unwrap_or(&odd);
                text.extend(look_alike);
                text.extend(self.names.fill(words::SMUGGLED));
                session.moves.push(Move::of(text));
                return Place::Delivered;
            }
            _ => text = self.names.fill(dice.pick(words::ODD_MESSAGES)),
        }
        if !text.ends_with(b"\r\n.\r\n") {
            text.extend(b".\r\n");
        }
        let message = Move::of(text);
        session.moves.push(if dice.once_in(3) { cut(message, 2, dice) } else { message });
        Place::Delivered
    }
}

/// A legal message to so many, in lines that are not too long (RFC 5322 §3.4).
fn many_addresses(count: usize) -> Vec<u8> {
    let addresses: Vec<String> = (0..count).map(|one| format!("user{one}@x.example")).collect();
    format!("To: {}\r\nSubject: many\r\n\r\nHello.\r\n", addresses.join(",\r\n ")).into_bytes()
}

/// The largest limit that sessions try, in octets.
const TRIED: usize = 2 << 20;
