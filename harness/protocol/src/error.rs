//! What is wrong with octets that the grammar does not have: which production they fail, where,
//! and which requirement they break.

use std::fmt;

use smtpspec_catalogue::{RequirementId, requirement};

use crate::escape::escape;

/// Octets that are not in the grammar (RFC 5321 §4.1.2, §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// The production that could not be matched, by its name in the ABNF.
    pub production: &'static str,
    /// The requirement that the octets break.
    pub requirement: RequirementId,
    /// Where: an offset in octets from the start of what was parsed, at most its length.
    pub at: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong at the place of a [`SyntaxError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Something else had to stand here.
    Expected {
        /// What had to stand here, in words.
        what: &'static str,
        /// The octet that stands here; `None` at the end.
        found: Option<u8>,
    },
    /// An octet that no command and no reply may hold anywhere, such as NUL.
    Forbidden(u8),
    /// Something behind what had to be the end.
    Superfluous,
    /// A number, or a count of parts, beyond its range.
    OutOfRange(&'static str),
}

impl SyntaxError {
    /// The error for the octet `found` (or the end) where `what` had to stand. Octets that are
    /// wrong everywhere are told as that, since this is what a reader has to know of them.
    pub(crate) fn expected(
        production: &'static str,
        requirement: RequirementId,
        at: usize,
        what: &'static str,
        found: Option<u8>,
    ) -> Self {
        match found.and_then(|octet| Some((octet, forbids(octet)?))) {
            Some((octet, requirement)) => {
                Self { production, requirement, at, fault: Fault::Forbidden(octet) }
            }
            None => Self { production, requirement, at, fault: Fault::Expected { what, found } },
        }
    }
}

/// The requirement that keeps an octet out of every command and reply.
fn forbids(octet: u8) -> Option<RequirementId> {
    match octet {
        b'\r' | b'\n' => Some(requirement!("rfc5321-2.3.8-3")),
        b'\t' | b' '..=b'~' => None,
        0x80.. => Some(requirement!("rfc5321-2.4-13")),
        _ => Some(requirement!("rfc5321-4.1.2-21")),
    }
}

impl fmt::Display for SyntaxError {
    /// For people, who count from one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "octet {}: {} ({}, {})",
            self.at + 1,
            self.fault,
            self.production,
            self.requirement.requirement().citation()
        )
    }
}

impl std::error::Error for SyntaxError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected { what, found: Some(octet) } => {
                write!(f, "expected {what}, found `{}`", escape(&[*octet]))
            }
            Self::Expected { what, found: None } => write!(f, "expected {what}, found the end"),
            Self::Forbidden(octet) => {
                write!(f, "`{}` has no place in a line", escape(&[*octet]))
            }
            Self::Superfluous => f.write_str("nothing more may follow"),
            Self::OutOfRange(what) => f.write_str(what),
        }
    }
}
