//! The command line. The names are swaks' wherever swaks has one, and each flag has an
//! environment variable; a flag goes over its variable, and that over the profile.

mod access;
mod expectations;
mod lab;
mod launch;
mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use smtpspec_judge::Segmentation;
use smtpspec_protocol::Protocol;

pub(crate) use access::Access;
pub(crate) use expectations::Expectations;
pub(crate) use lab::{Lab, LabDown, LabList, LabPlace, LabRun, LabUp, LabWhat};
pub(crate) use launch::Launch;
pub(crate) use report::{DiffReport, MatrixReport, MergeReport, RenderReport, Report, ReportWhat};

/// Tells whether an SMTP server does what the RFCs say.
///
/// Without --server, `run` tests the reference server inside this program, so the first run needs
/// nothing. Exit codes: 0 nothing is broken; 1 a MUST is broken; 2 wrong usage, profile or
/// scenario file; 3 the target could not be reached, or died; 4 nothing was selected, or nothing
/// could be judged; 5 the harness failed, or a report could not be written.
#[derive(Debug, Parser)]
#[command(name = "smtpspec", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// When to use colour; `auto` heeds `NO_COLOR`, `CLICOLOR_FORCE` and whether it is a terminal
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        env = "SMTPSPEC_COLOR",
        default_value = "auto"
    )]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// `auto`, `always`, `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// Where the output is a terminal
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios against a server, or against the reference inside this program
    Run(Box<Run>),
    /// Attack a server with sessions made from the model, and tell what breaks a rule
    Fuzz(Box<Fuzz>),
    /// Run the reference server
    Serve(Serve),
    /// List scenarios, requirements or mutants
    List(List),
    /// Check scenario files and send nothing
    Check(Check),
    /// Tell which requirements that bind a server are covered, and list those that are not
    Coverage(Coverage),
    /// Prove that every scenario can fail: against the reference and its mutants, in memory
    Prove(Prove),
    /// Tell all about a requirement, a scenario or a mutant
    Explain(Explain),
    /// Start real servers by their recipes, and run scenarios against them
    Lab(Lab),
    /// Render, compare and merge results that `run --report json=FILE` wrote
    Report(Report),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Run {
    /// What to run: an id, the beginning of one (rfc5321/4.1.1), or a glob; all without one
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) launch: Launch,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Show passwords, and what is made of them for AUTH, in transcripts and reports
    #[arg(long, env = "SMTPSPEC_SHOW_SECRETS")]
    pub(crate) show_secrets: bool,
    #[command(flatten)]
    pub(crate) mail: ComesOut,
    /// Files or folders with scenarios, instead of those inside this program
    #[arg(long, value_name = "PATH", env = "SMTPSPEC_SCENARIOS", value_delimiter = ',')]
    pub(crate) scenarios: Vec<PathBuf>,
    /// What not to run
    #[arg(long, value_name = "FILTER", env = "SMTPSPEC_EXCLUDE", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Run one part of several, K of N, as another machine does the others: 2/5. `auto` asks the
    /// variables that GitLab, CircleCI and Kubernetes set (there `SMTPSPEC_SHARDS` says of how many)
    #[arg(long, value_name = "K/N", env = "SMTPSPEC_SHARD")]
    pub(crate) shard: Option<String>,
    /// How many scenarios at once, each on a connection of its own
    #[arg(short, long, value_name = "N", env = "SMTPSPEC_JOBS", default_value = "8",
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) jobs: u16,
    /// What makes the exit code 1
    #[arg(long, value_name = "LEVEL", env = "SMTPSPEC_FAIL_ON", default_value = "must")]
    pub(crate) fail_on: FailOn,
    #[command(flatten)]
    pub(crate) expectations: Expectations,
    /// How long to go on asking a target that puts us off before the first scenario, as greylisting
    /// and limits on connections do: 5m
    #[arg(long, value_name = "DURATION", env = "SMTPSPEC_WAIT", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Stop at the first failure
    #[arg(long, env = "SMTPSPEC_FAIL_FAST")]
    pub(crate) fail_fast: bool,
    /// A report: terminal, json, junit, tap, markdown, html, sarif, badge or badge-json, on standard
    /// output or in a file; may be given again
    #[arg(
        long = "report",
        value_name = "FORMAT[=PATH]",
        env = "SMTPSPEC_REPORT",
        value_delimiter = ','
    )]
    pub(crate) reports: Vec<String>,
    /// How to cut what is sent into packets
    #[arg(long, value_name = "WAY", env = "SMTPSPEC_SEGMENTATION", default_value = "as-written")]
    pub(crate) segmentation: Segmentation,
    /// Run noisy and hostile scenarios also against a target that is not on this machine
    #[arg(long, env = "SMTPSPEC_ALLOW_HOSTILE")]
    pub(crate) allow_hostile: bool,
    /// Run slow scenarios too, which wait for minutes
    #[arg(long, env = "SMTPSPEC_SLOW")]
    pub(crate) slow: bool,
    /// List each scenario; twice, with every octet that was sent and received
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Print failures and the summary only
    #[arg(short, long, env = "SMTPSPEC_QUIET")]
    pub(crate) quiet: bool,
    /// Tell what would run, and send nothing; with -v also what would be said
    #[arg(long = "dry-run")]
    pub(crate) dry: bool,
    /// The server of the lab that this runs against, and what a replay needs to know of it.
    #[arg(skip)]
    pub(crate) lab: Option<InLab>,
}

