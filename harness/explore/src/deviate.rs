//! One thing broken: order, token, octet, line end, length, cut, group, data, or the connection.

use crate::dice::Dice;
use crate::lexicon as words;
use crate::session::{Move, Session, Then};
use crate::walk::{self, Ground, Place};

/// What can be done to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deviation {
    /// A legal command where it does not belong.
    Order,
    /// A command that is wrong, or that nobody has to know.
    Wrong,
    /// A part of a legal command replaced, doubled or left out.
    Token,
    /// An odd octet in a legal command.
    Octet,
    /// A line that does not end with CRLF.
    LineEnd,
    /// A part of a command stretched to a length at which something may change.
    Length,
    /// Writes cut elsewhere than at the end of lines.
    Cut,
    /// Several commands at once, though that is not offered or not allowed.
    Group,
    /// Message data with look-alikes of its end, odd octets, or much of it.
    Data,
    /// A move left out.
    Drop,
    /// A move made twice.
    Repeat,
    /// The connection half-closed or cut.
    End,
    /// TLS begun where it may not be, twice, with words in the clear behind it, or not at all.
    Tls,
    /// A chunk whose octets are not what its command says, or that has no place.
    Chunk,
    /// An exchange of AUTH, whether it has its place or not.
    Exchange,
}

impl Deviation {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::Order,
        Self::Wrong,
        Self::Token,
        Self::Octet,
        Self::LineEnd,
        Self::Length,
        Self::Cut,
        Self::Group,
        Self::Data,
        Self::Drop,
        Self::Repeat,
        Self::End,
        Self::Tls,
        Self::Chunk,
        Self::Exchange,
    ];
}

impl Ground {
    /// Deviates at the end of what is there so far, and tells where the session stands then.
    pub(crate) fn deviate(
        &self,
        session: &mut Session,
        place: Place,
        deviation: Deviation,
        dice: &mut Dice,
    ) -> Place {
        match deviation {
            Deviation::Order => {
                session.moves.push(self.any_legal(dice));
                place
            }
            Deviation::Wrong => {
                session.moves.push(self.line(dice.pick(words::WRONG)));
                place
            }
            Deviation::Token => self.push_changed(session, place, dice, change_token),
            Deviation::Octet => self.push_changed(session, place, dice, change_octet),
            Deviation::LineEnd => self.push_changed(session, place, dice, change_line_end),
            Deviation::Length => self.push_changed(session, place, dice, stretch),
            Deviation::Cut => {
                let next = self.next_legal(place, dice);
                let cuts = 1 + dice.below(3);
                session.moves.push(cut(next, cuts, dice));
                after(place)
            }
            Deviation::Group => {
                let from = dice.below(session.moves.len().max(1));
                session.moves.iter_mut().skip(from).for_each(|one| one.then = Then::GoOn);
                session.moves.push(self.next_legal(place, dice));
                after(place)
            }
            Deviation::Data => self.odd_data(session, place, dice),
            Deviation::Drop => {
                if !session.moves.is_empty() {
                    session.moves.remove(dice.below(session.moves.len()));
                }
                place
            }
            Deviation::Repeat => {
                if let Some(one) = session.moves.get(dice.below(session.moves.len())) {
                    let (one, times) = (one.clone(), if dice.once_in(8) { 12 } else { 1 });
                    session.moves.extend(std::iter::repeat_n(one, times));
                }
                place
            }
            Deviation::Tls => {
                self.odd_tls(session, dice);
                if self.offers("STARTTLS") { Place::Connected } else { place }
            }
            Deviation::Chunk => {
                let message = self.names.fill(dice.pick(words::CHUNKED));
                let says = match dice.below(4) {
                    0 => dice.pick(words::SIZES).to_owned(),
                    1 => format!("{} LAST", message.len() + 1 + dice.below(9)),
                    2 => format!("{} LAST", dice.below(message.len() + 1)),
                    _ => format!("{} LAST", message.len()),
                };
                session.moves.push(walk::chunk(&says, &message));
                after(place)
            }
            Deviation::Exchange => {
                let lines = dice.pick(words::EXCHANGES);
                session.moves.extend(lines.iter().map(|line| self.line(line)));
                place
            }
            Deviation::End => {
                let mut last = self.next_legal(place, dice);
                if dice.once_in(2) {
                    last.octets.truncate(dice.below(last.octets.len()));
                }
                last.then = if dice.once_in(2) { Then::HalfClose } else { Then::Abort };
                last.tidy();
                session.moves.push(last);
                place
            }
        }
    }

    /// What is legal next.
    fn next_legal(&self, place: Place, dice: &mut Dice) -> Move {
        if dice.once_in(3) && place != Place::Data {
            return self.line(dice.pick(words::ANY_TIME));
        }
        self.step_to(after(place), dice)
    }

