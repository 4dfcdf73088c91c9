//! The command line of `smtpspec lab`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use smtpspec_judge::Segmentation;
use smtpspec_scenario::recipe::Listener;

use super::FailOn;

#[derive(Debug, Args)]
pub(crate) struct Lab {
    #[command(subcommand)]
    pub(crate) what: LabWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LabWhat {
    /// List the servers that there are recipes for, and what they need that is not here
    List(LabList),
    /// Start a server, and stop it at Ctrl-C or when a command has ended
    Up(LabUp),
    /// Start servers one after the other, and run scenarios against each
    Run(Box<LabRun>),
    /// End servers that were left behind, and remove what they wrote
    Down(LabDown),
}

/// Where the lab is, and where its recipes are.
#[derive(Debug, Args)]
pub(crate) struct LabPlace {
    /// Where servers are installed; a folder among the caches, if nobody says otherwise
    #[arg(long, value_name = "DIR", env = "SMTPSPEC_LAB")]
    pub(crate) dir: Option<PathBuf>,
    /// A folder with recipes beside those inside this program: NAME/recipe.yaml. One of the same name
    /// goes over ours
    #[arg(long, value_name = "DIR", env = "SMTPSPEC_RECIPES")]
    pub(crate) recipes: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LabList {
    #[command(flatten)]
    pub(crate) place: LabPlace,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LabUp {
    /// The server
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Which of its listeners a command is told of: smtp, submission or submissions
    #[arg(long, value_name = "LISTENER", env = "SMTPSPEC_LISTENER", value_parser = listener,
          default_value = "smtp")]
    pub(crate) listener: Listener,
    /// A value of the recipe, instead of its own; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE", env = "SMTPSPEC_SET", value_parser = pair)]
    pub(crate) values: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) place: LabPlace,
    /// What to run beside the server, which finds where that is in its variables, as smtpspec takes
    /// them; the exit code is its own
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct LabRun {
    /// The servers; the name of a recipe with variants means them all
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(crate) names: Vec<String>,
    /// Every server that there is a recipe for; those that need something that is not here are skipped
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// Which of their listeners: smtp, submission (STARTTLS and a login) or submissions (TLS from the
    /// first octet, and a login)
    #[arg(long, value_name = "LISTENER", env = "SMTPSPEC_LISTENER", value_parser = listener,
          default_value = "smtp")]
    pub(crate) listener: Listener,
    /// A value of the recipe, instead of its own; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE", env = "SMTPSPEC_SET", value_parser = pair)]
    pub(crate) values: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) place: LabPlace,
    /// Where the results of each server go, as NAME.json
    #[arg(
        short,
        long,
        value_name = "DIR",
        env = "SMTPSPEC_LAB_OUTPUT",
        default_value = "smtpspec-lab"
    )]
    pub(crate) output: PathBuf,
    /// The servers side by side: html, markdown or json, on standard output or in a file; may be given
    /// again
    #[arg(
        long = "report",
        value_name = "FORMAT[=PATH]",
        env = "SMTPSPEC_LAB_REPORT",
        value_delimiter = ','
    )]
    pub(crate) reports: Vec<String>,
    /// What people made of the accusations, as YAML, to be shown beside them
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_ADJUDICATION")]
    pub(crate) adjudication: Option<PathBuf>,
    /// What to run: an id, the beginning of one (rfc5321/4.1.1), or a glob; all without one
    #[arg(long = "filter", value_name = "FILTER", env = "SMTPSPEC_FILTER", value_delimiter = ',')]
    pub(crate) filters: Vec<String>,
    /// What not to run
    #[arg(long, value_name = "FILTER", env = "SMTPSPEC_EXCLUDE", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Files or folders with scenarios, instead of those inside this program
    #[arg(long, value_name = "PATH", env = "SMTPSPEC_SCENARIOS", value_delimiter = ',')]
    pub(crate) scenarios: Vec<PathBuf>,
    /// How many scenarios at once, each on a connection of its own
    #[arg(short, long, value_name = "N", env = "SMTPSPEC_JOBS", default_value = "8",
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) jobs: u16,
    /// What makes the exit code 1
    #[arg(long, value_name = "LEVEL", env = "SMTPSPEC_FAIL_ON", default_value = "must")]
    pub(crate) fail_on: FailOn,
    /// Stop with a server at its first failure
    #[arg(long, env = "SMTPSPEC_FAIL_FAST")]
    pub(crate) fail_fast: bool,
    /// How often a scenario that fails or errs is played again
    #[arg(long, value_name = "N", env = "SMTPSPEC_RETRIES", default_value = "0",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: u32,
    /// How to cut what is sent into packets
    #[arg(long, value_name = "WAY", env = "SMTPSPEC_SEGMENTATION", default_value = "as-written")]
    pub(crate) segmentation: Segmentation,
    /// Run slow scenarios too, which wait for minutes
    #[arg(long, env = "SMTPSPEC_SLOW")]
    pub(crate) slow: bool,
    /// List each scenario; twice, with every octet that was sent and received
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Print failures and the summary only
    #[arg(short, long, env = "SMTPSPEC_QUIET")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LabDown {
    #[command(flatten)]
    pub(crate) place: LabPlace,
}

fn listener(text: &str) -> Result<Listener, String> {
    Listener::WORDS
        .iter()
        .position(|word| *word == text)
        .map(|index| Listener::ALL[index])
        .ok_or_else(|| format!("it is one of {}", Listener::WORDS.join(", ")))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
