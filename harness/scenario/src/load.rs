//! From files to typed scenarios, or to everything that is wrong with them.
//!
//! | what | where |
//! |---|---|
//! | a file and the scenarios in it | `document` |
//! | what its path says about it | `place` |
//! | named dialogues | `library` |
//! | steps, speakers, connections | `dialogue` |
//! | what is said | `send` |
//! | what is heard | `expect` |
//! | what mail comes out | `delivered` |
//! | rows | `each` |
//! | what must be there | `requires` |
//! | which variables are set | `scope` |
//! | mappings and single values | `fields`, `scalar` |
//!
//! Reading goes on behind an error wherever what follows still has a meaning, so that one run
//! reports all of them.

mod delivered;
mod dialogue;
mod document;
mod each;
mod expect;
pub(crate) mod fields;
mod library;
mod place;
pub(crate) mod requires;
pub(crate) mod scalar;
pub(crate) mod scope;
mod send;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Problems, Reader, Severity};
use crate::scenario::{Party, Suite};
use crate::source::{File, Source};
use crate::yaml;

use dialogue::Reading;
use document::{Document, Id};
use each::Table;
use library::{Library, Named};
use scope::Scope;

/// Scenarios that can be run.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The scenarios.
    pub suite: Suite,
    /// What is probably not meant, though it works.
    pub warnings: Vec<Diagnostic>,
}

/// Reads scenario files and libraries together: names and ids hold across all of them. The error
/// is everything that is wrong, warnings included, in the order of the files.
pub fn load(sources: &[Source]) -> Result<Loaded, Vec<Diagnostic>> {
    let problems = RefCell::new(Problems::default());
    let mut order = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        order.entry(Arc::from(source.path.as_str())).or_insert(index);
    }
    let suite = read(sources, &problems);
    let problems = problems.into_inner();
    if problems.refused() {
        return Err(problems.into_sorted(&order));
    }
    Ok(Loaded { suite, warnings: problems.into_sorted(&order) })
}

fn read(sources: &[Source], problems: &RefCell<Problems>) -> Suite {
    let mut files = Vec::new();
    for source in sources {
        match File::open(source) {
            Ok(file) => files.push(file),
            Err(refused) => problems.borrow_mut().push(*refused),
        }
    }
    let mut trees = Vec::new();
    for file in &files {
        let reader = Reader { file, problems };
        trees.extend(yaml::parse(reader).map(|tree| (reader, tree)));
    }
    let mut library = Library::new(trees.len() < sources.len());
    let mut documents = Vec::new();
    for (reader, tree) in &trees {
        documents.extend(Document::read(*reader, tree, &mut library));
    }
    suite(&documents, &library)
}

fn suite<'f>(documents: &'f [Document<'f>], library: &'f Library<'f>) -> Suite {
    let mut ids: Vec<Id<'f>> = Vec::new();
    let mut scenarios = Vec::new();
    for document in documents {
        let read = document.scenarios(library, &mut ids);
        scenarios.extend(read.into_iter().map(Arc::new));
    }
    document::check_ids(&ids);
    for named in library.unused() {
        if !named.reader.is_full() {
            check_unused(named, library);
        }
    }
    Suite { scenarios }
}

/// A dialogue that nothing uses is read for its mistakes alone. Whether it is for a client or for a
/// server tells only the scenario that uses it; most are for clients.
fn check_unused<'f>(named: Named<'f>, library: &'f Library<'f>) {
    let trial = |plays| {
        let problems = RefCell::new(Problems::default());
        let reader = Reader { file: named.reader.file, problems: &problems };
        let table = Table::read(reader, None, &Scope::default());
        let mut reading =
            Reading::new(reader, (library, named.shelf), plays, &table, Scope::of_profile(&[]));
        reading.checked = false;
        reading.steps(named.steps);
        problems.into_inner()
    };
    let as_client = trial(Party::Client);
    if !as_client.refused() {
        return;
    }
    let severity = if trial(Party::Server).refused() { Severity::Error } else { Severity::Warning };
    let mut problems = named.reader.problems.borrow_mut();
    for found in as_client.into_sorted(&BTreeMap::new()) {
        let note = "nothing uses this dialogue, so it is read as one for a client";
        problems.push(Diagnostic { severity, ..found.with_note(note) });
    }
}
