//! What a command line has that the grammar has not, but that receivers put up with. Nothing is
//! tolerated in silence: a command that parses with quirks carries them.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use smtpspec_catalogue::{RequirementId, requirement};

/// A departure from the grammar that leaves no doubt of what is meant (RFC 5321 §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// White space before CRLF, which receivers are asked to tolerate (RFC 5321 §4.1.1).
    TrailingSpace,
    /// More than one space where one belongs; RFC 821 §4.1.2 had that.
    ExtraSpace,
    /// A TAB where a space belongs.
    Tab,
    /// A space before the colon of `FROM:` or `TO:` (RFC 5321 §3.3).
    SpaceBeforeColon,
    /// A space behind the colon of `FROM:` or `TO:` (RFC 5321 §3.3).
    SpaceAfterColon,
    /// An address literal in HELO, where only a domain belongs (RFC 5321 §4.1.1.1).
    HeloLiteral,
    /// Text behind the address literal of EHLO or HELO (RFC 5321 §4.1.1.1).
    TextAfterLiteral,
    /// An argument that is free text: of HELP or NOOP one that is no String, of VRFY or EXPN one
    /// that is no local part and no mailbox either (RFC 5321 §4.1.2, §3.5.1).
    FreeText,
}

impl Quirk {
    /// Every quirk, in the order of the set.
    pub const ALL: [Self; 8] = [
        Self::TrailingSpace,
        Self::ExtraSpace,
        Self::Tab,
        Self::SpaceBeforeColon,
        Self::SpaceAfterColon,
        Self::HeloLiteral,
        Self::TextAfterLiteral,
        Self::FreeText,
    ];

    /// The quirk in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TrailingSpace => "white space before CRLF",
            Self::ExtraSpace => "more than one space",
            Self::Tab => "a TAB for a space",
            Self::SpaceBeforeColon => "a space before the colon",
            Self::SpaceAfterColon => "a space behind the colon",
            Self::HeloLiteral => "an address literal in HELO",
            Self::TextAfterLiteral => "text behind the address literal",
            Self::FreeText => "an argument of free text",
        }
    }

    /// The requirement that the line would keep without the quirk, or, for white space at the
    /// end, the one that asks to bear it.
    pub const fn requirement(self) -> RequirementId {
        match self {
            Self::TrailingSpace => requirement!("rfc5321-4.1.1-2"),
            Self::ExtraSpace | Self::Tab => requirement!("rfc5321-4.1.1-1"),
            Self::SpaceBeforeColon | Self::SpaceAfterColon => requirement!("rfc5321-3.3-16"),
            Self::HeloLiteral => requirement!("rfc5321-4.1.1.1-11"),
            Self::TextAfterLiteral => requirement!("rfc5321-4.1.1.1-3"),
            Self::FreeText => requirement!("rfc5321-4.1.2-16"),
        }
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of quirks; the empty set is the strict grammar (RFC 5321 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quirks(u8);

impl Quirks {
    /// No quirk: the strict grammar.
    pub const NONE: Self = Self(0);
    /// [`Quirk::TrailingSpace`].
    pub const TRAILING_SPACE: Self = Self::only(Quirk::TrailingSpace);
    /// [`Quirk::ExtraSpace`].
    pub const EXTRA_SPACE: Self = Self::only(Quirk::ExtraSpace);
    /// [`Quirk::Tab`].
    pub const TAB: Self = Self::only(Quirk::Tab);
    /// [`Quirk::SpaceBeforeColon`].
    pub const SPACE_BEFORE_COLON: Self = Self::only(Quirk::SpaceBeforeColon);
    /// [`Quirk::SpaceAfterColon`].
    pub const SPACE_AFTER_COLON: Self = Self::only(Quirk::SpaceAfterColon);
    /// [`Quirk::HeloLiteral`].
    pub const HELO_LITERAL: Self = Self::only(Quirk::HeloLiteral);
    /// [`Quirk::TextAfterLiteral`].
    pub const TEXT_AFTER_LITERAL: Self = Self::only(Quirk::TextAfterLiteral);
    /// [`Quirk::FreeText`].
    pub const FREE_TEXT: Self = Self::only(Quirk::FreeText);

    /// The set of this one quirk.
    pub const fn only(quirk: Quirk) -> Self {
        Self(1 << quirk as u8)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every quirk of `others` is in this set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any quirk of `others` is in this set.
    pub const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The quirks of the set, one by one.
    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.into_iter().filter(move |&quirk| self.contains(Self::only(quirk)))
    }
}

impl BitOr for Quirks {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl BitOrAssign for Quirks {
    fn bitor_assign(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        quirks.into_iter().fold(Self::NONE, |set, quirk| set | Self::only(quirk))
    }
}

impl fmt::Display for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, quirk) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(quirk.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_its_quirks() {
        let set = Quirks::TAB | Quirks::FREE_TEXT;
        assert_eq!(set.iter().collect::<Vec<_>>(), [Quirk::Tab, Quirk::FreeText]);
        assert_eq!(set.iter().collect::<Quirks>(), set);
        assert!(set.contains(Quirks::NONE) && !set.contains(Quirks::TAB | Quirks::EXTRA_SPACE));
        assert!(set.intersects(Quirks::TAB | Quirks::EXTRA_SPACE));
        assert_eq!(set.to_string(), "a TAB for a space, an argument of free text");
    }

    #[test]
    fn all_names_every_quirk_in_its_place() {
        for (place, quirk) in Quirk::ALL.into_iter().enumerate() {
            assert_eq!(quirk as usize, place);
        }
    }
}
