//! What each extension adds to a session: its parameters of MAIL and RCPT, its commands, and forms of
//! both that are not as its specification has them. The words are in `vocabulary`.
//!
//! `{limit}`, `{beyond}` and `{other}` are filled by [`Ground::phrase`], the rest by
//! [`crate::names`].

mod vocabulary;

use self::vocabulary::{EXTENSIONS, Extension};
use crate::dice::Dice;
use crate::walk::Ground;

/// Which command parameters are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameters {
    Mail,
    Rcpt,
}

impl Parameters {
    fn legal(self, extension: &Extension) -> &'static [&'static str] {
        match self {
            Self::Mail => extension.mail,
            Self::Rcpt => extension.rcpt,
        }
    }

    fn wrong(self, extension: &Extension) -> &'static [&'static str] {
        match self {
            Self::Mail => extension.wrong_mail,
            Self::Rcpt => extension.wrong_rcpt,
        }
    }
}

impl Ground {
    /// One of the extensions that are offered and have something of this kind. Seldom, one that is
    /// not offered: its words are to be refused (RFC 5321 §2.2.1).
    fn extension(
        &self,
        has: impl Fn(&Extension) -> bool,
        dice: &mut Dice,
    ) -> Option<&'static Extension> {
        let any = dice.once_in(16);
        let known: Vec<_> =
            EXTENSIONS.iter().filter(|one| has(one) && (any || self.offers(one.keyword))).collect();
        (!known.is_empty()).then(|| dice.pick(&known))
    }

    /// None, or up to three parameters that are legal for this command, each behind a space.
    pub(crate) fn parameters(&self, of: Parameters, dice: &mut Dice) -> String {
        let count = [0, 0, 1, 1, 2, 3][dice.below(6)];
        let mut all = String::new();
        for _ in 0..count {
            let Some(extension) = self.extension(|one| !of.legal(one).is_empty(), dice) else {
                break;
            };
            let parameter = self.phrase(dice.pick(of.legal(extension)), dice);
            let keyword = parameter.split('=').next().unwrap_or_default();
            // Once is enough of each (RFC 5321 §4.1.1.11).
            if !all.split([' ', '=']).any(|there| there.eq_ignore_ascii_case(keyword)) {
                all.extend([" ", parameter.as_str()]);
            }
        }
        match dice.below(8) {
            0 => all.to_ascii_lowercase(),
            1 => super::paths::letters_in_turn(&all),
            _ => all,
        }
    }

    /// A parameter for this command that is wrong in one way, or legal and then changed, behind a space.
    pub(crate) fn wrong_parameter(&self, of: Parameters, dice: &mut Dice) -> String {
        let changes = dice.once_in(3);
        let has = |one: &Extension| {
            if changes { !of.legal(one).is_empty() } else { !of.wrong(one).is_empty() }
        };
        let Some(extension) = self.extension(has, dice) else {
            return " XSMTPSPEC=1".to_owned();
        };
        if !changes {
            return format!(" {}", self.phrase(dice.pick(of.wrong(extension)), dice));
        }
        let legal = self.phrase(dice.pick(of.legal(extension)), dice);
        let (keyword, value) = legal.split_once('=').unwrap_or((&legal, ""));
        match dice.below(6) {
            0 => format!(" {legal} {legal}"),
            1 => format!(" {keyword}"),
            2 => format!(" {keyword}="),
            3 => format!(" {legal}{}", "x".repeat(1 + dice.below(200))),
            4 => format!(" {keyword}={value}={value}"),
            _ => format!(" {keyword}={}", value.chars().rev().collect::<String>()),
        }
    }

    /// A command of an extension, whether it has its place or not; a plain one where none is offered.
    pub(crate) fn command_of_extension(&self, dice: &mut Dice) -> String {
        let has = |one: &Extension| !one.commands.is_empty();
        // What RFC 821 and RFC 5321 have is never offered in so many words.
        let command = if dice.once_in(4) {
            let known = EXTENSIONS.iter().filter(|one| ["SEND", "VRFY"].contains(&one.keyword));
            let lines: Vec<_> = known.flat_map(|one| one.commands).collect();
            dice.pick(&lines)
        } else {
            self.extension(has, dice)
                .map_or(&"NOOP", |one| &one.commands[dice.below(one.commands.len())])
        };
        self.phrase(command, dice)
    }

    /// A mailbox of which the profile tells, or somebody's at a domain of which it does.
    pub(crate) fn other_mailbox(&self, dice: &mut Dice) -> String {
        let other = self.phrase("{other}", dice);
        if other.contains('@') { other } else { format!("someone@{other}") }
    }

    /// A text with what the server and the profile tell put in: `{limit}` is the size that it takes,
    /// `{beyond}` an octet more, `{other}` a name that the profile knows, `{utf8}` a mailbox beyond
    /// ASCII.
    pub(crate) fn phrase(&self, text: &str, dice: &mut Dice) -> String {
        let limit = self.size().unwrap_or(1_000_000);
        let mut filled = text
            .replace("{limit}", &limit.to_string())
            .replace("{beyond}", &limit.saturating_add(1).to_string());
        for (name, value) in [("{other}", true), ("{utf8}", false)] {
            while let Some(at) = filled.find(name) {
                let put = match (value, self.names.others.is_empty()) {
                    (true, true) => self.names.recipient.clone(),
                    (true, false) => self.names.others[dice.below(self.names.others.len())].clone(),
                    (false, _) => super::paths::utf8_mailbox(dice),
                };
                filled.replace_range(at..at + name.len(), &put);
            }
        }
        String::from_utf8_lossy(&self.names.fill(&filled)).into_owned()
    }
}
