//! What stands for the placeholders of a recipe in one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use smtpspec_scenario::Recipe;
use smtpspec_scenario::recipe::{Command, Origin, fill, variable};

use crate::launch::Program;

/// What a program looks for its libraries by, where the system's folders don't have them.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// What Node.js looks for its packages by.
const NODE_PATH: &str = "NODE_PATH";

/// The values of one run.
#[derive(Debug, Clone)]
pub(super) struct Values {
    texts: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    folder: PathBuf,
    log: PathBuf,
}

impl Values {
    /// Those of a recipe that is installed there, in a run that has this folder; `own` are those of
    /// this run alone.
    pub(super) fn of(
        recipe: &Recipe,
        install: &Path,
        folder: &Path,
        log: &Path,
        own: BTreeMap<String, String>,
    ) -> Self {
        let mut texts = recipe.values.clone();
        let mut set = |name: &str, value: String| texts.insert(name.to_owned(), value);
        let path = |path: PathBuf| path.display().to_string();
        set("name", recipe.name.clone());
        set("dir", path(folder.to_owned()));
        set("recipe", path(folder.join(RECIPE)));
        set("maildir", path(folder.join(MAILDIR)));
        set("install", path(install.to_owned()));
        let mut environment = BTreeMap::new();
        match recipe.install.as_ref().map(|install| install.from) {
            Some(Origin::Apt) => {
                let root = install.join(ROOT);
                let triplet = triplet(&root).unwrap_or_default();
                let libraries = [root.join("usr/lib"), root.join("lib")]
                    .map(|folder| path(folder.join(&triplet)))
                    .join(":");
                environment.insert(LIBRARIES.to_owned(), libraries.clone());
                set("root", path(root));
                set("libraries", libraries);
                set("triplet", triplet);
            }
            Some(Origin::Pypi) => {
                set("python", path(install.join(PYTHON)));
            }
            Some(Origin::Npm) => {
                let modules = path(install.join("node_modules"));
                environment.insert(NODE_PATH.to_owned(), modules);
            }
            None => {}
        }
        texts.extend(own);
        let of_recipe = recipe.environment.iter();
        environment.extend(of_recipe.map(|(name, text)| (name.clone(), fill(text, &texts))));
        environment.extend(texts.iter().map(|(name, value)| (variable(name), value.clone())));
        Self { texts, environment, folder: folder.to_owned(), log: log.to_owned() }
    }

    /// A text with the placeholders replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        fill(text, &self.texts)
    }

    /// A command of the recipe, ready to be started.
    pub(super) fn program(&self, command: &Command) -> Program {
        let words = match command {
            Command::Words(words) => words.iter().map(|word| self.fill(word)).collect(),
            Command::Shell(text) => shell(text),
        };
        Program {
            words,
            environment: self.environment.clone(),
            folder: Some(self.folder.clone()),
            log: Some(self.log.clone()),
            without_ours: true,
        }
    }
}

/// The files beside the recipe, below the folder of a run.
pub(super) const RECIPE: &str = "recipe";

/// The Maildir of a run, below its folder.
pub(super) const MAILDIR: &str = "mail";

/// Debian's packages, below the folder of the installation.
pub(super) const ROOT: &str = "root";

/// The interpreter of an environment of Python's.
pub(super) const PYTHON: &str = "venv/bin/python";

/// A shell that ends at the first command that fails.
pub(super) fn shell(text: &str) -> Vec<String> {
    ["sh", "-euc", text].map(str::to_owned).to_vec()
}

/// What Debian calls this machine in its paths: `x86_64-linux-gnu`.
fn triplet(root: &Path) -> Option<String> {
    fs::read_dir(root.join("usr/lib"))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.contains("-linux-gnu"))
}
