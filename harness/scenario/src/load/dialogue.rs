//! Steps: who speaks in each of them, on which connection, under which condition.

use std::collections::BTreeSet;

use regex::bytes::Regex;
use smtpspec_catalogue::RequirementId;
use smtpspec_protocol::escape::EscapeFault;

use crate::diagnostic::{Draft, Reader, Span};
use crate::dialogue::{Act, Condition, Step};
use crate::language::{STEP, WHEN};
use crate::scenario::Party;
use crate::suggest::did_you_mean;
use crate::template::{Template, TemplateError};
use crate::yaml::{Entry, Node, Value};

use super::each::Table;
use super::fields::Fields;
use super::library::{Library, Use};
use super::scope::Scope;

/// How many steps a dialogue may have once every `use:` is put in.
const STEP_LIMIT: usize = 10_000;

/// How deep one `use:` may lead into another.
const USE_LIMIT: usize = 16;

/// How many variables a dialogue may know.
const VARIABLE_LIMIT: usize = 1000;

/// The reading of one dialogue.
pub(super) struct Reading<'f> {
    /// The file of the step at hand; `use:` leads into others.
    pub(super) reader: Reader<'f>,
    pub(super) library: &'f Library<'f>,
    pub(super) shelf: usize,
    pub(super) plays: Party,
    pub(super) table: &'f Table<'f>,
    /// Whether the variables are known; not in a dialogue that nothing uses.
    pub(super) checked: bool,
    pub(super) state: State,
    /// Whether anything is expected.
    pub(super) listens: bool,
    /// The first step that asks what mail came out.
    pub(super) collects: Option<(Reader<'f>, Span)>,
    /// Whether something that is said carries `${unique}`.
    pub(super) marked: bool,
    pub(super) used_fields: BTreeSet<String>,
    using: Vec<Use<'f>>,
    inherited: Modifiers,
    steps: usize,
}

/// What is so at one point of a dialogue.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) scope: Scope,
    /// The connections on which client and server have exchanged their roles.
    swapped: BTreeSet<Option<String>>,
    /// Whether no way leads here.
    pub(super) ended: bool,
}

/// What stands beside a step, or beside the `use:` that put it in.
#[derive(Clone, Default)]
struct Modifiers {
    on: Option<String>,
    when: Option<Condition>,
    checks: Vec<RequirementId>,
}

impl<'f> Reading<'f> {
    pub(super) fn new(
        reader: Reader<'f>,
        (library, shelf): (&'f Library<'f>, usize),
        plays: Party,
        table: &'f Table<'f>,
        scope: Scope,
    ) -> Self {
        Self {
            reader,
            library,
            shelf,
            plays,
            table,
            checked: true,
            state: State { scope, ..State::default() },
            listens: false,
            collects: None,
            marked: false,
            used_fields: BTreeSet::new(),
            using: Vec::new(),
            inherited: Modifiers::default(),
            steps: 0,
        }
    }

    /// Reads a regular expression.
    pub(super) fn pattern(&self, node: &Node, what: &str) -> Option<Regex> {
        self.library.pattern(self.reader, node, what)
    }

    /// The steps of a list; what is wrong with one of them does not hide the others.
    pub(super) fn steps(&mut self, node: &'f Node) -> Vec<Step> {
        let Value::List(nodes) = &node.value else {
            let message = format!("a dialogue is a list of steps, but this is {}", node.kind());
            self.reader.error(node.span, message).help("begin each step with `- `").report();
            return Vec::new();
        };
        if nodes.is_empty() {
            self.reader.error(node.span, "this dialogue has no steps").report();
        }
        let mut steps = Vec::new();
        for node in nodes {
            if self.state.ended {
                let message = "this step is never reached: every alternative before it ends";
                self.reader.error(head(node), message).report();
                self.state.ended = false;
            }
            if self.reader.is_full() || !self.spend(node) {
                break;
            }
            self.step(node, &mut steps);
        }
        steps
    }

    /// Counts a step; false when there are too many of them.
    fn spend(&mut self, node: &Node) -> bool {
        self.steps += 1;
        if self.state.scope.len() > VARIABLE_LIMIT {
            self.reader.error(head(node), "there are too many variables here").report();
            return false;
        }
        if self.library.spend() && self.steps <= STEP_LIMIT {
            return true;
        }
        self.reader
            .error(head(node), "there are too many steps once every `use:` is put in")
            .note(format!("a dialogue may have {STEP_LIMIT}"))
            .report();
        false
    }

