//! What the harness wants to hear, and the alternatives with their continuations.

use std::time::Duration;

use smtpspec_protocol::ReplyCode;

use crate::dialogue::Step;
use crate::expect::{
    Alternative, Capture, CommandPattern, CommandShape, EhloPattern, Hear, LineCount, ReplyPattern,
    Ruling,
};
use crate::language::{
    ALERT, ARRIVALS, COMMAND, COMMAND_ALTERNATIVE, EHLO, EVENTS, LINES, POLICIES, REPLY,
    REPLY_ALTERNATIVE, VERDICTS,
};
use crate::template::Template;
use crate::yaml::{Node, Value};

use super::dialogue::{Reading, head};
use super::fields::Fields;
use super::scope::Scope;

/// How long nothing must come, where the scenario does not say.
const SILENCE: Duration = Duration::from_millis(500);

const RULINGS: [Ruling; 5] =
    [Ruling::Pass, Ruling::Warn, Ruling::Fail, Ruling::Inconclusive, Ruling::Skip];

/// The keys of an alternative that say nothing about what is heard.
const CONTINUES: [&str; 4] = ["verdict", "note", "then", "ends"];

/// What an alternative leads to.
#[derive(Default)]
struct Continuation {
    ruling: Option<Ruling>,
    note: Option<String>,
    then: Vec<Step>,
    ends: bool,
}

impl<'f> Reading<'f> {
    /// The value of `S:` where the harness is the client.
    pub(super) fn heard(&mut self, node: &'f Node) -> Option<Hear> {
        match &node.value {
            Value::Scalar(_) => self.heard_word(node),
            Value::List(nodes) => {
                if let Some(inner) = nodes.iter().find(|inner| inner.scalar().is_none()) {
                    return self
                        .reader
                        .error(head(inner), "a list here holds codes, any of which is right")
                        .help("for alternatives of other kinds write `S: {any-of: […]}`")
                        .fail();
                }
                let must = self.reader.codes(node)?;
                Some(Hear::Reply(Box::new(ReplyPattern { must, ..ReplyPattern::default() })))
            }
            Value::Mapping(_) => {
                let fields = Fields::read(self.reader, node, &REPLY)?;
                match fields.get("any-of") {
                    None => self.heard_fields(&fields),
                    Some(list) => {
                        fields.only(self.reader, &["any-of"], "any-of");
                        self.any_of(list, Self::reply_alternative).map(Hear::AnyOf)
                    }
                }
            }
        }
    }

    fn heard_word(&self, node: &Node) -> Option<Hear> {
        if node.is_null() {
            return self
                .reader
                .error(head(node), "nothing stands here, which is no expectation")
                .help("for whatever the model permits write `permitted`; for no reply, `silence`")
                .fail();
        }
        match node.scalar().map(|scalar| scalar.text.as_str()) {
            Some("permitted") => Some(Hear::Permitted),
            Some("silence") => Some(Hear::Silence(SILENCE)),
            Some("closed") => Some(Hear::Closed(None)),
            Some("reset") => Some(Hear::Reset(None)),
            _ => {
                let must = self.reader.codes(node)?;
                Some(Hear::Reply(Box::new(ReplyPattern { must, ..ReplyPattern::default() })))
            }
        }
    }

    /// What a mapping describes, `any-of:` left aside.
    fn heard_fields(&mut self, fields: &Fields<'f>) -> Option<Hear> {
        let reader = self.reader;
        let Some(event) = EVENTS.into_iter().find(|event| fields.entry(event).is_some()) else {
            return self.reply(fields).map(|reply| Hear::Reply(Box::new(reply)));
        };
        let timed = matches!(event, "closed" | "reset");
        let mut allowed = vec![event];
        allowed.extend(timed.then_some("within"));
        allowed.extend(CONTINUES);
        fields.only(reader, &allowed, event);
        let node = fields.get(event)?;
        if event == "silence" && node.plain() != Some("true") {
            return reader.duration(node, "silence").map(Hear::Silence);
        }
        let alerted = event == "closed" && node.plain() == Some(ALERT);
        if event == "closed" && !alerted && node.plain() != Some("true") {
            let message = format!("`closed:` is `true`, or `{ALERT}` for the end of TLS before it");
            return reader.error(node.span, message).fail();
        }
        if !alerted {
            reader.affirmed(node, event)?;
        }
        let within = match fields.get("within").filter(|_| timed) {
            None => None,
            Some(node) => Some(reader.duration(node, "time")?),
        };
        Some(match event {
            "permitted" => Hear::Permitted,
            "silence" => Hear::Silence(SILENCE),
            "closed" if alerted => Hear::Alerted(within),
            "closed" => Hear::Closed(within),
            _ => Hear::Reset(within),
        })
    }

