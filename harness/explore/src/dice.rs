//! Chance that can be repeated: the same numbers for the same seed and case, on every machine.

/// A sequence of numbers: splitmix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one case of a seed, computable without the cases before it.
    pub fn of(seed: u64, case: u64) -> Self {
        let mut dice = Self(seed);
        let start = dice.word() ^ case.wrapping_mul(0xd134_2543_de82_ef95);
        Self(start)
    }

    /// A number below `limit`; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.word() % limit).unwrap_or(0)
    }

    /// Whether a thing happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    ///
    /// # Panics
    ///
    /// On an empty list.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// An octet, of all 256.
    pub fn octet(&mut self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_its_own_dice_and_always_the_same() {
        let numbers = |seed, case| {
            let mut dice = Dice::of(seed, case);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1, 2), numbers(1, 2));
        assert_ne!(numbers(1, 2), numbers(1, 3));
        assert_ne!(numbers(1, 2), numbers(2, 2));
    }

    #[test]
    fn every_number_below_the_limit_comes() {
        let mut dice = Dice::of(0, 0);
        let mut seen = [false; 7];
        (0..200).for_each(|_| seen[dice.below(7)] = true);
        assert_eq!(seen, [true; 7]);
    }
}
