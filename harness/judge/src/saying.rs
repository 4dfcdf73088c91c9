//! The part of the interpreter that turns what a step says into writes.

use std::time::Duration;

use smtpspec_catalogue::Grade;
use smtpspec_protocol::DataEncoder;
use smtpspec_reference::sasl::{self, Answering, Mechanism};
use smtpspec_scenario::{Act, Answer, Content, Missing, Ruling, SLOW, Send, Template};

use crate::peer::Link;
use crate::play::{Action, Play, Stage};
use crate::segmentation::Segmentation;
use crate::transcript::Ending;
use crate::verdict::{Evidence, Verdict};

/// How many octets come behind a text at the most: CRLF, a dot, CRLF (RFC 5321 §4.1.1.4).
const END_OF_DATA: usize = 5;

impl Play {
    pub(crate) fn send(&mut self, peer: usize, send: &Send, now: Duration) -> Option<Action> {
        if let Send::Handshake { .. } = send {
            return self.handshake(peer);
        }
        let how = match send {
            Send::Close => Some(Ending::Close),
            Send::HalfClose => Some(Ending::Half),
            Send::Abort => Some(Ending::Abort),
            _ => None,
        };
        if how == Some(Ending::Half) && self.peers[peer].secured {
            // Up to TLS 1.2 who hears that one side ends has to end too (RFC 5246 §7.2.1), and
            // the libraries do so in 1.3.
            let reason = "inside TLS one side can't end and still listen";
            self.stop(Verdict::Inconclusive, reason.to_owned());
            return None;
        }
        if let Some(how) = how {
            return Some(Action::End { connection: peer, how });
        }
        match self.octets(send) {
            Ok((writes, pause)) => {
                self.note_secrets(send);
                // A step that waits is about time: cut finer, it would wait at each cut.
                let about_time = pause >= SLOW;
                let cut =
                    if about_time { Segmentation::AsWritten } else { self.setup.segmentation };
                let writes = cut.cut(writes);
                let pause = self.by_clock(pause);
                self.stage = Stage::Writing { peer, writes: writes.into(), pause, next_at: now };
            }
            Err(missing) => self.lacks(&missing),
        }
        None
    }

    /// Begins TLS; where the server has gone instead, that is as good as a handshake that fails.
    fn handshake(&mut self, peer: usize) -> Option<Action> {
        if self.peers[peer].link == Link::Open {
            return Some(Action::Secure { connection: peer });
        }
        let event = self.transcript.events.len().saturating_sub(1);
        self.not_secured(event, "the server had ended the connection");
        None
    }

    /// There was no TLS handshake. Whose fault that is can't be told, unless the scenario says so:
    /// the two libraries may have nothing in common.
    pub(crate) fn not_secured(&mut self, event: usize, reason: &str) {
        let what = format!("there was no TLS handshake: {reason}");
        let step = self.handshake.take();
        let failed = match step.as_ref().map(|item| &item.step.act) {
            Some(Act::Send(Send::Handshake { failed })) => *failed,
            _ => Ruling::Inconclusive,
        };
        let grade = match failed {
            Ruling::Fail => Grade::Must,
            Ruling::Warn => Grade::Should,
            other => return self.stop(Verdict::from(other), what),
        };
        if let Some(item) = step {
            let evidence = Evidence { event, ..Evidence::default() };
            self.convict(&item, grade, what, "a TLS handshake".to_owned(), evidence);
            self.stop(Verdict::of_breach(grade), String::new());
        }
    }

    /// The writes that a step stands for.
    fn octets(&self, send: &Send) -> Result<(Vec<Vec<u8>>, Duration), Missing> {
        match send {
            Send::Writes { writes, pause } => {
                let writes = writes.iter().map(|contents| self.content(contents));
                Ok((writes.collect::<Result<_, _>>()?, *pause))
            }
            Send::Message(contents) => {
                // A large message is held once, as it goes over the wire.
                let mut encoder = DataEncoder::new();
                let mut message = Vec::with_capacity(self.length(contents)? + END_OF_DATA);
                self.each_piece(contents, |piece| encoder.feed(piece, &mut message))?;
                encoder.finish(&mut message);
                Ok((vec![message], Duration::ZERO))
            }
            Send::Chunk { contents, last } => {
                let length = self.length(contents)?;
                let last = if *last { " LAST" } else { "" };
                let mut octets = format!("BDAT {length}{last}\r\n").into_bytes();
                octets.reserve_exact(length);
                self.each_piece(contents, |piece| octets.extend_from_slice(piece))?;
                Ok((vec![octets], Duration::ZERO))
            }
            Send::Handshake { .. } | Send::Close | Send::HalfClose | Send::Abort => {
                Ok((Vec::new(), Duration::ZERO))
            }
        }
    }

