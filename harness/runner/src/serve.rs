//! The reference server on a socket: many sessions at once, each a `smtpspec_reference::Server`
//! that is given octets and the time.

mod session;

use std::fmt;
use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use smtpspec_reference::{Config, Returned};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::reason;
use crate::sink::Sink;
use crate::stop::Stop;
use crate::tls::Identity;
use session::Session;

/// How many sessions there are at once, if nobody says otherwise.
pub const SESSIONS: usize = 1_000;

/// How long sessions have to end when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long nothing is accepted after the system could not accept: when all file descriptors are
/// taken, asking again at once would only burn the processor.
const BREATH: Duration = Duration::from_millis(100);

/// A reference server that is bound to its address; connections wait until it serves.
pub struct Listener {
    socket: TcpListener,
    config: Arc<Config>,
    sink: Sink,
    identity: Identity,
    on_connect: bool,
    sessions: usize,
    tell: Arc<dyn Fn(Notice) + Send + Sync>,
}

/// What a server tells its operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A session began.
    Opened(SocketAddr),
    /// A session is over.
    Closed {
        /// The client.
        peer: SocketAddr,
        /// Why.
        why: Why,
    },
    /// There were too many sessions for another one.
    TurnedAway(SocketAddr),
    /// A message was accepted and kept.
    Delivered {
        /// The client.
        peer: SocketAddr,
        /// How many recipients it has.
        recipients: usize,
        /// How long it is, with its trace line.
        octets: usize,
    },
    /// A message could not be kept, and was not acknowledged.
    NotKept {
        /// The client.
        peer: SocketAddr,
        /// What went wrong, in the system's words.
        reason: String,
    },
    /// What became of mail that was handed over after TURN (RFC 821 §3.8).
    Returned {
        /// The client that is the server now.
        peer: SocketAddr,
        /// The message and its fate.
        returned: Box<Returned>,
    },
    /// A connection could not be accepted, in the system's words.
    NotAccepted(String),
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The server ended it: after QUIT, after too long a silence.
    Ended,
    /// The client closed the connection.
    Left,
    /// The connection broke, in the system's words.
    Broken(String),
    /// The client took no more octets.
    Stuck,
    /// The server was stopped.
    Stopped,
}

impl Listener {
    /// Binds to an address; port 0 is any that is free.
    pub async fn bind(address: SocketAddr, config: Arc<Config>, sink: Sink) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let identity = Identity::made_for(&config.name)?;
        let (sessions, tell) = (SESSIONS, Arc::new(|_| ()));
        Ok(Self { socket, config, sink, identity, on_connect: false, sessions, tell })
    }

    /// The same, with so many sessions at once; more are told 421 (RFC 5321 §3.8).
    #[must_use]
    pub fn with_sessions(self, sessions: usize) -> Self {
        Self { sessions, ..self }
    }

    /// The same, showing this certificate in TLS instead of one of its own making.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// The same, with TLS from the first octet (RFC 8314 §3).
    #[must_use]
    pub fn within_tls(self) -> Self {
        Self { on_connect: true, ..self }
    }

    /// The same, telling this function what happens.
    #[must_use]
    pub fn telling(self, tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), ..self }
    }

    /// Where it listens, with the port that it got.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until it is told to stop; then tells 421 to all clients (RFC 5321 §3.8) and ends
    /// within two seconds.
    pub async fn serve(self, stop: Stop) {
        let mut sessions = JoinSet::new();
        let mut stopped = std::pin::pin!(stop.stopped());
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(&mut sessions, stream, peer, &stop),
                    Err(error) => {
                        (self.tell)(Notice::NotAccepted(reason(&error)));
                        if !is_the_clients(&error) {
                            sleep(BREATH).await;
                        }
                    }
                },
                // Sessions that are over give back their place.
                Some(_) = sessions.join_next() => {}
                () = &mut stopped => break,
            }
        }
        drop(self.socket);
        let deadline = Instant::now() + FAREWELL;
        while let Ok(Some(_)) = timeout_at(deadline, sessions.join_next()).await {}
        sessions.shutdown().await;
    }

    fn admit(&self, sessions: &mut JoinSet<()>, stream: TcpStream, peer: SocketAddr, stop: &Stop) {
        if sessions.len() >= self.sessions {
            // Who can't take a line at once is left without; nobody else has to wait for it.
            let _ = turn_away(stream, &self.config.name);
            (self.tell)(Notice::TurnedAway(peer));
            return;
        }
        (self.tell)(Notice::Opened(peer));
        let session = Session {
            stream,
            peer,
            config: Arc::clone(&self.config),
            sink: self.sink.clone(),
            identity: self.identity.clone(),
            on_connect: self.on_connect,
            tls: None,
            tell: Arc::clone(&self.tell),
        };
        sessions.spawn(session.run(stop.clone()));
    }
}

/// Says that there is no room (RFC 5321 §3.8). It does not wait, and a new connection has room for
/// a line.
fn turn_away(stream: TcpStream, name: &str) -> io::Result<()> {
    let mut stream = stream.into_std()?;
    stream.write_all(format!("421 {name} Too many sessions\r\n").as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Whether a client that went away again is to blame, and not a lack of anything here.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(peer) => write!(f, "{peer}: session opened"),
            Self::Closed { peer, why } => write!(f, "{peer}: {why}"),
            Self::TurnedAway(peer) => write!(f, "{peer}: turned away, too many sessions"),
            Self::Delivered { peer, recipients, octets } => {
                let plural = if *recipients == 1 { "" } else { "s" };
                write!(f, "{peer}: took {octets} octets for {recipients} recipient{plural}")
            }
            Self::NotKept { peer, reason } => {
                write!(f, "{peer}: could not keep a message: {reason}")
            }
            Self::Returned { peer, returned } => {
                let taken = returned
                    .fates
                    .iter()
                    .filter(|fate| matches!(fate, smtpspec_reference::Fate::Taken));
                let (taken, all) = (taken.count(), returned.fates.len());
                write!(f, "{peer}: handed over a message for {taken} of {all} recipients")
            }
            Self::NotAccepted(reason) => write!(f, "could not accept a connection: {reason}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("session ended"),
            Self::Left => f.write_str("the client closed the connection"),
            Self::Broken(reason) => write!(f, "the connection broke: {reason}"),
            Self::Stuck => f.write_str("the client takes no more octets"),
            Self::Stopped => f.write_str("session ended, the server was stopped"),
        }
    }
}
