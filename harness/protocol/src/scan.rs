//! How far octets of a kind reach: a table for short words, and for long text eight octets at a time.

/// A kind of octets: whether each of the 256 is one.
pub(crate) struct Kind([bool; 256]);

impl Kind {
    /// Letters and digits of ASCII, and these.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut table = [false; 256];
        let mut octet = 0;
        while octet < 128 {
            table[octet] = (octet as u8).is_ascii_alphanumeric();
            octet += 1;
        }
        let mut place = 0;
        while place < others.len() {
            table[others[place] as usize] = true;
            place += 1;
        }
        Self(table)
    }

    /// Whether an octet is of this kind.
    pub(crate) const fn has(&self, octet: u8) -> bool {
        self.0[octet as usize]
    }
}

/// How many octets the text of a line begins with: TAB, space and what is printable in ASCII.
pub(crate) fn text_length(octets: &[u8]) -> usize {
    let (words, rest) = octets.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let odd = odd_octets(u64::from_le_bytes(*word));
        if odd != 0 {
            return text_from(octets, place * 8 + odd.trailing_zeros() as usize / 8);
        }
    }
    text_from(octets, octets.len() - rest.len())
}

/// The same, where it is known to reach up to `from` at least.
fn text_from(octets: &[u8], from: usize) -> usize {
    let is_odd = |octet: &u8| !matches!(octet, b'\t' | b' '..=b'~');
    octets[from..].iter().position(is_odd).map_or(octets.len(), |length| from + length)
}

/// The highest bit of the first octet that is a control character (TAB too) or beyond ASCII. Bits of
/// later octets may be wrong, since a borrow runs upwards only.
fn odd_octets(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LOW << 7;
    let below_space = word.wrapping_sub(LOW * 0x20);
    let from_delete = word.wrapping_add(LOW);
    (word | below_space | from_delete) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_that_is_no_text_ends_it_wherever_it_stands() {
        for octet in 0..=u8::MAX {
            for length in 0..20 {
                for place in 0..length {
                    let mut octets = vec![b'a'; length];
                    octets[place] = octet;
                    let is_text = matches!(octet, b'\t' | b' '..=b'~');
                    let expected = if is_text { length } else { place };
                    assert_eq!(text_length(&octets), expected, "{octet} at {place} of {length}");
                }
            }
        }
        assert_eq!(text_length(b"a\tb\tcdefghijk\tl\r\n"), 15);
        assert_eq!(text_length(b"\t\t\t\t\t\t\t\t\t\t\0"), 10);
    }
}