/// A run against a server of the lab.
#[derive(Debug, Clone)]
pub(crate) struct InLab {
    /// The server's name.
    pub(crate) name: String,
    /// Words of `smtpspec lab run`.
    pub(crate) words: Vec<String>,
}

/// Whom to test, and what it knows of us.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The target; the reference inside this program without it
    #[arg(short, long, value_name = "HOST[:PORT]", env = "SMTPSPEC_SERVER")]
    pub(crate) server: Option<String>,
    /// A file that describes the target
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_PROFILE")]
    pub(crate) profile: Option<PathBuf>,
    /// The reverse-path of the mails
    #[arg(short, long, value_name = "ADDR", env = "SMTPSPEC_FROM")]
    pub(crate) from: Option<String>,
    /// A mailbox that the target accepts; a second one, behind a comma, lets more scenarios run
    #[arg(short, long, value_name = "ADDR[,ADDR]", env = "SMTPSPEC_TO", value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    /// A mailbox that the target refuses
    #[arg(long, value_name = "ADDR", env = "SMTPSPEC_UNKNOWN_TO")]
    pub(crate) unknown_to: Option<String>,
    /// Something that is true of the target, as `facts:` in its profile: submission; may be given
    /// again
    #[arg(long = "fact", value_name = "NAME", env = "SMTPSPEC_FACT", value_delimiter = ',')]
    pub(crate) facts: Vec<String>,
    /// The name to give in EHLO and HELO
    #[arg(long, visible_alias = "helo", value_name = "NAME", env = "SMTPSPEC_EHLO")]
    pub(crate) ehlo: Option<String>,
    /// How long to wait for a connection or a reply: 500ms, 5s, 2m
    #[arg(long, value_name = "DURATION", env = "SMTPSPEC_TIMEOUT", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// Where the mail comes out that the target has accepted.
#[derive(Debug, Args)]
pub(crate) struct ComesOut {
    /// Where to play the target's next hop, and see what mail comes out of it
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "SMTPSPEC_NEXT_HOP",
        conflicts_with = "delivered_maildir"
    )]
    pub(crate) next_hop: Option<SocketAddr>,
    /// What the next hop speaks: smtp or lmtp; smtp, if nobody says otherwise
    #[arg(long, value_name = "PROTOCOL", env = "SMTPSPEC_NEXT_HOP_PROTOCOL")]
    pub(crate) next_hop_protocol: Option<Protocol>,
    /// The Maildir that the target delivers into, to see what mail comes out of it
    #[arg(long, value_name = "DIR", env = "SMTPSPEC_DELIVERED_MAILDIR")]
    pub(crate) delivered_maildir: Option<PathBuf>,
}

