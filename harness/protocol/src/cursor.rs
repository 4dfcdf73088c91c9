//! A place in a command line, and the few moves that its parsers are made of.

use smtpspec_catalogue::RequirementId;

use crate::error::{Fault, SyntaxError};
use crate::quirk::Quirks;
use crate::rfc5321::Grammar;

/// What a parser works on: the line, the next octet, and the quirks met so far.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
    pub(crate) grammar: Grammar,
    pub(crate) quirks: Quirks,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(line: &'a [u8], grammar: Grammar) -> Self {
        Self { line, at: 0, grammar, quirks: Quirks::NONE }
    }

    /// The offset of the next octet.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.line.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    /// What was read since the place `start`.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.line[start..self.at]
    }

    /// Goes back to a place where the cursor was.
    pub(crate) fn back_to(&mut self, at: usize) {
        debug_assert!(at <= self.at, "a cursor goes back only");
        self.at = at;
    }

    /// Reads `octet` if it is next.
    pub(crate) fn eat(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        self.at += usize::from(found);
        found
    }

    /// Reads `word` if it is next, in any case.
    pub(crate) fn eat_word(&mut self, word: &[u8]) -> bool {
        let found =
            self.rest().get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Reads octets as long as they are of a kind.
    pub(crate) fn take_while(&mut self, mut is_kind: impl FnMut(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&octet| !is_kind(octet)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Reads `count` octets, which the caller has looked at.
    pub(crate) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.line.len());
    }

    /// Reads white space, if there is any.
    pub(crate) fn white_space(&mut self) -> &'a [u8] {
        self.take_while(is_white_space)
    }

    /// Reads the space between two parts; more than one, or a TAB, is a quirk. False if there is
    /// none.
    #[inline]
    pub(crate) fn gap(&mut self) -> bool {
        if self.rest().is_empty() {
            return false;
        }
        if let [b' ', next, ..] = self.rest()
            && !is_white_space(*next)
        {
            self.at += 1;
            return true;
        }
        let space = self.white_space();
        if space.len() > 1 {
            self.quirks |= Quirks::EXTRA_SPACE;
        }
        if space.contains(&b'\t') {
            self.quirks |= Quirks::TAB;
        }
        !space.is_empty()
    }

    /// Reads `octet`, or tells that `what` had to stand here.
    pub(crate) fn expect(
        &mut self,
        octet: u8,
        production: &'static str,
        requirement: RequirementId,
        what: &'static str,
    ) -> Result<(), SyntaxError> {
        if self.eat(octet) { Ok(()) } else { Err(self.expected(production, requirement, what)) }
    }

    /// The error that `what` had to stand here.
    pub(crate) fn expected(
        &self,
        production: &'static str,
        requirement: RequirementId,
        what: &'static str,
    ) -> SyntaxError {
        SyntaxError::expected(production, requirement, self.at, what, self.peek())
    }

    /// Makes sure that nothing is left.
    pub(crate) fn end(
        &self,
        production: &'static str,
        requirement: RequirementId,
    ) -> Result<(), SyntaxError> {
        if self.is_at_end() {
            return Ok(());
        }
        let mut error = self.expected(production, requirement, "the end");
        if matches!(error.fault, Fault::Expected { .. }) {
            error.fault = Fault::Superfluous;
        }
        Err(error)
    }
}

/// What separates words, in earnest or by mistake.
pub(crate) fn is_white_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}
