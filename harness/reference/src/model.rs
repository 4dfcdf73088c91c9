//! The session model: dispatch from a stimulus to the file that holds its rules.
//!
//! No rule lives here; what a reply does to the state is in the same file as the rules for it.

mod report;

use std::sync::Arc;

use smtpspec_protocol::{Grammar, Protocol, Reply, Request, Verb, limits};

use self::report::Reported;
use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::{self, Known};
use crate::measure::MessageFacts;
use crate::policy;
use crate::rfc821::{send, turn};
use crate::rfc1985;
use crate::rfc3030::chunking::{self, Chunk};
use crate::rfc4954::{self, Login};
use crate::rfc5321::{
    data, disclosure, ehlo, expn, form, greeting, help, mail, naming, noop, order, quit, rcpt,
    rset, sizes, unknown, vrfy,
};
use crate::rfc9422::Counts;
use crate::state::State;
use crate::transaction::{ParameterList, Transaction};
use crate::{rfc2033, rfc2034, rfc6531, rfc7504, rfc7505, rfc9422};

/// What an SMTP session is: its state, its extensions, its transaction (RFC 5321 §3).
#[derive(Debug, Clone)]
pub struct Model {
    config: Option<Arc<Config>>,
    protocol: Protocol,
    state: State,
    hello: Option<Hello>,
    /// The name by which the server called itself last.
    named: Option<Vec<u8>>,
    offered: Vec<Offer>,
    /// Which of these the model knows: every command is asked about each.
    known: Known,
    transaction: Option<Transaction>,
    /// What the recipients whose reply to the message has come were told (RFC 2033 §4.2, §4.3).
    reported: Reported,
    /// Whether the session is inside TLS (rfc3207-4.2-6).
    secured: bool,
    /// Who the client is.
    login: Login,
    /// The domains for which mail of this session waits, one for each mail (RFC 1985 §5.1).
    waiting: Vec<Vec<u8>>,
    /// What counts against the limits that the server told (RFC 9422 §4).
    counts: Counts,
    /// Whether a last chunk was the end of the transaction before (rfc3030-2-12).
    ended_by_last_chunk: bool,
}

/// The EHLO or HELO that the server accepted last (RFC 5321 §4.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The name that the client gave.
    pub(crate) name: Vec<u8>,
    /// Whether it came with EHLO.
    pub(crate) extended: bool,
}

/// One line of the EHLO reply (RFC 5321 §4.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The keyword in upper case.
    pub(crate) keyword: Vec<u8>,
    /// What follows it.
    pub(crate) arguments: Vec<u8>,
}

/// What a server answers to: the connection, a command, the end of a message (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy)]
pub enum Stimulus<'a> {
    /// The connection was made (RFC 5321 §3.1).
    Connected,
    /// A command line came.
    Request(&'a Request<'a>),
    /// A command line came that was longer than what was read (RFC 5321 §4.5.3.1.4).
    Overlong {
        /// Its first octets.
        head: &'a [u8],
        /// Its length with the CRLF.
        octets: usize,
    },
    /// The end of data was reached (RFC 5321 §4.1.1.4).
    Message(MessageFacts),
    /// A BDAT came and all its octets (RFC 3030 §2); the facts are those of the message so far.
    Chunk(Chunk, MessageFacts),
}

impl Model {
    /// The model that judges a server of which nothing is known: whatever the RFCs leave to the
    /// server is permitted.
    pub fn oracle() -> Self {
        Self::oracle_of(Protocol::Smtp)
    }

    /// The same for a server that speaks this protocol (RFC 2033 §4).
    pub fn oracle_of(protocol: Protocol) -> Self {
        Self {
            config: None,
            protocol,
            state: State::AwaitGreeting,
            hello: None,
            named: None,
            offered: Vec::new(),
            known: Known::default(),
            transaction: None,
            reported: Reported::default(),
            secured: false,
            login: Login::default(),
            waiting: Vec::new(),
            counts: Counts::default(),
            ended_by_last_chunk: false,
        }
    }

    /// The model of a server that knows its own mind: the replies preferred are precise.
    pub fn server(config: Arc<Config>) -> Self {
        let protocol = config.protocol;
        Self { config: Some(config), ..Self::oracle_of(protocol) }
    }

