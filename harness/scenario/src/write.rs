//! From a typed scenario to a file that loads as the same scenario: what a fuzzer leaves behind,
//! for people to read and to keep. This is the only file that knows the YAML writer.

mod delivered;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_yaml::{Mapping, Value};
use smtpspec_catalogue::RequirementId;
use smtpspec_protocol::CodeSet;

use crate::dialogue::{Act, Condition, Step};
use crate::expect::{
    Alternative, CommandPattern, CommandShape, Hear, LineCount, ReplyPattern, Ruling,
};
use crate::language::{ALERT, ARRIVALS, ENDINGS, EVENTS, FAILED, HANDSHAKES, VERDICTS};
use crate::scenario::{Given, Party, Safety, Scenario, Speaks};
use crate::send::{Content, Send};
use crate::template::Template;

const CRLF: &[u8] = b"\r\n";

/// The scenario as a file of its own.
pub fn write(scenario: &Scenario) -> String {
    let mut file = Mapping::new();
    put(&mut file, "spec", text(&scenario.spec));
    put(&mut file, "section", text(&scenario.section));
    put(&mut file, "title", text(&scenario.section_title));
    put(&mut file, "scenarios", Value::Sequence(vec![Value::Mapping(body(scenario))]));
    to_yaml(&file)
}

fn to_yaml(file: &Mapping) -> String {
    serde_yaml::to_string(file).expect("invariant: a tree of texts, numbers and flags is YAML")
}

fn body(scenario: &Scenario) -> Mapping {
    let mut body = Mapping::new();
    let id = scenario.id.rsplit('/').next().unwrap_or_default();
    put(&mut body, "id", text(id));
    put(&mut body, "title", text(&scenario.title));
    put(&mut body, "checks", requirements(&scenario.checks));
    if scenario.given != Given::Greeted {
        put(&mut body, "given", text(scenario.given.as_str()));
    }
    if scenario.plays == Party::Server {
        put(&mut body, "plays", text("server"));
    }
    let requires = &scenario.requires;
    let mut needs = Mapping::new();
    put_list(&mut needs, "ehlo", &requires.ehlo);
    put_list(&mut needs, "profile", &requires.profile);
    if requires.next_hop {
        put(&mut needs, "next-hop", true.into());
    }
    if requires.protocol != Speaks::default() {
        put(&mut needs, "protocol", text(requires.protocol.as_str()));
    }
    if !needs.is_empty() {
        put(&mut body, "requires", Value::Mapping(needs));
    }
    if scenario.safety != Safety::Quiet {
        put(&mut body, "safety", text(scenario.safety.as_str()));
    }
    if let Some(rationale) = &scenario.rationale {
        put(&mut body, "rationale", text(rationale));
    }
    put_list(&mut body, "aliases", &scenario.aliases);
    if !scenario.rows.is_empty() {
        let rows = scenario.rows.iter().map(|row| {
            let mut fields = Mapping::new();
            put(&mut fields, "name", text(&row.name));
            for (name, value) in &row.fields {
                put(&mut fields, name, value.source(value.has_escapes()).into());
            }
            Value::Mapping(fields)
        });
        put(&mut body, "each", rows.collect());
    }
    let mut writer = Writer { plays: scenario.plays, swapped: BTreeSet::new() };
    put(&mut body, "dialogue", writer.steps(&scenario.dialogue));
    body
}

/// Knows which letter the harness speaks at each step.
#[derive(Clone)]
struct Writer {
    plays: Party,
    swapped: BTreeSet<Option<String>>,
}

impl Writer {
    fn steps(&mut self, steps: &[Step]) -> Value {
        steps.iter().map(|step| Value::Mapping(self.step(step))).collect()
    }

    fn step(&mut self, step: &Step) -> Mapping {
        let swapped = self.swapped.contains(&step.on);
        let harness = if swapped { self.plays.other() } else { self.plays };
        let mut mapping = Mapping::new();
        match &step.act {
            Act::Send(send) => put(&mut mapping, letter(harness), said(send)),
            Act::Hear(hear) => put(&mut mapping, "S", self.heard(hear)),
            Act::Await(patterns) => put(&mut mapping, "C", self.awaited(patterns)),
            Act::Delivered(wanted) => put(&mut mapping, "delivered", delivered::delivered(wanted)),
            Act::Swap => {
                if !self.swapped.remove(&step.on) {
                    self.swapped.insert(step.on.clone());
                }
                put(&mut mapping, "turn", text("swap"));
            }
        }
        if let Some(on) = &step.on {
            put(&mut mapping, "on", text(on));
        }
        if let Some(when) = &step.when {
            let (key, name) = match when {
                Condition::Ehlo(keyword) => ("ehlo", keyword),
                Condition::NoEhlo(keyword) => ("no-ehlo", keyword),
                Condition::Profile(fact) => ("profile", fact),
                Condition::Captured(name) => ("captured", name),
            };
            put(&mut mapping, "when", single(key, text(name)));
        }
        if !step.checks.is_empty() {
            put(&mut mapping, "checks", requirements(&step.checks));
        }
        if let Some(note) = &step.note {
            put(&mut mapping, "note", text(note));
        }
        mapping
    }

