//! Which stimulus a reply answers, and what state that leads to.

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::limits::COMMAND_LINE;
use smtpspec_protocol::{ReplyCode, Request, SeenReply, Verb};
use smtpspec_reference::{State, Stimulus};

use super::data::LookAlike;
use super::doubt::{Doubt, Next, Reading};
use super::exchange::unjudged;
use super::judging::breaches;
use super::{Asked, Exchange, Phase, STARTTLS, Watch};
use crate::verdict::Evidence;

/// A command line that was sent.
pub(super) struct Line {
    /// Its octets, with what ends it.
    pub(super) octets: Vec<u8>,
    /// Whether CRLF was there to end it, or LF where the server has shown that it takes LF.
    pub(super) is_whole: bool,
}

impl Line {
    pub(super) fn content(&self) -> &[u8] {
        content(&self.octets, self.is_whole)
    }
}

/// A line without what ends it, if it is whole.
fn content(line: &[u8], is_whole: bool) -> &[u8] {
    if !is_whole {
        return line;
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Watch {
    pub(super) fn pair(&mut self, event: usize, seen: SeenReply) -> Exchange {
        match self.phase {
            Phase::Greeting => {
                self.phase = Phase::Commands;
                self.conduct.impatient = !self.pending.is_empty();
                self.answer(event, seen, Asked::Connection, Vec::new(), &Stimulus::Connected)
            }
            Phase::Commands => self.pair_command(event, seen),
            Phase::Data(_) => self.answer_data(event, seen),
            Phase::Report(_) => self.answer_last_chunk(event, seen),
            Phase::Continuation => self.answer_response(event, seen),
            Phase::Lost if self.looks_back => {
                self.find_stray(&seen);
                unjudged(event, seen, Asked::Nothing, Vec::new())
            }
            Phase::Lost | Phase::Turned => unjudged(event, seen, Asked::Nothing, Vec::new()),
        }
    }

    pub(super) fn pair_command(&mut self, event: usize, seen: SeenReply) -> Exchange {
        if seen.reply.code.get() == 220 && self.answers_starttls_late() {
            // No other command draws 220, and the server awaits a handshake now.
            self.lose("220 came late, and may be the answer to STARTTLS");
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        }
        if let Some(doubt) = self.doubt.take() {
            match self.reading(&doubt, seen.reply.code) {
                Reading::AsSent => {
                    let otherwise = doubt.split.into_iter().flat_map(|split| split.otherwise);
                    otherwise.for_each(|finding| self.add(finding));
                }
                Reading::Otherwise => return self.reread(event, seen, doubt),
                Reading::Open => {
                    if self.pending.is_empty() && !self.find_second(event, &seen, &doubt) {
                        self.find_unasked(event, &seen);
                    }
                    self.lose("what was sent can be read in two ways");
                    return unjudged(event, seen, Asked::Nothing, Vec::new());
                }
            }
        }
        match self.take_line() {
            Some(line) => self.answer_command(event, seen, &line),
            None => self.answer_early(event, seen),
        }
    }

    /// Whether STARTTLS was sent, and something else is the next to be answered: which of several replies
    /// answers what was perhaps lost on the way.
    fn answers_starttls_late(&self) -> bool {
        // One that is left over is looked back upon.
        let Some(next) = self.peek_line() else { return false };
        self.asked_for_tls()
            && !next.get(..STARTTLS.len()).is_some_and(|verb| verb.eq_ignore_ascii_case(STARTTLS))
    }

    fn answer_command(&mut self, event: usize, seen: SeenReply, line: &Line) -> Exchange {
        let grammar = self.model.grammar();
        let content = line.content();
        let stray = content.iter().any(|octet| matches!(octet, b'\r' | b'\n'));
        if stray {
            return self.answer_ambiguous(event, seen, line);
        }
        let request = Request::parse(content, grammar);
        let chunk = self.model.chunk(&request);
        if let Some(chunk) = chunk.filter(|_| line.octets.len() <= COMMAND_LINE) {
            return self.answer_chunk(event, seen, line, chunk);
        }
        self.drop_chunk(content);
        // Postfix leaves a client that says GET: whoever speaks so may be an attacker's tool.
        let strange = matches!(request.verb, Verb::Other(_)) || !request.is_strict();
        self.conduct.blameless &= !strange;
        let code = seen.reply.code;
        self.note_haste(&request.verb);
        let asked = asked(&request);
        let stimulus = stimulus(line, &request, COMMAND_LINE);
        let exchange = self.answer(event, seen, asked, line.octets.clone(), &stimulus);
        self.turn_to(&request, code);
        let overlong = line.octets.len() > COMMAND_LINE;
        if overlong && !line.is_whole {
            self.lose("a command line was answered before its end");
        } else if overlong && matches!(self.phase, Phase::Commands) {
            self.doubt_of_long_line();
        }
        exchange
    }

    /// What is behind the part of a long line that fits a server's buffer may be read as a command.
    pub(super) fn doubt_of_long_line(&mut self) {
        self.doubt = Some(Doubt {
            requirement: requirement!("rfc5321-4.2-1"),
            what: "more than one reply to a line that is too long".to_owned(),
            next: Next::Excess,
            any_proves: false,
            split: None,
            in_flight: false,
        });
    }

    /// A client that goes on before the reply, where no extension lets it, may be refused whatever
    /// it says (rfc5321-4.3.1-1; RFC 2920 §3.1 has the commands after which it may go on).
    pub(super) fn note_haste(&mut self, verb: &Verb<'_>) {
        use Verb::{Mail, Rcpt, Rset, Saml, Send, Soml};
        // The example of RFC 3030 §4.2 has BDAT among them.
        let bdat = verb.name().eq_ignore_ascii_case(b"BDAT");
        let pipelined = matches!(verb, Mail | Rcpt | Rset | Saml | Send | Soml) || bdat;
        let may = pipelined && self.model.offers("PIPELINING");
        self.conduct.impatient |= !self.pending.is_empty() && !may;
        self.conduct.commands += 1;
        let of_transaction = matches!(verb, Mail | Rcpt | Saml | Send | Soml | Verb::Data) || bdat;
        self.conduct.asides += usize::from(!of_transaction);
    }

    /// What follows the reply to a command.
    fn turn_to(&mut self, request: &Request<'_>, code: ReplyCode) {
        let verb = &request.verb;
        let extension = |word: &[u8]| verb.name().eq_ignore_ascii_case(word);
        match (verb, code.class()) {
            (Verb::Data, 3) if self.owes_no_reply() => {
                self.lose("nobody can know how a message without recipients is answered");
            }
            (Verb::Data, 3) => {
                self.phase = Phase::Data(Box::default());
                self.scan_data();
            }
            (Verb::Data, 2) => self.lose_for_stray("DATA was answered as if it were done"),
            (Verb::Turn, 2) => self.phase = Phase::Turned,
            (Verb::Other(_), 2) if *self.model.state() == State::Turned => {
                self.phase = Phase::Turned;
            }
            (Verb::Other(_), 3) if *self.model.state() == State::AwaitResponse => {
                self.phase = Phase::Continuation;
            }
            (Verb::Other(_), 2) if extension(b"STARTTLS") && code.get() != 220 => {
                self.lose_for_stray("STARTTLS was answered by another success");
            }
            (Verb::Other(_), 2) if extension(b"STARTTLS") => {
                self.encrypted = true;
                self.injected = !self.pending.is_empty();
                self.lose("a TLS handshake is due");
            }
            (Verb::Other(_), 4 | 5) if extension(b"STARTTLS") && self.model.is_secured() => {
                self.conduct.wants_tls_twice = true;
            }
            (Verb::Other(_), class) if extension(b"BDAT") => self.after_bdat(request.line, class),
            (_, 2 | 4 | 5) => {}
            _ => self.lose("nobody can know what the server awaits"),
        }
        if matches!(verb, Verb::Quit) || matches!(code.get(), 221 | 421) {
            self.conduct.blameless = false;
        }
    }

    fn answer_data(&mut self, event: usize, seen: SeenReply) -> Exchange {
        let phase = std::mem::replace(&mut self.phase, Phase::Commands);
        let Phase::Data(data) = phase else {
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        };
        let look_alike = data.look_alike();
        let code = seen.reply.code;
        let stimulus = Stimulus::Message(data.facts());
        if data.ended() {
            if self.awaits_another(&stimulus, code) {
                let exchange = self.answer(event, seen, Asked::Message, Vec::new(), &stimulus);
                self.phase = Phase::Data(data);
                return exchange;
            }
            self.conduct.commands = 0;
            self.conduct.blameless &= look_alike.is_none();
            self.conduct.impatient |= !self.pending.is_empty() && !self.model.offers("PIPELINING");
            self.doubt = look_alike.map(|look| Doubt {
                requirement: look.requirement,
                what: format!("what follows {} in the data was read as commands", look.what),
                next: look.tail.map_or(Next::Unknown, Next::Octets),
                any_proves: code.class() == 2,
                split: None,
                in_flight: !self.pending.is_empty(),
            });
            return self.answer(event, seen, Asked::Message, Vec::new(), &stimulus);
        }
        // A refusal in the middle of the data is how a server gives up a message or a client; an
        // acceptance shows that it took something else for the end.
        match code.class() {
            2 => {
                let tail = self.find_early_end(event, &seen, look_alike);
                self.model.advance(&stimulus, &seen.reply);
                match tail {
                    Some(tail) if !self.model.awaits_data() => self.pending = tail.into(),
                    _ => self.lose("the data was taken for ended"),
                }
            }
            3 => {
                let received = seen.octets.clone();
                self.find(
                    requirement!("rfc5321-4.2-1"),
                    "a further 3yz in the middle of the data".to_owned(),
                    "no reply before the end of the data".to_owned(),
                    Evidence { event, received, ..Evidence::default() },
                );
                self.lose("nobody can know what the server awaits");
            }
            _ => self.lose("the message was refused in the middle of the data"),
        }
        unjudged(event, seen, Asked::Message, Vec::new())
    }

    /// A success before the end of data; what the server reads next, if that is known.
    fn find_early_end(
        &mut self,
        event: usize,
        seen: &SeenReply,
        look_alike: Option<LookAlike>,
    ) -> Option<Vec<u8>> {
        self.conduct.blameless = false;
        let code = seen.reply.code;
        let (requirement, what, tail) = match look_alike {
            Some(look) => (
                look.requirement,
                format!("{code} came after {}, before CRLF.CRLF had been sent", look.what),
                look.tail,
            ),
            None => (
                requirement!("rfc5321-4.1.1.4-3"),
                format!("{code} came before CRLF.CRLF had been sent"),
                None,
            ),
        };
        self.find(
            requirement,
            what,
            "no reply before the end of the data".to_owned(),
            Evidence { event, received: seen.octets.clone(), ..Evidence::default() },
        );
        tail
    }

    /// A reply where no line is whole that it could answer.
    fn answer_early(&mut self, event: usize, seen: SeenReply) -> Exchange {
        if self.pending.is_empty() {
            return self.answer_nothing(event, seen);
        }
        let ends = self.pending.iter().any(|octet| matches!(octet, b'\r' | b'\n'));
        if self.injected && self.model.is_secured() && !ends {
            // It answers what came in the clear, as do those before it. Where a CR or LF came inside TLS,
            // it may be that which is answered.
            let received = seen.octets.clone();
            self.find_injected(Evidence { event, received, ..Evidence::default() });
            self.lose("a reply came before the end of a command line");
            return unjudged(event, seen, Asked::Nothing, Vec::new());
        }
        let code = seen.reply.code;
        let part = self.pending.to_vec();
        let lf = part.contains(&b'\n');
        if ends && self.injected && self.model.is_secured() {
            // Which of the two it answers can't be known.
        } else if ends {
            // To refuse a lone CR or LF is right; only to obey one is not (rfc5321-2.3.8-1).
            if matches!(code.class(), 2 | 3) {
                self.find_premature(
                    event,
                    &seen,
                    requirement!("rfc5321-2.3.8-1"),
                    "a reply to a line that CRLF did not end",
                );
                if lf && !part.contains(&b'\r') {
                    self.lf_ends_lines = true;
                    return self.pair_command(event, seen);
                }
            }
        } else if (matches!(code.class(), 2 | 3) || (code.class() == 5 && !self.conduct.left))
            // In a group it may be one too many for a command before.
            && !self.in_flight
            && part.iter().all(|o| (b' '..=b'~').contains(o))
        {
            // A 4yz may tell of a timeout, and what is no text may be refused at sight.
            self.find_premature(
                event,
                &seen,
                requirement!("rfc5321-2.4-8"),
                "a reply before the command's CRLF",
            );
        }
        self.lose("a reply came before the end of a command line");
        unjudged(event, seen, Asked::Nothing, Vec::new())
    }

    fn find_premature(
        &mut self,
        event: usize,
        seen: &SeenReply,
        requirement: RequirementId,
        what: &str,
    ) {
        let sent = self.pending.to_vec();
        let evidence = Evidence { event, sent, received: seen.octets.clone(), at: None };
        self.find(requirement, what.to_owned(), "nothing".to_owned(), evidence);
        self.conduct.blameless = false;
    }

    /// A reply with nothing before it that it could answer.
    fn answer_nothing(&mut self, event: usize, seen: SeenReply) -> Exchange {
        self.find_unasked(event, &seen);
        self.lose("a reply came unasked");
        unjudged(event, seen, Asked::Nothing, Vec::new())
    }

    /// Unasked, only 421 may come (RFC 5321 §3.8); and what comes after the server has taken its
    /// leave is not worth a word.
    pub(super) fn find_unasked(&mut self, event: usize, seen: &SeenReply) {
        if self.find_stray(seen) || self.model.state().is_over() {
            return;
        }
        if self.injected && self.model.is_secured() {
            let received = seen.octets.clone();
            self.find_injected(Evidence { event, received, ..Evidence::default() });
            return;
        }
        // Which of the last two came unasked, and in what state the other found the session, can't be known.
        self.take_back_the_last();
        let expectation = self.model.expect_unasked();
        for mut finding in breaches(event, seen, &Asked::Nothing, &[], &expectation, false) {
            if finding.requirement == requirement!("rfc5321-4.2-1") {
                "a reply that answers no command".clone_into(&mut finding.what);
                "nothing, or 421".clone_into(&mut finding.wanted);
            }
            self.add(finding);
        }
    }

    /// The next command line of what was sent, without its end.
    pub(super) fn peek_line(&self) -> Option<&[u8]> {
        let (end, is_whole) = self.line_end()?;
        Some(content(&self.pending[..end], is_whole))
    }

    /// Takes the next command line off what was sent.
    pub(super) fn take_line(&mut self) -> Option<Line> {
        let (end, is_whole) = self.line_end()?;
        let octets = self.pending.take(end);
        Some(Line { octets, is_whole })
    }

    /// Where the next line ends. A line longer than any server must read counts as one even
    /// without its end, because a server may answer it as soon as it is too long.
    pub(super) fn line_end(&self) -> Option<(usize, bool)> {
        let is_end = |lf: &usize| self.lf_ends_lines || self.pending[..*lf].ends_with(b"\r");
        if let Some(lf) = memchr::memchr_iter(b'\n', &self.pending).find(is_end) {
            return Some((lf + 1, true));
        }
        (self.pending.len() > COMMAND_LINE).then_some((self.pending.len(), false))
    }
}

pub(super) fn asked(request: &Request<'_>) -> Asked {
    // In LMTP the verb is EHLO by another name (RFC 2033 §4.1).
    let written = || request.line.split(u8::is_ascii_whitespace).next();
    let name = match request.verb {
        Verb::Ehlo => written().unwrap_or_default(),
        verb => verb.name(),
    };
    Asked::Command(String::from_utf8_lossy(name).to_ascii_uppercase())
}

/// The stimulus that a line is, for a server that has to read `longest` octets of one.
pub(super) fn stimulus<'a>(
    line: &'a Line,
    request: &'a Request<'a>,
    longest: usize,
) -> Stimulus<'a> {
    if line.octets.len() > longest {
        Stimulus::Overlong { head: request.line, octets: line.octets.len() }
    } else {
        Stimulus::Request(request)
    }
}