    fn reply(&mut self, fields: &Fields<'f>) -> Option<ReplyPattern> {
        let reader = self.reader;
        let problems = reader.problems.borrow().count();
        let codes = |key| fields.get(key).and_then(|node| reader.codes(node));
        let time = |key| fields.get(key).and_then(|node| reader.duration(node, "time"));
        let pattern = |key| fields.get(key).and_then(|node| self.pattern(node, key));
        let pattern = ReplyPattern {
            must: codes("must").unwrap_or_default(),
            should: codes("should"),
            not: codes("not"),
            text: pattern("text"),
            octets: pattern("octets"),
            challenge: pattern("challenge"),
            signed: fields.get("signed").and_then(|node| reader.flag(node, "signed")) == Some(true),
            enhanced: fields.get("enhanced").and_then(|node| reader.enhanced(node)),
            lines: fields.get("lines").and_then(|node| self.lines(node)),
            ehlo: fields.get("ehlo").and_then(|node| self.ehlo(node)).unwrap_or_default(),
            within: time("within"),
            not_before: time("not-before"),
            capture: fields.get("capture").map(|node| self.captures(node)).unwrap_or_default(),
            policy_fails: fields
                .get("policy")
                .and_then(|node| reader.word(node, "policy", &POLICIES))
                .is_some_and(|index| POLICIES[index] == "fails"),
        };
        if reader.problems.borrow().count() > problems {
            return None;
        }
        self.check_sense(fields, &pattern)?;
        Some(pattern)
    }

    /// A pattern must be able to fit, and must be able to fail.
    fn check_sense(&self, fields: &Fields<'f>, pattern: &ReplyPattern) -> Option<()> {
        let conditions = REPLY.keys.iter().filter(|key| !matches!(key.name, "policy" | "any-of"));
        if conditions.filter(|key| fields.entry(key.name).is_some()).count() == 0 {
            return self
                .reader
                .error(fields.head, "this fits any reply: it names no code and nothing else")
                .help("write `{must: 2yz}`, or `permitted` for whatever the model permits")
                .fail();
        }
        let right = |code: ReplyCode| {
            (pattern.must.is_empty() || pattern.must.matches(code))
                && !pattern.not.as_ref().is_some_and(|not| not.matches(code))
        };
        let codes = || (0..=999).filter_map(ReplyCode::new);
        if !codes().any(right) {
            return self.contradiction(fields, "not", "no code that `must:` names is left");
        }
        match &pattern.should {
            Some(should) if !codes().any(|code| right(code) && should.matches(code)) => self
                .contradiction(fields, "should", "none of these codes is right in the first place"),
            _ => Some(()),
        }
    }

    fn contradiction(&self, fields: &Fields<'f>, key: &str, message: &str) -> Option<()> {
        let span = fields.get(key).map_or(fields.head, |node| node.span);
        let draft = self.reader.error(span, message);
        match fields.get("must") {
            Some(must) => draft.other(self.reader.file.mark(must.span), "the codes that are right"),
            None => draft,
        }
        .fail()
    }

