//! Where two readings of what was sent are possible: as CRLF and the end of data have it, and as
//! a server has it that took something else for an end. The reply that comes next tells which is
//! the server's, or that it can't be known.

use smtpspec_catalogue::RequirementId;
use smtpspec_protocol::Reply;
use smtpspec_reference::Model;

use crate::verdict::Finding;

/// What a server may have read otherwise.
pub(super) struct Doubt {
    /// What it breaks if it has.
    pub(super) requirement: RequirementId,
    /// What it did then, in words.
    pub(super) what: String,
    /// What it reads next then.
    pub(super) next: Next,
    /// Whether a second reply of any kind proves it: the first was a success, and what was sent
    /// can draw no two replies as it was sent.
    pub(super) any_proves: bool,
    /// Where it took a CR or LF for the end of a command line.
    pub(super) split: Option<Split>,
    /// Whether what stands behind was on its way already when the reply came: then time can't tell what
    /// the next reply answers.
    pub(super) in_flight: bool,
}

/// What a server reads next that reads otherwise.
#[derive(Debug, Clone)]
pub(super) enum Next {
    /// These octets, before all that was sent after them.
    Octets(Vec<u8>),
    /// These octets; whether what was sent after them follows without more ado is not known.
    Roughly(Vec<u8>),
    /// The rest of a line that was too long, which it refuses once more.
    Excess,
    /// It can't be known.
    Unknown,
}

/// A line with a CR or LF inside, of which the part up to that was a command of its own.
pub(super) struct Split {
    /// The model as it was before the line.
    pub(super) before: Model,
    /// The part up to the CR or LF.
    pub(super) head: Vec<u8>,
    /// The reply that came to it.
    pub(super) reply: Reply,
    /// What was wrong with that reply, had the line been one.
    pub(super) otherwise: Vec<Finding>,
}

/// What the next reply tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The server reads what was sent as it was sent.
    AsSent,
    /// It reads it otherwise.
    Otherwise,
    /// One of the two, or none.
    Open,
}

impl Next {
    /// The octets, as far as they are known.
    pub(super) fn octets(&self) -> &[u8] {
        match self {
            Self::Octets(octets) | Self::Roughly(octets) => octets,
            Self::Excess | Self::Unknown => &[],
        }
    }

    /// What the server may take for its next line, without its end. Where it is not known whether
    /// CR parts lines for it, or LF, that is any part.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let is_end = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let ended = memchr::memrchr2(b'\r', b'\n', self.octets());
        let octets = &self.octets()[..ended.unwrap_or(0)];
        let first = octets.split(is_end).next().filter(|_| ended.is_some());
        let rough = matches!(self, Self::Roughly(_));
        let others = octets.split(is_end).skip(1).filter(move |line| rough && !line.is_empty());
        first.into_iter().chain(others)
    }
}

impl Reading {
    /// What a reply tells that would do as an answer to what was sent next, or would do as an
    /// answer to what the server reads next if it reads otherwise.
    pub(super) fn of(as_sent: bool, otherwise: bool) -> Self {
        match (as_sent, otherwise) {
            (true, false) => Self::AsSent,
            (false, true) => Self::Otherwise,
            _ => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_tells_two_readings_apart_only_where_it_fits_one() {
        assert_eq!(Reading::of(true, false), Reading::AsSent);
        assert_eq!(Reading::of(false, true), Reading::Otherwise);
        assert_eq!(Reading::of(true, true), Reading::Open);
        assert_eq!(Reading::of(false, false), Reading::Open);
    }
}
