//! The next hop: a server that takes whatever a relay passes on, so that it can be looked at. It
//! speaks SMTP, or LMTP as a mailbox store does (RFC 2033).
//!
//! It judges nothing and adds nothing: a message comes out of it octet for octet as it was sent,
//! with transparency undone, and only CRLF.CRLF ends it. What the relay itself took for the end of
//! a message shows in what arrives here.

use std::collections::VecDeque;

use smtpspec_protocol::{DataDecoder, Framed, LineBuffer};

use crate::delivery::Delivery;
use crate::server::Output;
use crate::transaction::ParameterList;

/// The longest command line: with the parameters of all extensions it stays below.
const COMMAND_LINE: usize = 16 * 1024;

/// The largest message that is taken.
const MESSAGE: usize = 64 << 20;

/// The most recipients of one transaction.
const RECIPIENTS: usize = 1_000;

/// One session of the next hop, without input or output of its own (RFC 5321 §3.3, RFC 2033 §4).
#[derive(Debug)]
pub struct NextHop {
    name: String,
    lmtp: bool,
    refused: Vec<Vec<u8>>,
    lines: LineBuffer,
    text: Option<Text>,
    greeted: bool,
    closed: bool,
    without: Vec<String>,
    from: Option<(Vec<u8>, ParameterList)>,
    to: Vec<(Vec<u8>, ParameterList)>,
    outputs: VecDeque<Output>,
}

/// A message on its way in.
#[derive(Debug, Default)]
struct Text {
    decoder: DataDecoder,
    octets: Vec<u8>,
    too_large: bool,
}

impl NextHop {
    /// A session of a server with this name, which speaks LMTP if `lmtp` (RFC 2033 §4.1). It
    /// begins with the greeting.
    pub fn new(name: &str, lmtp: bool) -> Self {
        let mut hop = Self {
            name: name.to_owned(),
            lmtp,
            refused: Vec::new(),
            without: Vec::new(),
            lines: LineBuffer::new(COMMAND_LINE),
            text: None,
            greeted: false,
            closed: false,
            from: None,
            to: Vec::new(),
            outputs: VecDeque::new(),
        };
        let protocol = if lmtp { "LMTP" } else { "ESMTP" };
        hop.say(&format!("220 {name} {protocol} the next hop"));
        hop
    }

    /// The same, which does not know these mailboxes: whoever took mail for them has to tell the
    /// sender (RFC 5321 §3.6.3).
    #[must_use]
    pub fn refusing(self, refused: Vec<Vec<u8>>) -> Self {
        Self { refused, ..self }
    }

    /// The same, which does not offer these extensions, by their EHLO keywords. What a relay sends
    /// of them all the same is taken: to refuse it would hide it.
    #[must_use]
    pub fn without(self, without: Vec<String>) -> Self {
        Self { without, ..self }
    }

