//! RFC 5321, the base protocol: one file for each thing that its grammar names. Everything is
//! re-exported here and at the root of the crate.

pub mod address_literal;
pub mod argument;
pub mod code_set;
pub mod command;
pub mod data;
pub mod domain;
pub mod ehlo;
pub mod mail;
pub mod mailbox;
pub mod parameter;
pub mod path;
pub mod rcpt;
pub mod reply;
pub mod reply_code;
pub mod reply_reader;
pub mod verb;
pub mod written_reply;

pub use address_literal::AddressLiteral;
pub use argument::{Argument, ArgumentForm};
pub use code_set::{CodePattern, CodeSet, NotAPattern};
pub use command::{Command, Grammar, Request};
pub use data::{DataDecoder, DataEncoder, encode};
pub use ehlo::EhloName;
pub use mail::Mail;
pub use mailbox::{Host, LocalPart, Mailbox};
pub use parameter::{Parameter, Parameters};
pub use path::{ForwardPath, Path, ReversePath, SourceRoute};
pub use rcpt::Rcpt;
pub use reply::Reply;
pub use reply_code::{NotACode, ReplyCode};
pub use reply_reader::{
    Flaw, FlawKind, ReadReply, ReplyLimit, ReplyLimits, ReplyReader, SeenReply,
};
pub use verb::Verb;
pub use written_reply::WrittenReply;
