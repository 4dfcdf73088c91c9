//! The last lines that a server wrote. All that it writes is read, so that it never waits for us,
//! and little of it is kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smtpspec_protocol::escape::escape;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How much is kept, in octets, and how many lines of it are shown.
const KEPT: usize = 8 * 1024;
const LINES: usize = 20;

/// How much of a line is shown, in octets.
const WIDTH: usize = 200;

/// How long the rest is waited for of a server that has ended: what it started may hold its output
/// open for ever.
const REST: Duration = Duration::from_millis(500);

/// What was written last, on both outputs.
#[derive(Debug)]
pub(super) struct Tail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Tail {
    /// Of both outputs of a process; all of it also goes into the log, where there is one.
    pub(super) fn of(
        output: Option<ChildStdout>,
        errors: Option<ChildStderr>,
        log: Option<File>,
    ) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let log = log.map(Arc::new);
        let output =
            output.map(|output| tokio::spawn(read(output, Arc::clone(&kept), log.clone())));
        let errors =
            errors.map(|errors| tokio::spawn(read(errors, Arc::clone(&kept), log.clone())));
        Self { readers: output.into_iter().chain(errors).collect(), kept }
    }

    /// Waits for the rest of what was written.
    pub(super) async fn finish(&mut self) {
        for mut reader in self.readers.drain(..) {
            if timeout(REST, &mut reader).await.is_err() {
                reader.abort();
            }
        }
    }

    /// The last lines, escaped.
    pub(super) fn lines(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let octets: Vec<u8> = kept.iter().copied().collect();
        let lines: Vec<&[u8]> = octets
            .split(|octet| *octet == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .collect();
        let first = lines.len().saturating_sub(LINES);
        lines[first..]
            .iter()
            .map(|line| {
                let line = line.trim_ascii_end();
                escape(&line[..line.len().min(WIDTH)]).to_string()
            })
            .collect()
    }
}

async fn read(
    mut from: impl AsyncRead + Unpin,
    kept: Arc<Mutex<VecDeque<u8>>>,
    log: Option<Arc<File>>,
) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        if let Some(log) = &log {
            // A full disk is no reason to end the server.
            let _ = log.as_ref().write_all(&chunk[..count]);
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&chunk[..count]);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }
}
