//! Single values: texts, words, numbers, durations, patterns.

use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};
use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_protocol::{CodePattern, CodeSet, EnhancedPattern};

use crate::diagnostic::{Reader, Span};
use crate::suggest::did_you_mean;
use crate::yaml::{Node, Value};

/// How large a compiled pattern may be, in octets.
const PATTERN_LIMIT: usize = 1 << 20;

/// The longest duration: a day.
const LONGEST: Duration = Duration::from_hours(24);

impl Reader<'_> {
    /// Any text.
    pub(crate) fn text<'n>(self, node: &'n Node, what: &str) -> Option<&'n str> {
        match node.scalar() {
            Some(_) if node.is_null() => {
                self.error(node.span, format!("there is no {what} here")).fail()
            }
            Some(scalar) => Some(&scalar.text),
            None => {
                let message = format!("this is {}, but the {what} is a text", node.kind());
                self.error(node.span, message).fail()
            }
        }
    }

    /// Lower-case letters, digits and single hyphens between them.
    pub(crate) fn slug<'n>(self, node: &'n Node, what: &str) -> Option<&'n str> {
        let text = self.text(node, what)?;
        if is_slug(text) {
            return Some(text);
        }
        self.error(node.span, format!("the {what} `{text}` is not a slug"))
            .help(slug_of(text).map_or_else(
                || "a slug is lower-case letters, digits and hyphens: `before-mail`".to_owned(),
                |slug| format!("write `{slug}`: lower-case letters, digits and hyphens"),
            ))
            .fail()
    }

    /// One of a few words; its index.
    pub(crate) fn word(self, node: &Node, what: &str, words: &[&str]) -> Option<usize> {
        let text = self.text(node, what)?;
        if let Some(index) = words.iter().position(|word| *word == text) {
            return Some(index);
        }
        let help = did_you_mean(text, words.iter().copied()).unwrap_or_else(|| match words {
            [word] => format!("it can only be `{word}`"),
            _ => format!("it is one of {}", words.join(", ")),
        });
        self.error(node.span, format!("there is no {what} `{text}`")).help(help).fail()
    }

    /// A number of things.
    pub(crate) fn count(self, node: &Node, what: &str) -> Option<u32> {
        self.number(node, what, u32::MAX.into()).map(|number| number as u32)
    }

    /// A number.
    pub(crate) fn number(self, node: &Node, what: &str, most: u64) -> Option<u64> {
        let text = self.text(node, what)?;
        let digits = text.bytes().all(|octet| octet.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && number <= most => Some(number),
            _ => self
                .error(node.span, format!("the {what} is a number, but this is `{text}`"))
                .note(format!("from 0 to {most}"))
                .fail(),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, node: &Node, what: &str) -> Option<bool> {
        match self.text(node, what)? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.error(node.span, format!("`{what}:` is true or false, not `{other}`")).fail()
            }
        }
    }

    /// `true` alone: the key says it all.
    pub(crate) fn affirmed(self, node: &Node, what: &str) -> Option<()> {
        match node.plain() {
            Some("true") => Some(()),
            _ => self.error(node.span, format!("`{what}:` can only be true")).fail(),
        }
    }

    /// A time span: `300ms`, `5s`, `2m`.
    pub(crate) fn duration(self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        match duration(text) {
            Some(duration) if duration <= LONGEST => Some(duration),
            Some(_) => self.error(node.span, "this is longer than a day").fail(),
            None => self
                .error(node.span, format!("`{text}` is not a time span"))
                .help("write a whole number and its unit: `300ms`, `5s`, `2m`")
                .fail(),
        }
    }

    /// A regular expression over octets.
    pub(crate) fn pattern(self, node: &Node, what: &str) -> Option<Regex> {
        let text = self.text(node, what)?;
        let built = RegexBuilder::new(text)
            .unicode(false)
            .size_limit(PATTERN_LIMIT)
            .nest_limit(100)
            .build();
        match built {
            Ok(pattern) => Some(pattern),
            Err(regex::Error::CompiledTooBig(limit)) => self
                .error(node.span, "this regular expression is too large")
                .note(format!("compiled, it may have {limit} octets"))
                .fail(),
            Err(error) => {
                let (fault, at) = fault_of(&error.to_string());
                let span = at.map_or(node.span, |at| node.within(self.file, at, 1));
                self.error(span, format!("this is not a regular expression: {fault}")).fail()
            }
        }
    }

    /// A code, a class of codes, or a list of these.
    pub(crate) fn codes(self, node: &Node) -> Option<CodeSet> {
        let nodes = match &node.value {
            Value::List(nodes) if nodes.is_empty() => {
                return self.error(node.span, "an empty list of codes fits no reply").fail();
            }
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let patterns: Vec<_> = nodes.iter().map(|node| self.code(node)).collect();
        patterns.into_iter().collect()
    }

    /// A code or a class of codes.
    pub(crate) fn code(self, node: &Node) -> Option<CodePattern> {
        let text = self.text(node, "code")?;
        match text.parse() {
            Ok(pattern) => Some(pattern),
            Err(_) => self
                .error(node.span, format!("`{text}` is not a reply code or a class of them"))
                .help(code_help(text))
                .fail(),
        }
    }

    /// An enhanced status code with letters for what is left open.
    pub(crate) fn enhanced(self, node: &Node) -> Option<EnhancedPattern> {
        let text = self.text(node, "enhanced status code")?;
        match text.parse() {
            Ok(pattern) => Some(pattern),
            Err(_) => self
                .error(node.span, format!("`{text}` is not an enhanced status code"))
                .help("write `5.1.1`, or letters for what is left open: `5.1.z`, `5.y.z`")
                .fail(),
        }
    }

    /// One text or a list of them, each with its place.
    pub(crate) fn texts<'n>(self, node: &'n Node, what: &str) -> Vec<(&'n str, Span)> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            self.error(node.span, format!("there is no {what} in this list")).report();
        }
        nodes.iter().filter_map(|node| Some((self.text(node, what)?, node.span))).collect()
    }

    /// EHLO keywords (RFC 5321 §4.1.1.1, `ehlo-keyword`).
    pub(crate) fn keywords(self, node: &Node) -> Vec<String> {
        let keywords = self.texts(node, "EHLO keyword").into_iter();
        keywords.filter_map(|(text, span)| self.check_keyword(text, span)).collect()
    }

    /// One EHLO keyword.
    pub(crate) fn keyword(self, node: &Node) -> Option<String> {
        let text = self.text(node, "EHLO keyword")?;
        self.check_keyword(text, node.span)
    }

    fn check_keyword(self, text: &str, span: Span) -> Option<String> {
        let mut octets = text.bytes();
        let first = octets.next().is_some_and(|octet| octet.is_ascii_alphanumeric());
        if first && octets.all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
            return Some(text.to_owned());
        }
        self.error(span, format!("`{text}` can't be an EHLO keyword"))
            .help("a keyword is letters, digits and hyphens, without its parameters: `SIZE`")
            .note("RFC 5321 §4.1.1.1")
            .fail()
    }

    /// The requirements of a `checks:`, of which one at least can be broken.
    pub(crate) fn requirements(self, node: &Node) -> Option<Vec<RequirementId>> {
        let Value::List(nodes) = &node.value else {
            let message =
                format!("`checks:` is a list of requirements, but this is {}", node.kind());
            return self.error(node.span, message).help("write `[rfc5321-4.1.4-5]`").fail();
        };
        if nodes.is_empty() {
            return self.error(node.span, "`checks:` names no requirement").fail();
        }
        let mut ids: Vec<RequirementId> = Vec::new();
        for node in nodes {
            if self.is_full() {
                return None;
            }
            let Some(id) = self.requirement(node) else { continue };
            if ids.contains(&id) {
                self.error(node.span, format!("`{id}` stands here for the second time")).report();
            }
            ids.push(id);
        }
        if ids.len() == nodes.len()
            && ids.iter().all(|id| id.requirement().level.grade() == Grade::May)
        {
            let message = "a permission can't be broken, so this checks nothing";
            return self
                .error(nodes[0].span, message)
                .label("MAY")
                .help("name the requirement that a wrong answer breaks")
                .fail();
        }
        Some(ids)
    }

    fn requirement(self, node: &Node) -> Option<RequirementId> {
        let text = self.text(node, "requirement")?;
        match text.parse::<RequirementId>() {
            Ok(id) => Some(id),
            Err(unknown) => self
                .error(node.span, format!("there is no requirement `{text}`"))
                .maybe_help(unknown.nearest.map(|nearest| format!("did you mean `{nearest}`?")))
                .note("the requirements are listed under scenarios/requirements/")
                .fail(),
        }
    }
}

