//! RFC 5321, the rules of the base protocol: one file for each command, then the rules that cut
//! across the commands.

pub(crate) mod data;
pub(crate) mod disclosure;
pub(crate) mod ehlo;
pub(crate) mod expn;
pub(crate) mod form;
pub(crate) mod grammar;
pub(crate) mod greeting;
pub(crate) mod help;
pub(crate) mod keywords;
pub(crate) mod mail;
pub(crate) mod minimum;
pub(crate) mod naming;
pub(crate) mod noop;
pub(crate) mod notice;
pub(crate) mod order;
pub(crate) mod parameters;
pub(crate) mod quit;
pub(crate) mod rcpt;
pub(crate) mod rset;
pub(crate) mod sizes;
pub(crate) mod trace;
pub(crate) mod unknown;
pub(crate) mod vrfy;
