//! Results in a file, as `--report json=FILE` writes them.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::Value;
use smtpspec_judge::Results;

use crate::console::Console;
use crate::exit::Exit;

/// The forms that can be read: a later 1.x only has more members.
const FORM: &str = "smtpspec-results/1.";

/// The results in a file; `-` is standard input.
pub(super) fn read(path: &Path, console: &Console) -> Result<Results, Exit> {
    parse(path).map_err(|why| {
        console.error(&format!("{}: {why}", path.display()));
        Exit::Usage
    })
}

fn parse(path: &Path) -> Result<Results, String> {
    let mut octets = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut octets).map_err(|error| error.to_string())?;
    } else {
        octets = fs::read(path).map_err(|error| error.to_string())?;
    }
    let document: Value = serde_json::from_slice(&octets).map_err(|error| {
        format!("no JSON ({error}); `smtpspec run --report json=FILE` writes what is read here")
    })?;
    let form = document["schema"].as_str().unwrap_or_default();
    if !form.starts_with(FORM) {
        let seen = if form.is_empty() {
            "it names no `schema`".to_owned()
        } else {
            format!("its `schema` is `{}`", form.escape_debug())
        };
        return Err(format!("no results that this program reads: {seen}, not `{FORM}x`"));
    }
    // From the octets, so that a fault is told with its line.
    serde_json::from_slice(&octets).map_err(|error| format!("no results: {error}"))
}
