//! The form of a key table: which keys a mapping has and what each of them holds. The loader
//! refuses the keys that are not in the table, and the published JSON Schema is made of the same
//! table, so that the two can't come to differ.

/// What the mappings of one kind may hold.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name in the schema.
    pub(crate) name: &'static str,
    /// What it is, for a person: `a step`.
    pub(crate) what: &'static str,
    /// The keys.
    pub(crate) keys: &'static [Key],
    /// A shape whose keys are allowed as well.
    pub(crate) base: Option<&'static Shape>,
    /// What a key holds that is not in the table; none means that there is no such key.
    pub(crate) others: Option<&'static Kind>,
    /// Keys of which exactly one must be there; empty where there is no such choice.
    pub(crate) one_of: &'static [&'static str],
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What it is for: what an editor shows.
    pub(crate) about: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether it must be there.
    pub(crate) required: bool,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// Text that a pattern describes, in the dialect of JSON Schema.
    Like(&'static str),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number, from 0.
    Count,
    /// `true` or `false`.
    Flag,
    /// The word `true`.
    True,
    /// A list.
    List(&'static Kind),
    /// A mapping with any keys.
    Names(&'static Kind),
    /// A mapping with a table of its own; behind a function, since tables hold each other.
    Shape(fn() -> &'static Shape),
    /// Any of these.
    AnyOf(&'static [Kind]),
}

impl Shape {
    /// A shape with nothing but keys.
    pub(crate) const fn new(name: &'static str, what: &'static str, keys: &'static [Key]) -> Self {
        Self { name, what, keys, base: None, others: None, one_of: &[] }
    }

    /// Every key, those of the base included.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().chain(self.base.map_or(&[][..], |base| base.keys))
    }

    /// The key with this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.all_keys().find(|key| key.name == name)
    }
}

/// A key that may be missing.
pub(crate) const fn may(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, about, kind, required: false }
}

/// A key that must be there.
pub(crate) const fn must(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, about, kind, required: true }
}