    /// What may be answered, and what a careful server answers (RFC 5321 §4.3.2).
    pub fn expect(&self, stimulus: &Stimulus<'_>) -> Expectation {
        let expectation = match stimulus {
            Stimulus::Connected => greeting::expect(self),
            _ if self.state.is_over() => order::expect_nothing(self),
            Stimulus::Request(request) if self.state == State::AwaitResponse => {
                rfc4954::expect_response(self, request.line)
            }
            Stimulus::Overlong { .. } if self.state == State::AwaitResponse => {
                rfc4954::expect_too_long(self)
            }
            Stimulus::Request(request) => {
                // Nothing but RSET is to come then (RFC 3030 §2).
                let disorder = self.state == State::AwaitReset
                    && !matches!(request.verb, Verb::Rset | Verb::Quit);
                rfc4954::want_login(self, request, self.expect_request(request))
                    .texts(rfc4954::of_required_login(self))
                    .out_of_order_if(disorder)
            }
            Stimulus::Overlong { .. } => sizes::expect_overlong(self),
            Stimulus::Message(facts) => data::expect_message(self, facts),
            Stimulus::Chunk(chunk, facts) => chunking::expect_chunk(self, *chunk, facts),
        };
        let expectation =
            policy::apply(self, stimulus, expectation).texts(rfc2034::of_answer(self, stimulus));
        // To ETRN 251 says something else (RFC 1985 §5.1).
        let of_change =
            if rfc1985::is_etrn(stimulus) { None } else { Some(disclosure::of_change()) };
        self.expect_of_any(
            expectation
                .texts(of_change.into_iter().flatten())
                .texts(rfc6531::of_answer(self, stimulus))
                .texts(rfc7504::of_answer(self, stimulus))
                .texts(rfc7505::of_answer(stimulus))
                .texts(rfc9422::of_answer(self, stimulus)),
        )
    }

    /// What a server may say when nothing was asked: that it leaves (RFC 5321 §3.8).
    pub fn expect_unasked(&self) -> Expectation {
        self.expect_of_any(order::expect_unasked(self))
    }

    /// Adds what holds for the text of any reply with these codes.
    fn expect_of_any(&self, expectation: Expectation) -> Expectation {
        let mut expectation = expectation.texts([naming::of_farewell()]);
        expectation.name.clone_from(&self.named);
        expectation
    }

    fn expect_request(&self, request: &Request<'_>) -> Expectation {
        if matches!(self.state, State::AwaitMessage | State::AwaitHandshake) {
            return order::expect_nothing(self);
        }
        if self.state == State::Refused && !matches!(request.verb, Verb::Quit) {
            return greeting::expect_after_refusal(self, request);
        }
        if rfc2033::is_hello_of_smtp(self, request) {
            return rfc2033::expect_hello();
        }
        for extension in extension::offered(self) {
            if let Some(expectation) = extension.on_command(self, request) {
                return expectation;
            }
        }
        let expectation = match request.verb {
            Verb::Ehlo => ehlo::expect_ehlo(self, request),
            Verb::Helo => ehlo::expect_helo(self, request),
            Verb::Mail => mail::expect(self, request),
            Verb::Rcpt => rcpt::expect(self, request),
            Verb::Data => data::expect(self, request),
            Verb::Rset => rset::expect(self, request),
            Verb::Vrfy => vrfy::expect(self, request),
            Verb::Expn => expn::expect(self, request),
            Verb::Help => help::expect(self, request),
            Verb::Noop => noop::expect(self, request),
            Verb::Quit => quit::expect(self, request),
            Verb::Turn => turn::expect(self, request),
            Verb::Send | Verb::Soml | Verb::Saml => send::expect(self, request),
            Verb::Other(_) => unknown::expect(self, request),
        };
        form::judge(self, request, expectation)
    }

    /// Follows what was really answered, however surprising (RFC 5321 §4.2.1).
    pub fn advance(&mut self, stimulus: &Stimulus<'_>, reply: &Reply) {
        if reply.code.get() == 421 {
            self.state = State::Closed;
            return;
        }
        self.counts.follow(stimulus, reply);
        if let Some(name) = naming::name_in(stimulus, reply) {
            self.named = Some(name.to_vec());
        }
        match stimulus {
            Stimulus::Connected => greeting::advance(self, reply),
            _ if self.state.is_over() => {}
            Stimulus::Request(Request { line, .. }) | Stimulus::Overlong { head: line, .. }
                if self.state == State::AwaitResponse =>
            {
                rfc4954::advance_response(self, line, reply);
            }
            Stimulus::Request(request) => self.advance_request(request, reply),
            // Whoever takes it has read what it says, whole or cut off.
            Stimulus::Overlong { head, .. } if matches!(reply.code.class(), 2 | 3) => {
                let request = Request::parse(head, self.grammar());
                self.advance_request(&request, reply);
            }
            Stimulus::Overlong { head, .. } => {
                let request = Request::parse(head, self.grammar());
                if !rfc4954::advance(self, &request, reply) {
                    unknown::advance(self, reply);
                }
            }
            Stimulus::Message(_) => data::advance_message(self, reply),
            Stimulus::Chunk(chunk, _) => chunking::advance_chunk(self, *chunk, reply),
        }
    }

