//! What the harness says, and the traps of YAML that would change its octets.

use std::time::Duration;

use crate::diagnostic::Span;
use crate::expect::Ruling;
use crate::language::{CONTENT, ENDINGS, EVENTS, FAILED, HANDSHAKES, PART, SAID};
use crate::send::{Answer, Content, Send};
use crate::template::Template;
use crate::yaml::{Node, Scalar, Style, Value};

use super::dialogue::Reading;
use super::fields::Fields;

/// Between the writes of `split:`, where nothing else is said.
const PAUSE: Duration = Duration::from_millis(50);

/// The most that one `repeat:` may come to, in octets.
const REPEAT_LIMIT: u64 = 128 << 20;

/// The keys of an answer to a challenge.
const ANSWER: [&str; 7] = ["answer", "to", "password", "first", "header", "nonce", "extensions"];

/// How a bare text is meant, depending on where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// A part of a line: as it is, without line ends.
    Line,
    /// Message data: line ends become CRLF.
    Data,
    /// Octets with escapes.
    Escaped,
}

impl<'f> Reading<'f> {
    /// The value of `C:` where the harness is the client, of `S:` where it is the server.
    pub(super) fn said(&mut self, node: &'f Node) -> Option<Send> {
        match &node.value {
            Value::Scalar(_) => {
                if let Some(ending) = node.plain().and_then(ending) {
                    return Some(ending);
                }
                self.refuse_events(node)?;
                Some(one_write(vec![self.line(node)?]))
            }
            Value::List(nodes) => {
                if nodes.is_empty() {
                    return self.reader.error(node.span, "an empty list says nothing").fail();
                }
                let contents: Vec<_> = nodes.iter().map(|node| self.content(node)).collect();
                let contents: Option<Vec<_>> = contents.into_iter().collect();
                Some(one_write(contents?.concat()))
            }
            Value::Mapping(_) => self.said_mapping(node),
        }
    }

    /// A word that only an expectation has is a slip, not a line to send.
    fn refuse_events(&self, node: &Node) -> Option<()> {
        let Some(word) = node.plain().filter(|word| EVENTS.contains(word)) else {
            return Some(());
        };
        let ways = ENDINGS.join("`, `");
        self.reader
            .error(node.span, format!("`{word}` is something to hear, but here the harness speaks"))
            .help(format!("to end the connection write `{ways}`; to send the word, quote it"))
            .fail()
    }

    fn said_mapping(&mut self, node: &'f Node) -> Option<Send> {
        if let Some(key) = expectation_key(node) {
            return self
                .reader
                .error(key, "this is something to hear, but here the harness speaks")
                .help("look at `plays:` and at the `turn:` before this step")
                .fail();
        }
        let fields = Fields::read(self.reader, node, &SAID)?;
        let entry = fields.choice(self.reader)?;
        let value = &entry.value;
        match entry.key.as_str() {
            "bytes" => {
                fields.only(self.reader, &["bytes"], "bytes");
                Some(one_write(vec![self.octets(value)?]))
            }
            "repeat" => {
                fields.only(self.reader, &["repeat", "times"], "repeat");
                Some(one_write(vec![self.repeat(&fields)?]))
            }
            "line" => {
                fields.only(self.reader, &["line"], "line");
                Some(one_write(self.line_of_parts(value)?))
            }
            "split" => {
                fields.only(self.reader, &["split", "pause"], "split");
                self.split(&fields, value)
            }
            "message" => {
                fields.only(self.reader, &["message"], "message");
                Some(Send::Message(self.data(value)?))
            }
            "chunk" => {
                fields.only(self.reader, &["chunk", "last"], "chunk");
                let last = fields.get("last").map(|node| self.reader.flag(node, "last"));
                let contents = self.data(value)?;
                Some(Send::Chunk { contents, last: last.unwrap_or(Some(false))? })
            }
            _ => {
                fields.only(self.reader, &["starttls", "failed"], "starttls");
                self.reader.word(value, "handshake", &HANDSHAKES)?;
                let failed = fields.get("failed");
                let index = failed.map(|node| self.reader.word(node, "outcome", &FAILED));
                let index = index.unwrap_or(Some(0))?;
                Some(Send::Handshake { failed: Ruling::OF_HANDSHAKE[index] })
            }
        }
    }

