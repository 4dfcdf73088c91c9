//! The command line of `smtpspec report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(subcommand)]
    pub(crate) what: ReportWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportWhat {
    /// Render results in another format
    Render(RenderReport),
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
