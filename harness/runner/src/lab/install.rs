//! Packages into a folder of the lab, once. Two that start at once wait for each other.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use smtpspec_scenario::Recipe;
use smtpspec_scenario::recipe::{Install, Origin};
use tokio::time::sleep;

use super::values::{PYTHON, ROOT};
use super::{Lab, LabError, errand};
use crate::launch::Program;
use crate::stop::Stop;

/// How long a step of an installation may take.
const STEP: Duration = Duration::from_mins(10);

/// How often a lock is looked at that another program holds.
const LOOK: Duration = Duration::from_millis(100);

/// What was installed, on one line.
const DONE: &str = "unpacked";

/// What the installers write.
const LOG: &str = "install.log";

/// Installs what the recipe names, unless that was done before. The folder is locked until the
/// result is dropped.
pub(super) async fn install(
    lab: &Lab,
    recipe: &Recipe,
    stop: &Stop,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<(), LabError> {
    let Some(wanted) = &recipe.install else { return Ok(()) };
    let folder = lab.installed(recipe);
    fs::create_dir_all(&folder).map_err(LabError::disk(&folder))?;
    let _lock = lock(&folder.join("lock"), stop, tell).await?;
    let line = format!("{}\n", wanted.packages.join(" "));
    let done = folder.join(DONE);
    if fs::read_to_string(&done).is_ok_and(|before| before == line) {
        return Ok(());
    }
    tell(&format!("installing {} from {}", line.trim(), wanted.from.title()));
    let site = Site { folder: &folder, stop };
    match wanted.from {
        Origin::Apt => site.debian(wanted).await?,
        Origin::Pypi => site.python(wanted).await?,
        Origin::Npm => site.node(wanted).await?,
    }
    fs::write(&done, line).map_err(LabError::disk(&done))
}

/// The version of Debian's package that was unpacked, as its file names it.
pub(super) fn version_of(lab: &Lab, recipe: &Recipe) -> Option<String> {
    let wanted = recipe.install.as_ref().filter(|install| install.from == Origin::Apt)?;
    let prefix = format!("{}_", wanted.packages[0]);
    fs::read_dir(lab.installed(recipe).join(PACKAGES))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|name| Some(name.strip_prefix(&prefix)?.split('_').next()?.to_owned()))
}

/// Debian's files, below the folder of the installation.
const PACKAGES: &str = "packages";

async fn lock(
    path: &Path,
    stop: &Stop,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<File, LabError> {
    let file = File::create(path).map_err(LabError::disk(path))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if stop.is_stopped() => return Err(LabError::Stopped),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    tell(&format!(
                        "another program installs there; waiting for {}",
                        path.display()
                    ));
                    told = true;
                }
                sleep(LOOK).await;
            }
            Err(TryLockError::Error(error)) => return Err(LabError::Disk(path.to_owned(), error)),
        }
    }
}

/// Where something is installed.
struct Site<'s> {
    folder: &'s Path,
    stop: &'s Stop,
}

impl Site<'_> {
    async fn run<S: AsRef<str>>(&self, words: &[S]) -> Result<(), LabError> {
        let words = words.iter().map(|word| word.as_ref().to_owned()).collect();
        let log = Some(self.folder.join(LOG));
        let program = Program { log, without_ours: true, ..Program::of(words) };
        errand::run(&program, STEP, self.stop).await
    }

    fn path(&self, below: &str) -> String {
        self.folder.join(below).display().to_string()
    }

    async fn python(&self, wanted: &Install) -> Result<(), LabError> {
        let python = self.path(PYTHON);
        if !Path::new(&python).exists() {
            self.run(&["python3", "-m", "venv", &self.path("venv")]).await?;
        }
        let words = [&python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        self.run(&with(&words, &wanted.packages)).await
    }

    async fn node(&self, wanted: &Install) -> Result<(), LabError> {
        let folder = self.path("");
        let mut words = vec!["npm", "install", "--prefix", &folder, "--ignore-scripts"];
        words.extend(["--no-audit", "--no-fund", "--loglevel", "error"]);
        self.run(&with(&words, &wanted.packages)).await
    }

    /// Unpacks packages, and all that they need and the system lacks.
    async fn debian(&self, wanted: &Install) -> Result<(), LabError> {
        let (packages, root) = (self.folder.join(PACKAGES), self.folder.join(ROOT));
        for folder in [packages.join("partial"), root.clone()] {
            fs::create_dir_all(&folder).map_err(LabError::disk(&folder))?;
        }
        let archives = format!("Dir::Cache::archives={}", packages.display());
        let mut words = vec!["apt-get", "-qq", "-y", "-o", &archives];
        words.extend(["-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", "--reinstall"]);
        words.extend(["--download-only", "install"]);
        let words = with(&words, &wanted.packages);
        match self.run(&words).await {
            // An old list names packages that are no longer there.
            Err(LabError::Failed(..)) => {
                self.run(&["apt-get", "-qq", "update"]).await?;
                self.run(&words).await?;
            }
            done => done?,
        }
        let root = root.display().to_string();
        for file in files(&packages)? {
            self.run(&["dpkg", "-x", &file.display().to_string(), &root]).await?;
        }
        // Set-user-id programs may not say where their libraries are. What they were for, mail from
        // local users, is not wanted here.
        self.run(&["chmod", "-R", "u-s,g-s", &root]).await
    }
}

fn with(words: &[&str], packages: &[String]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).chain(packages.iter().cloned()).collect()
}

/// The packages that were fetched.
fn files(folder: &Path) -> Result<Vec<PathBuf>, LabError> {
    let entries = fs::read_dir(folder).map_err(LabError::disk(folder))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.extension().is_some_and(|end| end == "deb")).collect())
}