    fn split(&mut self, fields: &Fields<'f>, node: &'f Node) -> Option<Send> {
        let pause = fields.get("pause").map(|node| self.reader.duration(node, "pause"));
        let nodes = self.parts_of(node, "split")?;
        let writes: Vec<_> = nodes
            .iter()
            .map(|node| match &node.value {
                Value::List(_) => self.parts(node, "split", Bare::Escaped),
                _ => self.part(node, Bare::Escaped).map(|content| vec![content]),
            })
            .collect();
        let writes: Option<Vec<_>> = writes.into_iter().collect();
        Some(Send::Writes { writes: writes?, pause: pause.unwrap_or(Some(PAUSE))? })
    }

    /// An element of a list that makes one write.
    fn content(&mut self, node: &'f Node) -> Option<Vec<Content>> {
        match &node.value {
            Value::Scalar(_) => Some(vec![self.line(node)?]),
            Value::List(_) => self
                .reader
                .error(node.span, "a list in a list says nothing more than the list")
                .help("to join parts to one line write `{line: […]}`; brackets need quotes")
                .fail(),
            Value::Mapping(entries) => {
                if let [entry] = entries.as_slice()
                    && CONTENT.key(&entry.key).is_none()
                    && SAID.key(&entry.key).is_none()
                {
                    return self
                        .reader
                        .error(entry.key_span, format!("`{}:` is a key to YAML here", entry.key))
                        .help("if it is a line to send, put the whole line in single quotes")
                        .fail();
                }
                let fields = Fields::read(self.reader, node, &CONTENT)?;
                let entry = fields.choice(self.reader)?;
                match entry.key.as_str() {
                    "bytes" => {
                        fields.only(self.reader, &["bytes"], "bytes");
                        Some(vec![self.octets(&entry.value)?])
                    }
                    "repeat" => {
                        fields.only(self.reader, &["repeat", "times"], "repeat");
                        Some(vec![self.repeat(&fields)?])
                    }
                    _ => {
                        fields.only(self.reader, &["line"], "line");
                        self.line_of_parts(&entry.value)
                    }
                }
            }
        }
    }

    /// A text that becomes a line.
    fn line(&mut self, node: &Node) -> Option<Content> {
        let text = self.whole_line(node)?;
        Some(Content::Text(self.template(node, text, false)?.followed_by(b"\r\n")))
    }

