//! One session of the reference server: carries octets, time and outputs between the socket and
//! the server, which knows neither.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};
use smtpspec_reference::{Config, Delivery, Output, Server, State};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Notice, Why};
use crate::connection::reason;
use crate::sink::Sink;
use crate::stop::Stop;
use crate::tls::{Identity, Tls};

/// The most octets of one read.
const READ: usize = 64 * 1024;

/// How long a client has to close its side once we closed ours. A socket that is closed with
/// octets unread sends a reset, and the client might never see the last reply.
const LINGER: Duration = Duration::from_millis(500);

/// How long a write may take once the server is to stop.
const LAST_WRITE: Duration = Duration::from_millis(500);

/// A far time, for when there is no deadline.
const NEVER: Duration = Duration::from_hours(24 * 365);

pub(super) struct Session {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) config: Arc<Config>,
    pub(super) sink: Sink,
    pub(super) identity: Identity,
    /// Whether TLS begins with the first octet (RFC 8314 §3).
    pub(super) on_connect: bool,
    /// TLS, once it was begun.
    pub(super) tls: Option<Box<Tls>>,
    pub(super) tell: Arc<dyn Fn(Notice) + Send + Sync>,
}

/// What the challenges of one connection are made of.
fn seed() -> [u8; 16] {
    let mut seed = [0; 16];
    // Where there is no randomness, challenges can be guessed, and all else still works.
    let _ = SystemRandom::new().fill(&mut seed);
    seed
}

impl Session {
    /// Talks until the session is over, and closes the connection.
    pub(super) async fn run(mut self, stop: Stop) {
        let why = self.talk(&stop).await;
        // A connection that is broken already can't be closed well.
        if !matches!(why, Why::Broken(_) | Why::Stuck) {
            if let Some(tls) = self.tls.as_mut().filter(|_| self.config.ends_tls()) {
                let farewell = tls.close();
                let _ = self.stream.try_write(&farewell);
            }
            let _ = self.stream.shutdown().await;
            self.linger().await;
        }
        (self.tell)(Notice::Closed { peer: self.peer, why });
    }

