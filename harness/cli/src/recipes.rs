//! Where the recipes of the lab come from: compiled into the program, or a folder of the user's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use smtpspec_runner::Kit;
use smtpspec_scenario::{Recipe, Source};

use crate::console::Console;
use crate::diagnostics;
use crate::exit::Exit;

/// Every file of the repository's recipes: the recipe's name, its path beside it, what it holds.
const BUILT_IN: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/recipes.rs"));

/// The file that makes a folder one of a recipe.
const RECIPE: &str = "recipe.yaml";

/// How deep folders are searched; a loop of links ends there.
const DEEPEST: usize = 8;

/// How many files may lie beside a recipe, and how large each may be, in octets.
const MOST: usize = 1000;
const LARGEST: u64 = 4 << 20;

/// The files of a recipe's folder, by their paths there.
type Files = BTreeMap<String, Vec<u8>>;

/// A folder with a recipe: where it is, for people, and what it holds.
struct Folder {
    place: String,
    files: Files,
}

/// Every server that there is a recipe for, in the order of the names; a user's folder goes over one
/// inside the program that has its name.
pub(crate) fn all(own: Option<&Path>, console: &Console) -> Result<Vec<Kit>, Exit> {
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for &(name, path, octets) in BUILT_IN {
        let place = format!("harness/lab/{name}");
        let folder =
            folders.entry(name.to_owned()).or_insert_with(|| Folder { place, files: Files::new() });
        folder.files.insert(path.to_owned(), octets.to_owned());
    }
    if let Some(own) = own {
        let found = in_folder(own).map_err(|(path, error)| {
            console.error(&format!("--recipes: {}: {error}", path.display()));
            Exit::Usage
        })?;
        if found.is_empty() {
            console.error(&format!("--recipes: there is no NAME/{RECIPE} in {}", own.display()));
            return Err(Exit::Usage);
        }
        folders.extend(found);
    }
    let mut kits: Vec<Kit> = Vec::new();
    for (name, folder) in folders {
        for recipe in load(&name, &folder, console)? {
            if kits.iter().any(|kit| kit.recipe.name == recipe.name) {
                let name = &recipe.name;
                console.error(&format!("{}: there is another server `{name}`", folder.place));
                return Err(Exit::Usage);
            }
            kits.push(Kit { recipe, files: folder.files.clone() });
        }
    }
    kits.sort_by(|one, other| one.recipe.name.cmp(&other.recipe.name));
    Ok(kits)
}

fn load(name: &str, folder: &Folder, console: &Console) -> Result<Vec<Recipe>, Exit> {
    let octets = folder.files.get(RECIPE).cloned().unwrap_or_default();
    let source = Source::new(format!("{}/{RECIPE}", folder.place), octets);
    let names: BTreeSet<String> = folder.files.keys().cloned().collect();
    Recipe::load(name, &source, &names).map_err(|found| {
        // It holds a password, but one that the recipe itself makes.
        diagnostics::print(&found, &[source], console);
        console.error(&format!("nothing was started: {}", diagnostics::count(&found)));
        Exit::Usage
    })
}

type Unread = (PathBuf, io::Error);

/// The recipes in a folder of the user's.
fn in_folder(own: &Path) -> Result<BTreeMap<String, Folder>, Unread> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(own).map_err(|error| (own.to_owned(), error))? {
        let path = entry.map_err(|error| (own.to_owned(), error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.join(RECIPE).is_file() {
            let mut files = Files::new();
            collect(&path, "", &mut files, 0)?;
            let place = path.display().to_string();
            found.insert(name.to_owned(), Folder { place, files });
        }
    }
    Ok(found)
}

fn collect(folder: &Path, below: &str, files: &mut Files, depth: usize) -> Result<(), Unread> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let below = format!("{below}{name}");
        if path.is_dir() {
            if depth < DEEPEST && !name.starts_with('.') {
                collect(&path, &format!("{below}/"), files, depth + 1)?;
            }
            continue;
        }
        let mut octets = Vec::new();
        let file = File::open(&path).map_err(failed(&path))?;
        file.take(LARGEST + 1).read_to_end(&mut octets).map_err(failed(&path))?;
        let too_much = if octets.len() as u64 > LARGEST {
            Some(format!("it is larger than {LARGEST} octets"))
        } else if files.len() >= MOST {
            Some(format!("there are more than {MOST} files beside the recipe"))
        } else {
            None
        };
        if let Some(why) = too_much {
            return Err((path, io::Error::other(why)));
        }
        files.insert(below, octets);
    }
    Ok(())
}
