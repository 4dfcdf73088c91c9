//! How what a scenario sends is cut into writes. SMTP is a stream, so the cut must not matter.

use std::fmt;
use std::str::FromStr;

/// A way to cut. All but the first are for finding servers that depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Segmentation {
    /// Each write as the scenario says.
    #[default]
    AsWritten,
    /// All that is sent without a wait between goes out in one write.
    Whole,
    /// A write for each line.
    Lines,
    /// A write for each octet.
    Octets,
    /// Each CR is parted from its LF.
    Crlf,
    /// Each dot at the beginning of a line is parted from what surrounds it.
    Dot,
}

/// A name that is none of the ways to cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSegmentation(String);

/// Beyond so many octets a write is cut only at its beginning and end, so that a large message
/// does not become a hundred thousand packets.
const FINE_CUTS: usize = 2048;

impl Segmentation {
    /// Every way, in the order in which they are listed to users.
    pub const ALL: [Self; 6] =
        [Self::AsWritten, Self::Whole, Self::Lines, Self::Octets, Self::Crlf, Self::Dot];

    /// The word for it on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AsWritten => "as-written",
            Self::Whole => "whole",
            Self::Lines => "lines",
            Self::Octets => "octets",
            Self::Crlf => "crlf",
            Self::Dot => "dot",
        }
    }

    /// Cuts the writes of one step anew. The octets and their order stay the same.
    pub fn cut(self, writes: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        match self {
            Self::AsWritten => writes,
            Self::Whole => vec![writes.concat()],
            _ => writes.iter().flat_map(|write| self.cut_one(write)).collect(),
        }
    }

    fn cut_one(self, octets: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for at in 1..octets.len() {
            if at > FINE_CUTS && octets.len() - at > FINE_CUTS {
                continue;
            }
            if self.cuts_between(octets, at) {
                pieces.push(octets[from..at].to_vec());
                from = at;
            }
        }
        pieces.push(octets[from..].to_vec());
        pieces
    }

    /// Whether to cut before the octet at `at`, which is never the first.
    fn cuts_between(self, octets: &[u8], at: usize) -> bool {
        let starts_line = |at: usize| at == 0 || octets[at - 1] == b'\n';
        match self {
            Self::AsWritten | Self::Whole => false,
            Self::Lines => octets[..at].ends_with(b"\r\n"),
            Self::Octets => true,
            Self::Crlf => octets[at - 1] == b'\r' && octets[at] == b'\n',
            Self::Dot => {
                (octets[at] == b'.' && starts_line(at))
                    || (octets[at - 1] == b'.' && starts_line(at - 1))
            }
        }
    }
}

impl FromStr for Segmentation {
    type Err = UnknownSegmentation;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|way| way.as_str() == word)
            .ok_or_else(|| UnknownSegmentation(word.to_owned()))
    }
}

impl fmt::Display for Segmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for UnknownSegmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Segmentation::ALL.map(Segmentation::as_str).join(", ");
        write!(f, "`{}` is no way to cut; there are {words}", self.0)
    }
}

impl std::error::Error for UnknownSegmentation {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_way_cuts_where_it_says() {
        let cut = |way: Segmentation| {
            way.cut(vec![b"a\r\n.\r\n".to_vec(), b"b".to_vec()])
                .into_iter()
                .map(|piece| String::from_utf8(piece).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut(Segmentation::AsWritten), ["a\r\n.\r\n", "b"]);
        assert_eq!(cut(Segmentation::Whole), ["a\r\n.\r\nb"]);
        assert_eq!(cut(Segmentation::Lines), ["a\r\n", ".\r\n", "b"]);
        assert_eq!(cut(Segmentation::Octets), ["a", "\r", "\n", ".", "\r", "\n", "b"]);
        assert_eq!(cut(Segmentation::Crlf), ["a\r", "\n.\r", "\n", "b"]);
        assert_eq!(cut(Segmentation::Dot), ["a\r\n", ".", "\r\n", "b"]);
    }

    proptest! {
        #[test]
        fn no_way_changes_an_octet(
            writes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 1..4),
            way in prop::sample::select(&Segmentation::ALL[..]),
        ) {
            prop_assert_eq!(way.cut(writes.clone()).concat(), writes.concat());
        }
    }
}