    fn heard(&mut self, hear: &Hear) -> Value {
        match hear {
            Hear::Permitted => text("permitted"),
            Hear::Closed(None) => text("closed"),
            Hear::Reset(None) => text("reset"),
            Hear::Reply(reply) => {
                let bare = ReplyPattern { must: reply.must.clone(), ..ReplyPattern::default() };
                if **reply == bare { codes(&reply.must) } else { heard_mapping(hear).into() }
            }
            Hear::AnyOf(alternatives) => {
                let list = self.alternatives(alternatives, |writer, alternative| {
                    let Alternative { hear, ruling, note, then, ends } = alternative;
                    let mapping = heard_mapping(hear);
                    (writer.continuation(mapping, (*ruling, note, then, *ends)), *ends)
                });
                single("any-of", list)
            }
            Hear::Silence(_) | Hear::Closed(Some(_)) | Hear::Alerted(_) | Hear::Reset(Some(_)) => {
                heard_mapping(hear).into()
            }
        }
    }

    fn awaited(&mut self, patterns: &[CommandPattern]) -> Value {
        if let [CommandPattern { hear, ruling: None, note: None, then, ends: false }] = patterns
            && then.is_empty()
        {
            return match hear {
                CommandShape::Line(line) => {
                    let line = line.source(false);
                    let word = ENDINGS.iter().chain(&EVENTS).chain(&ARRIVALS).any(|w| *w == line);
                    if word { single("line", line.into()) } else { line.into() }
                }
                shape => command_mapping(shape).into(),
            };
        }
        let list = self.alternatives(patterns, |writer, pattern| {
            let CommandPattern { hear, ruling, note, then, ends } = pattern;
            let mapping = command_mapping(hear);
            (writer.continuation(mapping, (*ruling, note, then, *ends)), *ends)
        });
        single("any-of", list)
    }

    /// Each alternative begins where the list stands; all that go on end in the same roles.
    fn alternatives<T>(
        &mut self,
        alternatives: &[T],
        mut write: impl FnMut(&mut Self, &T) -> (Mapping, bool),
    ) -> Value {
        let before = self.clone();
        let mut after = None;
        let mut list = Vec::new();
        for alternative in alternatives {
            let mut writer = before.clone();
            let (mapping, ends) = write(&mut writer, alternative);
            list.push(Value::Mapping(mapping));
            if !ends {
                after.get_or_insert(writer);
            }
        }
        *self = after.unwrap_or(before);
        Value::Sequence(list)
    }

    fn continuation(
        &mut self,
        mut mapping: Mapping,
        (ruling, note, then, ends): (Option<Ruling>, &Option<String>, &[Step], bool),
    ) -> Mapping {
        if let Some(ruling) = ruling {
            let index = match ruling {
                Ruling::Pass => 0,
                Ruling::Warn => 1,
                Ruling::Fail => 2,
                Ruling::Inconclusive => 3,
                Ruling::Skip => 4,
            };
            put(&mut mapping, "verdict", text(VERDICTS[index]));
        }
        if let Some(note) = note {
            put(&mut mapping, "note", text(note));
        }
        if !then.is_empty() {
            put(&mut mapping, "then", self.steps(then));
        }
        if ends {
            put(&mut mapping, "ends", true.into());
        }
        mapping
    }
}

fn said(send: &Send) -> Value {
    match send {
        Send::Close => text("close"),
        Send::HalfClose => text("half-close"),
        Send::Abort => text("abort"),
        Send::Handshake { failed } => {
            let mut mapping = Mapping::new();
            put(&mut mapping, "starttls", text(HANDSHAKES[0]));
            let index = Ruling::OF_HANDSHAKE.iter().position(|one| one == failed).unwrap_or(0);
            if index > 0 {
                put(&mut mapping, "failed", text(FAILED[index]));
            }
            mapping.into()
        }
        Send::Message(contents) => single("message", data(contents)),
        Send::Chunk { contents, last } => {
            let mut mapping = Mapping::new();
            put(&mut mapping, "chunk", data(contents));
            if *last {
                put(&mut mapping, "last", true.into());
            }
            mapping.into()
        }
        Send::Writes { writes, pause } => match writes.as_slice() {
            [contents] if pause.is_zero() => one_write(contents),
            _ => {
                let mut mapping = Mapping::new();
                put(
                    &mut mapping,
                    "split",
                    writes.iter().map(|write| part_of_split(write)).collect(),
                );
                put(&mut mapping, "pause", duration(*pause));
                mapping.into()
            }
        },
    }
}

