//! From what was seen on the wire to findings and verdicts. Pure: no sockets, no clock, no files.
//!
//! | what | where |
//! |---|---|
//! | every octet that went over the wire | [`transcript`] |
//! | a case being played: what to do next, what it means | [`play`] (with `admission`, `prelude`, `peer`, `saying`, `hearing`, `compare`, `serving`) |
//! | mail that came out of the target | [`mail`], `collect`, `delivered` |
//! | the model, which watches every exchange | `watch`, `form` |
//! | the same against the reference in memory, without sockets | [`memory`] |
//! | one connection on which anything may be said | [`listener`] |
//! | how writes are cut | `segmentation` |
//! | what no report may show | [`secrets`] |
//! | a stored transcript, judged again | [`again`] |
//! | findings and verdicts | [`verdict`], [`outcome`] |
//! | what of it is known | [`baseline`] |
//! | the document that reports render | [`results`] |
//! | which part of a split run a case belongs to | [`shard`] |

mod admission;
pub mod again;
pub mod baseline;
mod collect;
mod compare;
mod delivered;
mod form;
mod hearing;
pub mod listener;
pub mod mail;
pub mod memory;
pub mod outcome;
mod peer;
pub mod play;
mod prelude;
pub mod results;
mod saying;
pub mod secrets;
mod segmentation;
mod serving;
pub mod shard;
pub mod transcript;
pub mod verdict;
mod watch;

pub use baseline::{Comparison, Expectations, Known, Seen, Selection, Stale, Why};
pub use listener::{Due, Heard, Listener};
pub use mail::{Mail, Via};
pub use outcome::Outcome;
pub use play::{Action, Play, Setup};
pub use results::{CaseResult, Results, RunFinding, Stopped, Summary, Target, Tool};
pub use segmentation::Segmentation;
pub use shard::Shard;
pub use transcript::{Ending, Event, Happening, Tls, Transcript};
pub use verdict::{Evidence, Finding, Source, Verdict};
