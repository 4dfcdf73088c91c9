//! One TCP connection to the target. Whatever happens on it becomes a [`Happening`]; every wait
//! has a deadline, and memory is bounded whatever comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_judge::{Ending, Happening};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The most octets of one read.
const READ: usize = 64 * 1024;

/// How many octets are taken in while we still write. A server that answers a long pipelined
/// group stops reading when its answers find no room, and both sides would wait for ever
/// (RFC 2920 §3.1).
const READ_AHEAD: usize = 1024 * 1024;

/// The most octets that are read from one connection: more than any scenario wants to see, and
/// little enough to keep.
const READ_IN_ALL: usize = 16 * 1024 * 1024;

/// What a read with a deadline in the past still waits, so that the system is asked at all.
const GLANCE: Duration = Duration::from_millis(1);

/// An open connection to the target.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// Octets that came while we wrote, for the next read.
    ahead: Vec<u8>,
    read: usize,
    /// Why the system refused a write; told once all that the peer had said before is read.
    broken: Option<io::Error>,
}

impl Connection {
    /// Opens a connection; the error is a reason for people.
    pub(crate) async fn open(address: SocketAddr, deadline: Instant) -> Result<Self, io::Error> {
        let stream = timeout_at(deadline, TcpStream::connect(address))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        // Without it, the end of a message can wait 40 ms for the acknowledgement of its start.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; READ].into_boxed_slice(),
            ahead: Vec::new(),
            read: 0,
            broken: None,
        })
    }

    /// Sends octets, in one write where the system takes them so. What it reports as sent is what
    /// the system took; that the peer had gone shows when it is read from.
    pub(crate) async fn send(&mut self, mut octets: Vec<u8>, deadline: Instant) -> Happening {
        let mut taken = 0;
        while taken < octets.len() && self.broken.is_none() {
            match self.stream.try_write(&octets[taken..]) {
                Ok(count) => taken += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if timeout_at(deadline, self.room()).await.is_err() {
                        let all = octets.len();
                        let reason = format!("the peer took {taken} of {all} octets, then no more");
                        return Happening::Cut { reason };
                    }
                }
                Err(error) => self.broken = Some(error),
            }
        }
        octets.truncate(taken);
        Happening::Sent { octets }
    }

    /// Waits until there may be room to write, and takes in what the peer says meanwhile.
    async fn room(&mut self) {
        if self.ahead.len() >= READ_AHEAD {
            let _ = self.stream.writable().await;
            return;
        }
        tokio::select! {
            _ = self.stream.writable() => {}
            _ = self.stream.readable() => match self.stream.try_read(&mut self.buffer) {
                Ok(count) if count > 0 => self.ahead.extend_from_slice(&self.buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The end of what it says is found again by the next read.
                _ => { let _ = self.stream.writable().await; }
            },
        }
    }

    /// Reads once, or gives up at the deadline.
    pub(crate) async fn receive(&mut self, deadline: Instant) -> Happening {
        if !self.ahead.is_empty() {
            let rest = self.ahead.split_off(self.ahead.len().min(READ));
            return self.received(rest);
        }
        let deadline = deadline.max(Instant::now() + GLANCE);
        loop {
            if timeout_at(deadline, self.stream.readable()).await.is_err() {
                return Happening::Waited;
            }
            match self.stream.try_read(&mut self.buffer) {
                Ok(0) => return self.ended(),
                Ok(count) => return self.received_from_buffer(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Happening::Cut { reason: reason(&error) },
            }
        }
    }

    fn received(&mut self, rest: Vec<u8>) -> Happening {
        let octets = std::mem::replace(&mut self.ahead, rest);
        self.count(octets)
    }

    fn received_from_buffer(&mut self, count: usize) -> Happening {
        let octets = self.buffer[..count].to_vec();
        self.count(octets)
    }

    fn count(&mut self, octets: Vec<u8>) -> Happening {
        self.read += octets.len();
        if self.read > READ_IN_ALL {
            let reason = format!("we stopped reading after {READ_IN_ALL} octets");
            return Happening::Cut { reason };
        }
        Happening::Received { octets }
    }

    /// The peer says nothing more: in order, or because the connection broke when we wrote.
    fn ended(&mut self) -> Happening {
        match self.broken.take() {
            // The system says so when we write to a peer that had closed in order.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Happening::Cut { reason: reason(&error) }
            }
            _ => Happening::Closed,
        }
    }

    /// Ends what we send; we still listen.
    pub(crate) async fn end_half(&mut self) {
        // A peer that has gone already shows when it is read from.
        let _ = tokio::io::AsyncWriteExt::shutdown(&mut self.stream).await;
    }

    /// Ends the connection. A reset comes of it only where that is wanted, or where the peer goes
    /// on sending.
    pub(crate) async fn end(mut self, how: Ending) {
        match how {
            Ending::Abort => {
                // Where the system can't do it, the connection is closed all the same.
                let _ = self.stream.set_zero_linger();
            }
            Ending::Close | Ending::Half => {
                self.end_half().await;
                // A socket closed with octets unread sends a reset instead of a farewell. The
                // runtime hears of them only when it has its turn.
                tokio::task::yield_now().await;
                for _ in 0..READ_IN_ALL / READ {
                    if !matches!(self.stream.try_read(&mut self.buffer), Ok(count) if count > 0) {
                        break;
                    }
                }
            }
        }
    }
}

/// Why the system refused, in words that are the same on every system.
pub(crate) fn reason(error: &io::Error) -> String {
    let kind = error.kind();
    let known = [
        io::ErrorKind::AddrNotAvailable,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::HostUnreachable,
        io::ErrorKind::NetworkDown,
        io::ErrorKind::NetworkUnreachable,
        io::ErrorKind::NotConnected,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::TimedOut,
    ];
    if known.contains(&kind) { kind.to_string() } else { error.to_string() }
}

#[cfg(test)]
mod tests;
