//! Whether what a recipe needs is on this machine. Nothing is changed by asking.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use smtpspec_scenario::Recipe;
use smtpspec_scenario::recipe::{Command, Origin};

use super::errand;
use super::values::shell;
use crate::launch::Program;
use crate::stop::Stop;

/// How long a test may take.
const TEST: Duration = Duration::from_secs(30);

/// What a recipe needs, and whether it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What it is: `root`, `npm`.
    pub what: String,
    /// Whether it is here.
    pub met: bool,
}

/// Everything that a recipe needs.
pub async fn of(recipe: &Recipe, stop: &Stop) -> Vec<Need> {
    let mut needs = Vec::new();
    let from = recipe.install.as_ref().map(|install| install.from);
    if from == Some(Origin::Apt) {
        needs.push(Need { what: "Debian".to_owned(), met: is_debian() });
    }
    if from == Some(Origin::Apt) || recipe.needs_root() {
        needs.push(Need { what: "root".to_owned(), met: is_root() });
    }
    for program in recipe.needs_programs() {
        let met = env::var_os("PATH").is_some_and(|path| is_in(program, &path));
        needs.push(Need { what: program.to_owned(), met });
    }
    // What stands on programs that are not here says only so once more.
    if needs.iter().all(|need| need.met) {
        for (command, wants) in &recipe.needs.tests {
            let words = match command {
                Command::Words(words) => words.clone(),
                Command::Shell(text) => shell(text),
            };
            let program = Program { without_ours: true, ..Program::of(words) };
            let met = errand::run(&program, TEST, stop).await.is_ok();
            needs.push(Need { what: wants.clone(), met });
        }
    }
    needs
}

/// Whether a program is in one of these folders.
fn is_in(program: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder| is_executable(&folder.join(program)))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file())
}

/// Whether this program may do all.
#[cfg(unix)]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this program may do all: not known here.
#[cfg(not(unix))]
pub fn is_root() -> bool {
    false
}

/// Whether this is Debian or made of it. Its packages would not fit another system's libraries.
fn is_debian() -> bool {
    fs::metadata("/etc/debian_version").is_ok()
}
