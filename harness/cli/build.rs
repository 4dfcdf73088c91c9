//! Compiles the suite into the binary, so that `cargo install` gives a complete tool, and beside it
//! the list of the requirements that the model's sources cite, with the file that does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let suite = root.join("../../scenarios").canonicalize().expect("the suite is there");
    println!("cargo:rerun-if-changed={}", suite.display());
    let mut files = Vec::new();
    collect(&suite, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&suite).expect("it came from there");
        let name = Path::new("scenarios").join(name);
        let (name, file) = (name.display().to_string(), file.display().to_string());
        writeln!(table, "({name:?}, include_bytes!({file:?})),").expect("writing to a string");
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("profiles.rs"), profiles(&suite.join("profiles/reference")))
        .expect("the build folder can be written");
    fs::write(out.join("recipes.rs"), recipes(&root.join("../lab")))
        .expect("the build folder can be written");
    fs::write(out.join("suite.rs"), table).expect("the build folder can be written");
    fs::write(out.join("rules.rs"), rules(&root)).expect("the build folder can be written");
}

/// The profiles of the reference server, by the names of their files; the usual one first.
fn profiles(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort_by_key(|file| (!file.ends_with("usual.yaml"), file.clone()));
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.file_stem().expect("a file").display().to_string();
        let file = file.display().to_string();
        writeln!(table, "({name:?}, include_bytes!({file:?})),").expect("writing to a string");
    }
    table.push(']');
    table
}

/// The recipes of the lab, each with the files beside it: its folder's name, a path there, and what
/// the file holds.
fn recipes(lab: &Path) -> String {
    println!("cargo:rerun-if-changed={}", lab.display());
    let lab = lab.canonicalize().expect("the lab is there");
    let mut folders: Vec<PathBuf> = fs::read_dir(&lab)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.join("recipe.yaml").is_file())
        .collect();
    folders.sort();
    let mut table = String::from("&[\n");
    for folder in folders {
        let name = folder.file_name().expect("it has a name").display().to_string();
        let mut files = Vec::new();
        all(&folder, &mut files);
        files.sort();
        for file in files {
            let path =
                file.strip_prefix(&folder).expect("it came from there").display().to_string();
            let file = file.display().to_string();
            writeln!(table, "({name:?}, {path:?}, include_bytes!({file:?})),")
                .expect("writing to a string");
        }
    }
    table.push(']');
    table
}

/// Every file below a folder.
fn all(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            all(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Where the model judges: `requirement!("…")` in the sources of these crates, tests left out.
fn rules(root: &Path) -> String {
    let mut found = BTreeSet::new();
    for folder in ["protocol", "reference", "judge"] {
        let folder = root.join("..").join(folder).join("src");
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        sources(&folder, &mut files);
        for file in files {
            let text = fs::read_to_string(&file).expect("a readable file");
            let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let name = file.strip_prefix(root.join("..")).expect("it came from there");
            for part in code.split("requirement!(").skip(1) {
                if let Some(id) =
                    part.trim_start().strip_prefix('"').and_then(|id| id.split('"').next())
                {
                    found.insert((id.to_owned(), format!("harness/{}", name.display())));
                }
            }
        }
    }
    let mut table = String::from("&[\n");
    for (id, file) in found {
        writeln!(table, "({id:?}, {file:?}),").expect("writing to a string");
    }
    table.push(']');
    table
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let mutants = path.file_stem().is_some_and(|stem| stem == "mutants");
        if path.is_dir() && !mutants {
            sources(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs")
            && !mutants
            && !path.ends_with("tests.rs")
        {
            files.push(path);
        }
    }
}

/// The scenario files: what else lies in the folder (the catalogue, profiles) is no scenario.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "requirements" | "profiles") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|end| end == "yaml") {
            files.push(path);
        }
    }
}
