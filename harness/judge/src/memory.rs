//! The reference server in memory: no sockets, and a clock that jumps to the next deadline.
//!
//! [`play`] plays a case against it, [`Conversation`] says to it what it likes, and [`listen`]
//! asks the model alone what it thinks of a transcript.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_protocol::{Protocol, ReadReply, Reply, ReplyReader};
use smtpspec_reference::{Config, Delivery, Output, Server};
use smtpspec_scenario::Case;

use crate::mail::{Mail, Via};
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::play::{Action, Play, Setup};
use crate::transcript::{Ending, Happening, Tls, Transcript};
use crate::verdict::Finding;

/// More actions than any case takes: one that needs them does not end.
const ACTIONS: usize = 1_000_000;

/// What a case came to, and what the server delivered while it was played.
#[derive(Debug, Clone)]
pub struct Played {
    /// What the case came to.
    pub outcome: Outcome,
    /// The mail that came out.
    pub deliveries: Vec<Delivery>,
}

/// Plays a case against the reference with this configuration.
pub fn play(case: Case, setup: Setup, config: &Arc<Config>) -> Played {
    let mut world = World::new(config, &setup.unique);
    let mut play = Play::new(case, setup);
    for _ in 0..ACTIONS {
        let action = play.next(world.tick());
        if action == Action::Done {
            break;
        }
        if let Some((connection, what)) = world.perform(action) {
            play.observe(world.now, connection, what);
        }
    }
    Played { outcome: play.finish(), deliveries: world.deliveries() }
}

/// The reference, with any number of connections, and a clock that jumps to the next deadline.
#[derive(Debug)]
pub struct World {
    config: Arc<Config>,
    unique: String,
    far: Vec<Far>,
    now: Duration,
}

impl World {
    /// A reference with this configuration; mail with `unique` in it can be collected.
    pub fn new(config: &Arc<Config>, unique: &str) -> Self {
        Self {
            config: Arc::clone(config),
            unique: unique.to_owned(),
            far: Vec::new(),
            now: Duration::ZERO,
        }
    }

    /// The time, which passes with each look, however little.
    pub fn tick(&mut self) -> Duration {
        self.now += Duration::from_micros(1);
        self.now
    }

    /// The time, standing still.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Does what is wanted, and tells what came of it and on which connection. Connections are
    /// numbered in the order in which they are opened.
    pub fn perform(&mut self, action: Action) -> Option<(usize, Happening)> {
        match action {
            Action::Open { connection } => {
                self.far.push(Far::open(&self.config, self.now));
                Some((connection, Happening::Opened))
            }
            Action::Send { connection, octets } => {
                self.far[connection].send(self.now, &octets);
                Some((connection, Happening::Sent { octets }))
            }
            Action::Secure { connection } => {
                Some((connection, self.far[connection].secure(self.now)))
            }
            Action::Receive { connection, until } => {
                let what = self.far[connection].receive(&mut self.now, until);
                Some((connection, what))
            }
            Action::Collect { until } => {
                let now = &mut self.now;
                let came_out =
                    self.far.iter_mut().find_map(|far| far.mail(&self.unique, now, until));
                let what = came_out.map_or(Happening::Waited, Happening::Delivered);
                if what == Happening::Waited {
                    self.now = self.now.max(until);
                }
                Some((0, what))
            }
            Action::Pause { until } => {
                self.now = self.now.max(until);
                None
            }
            Action::End { connection, how } => {
                self.far[connection].end();
                Some((connection, Happening::Ended { how }))
            }
            Action::Done => None,
        }
    }

    /// All mail that came out, in the order of the connections.
    pub fn deliveries(self) -> Vec<Delivery> {
        self.far.into_iter().flat_map(|far| far.deliveries).collect()
    }
}

