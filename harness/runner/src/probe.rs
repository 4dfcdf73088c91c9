//! The first contact, and every later look at whether the target is still there: connect, hear
//! the greeting, EHLO, QUIT. It ends in bounded time, and with a reason that people can act on.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_judge::{Ending, Happening, Target};
use smtpspec_protocol::escape::escape;
use smtpspec_protocol::{ReadReply, ReplyCode, ReplyReader, SeenReply};
use smtpspec_scenario::{Profile, Tls};
use tokio::time::{Instant, timeout_at};

use crate::connection::{self, Connection};
use crate::target::TargetAddress;

/// How many addresses of one name are tried.
const ADDRESSES: usize = 4;

/// How long we wait for words after our own that decide nothing: a farewell, or what a silent
/// server says when it is spoken to.
const AFTERWORD: Duration = Duration::from_secs(1);

/// How much of what a stranger says is shown.
const SHOWN: usize = 60;

/// A target that answers (RFC 5321 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The address that answered: of several behind one name, the first.
    pub address: SocketAddr,
    /// What it told of itself.
    pub target: Target,
    /// The keywords in its reply to EHLO, as it writes them (RFC 5321 §4.1.1.1).
    pub offered: Vec<String>,
    /// The code of a greeting that turns us away: 554, or 421 when it is too busy
    /// (RFC 5321 §3.1, §3.8).
    pub refuses: Option<ReplyCode>,
}

/// A target with which no session can be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// `HOST:PORT`.
    pub address: String,
    /// What stands in the way.
    pub why: Obstacle,
}

/// What can stand in the way of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The name has no address; in the system's words.
    NoSuchHost(String),
    /// Nobody listens on the port.
    Refused,
    /// Nothing answered within this time.
    TimedOut(Duration),
    /// The system could not connect, in its words: no route, no permission.
    Network(String),
    /// The connection opened, and no greeting came within this time.
    Silent(Duration),
    /// The connection was ended before an octet came.
    ClosedAtOnce,
    /// It speaks this protocol instead of SMTP.
    Speaks(Foreign),
    /// TLS was to begin with the first octet, and the handshake failed; in the TLS library's
    /// words, or the system's.
    NoTls(String),
    /// What it says is no reply of SMTP: its first octets, escaped.
    Stranger(String),
    /// It sends without an end: a line, or a reply, beyond what any has.
    Endless,
    /// Octets came, but no whole reply within this time.
    Slow(Duration),
}

/// A protocol that people meet when they give the wrong port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// The web.
    Http,
    /// Mail for readers.
    Imap,
    /// Mail for readers.
    Pop3,
    /// A shell.
    Ssh,
    /// TLS from the first octet, as on port 465 (RFC 8314 §3.3).
    Tls,
}

/// Looks whether the target answers, and what it tells of itself. It takes at most the profile's
/// time to connect for each address, and its time for a reply for each of greeting and EHLO.
pub async fn probe(target: &TargetAddress, profile: &Profile) -> Result<Contact, Unreachable> {
    let unreachable = |why| Unreachable { address: target.to_string(), why };
    let (address, mut talk) = connect(target, profile).await.map_err(unreachable)?;
    let met = meet(&mut talk, profile).await;
    talk.connection.end(Ending::Close).await;
    let met = met.map_err(unreachable)?;
    let line = |line: &Vec<u8>| escape(line).to_string();
    let hello = met.hello.map(|seen| seen.reply.lines).unwrap_or_default();
    let keyword = |line: &Vec<u8>| {
        let word = line.split(|&octet| octet == b' ').next().unwrap_or_default();
        escape(word).to_string()
    };
    let code = met.greeting.reply.code;
    Ok(Contact {
        address,
        offered: hello.iter().skip(1).map(keyword).collect(),
        refuses: Some(code).filter(|code| code.class() != 2),
        target: Target {
            address: target.to_string(),
            embedded: false,
            lab: None,
            greeting: Some(escape(met.greeting.octets.trim_ascii_end()).to_string()),
            ehlo: hello.iter().map(line).collect(),
        },
    })
}

