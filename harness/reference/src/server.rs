//! The reference server: octets in, outputs out, with the session model deciding every reply.
//!
//! What a careful server answers is not decided here; this file frames commands, takes in the
//! message, keeps the time and, after TURN, lets a [`Client`] speak.

mod bdat;
mod deviation;
mod queue;
mod receipt;
mod report;

use core::net::{IpAddr, Ipv4Addr};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_protocol::{Framed, Reply, Request};

use self::bdat::{Assembly, Incoming};
use self::receipt::Receipt;
use crate::client::{Client, Returned};
use crate::config::{Config, Queued};
use crate::delivery::Delivery;
use crate::model::{Model, Stimulus};
use crate::mutants::framing::Lines;
use crate::state::State;
use crate::{rfc2034, rfc2645};

/// A server for one connection, without input or output of its own (RFC 5321 §3).
///
/// The caller hands in what the peer sent and the time, and polls for what to do. Times are
/// counted from any moment that does not change; [`Server::with_clock`] says when that was.
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    model: Model,
    phase: Phase,
    lines: Lines,
    peer: IpAddr,
    /// The cipher suite, once the session is inside TLS.
    cipher: Option<String>,
    epoch: u64,
    deadline: Option<Duration>,
    /// Whether a mutant throws away the rest of the input.
    flushed: bool,
    outputs: VecDeque<Output>,
    /// The chunks of the message that is under way (RFC 3030 §2).
    assembly: Assembly,
    /// What came in the clear behind STARTTLS, for a server that does not forget it.
    plaintext: Vec<u8>,
    /// What the last command asked for, where it was ATRN (RFC 2645 §5.2.1).
    asked_for: Option<Vec<Queued>>,
    /// The mail that waits to be asked for, each for one domain (RFC 1985 §5.1).
    waiting: Vec<(Vec<u8>, Delivery)>,
}

/// What the caller has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send these octets.
    Send(Vec<u8>),
    /// A message was accepted: it is the caller's to keep before the next output is sent, which
    /// begins with the reply that says so (RFC 5321 §6.1).
    Deliver(Delivery),
    /// After TURN, a message was handed over, or was not (RFC 821 §3.8).
    Returned(Returned),
    /// Begin the TLS handshake, and then call [`Server::secured`]: what was sent before was the
    /// 220 to STARTTLS (RFC 3207 §4).
    StartTls,
    /// Close the connection; nothing comes after it.
    Close,
}

#[derive(Debug)]
enum Phase {
    Unopened,
    Commands,
    Message(Receipt),
    Chunk(Incoming),
    /// 220 was answered to STARTTLS.
    Handshake,
    /// TURN was accepted: the peer is the server now.
    Client(Box<Client>),
    Closed,
}

impl Server {
    /// A server for a connection that was just made; [`Server::open`] starts it.
    pub fn new(config: Arc<Config>) -> Self {
        let config = deviation::configured(config);
        Self {
            model: Model::server(Arc::clone(&config)),
            phase: Phase::Unopened,
            lines: Lines::new(&config),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            cipher: None,
            epoch: 0,
            deadline: None,
            flushed: false,
            outputs: VecDeque::new(),
            assembly: Assembly::default(),
            plaintext: Vec::new(),
            asked_for: None,
            waiting: Vec::new(),
            config,
        }
    }

    /// The same server, told where the connection comes from (RFC 5321 §4.4).
    #[must_use]
    pub fn with_peer(self, peer: IpAddr) -> Self {
        Self { peer, ..self }
    }

    /// The same server, told how many seconds after 1970 began its time is zero; without it,
    /// trace lines count from 1970 (RFC 5321 §4.4).
    #[must_use]
    pub fn with_clock(self, seconds_at_zero: u64) -> Self {
        Self { epoch: seconds_at_zero, ..self }
    }

    /// The same server, told what its challenges in AUTH exchanges are made of; who can guess it
    /// can answer an old challenge again (RFC 4422 §6).
    #[must_use]
    pub fn with_seed(mut self, seed: [u8; 16]) -> Self {
        self.model = self.model.with_seed(seed);
        self
    }

    /// The same server, on a connection that was inside TLS from its first octet
    /// (RFC 8314 §3).
    #[must_use]
    pub fn within_tls(mut self) -> Self {
        self.model.secure();
        self
    }

