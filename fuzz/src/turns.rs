//! Which of several ways of checking one input is gone: every one, or one by the input's own octets, so
//! that a fuzzer, which has many inputs alike, goes each of them and takes a fraction of the time.

/// How many of the ways are gone.
pub(crate) enum Turns {
    /// Every one.
    Every,
    /// One at each choice, by a xorshift generator that the input has sown.
    One(u32),
}

impl Turns {
    /// The turns of this input: the same each time.
    pub(crate) fn of(input: &[u8]) -> Self {
        // FNV-1a, of what stands at the beginning.
        let sown = input.iter().take(64).fold(0x811c_9dc5_u32, |hash, &octet| {
            (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
        });
        // Zero would stay zero.
        Self::One(sown | 1)
    }

    /// Those of these ways that are gone now.
    pub(crate) fn among<'a, T>(&mut self, ways: &'a [T]) -> &'a [T] {
        match self {
            Self::Every => ways,
            Self::One(state) => {
                *state ^= *state << 13;
                *state ^= *state >> 17;
                *state ^= *state << 5;
                let chosen = (*state >> 8) as usize % ways.len();
                &ways[chosen..=chosen]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn inputs_take_turns_and_together_go_every_way() {
        let ways = [0, 1, 2, 3, 4, 5, 6];
        assert_eq!(Turns::Every.among(&ways), ways);
        let mut gone = [[0; 7]; 2];
        for input in 0..1000_u32 {
            let mut turns = Turns::of(&input.to_be_bytes());
            for choice in &mut gone {
                let [way] = turns.among(&ways) else { panic!("one at each choice") };
                choice[*way] += 1;
            }
        }
        assert!(gone.as_flattened().iter().all(|&times| times > 70), "{gone:?}");
    }
}