/// Opens a connection to the first address that takes one.
async fn connect(
    target: &TargetAddress,
    profile: &Profile,
) -> Result<(SocketAddr, Conversation), Obstacle> {
    let patience = profile.timeouts.connect;
    let resolved = timeout_at(Instant::now() + patience, target.resolve()).await;
    let addresses = match resolved {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(Obstacle::NoSuchHost(error.to_string())),
        Err(_) => return Err(Obstacle::NoSuchHost("the name servers did not answer".to_owned())),
    };
    let mut obstacle = Obstacle::NoSuchHost("the name has no address".to_owned());
    for address in addresses.into_iter().take(ADDRESSES) {
        match Connection::open(address, Instant::now() + patience).await {
            Ok(mut connection) => {
                if profile.tls == Tls::OnConnect {
                    let deadline = Instant::now() + profile.timeouts.reply;
                    if let Happening::HandshakeFailed { reason } = connection.secure(deadline).await
                    {
                        return Err(Obstacle::NoTls(reason));
                    }
                }
                return Ok((address, Conversation::new(connection)));
            }
            Err(error) => {
                obstacle = match error.kind() {
                    std::io::ErrorKind::ConnectionRefused => Obstacle::Refused,
                    std::io::ErrorKind::TimedOut => Obstacle::TimedOut(patience),
                    _ => Obstacle::Network(connection::reason(&error)),
                }
            }
        }
    }
    Err(obstacle)
}

/// What was heard before the farewell.
struct Met {
    greeting: SeenReply,
    hello: Option<SeenReply>,
}

async fn meet(talk: &mut Conversation, profile: &Profile) -> Result<Met, Obstacle> {
    let patience = profile.timeouts.reply;
    let hello = format!("{} {}\r\n", profile.protocol.hello(), profile.client);
    let greeting = match talk.hear(patience).await {
        Heard::Reply(greeting) => greeting,
        Heard::Silence if talk.heard.is_empty() => {
            // Servers of other protocols wait to be spoken to, and show then what they are.
            talk.say(hello, patience).await;
            talk.hear(AFTERWORD.min(patience)).await;
            return Err(
                Foreign::of(&talk.heard).map_or(Obstacle::Silent(patience), Obstacle::Speaks)
            );
        }
        Heard::Ended if talk.heard.is_empty() => return Err(Obstacle::ClosedAtOnce),
        other => {
            return Err(match Foreign::of(&talk.heard) {
                Some(foreign) => Obstacle::Speaks(foreign),
                None if matches!(other, Heard::Endless) => Obstacle::Endless,
                None if matches!(other, Heard::Silence) => Obstacle::Slow(patience),
                None => {
                    let said = &talk.heard[..talk.heard.len().min(SHOWN)];
                    Obstacle::Stranger(escape(said).to_string())
                }
            });
        }
    };
    // One that turns us away, or does not answer here, has still answered: it is there.
    let mut hello = if greeting.reply.code.class() == 2 && talk.say(hello, patience).await {
        match talk.hear(patience).await {
            Heard::Reply(seen) => Some(seen),
            _ => None,
        }
    } else {
        None
    };
    hello = hello.filter(|seen| seen.reply.code.class() == 2);
    if talk.say("QUIT\r\n".to_owned(), patience).await {
        talk.hear(AFTERWORD.min(patience)).await;
    }
    Ok(Met { greeting, hello })
}

/// A connection on which replies are heard.
struct Conversation {
    connection: Connection,
    reader: ReplyReader,
    /// What was read and not yet looked at.
    unread: Vec<u8>,
    /// The first octets that ever came.
    heard: Vec<u8>,
}

enum Heard {
    Reply(SeenReply),
    /// A line that is no reply.
    Other,
    Endless,
    Ended,
    /// No whole reply in the time.
    Silence,
}

impl Conversation {
    fn new(connection: Connection) -> Self {
        let (unread, heard) = (Vec::new(), Vec::new());
        Self { connection, reader: ReplyReader::default(), unread, heard }
    }

    /// Sends a line; false where nobody takes it.
    async fn say(&mut self, line: String, within: Duration) -> bool {
        let length = line.len();
        let sent = self.connection.send(line.into_bytes(), Instant::now() + within).await;
        matches!(sent, Happening::Sent { octets } if octets.len() == length)
    }

