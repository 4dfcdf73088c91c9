//! The variables that a dialogue can name, and where they come from.

use std::collections::BTreeSet;

/// The variables that every profile, or the run itself, sets.
const BUILT_IN: [&str; 30] = [
    "client",
    "hello",
    "password",
    "recipient",
    "recipient.domain",
    "recipient.domain.upper",
    "recipient.local",
    "recipient.second",
    "recipient.second.domain",
    "recipient.second.domain.upper",
    "recipient.second.local",
    "recipient.undeliverable",
    "recipient.undeliverable.domain",
    "recipient.undeliverable.domain.upper",
    "recipient.undeliverable.local",
    "recipient.undeliverable.second",
    "recipient.undeliverable.second.domain",
    "recipient.undeliverable.second.domain.upper",
    "recipient.undeliverable.second.local",
    "recipient.unknown",
    "recipient.unknown.domain",
    "recipient.unknown.domain.upper",
    "recipient.unknown.local",
    "sender",
    "sender.domain",
    "sender.domain.upper",
    "sender.local",
    "token",
    "unique",
    "user",
];

/// The variables that are set at one point of a dialogue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    known: BTreeSet<String>,
    /// Captured on some of the ways that lead here, but not on all.
    perhaps: BTreeSet<String>,
}

impl Scope {
    /// What a profile with these variables sets.
    pub(crate) fn of_profile(required: &[String]) -> Self {
        let built_in = BUILT_IN.iter().map(|name| (*name).to_owned());
        Self { known: built_in.chain(required.iter().cloned()).collect(), perhaps: BTreeSet::new() }
    }

    /// Whether every profile sets it.
    pub(crate) fn is_built_in(name: &str) -> bool {
        BUILT_IN.contains(&name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub(crate) fn may_have(&self, name: &str) -> bool {
        self.perhaps.contains(name)
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len() + self.perhaps.len()
    }

    /// From here on it is set.
    pub(crate) fn set(&mut self, name: &str) {
        self.perhaps.remove(name);
        self.known.insert(name.to_owned());
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().chain(&self.perhaps).map(String::as_str)
    }

    /// What is set where several ways meet.
    pub(crate) fn meet(ways: &[Self]) -> Option<Self> {
        let (first, rest) = ways.split_first()?;
        let mut met = first.clone();
        for way in rest {
            met.perhaps.extend(way.perhaps.iter().cloned());
            met.perhaps.extend(met.known.symmetric_difference(&way.known).cloned());
            met.known.retain(|name| way.known.contains(name));
        }
        let known = &met.known;
        met.perhaps.retain(|name| !known.contains(name));
        Some(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_way_captures_is_only_perhaps_set_where_ways_meet() {
        let common = Scope::of_profile(&["limit".to_owned()]);
        let mut one = common.clone();
        one.set("seen");
        let met = Scope::meet(&[one.clone(), common]).unwrap();
        assert!(!met.has("seen") && met.may_have("seen") && met.has("limit"));
        assert!(Scope::meet(&[one.clone(), one]).unwrap().has("seen"));
    }
}
