//! Tables: the rows of `each:`, whose fields are variables of the dialogue.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Reader;
use crate::language::ROW;
use crate::scenario::Row;
use crate::suggest::did_you_mean;
use crate::template::Template;
use crate::yaml::{Entry, Node, Value};

use super::dialogue::report_template;
use super::fields::Fields;
use super::scope::Scope;

/// The rows, and where their fields stand.
pub(super) struct Table<'f> {
    reader: Reader<'f>,
    pub(super) rows: Vec<Row>,
    fields: BTreeMap<&'f str, Vec<&'f Entry>>,
    /// The fields whose escapes were looked at.
    checked: RefCell<BTreeSet<String>>,
}

impl<'f> Table<'f> {
    /// Reads the rows; `scope` is what the profile sets.
    pub(super) fn read(reader: Reader<'f>, node: Option<&'f Node>, scope: &Scope) -> Self {
        let checked = RefCell::new(BTreeSet::new());
        let mut table = Self { reader, rows: Vec::new(), fields: BTreeMap::new(), checked };
        let nodes = match node.map(|node| (&node.value, node)) {
            None => return table,
            Some((Value::List(nodes), node)) => {
                if nodes.is_empty() {
                    reader.error(node.span, "`each:` has no rows, so nothing runs").report();
                }
                nodes
            }
            Some((_, node)) => {
                let message = format!("`each:` is a list of rows, but this is {}", node.kind());
                reader.error(node.span, message).report();
                return table;
            }
        };
        let mut names: BTreeMap<&str, &Node> = BTreeMap::new();
        let mut first: Option<(&Node, BTreeSet<&str>)> = None;
        for node in nodes {
            if reader.is_full() {
                break;
            }
            let Some(fields) = Fields::read(reader, node, &ROW) else { continue };
            let name = fields.get("name").and_then(|node| Some((reader.slug(node, "name")?, node)));
            if let Some((name, node)) = name
                && let Some(other) = names.insert(name, node)
            {
                reader
                    .error(node.span, format!("there are two rows named `{name}`"))
                    .other(reader.file.mark(other.span), "the first")
                    .report();
            }
            let keys: BTreeSet<_> = fields.others().map(|entry| entry.key.as_str()).collect();
            match &first {
                None => first = Some((node, keys)),
                Some((other, wanted)) => table.compare(&fields, &keys, other, wanted),
            }
            let columns: Vec<_> =
                fields.others().filter_map(|entry| table.field(entry, scope)).collect();
            table.rows.extend(name.map(|(name, _)| Row { name: name.to_owned(), fields: columns }));
        }
        table
    }

    /// Every row has the fields of the first.
    fn compare(
        &self,
        fields: &Fields<'f>,
        keys: &BTreeSet<&str>,
        first: &Node,
        wanted: &BTreeSet<&str>,
    ) {
        let first = self.reader.file.mark(super::dialogue::head(first));
        for missing in wanted.difference(keys) {
            self.reader
                .error(fields.head, format!("this row has no `{missing}:`"))
                .other(first.clone(), "the first row has one")
                .report();
        }
        for entry in fields.others().filter(|entry| !wanted.contains(entry.key.as_str())) {
            self.reader
                .error(entry.key_span, format!("the first row has no `{}:`", entry.key))
                .maybe_help(did_you_mean(&entry.key, wanted.iter().copied()))
                .other(first.clone(), "the first row")
                .report();
        }
    }

    fn field(&mut self, entry: &'f Entry, scope: &Scope) -> Option<(String, Template)> {
        let reader = self.reader;
        let name = entry.key.as_str();
        self.fields.entry(name).or_default().push(entry);
        if Template::text(&format!("${{{name}}}")).is_err() {
            let message = format!("no variable can be named `{name}`");
            reader.error(entry.key_span, message).report();
        }
        let node = &entry.value;
        let text = reader.text(node, "field")?;
        let template = match Template::text(text) {
            Ok(template) => template,
            Err(error) => return report_template(reader, node, &error),
        };
        for variable in template.names().filter(|variable| !scope.has(variable)) {
            let message = format!("nothing sets the variable `{variable}`");
            let written = format!("${{{variable}}}");
            let at = text.find(&written).unwrap_or_default();
            reader
                .error(node.within(reader.file, at, written.len()), message)
                .note("a field can name the variables of the profile, not other fields")
                .maybe_help(did_you_mean(variable, scope.names()))
                .report();
        }
        Some((name.to_owned(), template))
    }

    /// Whether the rows have such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Whether every row's field `name` names the variable.
    pub(super) fn every_row_names(&self, name: &str, variable: &str) -> bool {
        let names = |row: &Row| {
            let field = row.fields.iter().find(|(field, _)| field == name);
            field.is_some_and(|(_, text)| text.names().any(|named| named == variable))
        };
        !self.rows.is_empty() && self.rows.iter().all(names)
    }

    /// The fields' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'f str> {
        self.fields.keys().copied()
    }

    /// A field that is named where escapes hold must have right escapes in every row.
    pub(super) fn check_escapes(&self, name: &str) {
        let Some(entries) = self.fields.get(name) else { return };
        if !self.checked.borrow_mut().insert(name.to_owned()) {
            return;
        }
        for entry in entries {
            let Some(scalar) = entry.value.scalar() else { continue };
            if let Err(error) = Template::bytes(&scalar.text) {
                report_template::<()>(self.reader, &entry.value, &error);
            }
        }
    }

    /// A field that no step names is probably a slip.
    pub(super) fn report_unused(&self, used: &BTreeSet<String>) {
        for (name, entries) in &self.fields {
            if let Some(entry) = entries.first().filter(|_| !used.contains(*name)) {
                let message = format!("no step names `${{{name}}}`");
                self.reader.warning(entry.key_span, message).report();
            }
        }
    }
}
