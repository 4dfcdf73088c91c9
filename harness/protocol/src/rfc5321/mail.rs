//! MAIL (RFC 5321 §4.1.1.2), and SEND, SOML and SAML, which open a transaction in its place
//! (RFC 821 §3.4).

use smtpspec_catalogue::{RequirementId, requirement};

use super::parameter::Parameters;
use super::path::ReversePath;
use crate::cursor::Cursor;
use crate::error::SyntaxError;
use crate::quirk::Quirks;

/// The arguments of MAIL (RFC 5321 §4.1.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mail<'a> {
    /// Where notifications go.
    pub reverse_path: ReversePath<'a>,
    /// What extensions add.
    pub parameters: Parameters<'a>,
}

impl<'a> Mail<'a> {
    /// Reads what stands behind the verb.
    ///
    /// ```abnf
    /// mail           = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        keyword(cursor, b"FROM", "mail", requirement!("rfc5321-4.1.1.2-2"), "` FROM:`")?;
        let reverse_path = ReversePath::read(cursor)?;
        Ok(Self { reverse_path, parameters: Parameters::read(cursor, "Mail-parameters")? })
    }

    /// Writes what stands behind the verb (RFC 5321 §4.1.1.2).
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" FROM:");
        self.reverse_path.write_to(out);
        self.parameters.write_to(out);
    }
}

/// Reads what stands behind SEND, SOML or SAML, which have no parameters; `production` and
/// `requirement` are those of the verb.
///
/// ```abnf
/// send           = "SEND" SP "FROM:" reverse-path CRLF
/// soml           = "SOML" SP "FROM:" reverse-path CRLF
/// saml           = "SAML" SP "FROM:" reverse-path CRLF
/// ```
pub(crate) fn in_place_of_mail<'a>(
    cursor: &mut Cursor<'a>,
    production: &'static str,
    requirement: RequirementId,
) -> Result<ReversePath<'a>, SyntaxError> {
    keyword(cursor, b"FROM", production, requirement, "` FROM:`")?;
    let path = ReversePath::read(cursor)?;
    cursor.end(production, requirement)?;
    Ok(path)
}

/// Reads the space, the word and the colon before a path. Spaces around the colon are a quirk.
pub(crate) fn keyword(
    cursor: &mut Cursor<'_>,
    word: &[u8],
    production: &'static str,
    requirement: RequirementId,
    what: &'static str,
) -> Result<(), SyntaxError> {
    if !cursor.gap() || !cursor.eat_word(word) {
        return Err(cursor.expected(production, requirement, what));
    }
    if !cursor.white_space().is_empty() {
        cursor.quirks |= Quirks::SPACE_BEFORE_COLON;
    }
    cursor.expect(b':', production, requirement, "`:`")?;
    if !cursor.white_space().is_empty() {
        cursor.quirks |= Quirks::SPACE_AFTER_COLON;
    }
    Ok(())
}