fn one_write(contents: &[Content]) -> Value {
    let mut items = Vec::new();
    let mut rest = contents;
    while let Some((first, behind)) = rest.split_first() {
        let (item, left) = match first {
            Content::Repeat { .. } => (part(first), behind),
            Content::Base64(_) | Content::Answer(_) => line_of_parts(rest)
                .unwrap_or_else(|| (single("line", Value::Sequence(vec![part(first)])), behind)),
            Content::Text(text) if text.has_escapes() => (part(first), behind),
            Content::Text(text) => match text.strip_end(CRLF).filter(is_within_line) {
                Some(line) => (line.source(false).into(), behind),
                None => line_of_parts(rest)
                    .unwrap_or_else(|| (single("bytes", text.source(true).into()), behind)),
            },
        };
        items.push(item);
        rest = left;
    }
    let word = |line: &str| ENDINGS.contains(&line) || EVENTS.contains(&line);
    match items.as_slice() {
        // Alone such a word would be an act, not a line.
        [Value::String(line)] if word(line) => single("line", Value::Sequence(items)),
        [_] => items.remove(0),
        _ => Value::Sequence(items),
    }
}

/// The contents up to the first that ends a line, as the parts of that line.
fn line_of_parts(contents: &[Content]) -> Option<(Value, &[Content])> {
    let mut parts = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let end = match content {
            Content::Text(text) => text.strip_end(CRLF),
            Content::Repeat { .. } | Content::Base64(_) | Content::Answer(_) => None,
        };
        match end {
            Some(end) => {
                parts.push(part(&Content::Text(end)));
                return Some((single("line", Value::Sequence(parts)), &contents[index + 1..]));
            }
            None => match content {
                Content::Text(text) if !text.has_escapes() && !is_within_line(text) => return None,
                _ => parts.push(part(content)),
            },
        }
    }
    None
}

fn is_within_line(text: &Template) -> bool {
    !text.contains(b'\r') && !text.contains(b'\n')
}

/// A part that says of itself what it is.
fn part(content: &Content) -> Value {
    match content {
        Content::Text(text) if text.has_escapes() => single("bytes", text.source(true).into()),
        Content::Text(text) => text.source(false).into(),
        Content::Repeat { unit, times } => {
            let mut mapping = Mapping::new();
            put(&mut mapping, "repeat", unit.source(true).into());
            put(&mut mapping, "times", (*times).into());
            mapping.into()
        }
        Content::Base64(text) => single("base64", text.source(true).into()),
        Content::Answer(answer) => {
            let mut mapping = Mapping::new();
            put(&mut mapping, "answer", answer.mechanism.source(false).into());
            put(&mut mapping, "to", answer.challenge.source(false).into());
            for (key, choice) in answer.choices() {
                put_some(&mut mapping, key, choice.map(|choice| choice.source(false).into()));
            }
            mapping.into()
        }
    }
}

/// In a split a bare text has escapes.
fn part_of_split(contents: &[Content]) -> Value {
    let bare = |content: &Content| match content {
        Content::Text(text) => text.source(true).into(),
        Content::Repeat { .. } | Content::Base64(_) | Content::Answer(_) => part(content),
    };
    match contents {
        [content] => bare(content),
        _ => contents.iter().map(bare).collect(),
    }
}

/// In message data a bare text has line ends, which become CRLF.
fn data(contents: &[Content]) -> Value {
    let bare = |content: &Content| match content {
        Content::Text(text) if !text.has_escapes() => {
            text.source(false).replace("\r\n", "\n").into()
        }
        _ => part(content),
    };
    match contents {
        [content] => bare(content),
        _ => contents.iter().map(bare).collect(),
    }
}

