//! The next hop on a socket: what a target passes on goes into the postbox.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_judge::{Mail, Via};
use smtpspec_protocol::Protocol;
use smtpspec_reference::{self as reference, Output};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::postbox::Postbox;
use crate::stop::Stop;

/// Its name in the greeting.
const NAME: &str = "next-hop.example.test";

/// How many relays may be connected at the same time; a target has few connections to one host.
const SESSIONS: usize = 200;

/// How long a relay may be silent (RFC 5321 §4.5.3.2.7).
const SILENCE: Duration = Duration::from_mins(5);

/// How long nothing is accepted after the system could not accept.
const BREATH: Duration = Duration::from_millis(100);

/// The most octets of one read.
const READ: usize = 64 * 1024;

/// A next hop that is bound to its address.
#[derive(Debug)]
pub(crate) struct NextHop {
    socket: TcpListener,
    protocol: Protocol,
    refused: Vec<Vec<u8>>,
    without: Vec<String>,
    postbox: Postbox,
}

impl NextHop {
    pub(crate) async fn bind(
        address: SocketAddr,
        protocol: Protocol,
        postbox: Postbox,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { socket, protocol, refused: Vec::new(), without: Vec::new(), postbox })
    }

    /// The same, which refuses these mailboxes.
    pub(crate) fn refusing(self, refused: Vec<Vec<u8>>) -> Self {
        Self { refused, ..self }
    }

    /// The same, which does not offer these extensions.
    pub(crate) fn without(self, without: Vec<String>) -> Self {
        Self { without, ..self }
    }

    /// Takes mail until it is told to stop.
    pub(crate) async fn serve(self, stop: Stop) {
        let mut sessions = JoinSet::new();
        let mut stopped = std::pin::pin!(stop.stopped());
        loop {
            let room = sessions.len() < SESSIONS;
            tokio::select! {
                accepted = self.socket.accept(), if room => match accepted {
                    Ok((stream, _)) => {
                        let lmtp = self.protocol == Protocol::Lmtp;
                        let hop = reference::NextHop::new(NAME, lmtp);
                        let hop = hop.refusing(self.refused.clone());
                        let hop = hop.without(self.without.clone());
                        let postbox = self.postbox.clone();
                        sessions.spawn(async move {
                            // A relay that goes away delivers nothing, and nobody else is to know.
                            let _ = talk(stream, hop, &postbox).await;
                        });
                    }
                    Err(_) => sleep(BREATH).await,
                },
                Some(_) = sessions.join_next() => {}
                () = &mut stopped => break,
            }
        }
        sessions.shutdown().await;
    }
}

/// One session with a relay.
async fn talk(
    mut stream: TcpStream,
    mut hop: reference::NextHop,
    postbox: &Postbox,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ];
    loop {
        while let Some(output) = hop.poll() {
            match output {
                Output::Send(octets) => {
                    timeout_at(Instant::now() + SILENCE, stream.write_all(&octets)).await??;
                }
                Output::Deliver(delivery) => postbox.put(Mail::of(Via::NextHop, delivery)),
                Output::Returned(_) | Output::StartTls => {}
                Output::Close => return stream.shutdown().await,
            }
        }
        timeout_at(Instant::now() + SILENCE, stream.readable()).await??;
        match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => hop.receive(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
