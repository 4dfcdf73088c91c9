//! The bodies of the fuzz targets. Each takes any octets and asserts a property of the crates that
//! do no input or output; a target in `fuzz_targets/` is one call of its body, and
//! `tests/replay.rs` makes the same calls over everything in `seeds/` and `crashes/`.
//!
//! | body | file | what it drives |
//! |---|---|---|
//! | [`command`] | `command.rs` | lines, commands, what is shown of them (RFC 5321 §2.3.8, §4.1.1) |
//! | [`path`] | `path.rs` | mailboxes, paths, address literals (RFC 5321 §4.1.2, §4.1.3) |
//! | [`parameters`] | `parameters.rs` | parameters of MAIL and RCPT (RFC 5321 §4.1.1.11) |
//! | [`data`] | `data.rs` | message data and its transparency (RFC 5321 §4.5.2) |
//! | [`reply`] | `reply.rs` | replies and their codes (RFC 5321 §4.2, RFC 3463) |
//! | [`differential_codec`], [`differential_proto`] | `differential.rs` | command lines, beside two other parsers |
//! | [`session`] | `session.rs` | the reference server, with the oracle beside it |
//! | [`oracle`] | `oracle.rs` | the interpreter of cases, against a server that says anything |
//! | [`scenario`] | `scenario.rs` | scenario files and profiles |
//!
//! How the octets of one input are cut into several is in `pieces.rs`. Two bodies, which a fuzzer calls some hundred
//! thousand times in a second, have a part in it that each input goes by turns (`turns.rs`); the replay goes
//! every way.

mod command;
mod data;
pub mod differential;
mod oracle;
mod parameters;
mod path;
mod pieces;
mod reply;
mod scenario;
mod session;
mod turns;

pub use command::{command, command_by_turns};
pub use data::data;
pub use differential::{differential_codec, differential_proto};
pub use oracle::oracle;
pub use parameters::parameters;
pub use path::path;
pub use reply::{reply, reply_by_turns};
pub use scenario::scenario;
pub use session::session;

/// What a body is: it returns if its property holds of the input, and panics if not.
pub type Body = fn(&[u8]);

/// Every target by its name, which is also that of its folders in `seeds/` and `crashes/`.
pub const TARGETS: [(&str, Body); 10] = [
    ("command", command),
    ("data", data),
    ("differential_codec", differential_codec),
    ("differential_proto", differential_proto),
    ("oracle", oracle),
    ("parameters", parameters),
    ("path", path),
    ("reply", reply),
    ("scenario", scenario),
    ("session", session),
];