fn heard_mapping(hear: &Hear) -> Mapping {
    let mut mapping = Mapping::new();
    match hear {
        Hear::Reply(reply) => reply_mapping(&mut mapping, reply),
        Hear::Permitted => put(&mut mapping, "permitted", true.into()),
        Hear::Silence(time) => put(&mut mapping, "silence", duration(*time)),
        Hear::Closed(within) | Hear::Alerted(within) | Hear::Reset(within) => {
            match hear {
                Hear::Alerted(_) => put(&mut mapping, "closed", text(ALERT)),
                Hear::Closed(_) => put(&mut mapping, "closed", true.into()),
                _ => put(&mut mapping, "reset", true.into()),
            }
            put_some(&mut mapping, "within", within.map(duration));
        }
        // Never inside another list of alternatives, and outside of one it is written elsewhere.
        Hear::AnyOf(_) => {}
    }
    mapping
}

fn reply_mapping(mapping: &mut Mapping, reply: &ReplyPattern) {
    if !reply.must.is_empty() {
        put(mapping, "must", codes(&reply.must));
    }
    put_some(mapping, "should", reply.should.as_ref().map(codes));
    put_some(mapping, "not", reply.not.as_ref().map(codes));
    put_some(mapping, "text", reply.text.as_ref().map(|pattern| text(pattern.as_str())));
    put_some(mapping, "octets", reply.octets.as_ref().map(|pattern| text(pattern.as_str())));
    let challenge = reply.challenge.as_ref();
    put_some(mapping, "challenge", challenge.map(|pattern| text(pattern.as_str())));
    put_some(mapping, "signed", reply.signed.then(|| true.into()));
    put_some(mapping, "enhanced", reply.enhanced.map(|pattern| text(&pattern.to_string())));
    put_some(mapping, "lines", reply.lines.map(lines));
    let mut ehlo = Mapping::new();
    put_list(&mut ehlo, "has", &reply.ehlo.has);
    put_list(&mut ehlo, "lacks", &reply.ehlo.lacks);
    put_some(mapping, "ehlo", (!ehlo.is_empty()).then_some(Value::Mapping(ehlo)));
    put_some(mapping, "within", reply.within.map(duration));
    put_some(mapping, "not-before", reply.not_before.map(duration));
    if !reply.capture.is_empty() {
        let mut captures = Mapping::new();
        for capture in &reply.capture {
            put(&mut captures, &capture.name, text(capture.pattern.as_str()));
        }
        put(mapping, "capture", captures.into());
    }
    if reply.policy_fails {
        put(mapping, "policy", text("fails"));
    }
}

fn command_mapping(shape: &CommandShape) -> Mapping {
    let mut mapping = Mapping::new();
    match shape {
        CommandShape::Line(line) => put(&mut mapping, "line", line.source(false).into()),
        CommandShape::Verb(verb) => put(&mut mapping, "verb", text(verb)),
        CommandShape::Matches(pattern) => put(&mut mapping, "matches", text(pattern.as_str())),
        CommandShape::Message(None) => put(&mut mapping, "message", true.into()),
        CommandShape::Message(Some(pattern)) => {
            put(&mut mapping, "message", text(pattern.as_str()));
        }
        CommandShape::Closed => put(&mut mapping, "closed", true.into()),
    }
    mapping
}

fn lines(count: LineCount) -> Value {
    if count.most == Some(count.least) {
        return count.least.into();
    }
    let mut mapping = Mapping::new();
    put(&mut mapping, "least", count.least.into());
    put_some(&mut mapping, "most", count.most.map(Value::from));
    mapping.into()
}

fn codes(set: &CodeSet) -> Value {
    let code = |pattern: &str| match pattern.parse::<u16>() {
        // A number would lose the zeros before it.
        Ok(code @ 100..) => code.into(),
        _ => text(pattern),
    };
    let codes: Vec<_> = set.patterns().iter().map(|pattern| code(&pattern.to_string())).collect();
    match codes.as_slice() {
        [code] => code.clone(),
        _ => Value::Sequence(codes),
    }
}

fn duration(duration: Duration) -> Value {
    let milliseconds = duration.as_millis();
    let text = if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    };
    text.into()
}

fn requirements(ids: &[RequirementId]) -> Value {
    ids.iter().map(|id| text(id.as_str())).collect()
}

const fn letter(party: Party) -> &'static str {
    match party {
        Party::Client => "C",
        Party::Server => "S",
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn single(key: &str, value: Value) -> Value {
    let mut mapping = Mapping::new();
    put(&mut mapping, key, value);
    mapping.into()
}

fn put(mapping: &mut Mapping, key: &str, value: Value) {
    mapping.insert(text(key), value);
}

fn put_some(mapping: &mut Mapping, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        put(mapping, key, value);
    }
}

fn put_list(mapping: &mut Mapping, key: &str, values: &[String]) {
    if !values.is_empty() {
        put(mapping, key, values.iter().map(|value| text(value)).collect());
    }
}
