//! Compiles the suite into the binary, so that `cargo install` gives a complete tool.

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
    fs::write(out.join("suite.rs"), table).expect("the build folder can be written");
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
