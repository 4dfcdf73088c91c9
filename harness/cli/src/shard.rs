//! `--shard`: which part of a run this machine plays.

use std::collections::HashMap;
use std::str::FromStr;

use smtpspec_judge::{Results, Shard};
use smtpspec_scenario::Case;

use crate::console::Console;
use crate::exit::Exit;

/// More machines than anybody has for this.
const MOST: usize = 10_000;
/// How many parts there are, where Kubernetes only says which one this is.
const PARTS: &str = "SMTPSPEC_SHARDS";

/// Which part of how many, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    index: usize,
    count: usize,
}

/// The cases of a part, and what the whole is that they are of.
#[derive(Debug)]
pub(crate) struct Split {
    part: Part,
    selected: usize,
    suite: String,
    places: HashMap<String, usize>,
}

/// The cases that this machine plays, and of which whole they are a part; all without a word.
pub(crate) fn split(
    word: Option<&str>,
    cases: Vec<Case>,
    console: &Console,
) -> Result<(Vec<Case>, Option<Split>), Exit> {
    let Some(word) = word else { return Ok((cases, None)) };
    match Part::read(word, |name| std::env::var(name).ok()) {
        Ok(part) => {
            let (cases, split) = part.of(cases);
            Ok((cases, Some(split)))
        }
        Err(why) => {
            console.error(&format!("--shard: {why}"));
            Err(Exit::Usage)
        }
    }
}

/// How a part ends. What it means that nothing could be judged in it, only the whole can tell.
pub(crate) fn exit(exit: Exit, console: &Console) -> Exit {
    if exit == Exit::Nothing {
        console
            .note("nothing could be judged in this part; `smtpspec report merge` judges the whole");
        return Exit::Clean;
    }
    exit
}

impl FromStr for Part {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let numbers = word.split_once('/').and_then(|(index, count)| {
            Some((index.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
        });
        match numbers {
            Some((index, count)) => Self::new(index, count),
            None => {
                Err(format!("`{}` is no part; write K/N, as 2/5, or auto", word.escape_debug()))
            }
        }
    }
}

impl Part {
    fn new(index: usize, count: usize) -> Result<Self, String> {
        if count > MOST {
            Err(format!("there can't be more than {MOST} parts"))
        } else if index == 0 || index > count {
            Err(format!("there is no part {index} of {count}; parts are counted from 1"))
        } else {
            Ok(Self { index, count })
        }
    }

    /// The part that a word means; `auto` asks the variables of whatever runs us on several machines.
    fn read(word: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        if word == "auto" { Self::auto(variable) } else { word.parse() }
    }

    fn auto(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        // Whose variables they are, and from what they count.
        const KNOWN: [(&str, &str, usize); 3] = [
            ("JOB_COMPLETION_INDEX", PARTS, 0),
            ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
            ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
        ];
        let set: Vec<_> =
            KNOWN.into_iter().filter(|(index, ..)| variable(index).is_some()).collect();
        let (index, count, first) = match set.as_slice() {
            [one] => *one,
            [] => {
                let names = KNOWN.map(|(index, ..)| index).join(", ");
                return Err(format!(
                    "nothing says which part this is: none of {names} is set; write K/N"
                ));
            }
            [one, other, ..] => {
                let (one, other) = (one.0, other.0);
                return Err(format!("both {one} and {other} say which part this is; write K/N"));
            }
        };
        let number = |name: &str| {
            let value = variable(name).ok_or_else(|| {
                format!("{index} says which part this is, but {name} does not say of how many")
            })?;
            let number = value.trim().parse::<usize>();
            number.map_err(|_| format!("{name} is `{}`, no number", value.escape_debug()))
        };
        let (index_value, count_value) = (number(index)?, number(count)?);
        Self::new((index_value + 1).saturating_sub(first), count_value)
            .map_err(|why| format!("{index} is {index_value} and {count} is {count_value}: {why}"))
    }

    /// The cases that belong to this part.
    fn of(self, cases: Vec<Case>) -> (Vec<Case>, Split) {
        let names = cases.iter().map(|case| [case.id.as_str(), case.scenario.title.as_str()]);
        let split = Split {
            part: self,
            selected: cases.len(),
            suite: Shard::suite_of(names),
            places: cases.iter().enumerate().map(|(at, case)| (case.id.clone(), at)).collect(),
        };
        let own = |case: &Case| Shard::of(&case.id, self.count) == self.index;
        (cases.into_iter().filter(own).collect(), split)
    }
}

impl Split {
    /// What the results say of the part that they are.
    pub(crate) fn mark(self, results: &mut Results) {
        let Part { index, count } = self.part;
        let cases = results.scenarios.iter();
        let places = cases.filter_map(|case| self.places.get(&case.id).copied()).collect();
        results.shard =
            Some(Shard { index, count, selected: self.selected, suite: self.suite, places });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, variables: &[(&str, &str)]) -> Result<(usize, usize), String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Part::read(word, variable).map(|part| (part.index, part.count))
    }

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!(read("1/1", &[]), Ok((1, 1)));
        assert_eq!(read("3/8", &[]), Ok((3, 8)));
        for (word, why) in [
            ("0/3", "no part 0 of 3"),
            ("4/3", "no part 4 of 3"),
            ("1/0", "no part 1 of 0"),
            ("1/99999999", "more than 10000"),
            ("1", "write K/N"),
            ("a/b", "write K/N"),
            ("1/2/3", "write K/N"),
            ("", "write K/N"),
        ] {
            let said = read(word, &[]).unwrap_err();
            assert!(said.contains(why), "{word}: {said}");
        }
    }

    #[test]
    fn auto_reads_what_each_of_them_sets() {
        let kubernetes = [("JOB_COMPLETION_INDEX", "0"), ("SMTPSPEC_SHARDS", "4")];
        let gitlab = [("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "4")];
        let circle = [("CIRCLE_NODE_INDEX", "3"), ("CIRCLE_NODE_TOTAL", "4")];
        assert_eq!(read("auto", &kubernetes), Ok((1, 4)));
        assert_eq!(read("auto", &gitlab), Ok((4, 4)));
        assert_eq!(read("auto", &circle), Ok((4, 4)));
        // Who says which part it is goes over what the machine says.
        assert_eq!(read("2/3", &gitlab), Ok((2, 3)));
    }

    #[test]
    fn auto_says_what_is_missing() {
        for (variables, why) in [
            (&[][..], "none of JOB_COMPLETION_INDEX, CI_NODE_INDEX, CIRCLE_NODE_INDEX is set"),
            (&[("JOB_COMPLETION_INDEX", "0")], "SMTPSPEC_SHARDS does not say of how many"),
            (&[("CI_NODE_INDEX", "1")], "CI_NODE_TOTAL does not say"),
            (&[("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "2")], "CI_NODE_INDEX is `x`, no number"),
            (&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "2")], "no part 0 of 2"),
            (&[("CIRCLE_NODE_INDEX", "2"), ("CIRCLE_NODE_TOTAL", "2")], "no part 3 of 2"),
            (
                &[("CIRCLE_NODE_INDEX", "1"), ("CI_NODE_INDEX", "2")],
                "both CI_NODE_INDEX and CIRCLE",
            ),
        ] {
            let said = read("auto", variables).unwrap_err();
            assert!(said.contains(why), "{variables:?}: {said}");
        }
    }
}
