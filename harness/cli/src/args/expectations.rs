//! What is known of the target before a run.

use std::path::PathBuf;

use clap::Args;

/// What is known of the target before a run, and how often it is asked again.
#[derive(Debug, Args)]
pub(crate) struct Expectations {
    /// A file that says which failures of the target are known, and why: only what differs from it
    /// makes the exit code 1
    #[arg(long, value_name = "FILE", env = "SMTPSPEC_BASELINE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write into the baseline what was seen; reasons and comments of entries that hold stay
    #[arg(long, requires = "baseline")]
    pub(crate) update_baseline: bool,
    /// How often a scenario that fails or errs is played again; one that comes out differently is
    /// told as intermittent, and a failure stays one
    #[arg(long, value_name = "N", env = "SMTPSPEC_RETRIES", default_value = "0",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: u32,
}
