//! The sending side, as it is needed after TURN: hands over what waits for the peer, then QUIT.
//!
//! It acts on the first digit of a reply alone, where RFC 5321 §4.2 lets it. Which host to send
//! to, retries and notices of failure are not its business: it reports the fate of each recipient.

use std::collections::VecDeque;
use std::time::Duration;

use smtpspec_protocol::{Grammar, Mailbox, ReadReply, Reply, ReplyReader, encode, limits};

use crate::config::Queued;
use crate::rfc1870;
use crate::server::Output;

/// A client that delivers queued mail over a connection which is there already
/// (RFC 821 §3.8, RFC 5321 §3).
#[derive(Debug)]
pub struct Client {
    name: String,
    queue: VecDeque<Queued>,
    awaits: Awaits,
    attempt: Option<Attempt>,
    peer: Peer,
    replies: ReplyReader,
    deadline: Option<Duration>,
    outputs: VecDeque<Output>,
}

/// What became of one queued message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The message as it was queued.
    pub message: Queued,
    /// The fate of each recipient, in the order of the message's recipients.
    pub fates: Vec<Fate>,
}

/// What became of a message for one recipient (RFC 5321 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The peer took it.
    Taken,
    /// It can be tried again: the peer said 4yz, or the conversation ended too early.
    Deferred(Option<Reply>),
    /// It is no use to try again: the peer said 5yz, or the message cannot be sent to it.
    Refused(Option<Reply>),
}

/// What the client awaits a reply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Greeting,
    Ehlo,
    Helo,
    Mail,
    Rcpt,
    Data,
    EndOfData,
    Rset,
    Quit,
    Nothing,
}

/// The message under way.
#[derive(Debug)]
struct Attempt {
    message: Queued,
    /// One for each recipient that was offered; `None` for one that the peer took.
    fates: Vec<Option<Fate>>,
}

/// What the EHLO reply told.
#[derive(Debug, Default)]
struct Peer {
    size: bool,
    maximum: Option<u128>,
    eight_bit: bool,
}

impl Client {
    /// A client that awaits the greeting, as one that has just connected.
    pub fn new(name: &str, queue: Vec<Queued>, now: Duration) -> Self {
        let mut client = Self {
            name: name.to_owned(),
            queue: queue.into(),
            awaits: Awaits::Nothing,
            attempt: None,
            peer: Peer::default(),
            replies: ReplyReader::default(),
            deadline: None,
            outputs: VecDeque::new(),
        };
        client.wait(now, Awaits::Greeting);
        client
    }

    /// Takes what the peer sent.
    pub fn receive(&mut self, now: Duration, octets: &[u8]) {
        let mut input = octets;
        while self.awaits != Awaits::Nothing {
            match self.replies.feed(&mut input) {
                Some(ReadReply::Reply(seen)) => self.on_reply(now, seen.reply),
                // rfc5321-4.2-20: what is no reply ends the conversation.
                Some(_) => self.give_up(),
                None => return,
            }
        }
    }

    /// The peer closed the connection, which counts as 451 (rfc5321-3.8-5).
    pub fn peer_closed(&mut self) {
        self.give_up();
    }

