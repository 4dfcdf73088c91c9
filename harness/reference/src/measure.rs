//! What a message is, as far as the answer to it can depend on that (RFC 5321 §4.5.3.1).

use memchr::memchr;

/// What the answer to a message can depend on, as far as the model looks (RFC 5321 §4.5.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageFacts {
    /// Its octets as RFC 1870 §5 counts them: without the end of data and stuffed dots.
    pub octets: u64,
    /// Its lines, as far as they end with CRLF.
    pub lines: u64,
    /// Its longest line with the CRLF, without a stuffed dot (RFC 5321 §4.5.3.1.6).
    pub longest_line: usize,
    /// Whether any octet has the high bit set (RFC 5321 §2.4).
    pub eight_bit: bool,
    /// How many Received fields its header has (RFC 5321 §6.3).
    pub received: usize,
}

/// Finds the [`MessageFacts`] of a message that comes in pieces.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    facts: MessageFacts,
    line: usize,
    after_cr: bool,
    /// How much of the line so far is the name of the field.
    named: usize,
    in_body: bool,
}

impl Measure {
    const RECEIVED: &[u8] = b"received:";

    /// Takes the next piece of the message, with its transparency undone (RFC 5321 §4.5.2).
    pub fn feed(&mut self, piece: &[u8]) {
        self.facts.octets += piece.len() as u64;
        self.facts.eight_bit |= !piece.is_ascii();
        let mut rest = piece;
        while !rest.is_empty() {
            let length = memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
            let (text, behind) = rest.split_at(length);
            self.look_for_name(text);
            self.line += text.len();
            self.facts.longest_line = self.facts.longest_line.max(self.line);
            let after_cr = match text {
                [.., before, _] => *before == b'\r',
                _ => self.after_cr,
            };
            if after_cr && text.ends_with(b"\n") {
                self.in_body |= self.line == b"\r\n".len();
                (self.line, self.named) = (0, 0);
                self.facts.lines += 1;
            }
            self.after_cr = text.ends_with(b"\r");
            rest = behind;
        }
    }

    /// Looks whether the line has begun with the name of the field, and goes on so.
    fn look_for_name(&mut self, text: &[u8]) {
        if self.named != self.line || self.named >= Self::RECEIVED.len() {
            return;
        }
        let wanted = &Self::RECEIVED[self.named..];
        let alike = |(wanted, octet): &(&u8, &u8)| **wanted == octet.to_ascii_lowercase();
        self.named += wanted.iter().zip(text).take_while(alike).count();
        let whole = self.named == Self::RECEIVED.len() && !self.in_body;
        self.facts.received += usize::from(whole);
    }

    /// The facts of everything fed so far.
    pub fn facts(&self) -> MessageFacts {
        self.facts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, octet by octet.
    fn slowly(message: &[u8]) -> MessageFacts {
        let mut facts = MessageFacts { octets: message.len() as u64, ..MessageFacts::default() };
        facts.eight_bit = message.iter().any(|octet| !octet.is_ascii());
        let (mut start, mut in_body) = (0, false);
        for end in 1..=message.len() {
            let line = &message[start..end];
            facts.longest_line = facts.longest_line.max(line.len());
            facts.received += usize::from(!in_body && line.eq_ignore_ascii_case(b"received:"));
            if line.ends_with(b"\r\n") {
                in_body |= line == b"\r\n";
                facts.lines += 1;
                start = end;
            }
        }
        facts
    }

    proptest! {
        #[test]
        fn a_message_is_measured_alike_however_it_comes(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just(&b"Received:"[..]),
                    Just(&b"rECEIVED: x\r\n"[..]),
                    Just(&b"\r\n"[..]),
                    Just(&b"\r"[..]),
                    Just(&b"\n"[..]),
                    Just(&b"text"[..]),
                    Just(&b"\xff"[..]),
                ],
                0..24,
            ),
            size in 1_usize..12,
        ) {
            let message = pieces.concat();
            let mut measure = Measure::default();
            message.chunks(size).for_each(|piece| measure.feed(piece));
            prop_assert_eq!(measure.facts(), slowly(&message));
        }
    }
}