    fn step(&mut self, written: &'f Node, steps: &mut Vec<Step>) {
        let Some(fields) = Fields::read(self.reader, written, &STEP) else { return };
        let own = self.modifiers(&fields);
        let note = fields.get("note").and_then(|text| self.reader.text(text, "note"));
        let Some(entry) = fields.choice(self.reader) else { return };
        let before = own.when.is_some().then(|| self.state.clone());
        if let Some(Condition::Profile(name) | Condition::Captured(name)) = &own.when {
            self.state.scope.set(name);
        }
        let place = self.reader.file.place(entry.key_span.start);
        let modifiers = self.under(own, &fields);
        if entry.key == "use" {
            if let Some(note) = fields.entry("note") {
                let message = "a note belongs to a step, not to `use:`";
                self.reader.error(note.key_span, message).report();
            }
            self.put_in(&entry.value, modifiers, steps);
        } else {
            if let Some(on) = fields.entry("on").filter(|_| entry.key == "delivered") {
                let message = "mail comes out of the server, not of a connection";
                self.reader.error(on.key_span, message).report();
            }
            let act = self.act(entry, modifiers.on.as_ref());
            let Modifiers { on, when, checks } = modifiers;
            let note = note.map(str::to_owned);
            steps.extend(act.map(|act| Step { act, on, when, checks, note, place }));
        }
        if let Some(before) = before {
            self.rejoin(&before, entry);
        }
    }

    /// What a step does.
    fn act(&mut self, entry: &'f Entry, on: Option<&String>) -> Option<Act> {
        let party = match entry.key.as_str() {
            "C" => Party::Client,
            "S" => Party::Server,
            "turn" => {
                self.reader.word(&entry.value, "turn", &["swap"])?;
                let connection = on.cloned();
                if !self.state.swapped.remove(&connection) {
                    self.state.swapped.insert(connection);
                }
                return Some(Act::Swap);
            }
            _ => return self.delivered(entry).map(|wanted| Act::Delivered(Box::new(wanted))),
        };
        let swapped = self.state.swapped.contains(&on.cloned());
        let harness = if swapped { self.plays.other() } else { self.plays };
        match (party == harness, harness) {
            (true, _) => {
                let send = self.said(&entry.value)?;
                self.look_for_marker(&send);
                Some(Act::Send(send))
            }
            (false, Party::Client) => {
                self.listens = true;
                self.heard(&entry.value).map(Act::Hear)
            }
            (false, Party::Server) => {
                self.listens = true;
                self.awaited(&entry.value).map(Act::Await)
            }
        }
    }

    /// Puts a named dialogue in.
    fn put_in(&mut self, node: &'f Node, modifiers: Modifiers, steps: &mut Vec<Step>) {
        let reader = self.reader;
        let Some(name) = reader.text(node, "name of a dialogue") else { return };
        let Some(named) = self.library.find(reader, self.shelf, name, node.span) else { return };
        let mark = reader.file.mark(node.span);
        if self.using.iter().any(|used| std::ptr::eq(used.steps, named.steps)) {
            let first = self.using.first().map(|used| used.mark.clone());
            let mut draft =
                reader.error(node.span, format!("the dialogue `{name}` uses itself without end"));
            if let Some(first) = first.filter(|first| *first != mark) {
                draft = draft.other(first, "entered here");
            }
            return draft.report();
        }
        if self.using.len() >= USE_LIMIT {
            let message = "dialogues use each other too deeply here";
            let draft = reader.error(node.span, message);
            return draft.note(format!("the limit is {USE_LIMIT} levels")).report();
        }
        self.using.push(Use { steps: named.steps, mark });
        let outer = (self.reader, self.shelf, std::mem::replace(&mut self.inherited, modifiers));
        (self.reader, self.shelf) = (named.reader, named.shelf);
        steps.extend(self.steps(named.steps));
        (self.reader, self.shelf, self.inherited) = outer;
        self.using.pop();
    }

    /// After a step that need not happen: what it set is only perhaps set.
    fn rejoin(&mut self, before: &State, entry: &Entry) {
        if self.state.swapped != before.swapped {
            self.reader
                .error(entry.key_span, "a change of roles can't hang on a condition")
                .help("the steps after it would have no clear speaker")
                .report();
        }
        // What the condition itself makes known holds for the step alone.
        let ways = [before.scope.clone(), self.state.scope.clone()];
        self.state.scope = Scope::meet(&ways).unwrap_or_default();
        self.state.ended = false;
    }

    /// Where the ways of alternatives that go on meet again.
    pub(super) fn meet(&mut self, ways: &[State], span: Span) {
        let Some((first, rest)) = ways.split_first() else {
            self.state.ended = true;
            return;
        };
        if rest.iter().any(|way| way.swapped != first.swapped) {
            self.reader
                .error(span, "the alternatives leave client and server in different roles")
                .help("let each swap and swap back, or end the dialogue by `ends: true`")
                .report();
        }
        let scopes: Vec<_> = ways.iter().map(|way| way.scope.clone()).collect();
        self.state = State {
            scope: Scope::meet(&scopes).unwrap_or_default(),
            swapped: first.swapped.clone(),
            ended: false,
        };
    }

    fn modifiers(&mut self, fields: &Fields<'f>) -> Modifiers {
        let reader = self.reader;
        let on = fields.get("on").and_then(|node| reader.slug(node, "connection"));
        let checks = fields.get("checks").and_then(|node| reader.requirements(node));
        Modifiers {
            on: on.map(str::to_owned),
            when: fields.get("when").and_then(|node| self.condition(node)),
            checks: checks.unwrap_or_default(),
        }
    }