/// What to attack, and how long.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) mail: ComesOut,
    /// Which sessions are made; the same seed makes the same ones. By chance, if nobody says
    #[arg(long, value_name = "NUMBER", env = "SMTPSPEC_SEED")]
    pub(crate) seed: Option<u64>,
    /// How long to go on: 60s, 5m
    #[arg(long, value_name = "DURATION", env = "SMTPSPEC_TIME", value_parser = duration,
          default_value = "60s")]
    pub(crate) time: Duration,
    /// How many sessions to play at most
    #[arg(long, value_name = "N", env = "SMTPSPEC_SESSIONS")]
    pub(crate) sessions: Option<u64>,
    /// How many connections at once
    #[arg(short, long, value_name = "N", env = "SMTPSPEC_JOBS", default_value = "16",
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) jobs: u16,
    /// Where each finding goes, as a scenario file
    #[arg(
        short,
        long,
        value_name = "DIR",
        env = "SMTPSPEC_OUTPUT",
        default_value = "smtpspec-fuzz"
    )]
    pub(crate) output: PathBuf,
    /// Where sessions that showed something new are kept, to go on from next time
    #[arg(long, value_name = "DIR", env = "SMTPSPEC_CORPUS")]
    pub(crate) corpus: Option<PathBuf>,
    /// Another server to send the same sessions to: tells where the two differ, and whom the model
    /// sides with
    #[arg(long, value_name = "HOST[:PORT]", env = "SMTPSPEC_COMPARE", requires = "server")]
    pub(crate) compare: Option<String>,
    /// Play only this, once or --sessions times: a crash of the fuzz target `session`, or a session of
    /// a corpus
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_REPLAY", conflicts_with = "compare")]
    pub(crate) replay: Option<PathBuf>,
    /// Start the server for the attack, and again after a crash: './my-server --port {port}'. {port}
    /// becomes the port of --server, or a free one of this machine; no shell runs it
    #[arg(long, visible_alias = "command", value_name = "COMMAND", env = "SMTPSPEC_SERVER_COMMAND",
          conflicts_with_all = ["pid", "compare", "mutants"])]
    pub(crate) server_command: Option<String>,
    /// The server's process, to see whether it lives and how its memory grows
    #[arg(long, value_name = "PID", env = "SMTPSPEC_PID")]
    pub(crate) pid: Option<u32>,
    /// A deviation of the embedded reference (`smtpspec list mutants`); may be given again
    #[arg(
        long = "mutant",
        value_name = "NAME",
        env = "SMTPSPEC_MUTANT",
        value_delimiter = ',',
        conflicts_with = "server"
    )]
    pub(crate) mutants: Vec<String>,
    /// Attack also a server that is not on this machine, with few sessions in a second
    #[arg(long, env = "SMTPSPEC_ALLOW_HOSTILE")]
    pub(crate) allow_hostile: bool,
    /// What makes the exit code 1
    #[arg(long, value_name = "LEVEL", env = "SMTPSPEC_FAIL_ON", default_value = "must")]
    pub(crate) fail_on: FailOn,
    /// A report: terminal, json, junit, tap, markdown, html, sarif, badge or badge-json, on standard
    /// output or in a file; may be given again
    #[arg(
        long = "report",
        value_name = "FORMAT[=PATH]",
        env = "SMTPSPEC_REPORT",
        value_delimiter = ','
    )]
    pub(crate) reports: Vec<String>,
    /// Print findings and the summary only
    #[arg(short, long, env = "SMTPSPEC_QUIET")]
    pub(crate) quiet: bool,
}

