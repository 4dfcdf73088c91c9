//! Files and the scenarios in them.

use crate::diagnostic::{Mark, Reader, Span};
use crate::language::{FILE, SCENARIO};
use crate::scenario::{Party, Requires, Safety, Scenario};
use crate::yaml::{Node, Value};

use super::delivered::check_marker;
use super::dialogue::{Reading, head};
use super::each::Table;
use super::fields::Fields;
use super::library::{Library, name_of};
use super::scalar::is_slug;
use super::scope::Scope;
use super::{place, requires};

/// A file whose head was read.
pub(super) struct Document<'f> {
    reader: Reader<'f>,
    shelf: usize,
    heading: Option<Heading<'f>>,
    scenarios: &'f [Node],
}

/// What the scenarios of a file share.
#[derive(Clone, Copy)]
struct Heading<'f> {
    spec: &'f str,
    section: &'f str,
    title: &'f str,
}

/// An id, a former one included, and where it was given.
pub(super) struct Id<'f> {
    pub(super) name: String,
    pub(super) reader: Reader<'f>,
    pub(super) span: Span,
    pub(super) former: bool,
}

impl<'f> Document<'f> {
    /// Reads the head of a file and puts its dialogues on a shelf.
    pub(super) fn read(
        reader: Reader<'f>,
        node: &'f Node,
        library: &mut Library<'f>,
    ) -> Option<Self> {
        let fields = Fields::read(reader, node, &FILE)?;
        let shelf = library.add(reader, fields.get("dialogues"));
        let Some(list) = fields.get("scenarios") else {
            read_library(reader, &fields, library, shelf);
            return Some(Self { reader, shelf, heading: None, scenarios: &[] });
        };
        if let Some(entry) = fields.entry("library") {
            reader
                .error(
                    entry.key_span,
                    "a library holds dialogues alone, but this file has scenarios",
                )
                .help("move the dialogues to a file of their own")
                .report();
        }
        let heading = Heading::read(reader, &fields);
        let scenarios = match &list.value {
            Value::List(nodes) if nodes.is_empty() => {
                reader.error(list.span, "there are no scenarios in this list").report();
                &[]
            }
            Value::List(nodes) => nodes.as_slice(),
            _ => {
                let message = format!("`scenarios:` is a list, but this is {}", list.kind());
                reader.error(list.span, message).help("begin each scenario with `- `").report();
                &[]
            }
        };
        Some(Self { reader, shelf, heading, scenarios })
    }

    /// Reads the scenarios; their ids are noted even where the rest is wrong.
    pub(super) fn scenarios(
        &self,
        library: &'f Library<'f>,
        ids: &mut Vec<Id<'f>>,
    ) -> Vec<Scenario> {
        // Without a heading nothing has an id; the dialogues are looked at all the same.
        let heading = self.heading.unwrap_or(Heading { spec: "", section: "", title: "" });
        let scenarios = self.scenarios.iter();
        scenarios.filter_map(|node| self.scenario(heading, node, library, ids)).collect()
    }

    fn scenario(
        &self,
        heading: Heading<'f>,
        node: &'f Node,
        library: &'f Library<'f>,
        ids: &mut Vec<Id<'f>>,
    ) -> Option<Scenario> {
        let reader = self.reader;
        if reader.is_full() {
            return None;
        }
        let fields = Fields::read(reader, node, &SCENARIO)?;
        let Heading { spec, section, title: section_title } = heading;
        let id = fields.get("id").and_then(|node| {
            let id = format!("{spec}/{section}/{}", reader.slug(node, "id")?);
            ids.push(Id { name: id.clone(), reader, span: node.span, former: false });
            Some((id, node.span))
        });
        let title = fields.get("title").and_then(|node| title(reader, node));
        let checks = fields.get("checks").and_then(|node| reader.requirements(node));
        let given = fields.get("given").map(|node| requires::given(reader, node));
        let party = fields.get("plays").map(|node| requires::plays(reader, node));
        let safety = fields.get("safety").map(|node| requires::safety(reader, node));
        let needs = fields.get("requires").map(|node| requires::read(reader, node));
        let rationale = fields.get("rationale").map(|node| reader.text(node, "rationale"));
        let aliases = self.aliases(heading, &fields, ids);
        let plays = party.unwrap_or(Some(Party::Client));
        let needs = needs.unwrap_or(Some(Requires::default()));
        let profile = needs.as_ref().map(|needs| needs.profile.as_slice()).unwrap_or_default();
        let table = Table::read(reader, fields.get("each"), &Scope::of_profile(profile));
        let dialogue = self.dialogue(&fields, plays?, &table, profile, library);
        let (dialogue, collects) = dialogue.unzip();
        let needs = needs.map(|needs| Requires {
            next_hop: needs.next_hop || collects.unwrap_or(false),
            ..needs
        });
        let (id, span) = id?;
        Some(Scenario {
            id,
            title: title?.to_owned(),
            spec: spec.to_owned(),
            section: section.to_owned(),
            section_title: section_title.to_owned(),
            aliases,
            checks: checks?,
            given: given.unwrap_or(Some(crate::scenario::Given::Greeted))?,
            plays: plays?,
            requires: needs?,
            safety: safety.unwrap_or(Some(Safety::Quiet))?,
            rationale: rationale.flatten().map(|text| text.trim_end().to_owned()),
            rows: table.rows,
            dialogue: dialogue?,
            place: reader.file.place(span.start),
        })
    }

