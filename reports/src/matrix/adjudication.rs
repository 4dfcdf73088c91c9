//! What people made of accusations, after they had read the dialogues and the RFCs.

use serde::{Deserialize, Serialize};

/// A judgement on accusations of some servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjudication {
    /// The servers; each stands for all its listeners.
    #[serde(skip_serializing)]
    pub servers: Vec<String>,
    /// The ids of cases, in which `*` stands for anything.
    #[serde(default, skip_serializing)]
    pub cases: Vec<String>,
    /// The requirements that the model saw broken.
    #[serde(default, skip_serializing)]
    pub oracle: Vec<String>,
    /// The requirement that it is about.
    #[serde(skip_serializing)]
    pub requirement: String,
    /// What they made of it.
    pub judgement: Judgement,
    /// Why.
    pub why: String,
}

/// What people make of an accusation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "Word")]
pub enum Judgement {
    /// The server breaks the rule.
    True,
    /// It does so in this configuration only.
    Lab,
    /// The RFCs can be read in two ways.
    Disputed,
}

/// How it is written; YAML takes `true` for a truth value.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Truth(OnlyTrue),
    Name(Name),
}

#[derive(Deserialize)]
#[serde(try_from = "bool")]
struct OnlyTrue;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    True,
    Lab,
    Disputed,
}

impl TryFrom<bool> for OnlyTrue {
    type Error = &'static str;

    fn try_from(truth: bool) -> Result<Self, Self::Error> {
        if truth { Ok(Self) } else { Err("a judgement is true, lab or disputed") }
    }
}

impl From<Word> for Judgement {
    fn from(word: Word) -> Self {
        match word {
            Word::Truth(OnlyTrue) | Word::Name(Name::True) => Self::True,
            Word::Name(Name::Lab) => Self::Lab,
            Word::Name(Name::Disputed) => Self::Disputed,
        }
    }
}

impl Judgement {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Lab => "true in this configuration only",
            Self::Disputed => "disputed",
        }
    }
}

impl Adjudication {
    /// Whether it speaks of these results: those of the server itself, or of a listener that its
    /// name stands before.
    pub(super) fn is_about(&self, results: &str) -> bool {
        let server =
            ["-submission", "-submissions"].iter().find_map(|end| results.strip_suffix(end));
        self.servers.iter().any(|named| named == results || server == Some(named.as_str()))
    }

    pub(super) fn names_case(&self, case: &str) -> bool {
        self.cases.iter().any(|pattern| fits(pattern, case))
    }

    pub(super) fn names_rule(&self, requirement: &str) -> bool {
        self.oracle.iter().any(|pattern| fits(pattern, requirement))
    }
}

/// Whether a pattern, in which `*` stands for anything, fits.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    let mut rest = rest;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [
            ("a/b", "a/b"),
            ("a/*", "a/b[c]"),
            ("a*c", "abc"),
            ("a*", "a"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a/b", "a/bc"), ("a/*", "b/a"), ("a*c", "ab"), ("a*b*c", "acb")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_server_stands_for_its_listeners() {
        let of = |server: &str| Adjudication {
            servers: vec![server.into()],
            cases: Vec::new(),
            oracle: Vec::new(),
            requirement: String::new(),
            judgement: Judgement::True,
            why: String::new(),
        };
        assert!(of("a-1").is_about("a-1") && of("a-1").is_about("a-1-submissions"));
        assert!(!of("a-1").is_about("a-1-hardened-submission"));
        assert!(!of("a-1-submission").is_about("a-1"));
    }

    #[test]
    fn a_judgement_is_read_as_yaml_gives_it() {
        let read = |text: &str| serde_json::from_str::<Judgement>(text);
        assert_eq!(read("true").ok(), Some(Judgement::True));
        assert_eq!(read("\"true\"").ok(), Some(Judgement::True));
        assert_eq!(read("\"lab\"").ok(), Some(Judgement::Lab));
        assert_eq!(read("\"disputed\"").ok(), Some(Judgement::Disputed));
        assert!(read("false").is_err() && read("\"maybe\"").is_err());
    }
}
