//! A server that is started for the run.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration;

/// How to start the server, and when to do it again.
#[derive(Debug, Args)]
pub(crate) struct Launch {
    /// Start the server for the run, and stop it afterwards: './my-server --port {port}'. {port}
    /// becomes the port of --server, or a free one of this machine; the words are split as a shell
    /// does, but no shell runs them
    #[arg(long, value_name = "COMMAND", env = "SMTPSPEC_SERVER_COMMAND")]
    pub(crate) server_command: Option<String>,
    /// How long the server may take until it listens
    #[arg(long, value_name = "DURATION", env = "SMTPSPEC_SERVER_READY", value_parser = duration,
          default_value = "30s")]
    pub(crate) server_ready: Duration,
    /// Run again when something at or below this path changes, until Ctrl-C; the server should
    /// write nothing there
    #[arg(long, value_name = "PATH", env = "SMTPSPEC_WATCH")]
    pub(crate) watch: Option<PathBuf>,
}
