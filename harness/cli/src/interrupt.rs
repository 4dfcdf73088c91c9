//! The runtime, and the signals that ask the program to end.

use std::io;

use smtpspec_runner::Stop;
use tokio::runtime::Builder;

/// Does work that needs sockets and time, in this thread: a case is nearly all waiting, and a round
/// trip within one thread needs no other processor to wake up.
pub(crate) fn block_on<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A name that is still being looked up is nobody's concern any more.
    runtime.shutdown_background();
    result
}

/// Ctrl-C, and on Unix the signal that service managers send, ask to stop; a second one ends the
/// program at once, in the way that the system ends it.
pub(crate) fn stops(stop: &Stop) -> io::Result<()> {
    let stop = stop.clone();
    let mut asked = Asked::new()?;
    tokio::spawn(async move {
        asked.again().await;
        stop.stop();
        asked.again().await;
        // Nothing unwinds here, so a server that was started is ended by hand.
        smtpspec_runner::launch::end_all();
        std::process::exit(130);
    });
    Ok(())
}

#[cfg(unix)]
struct Asked {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Asked {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn again(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix, where it can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn again(&mut self) {
        // Where the signal can't be had, nobody can be heard asking.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
