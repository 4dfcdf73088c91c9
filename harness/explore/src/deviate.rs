//! One thing broken: order, token, octet, line end, length, cut, group, data, or the connection.

mod data;

use crate::dice::Dice;
use crate::extensions::Parameters;
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
    /// MAIL or RCPT with a parameter that is wrong in one way.
    Parameter,
    /// A command of an extension, whether it has its place or not.
    Extension,
    /// A legal command in other letters.
    Letters,
}

impl Deviation {
    /// Every one.
    pub const ALL: [Self; 18] = [
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
        Self::Parameter,
        Self::Extension,
        Self::Letters,
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
                session.moves.push(self.wrong(place, dice));
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
                if dice.once_in(2) {
                    // Behind a chunk that failed none is taken (RFC 3030 §2).
                    session.moves.extend(self.chunks(true, dice));
                }
                after(place)
            }
            Deviation::Parameter => self.odd_parameter(session, place, dice),
            Deviation::Extension => {
                session.moves.push(Move::line(self.command_of_extension(dice)));
                place
            }
            Deviation::Letters => {
                self.push_changed(session, place, dice, |octets, dice| change_letters(octets, dice))
            }
            Deviation::Exchange => {
                session.moves.extend(self.exchange(dice));
                place
            }
            Deviation::End => {
                let mut last = self.next_legal(place, dice);
                // A message that is whole has its end behind it, and is no matter for this.
                if place == Place::Data || dice.once_in(2) {
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

    /// A command that is wrong: more often than not one that would have its place here.
    fn wrong(&self, place: Place, dice: &mut Dice) -> Move {
        let here: &[&str] = match place {
            Place::Connected => &["EHLO", "HELO"],
            Place::Greeted | Place::Delivered => &["MAIL"],
            Place::Mail => &["RCPT"],
            Place::Recipient => &["DATA", "BDAT", "RCPT"],
            Place::Data => &[],
        };
        let lines: Vec<&str> = words::WRONG
            .iter()
            .filter(|line| here.iter().any(|verb| line.starts_with(verb)))
            .copied()
            .collect();
        let fitting = !lines.is_empty() && dice.once_in(2);
        self.line(if fitting { dice.pick(&lines) } else { dice.pick(words::WRONG) })
    }

    /// Goes on to where MAIL or RCPT has its place, and gives it a parameter that is wrong.
    fn odd_parameter(&self, session: &mut Session, place: Place, dice: &mut Dice) -> Place {
        let mut place = place;
        while matches!(place, Place::Connected | Place::Data) {
            place = after(place);
            session.moves.push(self.step_to(place, dice));
        }
        let (command, of) = match place {
            Place::Mail | Place::Recipient => ("RCPT TO:<{recipient}>", Parameters::Rcpt),
            _ => ("MAIL FROM:<{sender}>", Parameters::Mail),
        };
        // Beside others that are legal it is wrong as well.
        let beside = if dice.once_in(3) { self.parameters(of, dice) } else { String::new() };
        let odd = self.wrong_parameter(of, dice);
        let command = self.names.fill(command);
        session.moves.push(Move::line([&command, beside.as_bytes(), odd.as_bytes()].concat()));
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

    /// Goes on legally from one place to another.
    pub(super) fn lead(&self, session: &mut Session, from: Place, to: Place, dice: &mut Dice) {
        let mut place = from;
        while place != to {
            place = after(place);
            session.moves.push(self.step_to(place, dice));
        }
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

pub(super) fn cut(mut one: Move, cuts: usize, dice: &mut Dice) -> Move {
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

/// Verb, keywords and parameters, which know no case; not the path, of which only the domain is
/// such (RFC 5321 §2.4).
fn change_letters(octets: &mut [u8], dice: &mut Dice) {
    let how = dice.below(3);
    let mut in_path = false;
    for (at, octet) in octets.iter_mut().enumerate() {
        in_path = (in_path || *octet == b'<') && *octet != b'>';
        if in_path {
            continue;
        }
        *octet = match how {
            0 => octet.to_ascii_lowercase(),
            1 => octet.to_ascii_uppercase(),
            _ if at % 2 == 0 => octet.to_ascii_uppercase(),
            _ => octet.to_ascii_lowercase(),
        };
    }
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
