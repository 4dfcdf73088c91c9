//! The sizes that every implementation handles, and how long a client waits (RFC 5321 §4.5.3).
//!
//! They are minimums for what has to be accepted, not maximums of the grammar: a parser here
//! takes more.

use std::time::Duration;

/// Octets of a local part (RFC 5321 §4.5.3.1.1).
pub const LOCAL_PART: usize = 64;

/// Octets of a domain name or number (RFC 5321 §4.5.3.1.2).
pub const DOMAIN: usize = 255;

/// Octets of a path, with its punctuation and separators (RFC 5321 §4.5.3.1.3).
pub const PATH: usize = 256;

/// Octets of a command line, verb and CRLF included (RFC 5321 §4.5.3.1.4).
pub const COMMAND_LINE: usize = 512;

/// Octets of a line in an AUTH exchange, CRLF included: what RFC 4954 §4 calls enough for the
/// mechanisms of its time.
pub const AUTH_LINE: usize = 12_288;

/// Octets of a reply line, code and CRLF included (RFC 5321 §4.5.3.1.5).
pub const REPLY_LINE: usize = 512;

/// Octets of a text line, CRLF included and a stuffed dot not (RFC 5321 §4.5.3.1.6).
pub const TEXT_LINE: usize = 1000;

/// Octets of message content (RFC 5321 §4.5.3.1.7).
pub const MESSAGE: usize = 64 * 1024;

/// Recipients of one message (RFC 5321 §4.5.3.1.8).
pub const RECIPIENTS: usize = 100;

/// How long a client waits for the greeting (RFC 5321 §4.5.3.2.1).
pub const GREETING_TIMEOUT: Duration = minutes(5);

/// How long a client waits for the reply to MAIL (RFC 5321 §4.5.3.2.2).
pub const MAIL_TIMEOUT: Duration = minutes(5);

/// How long a client waits for the reply to RCPT (RFC 5321 §4.5.3.2.3).
pub const RCPT_TIMEOUT: Duration = minutes(5);

/// How long a client waits for the reply to any other command; the RFC names no time for those,
/// so they get what MAIL and RCPT get (RFC 5321 §4.5.3.2).
pub const COMMAND_TIMEOUT: Duration = minutes(5);

/// How long a client waits for the reply to DATA (RFC 5321 §4.5.3.2.4).
pub const DATA_INITIATION_TIMEOUT: Duration = minutes(2);

/// How long a client waits for one write of message data to complete (RFC 5321 §4.5.3.2.5).
pub const DATA_BLOCK_TIMEOUT: Duration = minutes(3);

/// How long a client waits for the reply to the end of data (RFC 5321 §4.5.3.2.6).
pub const DATA_TERMINATION_TIMEOUT: Duration = minutes(10);

/// How long a server waits for the next command (RFC 5321 §4.5.3.2.7).
pub const SERVER_TIMEOUT: Duration = minutes(5);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