    /// The step's own modifiers, and those of the `use:` around it where it has none.
    fn under(&self, own: Modifiers, fields: &Fields<'f>) -> Modifiers {
        let around = self.inherited.clone();
        if let (Some(_), Some(_), Some(entry)) = (&own.when, &around.when, fields.entry("when")) {
            let message = "this step and the `use:` that puts it in both have a condition";
            let mut draft = self.reader.error(entry.key_span, message);
            if let Some(used) = self.using.last() {
                draft = draft.other(used.mark.clone(), "used here");
            }
            draft.report();
        }
        Modifiers {
            on: own.on.or(around.on),
            when: own.when.or(around.when),
            checks: if own.checks.is_empty() { around.checks } else { own.checks },
        }
    }

    fn condition(&mut self, node: &'f Node) -> Option<Condition> {
        let reader = self.reader;
        let fields = Fields::read(reader, node, &WHEN)?;
        let entry = fields.choice(reader)?;
        match entry.key.as_str() {
            "ehlo" => reader.keyword(&entry.value).map(Condition::Ehlo),
            "no-ehlo" => reader.keyword(&entry.value).map(Condition::NoEhlo),
            "profile" => {
                let name = reader.text(&entry.value, "fact")?;
                Some(Condition::Profile(name.to_owned()))
            }
            _ => {
                let name = reader.text(&entry.value, "variable")?;
                let scope = &self.state.scope;
                if self.checked && !scope.has(name) && !scope.may_have(name) {
                    let help = did_you_mean(name, scope.names());
                    let message = format!("no step before this one captures `{name}`");
                    return reader.error(entry.value.span, message).maybe_help(help).fail();
                }
                Some(Condition::Captured(name.to_owned()))
            }
        }
    }

    /// A draft that also says which `use:` leads to the place.
    fn error(&self, span: Span, message: String) -> Draft<'f> {
        let draft = self.reader.error(span, message);
        match self.using.last() {
            Some(used) => draft.other(used.mark.clone(), "used here"),
            None => draft,
        }
    }

    /// Text with variables in it, all of which are set at this point.
    pub(super) fn template(&mut self, node: &Node, text: &str, escaped: bool) -> Option<Template> {
        let parsed = if escaped { Template::bytes(text) } else { Template::text(text) };
        let template = match parsed {
            Ok(template) => template,
            Err(error) => return report_template(self.reader, node, &error),
        };
        for name in template.names() {
            if self.reader.is_full() {
                return None;
            }
            self.check_variable(node, text, name);
            if escaped {
                self.table.check_escapes(name);
            }
        }
        Some(template)
    }

    fn check_variable(&mut self, node: &Node, text: &str, name: &str) {
        let scope = &self.state.scope;
        if !self.checked || scope.has(name) {
            self.used_fields.insert(name.to_owned());
            return;
        }
        let written = format!("${{{name}}}");
        let span = text
            .find(&written)
            .map_or(node.span, |at| node.within(self.reader.file, at, written.len()));
        if scope.may_have(name) {
            let message = format!("`{name}` is not captured on every way to this step");
            let help = format!("add `when: {{captured: {name}}}` to the step");
            return self.error(span, message).help(help).report();
        }
        let help = did_you_mean(name, scope.names());
        self.error(span, format!("nothing sets the variable `{name}`"))
            .help("a variable of the profile must be named under `requires: {profile: …}`")
            .maybe_help(help)
            .report();
    }
}

/// Reports what is wrong with a template, at the very character.
pub(super) fn report_template<T>(
    reader: Reader<'_>,
    node: &Node,
    error: &TemplateError,
) -> Option<T> {
    let (at, length, message, help) = match error {
        TemplateError::Unclosed(at) => (
            *at,
            2,
            "this `${` is not closed".to_owned(),
            "write `${name}`, or `$${` for these two characters themselves",
        ),
        TemplateError::BadName(at) => (
            *at,
            2,
            "no variable has a name like this".to_owned(),
            "a name is letters, digits, dots and hyphens; `$${` stands for these two characters",
        ),
        TemplateError::Escape(at, fault) => (
            *at,
            2,
            fault_of(fault.fault).to_owned(),
            r"the escapes are `\r \n \t \0 \\` and `\xNN`; a backslash itself is `\\`",
        ),
    };
    reader.error(node.within(reader.file, at, length), message).help(help).fail()
}

const fn fault_of(fault: EscapeFault) -> &'static str {
    match fault {
        EscapeFault::NotHexadecimal => r"`\x` needs two hexadecimal digits",
        EscapeFault::Unfinished => "nothing follows this backslash",
        EscapeFault::Unknown => "there is no such escape",
    }
}

/// What to point at when a whole node is meant: its first key, if it is a mapping.
pub(super) fn head(node: &Node) -> Span {
    match &node.value {
        Value::Mapping(entries) => entries.first().map_or(node.span, |entry| entry.key_span),
        Value::List(nodes) => nodes.first().map_or(node.span, head),
        Value::Scalar(_) => node.span,
    }
}
