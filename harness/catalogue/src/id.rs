//! The id of a requirement: a small number that stands for an entry of the table.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::table::{Requirement, TABLE};

/// A requirement that is in the catalogue. It prints, parses and serialises as its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequirementId(u16);

/// A name that is not in the catalogue, with the one that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRequirement {
    /// The name as it was written.
    pub name: String,
    /// The most similar name that exists, if one is similar enough.
    pub nearest: Option<&'static str>,
}

impl RequirementId {
    /// The id with this name; in a `const` an unknown name stops the compiler. Use
    /// [`requirement!`](crate::requirement) for names in code and [`str::parse`] for data.
    ///
    /// # Panics
    ///
    /// When the catalogue has no such entry.
    pub const fn named(name: &str) -> Self {
        match find(name) {
            Some(index) => Self(index),
            None => panic!("no such requirement in scenarios/requirements"),
        }
    }

    /// The entry that the id stands for.
    pub fn requirement(self) -> &'static Requirement {
        &TABLE[usize::from(self.0)]
    }

    /// The id as it is written everywhere.
    pub fn as_str(self) -> &'static str {
        self.requirement().name
    }
}

const fn find(name: &str) -> Option<u16> {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(TABLE[middle].name.as_bytes(), name.as_bytes()) {
            -1 => low = middle + 1,
            1 => high = middle,
            _ => return Some(middle as u16),
        }
    }
    None
}

/// `Ord::cmp` for octets, which is not yet to be had in a `const`.
const fn compare(a: &[u8], b: &[u8]) -> i8 {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return if a[i] < b[i] { -1 } else { 1 };
        }
        i += 1;
    }
    if a.len() == b.len() {
        0
    } else if a.len() < b.len() {
        -1
    } else {
        1
    }
}

impl FromStr for RequirementId {
    type Err = UnknownRequirement;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        find(name)
            .map(Self)
            .ok_or_else(|| UnknownRequirement { name: name.to_owned(), nearest: nearest(name) })
    }
}

/// The most similar name in the catalogue; ids differ in few letters, so the bar is high. Of names
/// that are equally similar, the one that is right for longest: a slip comes late.
fn nearest(name: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .map(|entry| {
            let same = entry.name.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            (strsim::damerau_levenshtein(entry.name, name), Reverse(same), entry.name)
        })
        .min()
        .filter(|(distance, ..)| *distance <= 3)
        .map(|(.., nearest)| nearest)
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no requirement `{}`", self.name)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownRequirement {}

impl Serialize for RequirementId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RequirementId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::all;

    #[test]
    fn every_name_leads_back_to_its_entry() {
        for entry in all() {
            assert_eq!(entry.name.parse::<RequirementId>().unwrap().as_str(), entry.name);
        }
    }

    #[test]
    fn a_near_miss_is_met_with_the_right_spelling() {
        let error = "rfc5321-4.1.1.5-22".parse::<RequirementId>().unwrap_err();
        assert_eq!(error.nearest, Some("rfc5321-4.1.1.5-2"));
        assert_eq!("haystack".parse::<RequirementId>().unwrap_err().nearest, None);
    }

    #[test]
    fn ids_travel_through_json_as_names() {
        let id = crate::requirement!("rfc5321-4.1.1.5-2");
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, "\"rfc5321-4.1.1.5-2\"");
        assert_eq!(serde_json::from_str::<RequirementId>(&text).unwrap(), id);
    }
}
