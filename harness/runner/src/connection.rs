//! One TCP connection to the target. Whatever happens on it becomes a [`Happening`]; every wait
//! has a deadline, and memory is bounded whatever comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_judge::{Ending, Happening};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::tls::Tls;

/// The most octets of one read. Most replies are short, and a fuzzer opens thousands of connections a
/// second: room for more takes longer to come by than it saves.
const READ: usize = 16 * 1024;

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
    /// Room for a read. It is never written before it is read into, since most reads are short.
    buffer: Vec<u8>,
    /// Octets that came while we wrote, for the next read.
    ahead: Vec<u8>,
    read: usize,
    /// TLS, once it was begun.
    tls: Option<Box<Tls>>,
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
            buffer: Vec::with_capacity(READ),
            ahead: Vec::new(),
            read: 0,
            tls: None,
            broken: None,
        })
    }

    /// Sends octets, in one write where the system takes them so. What it reports as sent is what
    /// the system took; that the peer had gone shows when it is read from.
    pub(crate) async fn send(&mut self, mut octets: Vec<u8>, deadline: Instant) -> Happening {
        let sealed = self.tls.as_mut().map(|tls| tls.seal(&octets));
        let wire = sealed.as_deref().unwrap_or(&octets);
        let mut taken = 0;
        while taken < wire.len() && self.broken.is_none() {
            match self.stream.try_write(&wire[taken..]) {
                Ok(count) => taken += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if timeout_at(deadline, self.room()).await.is_err() {
                        let all = wire.len();
                        let reason = format!("the peer took {taken} of {all} octets, then no more");
                        return Happening::Cut { reason };
                    }
                }
                Err(error) => self.broken = Some(error),
            }
        }
        // Of a record that is not whole the peer has nothing.
        let whole = taken == wire.len();
        octets.truncate(if sealed.is_none() || whole { taken } else { 0 });
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
            _ = self.stream.readable() => match self.read_once() {
                Ok(count) if count > 0 => match self.open_read() {
                    Ok(octets) => self.ahead.extend(octets),
                    Err(reason) => self.broken = Some(io::Error::other(reason)),
                },
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
        if self.tls.as_ref().is_some_and(|tls| tls.has_ended()) {
            // Its farewell came with its last words.
            return self.ended();
        }
        let deadline = deadline.max(Instant::now() + GLANCE);
        loop {
            if timeout_at(deadline, self.stream.readable()).await.is_err() {
                return Happening::Waited;
            }
            match self.read_once() {
                Ok(0) => return self.ended(),
                Ok(_) => match self.open_read() {
                    Ok(octets) if !octets.is_empty() => return self.count(octets),
                    Ok(_) if self.tls.as_ref().is_some_and(|tls| tls.has_ended()) => {
                        return self.ended();
                    }
                    // A part of a record, or something between the two libraries.
                    Ok(_) => {}
                    Err(reason) => return Happening::Cut { reason },
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Happening::Cut { reason: reason(&error) },
            }
        }
    }

    fn received(&mut self, rest: Vec<u8>) -> Happening {
        let octets = std::mem::replace(&mut self.ahead, rest);
        self.count(octets)
    }

    /// Reads what is there into the buffer, and says how much.
    fn read_once(&mut self) -> io::Result<usize> {
        self.buffer.clear();
        self.stream.try_read_buf(&mut self.buffer)
    }

    /// The octets of a read; inside TLS, what was in them.
    fn open_read(&mut self) -> Result<Vec<u8>, String> {
        let Some(tls) = &mut self.tls else { return Ok(self.buffer.clone()) };
        let opened = tls.open(&self.buffer);
        let answer = tls.pending();
        if !answer.is_empty() {
            // A new key, or an alert: who does not take it at once is left without.
            let _ = self.stream.try_write(&answer);
        }
        opened.map_err(|error| format!("TLS: {error}"))
    }

    /// Does a TLS handshake as the client, and uses TLS from then on.
    pub(crate) async fn secure(&mut self, deadline: Instant) -> Happening {
        if self.tls.is_some() {
            let reason = "the connection is inside TLS already".to_owned();
            return Happening::HandshakeFailed { reason };
        }
        match timeout_at(deadline, self.shake_hands()).await {
            Ok(Ok(tls)) => {
                let facts = tls.facts();
                self.tls = Some(Box::new(tls));
                Happening::Secured(facts)
            }
            Ok(Err(reason)) => Happening::HandshakeFailed { reason },
            Err(_) => {
                let reason = "it was not over in the time for a reply".to_owned();
                Happening::HandshakeFailed { reason }
            }
        }
    }

    async fn shake_hands(&mut self) -> Result<Tls, String> {
        let peer = self.stream.peer_addr().map_err(|error| reason(&error))?;
        let mut tls = Tls::client(peer.ip()).map_err(|error| error.to_string())?;
        let mut wire = std::mem::take(&mut self.ahead);
        loop {
            let opened = tls.open(&wire);
            let answer = tls.pending();
            let sent = tokio::io::AsyncWriteExt::write_all(&mut self.stream, &answer).await;
            self.ahead.extend(opened.map_err(|error| error.to_string())?);
            sent.map_err(|error| reason(&error))?;
            if !tls.is_handshaking() {
                return Ok(tls);
            }
            self.stream.readable().await.map_err(|error| reason(&error))?;
            wire = match self.read_once() {
                Ok(0) => return Err("the peer closed the connection".to_owned()),
                Ok(_) => self.buffer.clone(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Vec::new(),
                Err(error) => return Err(reason(&error)),
            };
        }
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
            _ if self.tls.as_ref().is_some_and(|tls| !tls.has_ended()) => Happening::Truncated,
            _ => Happening::Closed,
        }
    }

    /// Ends what we send; we still listen.
    pub(crate) async fn end_half(&mut self) {
        if let Some(tls) = &mut self.tls {
            let farewell = tls.close();
            let _ = self.stream.try_write(&farewell);
        }
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
                    if !matches!(self.read_once(), Ok(count) if count > 0) {
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