    fn advance_request(&mut self, request: &Request<'_>, reply: &Reply) {
        if self.known.iter().any(|extension| extension.advance(self, request, reply)) {
            return;
        }
        match request.verb {
            Verb::Data => data::advance(self, reply),
            Verb::Other(_) if rfc4954::advance(self, request, reply) => {}
            // Only DATA has an answer that calls for more: the server awaits we know not what.
            _ if reply.code.class() == 3 => self.lose_track(),
            Verb::Ehlo | Verb::Helo => ehlo::advance(self, request, reply),
            Verb::Mail | Verb::Send | Verb::Soml | Verb::Saml => {
                mail::advance(self, request, reply);
            }
            Verb::Rcpt => rcpt::advance(self, request, reply),
            Verb::Rset => rset::advance(self, reply),
            Verb::Quit => quit::advance(self, reply),
            Verb::Turn => turn::advance(self, reply),
            Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Noop => {}
            Verb::Other(_) => unknown::advance(self, reply),
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the session is inside TLS (RFC 3207 §4.2).
    pub fn is_secured(&self) -> bool {
        self.secured
    }

    /// The TLS handshake is over: nothing that the client said before it is known any more
    /// (rfc3207-4.2-1, rfc3207-4.2-2). Before the greeting it is implicit TLS (RFC 8314 §3).
    pub fn secure(&mut self) {
        let unopened = self.state == State::AwaitGreeting;
        *self = Self {
            config: self.config.take(),
            named: self.named.take(),
            waiting: std::mem::take(&mut self.waiting),
            counts: std::mem::take(&mut self.counts),
            state: if unopened { State::AwaitGreeting } else { State::AwaitHello },
            secured: true,
            login: self.login.forgotten(),
            ..Self::oracle_of(self.protocol)
        };
    }

    /// The longest line that a server may have to read as it stands: of a command, or of a response
    /// in an AUTH exchange (RFC 5321 §4.5.3.1.4, RFC 4954 §4).
    pub fn longest_line(&self) -> usize {
        if self.state == State::AwaitResponse { limits::AUTH_LINE } else { limits::COMMAND_LINE }
    }

    /// The same model, whose challenges in AUTH exchanges are made of this; no two connections may
    /// have the same (RFC 4422 §6).
    pub(crate) fn with_seed(self, seed: [u8; 16]) -> Self {
        Self { login: Login::new(seed), ..self }
    }

    /// Who the client is, as far as the session has come (RFC 4954 §4).
    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    pub(crate) fn login_mut(&mut self) -> &mut Login {
        &mut self.login
    }

    /// The domains for which mail waits, as far as our own server told (RFC 1985 §5.1).
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &[u8]> {
        self.waiting.iter().map(Vec::as_slice)
    }

    /// Notes for which domains mail waits.
    pub(crate) fn keep_waiting(&mut self, domains: Vec<Vec<u8>>) {
        self.waiting = domains;
    }

    /// Whether what the client sends next is the message (RFC 5321 §4.1.1.4).
    pub fn awaits_data(&self) -> bool {
        self.state == State::AwaitMessage
    }

    /// What this command says of octets that follow it and are no commands: where CHUNKING is
    /// offered and it is a BDAT whose size can be read (RFC 3030 §2).
    pub fn chunk(&self, request: &Request<'_>) -> Option<Chunk> {
        let awaited = !matches!(
            self.state,
            State::AwaitMessage | State::AwaitHandshake | State::AwaitResponse
        );
        (awaited && self.offers(chunking::KEYWORD)).then(|| Chunk::read(request))?
    }

    /// Whether chunks of a message were taken, and the last is still to come (RFC 3030 §2).
    pub fn awaits_chunk(&self) -> bool {
        self.state == State::AwaitChunk
    }

    /// The grammar by which the next command is to be read (RFC 5321 §4.1.2).
    pub fn grammar(&self) -> Grammar {
        Grammar { smtputf8: self.offers(rfc6531::KEYWORD), protocol: self.protocol }
    }

    /// The transaction that is open, if one is (RFC 5321 §3.3).
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// The keywords of the EHLO reply, in upper case and in its order (RFC 5321 §4.1.1.1).
    pub fn extensions(&self) -> impl Iterator<Item = &[u8]> {
        self.offered.iter().map(|offer| offer.keyword.as_slice())
    }

    /// Whether the EHLO reply listed the keyword, whose letters are compared without case.
    pub fn offers(&self, keyword: &str) -> bool {
        self.offer(keyword).is_some()
    }

    /// What followed the keyword in the EHLO reply, if it was listed (RFC 5321 §4.1.1.1).
    pub fn offer(&self, keyword: &str) -> Option<&[u8]> {
        self.offered
            .iter()
            .find(|offer| offer.keyword.eq_ignore_ascii_case(keyword.as_bytes()))
            .map(|offer| offer.arguments.as_slice())
    }

    /// Whether an EHLO reply has told what the server offers.
    pub(crate) fn knows_offers(&self) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.extended)
    }

