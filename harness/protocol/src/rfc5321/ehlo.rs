//! EHLO and HELO (RFC 5321 §4.1.1.1).

use smtpspec_catalogue::{RequirementId, requirement};

use super::address_literal::AddressLiteral;
use super::argument::text;
use super::domain::domain;
use crate::cursor::Cursor;
use crate::error::SyntaxError;
use crate::quirk::Quirks;

/// What a client calls itself (RFC 5321 §4.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EhloName<'a> {
    /// Its domain.
    Domain(&'a [u8]),
    /// Its address, if it has no domain.
    Literal(AddressLiteral<'a>),
}

impl<'a> EhloName<'a> {
    /// Reads what stands behind EHLO.
    ///
    /// ```abnf
    /// ehlo           = "EHLO" SP ( Domain / address-literal ) CRLF
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let what = "a domain or an address literal";
        let (name, _) = Self::read_as(cursor, "ehlo", requirement!("rfc5321-4.1.1.1-10"), what)?;
        Ok(name)
    }

    /// Reads a name; gives it, and how it is written.
    fn read_as(
        cursor: &mut Cursor<'a>,
        production: &'static str,
        requirement: RequirementId,
        what: &'static str,
    ) -> Result<(Self, &'a [u8]), SyntaxError> {
        if !cursor.gap() {
            return Err(cursor.expected(production, requirement, what));
        }
        let start = cursor.at();
        let name = if cursor.peek() == Some(b'[') {
            Self::Literal(AddressLiteral::read(cursor)?)
        } else {
            // RFC 6531 §3.7.1: the names of client and server stay ASCII.
            let grammar = std::mem::take(&mut cursor.grammar);
            let name = domain(cursor);
            cursor.grammar = grammar;
            Self::Domain(name?)
        };
        let written = cursor.since(start);
        // rfc5321-4.1.1.1-2: text behind a literal, and only there, is to be tolerated.
        if matches!(name, Self::Literal(_)) && cursor.gap() {
            text(cursor)?;
            cursor.quirks |= Quirks::TEXT_AFTER_LITERAL;
        }
        cursor.end(production, requirement)?;
        Ok((name, written))
    }

    /// Writes the name as it is written (RFC 5321 §4.1.1.1).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Domain(domain) => out.extend_from_slice(domain),
            Self::Literal(literal) => literal.write_to(out),
        }
    }
}

/// Reads what stands behind HELO. An address literal is none of RFC 5321's, but RFC 821 had it
/// and clients send it.
///
/// ```abnf
/// helo           = "HELO" SP Domain CRLF
/// ```
pub(crate) fn helo<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.1.1-11");
    let (name, written) = EhloName::read_as(cursor, "helo", requirement, "a domain")?;
    if matches!(name, EhloName::Literal(_)) {
        cursor.quirks |= Quirks::HELO_LITERAL;
    }
    Ok(written)
}
