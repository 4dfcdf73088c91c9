//! The scenario language: from YAML to typed scenarios, or to diagnostics that a person can act on.
//!
//! | what | where |
//! |---|---|
//! | what a scenario is, and its cases | [`scenario`] |
//! | the steps of a dialogue | [`dialogue`] |
//! | what the harness says | [`send`] |
//! | what it wants to hear | [`expect`] |
//! | what mail it wants to come out | [`delivered`] |
//! | text with `${variables}` in it | [`template`] |
//! | the target, as its profile describes it | [`profile`] |
//! | which of its failures are known | [`baseline`] |
//! | how a real server is installed and started | [`recipe`] |
//! | which ids a pattern means | [`glob`](mod@glob) |
//! | files, as octets | [`source`] |
//! | from files to scenarios | [`load`](mod@load) |
//! | what is wrong with a file | [`diagnostic`] |
//! | from a scenario to a file | [`write`](mod@write) |
//! | what editors know of the files | [`schema`] |
//!
//! Nothing here opens a socket or judges: a scenario is data.

pub mod baseline;
pub mod delivered;
pub mod diagnostic;
pub mod dialogue;
pub mod expect;
pub mod glob;
mod language;
pub mod load;
pub mod profile;
pub mod recipe;
pub mod scenario;
pub mod schema;
pub mod send;
mod shape;
pub mod source;
mod suggest;
pub mod template;
pub mod write;
mod yaml;

pub use baseline::{Baseline, Entry, Expected, Subject};
pub use delivered::{
    Delivered, FieldPattern, MailCount, MailPattern, ParametersPattern, RecipientPattern,
};
pub use diagnostic::{Diagnostic, Mark, Severity};
pub use dialogue::{Act, Condition, Step};
pub use expect::{
    Alternative, Capture, CommandPattern, EhloPattern, Hear, LineCount, ReplyPattern, Ruling,
};
pub use load::{Loaded, load};
pub use profile::{Credentials, Outlet, Profile, Timeouts, Tls};
pub use recipe::Recipe;
pub use scenario::{
    Case, Given, Party, Place, Requires, Row, SLOW, Safety, Scenario, Speaks, Suite,
};
pub use send::{Answer, Content, Send};
pub use source::Source;
pub use template::{Missing, Template, Variables};
pub use write::write;