    /// Greets the client (RFC 5321 §3.1).
    pub fn open(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Unopened) {
            self.phase = Phase::Commands;
            self.answer(now, &Stimulus::Connected, &[]);
        }
    }

    /// Takes what the client sent, in pieces of any size; the replies come out in the order of
    /// the commands.
    pub fn receive(&mut self, now: Duration, octets: &[u8]) {
        let before = self.outputs.len();
        self.flushed = false;
        self.read(now, octets);
        self.confuse_group(before);
    }

    fn read(&mut self, now: Duration, octets: &[u8]) {
        let mut input = octets;
        while !input.is_empty() {
            if std::mem::take(&mut self.flushed) {
                return;
            }
            match &mut self.phase {
                Phase::Unopened | Phase::Closed => return,
                Phase::Commands => match self.lines.feed(&mut input) {
                    Some(framed) => {
                        self.on_command(now, &framed);
                        if matches!(self.phase, Phase::Handshake) {
                            self.forget(input);
                            return;
                        }
                    }
                    None => return,
                },
                Phase::Message(receipt) => {
                    if receipt.feed(&mut input, self.config.max_message_octets) {
                        self.on_end_of_data(now);
                    } else {
                        self.arm(now);
                    }
                }
                Phase::Chunk(_) => self.take_chunk(now, &mut input),
                Phase::Handshake => {
                    self.on_plaintext(input);
                    return;
                }
                Phase::Client(client) => {
                    client.receive(now, std::mem::take(&mut input));
                    self.follow_client();
                }
            }
        }
    }

    /// The TLS handshake that [`Output::StartTls`] asked for is over: the session begins anew,
    /// and the client speaks first (rfc3207-4.2-1). `cipher` is the suite by its registered name.
    pub fn secured(&mut self, now: Duration, cipher: &str) {
        self.cipher = Some(cipher.to_owned());
        if !matches!(self.phase, Phase::Handshake) {
            return;
        }
        let before = self.model.clone();
        self.phase = Phase::Commands;
        self.lines = Lines::new(&self.config);
        self.model.secure();
        self.arm(now);
        if !self.config.mutants.is_empty() {
            self.remember(now, &before);
        }
    }

    /// The peer closed the connection: what was not finished is dropped (rfc5321-4.1.1.10-5).
    pub fn peer_closed(&mut self) {
        self.deliver_unfinished();
        if let Phase::Client(client) = &mut self.phase {
            client.peer_closed();
            self.follow_client();
        } else {
            self.close();
        }
    }

    /// Lets time pass: a client that is silent too long is told so and left
    /// (RFC 5321 §4.5.3.2.7).
    pub fn tick(&mut self, now: Duration) {
        if let Phase::Client(client) = &mut self.phase {
            client.tick(now);
            self.follow_client();
        } else if self.deadline.is_some_and(|deadline| deadline <= now) {
            if matches!(self.phase, Phase::Handshake) {
                // Nothing that we say in the clear is awaited any more.
                self.close();
                return;
            }
            let text = format!("{} Timeout, closing transmission channel", self.config.name);
            let mut reply = Reply::new(421, text);
            rfc2034::dress_unasked(&self.model, &mut reply);
            self.send(&reply.to_bytes());
            self.close();
        }
    }

    /// When [`Server::tick`] has something to do at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Client(client) => client.deadline(),
            _ => self.deadline,
        }
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The session as the server sees it.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn on_command(&mut self, now: Duration, framed: &Framed) {
        match framed {
            Framed::Line(line) => {
                let request = Request::parse(line, self.model.grammar());
                if let Some(chunk) = self.read_chunk(&request) {
                    self.await_chunk(now, chunk);
                    return;
                }
                self.asked_for = rfc2645::asked_for(&self.config, &request);
                let released = self.release_for(&request);
                self.answer(now, &Stimulus::Request(&request), &[]);
                if released {
                    self.tell_model();
                }
            }
            Framed::TooLong { head, octets } => {
                self.answer(now, &Stimulus::Overlong { head, octets: *octets }, &[]);
            }
        }
        self.settle(now);
    }

    /// Goes where an answer has led.
    fn settle(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        match self.model.state() {
            State::AwaitMessage => self.phase = Phase::Message(Receipt::new(&self.config)),
            State::AwaitHandshake => {
                self.phase = Phase::Handshake;
                self.outputs.push_back(Output::StartTls);
            }
            State::Turned => self.turn(now),
            State::Closed => self.close(),
            State::AwaitResponse => self.lines.limit_to(self.config.max_auth_line),
            _ => self.lines.limit_to(self.config.max_command_line),
        }
    }

    /// Octets that came with the STARTTLS, and so in the clear: they are forgotten
    /// (rfc3207-6-7).
    fn forget(&mut self, plaintext: &[u8]) {
        if self.keeps_plaintext() {
            self.plaintext.extend_from_slice(plaintext);
        }
    }

    /// Octets that are no handshake: TLS fails, and the connection is over.
    fn on_plaintext(&mut self, octets: &[u8]) {
        if self.keeps_plaintext() {
            self.plaintext.extend_from_slice(octets);
        } else {
            self.close();
        }
    }

    /// Answers a stimulus; `text` is the message, where one has come to its end.
    fn answer(&mut self, now: Duration, stimulus: &Stimulus<'_>, text: &[u8]) {
        let reply = self.model.expect(stimulus).preferred;
        self.arm(now);
        if self.config.mutants.is_empty() {
            let mut dressed = reply.clone();
            rfc2034::dress(&self.model, stimulus, &mut dressed);
            self.model.advance(stimulus, &reply);
            self.send(&dressed.to_bytes());
        } else {
            self.deviate(stimulus, text, &reply);
        }
    }

    /// Replies that follow each other leave in one write.
    fn send(&mut self, reply: &[u8]) {
        if let Some(Output::Send(octets)) = self.outputs.back_mut() {
            octets.extend_from_slice(reply);
        } else {
            self.outputs.push_back(Output::Send(reply.to_vec()));
        }
    }

    fn arm(&mut self, now: Duration) {
        self.deadline = Some(now.saturating_add(self.config.timeout));
    }

    fn close(&mut self) {
        if !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Closed;
            self.deadline = None;
            self.release_all();
            self.outputs.push_back(Output::Close);
        }
    }
}

#[cfg(test)]
mod tests;
