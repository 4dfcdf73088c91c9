//! RCPT (RFC 5321 §4.1.1.3).

use smtpspec_catalogue::requirement;

use super::mail::keyword;
use super::parameter::Parameters;
use super::path::ForwardPath;
use crate::cursor::Cursor;
use crate::error::SyntaxError;

/// The arguments of RCPT (RFC 5321 §4.1.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rcpt<'a> {
    /// Where the message goes.
    pub forward_path: ForwardPath<'a>,
    /// What extensions add.
    pub parameters: Parameters<'a>,
}

impl<'a> Rcpt<'a> {
    /// Reads what stands behind the verb.
    ///
    /// ```abnf
    /// rcpt           = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
    ///                  [SP Rcpt-parameters] CRLF
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        keyword(cursor, b"TO", "rcpt", requirement!("rfc5321-4.1.1.3-10"), "` TO:`")?;
        let forward_path = ForwardPath::read(cursor)?;
        Ok(Self { forward_path, parameters: Parameters::read(cursor, "Rcpt-parameters")? })
    }

    /// Writes what stands behind the verb (RFC 5321 §4.1.1.3).
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b" TO:");
        self.forward_path.write_to(out);
        self.parameters.write_to(out);
    }
}