/// The weakest level whose breach makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A MUST
    Must,
    /// A MUST or a SHOULD
    Should,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one, which the first line of the output names
    #[arg(
        short,
        long,
        value_name = "ADDR",
        env = "SMTPSPEC_LISTEN",
        default_value = "127.0.0.1:2525"
    )]
    pub(crate) listen: SocketAddr,
    /// Where to listen for TLS from the first octet, beside that
    #[arg(long, value_name = "ADDR", env = "SMTPSPEC_TLS_LISTEN")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// The certificate to show in TLS, as PEM; one is made without it
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_CERT", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The key of the certificate, as PEM
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_KEY", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// An extension that is not to be offered, by its keyword: STARTTLS; may be given again
    #[arg(
        long = "without",
        value_name = "KEYWORD",
        env = "SMTPSPEC_WITHOUT",
        value_delimiter = ','
    )]
    pub(crate) without: Vec<String>,
    /// A file that says which mailboxes there are, and more
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_PROFILE")]
    pub(crate) profile: Option<PathBuf>,
    /// A Maildir for what is delivered; without it mail is kept in memory and then forgotten
    #[arg(long, value_name = "DIR", env = "SMTPSPEC_MAILDIR")]
    pub(crate) maildir: Option<PathBuf>,
    /// Speak LMTP
    #[arg(long, env = "SMTPSPEC_LMTP")]
    pub(crate) lmtp: bool,
    /// A deviation of the server, by name (`smtpspec list mutants`); may be given again
    #[arg(long = "mutant", value_name = "NAME", env = "SMTPSPEC_MUTANT", value_delimiter = ',')]
    pub(crate) mutants: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum, default_value = "scenarios")]
    pub(crate) what: Listing,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// The scenarios inside this program
    Scenarios,
    /// The catalogue of requirements
    Requirements,
    /// The deviations that `serve --mutant` knows
    Mutants,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files or folders; the scenarios inside this program without one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Coverage {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Instead, what binds a server and can't be seen from outside, with the reasons
    #[arg(long)]
    pub(crate) unobservable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// What to prove: an id, the beginning of one (rfc5321/4.1.1), or a glob; all without one
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Only against this mutant (`smtpspec list mutants`); may be given again
    #[arg(long = "mutant", value_name = "NAME", env = "SMTPSPEC_MUTANT", value_delimiter = ',')]
    pub(crate) mutants: Vec<String>,
    /// Files or folders with scenarios, instead of those inside this program
    #[arg(long, value_name = "PATH", env = "SMTPSPEC_SCENARIOS", value_delimiter = ',')]
    pub(crate) scenarios: Vec<PathBuf>,
    /// Play every mutant on every scenario, for the whole matrix of which catches which; it takes
    /// minutes, and proves no more. With a FILTER or a --mutant it is what is done anyway
    #[arg(long)]
    pub(crate) matrix: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The id of a requirement (rfc5321-4.1.4-19) or of a scenario, or the name of a mutant
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// A duration as the scenarios write it: a number and `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let millis = match &text[number.len()..] {
        "ms" => 1,
        "s" | "" => 1000,
        "m" | "min" => 60_000,
        other => return Err(format!("`{other}` is no unit; write ms, s or m")),
    };
    let count: u64 = number.parse().map_err(|_| "write a number and a unit: 500ms, 5s, 2m")?;
    match count.checked_mul(millis) {
        Some(millis) if millis > 0 && millis <= 86_400_000 => Ok(Duration::from_millis(millis)),
        _ => Err("it must be more than nothing and at most a day".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_that_takes_a_value_has_a_variable() {
        let cli = Cli::command();
        let lab = cli.find_subcommand("lab").expect("it exists").get_subcommands();
        let commands = ["run", "fuzz", "serve", "prove"]
            .map(|name| cli.find_subcommand(name).expect("it exists"));
        for command in commands.into_iter().chain(lab) {
            let name = command.get_name();
            for arg in command.get_arguments() {
                let takes_value = arg.get_action().takes_values() && !arg.is_positional();
                assert!(!takes_value || arg.get_env().is_some(), "{name} {}", arg.get_id());
            }
        }
    }

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for bad in ["", "s", "5h", "0s", "-1s", "1e9s", "99999999999999999999s", "100000m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