    async fn talk(&mut self, stop: &Stop) -> Why {
        // Without it, a reply can wait 40 ms for the acknowledgement of the one before.
        if let Err(error) = self.stream.set_nodelay(true) {
            return Why::Broken(reason(&error));
        }
        let began = Instant::now();
        let mut server = Server::new(Arc::clone(&self.config))
            .with_peer(self.peer.ip())
            .with_clock(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
            .with_seed(seed());
        let mut buffer = Vec::with_capacity(READ);
        let mut left = false;
        // Each command moves the deadline on, so the timer is set anew only once it has fired.
        let mut timer = std::pin::pin!(sleep_until(began + NEVER));
        let mut stopped = std::pin::pin!(stop.stopped());
        if self.on_connect {
            server = server.within_tls();
            if let Err(why) = self.begin_tls() {
                return why;
            }
        } else {
            server.open(began.elapsed());
        }
        loop {
            match self.flush(&mut server, stop).await {
                Ok(false) => {}
                Ok(true) => return if left { Why::Left } else { Why::Ended },
                Err(why) => return why,
            }
            let due = began + server.deadline().unwrap_or(self.patience());
            if due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            tokio::select! {
                readable = self.stream.readable() => {
                    let read = match readable {
                        Ok(()) => self.read(&mut server, began, &mut buffer).await,
                        Err(error) => Err(Why::Broken(reason(&error))),
                    };
                    match read {
                        Ok(ended) => left |= ended,
                        Err(why) => return why,
                    }
                }
                () = &mut timer => {
                    // What the client said in time may lie there unread, where this process had to
                    // wait for the processor: the runtime hears of it only when it has its turn.
                    tokio::task::yield_now().await;
                    match self.read(&mut server, began, &mut buffer).await {
                        Ok(ended) => left |= ended,
                        Err(why) => return why,
                    }
                    let now = began.elapsed();
                    if server.deadline().is_some_and(|deadline| deadline <= now) {
                        server.tick(now);
                    } else if self.patience() <= now {
                        return Why::Broken("there was no TLS handshake".to_owned());
                    }
                    timer.as_mut().reset(began + server.deadline().unwrap_or(self.patience()));
                }
                () = &mut stopped => {
                    self.say_goodbye(&server).await;
                    return Why::Stopped;
                }
            }
        }
    }

    /// Takes in what is there, if anything is, and says whether the client ended its side.
    async fn read(
        &mut self,
        server: &mut Server,
        began: Instant,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, Why> {
        buffer.clear();
        match self.stream.try_read_buf(buffer) {
            Ok(0) => {
                server.peer_closed();
                Ok(true)
            }
            Ok(_) => self.take_in(server, began.elapsed(), buffer).await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(Why::Broken(reason(&error))),
        }
    }

    /// Does all that the server wants done, and says whether it wants to close. What it sends
    /// without a wait between goes out in one write.
    async fn flush(&mut self, server: &mut Server, stop: &Stop) -> Result<bool, Why> {
        let mut octets = Vec::new();
        let mut lost = false;
        let mut close = false;
        let mut begins_tls = false;
        while let Some(output) = server.poll() {
            match output {
                Output::Send(mut replies) => {
                    if std::mem::take(&mut lost) {
                        disown(&mut replies);
                    }
                    octets.append(&mut replies);
                }
                Output::Deliver(delivery) if delivery.held.is_some() => self.hold(delivery),
                Output::Deliver(delivery) => {
                    let (recipients, length) = (delivery.recipients.len(), delivery.message.len());
                    let kept = self.sink.keep(delivery).await;
                    lost = kept.is_err();
                    let peer = self.peer;
                    (self.tell)(match kept {
                        Ok(()) => Notice::Delivered { peer, recipients, octets: length },
                        Err(error) => Notice::NotKept { peer, reason: error.to_string() },
                    });
                }
                Output::Returned(returned) => {
                    let returned = Box::new(returned);
                    (self.tell)(Notice::Returned { peer: self.peer, returned });
                }
                Output::StartTls => begins_tls = true,
                Output::Close => close = true,
            }
        }
        if !octets.is_empty() {
            self.write(&octets, stop).await?;
        }
        if begins_tls {
            self.begin_tls()?;
        }
        Ok(close)
    }

    /// Keeps a message until its time has come (RFC 4865 §4.2). It is kept in memory: what waits when
    /// the server ends is lost.
    fn hold(&self, delivery: Delivery) {
        let (sink, tell, peer) = (self.sink.clone(), Arc::clone(&self.tell), self.peer);
        tokio::spawn(async move {
            tokio::time::sleep(delivery.held.unwrap_or_default()).await;
            let (recipients, length) = (delivery.recipients.len(), delivery.message.len());
            (tell)(match sink.keep(delivery).await {
                Ok(()) => Notice::Delivered { peer, recipients, octets: length },
                Err(error) => Notice::NotKept { peer, reason: error.to_string() },
            });
        });
    }

    /// From now on the octets of the connection are TLS.
    fn begin_tls(&mut self) -> Result<(), Why> {
        let tls = Tls::server(&self.identity).map_err(|error| Why::Broken(error.to_string()))?;
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    /// How long a connection is borne on which the server has not spoken yet.
    fn patience(&self) -> Duration {
        let awaits_tls = self.on_connect && self.tls.as_ref().is_some_and(|it| it.is_handshaking());
        if awaits_tls { self.config.timeout } else { NEVER }
    }

    /// Hands over what came, and says whether the client ended its side inside TLS.
    async fn take_in(
        &mut self,
        server: &mut Server,
        now: Duration,
        wire: &[u8],
    ) -> Result<bool, Why> {
        let Some(tls) = &mut self.tls else {
            server.receive(now, wire);
            return Ok(false);
        };
        let shakes_hands = tls.is_handshaking();
        let opened = tls.open(wire);
        let answer = tls.pending();
        let deadline = Instant::now() + self.config.timeout;
        let sent = timeout_at(deadline, self.stream.write_all(&answer)).await;
        let octets = opened.map_err(|error| Why::Broken(format!("TLS: {error}")))?;
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Why::Broken(reason(&error))),
            Err(_) => return Err(Why::Stuck),
        }
        if shakes_hands && !tls.is_handshaking() {
            // One of the two has nothing to do: the greeting came in the clear, or is still due.
            server.open(now);
            server.secured(now, &tls.facts().cipher);
        }
        if !octets.is_empty() {
            server.receive(now, &octets);
        }
        if tls.has_ended() {
            server.peer_closed();
        }
        Ok(tls.has_ended())
    }

    async fn write(&mut self, octets: &[u8], stop: &Stop) -> Result<(), Why> {
        let deadline = Instant::now() + self.config.timeout;
        let sealed = self.tls.as_mut().map(|tls| tls.seal(octets));
        let wire = sealed.as_deref().unwrap_or(octets);
        let mut write = std::pin::pin!(self.stream.write_all(wire));
        let written = tokio::select! {
            biased;
            written = timeout_at(deadline, &mut write) => written,
            () = stop.stopped() => timeout_at(Instant::now() + LAST_WRITE, &mut write).await,
        };
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Why::Broken(reason(&error))),
            Err(_) => Err(Why::Stuck),
        }
    }

    /// RFC 5321 §3.8: a server that must shut down says 421. After TURN we are the client, and a
    /// client has nothing to say.
    async fn say_goodbye(&mut self, server: &Server) {
        if !matches!(server.model().state(), State::Turned) {
            let text = format!("421 {} Service shutting down\r\n", self.config.name);
            // Who does not take it is left without.
            let sealed = self.tls.as_mut().map(|tls| tls.seal(text.as_bytes()));
            let write = self.stream.write_all(sealed.as_deref().unwrap_or(text.as_bytes()));
            let _ = timeout_at(Instant::now() + LAST_WRITE, write).await;
        }
    }

    /// Reads away what the client still sends, until it closes too.
    async fn linger(&mut self) {
        let deadline = Instant::now() + LINGER;
        let mut rest = [0; 4096];
        while timeout_at(deadline, self.stream.readable()).await.is_ok() {
            match self.stream.try_read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    }
}

/// Takes back the reply to a message that could not be kept: the first of `replies`, since the
/// server hands the message over before it answers. Its transaction is over either way
/// (RFC 5321 §4.1.1.4).
fn disown(replies: &mut Vec<u8>) {
    const SORRY: &[u8] = b"451 Requested action aborted: local error in processing\r\n";
    let mut end = 0;
    for line in replies.split_inclusive(|&octet| octet == b'\n') {
        end += line.len();
        if line.get(3) != Some(&b'-') {
            break;
        }
    }
    replies.splice(..end, SORRY.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reply_to_the_lost_message_is_taken_back() {
        let table: [(&[u8], &[u8]); 3] = [
            (b"250 OK\r\n", b""),
            (b"250-OK\r\n250 queued\r\n250 reset\r\n", b"250 reset\r\n"),
            (b"250 OK\r\n221 bye\r\n", b"221 bye\r\n"),
        ];
        for (replies, rest) in table {
            let mut replies = replies.to_vec();
            disown(&mut replies);
            let sorry = b"451 Requested action aborted: local error in processing\r\n";
            assert_eq!(replies, [&sorry[..], rest].concat());
        }
    }
}
