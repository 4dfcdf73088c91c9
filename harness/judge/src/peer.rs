//! One connection of a case, as the interpreter sees it: what is open, what was heard and not yet
//! taken, and who is client and who server on it.

use std::time::Duration;

use smtpspec_protocol::{DataDecoder, Framed, LineBuffer, Protocol};

use crate::transcript::Happening;
use crate::watch::{Exchange, Watch};

/// The longest command line that is kept when the harness is the server: far above the 512 octets
/// of RFC 5321 §4.5.3.1.4, so that what a client under test sends can be shown.
const LONGEST_COMMAND: usize = 8192;

/// The largest message that is kept when the harness is the server.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// A connection.
pub(crate) struct Peer {
    /// The name of `on:`; the first connection has none.
    pub(crate) name: Option<String>,
    /// What the target speaks.
    protocol: Protocol,
    pub(crate) link: Link,
    /// When the last octet went out.
    pub(crate) last_sent: Duration,
    /// The keywords of the last successful reply to EHLO.
    pub(crate) keywords: Vec<String>,
    /// The keywords before the TLS handshake.
    pub(crate) in_clear: Vec<String>,
    /// Whether it is inside TLS.
    pub(crate) secured: bool,
    pub(crate) watch: Watch,
    /// What the client side has sent to us, once the roles are swapped.
    inbound: Option<Inbound>,
}

/// What has become of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not open yet.
    Unopened,
    /// It could not be opened.
    Refused,
    Open,
    /// The peer ended it; the event that tells.
    Closed(usize),
    /// It was cut; the event that tells.
    Cut(usize),
    /// We ended it.
    Ended,
}

/// The octets of a client, while the harness is the server.
struct Inbound {
    octets: Vec<u8>,
    lines: LineBuffer,
    decoder: Option<(DataDecoder, Vec<u8>)>,
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Line(Vec<u8>),
    TooLong,
    Message(Vec<u8>),
}

impl Peer {
    pub(crate) fn new(name: Option<String>, protocol: Protocol) -> Self {
        Self {
            name,
            protocol,
            link: Link::Unopened,
            last_sent: Duration::ZERO,
            keywords: Vec::new(),
            in_clear: Vec::new(),
            secured: false,
            watch: Watch::new(protocol),
            inbound: None,
        }
    }

    /// Takes note of what happened in event number `event`; tells what was read in the octets.
    pub(crate) fn observe(&mut self, event: usize, now: Duration, what: &Happening) -> Vec<String> {
        match what {
            Happening::Opened => {
                self.link = Link::Open;
                self.last_sent = now;
            }
            Happening::Refused { .. } => self.link = Link::Refused,
            Happening::Sent { octets } => {
                self.last_sent = now;
                if self.inbound.is_none() {
                    self.watch.sent(octets);
                }
            }
            Happening::Received { octets } => {
                if let Some(inbound) = &mut self.inbound {
                    inbound.octets.extend_from_slice(octets);
                } else {
                    let read_as = self.watch.received(event, octets);
                    // Who goes on without an end would only fill our memory.
                    if self.watch.is_endless() {
                        self.link = Link::Cut(event);
                    }
                    return read_as;
                }
            }
            Happening::Secured(_) => {
                self.secured = true;
                self.in_clear = std::mem::take(&mut self.keywords);
                self.last_sent = now;
                self.watch.secured();
            }
            Happening::HandshakeFailed { .. } => {
                self.watch.ended();
                self.link = Link::Cut(event);
            }
            Happening::Waited | Happening::Delivered(_) => {}
            Happening::Closed | Happening::Truncated => {
                self.watch.closed(event, now.saturating_sub(self.last_sent));
                self.link = Link::Closed(event);
            }
            Happening::Cut { .. } => {
                self.watch.doubt_uneven_end();
                self.link = Link::Cut(event);
            }
            Happening::Ended { how } => {
                self.watch.ended();
                if *how != crate::transcript::Ending::Half {
                    self.link = Link::Ended;
                }
            }
        }
        Vec::new()
    }

    /// The next reply that was heard.
    pub(crate) fn reply(&mut self) -> Option<Exchange> {
        self.watch.take()
    }

    /// From now on the harness is the server, or the client again.
    pub(crate) fn swap(&mut self) {
        if self.inbound.take().is_none() {
            self.inbound = Some(Inbound {
                octets: self.watch.take_leftover(),
                lines: LineBuffer::new(LONGEST_COMMAND),
                decoder: None,
            });
        } else {
            self.watch = Watch::new(self.protocol);
        }
    }

    /// Whether the harness is the client here.
    pub(crate) fn is_client(&self) -> bool {
        self.inbound.is_none()
    }

    /// The next command line of the client, or, where `message` says so, the next message data.
    pub(crate) fn command(&mut self, message: bool) -> Option<Heard> {
        let inbound = self.inbound.as_mut()?;
        let mut input = inbound.octets.as_slice();
        let heard = if message {
            let (decoder, text) = inbound.decoder.get_or_insert_with(Default::default);
            let ended = decoder.feed(&mut input, text);
            text.truncate(LARGEST_MESSAGE);
            ended.then(|| Heard::Message(std::mem::take(text)))
        } else {
            inbound.lines.feed(&mut input).map(|framed| match framed {
                Framed::Line(line) => Heard::Line(line),
                Framed::TooLong { .. } => Heard::TooLong,
            })
        };
        let left = input.len();
        let consumed = inbound.octets.len() - left;
        inbound.octets.drain(..consumed);
        if heard.is_some() {
            inbound.decoder = None;
        }
        heard
    }
}