    /// A text that is one line, whether said or heard.
    pub(super) fn whole_line<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let scalar = self.exact(node)?;
        match scalar.text.find(['\r', '\n']) {
            None => Some(&scalar.text),
            Some(at) => self
                .reader
                .error(node.within(self.reader.file, at, 1), "there is a line end within this line")
                .help(
                    "several lines in one write are a list; message data goes into `{message: …}`, \
                     and exact octets into `{bytes: '…'}`",
                )
                .fail(),
        }
    }

    /// Parts that make one line.
    fn line_of_parts(&mut self, node: &'f Node) -> Option<Vec<Content>> {
        let mut contents = self.parts(node, "line", Bare::Line)?;
        match contents.pop() {
            Some(Content::Text(last)) => contents.push(Content::Text(last.followed_by(b"\r\n"))),
            last => {
                contents.extend(last);
                contents.push(Content::Text(Template::literal(&b"\r\n"[..])));
            }
        }
        Some(contents)
    }

    /// The value of `message:`, of `chunk:` and of `body:`.
    pub(super) fn data(&mut self, node: &'f Node) -> Option<Vec<Content>> {
        match &node.value {
            Value::List(_) => self.parts(node, "list of parts", Bare::Data),
            _ => Some(vec![self.part(node, Bare::Data)?]),
        }
    }

    fn parts(&mut self, node: &'f Node, what: &str, bare: Bare) -> Option<Vec<Content>> {
        let nodes = self.parts_of(node, what)?;
        let parts: Vec<_> = nodes.iter().map(|node| self.part(node, bare)).collect();
        parts.into_iter().collect()
    }

    fn parts_of(&self, node: &'f Node, what: &str) -> Option<&'f [Node]> {
        match &node.value {
            Value::List(nodes) if nodes.is_empty() => {
                self.reader.error(node.span, "an empty list says nothing").fail()
            }
            Value::List(nodes) => Some(nodes),
            _ => {
                let message = format!("`{what}:` is a list of parts, but this is {}", node.kind());
                self.reader.error(node.span, message).fail()
            }
        }
    }

    /// A part: bare text, octets or a repetition.
    fn part(&mut self, node: &'f Node, bare: Bare) -> Option<Content> {
        match &node.value {
            Value::Scalar(_) => match bare {
                Bare::Line => {
                    let text = self.whole_line(node)?;
                    Some(Content::Text(self.template(node, text, false)?))
                }
                Bare::Data => self.data_text(node),
                Bare::Escaped => self.octets(node),
            },
            Value::List(_) => self.reader.error(node.span, "a part can't be a list").fail(),
            Value::Mapping(_) => {
                let fields = Fields::read(self.reader, node, &PART)?;
                let entry = fields.choice(self.reader)?;
                match entry.key.as_str() {
                    "bytes" => {
                        fields.only(self.reader, &["bytes"], "bytes");
                        self.octets(&entry.value)
                    }
                    "base64" => {
                        fields.only(self.reader, &["base64"], "base64");
                        let text = &self.exact(&entry.value)?.text;
                        Some(Content::Base64(self.template(&entry.value, text, true)?))
                    }
                    "answer" => {
                        fields.only(self.reader, &ANSWER, "answer");
                        self.answer(&fields, &entry.value)
                    }
                    _ => {
                        fields.only(self.reader, &["repeat", "times"], "repeat");
                        self.repeat(&fields)
                    }
                }
            }
        }
    }

    /// Message text: the line ends of YAML become those of SMTP.
    fn data_text(&mut self, node: &Node) -> Option<Content> {
        let text = &self.exact(node)?.text;
        // Checked as written, so that what is wrong is found at its own place.
        self.template(node, text, false)?;
        let wire = text.replace("\r\n", "\n").replace('\n', "\r\n");
        Template::text(&wire).ok().map(Content::Text)
    }

    /// Text with escapes.
    fn octets(&mut self, node: &Node) -> Option<Content> {
        let text = &self.exact(node)?.text;
        Some(Content::Text(self.template(node, text, true)?))
    }

    /// An answer to a challenge.
    fn answer(&mut self, fields: &Fields<'f>, mechanism: &Node) -> Option<Content> {
        let mechanism = match &mechanism.value {
            Value::Scalar(scalar) if scalar.text.contains("${") => self.within_line(mechanism),
            _ => {
                let index = self.reader.word(mechanism, "mechanism", &Content::MECHANISMS);
                index.map(|index| Template::literal(Content::MECHANISMS[index]))
            }
        };
        let Some(to) = fields.get("to") else {
            return self.reader.error(fields.head, "`answer:` needs `to:`, the challenge").fail();
        };
        let challenge = self.within_line(to);
        let mut choice = |key| match fields.get(key) {
            Some(node) => self.within_line(node).map(Some),
            None => Some(None),
        };
        Some(Content::Answer(Box::new(Answer {
            mechanism: mechanism?,
            challenge: challenge?,
            password: choice("password")?,
            first: choice("first")?,
            header: choice("header")?,
            nonce: choice("nonce")?,
            extensions: choice("extensions")?,
        })))
    }

    fn within_line(&mut self, node: &Node) -> Option<Template> {
        let text = self.whole_line(node)?;
        self.template(node, text, false)
    }

    fn repeat(&mut self, fields: &Fields<'f>) -> Option<Content> {
        let unit = fields.get("repeat").map(|node| (node, self.exact(node)));
        let Some(times) = fields.get("times") else {
            return self.reader.error(fields.head, "`repeat:` needs `times:`").fail();
        };
        let count = self.reader.count(times, "count");
        let (Some((node, Some(scalar))), Some(count)) = (unit, count) else { return None };
        if count == 0 {
            return self.reader.error(times.span, "nothing comes of 0 times").fail();
        }
        if scalar.text.len() as u64 * u64::from(count) > REPEAT_LIMIT {
            return self
                .reader
                .error(times.span, "this comes to too many octets")
                .note(format!("the limit is {REPEAT_LIMIT}"))
                .fail();
        }
        let unit = self.template(node, &scalar.text, true)?;
        Some(Content::Repeat { unit, times: count })
    }

    /// A scalar whose every octet counts: nothing that YAML drops, joins or turns into something
    /// else may stand in it.
    fn exact<'n>(&self, node: &'n Node) -> Option<&'n Scalar> {
        if node.is_null() {
            return self
                .reader
                .error(nearby(node), "nothing stands here, which is not an empty line")
                .help("for an empty line write `''`; to write a word like `null`, quote it")
                .fail();
        }
        let Some(scalar) = node.scalar() else {
            let message = format!("this must be a text, but it is {}", node.kind());
            return self.reader.error(node.span, message).fail();
        };
        match scalar.style {
            Style::Plain => self.check_plain(node),
            Style::DoubleQuoted => self.check_double_quoted(node),
            Style::SingleQuoted | Style::Literal | Style::Folded => {}
        }
        Some(scalar)
    }

    fn check_plain(&self, node: &Node) {
        let file = self.reader.file;
        if file.slice(node.span).contains('\n') {
            self.reader
                .error(
                    node.span,
                    "this text goes on in the next line, and YAML joins the two by a blank",
                )
                .help("put a text in one line; several lines in one write are a list")
                .report();
        }
        let rest = file.rest_of_line(node.span.end);
        let word = rest.trim_start_matches([' ', '\t']);
        let blanks = rest.len() - word.len();
        if blanks > 0 && word.starts_with('#') {
            self.reader
                .error(
                    Span::at(node.span.end + blanks, word.len()),
                    "a comment begins here, so this is not sent",
                )
                .label("not part of the text")
                .help("put the text in single quotes, or the comment on a line of its own")
                .report();
        } else if blanks > 0 && word.is_empty() {
            self.reader
                .error(
                    Span::at(node.span.end, blanks),
                    "blanks at the end of a plain text are lost",
                )
                .help("put the text in single quotes to keep them, or take them away")
                .report();
        }
    }

    /// `\xff` in double quotes is a character, not an octet.
    fn check_double_quoted(&self, node: &Node) {
        let source = self.reader.file.slice(node.span);
        let mut rest = 0;
        while let Some(found) = source.get(rest..).and_then(|part| part.find('\\')) {
            let at = rest + found;
            rest = at + 2;
            let digits = source.get(at + 2..at + 4).filter(|_| source[at..].starts_with("\\x"));
            let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            if let Some(value @ 0x80..) = value {
                let message = format!(
                    "in double quotes this is the character U+{value:04X}, two octets in UTF-8"
                );
                self.reader
                    .error(Span::at(node.span.start + at, 4), message)
                    .help(r"escapes for octets belong in single quotes: `{bytes: '\xff'}`")
                    .report();
            }
        }
    }
}

/// One of the words that stand for the end of the connection.
fn ending(word: &str) -> Option<Send> {
    match word {
        "close" => Some(Send::Close),
        "half-close" => Some(Send::HalfClose),
        "abort" => Some(Send::Abort),
        _ => None,
    }
}

fn one_write(contents: Vec<Content>) -> Send {
    Send::Writes { writes: vec![contents], pause: Duration::ZERO }
}

/// A null has no width; point at what stands before it.
fn nearby(node: &Node) -> Span {
    if node.span.end > node.span.start {
        return node.span;
    }
    Span { start: node.span.start.saturating_sub(1), end: node.span.start }
}

/// A key that only an expectation has.
fn expectation_key(node: &Node) -> Option<Span> {
    let Value::Mapping(entries) = &node.value else { return None };
    let heard = |key: &str| {
        let known = crate::language::REPLY.key(key).or(crate::language::COMMAND.key(key));
        known.is_some() && SAID.key(key).is_none()
    };
    entries.iter().find(|entry| heard(&entry.key)).map(|entry| entry.key_span)
}
