//! The mail that comes out of a target, handed to the cases that it belongs to. A case is known by
//! its marker, the word that `${unique}` stands for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smtpspec_judge::{Happening, Mail};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How much is kept for one case: a target that goes on delivering is known by then.
const MESSAGES: usize = 100;

/// How many octets are kept for one case; one message may go beyond it.
const OCTETS: usize = 64 << 20;

/// How many messages are kept that belong to no case.
const OTHERS: usize = 4000;

/// Where the mail goes that comes out of a target. Clones are the same postbox. What belongs to no
/// case that runs is not kept.
#[derive(Debug, Clone, Default)]
pub struct Postbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    boxes: Mutex<Vec<Slot>>,
    /// What belongs to no case, where that is kept.
    others: Option<Mutex<VecDeque<Mail>>>,
    arrived: Notify,
}

/// What came for one case and was not taken yet.
#[derive(Debug)]
struct Slot {
    marker: String,
    mails: VecDeque<Mail>,
    /// How many came, and how many octets they had.
    came: (usize, usize),
}

/// The place of one case, as long as it runs.
#[derive(Debug)]
pub(crate) struct Place {
    marker: String,
    shared: Arc<Shared>,
}

impl Postbox {
    /// One that also keeps what belongs to no case, up to some thousand messages, the oldest making
    /// room for new ones.
    pub fn for_all() -> Self {
        let others = Some(Mutex::default());
        Self { shared: Arc::new(Shared { others, ..Shared::default() }) }
    }

    /// What has come that belongs to no case, since this was last asked.
    pub(crate) fn others(&self) -> VecDeque<Mail> {
        let others = self.shared.others.as_ref();
        let mut others = others.map(|them| them.lock().unwrap_or_else(PoisonError::into_inner));
        others.as_deref_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Puts a message in.
    pub fn put(&self, mail: Mail) {
        let mut boxes = self.shared.lock();
        if let Some(slot) = boxes.iter_mut().find(|slot| mail.carries(&slot.marker)) {
            let (messages, octets) = &mut slot.came;
            if *messages < MESSAGES && *octets < OCTETS {
                *messages += 1;
                *octets += mail.octets.len();
                slot.mails.push_back(mail);
            }
            self.shared.arrived.notify_waiters();
        } else if let Some(others) = &self.shared.others {
            let mut others = others.lock().unwrap_or_else(PoisonError::into_inner);
            if others.len() >= OTHERS {
                others.pop_front();
            }
            others.push_back(mail);
        }
    }

    /// Keeps what comes for a case, until the place is given back.
    pub(crate) fn place(&self, marker: &str) -> Place {
        let slot = Slot { marker: marker.to_owned(), mails: VecDeque::new(), came: (0, 0) };
        self.shared.lock().push(slot);
        Place { marker: marker.to_owned(), shared: Arc::clone(&self.shared) }
    }
}

impl Place {
    /// The next message, or that none came by the deadline.
    pub(crate) async fn next(&self, deadline: Instant) -> Happening {
        loop {
            // Waits from before the look, so that nothing arrives unseen between the two.
            let arrived = self.shared.arrived.notified();
            if let Some(mail) = self.take() {
                return Happening::Delivered(mail);
            }
            if timeout_at(deadline, arrived).await.is_err() {
                return self.take().map_or(Happening::Waited, Happening::Delivered);
            }
        }
    }

    fn take(&self) -> Option<Mail> {
        let mut boxes = self.shared.lock();
        boxes.iter_mut().find(|slot| slot.marker == self.marker)?.mails.pop_front()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().retain(|slot| slot.marker != self.marker);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        // A list is whole whoever panicked while holding it.
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smtpspec_judge::Via;
    use smtpspec_reference::Delivery;

    use super::*;

    fn mail(text: &str) -> Mail {
        Mail::of(Via::Memory, Delivery { message: text.into(), ..Delivery::default() })
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(10)
    }

    #[tokio::test(start_paused = true)]
    async fn each_case_gets_its_own_mail_in_the_order_in_which_it_came() {
        let postbox = Postbox::default();
        postbox.put(mail("too early for x-1"));
        let (one, two) = (postbox.place("x-1"), postbox.place("x-12"));
        for text in ["a x-1", "b x-12", "c x-3", "d x-1"] {
            postbox.put(mail(text));
        }
        assert_eq!(one.next(soon()).await, Happening::Delivered(mail("a x-1")));
        assert_eq!(one.next(soon()).await, Happening::Delivered(mail("d x-1")));
        assert_eq!(one.next(soon()).await, Happening::Waited);
        assert_eq!(two.next(soon()).await, Happening::Delivered(mail("b x-12")));
        drop(one);
        postbox.put(mail("too late for x-1"));
        assert_eq!(postbox.place("x-1").next(soon()).await, Happening::Waited);
    }

    #[tokio::test(start_paused = true)]
    async fn what_belongs_to_nobody_is_kept_where_that_is_wanted() {
        let postbox = Postbox::for_all();
        let place = postbox.place("x-1");
        for text in ["a x-1", "b", "c"] {
            postbox.put(mail(text));
        }
        assert_eq!(place.next(soon()).await, Happening::Delivered(mail("a x-1")));
        assert_eq!(postbox.others(), [mail("b"), mail("c")]);
        assert!(postbox.others().is_empty());
        let usual = Postbox::default();
        usual.put(mail("b"));
        assert!(usual.others().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_woken() {
        let postbox = Postbox::default();
        let place = postbox.place("x-1");
        let late = Instant::now() + Duration::from_mins(1);
        let (seen, ()) = tokio::join!(place.next(late), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            postbox.put(mail("x-1"));
        });
        assert_eq!(seen, Happening::Delivered(mail("x-1")));
        assert!(Instant::now() < late);
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_delivers_without_end_fills_no_memory() {
        let postbox = Postbox::default();
        let place = postbox.place("x-1");
        for _ in 0..2 * MESSAGES {
            postbox.put(mail("x-1"));
        }
        let mut count = 0;
        while place.next(soon()).await != Happening::Waited {
            count += 1;
        }
        assert_eq!(count, MESSAGES);
    }
}
