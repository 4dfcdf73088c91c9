//! The grammar of SMTP: bytes in, types out, and back. Nothing here reads a socket, a clock or a
//! file, and nothing here knows the state of a session.
//!
//! Input is octets, is never trusted, and is never too long: what reads a stream holds a bounded
//! part of it, and no input panics.
//!
//! # Where to find a section
//!
//! | section | file |
//! |---|---|
//! | RFC 5321 §2.3.8 (lines) | [`mod@line`] |
//! | RFC 5321 §4.1.1 (commands) | [`rfc5321::command`], [`rfc5321::verb`] |
//! | RFC 5321 §4.1.1.1 (EHLO, HELO) | [`rfc5321::ehlo`] |
//! | RFC 5321 §4.1.1.2 (MAIL), RFC 821 §3.4 (SEND, SOML, SAML) | [`rfc5321::mail`] |
//! | RFC 5321 §4.1.1.3 (RCPT) | [`rfc5321::rcpt`] |
//! | RFC 5321 §4.1.1.4, §4.5.2 (message data) | [`rfc5321::data`] |
//! | RFC 5321 §4.1.1.6 to §4.1.1.9 (VRFY, EXPN, HELP, NOOP) | [`rfc5321::argument`] |
//! | RFC 5321 §4.1.1.11 (parameters of MAIL and RCPT) | [`rfc5321::parameter`] |
//! | RFC 5321 §4.1.2 (paths) | [`rfc5321::path`] |
//! | RFC 5321 §4.1.2 (mailboxes, domains) | [`rfc5321::mailbox`], [`rfc5321::domain`] |
//! | RFC 5321 §4.1.3 (address literals) | [`rfc5321::address_literal`] |
//! | RFC 5321 §4.2 (replies) | [`rfc5321::reply`], [`rfc5321::written_reply`], [`rfc5321::reply_code`], [`rfc5321::reply_reader`] |
//! | RFC 5321 §4.2.1 (families of codes) | [`rfc5321::code_set`] |
//! | RFC 5321 §4.5.3 (sizes and timeouts) | [`limits`] |
//! | RFC 2033 §4.1 (LHLO) | [`rfc2033`] |
//! | RFC 2045, RFC 2046 (transfer encodings, parts) | [`rfc2045`] |
//! | RFC 3463, RFC 2034 (enhanced status codes) | [`rfc3463`] |
//! | RFC 3492 (Punycode) | [`rfc3492`] |
//! | RFC 6531 (UTF-8 in addresses) | [`rfc6531`] |
//!
//! What has no section: [`escape`] shows octets to people, [`quirk`] names what is tolerated, and
//! [`error`] says what is not and which requirement it breaks.
//!
//! # What is not here
//!
//! Sizes are not syntax: a path of a thousand octets parses, and who wants to refuse it compares
//! it with [`limits`]. What a command means, and whether it comes at the right time, is the
//! session model's matter. Of extensions there is the general form of their commands and
//! parameters; what a value means belongs to whoever implements the extension.

mod cursor;
pub mod error;
pub mod escape;
pub mod limits;
pub mod line;
pub mod quirk;
pub mod rfc2033;
pub mod rfc2045;
pub mod rfc3463;
pub mod rfc3492;
pub mod rfc5321;
pub mod rfc6531;
mod scan;

pub use error::{Fault, SyntaxError};
pub use line::{Framed, LineBuffer, Oddity, OddityKind, oddities};
pub use quirk::{Quirk, Quirks};
pub use rfc2033::Protocol;
pub use rfc3463::{EnhancedCode, EnhancedPattern};
pub use rfc5321::*;
