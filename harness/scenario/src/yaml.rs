//! YAML as a tree whose every node knows where it stands. This is the only file that knows the
//! YAML parser; what YAML offers beyond plain data (anchors, aliases, tags, several documents) is
//! refused here, with advice, since people write `*`, `&` and `!` when they mean the character.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Extent};

use crate::diagnostic::{Reader, Span};
use crate::source::{BYTE_ORDER_MARK, File};

/// How deep collections may nest.
const DEPTH_LIMIT: usize = 64;

/// How many nodes a file may have.
const NODE_LIMIT: usize = 200_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What YAML can say.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// Text, as YAML understands it; it has no type, since each reader knows what it wants.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
}

/// A key and its value; no key stands twice in a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// Whether there is nothing: the key has no value, or it is YAML's null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.style == Style::Plain
            && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The scalar, if it is one.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Mapping(_) => None,
        }
    }

    /// The word, if it is a plain scalar: one that a person did not quote.
    pub(crate) fn plain(&self) -> Option<&str> {
        self.scalar().filter(|scalar| scalar.style == Style::Plain).map(|scalar| &*scalar.text)
    }

    /// What it is, for a person.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar(_) => "a text",
            Value::List(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// Where an octet of a scalar's text stands in the file; the whole node where the way back is
    /// not plain (folded lines).
    pub(crate) fn within(&self, file: &File<'_>, at: usize, length: usize) -> Span {
        self.scalar()
            .and_then(|scalar| way_back(file, self.span, scalar, at))
            .map_or(self.span, |start| {
                Span::at(start, length.min(self.span.end.saturating_sub(start)).max(1))
            })
    }
}

/// The offset in the file of an offset in a scalar's text.
fn way_back(file: &File<'_>, span: Span, scalar: &Scalar, at: usize) -> Option<usize> {
    let source = file.slice(span);
    match scalar.style {
        Style::Plain => (source == scalar.text).then_some(span.start + at),
        Style::Literal => through_block(file, span.start, &scalar.text, at),
        Style::Folded => None,
        Style::SingleQuoted | Style::DoubleQuoted if source.contains('\n') => None,
        Style::SingleQuoted => {
            let doubled = scalar.text[..at.min(scalar.text.len())].matches('\'').count();
            Some(span.start + 1 + at + doubled)
        }
        Style::DoubleQuoted => {
            through_escapes(source, &scalar.text, at).map(|way| span.start + way)
        }
    }
}

/// Each line of a `|` block is a line of the file behind the indentation.
fn through_block(file: &File<'_>, start: usize, text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let number = before.matches('\n').count();
    let column = at - before.rfind('\n').map_or(0, |newline| newline + 1);
    let wanted = text.split('\n').nth(number)?;
    let mut line_start = file.line(start).0;
    for _ in 0..number {
        line_start += file.text.get(line_start..)?.find('\n')? + 1;
    }
    let (_, line) = file.line(line_start);
    line.ends_with(wanted).then(|| line_start + line.len() - wanted.len() + column)
}

/// Walks a double-quoted scalar as it is written, and its text beside it.
fn through_escapes(source: &str, text: &str, at: usize) -> Option<usize> {
    let mut way = 1;
    let mut passed = 0;
    for character in text.chars() {
        if passed >= at {
            break;
        }
        passed += character.len_utf8();
        let rest = source.get(way..)?;
        way += match rest.as_bytes() {
            [b'\\', b'x', ..] => 4,
            [b'\\', b'u', ..] => 6,
            [b'\\', b'U', ..] => 10,
            [b'\\', ..] => 2,
            _ => rest.chars().next()?.len_utf8(),
        };
    }
    Some(way)
}

/// Reads a file as one YAML document.
pub(crate) fn parse(reader: Reader<'_>) -> Option<Node> {
    Tree::new(reader).build()
}

/// A collection that is still open.
struct Open {
    span: Span,
    entries: Contents,
}

enum Contents {
    List(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: BTreeMap<String, Span>, key: Option<(String, Span)> },
}

struct Tree<'f> {
    reader: Reader<'f>,
    /// The offset of each character, where characters and octets differ.
    offsets: Option<Vec<usize>>,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    sound: bool,
}

impl<'f> Tree<'f> {
    fn new(reader: Reader<'f>) -> Self {
        let text = reader.file.text;
        let offsets = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { reader, offsets, open: Vec::new(), root: None, nodes: 0, sound: true }
    }

