//! The lab: real servers by their recipes. What is installed stays in a folder for the next time;
//! what a run needs lies in a folder of its own, which goes with it.
//!
//! | what | where |
//! |---|---|
//! | whether what a recipe needs is here | [`needs`] |
//! | installing the packages | `install` |
//! | what stands for the placeholders | `values` |
//! | accounts, folders, files and the recipe's commands, before the start | `setting` |
//! | one command, from its start to its end | `errand` |
//! | what was left behind by a run that was ended hard | [`left`] |
//!
//! Starting the server and watching it is for [`crate::launch`]; what a recipe may say, for
//! `smtpspec-scenario`.

mod errand;
mod install;
pub mod left;
pub mod needs;
mod setting;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smtpspec_scenario::Recipe;

use crate::launch::Crash;

pub use setting::Setting;

/// Where runs have their folders, below that of the lab.
const RUNS: &str = "runs";

/// A recipe, and the files that lie beside it, by their paths.
#[derive(Debug, Clone)]
pub struct Kit {
    /// The recipe.
    pub recipe: Recipe,
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The folder of the lab.
#[derive(Debug, Clone)]
pub struct Lab {
    folder: PathBuf,
}

impl Lab {
    /// The lab in this folder, which need not be there yet.
    pub fn at(folder: &Path) -> io::Result<Self> {
        Ok(Self { folder: std::path::absolute(folder)? })
    }

    /// Where what this recipe installs lies.
    fn installed(&self, recipe: &Recipe) -> PathBuf {
        self.folder.join(&recipe.installed_as)
    }

    /// Where runs have their folders.
    fn runs(&self) -> PathBuf {
        self.folder.join(RUNS)
    }

    /// What the recipe's commands and its server write.
    pub fn log(&self, recipe: &Recipe) -> PathBuf {
        self.folder.join(format!("{}.log", recipe.name))
    }
}

/// Why a server of the lab is not there.
#[derive(Debug)]
pub enum LabError {
    /// Somebody asked to end.
    Stopped,
    /// A command could not be started.
    Start(String, io::Error),
    /// A command did not succeed.
    Failed(String, Crash),
    /// A command took longer than this.
    TooLong(String, Duration),
    /// A folder or a file could not be made.
    Disk(PathBuf, io::Error),
    /// Anything else, as a sentence.
    Other(String),
}

impl LabError {
    fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Disk(path.to_owned(), error)
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("it was interrupted"),
            Self::Start(words, error) => write!(f, "`{words}` could not be started: {error}"),
            Self::Failed(words, crash) => write!(f, "`{words}` failed: {crash}"),
            Self::TooLong(words, time) => write!(f, "`{words}` has not ended after {time:?}"),
            Self::Disk(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for LabError {}
