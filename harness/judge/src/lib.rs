//! From what was seen on the wire to findings and verdicts. Pure: no sockets, no clock, no files.
//!
//! | what | where |
//! |---|---|
//! | every octet that went over the wire | [`transcript`] |
//! | a case being played: what to do next, what it means | [`play`] (with `prelude`, `peer`, `hearing`, `compare`) |
//! | the model, which watches every exchange | `watch` |
//! | how writes are cut | [`segmentation`] |
//! | a stored transcript, judged again | [`again`] |
//! | findings and verdicts | [`verdict`], [`outcome`] |
//! | the document that reports render | [`results`] |

pub mod again;
mod compare;
mod hearing;
pub mod outcome;
mod peer;
pub mod play;
mod prelude;
pub mod results;
pub mod segmentation;
pub mod transcript;
pub mod verdict;
mod watch;

pub use outcome::Outcome;
pub use play::{Action, Play, Setup};
pub use results::{CaseResult, Results, RunFinding, Stopped, Summary, Target, Tool};
pub use segmentation::Segmentation;
pub use transcript::{Ending, Event, Happening, Transcript};
pub use verdict::{Evidence, Finding, Source, Verdict};
