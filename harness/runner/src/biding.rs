//! Cases that bide their time, and leave their place to others meanwhile.
//!
//! Most of a suite's time goes by in silences that must stay so. Who only waits for time to pass
//! asks nothing of the target but a connection; where the target is known to have room for that,
//! another case is at work meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Who of the cases that run only bides its time. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Biding {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    biding: AtomicUsize,
    more: Notify,
}

/// A case that bides its time, until this is dropped.
#[derive(Debug)]
pub(crate) struct Bides {
    shared: Arc<Shared>,
}

impl Biding {
    /// A case begins to bide.
    pub(crate) fn bide(&self) -> Bides {
        self.shared.biding.fetch_add(1, Ordering::Relaxed);
        self.shared.more.notify_one();
        Bides { shared: Arc::clone(&self.shared) }
    }

    /// How many bide.
    pub(crate) fn count(&self) -> usize {
        self.shared.biding.load(Ordering::Relaxed)
    }

    /// Waits until another one bides, unless one has begun to since the last time.
    pub(crate) async fn more(&self) {
        self.shared.more.notified().await;
    }
}

impl Drop for Bides {
    fn drop(&mut self) {
        self.shared.biding.fetch_sub(1, Ordering::Relaxed);
    }
}
