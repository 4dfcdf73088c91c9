//! How a server reads message data: strictly, or as a mutant does.

use smtpspec_protocol::DataDecoder;

use super::{Fault, faults};
use crate::config::Config;

/// How a mutant reads message data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// What ends the data, beginning with the end of the line before it.
    pub(crate) ends: &'static [&'static [u8]],
    /// Whether the line end of DATA may begin the end of data.
    pub(crate) at_once: bool,
    /// What becomes of each line, without its CRLF.
    pub(crate) line: fn(&[u8]) -> &[u8],
}

/// As the RFC has it (RFC 5321 §4.5.2).
pub(crate) const STRICT: Rules = Rules {
    ends: &[b"\r\n.\r\n"],
    at_once: true,
    line: |line| line.strip_prefix(b".").unwrap_or(line),
};

/// The data of a message on its way in.
#[derive(Debug)]
pub(crate) enum Reading {
    /// Only CRLF.CRLF ends it.
    Strict(DataDecoder),
    /// A mutant says what ends it.
    Loose {
        /// How it reads.
        rules: Rules,
        /// What has come, behind the line end of DATA.
        held: Vec<u8>,
    },
}

impl Reading {
    /// The reading of a server with this configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let rules = faults(&config.mutants).find_map(|fault| match fault {
            Fault::Data(rules) => Some(*rules),
            _ => None,
        });
        match rules {
            None => Self::Strict(DataDecoder::new()),
            Some(rules) => Self::Loose { rules, held: b"\r\n".to_vec() },
        }
    }

    /// Takes octets up to the end of data, and tells whether that has come. A loose reading gives
    /// the whole text then, and nothing before.
    pub(crate) fn feed(&mut self, input: &mut &[u8], limit: u64, text: &mut Vec<u8>) -> bool {
        match self {
            Self::Strict(decoder) => decoder.feed(input, text),
            Self::Loose { rules, held } => read(*rules, held, input, limit, text),
        }
    }
}

fn read(
    rules: Rules,
    held: &mut Vec<u8>,
    input: &mut &[u8],
    limit: u64,
    text: &mut Vec<u8>,
) -> bool {
    // Twice the limit is as good as all: it is refused either way.
    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_mul(2).max(1 << 16);
    while let Some((&octet, rest)) = input.split_first() {
        *input = rest;
        if held.len() >= room {
            held.remove(room / 2);
        }
        held.push(octet);
        let end = rules
            .ends
            .iter()
            .find(|end| held.ends_with(end) && (rules.at_once || held.len() > end.len()));
        if let Some(end) = end {
            // The line end before the dot belongs to the text.
            let dot = end.iter().position(|&octet| octet == b'.').unwrap_or(end.len());
            let body = held.len() - end.len() + dot;
            let body = held.get(2..body).unwrap_or_default();
            for line in body.split_inclusive(|&octet| octet == b'\n') {
                match line.strip_suffix(b"\r\n") {
                    Some(content) => {
                        text.extend_from_slice((rules.line)(content));
                        text.extend_from_slice(b"\r\n");
                    }
                    None => text.extend_from_slice(line),
                }
            }
            return true;
        }
    }
    false
}
