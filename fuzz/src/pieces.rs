//! How a stream arrives: the same octets, cut at other places.

/// The octets in pieces, as one character chooses: `0` for one piece, `1` to `9` for pieces of that
/// many octets, `-` for two, which cost no more than one and part where the octets themselves choose,
/// and any other octet for pieces of changing lengths, some of them empty.
pub(crate) fn pieces(octets: &[u8], choice: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    let mut state = u32::from(choice) | 0x5a00;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = match choice {
            b'0' => rest.len(),
            b'1'..=b'9' => usize::from(choice - b'0'),
            b'-' if rest.len() == octets.len() => {
                let chosen = octets
                    .iter()
                    .rev()
                    .take(8)
                    .fold(7, |sum, &octet| sum * 31 + usize::from(octet));
                1 + chosen % octets.len()
            }
            b'-' => rest.len(),
            _ => changing(&mut state),
        };
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        rest = behind;
        Some(piece)
    })
}

/// The next of a row of lengths, by a xorshift generator. It never stays at zero, so every stream
/// comes to its end.
fn changing(state: &mut u32) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    (*state % 13) as usize
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn no_choice_changes_an_octet() {
        let octets: Vec<u8> = (0..=255).collect();
        for choice in 0..=255 {
            assert_eq!(pieces(&octets, choice).collect::<Vec<_>>().concat(), octets);
        }
    }
}
