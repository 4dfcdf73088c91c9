//! What is wanted of the mail that comes out: the value of `delivered:`.

use regex::bytes::Regex;

use crate::delivered::{
    Delivered, FieldPattern, MailCount, MailPattern, ParametersPattern, RecipientPattern,
};
use crate::diagnostic::Span;
use crate::language::{DELIVERED, MAIL, MAILS, PARAMETERS, RECIPIENT};
use crate::scenario::Party;
use crate::send::Send;
use crate::template::Template;
use crate::yaml::{Entry, Node, Value};

use super::dialogue::{Reading, head};
use super::fields::Fields;

impl<'f> Reading<'f> {
    /// The value of `delivered:`.
    pub(super) fn delivered(&mut self, entry: &'f Entry) -> Option<Delivered> {
        self.listens = true;
        self.collects.get_or_insert((self.reader, entry.key_span));
        if self.plays == Party::Server {
            return self
                .reader
                .error(entry.key_span, "a client delivers nothing, and here the harness is a server")
                .help("`delivered:` asks what a server passes on; a client sends it to us: `C: message`")
                .fail();
        }
        let node = &entry.value;
        match &node.value {
            Value::Scalar(_) => {
                let count = self.reader.count(node, "number of messages")? as usize;
                Some(alike(MailCount::exactly(count), MailPattern::default()))
            }
            Value::List(nodes) => self.one_by_one(node, nodes),
            Value::Mapping(_) => {
                let fields = Fields::read(self.reader, node, &DELIVERED)?;
                let count = match fields.get("count") {
                    None => MailCount::exactly(1),
                    Some(count) => self.mail_count(count)?,
                };
                let within = match fields.get("within") {
                    None => None,
                    Some(node) => Some(self.reader.duration(node, "time")?),
                };
                let all = self.mail(&fields)?;
                if count.most == Some(0) && !all.is_empty() {
                    let message = "no message is to come out, so nothing can be said of it";
                    return self.reader.error(fields.head, message).fail();
                }
                Some(Delivered { within, ..alike(count, all) })
            }
        }
    }

    fn one_by_one(&mut self, node: &Node, nodes: &'f [Node]) -> Option<Delivered> {
        if nodes.is_empty() {
            return self
                .reader
                .error(node.span, "an empty list names no message")
                .help("where none is to come out write `delivered: 0`")
                .fail();
        }
        let mut each = Vec::new();
        for node in nodes {
            let fields = Fields::read(self.reader, node, &MAIL)?;
            let mail = self.mail(&fields)?;
            if mail.is_empty() {
                return self.reader.error(head(node), "this says nothing about a message").fail();
            }
            each.push(mail);
        }
        let count = MailCount::exactly(each.len());
        Some(Delivered { each, ..alike(count, MailPattern::default()) })
    }

    fn mail_count(&self, node: &'f Node) -> Option<MailCount> {
        let reader = self.reader;
        let number = |node| reader.count(node, "number of messages");
        if !matches!(node.value, Value::Mapping(_)) {
            return Some(MailCount::exactly(number(node)? as usize));
        }
        let fields = Fields::read(reader, node, &MAILS)?;
        let (least, most) = (fields.get("least").map(number), fields.get("most").map(number));
        let most = match most {
            None => None,
            Some(most) => Some(most? as usize),
        };
        let least = match least {
            None => 0,
            Some(least) => least? as usize,
        };
        if least == 0 && most.is_none() {
            return reader
                .error(fields.head, "any number of messages is right, so this can't fail")
                .fail();
        }
        if most.is_some_and(|most| most < least) {
            return reader.error(fields.head, "no number of messages is right").fail();
        }
        Some(MailCount { least, most })
    }

    /// What a message is to be.
    fn mail(&mut self, fields: &Fields<'f>) -> Option<MailPattern> {
        let reader = self.reader;
        let problems = reader.problems.borrow().count();
        let mut data = |key| fields.get(key).and_then(|node| self.data(node));
        let (message, body, content) = (data("message"), data("body"), data("content"));
        let from = fields.get("from").and_then(|node| self.address(node));
        let to = fields.get("to").map(|node| self.addresses(node)).unwrap_or_default();
        let mail = fields.get("mail").and_then(|node| self.parameters(node));
        let rcpt = fields.get("rcpt").map(|node| self.recipients(node)).unwrap_or_default();
        let top = fields.get("top").map(|node| (node, self.header(node)));
        let pattern = MailPattern {
            from,
            to,
            to_lacks: self.patterns(fields.get("to-lacks")),
            mail,
            rcpt,
            message,
            body,
            content,
            contains: self.patterns(fields.get("contains")),
            lacks: self.patterns(fields.get("lacks")),
            names: fields.get("names").map(|node| self.texts(node)).unwrap_or_default(),
            header: fields.get("header").map(|node| self.header(node)).unwrap_or_default(),
            top: match top {
                None => None,
                Some((node, mut fields)) => {
                    if fields.len() > 1 {
                        reader.error(head(node), "only one field stands at the top").report();
                    }
                    fields.pop()
                }
            },
        };
        (reader.problems.borrow().count() == problems).then_some(pattern)
    }

