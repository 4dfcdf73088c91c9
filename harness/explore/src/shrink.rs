//! A session made small, while it still shows what it showed: fewer moves, then plainer ones, then
//! fewer octets. Whoever plays the candidates tells whether they still show it.

use crate::session::{Session, Then};

/// A session on its way to a smaller one.
#[derive(Debug, Clone)]
pub struct Shrink {
    best: Session,
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
    /// Make this move plain: one write, and its answer awaited.
    Plain {
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
    /// Begins with a session that shows something.
    pub fn new(session: Session) -> Self {
        let size = session.moves.len();
        let stage = Stage::Moves { at: 0, size };
        Self { best: session, candidate: None, stage, rounds: 0, changed: false }
    }

    /// The next session to try; none when it can't be made smaller.
    pub fn candidate(&mut self) -> Option<&Session> {
        loop {
            let tried = match self.stage {
                Stage::Moves { at, size } => self.without_moves(at, size),
                Stage::Plain { at } => self.plain(at),
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
            Stage::Plain { at } => Stage::Plain { at: at + 1 },
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
                0 => Stage::Plain { at: 0 },
                size => Stage::Moves { at: 0, size },
            };
            return None;
        }
        let mut smaller = self.best.clone();
        smaller.moves.drain(at..(at + size).min(count));
        Some(smaller)
    }

    /// The place behind the last move stands for the haste before the first.
    fn plain(&mut self, at: usize) -> Option<Session> {
        let mut plainer = self.best.clone();
        let count = plainer.moves.len();
        match plainer.moves.get_mut(at) {
            Some(one) => {
                one.cuts.clear();
                one.then = Then::Await;
            }
            None if at == count => plainer.hasty = false,
            None => {
                let size = plainer.moves.first().map_or(0, |one| one.octets.len() / 2);
                self.stage = Stage::Octets { of: 0, at: 0, size };
                return None;
            }
        }
        if plainer == self.best {
            self.stage = Stage::Plain { at: at + 1 };
            return None;
        }
        Some(plainer)
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
            let next = self.best.moves.get(of + 1).map_or(0, |next| next.octets.len() / 2);
            self.stage = Stage::Octets { of: of + 1, at: 0, size: next };
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
        Some(smaller)
    }
}