    /// Waits for a whole reply.
    async fn hear(&mut self, within: Duration) -> Heard {
        let deadline = Instant::now() + within;
        loop {
            let mut input = self.unread.as_slice();
            let read = self.reader.feed(&mut input);
            let left = input.len();
            self.unread.drain(..self.unread.len() - left);
            match read {
                Some(ReadReply::Reply(seen)) => return Heard::Reply(seen),
                Some(ReadReply::Garbage { .. }) => return Heard::Other,
                Some(ReadReply::Overflow { .. }) => return Heard::Endless,
                None => {}
            }
            if Instant::now() >= deadline {
                return Heard::Silence;
            }
            match self.connection.receive(deadline).await {
                Happening::Received { octets } => {
                    let room = SHOWN.saturating_sub(self.heard.len()).min(octets.len());
                    self.heard.extend_from_slice(&octets[..room]);
                    self.unread = octets;
                }
                Happening::Waited => return Heard::Silence,
                _ => return Heard::Ended,
            }
        }
    }
}

impl Foreign {
    /// The protocol whose first octets these are.
    fn of(octets: &[u8]) -> Option<Self> {
        let begins = |word: &str| {
            octets.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        };
        let any = |words: &[&str]| words.iter().any(|word| begins(word));
        if any(&["HTTP/", "<!DOCTYPE", "<html"]) {
            Some(Self::Http)
        } else if any(&["* OK", "* PREAUTH", "* BYE", "* BAD"]) {
            Some(Self::Imap)
        } else if any(&["+OK", "-ERR"]) {
            Some(Self::Pop3)
        } else if begins("SSH-") {
            Some(Self::Ssh)
        } else if matches!(octets, [0x14..=0x17, 0x03, 0x00..=0x04, ..]) {
            // The head of a record: its type and the version (RFC 8446 §5.1).
            Some(Self::Tls)
        } else {
            None
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Http => "HTTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Ssh => "SSH",
            Self::Tls => "TLS from the first octet",
        })
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match &self.why {
            Obstacle::NoSuchHost(reason) => write!(f, "{address} is not known: {reason}"),
            Obstacle::Refused => {
                write!(f, "{address} refused the connection: nobody listens there")
            }
            Obstacle::TimedOut(time) => write!(f, "{address} did not answer within {time:?}"),
            Obstacle::Network(reason) => write!(f, "{address} can't be reached: {reason}"),
            Obstacle::Silent(time) => {
                write!(f, "{address} took the connection, but sent no greeting within {time:?}")
            }
            Obstacle::ClosedAtOnce => {
                write!(f, "{address} took the connection and closed it without a word")
            }
            Obstacle::Speaks(foreign) => write!(f, "{address} speaks {foreign}, not plain SMTP"),
            Obstacle::NoTls(reason) => {
                write!(f, "{address} does not begin with a TLS handshake: {reason}")
            }
            Obstacle::Stranger(said) => {
                write!(f, "{address} does not speak SMTP; it began with `{said}`")
            }
            Obstacle::Endless => write!(f, "{address} sends a greeting that does not end"),
            Obstacle::Slow(time) => {
                write!(f, "{address} began a greeting and did not end it within {time:?}")
            }
        }
    }
}

impl std::error::Error for Unreachable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_known_by_their_first_octets() {
        let table: [(&[u8], Option<Foreign>); 10] = [
            (b"HTTP/1.1 400 Bad Request\r\n", Some(Foreign::Http)),
            (b"<!doctype html>", Some(Foreign::Http)),
            (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", Some(Foreign::Imap)),
            (b"+OK ready\r\n", Some(Foreign::Pop3)),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Some(Foreign::Ssh)),
            (b"\x15\x03\x01\x00\x02\x02\x46", Some(Foreign::Tls)),
            (b"220 mx.example.test\r\n", None),
            (b"hello\r\n", None),
            (b"SSH", None),
            (b"", None),
        ];
        for (octets, foreign) in table {
            assert_eq!(Foreign::of(octets), foreign, "{}", escape(octets));
        }
    }
}