    fn lines(&self, node: &Node) -> Option<LineCount> {
        let reader = self.reader;
        let count = if let Value::Mapping(_) = &node.value {
            let fields = Fields::read(reader, node, &LINES)?;
            let number = |key| fields.get(key).map(|node| reader.count(node, "number of lines"));
            let (least, most) = (number("least"), number("most"));
            if least.is_none() && most.is_none() {
                return reader.error(fields.head, "this says nothing about the lines").fail();
            }
            let most = match most {
                None => None,
                Some(most) => Some(most? as usize),
            };
            LineCount { least: least.unwrap_or(Some(1))? as usize, most }
        } else {
            let number = reader.count(node, "number of lines")? as usize;
            LineCount { least: number, most: Some(number) }
        };
        if count.most.is_some_and(|most| most < count.least.max(1)) {
            return reader.error(head(node), "no reply has such a number of lines").fail();
        }
        Some(count)
    }

    fn ehlo(&self, node: &'f Node) -> Option<EhloPattern> {
        let fields = Fields::read(self.reader, node, &EHLO)?;
        let keywords = |key| fields.get(key).map(|node| self.reader.keywords(node));
        let (has, lacks) = (keywords("has"), keywords("lacks"));
        if has.is_none() && lacks.is_none() {
            return self.reader.error(fields.head, "this names no keyword").fail();
        }
        Some(EhloPattern { has: has.unwrap_or_default(), lacks: lacks.unwrap_or_default() })
    }

    fn captures(&mut self, node: &'f Node) -> Vec<Capture> {
        let reader = self.reader;
        let Value::Mapping(entries) = &node.value else {
            let message = format!("`capture:` is a mapping, but this is {}", node.kind());
            let draft = reader.error(node.span, message);
            draft.help("write `capture: {name: 'pattern'}`").report();
            return Vec::new();
        };
        let mut captures = Vec::new();
        for entry in entries {
            let name = &entry.key;
            let valid = Template::text(&format!("${{{name}}}")).is_ok();
            if !valid {
                reader.error(entry.key_span, format!("no variable can be named `{name}`")).report();
            } else if Scope::is_built_in(name) || self.table.has(name) {
                let owner =
                    if Scope::is_built_in(name) { "the profile" } else { "a row of `each:`" };
                reader
                    .error(entry.key_span, format!("`{name}` is already set by {owner}"))
                    .help("give the capture a name of its own")
                    .report();
            }
            self.state.scope.set(name);
            let pattern = self.pattern(&entry.value, "pattern");
            captures.extend(pattern.map(|pattern| Capture { name: name.clone(), pattern }));
        }
        captures
    }

