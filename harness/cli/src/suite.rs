//! Where scenarios come from: compiled into the program, or files and folders of the user's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use smtpspec_scenario::{Profile, Source, Suite, load};

use crate::console::Console;
use crate::diagnostics;
use crate::exit::Exit;

/// Every scenario file of the repository, by its path there.
const BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/suite.rs"));

/// The profiles of the reference server by their names; the usual one first.
const REFERENCE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// How deep folders are searched; a loop of links ends there.
const DEEPEST: usize = 16;

/// The sources inside the program.
pub(crate) fn built_in_sources() -> Vec<Source> {
    BUILT_IN.iter().map(|(path, bytes)| Source::new(*path, *bytes)).collect()
}

/// The profiles of the reference server inside the program, by name; the usual one first.
pub(crate) fn reference_profiles(console: &Console) -> Result<Vec<(&'static str, Profile)>, Exit> {
    let read = |&(name, bytes): &(&'static str, &'static [u8])| {
        let source = Source::new(format!("scenarios/profiles/reference/{name}.yaml"), bytes);
        match Profile::load(&source) {
            Ok(profile) => Ok((name, profile)),
            Err(found) => {
                diagnostics::print(&found, &[source], console);
                Err(Exit::Usage)
            }
        }
    };
    REFERENCE.iter().map(read).collect()
}

/// The suite inside the program.
pub(crate) fn built_in(console: &Console) -> Result<Suite, Exit> {
    of(&built_in_sources(), console)
}

/// The suite of these files and folders.
pub(crate) fn at(paths: &[PathBuf], console: &Console) -> Result<Suite, Exit> {
    of(&read(paths, console)?, console)
}

fn of(sources: &[Source], console: &Console) -> Result<Suite, Exit> {
    match load(sources) {
        Ok(loaded) => {
            diagnostics::print(&loaded.warnings, sources, console);
            Ok(loaded.suite)
        }
        Err(found) => {
            diagnostics::print(&found, sources, console);
            console.error(&format!("nothing was sent: {}", diagnostics::count(&found)));
            Err(Exit::Usage)
        }
    }
}

/// Reads files, and the scenario files of folders, in the order of their names.
pub(crate) fn read(paths: &[PathBuf], console: &Console) -> Result<Vec<Source>, Exit> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        if let Err((at, error)) = collect(path, &mut files, 0) {
            console.error(&format!("{}: {error}", at.display()));
            return Err(Exit::Usage);
        }
        if files.len() == before {
            console.error(&format!("{}: there is no scenario file here (*.yaml)", path.display()));
            return Err(Exit::Usage);
        }
    }
    let mut sources = Vec::new();
    for file in files {
        let path = file.display().to_string();
        match File::open(&file).and_then(|reader| Source::read(path, reader)) {
            Ok(source) => sources.push(source),
            Err(error) => {
                console.error(&format!("{}: {error}", file.display()));
                return Err(Exit::Usage);
            }
        }
    }
    Ok(sources)
}

type Unread = (PathBuf, std::io::Error);

fn collect(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), Unread> {
    let failed = |error| (path.to_owned(), error);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(failed)?
        .into_iter()
        .map(|entry| entry.path())
        .collect::<Vec<_>>();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_yaml = entry.extension().is_some_and(|end| end == "yaml" || end == "yml");
        // Beside scenarios there lie the catalogue and profiles, which are none.
        let other = matches!(name, "requirements" | "profiles") || name.starts_with('.');
        if (entry.is_dir() && !other && depth < DEEPEST) || (is_yaml && !entry.is_dir()) {
            collect(&entry, files, depth + 1)?;
        }
    }
    Ok(())
}
