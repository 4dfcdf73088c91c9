//! What was sent and is not yet answered, in one piece: each reply takes a command or a message off
//! its front, and is judged by looking at what stands there.

use std::ops::Deref;

/// Octets that were sent, from the first of the next stimulus.
#[derive(Debug, Default)]
pub(super) struct Unread {
    octets: Vec<u8>,
    /// How many of them were taken off.
    taken: usize,
}

impl Unread {
    /// Adds octets that were sent.
    pub(super) fn push(&mut self, octets: &[u8]) {
        // What was taken off is given back where that moves less than it frees.
        if self.taken > self.len() {
            self.octets.drain(..self.taken);
            self.taken = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// Takes so many octets off the front; there have to be so many.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let octets = self[..count].to_vec();
        self.skip(count);
        octets
    }

    /// The same, where nobody wants to see them.
    pub(super) fn skip(&mut self, count: usize) {
        self.taken += count;
        debug_assert!(self.taken <= self.octets.len(), "no more is taken off than there is");
        if self.taken == self.octets.len() {
            self.clear();
        }
    }

    /// Forgets all, and keeps the room for what is usual.
    pub(super) fn clear(&mut self) {
        const USUAL: usize = 4 * 1024;
        self.octets.clear();
        self.octets.shrink_to(USUAL);
        self.taken = 0;
    }

    /// Puts octets before all others.
    pub(super) fn put_back(&mut self, mut octets: Vec<u8>) {
        octets.extend_from_slice(self);
        *self = octets.into();
    }
}

impl Deref for Unread {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[self.taken..]
    }
}

impl From<Vec<u8>> for Unread {
    fn from(octets: Vec<u8>) -> Self {
        Self { octets, taken: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_off_the_front_is_what_was_sent_first() {
        let mut unread = Unread::default();
        unread.push(b"abcdef");
        assert_eq!(unread.take(4), b"abcd");
        unread.push(b"gh");
        assert_eq!((&unread[..], unread.octets.len()), (&b"efgh"[..], 4));
        unread.put_back(b"xy".to_vec());
        unread.skip(1);
        assert_eq!(&unread[..], b"yefgh");
        unread.skip(5);
        assert!(unread.is_empty() && unread.octets.is_empty());
    }
}
