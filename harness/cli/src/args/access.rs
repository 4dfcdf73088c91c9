//! How a target is spoken to before it takes mail: over LMTP, inside TLS, behind a login.

use clap::Args;

/// Flags over what the profile says of it.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Access {
    /// Speak LMTP; of the scenarios, those run that are for servers which speak it
    #[arg(long, env = "SMTPSPEC_LMTP")]
    pub(crate) lmtp: bool,
    /// Begin TLS with STARTTLS; of the scenarios, in those that do not begin with the greeting
    #[arg(long, env = "SMTPSPEC_TLS", conflicts_with = "tls_on_connect")]
    pub(crate) tls: bool,
    /// Begin TLS with the first octet, as on port 465
    #[arg(long, visible_alias = "tlsc", env = "SMTPSPEC_TLS_ON_CONNECT")]
    pub(crate) tls_on_connect: bool,
    /// The user to log in as, for scenarios with AUTH
    #[arg(long, value_name = "NAME", env = "SMTPSPEC_USER")]
    pub(crate) user: Option<String>,
    /// The user's password; other users of this machine can see it on the command line, but not in
    /// the variable
    #[arg(
        long,
        value_name = "WORD",
        env = "SMTPSPEC_PASSWORD",
        hide_env_values = true,
        requires = "user"
    )]
    pub(crate) password: Option<String>,
    /// Log in first, as servers of submission want it; of the scenarios, in those that have no AUTH
    /// of their own
    #[arg(long, env = "SMTPSPEC_LOGIN")]
    pub(crate) login: bool,
}