    /// The extensions of the EHLO reply that the model knows (RFC 5321 §4.1.1.1).
    pub(crate) fn known(&self) -> Known {
        self.known
    }

    pub(crate) fn config(&self) -> Option<&Config> {
        self.config.as_deref()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// The server's name for use in its replies.
    pub(crate) fn name(&self) -> &str {
        self.config().map_or("server", |config| &config.name)
    }

    /// Moves to another state without a transaction changing.
    pub(crate) fn enter(&mut self, state: State) {
        self.state = state;
    }

    /// Drops the transaction, if there is one, as RSET does (rfc5321-4.1.1.5-1).
    pub(crate) fn clear(&mut self) {
        self.transaction = None;
        self.ended_by_last_chunk = false;
        self.reported = Reported::default();
        self.state = if self.hello.is_some() { State::Ready } else { State::AwaitHello };
    }

    /// Notes an accepted EHLO or HELO.
    pub(crate) fn greet(&mut self, hello: Hello, offered: Vec<Offer>) {
        self.hello = Some(hello);
        self.known = Known::among(&offered);
        self.offered = offered;
        self.clear();
    }

    /// Opens a transaction.
    pub(crate) fn begin(&mut self, transaction: Transaction) {
        self.transaction = Some(transaction);
        self.ended_by_last_chunk = false;
        self.reported = Reported::default();
        self.state = State::AwaitRcpt;
    }

    /// Adds a recipient that the server took.
    pub(crate) fn add_recipient(&mut self, mailbox: Vec<u8>) {
        let transaction = self.transaction.get_or_insert_default();
        // A chunk that came before the first had no place, and with this one the message may have.
        transaction.chunk_failed &= !transaction.recipients.is_empty();
        transaction.recipients.push(mailbox);
        if self.state != State::AwaitChunk {
            self.state = State::AwaitData;
        }
    }

    /// What became of the transaction is not known until RSET comes (RFC 3030 §2).
    pub(crate) fn await_reset(&mut self, chunk_failed: bool) {
        if let Some(transaction) = &mut self.transaction {
            transaction.chunk_failed |= chunk_failed;
        }
        self.state = State::AwaitReset;
    }

    /// The last chunk of a message has come, and no transaction since.
    pub(crate) fn note_last_chunk(&mut self) {
        self.ended_by_last_chunk = true;
    }

    pub(crate) fn ended_by_last_chunk(&self) -> bool {
        self.ended_by_last_chunk
    }

    /// Notes the parameters that a recipient came with.
    pub(crate) fn add_parameters(&mut self, mailbox: Vec<u8>, parameters: ParameterList) {
        if let (Some(open), false) = (&mut self.transaction, parameters.is_empty()) {
            open.recipient_parameters.push((mailbox, parameters));
        }
    }

    /// Puts a transaction in the place of the one that there is, for a server that deviates.
    pub(crate) fn keep(&mut self, transaction: Option<Transaction>) {
        self.transaction = transaction;
    }

    /// The server's answer left it open what it awaits.
    pub(crate) fn lose_track(&mut self) {
        self.transaction = None;
        self.state = State::Unknown;
    }
}

#[cfg(test)]
mod tests;
