//! From a baseline's file to its entries, or to everything that is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use smtpspec_catalogue::RequirementId;

use super::{Baseline, Entry, EntryLayout, Expected, Layout, Subject};
use crate::diagnostic::{Diagnostic, Problems, Reader, Span};
use crate::glob;
use crate::load::fields::Fields;
use crate::shape::{Kind, Shape, may, must};
use crate::source::{File, Source};
use crate::yaml::{self, Node, Value};

/// A baseline.
static BASELINE: Shape = Shape::new(
    "baseline",
    "a baseline",
    &[must("known", Kind::List(&Kind::Shape(|| &ENTRY)), "The failures that are known.")],
);

/// An entry.
static ENTRY: Shape = Shape {
    one_of: &["scenario", "requirement"],
    ..Shape::new(
        "entry",
        "an entry",
        &[
            may("scenario", Kind::Text, "The id of a case or of a scenario, or a glob."),
            may("requirement", Kind::Text, "A requirement that the model sees broken, or a glob."),
            must("expect", Kind::Words(&Expected::WORDS), "What it comes to."),
            must("reason", Kind::Text, "Why that is so."),
            may("link", Kind::Text, "Where more of it stands."),
            may("until", Kind::Text, "The last day on which it counts: 2027-03-31."),
            may("intermittent", Kind::Flag, "Whether it comes to that only sometimes."),
        ],
    )
};

impl Baseline {
    /// Reads a baseline.
    pub fn load(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let problems = RefCell::new(Problems::default());
        let baseline = match File::open(source) {
            Ok(file) => read(Reader { file: &file, problems: &problems }),
            Err(refused) => {
                problems.borrow_mut().push(*refused);
                None
            }
        };
        let problems = problems.into_inner();
        match baseline.filter(|_| !problems.refused()) {
            Some(baseline) => Ok(baseline),
            None => Err(problems.into_sorted(&BTreeMap::new())),
        }
    }
}

fn read(reader: Reader<'_>) -> Option<Baseline> {
    let tree = yaml::parse(reader)?;
    let fields = Fields::read(reader, &tree, &BASELINE)?;
    let known = fields.entry("known")?;
    let nodes = match &known.value.value {
        Value::List(nodes) => nodes.as_slice(),
        _ if known.value.is_null() => &[],
        _ => {
            let message = format!("`known:` is a list, but this is {}", known.value.kind());
            return reader
                .error(known.value.span, message)
                .help("begin each entry with `- scenario: …`")
                .fail();
        }
    };
    let mut entries: Vec<Entry> = Vec::new();
    for node in nodes {
        if reader.is_full() {
            return None;
        }
        let Some(entry) = entry(reader, node) else { continue };
        if let Some(first) = entries.iter().find(|first| first.subject == entry.subject) {
            reader
                .error(node.span, format!("`{}` has two entries", entry.subject))
                .label("the second")
                .other(reader.file.mark(first.layout.whole), "the first")
                .report();
        }
        entries.push(entry);
    }
    let block = !reader.file.slice(known.value.span).starts_with('[');
    let layout = Layout { key: known.key_span, block };
    Some(Baseline { entries, layout: Some(layout) })
}

fn entry(reader: Reader<'_>, node: &Node) -> Option<Entry> {
    let fields = Fields::read(reader, node, &ENTRY)?;
    let subject = fields.choice(reader).and_then(|chosen| {
        let text = reader.text(&chosen.value, &chosen.key)?;
        let id = id(reader, text, chosen.value.span)?;
        match chosen.key.as_str() {
            "scenario" => Some(Subject::Scenario(id)),
            _ => requirement(reader, id, chosen.value.span).map(Subject::Requirement),
        }
    });
    let expect = fields.get("expect").and_then(|node| {
        let index = reader.word(node, "verdict", &Expected::WORDS)?;
        Some((Expected::ALL[index], node.span))
    });
    let reason = fields.get("reason").and_then(|node| said(reader, node, "reason"));
    let link = fields.get("link").map(|node| said(reader, node, "link"));
    let until = fields.get("until").map(|node| date(reader, node));
    let intermittent = match fields.get("intermittent") {
        Some(node) => reader.flag(node, "intermittent"),
        None => Some(false),
    };
    let (expect, span) = expect?;
    if intermittent? && expect == Expected::Pass {
        let message = "what comes to a pass only sometimes comes to something else as well";
        let advice = "expect that: a pass is expected too where `intermittent: true` stands";
        return reader.error(span, message).help(advice).fail();
    }
    Some(Entry {
        subject: subject?,
        expect,
        intermittent: intermittent?,
        reason: reason?,
        link: link.map_or(Some(None), |link| link.map(Some))?,
        until: until.map_or(Some(None), |until| until.map(Some))?,
        line: reader.file.place(node.span.start).line,
        layout: EntryLayout { whole: node.span, expect: span },
    })
}

/// An id or a glob: one word.
fn id(reader: Reader<'_>, text: &str, span: Span) -> Option<String> {
    if !text.is_empty() && text.chars().all(|character| character.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    reader
        .error(span, format!("an id is one word, but this is `{text}`"))
        .help("`smtpspec list` shows the ids")
        .fail()
}

/// A requirement that is in the catalogue, or a glob.
fn requirement(reader: Reader<'_>, id: String, span: Span) -> Option<String> {
    if glob::is_glob(&id) {
        return Some(id);
    }
    match id.parse::<RequirementId>() {
        Ok(_) => Some(id),
        Err(unknown) => reader
            .error(span, format!("there is no requirement `{id}`"))
            .maybe_help(unknown.nearest.map(|nearest| format!("did you mean `{nearest}`?")))
            .note("`smtpspec list requirements` lists them")
            .fail(),
    }
}

/// A text in which something is said.
fn said(reader: Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?.trim();
    if text.is_empty() {
        return reader.error(node.span, format!("there is no {what} here")).fail();
    }
    Some(text.to_owned())
}

/// A day: `2027-03-31`.
fn date(reader: Reader<'_>, node: &Node) -> Option<Date> {
    let text = reader.text(node, "date")?;
    // The parser also takes an hour, and a day without hyphens.
    let form = text.len() == 10 && text.bytes().filter(|octet| *octet == b'-').count() == 2;
    match text.parse::<Date>() {
        Ok(date) if form => Some(date),
        _ => reader
            .error(node.span, format!("`{text}` is not a day"))
            .help("write year, month and day: `2027-03-31`")
            .fail(),
    }
}