    fn build(mut self) -> Option<Node> {
        // A nameless mark before the text would be taken for a part of the first key.
        let text = self.reader.file.text;
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, extent)) => {
                    if self.reader.is_full() || !self.take(event, extent) {
                        return None;
                    }
                }
                Err(error) => {
                    self.explain(&error);
                    return None;
                }
            }
        }
        if self.root.is_none() && self.sound {
            let message = "there is nothing in this file";
            self.reader.error(Span::default(), message).report();
        }
        self.root.filter(|_| self.sound)
    }

    /// Takes one event; false when the file is given up.
    fn take(&mut self, event: Event<'_>, extent: Extent) -> bool {
        let span = self.span(extent);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                let scalar = Scalar { text: text.into_owned(), style: style.into() };
                let span = self.trim(span, scalar.style);
                if scalar.text.contains(['\u{2028}', '\u{2029}']) {
                    self.reader
                        .error(span, "the characters U+2028 and U+2029 can't stand in a text")
                        .note("readers of YAML do not agree whether they end a line")
                        .help(r"to send one, write its octets: `{bytes: '\xe2\x80\xa8'}`")
                        .report();
                }
                self.add(Node { span, value: Value::Scalar(scalar) })
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                self.enter(span, Contents::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                self.enter(
                    span,
                    Contents::Mapping { entries: Vec::new(), seen: BTreeMap::new(), key: None },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span),
            Event::Alias(_) => {
                self.refuse_alias(span);
                let scalar = Scalar { text: String::new(), style: Style::SingleQuoted };
                self.add(Node { span, value: Value::Scalar(scalar) })
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.reader
                    .error(span, "a second document begins here")
                    .help("a file holds one document: take out the `---`")
                    .report();
                self.sound = false;
                false
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => true,
        }
    }

    fn enter(&mut self, span: Span, entries: Contents) -> bool {
        if self.open.len() >= DEPTH_LIMIT {
            self.reader
                .error(span, "lists and mappings nest too deeply here")
                .note(format!("the limit is {DEPTH_LIMIT} levels"))
                .report();
            return false;
        }
        self.open.push(Open { span, entries });
        true
    }

    fn leave(&mut self, end: Span) -> bool {
        let Some(Open { mut span, entries }) = self.open.pop() else { return true };
        let value = match entries {
            Contents::List(nodes) => {
                span = cover(span, end, nodes.iter().map(|node| node.span));
                Value::List(nodes)
            }
            Contents::Mapping { entries, .. } => {
                let spans = entries.iter().flat_map(|entry| [entry.key_span, entry.value.span]);
                span = cover(span, end, spans);
                Value::Mapping(entries)
            }
        };
        self.add(Node { span, value })
    }

    /// Puts a node where it belongs.
    fn add(&mut self, node: Node) -> bool {
        self.nodes += 1;
        if self.nodes > NODE_LIMIT {
            self.reader
                .error(node.span, "this file holds too many values")
                .note(format!("the limit is {NODE_LIMIT}"))
                .report();
            return false;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { entries: Contents::List(nodes), .. }) => nodes.push(node),
            Some(Open { entries: Contents::Mapping { entries, seen, key }, .. }) => {
                match key.take() {
                    Some((key, key_span)) => {
                        if let Some(first) = seen.get(&key) {
                            let first = self.reader.file.mark(*first);
                            let message =
                                format!("the key `{key}` stands here for the second time");
                            self.reader
                                .error(key_span, message)
                                .label("the second")
                                .other(first, "the first")
                                .report();
                        } else {
                            seen.insert(key.clone(), key_span);
                            entries.push(Entry { key, key_span, value: node });
                        }
                    }
                    None => match node.value {
                        Value::Scalar(scalar) => *key = Some((scalar.text, node.span)),
                        Value::List(_) | Value::Mapping(_) => {
                            self.reader.error(node.span, "a key must be a word").report();
                            self.sound = false;
                            *key = Some((String::new(), node.span));
                        }
                    },
                }
            }
        }
        true
    }

    fn refuse_marks(&mut self, anchor: usize, tagged: bool, span: Span) {
        let (sign, what) = match (anchor, tagged) {
            (0, false) => return,
            (0, true) => ('!', "a tag"),
            _ => ('&', "an anchor"),
        };
        self.sound = false;
        self.reader
            .error(span, format!("this is {what} to YAML, and the language has none"))
            .help(format!("to begin a text with `{sign}`, put it in single quotes"))
            .report();
    }

    fn refuse_alias(&mut self, span: Span) {
        self.sound = false;
        self.reader
            .error(span, "this is an alias to YAML, and the language has none")
            .help(
                "to begin a text with `*`, put it in single quotes; to use steps again, see `use:`",
            )
            .report();
    }

    /// Says what the parser stumbled over, in words about this language where a trap is known.
    fn explain(&self, error: &ScanError) {
        let at = self.offset(error.marker().index());
        let file = self.reader.file;
        if let Some(tab) = tab_in_indentation(file, at) {
            return self
                .reader
                .error(Span::at(tab, 1), "a tab stands in the indentation")
                .help("indent with blanks; YAML allows no tabs there")
                .report();
        }
        if error.info().contains("unknown anchor") {
            let report = self.reader.error(Span::at(at, 1), "this is an alias to YAML");
            return report.help("to begin a text with `*`, put it in single quotes").report();
        }
        self.reader
            .error(Span::at(at, 1), format!("this is not YAML: {}", error.info()))
            .maybe_help(advice(file, error.info(), at))
            .report();
    }

    fn offset(&self, index: usize) -> usize {
        match &self.offsets {
            None => index.min(self.reader.file.text.len()),
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.reader.file.text.len()),
        }
    }

    fn span(&self, extent: Extent) -> Span {
        let start = self.offset(extent.start.index());
        let start = match self.reader.file.text.get(start..) {
            Some(rest) if rest.starts_with(BYTE_ORDER_MARK) => start + BYTE_ORDER_MARK.len_utf8(),
            _ => start,
        };
        Span { start, end: self.offset(extent.end.index()).max(start) }
    }

    /// The parser's extents of quoted scalars run on over the blanks behind them.
    fn trim(&self, span: Span, style: Style) -> Span {
        let source = self.reader.file.slice(span);
        let trimmed = match style {
            Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => {
                source.trim_end_matches([' ', '\t', '\r', '\n'])
            }
            Style::Literal | Style::Folded => source,
        };
        Span { start: span.start, end: span.start + trimmed.len() }
    }
}

