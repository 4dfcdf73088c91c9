//! The arguments of VRFY, EXPN, HELP and NOOP (RFC 5321 §4.1.1.6 to §4.1.1.9).
//!
//! The grammar has one String there, an atom or a quoted string. VRFY and EXPN are asked to take
//! a mailbox too and to know the names of local ones (RFC 5321 §3.5.1), and in practice people
//! write what they like. So anything
//! printable is read; [`ArgumentForm`] tells what it is, and free text is a quirk.

use std::borrow::Cow;

use smtpspec_catalogue::{RequirementId, requirement};

use super::Grammar;
use super::mailbox::{Mailbox, atom, dot_string, quoted_string, unquote};
use crate::cursor::{Cursor, is_white_space};
use crate::error::SyntaxError;
use crate::quirk::Quirks;
use crate::rfc6531;

/// The argument of VRFY, EXPN, HELP or NOOP (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argument<'a> {
    raw: &'a [u8],
    form: ArgumentForm,
    smtputf8: bool,
}

/// What an argument is made of (RFC 5321 §4.1.2, §3.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgumentForm {
    /// An atom, which is a String.
    Atom,
    /// A quoted string, which is a String.
    Quoted,
    /// Several atoms with dots between them: a local part, but no String.
    LocalPart,
    /// A mailbox.
    Mailbox,
    /// Anything else that is printable.
    Text,
}

impl<'a> Argument<'a> {
    /// Reads what stands behind VRFY or EXPN: `production` and `requirement` are those of the
    /// verb.
    ///
    /// ```abnf
    /// vrfy           = "VRFY" SP String [ SP "SMTPUTF8" ] CRLF
    /// expn           = "EXPN" SP String [ SP "SMTPUTF8" ] CRLF
    /// ```
    pub(crate) fn read_user(
        cursor: &mut Cursor<'a>,
        production: &'static str,
        requirement: RequirementId,
    ) -> Result<Self, SyntaxError> {
        if !cursor.gap() {
            return Err(cursor.expected(production, requirement, "a user name or a mailbox"));
        }
        let grammar = cursor.grammar;
        let text = text(cursor)?;
        let (raw, smtputf8) = if grammar.smtputf8 { without_smtputf8(text) } else { (text, false) };
        let argument = Self { raw, form: ArgumentForm::of(raw, grammar), smtputf8 };
        if argument.form == ArgumentForm::Text {
            cursor.quirks |= Quirks::FREE_TEXT;
        }
        Ok(argument)
    }

    /// Reads what stands behind HELP or NOOP, if anything does.
    ///
    /// ```abnf
    /// help           = "HELP" [ SP String ] CRLF
    /// noop           = "NOOP" [ SP String ] CRLF
    /// ```
    #[inline]
    pub(crate) fn read_optional(cursor: &mut Cursor<'a>) -> Result<Option<Self>, SyntaxError> {
        if !cursor.gap() {
            return Ok(None);
        }
        let grammar = cursor.grammar;
        let raw = text(cursor)?;
        let argument = Self { raw, form: ArgumentForm::of(raw, grammar), smtputf8: false };
        if !argument.is_string() {
            cursor.quirks |= Quirks::FREE_TEXT;
        }
        Ok(Some(argument))
    }

    /// The argument as it is written (RFC 5321 §4.1.2).
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }

    /// What it is made of (RFC 5321 §4.1.2).
    pub fn form(&self) -> ArgumentForm {
        self.form
    }

    /// Whether it is a String, as the grammar has it (RFC 5321 §4.1.2).
    pub fn is_string(&self) -> bool {
        matches!(self.form, ArgumentForm::Atom | ArgumentForm::Quoted)
    }

    /// Whether the client can read UTF-8 in the reply (RFC 6531 §3.7.4.2).
    pub fn allows_utf8_reply(&self) -> bool {
        self.smtputf8
    }

    /// What the argument says: a quoted string without its quotes and backslashes, anything else
    /// as it is written (RFC 5321 §4.1.2).
    pub fn content(&self) -> Cow<'a, [u8]> {
        match self.form {
            ArgumentForm::Quoted => unquote(self.raw),
            _ => Cow::Borrowed(self.raw),
        }
    }

    /// Writes the argument with the space before it (RFC 5321 §4.1.1.6).
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        out.push(b' ');
        out.extend_from_slice(self.raw);
        if self.smtputf8 {
            out.extend_from_slice(SMTPUTF8);
        }
    }
}

const SMTPUTF8: &[u8] = b" SMTPUTF8";

/// Takes the parameter of RFC 6531 off the end, if it is there and something stands before it.
fn without_smtputf8(text: &[u8]) -> (&[u8], bool) {
    let (before, parameter) = text.split_at(text.len().saturating_sub(SMTPUTF8.len()));
    let before = before.trim_ascii_end();
    if parameter.eq_ignore_ascii_case(SMTPUTF8) && !before.is_empty() {
        (before, true)
    } else {
        (text, false)
    }
}

impl ArgumentForm {
    /// ```abnf
    /// String         = Atom / Quoted-string
    /// ```
    fn of(text: &[u8], grammar: Grammar) -> Self {
        let is_all = |read: fn(&mut Cursor<'_>) -> bool| {
            let mut cursor = Cursor::new(text, grammar);
            read(&mut cursor) && cursor.is_at_end()
        };
        if is_all(|cursor| !atom(cursor).is_empty()) {
            Self::Atom
        } else if is_all(|cursor| quoted_string(cursor, "String").is_ok()) {
            Self::Quoted
        } else if is_all(|cursor| dot_string(cursor).is_ok()) {
            Self::LocalPart
        } else if Mailbox::parse(text, grammar).is_ok() {
            Self::Mailbox
        } else {
            Self::Text
        }
    }
}

/// Reads everything that is left, if it is printable.
pub(crate) fn text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    rfc6531::take_while(cursor, |octet| octet.is_ascii_graphic() || is_white_space(octet));
    if cursor.is_at_end() {
        Ok(cursor.since(start))
    } else {
        Err(cursor.expected("String", requirement!("rfc5321-4.1.2-16"), "printable text"))
    }
}
