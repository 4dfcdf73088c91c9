//! Sessions to attack a server with, made from the model: mostly legal, then one thing broken
//! (RFC 5321 §4.1.4). Pure: no sockets, no clock.
//!
//! | what | where |
//! |---|---|
//! | case *i* of seed *s*, computable alone | [`Explorer::case`] |
//! | chance that can be repeated | [`dice`] |
//! | what a client does, octet for octet | [`session`] |
//! | what a connection begins with, and the login that no session shows | [`access`] |
//! | legal ways through a session | [`walk`] |
//! | legal paths, out of the grammar | `paths` |
//! | what can be broken | [`deviate`] |
//! | what there is to say, and the target's names in it | `lexicon`, `extensions`, [`names`] |
//! | a session being played: what to do next, what was seen | [`drive`] |
//! | the same against the reference in memory | [`memory`] |
//! | the same as rows of letters, as the fuzz targets read them | [`letters`] |
//! | what was not seen before | [`novelty`] |
//! | a finding made small | [`shrink`] |
//! | a finding as a scenario | [`reproducer`] |
//!
//! What an exchange breaks is not judged here: that is the model's, in `smtpspec-judge`.

pub mod access;
pub mod deviate;
pub mod dice;
pub mod drive;
mod extensions;
pub mod letters;
mod lexicon;
pub mod memory;
pub mod names;
pub mod novelty;
mod paths;
pub mod reproducer;
pub mod session;
pub mod shrink;
pub mod walk;

pub use access::Access;
pub use deviate::Deviation;
pub use dice::Dice;
pub use drive::{Drive, Patience, Trace};
pub use names::Names;
pub use novelty::{Novelty, Sight, sights};
pub use session::{Move, Session, Then};
pub use shrink::Shrink;
pub use walk::{Ground, Place};

/// The maker of sessions for one target.
#[derive(Debug, Clone)]
pub struct Explorer {
    ground: Ground,
    seed: u64,
}

impl Explorer {
    /// For this target, with this seed.
    pub fn new(ground: Ground, seed: u64) -> Self {
        Self { ground, seed }
    }

    /// What the sessions are made of.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// A case of the seed: a legal walk to some place, nothing, one thing or two things broken
    /// there, and an end that shows what the server has kept.
    pub fn case(&self, index: u64) -> Session {
        let mut dice = Dice::of(self.seed, index);
        let mut place = dice.pick(&Place::ALL);
        let mut session = Session {
            hasty: place == Place::Connected && dice.once_in(8),
            moves: self.ground.way_to(place, &mut dice),
        };
        let deviations = match dice.below(10) {
            0 => 0,
            9 => 2,
            _ => 1,
        };
        for _ in 0..deviations {
            let deviation = dice.pick(&Deviation::ALL);
            place = self.ground.deviate(&mut session, place, deviation, &mut dice);
        }
        self.finish(session, place, &mut dice)
    }

    /// A case that goes on from a session which showed something new: its last moves are given up,
    /// one thing is broken there, and it ends anew.
    pub fn descendant(&self, parent: &Session, index: u64) -> Session {
        let mut dice = Dice::of(self.seed, index);
        let mut session = parent.clone();
        let keep = dice.below(session.moves.len() + 1);
        session.moves.truncate(keep);
        session.moves.iter_mut().for_each(|one| {
            if matches!(one.then, Then::HalfClose | Then::Abort) {
                one.then = Then::Await;
            }
        });
        // Nobody knows where it stands; each place is a guess that suits some server.
        let place = dice.pick(&Place::ALL);
        let deviation = dice.pick(&Deviation::ALL);
        let place = self.ground.deviate(&mut session, place, deviation, &mut dice);
        self.finish(session, place, &mut dice)
    }

    fn finish(&self, mut session: Session, place: Place, dice: &mut Dice) -> Session {
        let over = |one: &Move| matches!(one.then, Then::HalfClose | Then::Abort);
        if !session.moves.last().is_some_and(over) {
            session.moves.extend(self.ground.end_from(place, dice));
        }
        session
    }
}

#[cfg(test)]
mod tests;
