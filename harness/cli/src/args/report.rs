//! The command line of `smtpspec report`. Its `--report` has no variable: what a job sets for its runs
//! (`SMTPSPEC_REPORT`) would be wrong here, or be written over.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FailOn;

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(subcommand)]
    pub(crate) what: ReportWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportWhat {
    /// Render results in another format
    Render(RenderReport),
    /// Compare two runs: what got worse (exit code 1), what got better, what is new, what is gone
    Diff(DiffReport),
    /// Put together the parts of a run that was split with `run --shard`
    Merge(MergeReport),
    /// Put several servers side by side: a row for each section, a column for each server
    Matrix(MatrixReport),
}

#[derive(Debug, Args)]
pub(crate) struct RenderReport {
    /// terminal, json, junit, tap, markdown, html, sarif, badge or badge-json, on standard output or
    /// in a file
    #[arg(value_name = "FORMAT[=PATH]")]
    pub(crate) format: String,
    /// The results; `-` reads them from standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// In the terminal's format: list each scenario; twice, with every octet
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Args)]
pub(crate) struct DiffReport {
    /// The results of the older run; `-` reads them from standard input
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The results of the newer run
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// terminal, markdown or json, on standard output or in a file; may be given again
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_delimiter = ',')]
    pub(crate) reports: Vec<String>,
    /// Print what got worse and the summary only
    #[arg(short, long, env = "SMTPSPEC_QUIET")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MergeReport {
    /// The results of each part
    #[arg(value_name = "PART", required = true)]
    pub(crate) parts: Vec<PathBuf>,
    /// The whole as a report: the formats of `run`, on standard output or in a file; may be given
    /// again. json on standard output without one
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_delimiter = ',')]
    pub(crate) reports: Vec<String>,
    /// What makes the exit code 1
    #[arg(long, value_name = "LEVEL", env = "SMTPSPEC_FAIL_ON", default_value = "must")]
    pub(crate) fail_on: FailOn,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixReport {
    /// The results of each server, whose name is the file's without `.json`
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// html, markdown or json, on standard output or in a file; may be given again. markdown on
    /// standard output without one
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_delimiter = ',')]
    pub(crate) reports: Vec<String>,
    /// What people made of the accusations, as YAML, to be shown beside them
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_ADJUDICATION")]
    pub(crate) adjudication: Option<PathBuf>,
}
