//! A run that is split over machines: which case belongs to which part.
//!
//! A case goes where the hash of its id says, so that adding a case moves no other. The hash is part
//! of the results document: parts that were made by it are merged by it.

use serde::{Deserialize, Serialize};

/// One of the parts into which a run was split over machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
    /// How many cases were selected before the run was split.
    pub selected: usize,
    /// What stands for these cases: parts of one run have the same.
    pub suite: String,
    /// The place of each entry of `scenarios` among those cases, from 0.
    pub places: Vec<usize>,
}

impl Shard {
    /// The part that a case belongs to, from 1, where there are `count` of them.
    pub fn of(id: &str, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from(mixed(hash(SEED, id.as_bytes())) % count).map_or(1, |index| index + 1)
    }

    /// What stands for a selection of cases, whatever part of it a machine runs: their ids, and what
    /// else tells one version of them from another.
    pub fn suite_of<'a>(cases: impl IntoIterator<Item = [&'a str; 2]>) -> String {
        let mut state = SEED;
        for words in cases {
            for word in words {
                state = hash(state, word.as_bytes());
                // No word has it, so words can't run into each other.
                state = hash(state, &[0]);
            }
        }
        format!("{:016x}", mixed(state))
    }
}

/// FNV-1a's beginning.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a.
fn hash(state: u64, octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(state, |state, octet| (state ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// `MurmurHash3`'s last step: ids that differ in their last letters go to different parts.
const fn mixed(mut state: u64) -> u64 {
    state = (state ^ (state >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    state = (state ^ (state >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    state ^ (state >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_stays_in_its_part_for_ever() {
        // Results that were written long ago are merged by the same hash.
        let parts = ["rfc5321/4.1.1.3/before-mail", "a", ""].map(|id| Shard::of(id, 1000));
        assert_eq!(parts, [617, 316, 343]);
        assert_eq!(Shard::of("anything", 1), 1);
        assert_eq!(Shard::of("anything", 0), 1);
    }

    #[test]
    fn parts_are_of_nearly_the_same_size() {
        for count in [2, 3, 7, 16] {
            let mut sizes = vec![0_usize; count];
            for number in 0..count * 1000 {
                sizes[Shard::of(&format!("rfc5321/4.1.2/row[{number}]"), count) - 1] += 1;
            }
            assert!(sizes.iter().all(|size| (850..1150).contains(size)), "{count}: {sizes:?}");
        }
    }

    #[test]
    fn another_case_or_version_makes_another_suite() {
        let suite = |cases: &[[&'static str; 2]]| Shard::suite_of(cases.iter().copied());
        let one = suite(&[["a", "x"], ["b", "y"]]);
        assert_eq!(one.len(), 16);
        assert_eq!(one, suite(&[["a", "x"], ["b", "y"]]));
        for other in [[["a", "x"], ["b", "z"]], [["b", "y"], ["a", "x"]], [["ax", ""], ["b", "y"]]]
        {
            assert_ne!(one, suite(&other));
        }
    }
}