/// What the model finds in a transcript of this protocol, without any scenario beside it.
pub fn listen(transcript: &Transcript, protocol: Protocol) -> Vec<Finding> {
    let mut peers: Vec<Peer> = Vec::new();
    for (index, event) in transcript.events.iter().enumerate() {
        while peers.len() <= event.connection {
            peers.push(Peer::new(None, protocol));
        }
        let now = Duration::from_micros(event.at_us);
        peers[event.connection].observe(index, now, &event.what);
    }
    peers.into_iter().flat_map(|peer| peer.watch.into_findings()).collect()
}

/// A connection to the reference on which anything can be said.
#[derive(Debug)]
pub struct Conversation {
    far: Far,
    now: Duration,
    replies: ReplyReader,
    transcript: Transcript,
}

impl Conversation {
    /// Connects, and reads the greeting.
    pub fn open(config: &Arc<Config>) -> Self {
        let mut conversation = Self {
            far: Far::open(config, Duration::ZERO),
            now: Duration::ZERO,
            replies: ReplyReader::default(),
            transcript: Transcript::default(),
        };
        conversation.note(Happening::Opened);
        conversation.hear(Duration::ZERO);
        conversation
    }

    /// Sends octets in one piece, and gives the replies that come at once.
    pub fn say(&mut self, octets: &[u8]) -> Vec<Reply> {
        self.now += Duration::from_micros(1);
        self.far.send(self.now, octets);
        self.note(Happening::Sent { octets: octets.to_vec() });
        self.hear(Duration::ZERO)
    }

    /// Waits, and gives the replies that come by then.
    pub fn wait(&mut self, time: Duration) -> Vec<Reply> {
        self.hear(time)
    }

    /// Whether the server has closed.
    pub fn is_over(&self) -> bool {
        self.far.closed && self.far.inbox.is_empty()
    }

    /// Ends it: all that went over the wire, and what was delivered.
    pub fn end(mut self) -> (Transcript, Vec<Delivery>) {
        self.far.end();
        self.note(Happening::Ended { how: Ending::Close });
        (self.transcript, self.far.deliveries)
    }

    fn hear(&mut self, time: Duration) -> Vec<Reply> {
        let until = self.now + time;
        let mut heard = Vec::new();
        loop {
            let what = self.far.receive(&mut self.now, until);
            if let Happening::Received { octets } = &what {
                let mut input = octets.as_slice();
                while let Some(ReadReply::Reply(seen)) = self.replies.feed(&mut input) {
                    heard.push(seen.reply);
                }
            }
            let over = matches!(what, Happening::Waited | Happening::Closed | Happening::Truncated);
            if over && !self.far.closed && self.far.starts_tls {
                let what = self.far.secure(self.now);
                self.note(what);
                continue;
            }
            self.note(what);
            if over {
                return heard;
            }
        }
    }

    fn note(&mut self, what: Happening) {
        self.transcript.push(self.now, 0, what);
    }
}

/// The keywords that the reference with this configuration offers after EHLO, or LHLO.
pub fn offered(config: &Arc<Config>) -> Vec<String> {
    let keyword = |line: String| line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    hello(config).into_iter().map(keyword).collect()
}

