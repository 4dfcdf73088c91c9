//! How to get, set up and start a real server of the lab: a file that says it, so that anyone adds
//! a server without Rust. Nothing here starts anything; that is for `smtpspec-runner`.

pub(crate) mod keys;
mod load;
mod placeholder;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Credentials;

pub use placeholder::{fill, variable};

/// How one server is installed, set up and started. A file describes several where it has variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The server's name.
    pub name: String,
    /// The name of the folder with the file.
    pub folder: String,
    /// What server this is, in a few words.
    pub about: String,
    /// The version that the recipe was made for.
    pub version: Option<String>,
    /// Where it comes from; from the machine as it is, where this is missing.
    pub install: Option<Install>,
    /// The name of what is installed: servers that differ in their settings alone share it.
    pub installed_as: String,
    /// What must be there beforehand.
    pub needs: Needs,
    /// Accounts of the system that the server insists on. They are made where they are missing.
    pub users: Vec<String>,
    /// Groups likewise.
    pub groups: Vec<String>,
    /// Whether it wants a certificate and its key.
    pub certificate: bool,
    /// Folders to make, below that of the run.
    pub folders: Vec<String>,
    /// Files to fill in: where each goes, below the folder of the run, and the file beside the
    /// recipe that it is made of.
    pub files: BTreeMap<String, String>,
    /// The recipe's own placeholders.
    pub values: BTreeMap<String, String>,
    /// Variables of all its commands.
    pub environment: BTreeMap<String, String>,
    /// What is done before the server is started, in this order.
    pub prepare: Vec<Command>,
    /// What starts it. It stays in the foreground.
    pub start: Command,
    /// What ends it, where a signal is not enough.
    pub stop: Option<Command>,
    /// How long it may take until all its listeners are there.
    pub ready: Duration,
    /// Where it listens; never empty.
    pub listeners: Vec<Listener>,
    /// Who may log in.
    pub login: Option<Credentials>,
    /// Where its mail comes out.
    pub mail: Option<Mail>,
    /// The file beside the recipe that says which recipients it accepts, and what else is known.
    pub profile: String,
}

/// Where a server is installed from, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// From where.
    pub from: Origin,
    /// Packages, as that place names them.
    pub packages: Vec<String>,
}

/// Where packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Debian's packages, which are unpacked and not installed.
    Apt,
    /// PyPI, into an environment of their own.
    Pypi,
    /// npm, without the scripts of packages.
    Npm,
}

impl Origin {
    /// The key that names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
        }
    }

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Apt => "Debian",
            Self::Pypi => "PyPI",
            Self::Npm => "npm",
        }
    }

    /// The programs that install from there.
    pub const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &["apt-get", "dpkg"],
            Self::Pypi => &["python3"],
            Self::Npm => &["node", "npm"],
        }
    }
}

/// What must be there before anything is installed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Whether only root can do this.
    pub root: bool,
    /// Programs, by name.
    pub programs: Vec<String>,
    /// Commands that must succeed, with what is missing where one does not.
    pub tests: Vec<(Command, String)>,
}

/// A command of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments, with placeholders.
    Words(Vec<String>),
    /// A text for a shell, which finds the values of placeholders in its variables.
    Shell(String),
}

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listener {
    /// Where other servers bring mail (RFC 5321).
    Smtp,
    /// Where users post mail, behind STARTTLS and a login (RFC 6409).
    Submission,
    /// The same inside TLS from the first octet (RFC 8314 §3.3).
    Submissions,
}

impl Listener {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Smtp, Self::Submission, Self::Submissions];

    /// The words for them, in the same order.
    pub const WORDS: [&str; 3] = ["smtp", "submission", "submissions"];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
        }
    }

    /// The placeholder of its port.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Smtp => "port",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
        }
    }
}

/// Where a server's mail comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// It passes it on to a next hop, which the harness plays.
    NextHop,
    /// It delivers into a Maildir.
    Maildir,
}

impl Mail {
    pub(crate) const ALL: [Self; 2] = [Self::NextHop, Self::Maildir];
    pub(crate) const WORDS: [&str; 2] = ["next-hop", "maildir"];
}

impl Recipe {
    /// Whether only root can start this server.
    pub fn needs_root(&self) -> bool {
        self.needs.root || !self.users.is_empty() || !self.groups.is_empty()
    }

    /// The programs that must be there.
    pub fn needs_programs(&self) -> impl Iterator<Item = &str> {
        let installers = self.install.as_ref().map_or(&[][..], |install| install.from.programs());
        installers.iter().copied().chain(self.needs.programs.iter().map(String::as_str))
    }
}