    /// The alternatives of an `any-of:`, and the ways that lead on from them.
    fn any_of<T>(
        &mut self,
        node: &'f Node,
        mut read: impl FnMut(&mut Self, &'f Node) -> Option<(T, bool)>,
    ) -> Option<Vec<T>> {
        let Value::List(nodes) = &node.value else {
            let message =
                format!("`any-of:` is a list of alternatives, but this is {}", node.kind());
            return self.reader.error(node.span, message).fail();
        };
        if nodes.is_empty() {
            return self.reader.error(node.span, "`any-of:` has no alternatives").fail();
        }
        let before = self.state.clone();
        let (mut alternatives, mut ways) = (Vec::new(), Vec::new());
        for node in nodes {
            self.state = before.clone();
            let alternative = read(self, node);
            let ends = alternative.as_ref().is_some_and(|(_, ends)| *ends);
            if !ends && !self.state.ended {
                ways.push(self.state.clone());
            }
            alternatives.push(alternative.map(|(alternative, _)| alternative));
        }
        self.state = before;
        self.meet(&ways, head(node));
        alternatives.into_iter().collect()
    }

    fn reply_alternative(&mut self, node: &'f Node) -> Option<(Alternative, bool)> {
        let (hear, next) = if let Value::Mapping(_) = &node.value {
            let fields = Fields::read(self.reader, node, &REPLY_ALTERNATIVE)?;
            self.refuse_nesting(&fields)?;
            let hear = self.heard_fields(&fields);
            let next = self.continuation(&fields);
            (hear, next)
        } else {
            (self.heard(node), Continuation::default())
        };
        let Continuation { ruling, note, then, ends } = next;
        Some((Alternative { hear: hear?, ruling, note, then, ends }, ends))
    }

    fn refuse_nesting(&self, fields: &Fields<'f>) -> Option<()> {
        match fields.entry("any-of") {
            None => Some(()),
            Some(entry) => self
                .reader
                .error(entry.key_span, "an alternative has no alternatives of its own")
                .help("put them into the one list")
                .fail(),
        }
    }

    fn continuation(&mut self, fields: &Fields<'f>) -> Continuation {
        let reader = self.reader;
        let verdict =
            fields.get("verdict").and_then(|node| reader.word(node, "verdict", &VERDICTS));
        let note = fields.get("note").and_then(|node| reader.text(node, "note"));
        let then = fields.get("then").map(|node| self.steps(node)).unwrap_or_default();
        let ends = fields.get("ends").and_then(|node| reader.flag(node, "ends"));
        Continuation {
            ruling: verdict.map(|index| RULINGS[index]),
            note: note.map(str::to_owned),
            then,
            ends: ends.unwrap_or(false),
        }
    }

    /// The value of `C:` where the harness is the server.
    pub(super) fn awaited(&mut self, node: &'f Node) -> Option<Vec<CommandPattern>> {
        if let Value::Mapping(_) = &node.value {
            let fields = Fields::read(self.reader, node, &COMMAND)?;
            if let Some(list) = fields.get("any-of") {
                fields.only(self.reader, &["any-of"], "any-of");
                return self.any_of(list, Self::command_alternative);
            }
        }
        let (pattern, _) = self.command_alternative(node)?;
        Some(vec![pattern])
    }

    fn command_alternative(&mut self, node: &'f Node) -> Option<(CommandPattern, bool)> {
        let (hear, next) = match &node.value {
            Value::Scalar(_) => (self.command_word(node), Continuation::default()),
            Value::List(_) => {
                return self
                    .reader
                    .error(node.span, "one command is awaited at a time")
                    .help("for alternatives write `C: {any-of: […]}`")
                    .fail();
            }
            Value::Mapping(_) => {
                let fields = Fields::read(self.reader, node, &COMMAND_ALTERNATIVE)?;
                self.refuse_nesting(&fields)?;
                let hear = self.command_fields(&fields);
                let next = self.continuation(&fields);
                (hear, next)
            }
        };
        let Continuation { ruling, note, then, ends } = next;
        Some((CommandPattern { hear: hear?, ruling, note, then, ends }, ends))
    }

    fn command_word(&mut self, node: &Node) -> Option<CommandShape> {
        match node.plain() {
            Some("message") => Some(CommandShape::Message(None)),
            Some("closed") => Some(CommandShape::Closed),
            Some(word @ ("close" | "half-close" | "abort" | "silence" | "reset" | "permitted")) => {
                let message = format!("`{word}` is nothing that a server can hear");
                let help = format!(
                    "write a command, or one of {}; to await the word, quote it",
                    ARRIVALS.join(", ")
                );
                self.reader.error(node.span, message).help(help).fail()
            }
            _ => {
                let text = self.whole_line(node)?;
                self.template(node, text, false).map(CommandShape::Line)
            }
        }
    }

    fn command_fields(&mut self, fields: &Fields<'f>) -> Option<CommandShape> {
        let reader = self.reader;
        let entry = fields.choice(reader)?;
        let node = &entry.value;
        match entry.key.as_str() {
            "line" => {
                let text = self.whole_line(node)?;
                self.template(node, text, false).map(CommandShape::Line)
            }
            "verb" => {
                let verb = reader.text(node, "verb")?;
                if verb.is_empty() || !verb.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
                    return reader
                        .error(node.span, format!("`{verb}` is not a verb"))
                        .help("a verb is the first word alone: `MAIL`")
                        .fail();
                }
                Some(CommandShape::Verb(verb.to_owned()))
            }
            "matches" => self.pattern(node, "pattern").map(CommandShape::Matches),
            "message" if node.plain() == Some("true") => Some(CommandShape::Message(None)),
            "message" => self.pattern(node, "pattern").map(Some).map(CommandShape::Message),
            _ => reader.affirmed(node, "closed").map(|()| CommandShape::Closed),
        }
    }
}
