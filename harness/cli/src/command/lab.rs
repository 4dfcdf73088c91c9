//! `smtpspec lab`: real servers by their recipes.

mod down;
mod list;
mod run;
mod up;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, io};

use smtpspec_runner::lab::needs::{self, Need};
use smtpspec_runner::{Kit, Lab, LabError, Setting, Stop};
use smtpspec_scenario::recipe::Listener;

use crate::args::{self, LabPlace, LabWhat};
use crate::console::Console;
use crate::exit::Exit;

pub(crate) fn lab(lab: args::Lab, console: &Console) -> Exit {
    let done = match lab.what {
        LabWhat::List(list) => list::list(&list, console),
        LabWhat::Up(up) => up::up(&up, console),
        LabWhat::Run(run) => run::run(&run, console),
        LabWhat::Down(down) => down::down(&down, console),
    };
    done.unwrap_or_else(|exit| exit)
}

/// The folder of the lab. One among the caches of root is closed to the users that servers run as.
fn place(place: &LabPlace, console: &Console) -> Result<Lab, Exit> {
    let folder = match (&place.dir, home()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.join("smtpspec/lab"),
        (None, None) => {
            console.error("there is no folder for caches here; name one by --dir");
            return Err(Exit::Usage);
        }
    };
    Lab::at(&folder).map_err(|error| {
        console.error(&format!("--dir: {}: {error}", folder.display()));
        Exit::Usage
    })
}

/// Where caches go.
fn home() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if needs::is_root() {
        return Some(PathBuf::from("/var/cache"));
    }
    variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))
}

/// The servers of this name: one, or the variants of a recipe.
fn named<'k>(kits: &'k [Kit], name: &str, console: &Console) -> Result<Vec<&'k Kit>, Exit> {
    if let Some(kit) = kits.iter().find(|kit| kit.recipe.name == name) {
        return Ok(vec![kit]);
    }
    let variants: Vec<&Kit> = kits.iter().filter(|kit| kit.recipe.folder == name).collect();
    if variants.is_empty() {
        let near = kits
            .iter()
            .map(|kit| kit.recipe.name.as_str())
            .min_by_key(|known| strsim::damerau_levenshtein(known, name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        console.error(&format!(
            "there is no recipe for `{}`{near} `smtpspec lab list` lists them",
            name.escape_debug()
        ));
        return Err(Exit::Usage);
    }
    Ok(variants)
}

/// Values for a run over those of its recipe, which must know them.
fn values(
    pairs: &[(String, String)],
    kits: &[&Kit],
    console: &Console,
) -> Result<BTreeMap<String, String>, Exit> {
    for (name, _) in pairs {
        if let Some(kit) = kits.iter().find(|kit| !kit.recipe.values.contains_key(name)) {
            let known: Vec<&str> = kit.recipe.values.keys().map(String::as_str).collect();
            let has = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            console.error(&format!(
                "--set: {} has no value `{}`; it has {has}",
                kit.recipe.name,
                name.escape_debug()
            ));
            return Err(Exit::Usage);
        }
    }
    Ok(pairs.iter().cloned().collect())
}

/// Why a server can't be started here, if it can't: what it needs that is not here, or a listener
/// that it has not.
fn hindrance(kit: &Kit, needs: &[Need], listener: Listener) -> Option<String> {
    let missing: Vec<&str> =
        needs.iter().filter(|need| !need.met).map(|need| need.what.as_str()).collect();
    if !missing.is_empty() {
        return Some(format!("it needs {}, which is not here", missing.join(", ")));
    }
    let has = &kit.recipe.listeners;
    (!has.contains(&listener)).then(|| {
        let has: Vec<&str> = has.iter().map(|listener| listener.as_str()).collect();
        format!("it has no listener {}; it has {}", listener.as_str(), has.join(", "))
    })
}

/// Sets a server up, or tells why that could not be.
async fn set_up(
    lab: &Lab,
    kit: &Kit,
    values: &BTreeMap<String, String>,
    stop: &Stop,
    console: &Console,
) -> io::Result<Result<Setting, Exit>> {
    let name = &kit.recipe.name;
    let left = lab.left()?.iter().filter(|left| left.owner.is_none()).count();
    if left > 0 {
        let what = if left == 1 { "a run that was" } else { "runs that were" };
        console.warn(&format!("{what} killed left something behind; `smtpspec lab down` ends it"));
    }
    let mut tell = |what: &str| console.note(&format!("{name}: {what}"));
    Ok(match Setting::make(lab, kit, values, stop, &mut tell).await {
        Ok(setting) => Ok(setting),
        Err(LabError::Stopped) => Err(Exit::Interrupted),
        Err(why) => {
            console.error(&format!("{name}: {why}"));
            Err(Exit::Failed)
        }
    })
}

/// How smtpspec is to talk to a server at one of its listeners: flags, each with its variable and its
/// value.
fn flags(kit: &Kit, setting: &Setting, listener: Listener) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut add = |flag, variable, value: Option<String>| {
        flags.push(Flag { name: flag, variable, value });
    };
    if let Some(address) = setting.addresses.get(&listener) {
        add("--server", "SMTPSPEC_SERVER", Some(address.to_string()));
    }
    add("--profile", "SMTPSPEC_PROFILE", Some(setting.profile.display().to_string()));
    if let Some(next_hop) = setting.next_hop {
        add("--next-hop", "SMTPSPEC_NEXT_HOP", Some(next_hop.to_string()));
    }
    if let Some(maildir) = &setting.maildir {
        let maildir = maildir.display().to_string();
        add("--delivered-maildir", "SMTPSPEC_DELIVERED_MAILDIR", Some(maildir));
    }
    match listener {
        Listener::Smtp => return flags,
        Listener::Submission => add("--tls", "SMTPSPEC_TLS", None),
        Listener::Submissions => add("--tls-on-connect", "SMTPSPEC_TLS_ON_CONNECT", None),
    }
    add("--fact", "SMTPSPEC_FACT", Some(SUBMISSION.to_owned()));
    if let Some(login) = &kit.recipe.login {
        add("--user", "SMTPSPEC_USER", Some(login.user.clone()));
        add("--password", "SMTPSPEC_PASSWORD", login.password.clone());
        add("--login", "SMTPSPEC_LOGIN", None);
    }
    flags
}

/// What is true of the listeners where users post mail (RFC 6409).
const SUBMISSION: &str = "submission";

/// A flag of `smtpspec run`.
struct Flag {
    name: &'static str,
    variable: &'static str,
    value: Option<String>,
}

/// A command line, as a shell takes it.
fn line(flags: &[Flag]) -> String {
    let mut line = "smtpspec run".to_owned();
    for Flag { name, value, .. } in flags {
        // Writing to a `String` can't fail.
        let _ = match value {
            Some(value) => write!(line, " {name} {}", quoted(value)),
            None => write!(line, " {name}"),
        };
    }
    line
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if word.chars().all(plain) && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