    /// Takes what the relay sent, in pieces of any size (RFC 2920 §3.2).
    pub fn receive(&mut self, octets: &[u8]) {
        let mut input = octets;
        while !input.is_empty() && !self.closed {
            if let Some(text) = &mut self.text {
                if text.feed(&mut input) {
                    self.end_of_data();
                }
                continue;
            }
            match self.lines.feed(&mut input) {
                Some(Framed::Line(line)) => self.command(&line),
                Some(Framed::TooLong { .. }) => self.say("500 5.5.2 Line too long"),
                None => return,
            }
        }
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn command(&mut self, line: &[u8]) {
        let verb = line.split(|&octet| octet == b' ').next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_slice() {
            b"EHLO" if !self.lmtp => self.hello(true),
            b"HELO" if !self.lmtp => self.hello(false),
            b"LHLO" if self.lmtp => self.hello(true),
            b"MAIL" => self.mail(line),
            b"RCPT" => self.rcpt(line),
            b"DATA" if self.to.is_empty() => self.say("503 5.5.1 No recipients"),
            b"DATA" => {
                self.text = Some(Text::default());
                self.say("354 Go ahead");
            }
            b"RSET" => {
                self.reset();
                self.say("250 2.0.0 OK");
            }
            b"NOOP" => self.say("250 2.0.0 OK"),
            b"VRFY" => self.say("252 2.1.5 Send some mail"),
            b"QUIT" => {
                self.say("221 2.0.0 Bye");
                self.closed = true;
                self.outputs.push_back(Output::Close);
            }
            _ => self.say("500 5.5.1 Unknown command"),
        }
    }

    fn hello(&mut self, extended: bool) {
        self.reset();
        self.greeted = true;
        if !extended {
            let name = self.name.clone();
            return self.say(&format!("250 {name}"));
        }
        // What it offers is what keeps a relay from changing a message before it passes it on.
        let mut keywords =
            vec!["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "DELIVERBY"];
        keywords.retain(|keyword| !self.without.iter().any(|no| no.eq_ignore_ascii_case(keyword)));
        let keywords: Vec<_> = keywords.iter().map(|word| format!("250-{word}\r\n")).collect();
        let keywords = keywords.concat();
        self.say(&format!("250-{}\r\n{keywords}250 SIZE {MESSAGE}", self.name));
    }

    fn mail(&mut self, line: &[u8]) {
        if !self.greeted || self.from.is_some() {
            return self.say("503 5.5.1 Not now");
        }
        match path(line) {
            Some((path, behind)) => {
                self.from = Some((path.to_vec(), parameters(behind)));
                self.say("250 2.1.0 OK");
            }
            None => self.say("501 5.5.4 There is no path in angle brackets"),
        }
    }

    fn rcpt(&mut self, line: &[u8]) {
        if self.from.is_none() {
            return self.say("503 5.5.1 Not now");
        }
        match path(line).filter(|(path, _)| !path.is_empty()) {
            Some(_) if self.to.len() >= RECIPIENTS => self.say("452 4.5.3 Too many recipients"),
            Some((path, _)) if self.refused.iter().any(|refused| same(path, refused)) => {
                self.say("550 5.1.1 No such mailbox");
            }
            Some((path, behind)) => {
                self.to.push((path.to_vec(), parameters(behind)));
                self.say("250 2.1.5 OK");
            }
            None => self.say("501 5.5.4 There is no path in angle brackets"),
        }
    }

    fn end_of_data(&mut self) {
        let Some(text) = self.text.take() else { return };
        let to = std::mem::take(&mut self.to);
        // RFC 2033 §4.2: a reply for each recipient.
        let replies = if self.lmtp { to.len() } else { 1 };
        let reply = if text.too_large { "552 5.3.4 Too large" } else { "250 2.0.0 OK" };
        let (reverse_path, parameters) = self.from.take().unwrap_or_default();
        if !text.too_large {
            self.outputs.push_back(Output::Deliver(Delivery {
                reverse_path,
                recipients: to.iter().map(|(mailbox, _)| mailbox.clone()).collect(),
                parameters,
                recipient_parameters: { to }
                    .into_iter()
                    .filter(|(_, parameters)| !parameters.is_empty())
                    .collect(),
                message: text.octets,
                held: None,
            }));
        }
        for _ in 0..replies {
            self.say(reply);
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Replies that follow each other leave in one write.
    fn say(&mut self, reply: &str) {
        let octets = [reply.as_bytes(), b"\r\n"].concat();
        match self.outputs.back_mut() {
            Some(Output::Send(said)) => said.extend(octets),
            _ => self.outputs.push_back(Output::Send(octets)),
        }
    }
}

impl Text {
    /// Takes input up to the end of data, and says whether that was reached.
    fn feed(&mut self, input: &mut &[u8]) -> bool {
        let ended = self.decoder.feed(input, &mut self.octets);
        if self.octets.len() > MESSAGE {
            self.too_large = true;
        }
        if self.too_large {
            self.octets = Vec::new();
        }
        ended
    }
}

/// What stands between the first angle bracket and the one that closes it, as it was sent: what a
/// relay makes of an address is not for the next hop to mend. And what stands behind it.
fn path(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.iter().position(|&octet| octet == b'<')? + 1;
    let (mut quoted, mut escaped) = (false, false);
    let end = line[start..].iter().position(|&octet| {
        let closes = octet == b'>' && !quoted;
        quoted ^= octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    })?;
    Some((&line[start..start + end], &line[start + end + 1..]))
}

/// The parameters behind a path, as far as there is a blank between them.
fn parameters(behind: &[u8]) -> ParameterList {
    let words = behind.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words
        .map(|word| match word.iter().position(|&octet| octet == b'=') {
            Some(at) => (word[..at].to_ascii_uppercase(), Some(word[at + 1..].to_vec())),
            None => (word.to_ascii_uppercase(), None),
        })
        .collect()
}

/// Whether it is the same mailbox: the domain in any case (RFC 5321 §2.4).
fn same(path: &[u8], mailbox: &[u8]) -> bool {
    let at = |path: &[u8]| path.iter().rposition(|&octet| octet == b'@').unwrap_or(path.len());
    let (a, b) = (at(path), at(mailbox));
    path[..a] == mailbox[..b] && path[a..].eq_ignore_ascii_case(&mailbox[b..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is said, and all that is delivered.
    fn talk(lmtp: bool, pieces: &[&[u8]]) -> (String, Vec<Delivery>, bool) {
        let mut hop = NextHop::new("next.example.test", lmtp);
        for piece in pieces {
            hop.receive(piece);
        }
        let (mut said, mut delivered, mut closed) = (Vec::new(), Vec::new(), false);
        while let Some(output) = hop.poll() {
            match output {
                Output::Send(octets) => said.extend(octets),
                Output::Deliver(delivery) => delivered.push(delivery),
                Output::Close => closed = true,
                Output::StartTls | Output::Returned(_) => panic!("a next hop returns nothing"),
            }
        }
        let codes = String::from_utf8(said).unwrap();
        let codes = codes.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]);
        (codes.collect::<Vec<_>>().join(" "), delivered, closed)
    }

    const SESSION: &[u8] = b"EHLO a\r\nMAIL FROM:<a@b.example> SIZE=5\r\nRCPT TO:<\"x>y\"@c.example>\r\n\
                            RCPT TO:<z@c.example> notify=NEVER\r\nDATA\r\n..\r\n\0\xff\n.\n\r.\r\r\n.\r\nQUIT\r\n";

    #[test]
    fn a_message_comes_out_octet_for_octet_however_it_is_cut() {
        let expected = Delivery {
            reverse_path: b"a@b.example".to_vec(),
            recipients: vec![b"\"x>y\"@c.example".to_vec(), b"z@c.example".to_vec()],
            parameters: vec![(b"SIZE".to_vec(), Some(b"5".to_vec()))],
            recipient_parameters: vec![(
                b"z@c.example".to_vec(),
                vec![(b"NOTIFY".to_vec(), Some(b"NEVER".to_vec()))],
            )],
            message: b".\r\n\0\xff\n.\n\r.\r\r\n".to_vec(),
            held: None,
        };
        let octets: Vec<&[u8]> = SESSION.chunks(1).collect();
        for pieces in [&[SESSION][..], &octets] {
            let (codes, delivered, closed) = talk(false, pieces);
            assert_eq!(codes, "220 250 250 250 250 354 250 221");
            assert_eq!((delivered.as_slice(), closed), (&[expected.clone()][..], true));
        }
    }

    #[test]
    fn lmtp_has_its_own_hello_and_a_reply_for_each_recipient() {
        assert_eq!(talk(true, &[b"EHLO a\r\n"]).0, "220 500");
        assert_eq!(talk(false, &[b"LHLO a\r\n"]).0, "220 500");
        let session = [b"L", &SESSION[1..]].concat();
        let session = [&b"LHLO"[..], &session[4..]].concat();
        let (codes, delivered, _) = talk(true, &[&session]);
        assert_eq!((codes.as_str(), delivered.len()), ("220 250 250 250 250 354 250 250 221", 1));
    }

    #[test]
    fn a_transaction_is_in_order_or_refused() {
        let table: [(&[u8], &str); 5] = [
            (b"MAIL FROM:<>\r\n", "503"),
            (b"HELO a\r\nRCPT TO:<a@b>\r\nDATA\r\n", "250 503 503"),
            (b"HELO a\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\n", "250 250 503"),
            (b"HELO a\r\nMAIL FROM:a@b\r\nMAIL FROM:<\"a>\r\n", "250 501 501"),
            (b"HELO a\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@b>\r\nXYZ\r\n", "250 250 250 503 500"),
        ];
        for (session, codes) in table {
            assert_eq!(talk(false, &[session]).0, format!("220 {codes}"));
        }
    }

    #[test]
    fn a_mailbox_that_is_refused_leaves_the_others_alone() {
        let mut hop = NextHop::new("a", false).refusing(vec![b"x@b.test".to_vec()]);
        hop.receive(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<x@B.test>\r\nRCPT TO:<X@b.test>\r\n");
        let Some(Output::Send(said)) = hop.poll() else { panic!("it says nothing") };
        let said = String::from_utf8(said).unwrap();
        assert!(said.ends_with("550 5.1.1 No such mailbox\r\n250 2.1.5 OK\r\n"), "{said}");
    }

    #[test]
    fn what_has_not_ended_is_not_delivered() {
        let whole = SESSION.len() - b".\r\nQUIT\r\n".len();
        assert_eq!(talk(false, &[&SESSION[..whole]]).1, []);
    }
}
