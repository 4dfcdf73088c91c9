//! Everything that a server needs before it is started: its packages, accounts, folders, files and
//! ports, and what its recipe does beforehand.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use smtpspec_scenario::Recipe;
use smtpspec_scenario::recipe::{Listener, Mail};

use super::left::Record;
use super::values::{MAILDIR, RECIPE, Values};
use super::{Kit, Lab, LabError, errand, install};
use crate::launch::{Program, ServerCommand, free_port};
use crate::stop::Stop;
use crate::tls::Identity;

/// How long a command of a recipe may take before the server is started.
const CHORE: Duration = Duration::from_mins(2);

/// What the servers of the lab are called in their certificates.
const NAMES: [&str; 2] = ["mx.example.test", "localhost"];

/// A server that is ready to be started. Its folder goes with this.
#[derive(Debug)]
pub struct Setting {
    /// What starts it.
    pub command: ServerCommand,
    /// Where it will listen.
    pub addresses: BTreeMap<Listener, SocketAddr>,
    /// How long it may take to be there.
    pub ready_within: Duration,
    /// Where it sends its mail.
    pub next_hop: Option<SocketAddr>,
    /// Where it delivers its mail.
    pub maildir: Option<PathBuf>,
    /// The profile that says what it accepts.
    pub profile: PathBuf,
    _folder: Folder,
}

impl Setting {
    /// Installs a server and sets it up. `own` are values for this run, over those of the recipe.
    /// `tell` hears what takes its time.
    pub async fn make(
        lab: &Lab,
        kit: &Kit,
        own: &BTreeMap<String, String>,
        stop: &Stop,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, LabError> {
        let recipe = &kit.recipe;
        let runs = lab.runs();
        fs::create_dir_all(&runs).map_err(LabError::disk(&runs))?;
        opened(&runs).map_err(LabError::disk(&runs))?;
        if recipe.needs_root() {
            can_be_entered(&runs)?;
        }
        install::install(lab, recipe, stop, tell).await?;
        if let Some(other) = other_version(lab, recipe) {
            tell(&other);
        }
        let folder = Folder::make(&runs, &recipe.name)?;
        let ports = Ports::free()?;
        let values = Values::of(
            recipe,
            &lab.installed(recipe),
            &folder.path,
            &lab.log(recipe),
            ports.texts().into_iter().chain(own.clone()).collect(),
        );
        let log = lab.log(recipe);
        fs::write(&log, "").map_err(LabError::disk(&log))?;
        accounts(recipe, &log, stop).await?;
        furnish(&folder.path, kit, &values)?;
        for command in &recipe.prepare {
            errand::run(&values.program(command), CHORE, stop).await?;
        }
        let addresses: BTreeMap<Listener, SocketAddr> =
            recipe.listeners.iter().map(|listener| (*listener, ports.of(*listener))).collect();
        let command = ServerCommand::of(values.program(&recipe.start))
            .listening_at(addresses.values().copied().collect())
            .ended_by(recipe.stop.as_ref().map(|stop| values.program(stop)))
            .recorded_in(folder.record.server());
        Ok(Self {
            command,
            addresses,
            ready_within: recipe.ready,
            next_hop: (recipe.mail == Some(Mail::NextHop)).then_some(ports.next_hop),
            maildir: (recipe.mail == Some(Mail::Maildir)).then(|| folder.path.join(MAILDIR)),
            profile: folder.path.join(RECIPE).join(&recipe.profile),
            _folder: folder,
        })
    }
}

/// A sentence about an installed version that is not the recipe's.
fn other_version(lab: &Lab, recipe: &Recipe) -> Option<String> {
    let (installed, meant) = (install::version_of(lab, recipe)?, recipe.version.as_ref()?);
    let upstream = installed.split_once("%3a").map_or(installed.as_str(), |(_, version)| version);
    let same = upstream.strip_prefix(meant.as_str()).is_some_and(|rest| {
        !rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
    });
    (!same).then(|| format!("{upstream} is installed; the recipe was made for {meant}"))
}

/// Makes the accounts and groups that the system lacks.
async fn accounts(recipe: &Recipe, log: &Path, stop: &Stop) -> Result<(), LabError> {
    let run = async |words: &[&str]| {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        let program =
            Program { log: Some(log.to_owned()), without_ours: true, ..Program::of(words) };
        errand::run(&program, CHORE, stop).await
    };
    for group in &recipe.groups {
        if run(&["getent", "group", group]).await.is_err() {
            run(&["groupadd", "--system", group]).await?;
        }
    }
    for user in &recipe.users {
        if run(&["getent", "passwd", user]).await.is_err() {
            let mut words = vec!["useradd", "--system", "--user-group", "--no-create-home"];
            words.extend(["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", user]);
            run(&words).await?;
        }
    }
    Ok(())
}

/// Puts everything into the folder of a run that the recipe wants there.
fn furnish(folder: &Path, kit: &Kit, values: &Values) -> Result<(), LabError> {
    let recipe = &kit.recipe;
    for (path, octets) in &kit.files {
        put(&folder.join(RECIPE).join(path), octets)?;
    }
    for path in &recipe.folders {
        let path = folder.join(path);
        fs::create_dir_all(&path).map_err(LabError::disk(&path))?;
    }
    if recipe.mail == Some(Mail::Maildir) {
        for part in ["tmp", "new", "cur"] {
            let path = folder.join(MAILDIR).join(part);
            fs::create_dir_all(&path).map_err(LabError::disk(&path))?;
        }
    }
    if recipe.certificate {
        let (certificate, key) =
            Identity::pem_for(&NAMES).map_err(|error| LabError::Other(error.to_string()))?;
        let path = folder.join("key.pem");
        put(&folder.join("cert.pem"), certificate.as_bytes())?;
        put(&path, key.as_bytes())?;
        closed(&path).map_err(LabError::disk(&path))?;
    }
    for (to, from) in &recipe.files {
        let octets = kit.files.get(from).map(Vec::as_slice).unwrap_or_default();
        match std::str::from_utf8(octets) {
            Ok(text) => put(&folder.join(to), values.fill(text).as_bytes())?,
            // What is no text has no placeholders.
            Err(_) => put(&folder.join(to), octets)?,
        }
    }
    Ok(())
}

fn put(path: &Path, octets: &[u8]) -> Result<(), LabError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LabError::disk(folder))?;
    }
    fs::write(path, octets).map_err(LabError::disk(path))
}