    /// The steps, and whether they ask what mail came out.
    fn dialogue(
        &self,
        fields: &Fields<'f>,
        plays: Party,
        table: &Table<'f>,
        profile: &[String],
        library: &'f Library<'f>,
    ) -> Option<(Vec<crate::dialogue::Step>, bool)> {
        let node = fields.get("dialogue")?;
        let mut scope = Scope::of_profile(profile);
        for name in table.names() {
            scope.set(name);
        }
        let at = (library, self.shelf);
        let mut reading = Reading::new(self.reader, at, plays, table, scope);
        let steps = reading.steps(node);
        if !reading.listens && !steps.is_empty() {
            self.reader
                .error(head(node), "this scenario expects nothing, so it can't fail")
                .help("add what must be heard: `- S: 250`")
                .report();
        }
        check_marker(&reading);
        table.report_unused(&reading.used_fields);
        Some((steps, reading.collects.is_some()))
    }

    /// Former ids: whole ones, or the last part alone for one of the same section.
    fn aliases(
        &self,
        heading: Heading<'f>,
        fields: &Fields<'f>,
        ids: &mut Vec<Id<'f>>,
    ) -> Vec<String> {
        let reader = self.reader;
        let Some(node) = fields.get("aliases") else { return Vec::new() };
        let mut aliases = Vec::new();
        for (text, span) in reader.texts(node, "alias") {
            let parts: Vec<_> = text.split('/').collect();
            let id = match parts.as_slice() {
                [word] if is_slug(word) => format!("{}/{}/{word}", heading.spec, heading.section),
                [spec, _, word] if is_slug(spec) && is_slug(word) => text.to_owned(),
                _ => {
                    reader
                        .error(span, format!("`{text}` can't have been an id"))
                        .help(
                            "write the former id: `before-mail`, or `rfc5321/4.1.1.3/before-mail`",
                        )
                        .report();
                    continue;
                }
            };
            ids.push(Id { name: id.clone(), reader, span, former: true });
            aliases.push(id);
        }
        aliases
    }
}

impl<'f> Heading<'f> {
    fn read(reader: Reader<'f>, fields: &Fields<'f>) -> Option<Self> {
        for key in ["spec", "section", "title"] {
            if fields.get(key).is_none() {
                reader.error(fields.head, format!("a scenario file needs `{key}:`")).report();
            }
        }
        let spec =
            fields.get("spec").and_then(|node| Some((reader.slug(node, "spec")?, node.span)));
        let section = fields.get("section").and_then(|node| {
            let spec = spec.map(|(spec, _)| spec).unwrap_or_default();
            Some((place::section(reader, node, spec)?, node.span))
        });
        let title = fields.get("title").and_then(|node| title(reader, node));
        let (spec, section) = (spec?, section?);
        place::check(reader, spec, section);
        Some(Self { spec: spec.0, section: section.0, title: title? })
    }
}

fn read_library<'f>(
    reader: Reader<'f>,
    fields: &Fields<'f>,
    library: &mut Library<'f>,
    shelf: usize,
) {
    if fields.get("dialogues").is_none() {
        return reader
            .error(fields.head, "there are neither scenarios nor dialogues in this file")
            .help("a scenario file has `scenarios:`, a library has `dialogues:`")
            .report();
    }
    for key in ["spec", "section"] {
        if let Some(entry) = fields.entry(key) {
            reader
                .error(entry.key_span, format!("`{key}:` belongs to scenarios, and there are none"))
                .report();
        }
    }
    if let Some(name) = name_of(reader, fields) {
        let span = fields.get("library").map_or(fields.head, |node| node.span);
        library.publish(shelf, &name, span);
    }
}

/// A title: one line.
fn title<'n>(reader: Reader<'_>, node: &'n Node) -> Option<&'n str> {
    let text = reader.text(node, "title")?;
    if text.trim().is_empty() || text.contains('\n') {
        return reader.error(node.span, "a title is one line of text").fail();
    }
    Some(text)
}

/// Reports ids that were given twice.
pub(super) fn check_ids(ids: &[Id<'_>]) {
    let mut seen: std::collections::BTreeMap<&str, (Mark, bool)> =
        std::collections::BTreeMap::new();
    for id in ids {
        let mark = id.reader.file.mark(id.span);
        if let Some((first, former)) = seen.get(id.name.as_str()) {
            let label = if *former { "a former id here" } else { "the first" };
            let what = if id.former { "former id" } else { "id" };
            id.reader
                .error(id.span, format!("the {what} `{}` is given for the second time", id.name))
                .other(first.clone(), label)
                .note("an id is never given to anything else, not even when it is no longer used")
                .report();
        } else {
            seen.insert(&id.name, (mark, id.former));
        }
    }
}
