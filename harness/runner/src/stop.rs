//! A request to stop, which many tasks can wait for. Whoever holds it can make it: the command
//! line on Ctrl-C, a run at its end.

use std::sync::Arc;

use tokio::sync::watch;

/// A request to stop that was made, or may still be. Clones are the same request.
#[derive(Debug, Clone)]
pub struct Stop {
    wanted: Arc<watch::Sender<bool>>,
}

impl Stop {
    /// A request that nobody has made yet.
    pub fn new() -> Self {
        Self { wanted: Arc::new(watch::Sender::new(false)) }
    }

    /// Makes the request; it can't be taken back.
    pub fn stop(&self) {
        self.wanted.send_replace(true);
    }

    /// Whether it was made.
    pub fn is_stopped(&self) -> bool {
        *self.wanted.borrow()
    }

    /// Waits until it is made.
    pub async fn stopped(&self) {
        let mut wanted = self.wanted.subscribe();
        let made = wanted.wait_for(|wanted| *wanted).await;
        debug_assert!(made.is_ok(), "`self` keeps the sender");
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_hears_of_it_before_and_after() {
        let stop = Stop::new();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        tokio::task::yield_now().await;
        assert!(!stop.is_stopped());
        stop.stop();
        waiting.await.unwrap();
        stop.stopped().await;
        assert!(stop.is_stopped());
    }
}
