//! Named dialogues, and how `use:` finds them: `name` in the same file, `library/name` in a file
//! that holds nothing but dialogues.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use regex::bytes::Regex;

use crate::diagnostic::{Mark, Reader, Span};
use crate::suggest::did_you_mean;
use crate::yaml::{Node, Value};

use super::fields::Fields;
use super::scalar::is_slug;

/// How many steps all dialogues may have together, once every `use:` is put in.
const STEP_BUDGET: usize = 200_000;

/// The dialogues of every file.
pub(super) struct Library<'f> {
    shelves: Vec<Shelf<'f>>,
    /// The shelves that other files can use, by name.
    public: BTreeMap<String, usize>,
    used: RefCell<BTreeSet<(usize, String)>>,
    /// Whether a file could not be read: then a name that is missing may stand in it.
    incomplete: bool,
    /// How many steps may still be put in.
    budget: Cell<usize>,
    /// The regular expressions that were met already: to build one takes longer than all else in a
    /// step, and many steps have the same.
    patterns: RefCell<HashMap<String, Regex>>,
}

/// The dialogues of one file.
struct Shelf<'f> {
    reader: Reader<'f>,
    dialogues: BTreeMap<&'f str, &'f Node>,
}

/// A dialogue that was found.
#[derive(Clone, Copy)]
pub(super) struct Named<'f> {
    pub(super) reader: Reader<'f>,
    pub(super) shelf: usize,
    pub(super) steps: &'f Node,
}

impl<'f> Library<'f> {
    /// A library without dialogues.
    pub(super) fn new(incomplete: bool) -> Self {
        Self {
            shelves: Vec::new(),
            public: BTreeMap::new(),
            used: RefCell::default(),
            incomplete,
            budget: Cell::new(STEP_BUDGET),
            patterns: RefCell::default(),
        }
    }

    /// Counts a step; false when all dialogues together have too many of them.
    pub(super) fn spend(&self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
    }

    /// Reads a regular expression.
    pub(super) fn pattern(&self, reader: Reader<'_>, node: &Node, what: &str) -> Option<Regex> {
        let text = reader.text(node, what)?;
        if let Some(built) = self.patterns.borrow().get(text) {
            return Some(built.clone());
        }
        let built = reader.pattern(node, what)?;
        self.patterns.borrow_mut().insert(text.to_owned(), built.clone());
        Some(built)
    }

    /// Puts the dialogues of a file on a shelf, and gives its number.
    pub(super) fn add(&mut self, reader: Reader<'f>, node: Option<&'f Node>) -> usize {
        let mut dialogues = BTreeMap::new();
        match node.map(|node| (&node.value, node)) {
            None => {}
            Some((Value::Mapping(entries), _)) => {
                for entry in entries {
                    if !is_slug(&entry.key) {
                        let message =
                            format!("the name of a dialogue, `{}`, is not a slug", entry.key);
                        reader.error(entry.key_span, message).report();
                    }
                    dialogues.insert(entry.key.as_str(), &entry.value);
                }
            }
            Some((_, node)) => {
                let message = format!("`dialogues:` is a mapping, but this is {}", node.kind());
                reader.error(node.span, message).report();
            }
        }
        self.shelves.push(Shelf { reader, dialogues });
        self.shelves.len() - 1
    }

    /// Makes a shelf known to other files.
    pub(super) fn publish(&mut self, index: usize, name: &str, named_at: Span) {
        let reader = self.shelves[index].reader;
        if let Some(other) = self.public.insert(name.to_owned(), index) {
            let other = self.shelves[other].reader.file.mark(Span::default());
            reader
                .error(named_at, format!("there are two libraries `{name}`"))
                .other(other, "the other one")
                .help("give one of them another name by `library:`")
                .report();
        }
    }

    /// The dialogue that a `use:` on a shelf names.
    pub(super) fn find(
        &self,
        reader: Reader<'f>,
        index: usize,
        name: &str,
        span: Span,
    ) -> Option<Named<'f>> {
        let (place, local) = match name.rsplit_once('/') {
            None => (Some(index), name),
            Some((library, local)) => (self.public.get(library).copied(), local),
        };
        let found = place.and_then(|place| {
            let steps = *self.shelves[place].dialogues.get(local)?;
            Some(Named { reader: self.shelves[place].reader, shelf: place, steps })
        });
        if found.is_none() && !(self.incomplete && name.contains('/')) {
            let names = self.names(index);
            let help = did_you_mean(name, names.iter().map(String::as_str));
            let none = format!("there is no dialogue `{name}`");
            reader
                .error(span, none)
                .maybe_help(help)
                .note("`use:` takes a name of this file's `dialogues:`, or `library/name`")
                .report();
        }
        if let Some(found) = &found {
            self.used.borrow_mut().insert((found.shelf, local.to_owned()));
        }
        found
    }

    fn names(&self, index: usize) -> Vec<String> {
        let own = self.shelves[index].dialogues.keys().map(|name| (*name).to_owned());
        let others = self.public.iter().flat_map(|(library, index)| {
            self.shelves[*index].dialogues.keys().map(move |name| format!("{library}/{name}"))
        });
        own.chain(others).collect()
    }

    /// The dialogues that nothing uses.
    pub(super) fn unused(&self) -> Vec<Named<'f>> {
        let used = self.used.borrow();
        self.shelves
            .iter()
            .enumerate()
            .flat_map(|(index, shelf)| {
                shelf
                    .dialogues
                    .iter()
                    .map(move |(name, steps)| (index, shelf.reader, *name, *steps))
            })
            .filter(|(index, _, name, _)| !used.contains(&(*index, (*name).to_owned())))
            .map(|(shelf, reader, _, steps)| Named { reader, shelf, steps })
            .collect()
    }
}

/// The name by which other files use a library: what its `library:` says, or the file's own.
pub(super) fn name_of(reader: Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    if let Some(node) = fields.get("library") {
        return reader.slug(node, "name of the library").map(str::to_owned);
    }
    let file = reader.file.path.rsplit(['/', '\\']).next().unwrap_or_default();
    Some(file.split('.').next().unwrap_or_default().to_owned())
}

/// Where a dialogue is used.
#[derive(Clone)]
pub(super) struct Use<'f> {
    pub(super) steps: &'f Node,
    pub(super) mark: Mark,
}
