//! A conversation out of any octets: the letters of `smtpspec_explore::letters`, so that a crash can
//! be played against a server, too.

use arbitrary::{Arbitrary, Result, Unstructured};
use smtpspec_explore::letters::{Spelt, spell};

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

impl<'a> Arbitrary<'a> for Conversation {
    fn arbitrary(octets: &mut Unstructured<'a>) -> Result<Self> {
        let row = octets.bytes(octets.len())?;
        let Spelt { habits, cuts, input } = spell(row);
        Ok(Self { habits, cuts, input })
    }
}
