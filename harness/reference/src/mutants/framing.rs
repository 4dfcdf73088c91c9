//! How a server cuts its input into command lines: strictly, or as a mutant does.

use smtpspec_protocol::{Framed, LineBuffer};

use super::{Fault, faults};
use crate::config::Config;

/// Where the line ends in what has come so far: its length, and the octets to be taken away with
/// it. It is asked again with each octet.
pub(crate) type Cut = fn(&[u8]) -> Option<(usize, usize)>;

/// The lines of a session.
#[derive(Debug)]
pub(crate) enum Lines {
    /// Only CRLF ends a line.
    Strict(LineBuffer),
    /// A mutant says what ends one.
    Loose(Loose),
}

/// Lines as a mutant cuts them.
#[derive(Debug)]
pub(crate) struct Loose {
    cut: Cut,
    deaf_after: fn(&[u8]) -> bool,
    limit: usize,
    held: Vec<u8>,
    octets: usize,
}

impl Lines {
    /// The lines of a server with this configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let (mut cut, mut deaf_after) = (None, None);
        for fault in faults(&config.mutants) {
            match fault {
                Fault::Lines(other) => cut = Some(*other),
                Fault::Deaf(after) => deaf_after = Some(*after),
                _ => {}
            }
        }
        if cut.is_none() && deaf_after.is_none() {
            return Self::Strict(LineBuffer::new(config.max_command_line));
        }
        Self::Loose(Loose {
            cut: cut.unwrap_or(at_crlf),
            deaf_after: deaf_after.unwrap_or(|_| false),
            limit: config.max_command_line,
            held: Vec::new(),
            octets: 0,
        })
    }

    /// Takes octets up to the end of a line.
    pub(crate) fn feed(&mut self, input: &mut &[u8]) -> Option<Framed> {
        match self {
            Self::Strict(lines) => lines.feed(input),
            Self::Loose(lines) => lines.feed(input),
        }
    }

    /// Reads further lines up to `limit` octets.
    pub(crate) fn limit_to(&mut self, limit: usize) {
        match self {
            Self::Strict(lines) => lines.limit_to(limit),
            Self::Loose(lines) => lines.limit = limit.max(lines.held.len()),
        }
    }
}

impl Loose {
    fn feed(&mut self, input: &mut &[u8]) -> Option<Framed> {
        while let Some((&octet, rest)) = input.split_first() {
            *input = rest;
            self.octets += 1;
            if self.held.len() == self.limit {
                // What is too long is not kept, apart from what may be its end.
                self.held.remove(self.limit - 2);
            }
            self.held.push(octet);
            let Some((line, taken)) = (self.cut)(&self.held) else { continue };
            let head = self.held[..line].to_vec();
            self.held.drain(..taken.min(self.held.len()));
            let octets = std::mem::replace(&mut self.octets, self.held.len());
            if (self.deaf_after)(&head) {
                *input = &[];
            }
            return Some(if octets <= self.limit {
                Framed::Line(head)
            } else {
                Framed::TooLong { head, octets }
            });
        }
        None
    }
}

/// A line ends with CRLF (RFC 5321 §2.3.8).
pub(super) fn at_crlf(held: &[u8]) -> Option<(usize, usize)> {
    held.ends_with(b"\r\n").then(|| (held.len() - 2, held.len()))
}