    /// Something legal in some place, not in this one perhaps.
    fn any_legal(&self, dice: &mut Dice) -> Move {
        match dice.below(9) {
            0 => self.line("QUIT"),
            1 => self.line("TURN"),
            2 => self.text(dice.pick(words::MESSAGES)),
            3 => self.line(dice.pick(words::ANY_TIME)),
            other => self.step_to(Place::ALL[1 + other % 4], dice),
        }
    }

    fn push_changed(
        &self,
        session: &mut Session,
        place: Place,
        dice: &mut Dice,
        change: fn(&mut Vec<u8>, &mut Dice),
    ) -> Place {
        let mut next = self.next_legal(place, dice);
        change(&mut next.octets, dice);
        next.tidy();
        session.moves.push(next);
        place
    }

    /// STARTTLS, and something about it that is not as it should be.
    fn odd_tls(&self, session: &mut Session, dice: &mut Dice) {
        match dice.below(5) {
            0 => session.moves.push(self.starttls()),
            1 => session.moves.extend([self.starttls(), self.starttls()]),
            2 => {
                let mut injected = self.starttls();
                injected.octets.extend(self.names.fill(dice.pick(words::INJECTED)));
                session.moves.push(injected);
            }
            3 => {
                // Where TLS is due, words come.
                let hello = self.line("STARTTLS");
                session.moves.extend([hello, self.next_legal(Place::Connected, dice)]);
            }
            _ => {
                let mut with_argument = self.starttls();
                with_argument.octets = b"STARTTLS now\r\n".to_vec();
                session.moves.push(with_argument);
            }
        }
    }

    /// Goes on to DATA, and sends what a server may misread.
    fn odd_data(&self, session: &mut Session, place: Place, dice: &mut Dice) -> Place {
        let mut place = place;
        while place != Place::Data {
            place = after(place);
            session.moves.push(self.step_to(place, dice));
        }
        let mut text = b"Subject: odd\r\n\r\n".to_vec();
        match dice.below(6) {
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

/// The place behind this one; behind a message another transaction begins.
pub(crate) fn after(place: Place) -> Place {
    match place {
        Place::Connected => Place::Greeted,
        Place::Greeted | Place::Delivered => Place::Mail,
        Place::Mail => Place::Recipient,
        Place::Recipient => Place::Data,
        Place::Data => Place::Delivered,
    }
}

fn cut(mut one: Move, cuts: usize, dice: &mut Dice) -> Move {
    let length = one.octets.len();
    // Inside CRLF, before it, inside a dot's line, or anywhere.
    for _ in 0..cuts {
        one.cuts.push(match dice.below(4) {
            0 => length.saturating_sub(1),
            1 => length.saturating_sub(2),
            2 => length.saturating_sub(3),
            _ => dice.below(length),
        });
    }
    one.tidy();
    one
}

fn change_token(octets: &mut Vec<u8>, dice: &mut Dice) {
    let is_end = |octet: &u8| b" :<>@=\r\n".contains(octet);
    let mut tokens: Vec<Vec<u8>> = Vec::new();
    for part in octets.chunk_by(|a, b| !is_end(a) && !is_end(b)) {
        tokens.push(part.to_vec());
    }
    let at = dice.below(tokens.len().saturating_sub(2));
    match dice.below(4) {
        0 => {
            tokens.remove(at);
        }
        1 => {
            let token = tokens[at].clone();
            tokens.insert(at, token);
        }
        2 => tokens[at] = dice.pick(words::ODD_OCTETS).to_vec(),
        _ => {
            let other = dice.below(tokens.len().saturating_sub(2));
            tokens.swap(at, other);
        }
    }
    *octets = tokens.concat();
}

fn change_octet(octets: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(octets.len().saturating_sub(1));
    let odd = dice.pick(words::ODD_OCTETS);
    let keep = usize::from(dice.once_in(2));
    octets.splice(at..at + 1 - keep, odd.iter().copied());
}

fn change_line_end(octets: &mut Vec<u8>, dice: &mut Dice) {
    let line = octets.strip_suffix(b"\r\n").unwrap_or(octets).to_vec();
    *octets = [line.as_slice(), dice.pick(words::LINE_ENDS), b"NOOP\r\n"].concat();
}

fn stretch(octets: &mut Vec<u8>, dice: &mut Dice) {
    let wanted = dice.pick(words::LENGTHS);
    let more = wanted.saturating_sub(octets.len()).max(1);
    let at = octets.len().saturating_sub(2 + dice.below(octets.len().saturating_sub(2)));
    octets.splice(at..at, std::iter::repeat_n(b'x', more));
}
