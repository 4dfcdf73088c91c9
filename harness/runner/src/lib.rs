//! Sockets and clocks: the only layer that has them.
//!
//! | what | where |
//! |---|---|
//! | where the target is | [`target`] |
//! | TLS, on either side | `tls` |
//! | the first contact, and every look at its health | [`mod@probe`] |
//! | what stands in the way of most cases, found before the first | [`rehearsal`] |
//! | a run: many cases, one target, one document | [`mod@run`] (with `schedule`, `pace`, `biding`, `health`, `session`, `connection`, `oracle`) |
//! | what a run tells while it goes on | [`event`] |
//! | sessions that no scenario wrote, against a running server | [`mod@fuzz`] |
//! | a server that is started for a run, and changes that start one | [`launch`], [`changes`] |
//! | real servers by their recipes | [`lab`] |
//! | a request to stop | [`stop`] |
//! | the reference server on a socket | [`serve`] |
//! | where its mail goes | [`sink`], [`maildir`] |
//! | the mail that comes out of a target | [`postbox`] (with `outlet`, `next_hop`, `maildir`) |
//! | the same server inside a run | [`embedded`] |
//! | the proof, against its mutants, that every check can fail; without sockets | [`mod@prove`] |
//!
//! Nothing here knows SMTP beyond a greeting: what to say and what an answer means is for
//! `smtpspec-judge`, and what the reference answers for `smtpspec-reference`.
//!
//! # Which runtime
//!
//! Everything works on any Tokio runtime with I/O and time. The current-thread one is the best:
//! a case is nearly all waiting, and where the reference server runs in the same thread, a round
//! trip needs no other processor to wake up, which costs ten times as much as the trip itself.

mod biding;
pub mod changes;
mod connection;
pub mod embedded;
pub mod event;
pub mod fuzz;
mod health;
pub mod lab;
pub mod launch;
pub mod maildir;
mod next_hop;
mod oracle;
mod outlet;
mod pace;
pub mod postbox;
pub mod probe;
pub mod prove;
pub mod rehearsal;
pub mod run;
mod schedule;
pub mod serve;
mod session;
pub mod sink;
pub mod stop;
pub mod target;
#[cfg(test)]
mod testing;
mod tls;

pub use changes::Changes;
pub use embedded::{Embedded, config_of, tell_of_reference};
pub use event::RunEvent;
pub use fuzz::{FuzzEvent, FuzzOptions, fuzz};
pub use lab::{Kit, Lab, LabError, Setting};
pub use launch::{Crash, LaunchError, Launched, ServerCommand, free_port};
pub use maildir::Maildir;
pub use postbox::Postbox;
pub use probe::{Contact, Unreachable, probe};
pub use rehearsal::Hindrance;
pub use run::{RunOptions, run};
pub use serve::{Listener, Notice};
pub use sink::{Memory, Sink};
pub use stop::Stop;
pub use target::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, TargetAddress, TargetError};
pub use tls::Identity;