/// Ports of this machine on which nobody listens, each another one.
struct Ports {
    listeners: [u16; 3],
    next_hop: SocketAddr,
}

impl Ports {
    fn free() -> Result<Self, LabError> {
        let no_port = |error: io::Error| LabError::Other(format!("there is no free port: {error}"));
        let mut ports: Vec<u16> = Vec::new();
        while ports.len() < 4 {
            let port = free_port().map_err(no_port)?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let next_hop = SocketAddr::from((Ipv4Addr::LOCALHOST, ports[3]));
        Ok(Self { listeners: [ports[0], ports[1], ports[2]], next_hop })
    }

    fn of(&self, listener: Listener) -> SocketAddr {
        let port = self.listeners[listener as usize];
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// As values of placeholders.
    fn texts(&self) -> BTreeMap<String, String> {
        let mut texts: BTreeMap<String, String> = Listener::ALL
            .iter()
            .map(|one| (one.placeholder().to_owned(), self.of(*one).port().to_string()))
            .collect();
        texts.insert("next-hop".to_owned(), self.next_hop.port().to_string());
        texts
    }
}

/// The folder of one run, which goes with this.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    record: Record,
}

impl Folder {
    fn make(runs: &Path, name: &str) -> Result<Self, LabError> {
        loop {
            // The standard library seeds it from the system's randomness.
            let dice = RandomState::new().build_hasher().finish() as u32;
            let path = runs.join(format!("{name}-{dice:08x}"));
            // Before the folder is there, so that nobody takes it for one that was left behind.
            let record = Record::beside(&path);
            record.own().map_err(LabError::disk(&path))?;
            match fs::create_dir(&path) {
                Ok(()) => {
                    let folder = Self { path, record };
                    opened(&folder.path).map_err(LabError::disk(&folder.path))?;
                    return Ok(folder);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    record.remove();
                    return Err(LabError::Disk(path, error));
                }
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed now, `lab down` removes.
        if fs::remove_dir_all(&self.path).is_ok() {
            self.record.remove();
        }
    }
}

/// A server that drops its rights must be able to come in.
#[cfg(unix)]
fn can_be_entered(folder: &Path) -> Result<(), LabError> {
    use std::os::unix::fs::PermissionsExt as _;
    for path in folder.ancestors() {
        let data = fs::metadata(path).map_err(LabError::disk(path))?;
        if data.permissions().mode() & 0o001 == 0 {
            return Err(LabError::Other(format!(
                "{} is closed to other users, and the server is to run as one; choose another \
                 folder by --dir",
                path.display()
            )));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn can_be_entered(_: &Path) -> Result<(), LabError> {
    Ok(())
}

/// Lets everybody come in, whatever the umask says.
#[cfg(unix)]
fn opened(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(unix)]
fn closed(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn opened(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn closed(_: &Path) -> io::Result<()> {
    Ok(())
}
