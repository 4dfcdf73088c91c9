//! The session model: what an SMTP session is, and what may be answered in it.
//!
//! [`Model`] has two faces. Facing a server it is the oracle: [`Model::expect`] gives the rules
//! that a reply has to satisfy, and [`Model::advance`] follows the reply that was really given.
//! Facing a client it is the heart of [`Server`], which sends what the model prefers.
//!
//! Nothing here does input or output, and no clock is read: octets go in, outputs come out, and
//! time is an argument.
//!
//! # From a section to its file
//!
//! There is one folder for each RFC that the base protocol comes from, with one file for each
//! command, and one file for each extension. Every file begins with the sections that it holds.
//!
//! | section | file |
//! |---|---|
//! | RFC 5321 §3.1 opening the connection | `rfc5321/greeting.rs` |
//! | RFC 5321 §4.1.1.1 EHLO, HELO | `rfc5321/ehlo.rs` |
//! | RFC 5321 §4.1.1.2 MAIL | `rfc5321/mail.rs` |
//! | RFC 5321 §4.1.1.3 RCPT | `rfc5321/rcpt.rs` |
//! | RFC 5321 §4.1.1.4 DATA | `rfc5321/data.rs` |
//! | RFC 5321 §4.1.1.5 to §4.1.1.10 | `rfc5321/{rset,vrfy,expn,help,noop,quit}.rs` |
//! | RFC 5321 §4.1.1.1 keywords of EHLO | `rfc5321/keywords.rs` |
//! | RFC 5321 §4.1.1.11 parameters | `rfc5321/parameters.rs` |
//! | RFC 5321 §4.1.2 syntax of arguments | `rfc5321/form.rs` |
//! | RFC 5321 §4.1.4 order of commands | `rfc5321/order.rs` |
//! | RFC 5321 §3.5 texts that give addresses | `rfc5321/disclosure.rs` |
//! | RFC 5321 §4.2.2 texts that name the server | `rfc5321/naming.rs` |
//! | RFC 5321 §4.2.4 commands not known | `rfc5321/unknown.rs` |
//! | RFC 5321 §4.4 trace information | `rfc5321/trace.rs` |
//! | RFC 5321 §7.8 refusals of the server's own | `policy.rs` |
//! | RFC 5321 §4.5.1 minimum implementation | `rfc5321/minimum.rs` |
//! | RFC 5321 §4.5.3 sizes | `rfc5321/sizes.rs` |
//! | RFC 821 §3.4, §3.8 | `rfc821/{send,turn}.rs` |
//! | RFC 1870 SIZE | `rfc1870.rs` |
//! | RFC 1985 ETRN | `rfc1985.rs`, `server/queue.rs` |
//! | RFC 2033 LMTP | `rfc2033.rs` |
//! | RFC 2034 ENHANCEDSTATUSCODES | `rfc2034.rs` |
//! | RFC 2920 PIPELINING | `rfc2920.rs` |
//! | RFC 3030 CHUNKING, BINARYMIME | `rfc3030/{chunking,binarymime}.rs` |
//! | RFC 2645 ATRN | `rfc2645.rs` |
//! | RFC 2852 DELIVERBY, RFC 8689 REQUIRETLS | `rfc2852.rs`, `rfc8689.rs`, `relaying.rs` |
//! | RFC 3207 STARTTLS | `rfc3207.rs` |
//! | RFC 3461 DSN | `rfc3461.rs` |
//! | RFC 4865 FUTURERELEASE | `rfc4865.rs` |
//! | RFC 4954 AUTH | `rfc4954.rs`, with the mechanisms of SASL in `sasl.rs` |
//! | RFC 6152 8BITMIME | `rfc6152.rs` |
//! | RFC 6409 submission | `rfc6409.rs` |
//! | RFC 6531 SMTPUTF8 | `rfc6531.rs` |
//! | RFC 7504 521 and 556 | `rfc7504.rs` |
//! | RFC 7505 null MX | `rfc7505.rs` |
//! | RFC 8314 TLS for submission | `rfc8314.rs` |
//! | RFC 9422 LIMITS | `rfc9422.rs` |
//! | RFC 6710 MT-PRIORITY | `rfc6710.rs` |
//! | RFC 7293 RRVS | `rfc7293.rs` |
//!
//! The deviations that the server can be given are in `mutants.rs`.
//! | a next hop that takes everything, by SMTP or LMTP | `next_hop.rs` |

mod client;
mod config;
mod delivery;
mod expectation;
mod extension;
mod measure;
mod model;
pub mod mutants;
mod next_hop;
mod policy;
pub mod sasl;
mod server;
mod state;
mod text;
mod transaction;

mod rfc5321;

mod rfc821;

mod relaying;
mod rfc1870;
mod rfc1985;
mod rfc2033;
mod rfc2034;
mod rfc2645;
mod rfc2852;
mod rfc2920;
mod rfc3030;
mod rfc3207;
mod rfc3461;
mod rfc4865;
mod rfc4954;
mod rfc6152;
mod rfc6409;
mod rfc6531;
mod rfc6710;
mod rfc7293;
mod rfc7504;
mod rfc7505;
mod rfc8314;
mod rfc8689;
mod rfc9422;

#[cfg(test)]
mod testing;

pub use client::{Client, Fate, Returned};
pub use config::{Account, Config, MailingList, Moved, NextHopFacts, Queued, TurnPeers, User};
pub use delivery::Delivery;
pub use expectation::{Codes, Expectation, Rule};
pub use measure::{Measure, MessageFacts};
pub use model::{Model, Stimulus};
pub use mutants::{Mutant, Shows};
pub use next_hop::NextHop;
pub use policy::Refusal;
pub use rfc2852::By;
pub use rfc3030::chunking::Chunk;
pub use server::{Output, Server};
pub use state::State;
pub use text::{Fault, TextBreach, TextRule};
pub use transaction::{Parameter, ParameterList, Transaction};
