//! A session made small, while it still shows what it showed: fewer moves, then plain ones, then
//! fewer octets in those that are not. Whoever plays the candidates tells whether they still show
//! it.

use crate::session::{Move, Session, Then};

/// A session on its way to a smaller one.
#[derive(Debug, Clone)]
pub struct Shrink {
    best: Session,
    plain: Vec<Move>,
    candidate: Option<Session>,
    stage: Stage,
    rounds: u8,
    changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Leave out so many moves from this one on.
    Moves {
        at: usize,
        size: usize,
    },
    /// Make this move simple: one write, and its answer awaited.
    Simple {
        at: usize,
    },
    /// Put the plain command with this move's verb in its place.
    Plain {
        at: usize,
    },
    /// Write this move's verb, and FROM or TO, in capitals.
    Usual {
        at: usize,
    },
    /// Leave out so many octets of a move from this one on.
    Octets {
        of: usize,
        at: usize,
        size: usize,
    },
    Done,
}

/// A second look after the octets is worth it, a third is not.
const ROUNDS: u8 = 2;

impl Shrink {
    /// Begins with a session that shows something. `plain` are the moves that need no explanation,
    /// one for each verb.
    pub fn new(session: Session, plain: Vec<Move>) -> Self {
        let size = session.moves.len();
        let stage = Stage::Moves { at: 0, size };
        Self { best: session, plain, candidate: None, stage, rounds: 0, changed: false }
    }

    /// The next session to try; none when it can't be made smaller.
    pub fn candidate(&mut self) -> Option<&Session> {
        loop {
            let tried = match self.stage {
                Stage::Moves { at, size } => self.without_moves(at, size),
                Stage::Simple { at } => self.simple(at),
                Stage::Plain { at } => self.plain(at),
                Stage::Usual { at } => self.usual(at),
                Stage::Octets { of, at, size } => self.without_octets(of, at, size),
                Stage::Done => return None,
            };
            if let Some(candidate) = tried {
                return Some(self.candidate.insert(candidate));
            }
        }
    }

    /// Whether the last candidate still shows it.
    pub fn tell(&mut self, shows: bool) {
        let Some(candidate) = self.candidate.take() else { return };
        if shows {
            self.best = candidate;
            self.changed = true;
        }
        self.stage = match self.stage {
            Stage::Moves { at, size } if !shows => Stage::Moves { at: at + size, size },
            Stage::Octets { of, at, size } if !shows => Stage::Octets { of, at: at + size, size },
            Stage::Simple { at } => Stage::Simple { at: at + 1 },
            Stage::Plain { at } => Stage::Plain { at: at + 1 },
            Stage::Usual { at } => Stage::Usual { at: at + 1 },
            same => same,
        };
    }

    /// The smallest that shows it so far.
    pub fn best(&self) -> &Session {
        &self.best
    }

    fn without_moves(&mut self, at: usize, size: usize) -> Option<Session> {
        let count = self.best.moves.len();
        if at >= count || size == 0 {
            self.stage = match size / 2 {
                0 => Stage::Simple { at: 0 },
                size => Stage::Moves { at: 0, size },
            };
            return None;
        }
        let mut smaller = self.best.clone();
        smaller.moves.drain(at..(at + size).min(count));
        Some(smaller)
    }

    /// The place behind the last move stands for the haste before the first.
    fn simple(&mut self, at: usize) -> Option<Session> {
        let mut simpler = self.best.clone();
        let count = simpler.moves.len();
        match simpler.moves.get_mut(at) {
            Some(one) => {
                one.cuts.clear();
                one.then = Then::Await;
            }
            None if at == count => simpler.hasty = false,
            None => {
                self.stage = Stage::Plain { at: 0 };
                return None;
            }
        }
        if simpler == self.best {
            self.stage = Stage::Simple { at: at + 1 };
            return None;
        }
        Some(simpler)
    }

    fn plain(&mut self, at: usize) -> Option<Session> {
        let Some(one) = self.best.moves.get(at) else {
            self.stage = Stage::Usual { at: 0 };
            return None;
        };
        let plain = self.plain.iter().find(|plain| same_verb(plain, one));
        if let Some(plain) = plain.filter(|plain| *plain != one) {
            let mut plainer = self.best.clone();
            plainer.moves[at] = plain.clone();
            return Some(plainer);
        }
        self.stage = Stage::Plain { at: at + 1 };
        None
    }

    /// What is shown in capitals too has nothing to do with the letters (RFC 5321 §2.4).
    fn usual(&mut self, at: usize) -> Option<Session> {
        let Some(one) = self.best.moves.get(at) else {
            self.stage = Stage::Octets { of: 0, at: 0, size: self.half_of(0) };
            return None;
        };
        let verb = one.octets.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
        let colon = one.octets.iter().position(|&octet| octet == b':').unwrap_or(verb).max(verb);
        // An argument has letters of its own.
        let word = one.octets[verb..colon].trim_ascii();
        let is_path = [b"FROM".as_slice(), b"TO"].iter().any(|it| word.eq_ignore_ascii_case(it));
        let length = if is_path { colon } else { verb };
        if one.octets[..length].iter().any(u8::is_ascii_lowercase) {
            let mut usual = self.best.clone();
            usual.moves[at].octets[..length].make_ascii_uppercase();
            return Some(usual);
        }
        self.stage = Stage::Usual { at: at + 1 };
        None
    }

    /// Half the octets of a move; none of a plain one, which is best left as it is.
    fn half_of(&self, at: usize) -> usize {
        let one = self.best.moves.get(at).filter(|one| !self.plain.contains(one));
        one.map_or(0, |one| one.octets.len() / 2)
    }

    fn without_octets(&mut self, of: usize, at: usize, size: usize) -> Option<Session> {
        let Some(one) = self.best.moves.get(of) else {
            self.rounds += 1;
            let again = self.changed && self.rounds < ROUNDS;
            self.changed = false;
            let size = self.best.moves.len() / 2;
            self.stage = if again { Stage::Moves { at: 0, size } } else { Stage::Done };
            return None;
        };
        let length = one.octets.len();
        if size == 0 {
            self.stage = Stage::Octets { of: of + 1, at: 0, size: self.half_of(of + 1) };
            return None;
        }
        if at >= length {
            self.stage = Stage::Octets { of, at: 0, size: size / 2 };
            return None;
        }
        let mut smaller = self.best.clone();
        let cut = &mut smaller.moves[of];
        cut.octets.drain(at..(at + size).min(length));
        cut.tidy();
        // A line without its CRLF is shorter, and shows something else besides (rfc5321-2.3.8-1).
        if lone_line_ends(&cut.octets) > lone_line_ends(&one.octets) {
            self.stage = Stage::Octets { of, at: at + size, size };
            return None;
        }
        Some(smaller)
    }
}

/// How many CR and LF are none of a CRLF.
fn lone_line_ends(octets: &[u8]) -> usize {
    let ends = octets.iter().filter(|octet| matches!(octet, b'\r' | b'\n')).count();
    ends - 2 * octets.windows(2).filter(|two| two == b"\r\n").count()
}

/// Whether two moves are commands with the same verb, or both begin with the dot that ends data.
fn same_verb(one: &Move, other: &Move) -> bool {
    let verb = |one: &Move| {
        let word = one.octets.split(|octet| !octet.is_ascii_alphabetic()).next();
        word.unwrap_or_default().to_ascii_uppercase()
    };
    let dot = |one: &Move| one.octets.first() == Some(&b'.');
    verb(one) == verb(other) && dot(one) == dot(other)
}