    /// What is wanted of the parameters of MAIL.
    fn parameters(&mut self, node: &'f Node) -> Option<ParametersPattern> {
        let fields = Fields::read(self.reader, node, &PARAMETERS)?;
        self.choice(&fields)
    }

    fn recipients(&mut self, node: &'f Node) -> Vec<RecipientPattern> {
        let Value::List(nodes) = &node.value else {
            let message = format!("this is a list of recipients, but it is {}", node.kind());
            self.reader.error(node.span, message).help("write `[{to: …, has: …}]`").report();
            return Vec::new();
        };
        nodes.iter().filter_map(|node| self.recipient(node)).collect()
    }

    fn recipient(&mut self, node: &'f Node) -> Option<RecipientPattern> {
        let fields = Fields::read(self.reader, node, &RECIPIENT)?;
        let to = fields.get("to").and_then(|node| self.address(node));
        let parameters = self.choice(&fields);
        Some(RecipientPattern { to: to?, parameters: parameters? })
    }

    fn choice(&mut self, fields: &Fields<'f>) -> Option<ParametersPattern> {
        let pattern = ParametersPattern {
            has: fields.get("has").map(|node| self.texts(node)).unwrap_or_default(),
            may: fields.get("may").map(|node| self.texts(node)).unwrap_or_default(),
            lacks: fields.get("lacks").map(|node| self.texts(node)).unwrap_or_default(),
        };
        if pattern == ParametersPattern::default() {
            return self.reader.error(fields.head, "this says nothing about parameters").fail();
        }
        Some(pattern)
    }

    /// An address as it stands between angle brackets; an empty text is the null reverse-path.
    fn address(&mut self, node: &'f Node) -> Option<Template> {
        let text = self.reader.text(node, "address")?;
        if text.starts_with('<') {
            return self
                .reader
                .error(node.span, "an address is written without angle brackets here")
                .help("the null reverse-path is an empty text: `''`")
                .fail();
        }
        self.template(node, text, false)
    }

    fn addresses(&mut self, node: &'f Node) -> Vec<Template> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            self.reader.error(node.span, "a message without recipients comes out nowhere").report();
        }
        nodes.iter().filter_map(|node| self.address(node)).collect()
    }

    /// One text or a list of them; an empty one stands everywhere.
    fn texts(&mut self, node: &'f Node) -> Vec<Template> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::new();
        for node in nodes {
            let Some(text) = self.reader.text(node, "text") else { continue };
            if text.is_empty() {
                self.reader.error(node.span, "an empty text stands in every message").report();
            }
            texts.extend(self.template(node, text, false));
        }
        texts
    }

    /// One regular expression or a list of them.
    fn patterns(&self, node: Option<&'f Node>) -> Vec<Regex> {
        let nodes = match node.map(|node| (node, &node.value)) {
            None => &[],
            Some((_, Value::List(nodes))) => nodes.as_slice(),
            Some((node, _)) => std::slice::from_ref(node),
        };
        nodes.iter().filter_map(|node| self.pattern(node, "pattern")).collect()
    }

    /// Names of fields, each with a regular expression over its value.
    fn header(&self, node: &'f Node) -> Vec<FieldPattern> {
        let Value::Mapping(entries) = &node.value else {
            let message = format!("this names fields and their values, but it is {}", node.kind());
            self.reader.error(node.span, message).help("write `{Received: '^from '}`").report();
            return Vec::new();
        };
        let mut fields = Vec::new();
        for entry in entries {
            // RFC 5322 §3.6.8, `ftext`.
            let named = entry.key.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':');
            if !named || entry.key.is_empty() {
                let message = format!("no field can be named `{}`", entry.key);
                self.reader.error(entry.key_span, message).report();
            }
            let pattern = self.pattern(&entry.value, "pattern");
            let name = entry.key.clone();
            fields.extend(pattern.map(|pattern| FieldPattern { name, pattern }));
        }
        fields
    }

    /// Notes whether what is said carries the word by which its mail is known again.
    pub(super) fn look_for_marker(&mut self, send: &Send) {
        let names = send.templates().flat_map(Template::names);
        self.marked |= names
            .into_iter()
            .any(|name| name == "unique" || self.table.every_row_names(name, "unique"));
    }
}

fn alike(count: MailCount, all: MailPattern) -> Delivered {
    Delivered { count, all, each: Vec::new(), within: None }
}

/// Mail that nothing marks could be that of any case: the harness would have nothing to look for.
pub(super) fn check_marker(reading: &Reading<'_>) {
    let Some((reader, span)) = reading.collects.filter(|_| !reading.marked) else { return };
    report_unmarked(reader, span);
}

fn report_unmarked(reader: crate::diagnostic::Reader<'_>, span: Span) {
    reader
        .error(
            span,
            "nothing that is sent carries `${unique}`, so its mail can't be told from others",
        )
        .help("put `${unique}` into every message of this scenario, or into its reverse-path")
        .report();
}
