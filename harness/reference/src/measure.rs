//! What a message is, as far as the answer to it can depend on that (RFC 5321 §4.5.3.1).

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
        for &octet in piece {
            let next = Self::RECEIVED.get(self.line);
            if self.named == self.line && next == Some(&octet.to_ascii_lowercase()) {
                self.named += 1;
                let whole = self.named == Self::RECEIVED.len() && !self.in_body;
                self.facts.received += usize::from(whole);
            }
            self.line += 1;
            self.facts.longest_line = self.facts.longest_line.max(self.line);
            if octet == b'\n' && self.after_cr {
                self.in_body |= self.line == b"\r\n".len();
                (self.line, self.named) = (0, 0);
                self.facts.lines += 1;
            }
            self.after_cr = octet == b'\r';
        }
    }

    /// The facts of everything fed so far.
    pub fn facts(&self) -> MessageFacts {
        self.facts
    }
}
