//! From what was seen on the wire to findings and verdicts. Pure: no sockets, no clock, no files.
//!
//! | what | where |
//! |---|---|
//! | every octet that went over the wire | [`transcript`] |
//! | findings and verdicts | [`verdict`] |
//! | the document that reports render | [`results`] |

pub mod results;
pub mod transcript;
pub mod verdict;

pub use results::{CaseResult, Results, RunFinding, Stopped, Summary, Target, Tool};
pub use transcript::{Ending, Event, Happening, Transcript};
pub use verdict::{Evidence, Finding, Source, Verdict};