/// Lower-case letters, digits and single hyphens between them.
pub(crate) fn is_slug(text: &str) -> bool {
    text.split('-').all(|word| {
        !word.is_empty()
            && word.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit())
    })
}

/// The slug that somebody probably meant.
fn slug_of(text: &str) -> Option<String> {
    let words: Vec<_> = text
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    (!words.is_empty() && text.len() <= 80).then(|| words.join("-"))
}

/// `300ms`, `5s` or `2m`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

fn code_help(text: &str) -> String {
    if let Some(class) = text.strip_suffix("xx").filter(|class| class.len() == 1) {
        return format!("RFC 5321 §4.2.1 writes such a class `{class}yz`");
    }
    let code = text.get(..3).filter(|code| code.parse::<CodePattern>().is_ok());
    match code {
        Some(code) if text[3..].starts_with([' ', '-']) => {
            format!("`{code}` is the code; the text goes into `{{must: {code}, text: '…'}}`")
        }
        _ => {
            let words = crate::language::EVENTS;
            did_you_mean(text, words).unwrap_or_else(|| {
                format!(
                    "write three digits, or `x`, `y`, `z` for a place that is open (`250`, `2yz`, \
                     `55z`), or {}",
                    words.join(", ")
                )
            })
        }
    }
}

/// What the regex library says in its last line, and the column that it points at.
fn fault_of(message: &str) -> (String, Option<usize>) {
    let mut lines = message.lines();
    let fault = message.lines().next_back().unwrap_or_default();
    let fault = fault.strip_prefix("error: ").unwrap_or(fault).to_owned();
    // One line of pattern: the heading, the pattern behind four blanks, the caret below it.
    let heading = lines.next() == Some("regex parse error:");
    let pattern = lines.next().unwrap_or_default();
    let caret = lines.next().unwrap_or_default();
    let at = (heading && caret.trim_start().starts_with('^'))
        .then(|| caret.find('^'))
        .flatten()
        .and_then(|column| {
            let at = pattern.char_indices().nth(column).map_or(pattern.len(), |(at, _)| at);
            at.checked_sub(4)
        });
    (fault, at)
}
