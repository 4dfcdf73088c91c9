//! What the harness wants to hear, graded as the RFC grades it.

use std::time::Duration;

use regex::bytes::Regex;
use smtpspec_protocol::{CodeSet, EnhancedPattern};

use crate::dialogue::Step;
use crate::template::Template;

/// What the harness, as client, wants of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Hear {
    /// A reply of this kind.
    Reply(Box<ReplyPattern>),
    /// One of these; the first that fits decides.
    AnyOf(Vec<Alternative>),
    /// Whatever the model permits here.
    Permitted,
    /// Nothing at all, for so long.
    Silence(Duration),
    /// The end of the connection, in order (a FIN), within the time or the profile's.
    Closed(Option<Duration>),
    /// The same, inside TLS behind the alert that ends it (RFC 8314 §3.4).
    Alerted(Option<Duration>),
    /// A reset of the connection.
    Reset(Option<Duration>),
}

/// A reply that is wanted: every field that is there must hold.
#[derive(Debug, Clone, Default)]
pub struct ReplyPattern {
    /// The codes that are right; any other breaks the requirement. An empty set leaves them open.
    pub must: CodeSet,
    /// The codes that are better: another one that is right is a warning.
    pub should: Option<CodeSet>,
    /// The codes that must not come.
    pub not: Option<CodeSet>,
    /// A pattern over the text of all lines, joined by LF, codes left out.
    pub text: Option<Regex>,
    /// A pattern over the octets of the whole reply, with codes and line ends.
    pub octets: Option<Regex>,
    /// A pattern over what the text is the BASE64 of (RFC 4954 §4).
    pub challenge: Option<Regex>,
    /// Whether the text is the BASE64 of the server's proof that it knows the password, after the
    /// last answer of SCRAM (RFC 5802 §5.1).
    pub signed: bool,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedPattern>,
    /// How many lines.
    pub lines: Option<LineCount>,
    /// What the reply to EHLO offers and does not.
    pub ehlo: EhloPattern,
    /// It must come by then, counted from the last octet sent.
    pub within: Option<Duration>,
    /// It must not come earlier than that.
    pub not_before: Option<Duration>,
    /// Parts to remember as variables.
    pub capture: Vec<Capture>,
    /// Whether a refusal on grounds of policy counts as a failure here; otherwise it makes the
    /// scenario inconclusive.
    pub policy_fails: bool,
}

/// Keywords of an EHLO reply, compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EhloPattern {
    /// Keywords that must be there.
    pub has: Vec<String>,
    /// Keywords that must not.
    pub lacks: Vec<String>,
}

/// How many lines a reply has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineCount {
    /// At least so many.
    pub least: usize,
    /// At most so many.
    pub most: Option<usize>,
}

/// A part of a reply that later steps can name.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The variable that is set.
    pub name: String,
    /// Over the text as in [`ReplyPattern::text`]: the first group, or the whole match.
    pub pattern: Regex,
}

/// One of several right answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// What must be heard; never [`Hear::AnyOf`].
    pub hear: Hear,
    /// What the scenario's verdict becomes at least, where it is not simply right.
    pub ruling: Option<Ruling>,
    /// Why.
    pub note: Option<String>,
    /// What comes next, before the steps after the `any-of`.
    pub then: Vec<Step>,
    /// Whether the dialogue ends after `then`, leaving out the steps after the `any-of`.
    pub ends: bool,
}

/// The verdict that an alternative carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It is right.
    Pass,
    /// It is permitted, but a recommendation advises against it.
    Warn,
    /// It is wrong.
    Fail,
    /// It tells nothing about the requirement.
    Inconclusive,
    /// The server has no such thing.
    Skip,
}

impl Ruling {
    /// What a TLS handshake that fails may come to, in the order of the words for it.
    pub(crate) const OF_HANDSHAKE: [Self; 4] =
        [Self::Inconclusive, Self::Pass, Self::Warn, Self::Fail];
}

/// What the harness, as server, wants of the client.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandPattern {
    /// What is compared.
    pub hear: CommandShape,
    /// What the scenario's verdict becomes at least.
    pub ruling: Option<Ruling>,
    /// Why.
    pub note: Option<String>,
    /// What comes next.
    pub then: Vec<Step>,
    /// Whether the dialogue ends after `then`.
    pub ends: bool,
}

/// How a command of the client is recognised.
#[derive(Debug, Clone)]
pub enum CommandShape {
    /// The very line: the verb without regard to case, the rest octet for octet.
    Line(Template),
    /// Any line with this verb.
    Verb(String),
    /// A pattern over the line without its CRLF.
    Matches(Regex),
    /// The message data up to CRLF.CRLF, with transparency undone; the pattern must be found in it.
    Message(Option<Regex>),
    /// The end of the connection.
    Closed,
}

/// Patterns are equal if they are written alike.
impl PartialEq for ReplyPattern {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field can't be forgotten here.
        let Self {
            must,
            should,
            not,
            text,
            octets,
            challenge,
            signed,
            enhanced,
            lines,
            ehlo,
            within,
            not_before,
            capture,
            policy_fails,
        } = self;
        (must, should, not) == (&other.must, &other.should, &other.not)
            && text.as_ref().map(Regex::as_str) == other.text.as_ref().map(Regex::as_str)
            && octets.as_ref().map(Regex::as_str) == other.octets.as_ref().map(Regex::as_str)
            && challenge.as_ref().map(Regex::as_str) == other.challenge.as_ref().map(Regex::as_str)
            && *signed == other.signed
            && (enhanced, lines, ehlo) == (&other.enhanced, &other.lines, &other.ehlo)
            && (within, not_before) == (&other.within, &other.not_before)
            && (capture, policy_fails) == (&other.capture, &other.policy_fails)
    }
}

/// Patterns are equal if they are written alike.
impl PartialEq for Capture {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.pattern.as_str() == other.pattern.as_str()
    }
}

/// Patterns are equal if they are written alike.
impl PartialEq for CommandShape {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Line(one), Self::Line(two)) => one == two,
            (Self::Verb(one), Self::Verb(two)) => one == two,
            (Self::Matches(one), Self::Matches(two)) => one.as_str() == two.as_str(),
            (Self::Message(one), Self::Message(two)) => {
                one.as_ref().map(Regex::as_str) == two.as_ref().map(Regex::as_str)
            }
            (Self::Closed, Self::Closed) => true,
            _ => false,
        }
    }
}