/// The lines of its reply to EHLO behind the first, each a keyword and what it says of it.
pub fn hello(config: &Arc<Config>) -> Vec<String> {
    let mut conversation = Conversation::open(config);
    let hello = format!("{} smtpspec.invalid\r\n", config.protocol.hello());
    let replies = conversation.say(hello.as_bytes());
    let lines = replies.last().map_or(&[][..], |reply| reply.lines.as_slice());
    lines.iter().skip(1).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

/// The cipher suite of handshakes that take place in memory.
const CIPHER: &str = "TLS_AES_256_GCM_SHA384";

/// One server for each connection, and what it has said that was not read yet.
#[derive(Debug)]
struct Far {
    config: Arc<Config>,
    server: Server,
    inbox: VecDeque<Vec<u8>>,
    /// Whether the server awaits a TLS handshake.
    starts_tls: bool,
    /// Whether the handshake is over.
    secured: bool,
    deliveries: Vec<Delivery>,
    /// The deliveries that were not yet handed to the case, each with the time at which it goes out.
    waiting: Vec<(Duration, usize)>,
    /// When the server was last spoken to.
    spoken_to: Duration,
    closed: bool,
}

impl Far {
    fn open(config: &Arc<Config>, now: Duration) -> Self {
        let mut far = Self {
            config: Arc::clone(config),
            server: Server::new(Arc::clone(config)),
            inbox: VecDeque::new(),
            starts_tls: false,
            secured: false,
            deliveries: Vec::new(),
            waiting: Vec::new(),
            spoken_to: now,
            closed: false,
        };
        far.server.open(now);
        far.collect();
        far
    }

    fn send(&mut self, now: Duration, octets: &[u8]) {
        self.tick(now);
        self.server.receive(now, octets);
        self.collect();
    }

    /// The handshake, which has no octets here.
    fn secure(&mut self, now: Duration) -> Happening {
        self.tick(now);
        if self.closed || !std::mem::take(&mut self.starts_tls) {
            let reason = "the peer speaks no TLS".to_owned();
            return Happening::HandshakeFailed { reason };
        }
        // What was said in the clear and not read would have been taken for TLS.
        self.inbox.clear();
        self.secured = true;
        self.server.secured(now, CIPHER);
        self.collect();
        let (version, cipher) = ("in memory".to_owned(), CIPHER.to_owned());
        Happening::Secured(Tls { version, cipher, certificate: None })
    }

    /// What is there, or what comes up to the end of the time, which passes only if nothing is.
    fn receive(&mut self, now: &mut Duration, until: Duration) -> Happening {
        self.tick(*now);
        loop {
            if let Some(octets) = self.inbox.pop_front() {
                return Happening::Received { octets };
            }
            if self.closed {
                let silent = self.secured && !self.config.ends_tls();
                return if silent { Happening::Truncated } else { Happening::Closed };
            }
            let Some(deadline) = self.server.deadline().filter(|&deadline| deadline <= until)
            else {
                *now = until.max(*now);
                return Happening::Waited;
            };
            *now = deadline.max(*now);
            self.tick(*now);
        }
    }

    /// The next mail that carries the case's marker and is out, or goes out up to the end of the
    /// time, which passes until it does.
    fn mail(&mut self, marker: &str, now: &mut Duration, until: Duration) -> Option<Mail> {
        while let Some(first) = self.next_out(until.max(*now)) {
            let (out, index) = self.waiting.remove(first);
            let mail = Mail::of(Via::Memory, self.deliveries[index].clone());
            if mail.carries(marker) {
                *now = out.max(*now);
                return Some(mail);
            }
        }
        None
    }

    /// Which of those that wait goes out first, if that is not later than this.
    fn next_out(&self, until: Duration) -> Option<usize> {
        let timely = self.waiting.iter().enumerate().filter(|(_, (out, _))| *out <= until);
        timely.min_by_key(|(_, (out, _))| *out).map(|(place, _)| place)
    }

    fn tick(&mut self, now: Duration) {
        self.spoken_to = now;
        if self.server.deadline().is_some_and(|deadline| deadline <= now) {
            self.server.tick(now);
            self.collect();
        }
    }

    fn end(&mut self) {
        self.server.peer_closed();
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.server.poll() {
            match output {
                Output::Send(octets) => self.inbox.push_back(octets),
                Output::Deliver(delivery) => {
                    let out = self.spoken_to + delivery.held.unwrap_or_default();
                    self.waiting.push((out, self.deliveries.len()));
                    self.deliveries.push(delivery);
                }
                Output::Returned(_) => {}
                Output::StartTls => self.starts_tls = true,
                Output::Close => self.closed = true,
            }
        }
    }
}