/// From the first to the last of what a collection holds, and its brackets.
fn cover(open: Span, close: Span, inner: impl Iterator<Item = Span>) -> Span {
    let flow = open.end > open.start;
    let mut span = if flow { Span { start: open.start, end: close.end } } else { open };
    for (index, part) in inner.enumerate() {
        if index == 0 && !flow {
            span = part;
        }
        span.end = span.end.max(part.end);
    }
    span
}

/// A tab before the first word of the line of an error, or of the line above it.
fn tab_in_indentation(file: &File<'_>, at: usize) -> Option<usize> {
    let (start, line) = file.line(at);
    let above = start.checked_sub(1).map(|end| file.line(end));
    [Some((start, line)), above].into_iter().flatten().find_map(|(start, line)| {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        line[..indentation].find('\t').map(|tab| start + tab)
    })
}

/// What to do about a line that YAML reads differently than a person.
fn advice(file: &File<'_>, info: &str, at: usize) -> Option<String> {
    let (start, line) = file.line(at);
    let before = line.get(..at.saturating_sub(start)).unwrap_or_default();
    let here = line.get(at.saturating_sub(start)..).unwrap_or_default();
    let text = if info.contains("flow") && before.contains(['[', '{']) {
        "braces and brackets end a plain text inside `[…]` and `{…}`: write a block list, one \
         `- ` a line, or put the text in single quotes"
    } else if info.contains("mapping values") {
        "a colon and a blank begin a value: put the text in single quotes"
    } else if info.contains("trailing content") {
        "the quotes end before this; a quote within single quotes is written twice: `''`"
    } else if info.contains("quoted scalar") {
        "a quote that opens here is not closed; to begin a text with a quote, put it in quotes of \
         the other kind"
    } else if here.starts_with(['@', '%', '`', '>', '|', '&', '!'])
        || before.trim_end().ends_with(':')
    {
        "a text can't begin with this character: put it in single quotes"
    } else if info.contains("did not find expected key") {
        "look at the indentation: the keys of one mapping begin in the same column"
    } else {
        return None;
    };
    Some(text.to_owned())
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::SingleQuoted,
            ScalarStyle::DoubleQuoted => Self::DoubleQuoted,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}
