//! What is wanted of the mail that comes out of the target: how many messages, their envelopes and
//! their octets. Replies alone can't show what a server made of a message.

use std::time::Duration;

use regex::bytes::Regex;

use crate::send::Content;
use crate::template::Template;

/// A `delivered:` step: what came out of the target, of all that the case has sent in so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// How many messages.
    pub count: MailCount,
    /// What each of them is.
    pub all: MailPattern,
    /// What they are one by one, in any order; empty where nothing tells them apart. The count is
    /// then their number.
    pub each: Vec<MailPattern>,
    /// How long the target may take; the profile's time if missing.
    pub within: Option<Duration>,
}

/// How many messages come out. Copies of one message for different recipients are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailCount {
    /// At least so many.
    pub least: usize,
    /// At most so many.
    pub most: Option<usize>,
}

/// A message that is wanted: every field that is there must hold.
#[derive(Debug, Clone, Default)]
pub struct MailPattern {
    /// The reverse-path, without angle brackets; empty for the null one.
    pub from: Option<Template>,
    /// The recipients, in any order.
    pub to: Vec<Template>,
    /// Patterns over each recipient, none of which is found.
    pub to_lacks: Vec<Regex>,
    /// The parameters of MAIL.
    pub mail: Option<ParametersPattern>,
    /// The parameters of RCPT, recipient by recipient.
    pub rcpt: Vec<RecipientPattern>,
    /// The message octet for octet, as it was sent. Whole header fields may stand in front.
    pub message: Option<Vec<Content>>,
    /// What stands behind the first empty line, octet for octet.
    pub body: Option<Vec<Content>>,
    /// The contents of its parts, one behind the other, with their transfer encodings undone. A
    /// notice that it went back says nothing of it.
    pub content: Option<Vec<Content>>,
    /// Patterns over the whole message, all of which are found.
    pub contains: Vec<Regex>,
    /// Patterns over the whole message, none of which is found.
    pub lacks: Vec<Regex>,
    /// Texts that stand in the message somewhere, letters in any case.
    pub names: Vec<Template>,
    /// Fields of the header, with their folding undone.
    pub header: Vec<FieldPattern>,
    /// The field at the top. What final delivery puts above it is left aside.
    pub top: Option<FieldPattern>,
}

/// What is wanted of the parameters of MAIL or RCPT.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParametersPattern {
    /// Parameters that are there: `RET=HDRS`; a keyword alone stands for any value.
    pub has: Vec<Template>,
    /// Parameters that may be missing, and have this value where they are there.
    pub may: Vec<Template>,
    /// Parameters that are not there; a keyword alone stands for any value.
    pub lacks: Vec<Template>,
}

/// What is wanted of the parameters of one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct RecipientPattern {
    /// The recipient.
    pub to: Template,
    /// Its parameters.
    pub parameters: ParametersPattern,
}

/// A field of a header.
#[derive(Debug, Clone)]
pub struct FieldPattern {
    /// The name, in any case.
    pub name: String,
    /// Over the value, from the first octet that is no blank.
    pub pattern: Regex,
}

impl Delivered {
    /// The patterns, for every message or for one.
    pub fn patterns(&self) -> impl Iterator<Item = &MailPattern> {
        std::iter::once(&self.all).chain(&self.each)
    }
}

impl MailCount {
    /// Exactly so many.
    pub const fn exactly(count: usize) -> Self {
        Self { least: count, most: Some(count) }
    }

    /// Whether `count` is right.
    pub fn holds(&self, count: usize) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }
}

impl MailPattern {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Patterns are equal if they are written alike.
impl PartialEq for MailPattern {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that a new field can't be forgotten here.
        let Self {
            from,
            to,
            to_lacks,
            mail,
            rcpt,
            message,
            body,
            content,
            contains,
            lacks,
            names,
            header,
            top,
        } = self;
        let alike = |one: &[Regex], two: &[Regex]| {
            one.iter().map(Regex::as_str).eq(two.iter().map(Regex::as_str))
        };
        (from, to, message, body) == (&other.from, &other.to, &other.message, &other.body)
            && (mail, rcpt, content) == (&other.mail, &other.rcpt, &other.content)
            && alike(contains, &other.contains)
            && alike(lacks, &other.lacks)
            && alike(to_lacks, &other.to_lacks)
            && (names, header, top) == (&other.names, &other.header, &other.top)
    }
}

/// Patterns are equal if they are written alike.
impl PartialEq for FieldPattern {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.pattern.as_str() == other.pattern.as_str()
    }
}
