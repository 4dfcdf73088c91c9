//! Where the reference server puts the mail that it accepts.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use smtpspec_judge::{Mail, Via};
use smtpspec_reference::Delivery;

use crate::maildir::Maildir;
use crate::postbox::Postbox;

/// A place for accepted mail.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Nowhere.
    Discard,
    /// In memory, for tests.
    Memory(Memory),
    /// In the postbox of a run, for the cases that it belongs to.
    Postbox(Postbox),
    /// In a Maildir.
    Maildir(Arc<Maildir>),
}

/// The latest accepted mail, up to bounds. Clones are the same memory.
#[derive(Debug, Clone)]
pub struct Memory {
    kept: Arc<Mutex<VecDeque<Delivery>>>,
    messages: usize,
    octets: usize,
}

impl Sink {
    /// Keeps a message. What fails here must not be acknowledged to the client (RFC 5321 §6.1).
    pub(crate) async fn keep(&self, delivery: Delivery) -> io::Result<()> {
        match self {
            Self::Discard => Ok(()),
            Self::Memory(memory) => {
                memory.keep(delivery);
                Ok(())
            }
            Self::Postbox(postbox) => {
                postbox.put(Mail::of(Via::Memory, delivery));
                Ok(())
            }
            Self::Maildir(maildir) => {
                let maildir = Arc::clone(maildir);
                // A disk can take its time; the other sessions go on meanwhile.
                tokio::task::spawn_blocking(move || maildir.keep(&delivery))
                    .await
                    .unwrap_or_else(|failed| Err(io::Error::other(failed)))
            }
        }
    }
}

impl Memory {
    /// A memory for so many messages, with so many octets in all. The oldest make room for new
    /// ones, and a message larger than all the room is not kept.
    pub fn new(messages: usize, octets: usize) -> Self {
        Self { kept: Arc::default(), messages, octets }
    }

    /// What is kept, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().iter().cloned().collect()
    }

    /// Takes out what is kept, oldest first.
    pub fn take(&self) -> Vec<Delivery> {
        self.lock().drain(..).collect()
    }

    fn keep(&self, delivery: Delivery) {
        let mut kept = self.lock();
        kept.push_back(delivery);
        let mut octets: usize = kept.iter().map(|one| one.message.len()).sum();
        while kept.len() > self.messages || octets > self.octets {
            let Some(oldest) = kept.pop_front() else { break };
            octets -= oldest.message.len();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Delivery>> {
        // A queue is whole whoever panicked while holding it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    /// Room for a thousand messages of 64 MiB in all.
    fn default() -> Self {
        Self::new(1_000, 64 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(message: &[u8]) -> Delivery {
        Delivery {
            reverse_path: Vec::new(),
            recipients: vec![b"user@example.test".to_vec()],
            message: message.to_vec(),
            ..Delivery::default()
        }
    }

    #[test]
    fn the_oldest_messages_make_room_for_new_ones() {
        let memory = Memory::new(2, 8);
        for message in [b"one", b"two", b"six"] {
            memory.keep(delivery(message));
        }
        assert_eq!(memory.deliveries(), [delivery(b"two"), delivery(b"six")]);
        memory.keep(delivery(b"eight..."));
        assert_eq!(memory.take(), [delivery(b"eight...")]);
        memory.keep(delivery(b"nine octets"));
        assert_eq!(memory.take(), []);
    }
}
