//! Parameters of MAIL and RCPT (RFC 5321 §4.1.1.11, §4.1.2).

use std::fmt;

use smtpspec_catalogue::requirement;

use super::Grammar;
use crate::cursor::{Cursor, is_white_space};
use crate::error::SyntaxError;
use crate::escape::escape;
use crate::rfc6531;

/// The parameters behind a path, all well formed (RFC 5321 §4.1.2). Two lists are equal if their
/// items are, however they are spaced.
#[derive(Clone, Copy, Default)]
pub struct Parameters<'a>(&'a [u8]);

/// One parameter (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter<'a> {
    /// Its keyword, as it is written; case does not count.
    pub keyword: &'a [u8],
    /// What stands behind `=`, if anything does.
    pub value: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    /// Reads parameters and nothing behind them (RFC 5321 §4.1.2, RFC 6531 §3.3).
    pub fn parse(octets: &'a [u8], grammar: Grammar) -> Result<Self, SyntaxError> {
        if octets.is_empty() {
            return Ok(Self::default());
        }
        Self::read_list(&mut Cursor::new(octets, grammar), PRODUCTION)
    }

    /// Reads what stands behind a path, the space before it included, up to the end.
    pub(crate) fn read(
        cursor: &mut Cursor<'a>,
        production: &'static str,
    ) -> Result<Self, SyntaxError> {
        if cursor.is_at_end() {
            return Ok(Self::default());
        }
        if !cursor.gap() {
            let what = "a space or the end behind the path";
            return Err(cursor.expected(production, requirement!("rfc5321-4.1.2-7"), what));
        }
        Self::read_list(cursor, production)
    }

    /// ```abnf
    /// Mail-parameters  = esmtp-param *(SP esmtp-param)
    /// Rcpt-parameters  = esmtp-param *(SP esmtp-param)
    /// ```
    fn read_list(cursor: &mut Cursor<'a>, production: &'static str) -> Result<Self, SyntaxError> {
        let start = cursor.at();
        loop {
            esmtp_param(cursor)?;
            if cursor.is_at_end() {
                return Ok(Self(cursor.since(start)));
            }
            if !cursor.gap() {
                let what = "a space or the end behind the parameter";
                return Err(cursor.expected(production, requirement!("rfc5321-4.1.2-7"), what));
            }
        }
    }

    /// Whether there are none (RFC 5321 §4.1.2).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters as they are written (RFC 5321 §4.1.2).
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The parameters, one by one (RFC 5321 §4.1.2).
    pub fn iter(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.0.split(|&octet| is_white_space(octet)).filter(|item| !item.is_empty()).map(|item| {
            match memchr::memchr(b'=', item) {
                Some(equals) => {
                    Parameter { keyword: &item[..equals], value: Some(&item[equals + 1..]) }
                }
                None => Parameter { keyword: item, value: None },
            }
        })
    }

    /// The first parameter with this keyword, in any case (RFC 5321 §2.4).
    pub fn get(&self, keyword: &[u8]) -> Option<Parameter<'a>> {
        self.iter().find(|parameter| parameter.keyword.eq_ignore_ascii_case(keyword))
    }

    /// Writes the parameters with a space before each (RFC 5321 §4.1.2).
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        for parameter in self.iter() {
            out.push(b' ');
            parameter.write_to(out);
        }
    }
}

const PRODUCTION: &str = "esmtp-param";

/// ```abnf
/// esmtp-param    = esmtp-keyword ["=" esmtp-value]
/// ```
fn esmtp_param(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    esmtp_keyword(cursor)?;
    if cursor.eat(b'=') { esmtp_value(cursor) } else { Ok(()) }
}

/// ```abnf
/// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
fn esmtp_keyword(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    let is_first = |octet: u8| octet.is_ascii_alphanumeric();
    if !cursor.peek().is_some_and(is_first) {
        let what = "a letter or a digit of a keyword";
        return Err(cursor.expected("esmtp-keyword", requirement!("rfc5321-4.1.2-8"), what));
    }
    cursor.take_while(|octet| is_first(octet) || octet == b'-');
    Ok(())
}

/// ```abnf
/// esmtp-value    = 1*(%d33-60 / %d62-126)
/// ```
fn esmtp_value(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.2-9");
    let value = rfc6531::take_while(cursor, |octet| matches!(octet, 33..=60 | 62..=126));
    if value.is_empty() {
        return Err(cursor.expected("esmtp-value", requirement, "a value behind `=`"));
    }
    match cursor.peek() {
        None => Ok(()),
        Some(octet) if is_white_space(octet) => Ok(()),
        Some(_) => {
            Err(cursor.expected("esmtp-value", requirement, "a printable character but `=`"))
        }
    }
}

impl Parameter<'_> {
    /// Writes the parameter as it is written (RFC 5321 §4.1.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.keyword);
        if let Some(value) = self.value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

impl PartialEq for Parameters<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Parameters<'_> {}

impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parameters").field(&escape(self.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::RequirementId;

    use super::*;

    fn parse(octets: &[u8]) -> Result<Parameters<'_>, SyntaxError> {
        Parameters::parse(octets, Grammar::default())
    }

    #[test]
    fn items_are_keywords_with_or_without_values() {
        let parameters = parse(b"SIZE=1000 8BITMIME x-y=<a+3Db>,;").unwrap();
        let items: Vec<_> = parameters.iter().map(|item| (item.keyword, item.value)).collect();
        let expected: [(&[u8], Option<&[u8]>); 3] =
            [(b"SIZE", Some(b"1000")), (b"8BITMIME", None), (b"x-y", Some(b"<a+3Db>,;"))];
        assert_eq!(items, expected);
        assert_eq!(parameters.get(b"size").unwrap().value, Some(&b"1000"[..]));
        assert_eq!(parameters.get(b"BODY"), None);
        assert!(parse(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_rule() {
        const LIST: RequirementId = requirement!("rfc5321-4.1.2-7");
        const KEYWORD: RequirementId = requirement!("rfc5321-4.1.2-8");
        const VALUE: RequirementId = requirement!("rfc5321-4.1.2-9");
        let table: [(&[u8], usize, RequirementId); 8] = [
            (b"=1", 0, KEYWORD),
            (b"-a=1", 0, KEYWORD),
            (b"a_b=1", 1, LIST),
            (b"a=", 2, VALUE),
            (b"a= b", 2, VALUE),
            (b"a=b=c", 3, VALUE),
            (b"a=\x01", 2, requirement!("rfc5321-4.1.2-21")),
            (b"a=b\xc3\xa9", 3, requirement!("rfc5321-2.4-13")),
        ];
        for (octets, at, requirement) in table {
            let error = parse(octets).unwrap_err();
            assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
        }
        assert!(
            Parameters::parse("a=bé".as_bytes(), Grammar { smtputf8: true, ..Grammar::default() })
                .is_ok()
        );
    }
}