    /// Lets time pass; a peer that takes too long is left (RFC 5321 §4.5.3.2).
    pub fn tick(&mut self, now: Duration) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.give_up();
        }
    }

    /// When [`Client::tick`] has something to do at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn on_reply(&mut self, now: Duration, reply: Reply) {
        let class = reply.code.class();
        if reply.code.get() == 421 || !(2..=5).contains(&class) {
            self.give_up();
            return;
        }
        match (self.awaits, class) {
            (Awaits::Greeting, 2) => {
                self.command(now, Awaits::Ehlo, &format!("EHLO {}", self.name));
            }
            (Awaits::Ehlo, 2) => {
                self.peer = Peer::told(&reply);
                self.next_message(now);
            }
            // rfc5321-3.2-3
            (Awaits::Ehlo, 5) => self.command(now, Awaits::Helo, &format!("HELO {}", self.name)),
            (Awaits::Helo | Awaits::Rset, 2) => self.next_message(now),
            (Awaits::Greeting | Awaits::Ehlo | Awaits::Helo | Awaits::Rset, _) => {
                self.return_all(&fate(reply));
                self.command(now, Awaits::Quit, "QUIT");
            }
            (Awaits::Mail, 2) => self.next_recipient(now),
            (Awaits::Rcpt, _) => self.on_rcpt(now, reply),
            (Awaits::Data, 3) => self.send_message(now),
            (Awaits::Data, _) => {
                self.finish(&fate(reply));
                self.command(now, Awaits::Rset, "RSET");
            }
            (Awaits::EndOfData, 2) => {
                self.finish(&Fate::Taken);
                self.next_message(now);
            }
            (Awaits::Mail | Awaits::EndOfData, _) => {
                self.finish(&fate(reply));
                self.next_message(now);
            }
            (Awaits::Quit, _) => self.close(),
            (Awaits::Nothing, _) => {}
        }
    }

    /// Opens the next transaction, or ends the session when no mail is left.
    fn next_message(&mut self, now: Duration) {
        while let Some(message) = self.queue.pop_front() {
            let refused = !self.peer.can_take(&message);
            self.attempt = Some(Attempt { message, fates: Vec::new() });
            if !refused {
                self.send_mail(now);
                return;
            }
            self.finish(&Fate::Refused(None));
        }
        self.command(now, Awaits::Quit, "QUIT");
    }

    fn send_mail(&mut self, now: Duration) {
        let Some(attempt) = &self.attempt else { return };
        let message = &attempt.message;
        let mut command = b"MAIL FROM:<".to_vec();
        command.extend_from_slice(&message.reverse_path);
        command.push(b'>');
        if self.peer.size {
            command.extend_from_slice(format!(" SIZE={}", size(message)).as_bytes());
        }
        if !message.message.is_ascii() {
            command.extend_from_slice(b" BODY=8BITMIME");
        }
        self.write(now, Awaits::Mail, command);
    }

    /// Offers the next recipient; after the last, the message, if anybody is left to get it.
    fn next_recipient(&mut self, now: Duration) {
        let Some(attempt) = &self.attempt else { return };
        if let Some(recipient) = attempt.message.recipients.get(attempt.fates.len()) {
            let command = [b"RCPT TO:<".as_slice(), recipient, b">"].concat();
            self.write(now, Awaits::Rcpt, command);
        } else if attempt.fates.iter().any(Option::is_none) {
            self.command(now, Awaits::Data, "DATA");
        } else {
            self.finish(&Fate::Deferred(None));
            self.command(now, Awaits::Rset, "RSET");
        }
    }

    fn on_rcpt(&mut self, now: Duration, reply: Reply) {
        let taken = reply.code.class() == 2;
        if let Some(attempt) = &mut self.attempt {
            attempt.fates.push(if taken { None } else { Some(fate(reply)) });
        }
        self.next_recipient(now);
    }

    fn send_message(&mut self, now: Duration) {
        let Some(attempt) = &self.attempt else { return };
        let octets = encode(&attempt.message.message);
        self.outputs.push_back(Output::Send(octets));
        self.wait(now, Awaits::EndOfData);
    }

    /// Ends the attempt; recipients without a fate of their own share this one.
    fn finish(&mut self, shared: &Fate) {
        let Some(Attempt { message, fates }) = self.attempt.take() else { return };
        let fates = (0..message.recipients.len())
            .map(|at| fates.get(at).cloned().flatten().unwrap_or_else(|| shared.clone()))
            .collect();
        self.outputs.push_back(Output::Returned(Returned { message, fates }));
    }

    /// Ends the attempt and every one that was still to come.
    fn return_all(&mut self, fate: &Fate) {
        self.finish(fate);
        while let Some(message) = self.queue.pop_front() {
            self.attempt = Some(Attempt { message, fates: Vec::new() });
            self.finish(fate);
        }
    }

    fn give_up(&mut self) {
        self.return_all(&Fate::Deferred(None));
        self.close();
    }

    fn close(&mut self) {
        if self.awaits != Awaits::Nothing {
            self.awaits = Awaits::Nothing;
            self.deadline = None;
            self.outputs.push_back(Output::Close);
        }
    }

    fn command(&mut self, now: Duration, awaits: Awaits, line: &str) {
        self.write(now, awaits, line.as_bytes().to_vec());
    }

    fn write(&mut self, now: Duration, awaits: Awaits, mut line: Vec<u8>) {
        line.extend_from_slice(b"\r\n");
        self.outputs.push_back(Output::Send(line));
        self.wait(now, awaits);
    }

    fn wait(&mut self, now: Duration, awaits: Awaits) {
        let patience = match awaits {
            Awaits::Data => limits::DATA_INITIATION_TIMEOUT,
            Awaits::EndOfData => limits::DATA_TERMINATION_TIMEOUT,
            _ => limits::COMMAND_TIMEOUT,
        };
        self.awaits = awaits;
        self.deadline = Some(now.saturating_add(patience));
    }
}

impl Peer {
    /// What an EHLO reply offers of the extensions that the client can use.
    fn told(reply: &Reply) -> Self {
        let mut peer = Self::default();
        for line in &reply.lines[1..] {
            let mut words = line.split(|&octet| octet == b' ');
            let keyword = words.next().unwrap_or_default();
            if keyword.eq_ignore_ascii_case(b"SIZE") {
                peer.size = true;
                peer.maximum = words.next().and_then(rfc1870::size).filter(|&size| size > 0);
            } else if keyword.eq_ignore_ascii_case(b"8BITMIME") {
                peer.eight_bit = true;
            }
        }
        peer
    }

    /// Whether the message may be sent to this peer at all: 8-bit text only where it is offered
    /// (rfc6152-3-12), no more octets than announced (rfc1870-7-1), no CR or LF alone
    /// (rfc5321-2.3.8-3), and only addresses that SMTP can carry.
    fn can_take(&self, message: &Queued) -> bool {
        let text = &message.message;
        let is_mailbox = |octets: &[u8]| Mailbox::parse(octets, Grammar::default()).is_ok();
        (self.eight_bit || text.is_ascii())
            && self.maximum.is_none_or(|maximum| size(message) <= maximum)
            && is_in_lines(text)
            && !message.recipients.is_empty()
            && (message.reverse_path.is_empty() || is_mailbox(&message.reverse_path))
            && message.recipients.iter().all(|recipient| is_mailbox(recipient))
    }
}

/// The octets of the message as RFC 1870 §5 counts them, with a CRLF at its end.
fn size(message: &Queued) -> u128 {
    let text = &message.message;
    let line_end = if text.is_empty() || text.ends_with(b"\r\n") { 0 } else { 2 };
    text.len() as u128 + line_end
}

/// Whether CR and LF come in pairs only.
fn is_in_lines(text: &[u8]) -> bool {
    let mut after_cr = false;
    for &octet in text {
        if after_cr != (octet == b'\n') {
            return false;
        }
        after_cr = octet == b'\r';
    }
    !after_cr
}

fn fate(reply: Reply) -> Fate {
    if reply.code.class() == 5 { Fate::Refused(Some(reply)) } else { Fate::Deferred(Some(reply)) }
}