    pub(crate) fn content(&self, contents: &[Content]) -> Result<Vec<u8>, Missing> {
        let mut octets = Vec::new();
        self.each_piece(contents, |piece| octets.extend_from_slice(piece))?;
        Ok(octets)
    }

    fn length(&self, contents: &[Content]) -> Result<usize, Missing> {
        let mut length = 0;
        self.each_piece(contents, |piece| length += piece.len())?;
        Ok(length)
    }

    /// What the contents stand for, piece by piece.
    fn each_piece(&self, contents: &[Content], mut take: impl FnMut(&[u8])) -> Result<(), Missing> {
        for content in contents {
            match content {
                Content::Text(template) => take(&self.expand(template)?),
                Content::Repeat { unit, times } => {
                    let unit = self.expand(unit)?;
                    (0..*times).for_each(|_| take(&unit));
                }
                Content::Base64(template) => {
                    take(sasl::encode(&self.expand(template)?).as_bytes());
                }
                // A challenge that makes no sense is answered by the asterisk that cancels
                // (rfc4954-4-22).
                Content::Answer(answer) => match self.answer(answer)? {
                    Some(answer) => take(sasl::encode(&answer.response).as_bytes()),
                    None => take(b"*"),
                },
            }
        }
        Ok(())
    }

    /// Remembers what of this may not be shown: what a password or a token went into.
    fn note_secrets(&mut self, send: &Send) {
        let is_secret = |name: &str| matches!(name, "password" | "token");
        let in_field = |name: &str| {
            let mut fields = self.case.fields().iter().filter(|(field, _)| field == name);
            fields.any(|(_, value)| value.names().any(is_secret))
        };
        let encoded = |content: &&Content| match content {
            Content::Answer(_) => true,
            Content::Base64(text) => text.names().any(|name| is_secret(name) || in_field(name)),
            // In plain text the secret is what it is.
            Content::Text(_) | Content::Repeat { .. } => false,
        };
        let used: Vec<Vec<u8>> = send
            .contents()
            .filter(encoded)
            .filter_map(|content| self.content(std::slice::from_ref(content)).ok())
            .collect();
        for secret in used {
            self.secrets.add(&secret);
        }
        for content in send.contents() {
            let Content::Answer(answer) = content else { continue };
            let answer = self.answer(answer).ok().flatten();
            self.verifier = answer.and_then(|answer| answer.verifier);
            // It comes of the password too.
            if let Some(verifier) = &self.verifier {
                self.secrets.add(sasl::encode(verifier).as_bytes());
            }
        }
    }

    /// What a mechanism answers, where the challenge makes sense.
    fn answer(&self, answer: &Answer) -> Result<Option<sasl::Answer>, Missing> {
        let challenge = self.expand(&answer.challenge)?;
        let user = self.variables.get("user")?;
        let password = match &answer.password {
            Some(password) => self.expand(password)?,
            None => self.variables.get("password")?.to_vec(),
        };
        let first = match &answer.first {
            Some(first) => self.expand(first)?,
            None => [b"n,,n=", user, b",r=", self.variables.get("unique")?].concat(),
        };
        let choice = |text: &Option<Template>| text.as_ref().map(|it| self.expand(it)).transpose();
        let (header, nonce) = (choice(&answer.header)?, choice(&answer.nonce)?);
        let extensions = choice(&answer.extensions)?;
        let client = Answering {
            user,
            password: &password,
            first: &first,
            header: header.as_deref(),
            nonce: nonce.as_deref(),
            extensions: extensions.as_deref(),
        };
        let mechanism = Mechanism::named(&self.expand(&answer.mechanism)?);
        let known = mechanism.zip(sasl::decode(&challenge));
        Ok(known.and_then(|(mechanism, challenge)| sasl::answer(mechanism, client, &challenge)))
    }

    pub(crate) fn expand(&self, template: &Template) -> Result<Vec<u8>, Missing> {
        template.expand(self.case.fields(), &self.variables)
    }

    /// The next write of a step.
    pub(crate) fn write(&mut self, now: Duration) -> Option<Action> {
        let Stage::Writing { peer, writes, pause, next_at } = &mut self.stage else { return None };
        if now < *next_at && !writes.is_empty() {
            return Some(Action::Pause { until: *next_at });
        }
        let connection = *peer;
        let octets = writes.pop_front();
        *next_at = now + *pause;
        let over = self.peers[connection].link != Link::Open;
        match octets {
            // A peer that has gone can be told nothing more; what it said is still to be heard.
            Some(octets) if !over => Some(Action::Send { connection, octets }),
            _ => {
                self.stage = Stage::Between;
                None
            }
        }
    }
}
