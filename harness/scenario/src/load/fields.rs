//! Mappings, held against their key tables.

use crate::diagnostic::{Reader, Span};
use crate::shape::Shape;
use crate::suggest::did_you_mean;
use crate::yaml::{Entry, Node, Value};

/// A mapping whose keys are all known.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    shape: &'static Shape,
    entries: &'n [Entry],
    /// Where the mapping begins: what to point at when a key is missing.
    pub(crate) head: Span,
}

impl<'n> Fields<'n> {
    /// Reads a mapping; a key that is not in the table is reported, and so is one that is missing.
    pub(crate) fn read(reader: Reader<'_>, node: &'n Node, shape: &'static Shape) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            let what = format!("{} is a mapping, but this is {}", shape.what, node.kind());
            return reader.error(node.span, what).fail();
        };
        let head = entries.first().map_or(node.span, |first| first.key_span);
        let fields = Self { shape, entries, head };
        for entry in entries.iter().take_while(|_| !reader.is_full()) {
            if shape.key(&entry.key).is_none() && shape.others.is_none() {
                fields.report_unknown(reader, entry);
            }
        }
        for key in shape.all_keys().filter(|key| key.required) {
            if fields.get(key.name).is_none() {
                reader.error(head, format!("{} needs `{}:`", shape.what, key.name)).report();
            }
        }
        Some(fields)
    }

    fn report_unknown(&self, reader: Reader<'_>, entry: &Entry) {
        let names = || self.shape.all_keys().map(|key| key.name);
        let help = did_you_mean(&entry.key, names()).unwrap_or_else(|| {
            let names: Vec<_> = names().map(|name| format!("`{name}`")).collect();
            format!("it may have {}", names.join(", "))
        });
        reader
            .error(entry.key_span, format!("{} has no key `{}`", self.shape.what, entry.key))
            .label("unknown key")
            .help(help)
            .report();
    }

    /// The value of a key of the table.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        debug_assert!(self.shape.key(name).is_some(), "invariant: `{name}` is in the table");
        self.entry(name).map(|entry| &entry.value)
    }

    /// The key itself and its value.
    pub(crate) fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == name)
    }

    /// The entries whose keys are in no table.
    pub(crate) fn others(&self) -> impl Iterator<Item = &'n Entry> {
        let shape = self.shape;
        self.entries.iter().filter(move |entry| shape.key(&entry.key).is_none())
    }

    /// The one key of the table's choice that is there.
    pub(crate) fn choice(&self, reader: Reader<'_>) -> Option<&'n Entry> {
        let choice = self.shape.one_of;
        let mut there = self.entries.iter().filter(|entry| choice.contains(&entry.key.as_str()));
        let Some(first) = there.next() else {
            // A misspelt key was reported already; that it is missing needs no second word.
            if self.others().next().is_none() || self.shape.others.is_some() {
                let names: Vec<_> = choice.iter().map(|name| format!("`{name}:`")).collect();
                let message = format!("{} needs one of {}", self.shape.what, names.join(", "));
                reader.error(self.head, message).report();
            }
            return None;
        };
        if let Some(second) = there.next() {
            let message =
                format!("{} has either `{}:` or `{}:`", self.shape.what, first.key, second.key);
            return reader
                .error(second.key_span, message)
                .label("this is one too many")
                .other(reader.file.mark(first.key_span), "beside this")
                .fail();
        }
        Some(first)
    }

    /// Reports every key but these as one that has no business here.
    pub(crate) fn only(&self, reader: Reader<'_>, allowed: &[&str], beside: &str) {
        for entry in self.entries {
            let known = self.shape.key(&entry.key).is_some();
            if known && !allowed.contains(&entry.key.as_str()) {
                let message = format!("`{}:` says nothing beside `{beside}:`", entry.key);
                reader.error(entry.key_span, message).report();
            }
        }
    }
}
