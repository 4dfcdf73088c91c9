//! RFC 4954 §4 (the exchange): challenges, and the lines that answer them, which are no commands.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Reply;

use super::{DECLINES, text};
use crate::expectation::Expectation;
use crate::model::Model;
use crate::rfc5321::order;
use crate::sasl::{self, Mechanism, Talk, Turn};
use crate::state::State;

/// More messages of a client than any mechanism has; of these none are kept.
const MOST_MESSAGES: usize = 8;

/// The longest response that PLAIN can need: two names and a password of 255 octets each with two
/// NULs, in BASE64, and CRLF (RFC 4616 §2). A line up to here fits every buffer (rfc4954-4-25).
const LONGEST_PLAIN: usize = 1026;

/// Who the client is, as far as the session has come (RFC 4954 §4).
#[derive(Debug, Clone, Default)]
pub(crate) struct Login {
    /// Whether the client has logged in.
    pub(crate) authenticated: bool,
    /// The exchange that is under way.
    pub(super) exchange: Option<Exchange>,
    /// What the challenges of this connection are made of.
    seed: [u8; 16],
    /// How many exchanges are over.
    pub(crate) exchanges: u32,
}

impl Login {
    /// A session in which nobody has logged in; no two may have the same seed.
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self { seed, ..Self::default() }
    }

    /// The same before anybody had logged in (rfc3207-4.2-2); what was a challenge once is none
    /// again.
    pub(crate) fn forgotten(&self) -> Self {
        Self { exchanges: self.exchanges + 1, ..Self::new(self.seed) }
    }

    /// A word that no other exchange has.
    fn nonce(&self) -> String {
        sasl::nonce(self.seed, self.exchanges)
    }
}

/// An exchange that is under way (RFC 4422 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchange {
    /// The mechanism, as the client named it.
    name: Vec<u8>,
    /// What the client has said so far.
    said: Vec<Vec<u8>>,
    /// The challenges so far; empty where one could not be decoded.
    heard: Vec<Vec<u8>>,
    /// Whether all that the client said could be decoded, and kept.
    complete: bool,
    /// Where the session stood before.
    returns: State,
}

impl Exchange {
    /// The exchange that this AUTH begins, with the initial response if it has one.
    pub(super) fn begin(model: &Model, name: &[u8], initial: Option<&[u8]>) -> Self {
        let begun = Self {
            name: name.to_vec(),
            said: Vec::new(),
            heard: Vec::new(),
            complete: true,
            returns: *model.state(),
        };
        match initial {
            Some(response) => begun.with(response),
            None => begun,
        }
    }

    /// The same with a further response of the client.
    fn with(mut self, response: &[u8]) -> Self {
        match sasl::decode(response) {
            Some(message) if self.said.len() < MOST_MESSAGES => self.said.push(message),
            _ => self.complete = false,
        }
        self
    }

    /// What the server may answer now, when all that the client said can be decoded.
    pub(super) fn expect(&self, model: &Model) -> Expectation {
        let expectation = self.expect_leniently(model);
        match self.mechanism().filter(|_| self.complete) {
            Some(mechanism) => {
                let exchange = Talk { said: &self.said, heard: &self.heard };
                mechanism.expect(model, exchange, expectation)
            }
            None => expectation,
        }
    }

    /// The same of a server that may have its own view of the mechanism or the message.
    pub(super) fn expect_leniently(&self, model: &Model) -> Expectation {
        Expectation::of(self.reply(model))
            .policy(DECLINES)
            .rule(requirement!("rfc4954-4-31"), &["235 3yz 4yz 5yz"])
            .rule(requirement!("rfc4954-4-9"), &["2yz 334 4yz 5yz"])
            .texts(text::of_exchange(model))
    }

    /// What our own server answers.
    fn reply(&self, model: &Model) -> Reply {
        let (Some(config), Some(mechanism)) = (model.config(), self.mechanism()) else {
            return refused();
        };
        if !self.complete {
            return no_base64();
        }
        match sasl::turn(config, mechanism, &model.login().nonce(), &self.said) {
            Turn::Challenge(message) => Reply::new(334, sasl::encode(&message)),
            Turn::Accepted => Reply::new(235, "Authentication successful"),
            Turn::Refused => refused(),
        }
    }

    /// Follows what was answered: a challenge awaits the next response, and all else ends it.
    pub(super) fn follow(mut self, model: &mut Model, reply: &Reply) {
        let returns = self.returns;
        match (reply.code.class(), reply.code.get()) {
            (_, 334) => {
                let challenge = reply.lines.first().and_then(|line| sasl::decode(line));
                if self.heard.len() < MOST_MESSAGES {
                    self.heard.push(challenge.unwrap_or_default());
                }
                model.login_mut().exchange = Some(self);
                model.enter(State::AwaitResponse);
                return;
            }
            (3, _) => model.lose_track(),
            (class, _) => {
                model.login_mut().authenticated |= class == 2;
                model.enter(returns);
            }
        }
        // The next exchange has challenges of its own.
        model.login_mut().exchanges += 1;
    }

    fn mechanism(&self) -> Option<Mechanism> {
        Mechanism::named(&self.name)
    }
}

/// What a line within an exchange may draw.
pub(crate) fn expect_response(model: &Model, line: &[u8]) -> Expectation {
    let Some(exchange) = &model.login().exchange else {
        return order::expect_nothing(model);
    };
    if line == b"*" {
        return Expectation::of(Reply::new(501, "Authentication cancelled"))
            .rule(requirement!("rfc4954-4-13"), &["501"])
            .texts(text::of_exchange(model));
    }
    let fits = line.len() + 2 <= LONGEST_PLAIN;
    // White space at the end is borne with commands, and this is none: both answers pass.
    if !sasl::is_base64(line.trim_ascii_end()) {
        return undecodable(model, fits);
    }
    let plain = exchange.mechanism() == Some(Mechanism::Plain);
    let expectation = exchange.clone().with(line).expect(model);
    expectation.never_if(fits && plain, requirement!("rfc4954-4-25"), "500")
}

/// A line longer than our buffer: the exchange fails (rfc4954-4-26). Another server may have read
/// it whole, and judge what is in it.
pub(crate) fn expect_too_long(model: &Model) -> Expectation {
    Expectation::of(Reply::new(500, "Authentication exchange line is too long"))
        .policy(DECLINES)
        .rule(requirement!("rfc4954-4-26"), &["235 334 500 501 535"])
        .texts(text::of_too_long(model))
}

/// Follows the reply to a line within an exchange.
pub(crate) fn advance_response(model: &mut Model, line: &[u8], reply: &Reply) {
    match model.login_mut().exchange.take() {
        Some(exchange) => exchange.with(line).follow(model, reply),
        None => model.lose_track(),
    }
}

/// A response that no decoder can make anything of; one that is long may be too long besides.
pub(super) fn undecodable(model: &Model, fits: bool) -> Expectation {
    Expectation::of(no_base64())
        .policy(DECLINES)
        .rule(requirement!("rfc4954-4-20"), &["501", if fits { "" } else { "500" }])
        .texts(text::of_undecodable(model))
}

fn no_base64() -> Reply {
    Reply::new(501, "That is no BASE64")
}

fn refused() -> Reply {
    Reply::new(535, "Authentication credentials invalid")
}
