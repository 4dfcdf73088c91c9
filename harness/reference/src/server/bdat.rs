//! RFC 3030 §2: how the server takes in chunks. It counts octets and looks at none of them.

use std::time::Duration;

use super::{Phase, Server};
use crate::measure::Measure;
use crate::model::Stimulus;
use crate::rfc3030::chunking::Chunk;

/// A chunk on its way in.
#[derive(Debug)]
pub(super) struct Incoming {
    chunk: Chunk,
    /// Its octets that are still to come.
    left: u64,
}

/// The chunks of a message that have come so far.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    measure: Measure,
    text: Vec<u8>,
}

impl Server {
    /// A BDAT came: what follows is its chunk.
    pub(super) fn await_chunk(&mut self, now: Duration, chunk: Chunk) {
        if !self.model.awaits_chunk() && !self.keeps_chunks() {
            self.assembly = Assembly::default();
        }
        self.phase = Phase::Chunk(Incoming { chunk, left: chunk.octets });
        self.take_chunk(now, &mut &b""[..]);
    }

    /// Takes of the input what belongs to the chunk. Of a message over the limit nothing is
    /// kept, nor of one that is refused anyway, and all is still counted.
    pub(super) fn take_chunk(&mut self, now: Duration, input: &mut &[u8]) {
        let Phase::Chunk(Incoming { chunk, left }) = &mut self.phase else { return };
        let chunk = *chunk;
        let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
        let (octets, rest) = input.split_at(here);
        *input = rest;
        *left -= here as u64;
        let whole = *left == 0;
        let assembly = &mut self.assembly;
        assembly.measure.feed(octets);
        let limit = self.config.max_message_octets;
        let too_large = limit > 0 && assembly.measure.facts().octets > limit;
        if too_large || !self.model.state().in_transaction() {
            assembly.text = Vec::new();
        } else {
            assembly.text.extend_from_slice(octets);
        }
        self.arm(now);
        if whole {
            self.on_chunk(now, chunk);
        }
    }

    /// A chunk is whole, and is answered.
    fn on_chunk(&mut self, now: Duration, chunk: Chunk) {
        self.phase = Phase::Commands;
        let assembly = std::mem::take(&mut self.assembly);
        let stimulus = Stimulus::Chunk(chunk, assembly.measure.facts());
        if chunk.last {
            self.hand_over(now, &stimulus, &assembly.text);
        } else {
            self.answer(now, &stimulus, &assembly.text);
        }
        if self.model.awaits_chunk() || self.keeps_chunks() {
            self.assembly = assembly;
        }
        self.settle(now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;

    #[test]
    fn of_chunks_only_what_may_be_delivered_is_kept() {
        let kept = |session: &str| {
            let config = Config { max_message_octets: 10, ..Config::default() };
            let mut server = Server::new(Arc::new(config));
            server.open(Duration::ZERO);
            server.receive(Duration::ZERO, b"EHLO c.test\r\n");
            server.receive(Duration::ZERO, session.as_bytes());
            server.assembly.text.len()
        };
        let mail = "MAIL FROM:<>\r\nRCPT TO:<user@example.test>\r\n";
        assert_eq!(kept(&format!("{mail}BDAT 100\r\n12345")), 5);
        assert_eq!(kept(&format!("{mail}BDAT 100\r\n1234567890")), 10);
        assert_eq!(kept(&format!("{mail}BDAT 100\r\n12345678901")), 0, "it is too large");
        assert_eq!(kept("BDAT 100\r\n12345"), 0, "there is no mail");
    }
}
