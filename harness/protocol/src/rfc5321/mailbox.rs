//! Mailboxes: a local part and a host (RFC 5321 §4.1.2).

use std::borrow::Cow;

use smtpspec_catalogue::requirement;

use super::Grammar;
use super::address_literal::AddressLiteral;
use super::domain::domain;
use crate::cursor::Cursor;
use crate::error::SyntaxError;
use crate::rfc6531;
use crate::scan::Kind;

/// A mailbox, such as `user@example.test` (RFC 5321 §4.1.2).
///
/// Two are equal if they are spelled the same; see [`LocalPart::is_same_as`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mailbox<'a> {
    /// What stands before the `@`.
    pub local_part: LocalPart<'a>,
    /// What stands behind it.
    pub host: Host<'a>,
}

/// The part of a mailbox that only its host understands (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LocalPart<'a> {
    /// Atoms with dots between them.
    DotString(&'a [u8]),
    /// A quoted string, with its quotes.
    Quoted(&'a [u8]),
}

/// Where a mailbox is (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Host<'a> {
    /// A domain, as it is written.
    Domain(&'a [u8]),
    /// An address in brackets.
    Literal(AddressLiteral<'a>),
}

impl<'a> Mailbox<'a> {
    /// Reads a mailbox and nothing behind it (RFC 5321 §4.1.2, RFC 6531 §3.3).
    pub fn parse(octets: &'a [u8], grammar: Grammar) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(octets, grammar);
        let mailbox = Self::read(&mut cursor)?;
        cursor.end("Mailbox", requirement!("rfc5321-4.1.2-12"))?;
        Ok(mailbox)
    }

    /// ```abnf
    /// Mailbox        = Local-part "@" ( Domain / address-literal )
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let local_part = LocalPart::read(cursor)?;
        let requirement = requirement!("rfc5321-4.1.2-12");
        cursor.expect(b'@', "Mailbox", requirement, "`@` behind the local part")?;
        Ok(Self { local_part, host: Host::read(cursor)? })
    }

    /// Writes the mailbox as it is written (RFC 5321 §4.1.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.local_part.as_bytes());
        out.push(b'@');
        self.host.write_to(out);
    }

    /// How many octets [`Mailbox::write_to`] writes.
    pub(crate) fn written_length(&self) -> usize {
        self.local_part.as_bytes().len() + "@".len() + self.host.written_length()
    }

    /// Whether all of it is ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        self.local_part.as_bytes().is_ascii() && self.host.is_ascii()
    }
}

impl<'a> LocalPart<'a> {
    /// ```abnf
    /// Local-part     = Dot-string / Quoted-string
    /// ```
    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        if cursor.peek() == Some(b'"') {
            quoted_string(cursor, "Local-part").map(Self::Quoted)
        } else {
            dot_string(cursor).map(Self::DotString)
        }
    }

    /// The local part as it is written, with its quotes if it has any (RFC 5321 §4.1.2).
    pub fn as_bytes(&self) -> &'a [u8] {
        match *self {
            Self::DotString(text) | Self::Quoted(text) => text,
        }
    }

    /// How many octets it has, quotes and backslashes included (RFC 5321 §4.5.3.1.1).
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it has no octet; the grammar has no such local part (RFC 5321 §4.1.2).
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// What the local part says, without quotes and backslashes (RFC 5321 §4.1.2).
    pub fn content(&self) -> Cow<'a, [u8]> {
        match *self {
            Self::DotString(text) => Cow::Borrowed(text),
            Self::Quoted(text) => unquote(text),
        }
    }

    /// Whether both name the same mailbox of a host: however they are quoted, they say the same
    /// (RFC 5321 §4.1.2). Case counts (RFC 5321 §2.4).
    pub fn is_same_as(&self, other: &LocalPart<'_>) -> bool {
        self.content() == other.content()
    }
}

impl<'a> Host<'a> {
    /// What may stand behind the `@`.
    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        if cursor.peek() == Some(b'[') {
            AddressLiteral::read(cursor).map(Self::Literal)
        } else {
            domain(cursor).map(Self::Domain)
        }
    }

    /// Writes the host as it is written (RFC 5321 §4.1.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Domain(domain) => out.extend_from_slice(domain),
            Self::Literal(literal) => literal.write_to(out),
        }
    }

    /// How many octets [`Host::write_to`] writes.
    pub(crate) fn written_length(&self) -> usize {
        match self {
            Self::Domain(domain) => domain.len(),
            Self::Literal(literal) => literal.written_length(),
        }
    }

    /// Whether all of it is ASCII: of a literal the grammar has nothing else (RFC 5321 §4.1.3).
    pub(crate) fn is_ascii(&self) -> bool {
        match self {
            Self::Domain(domain) => domain.is_ascii(),
            Self::Literal(_) => true,
        }
    }
}

/// ```abnf
/// Dot-string     = Atom *("."  Atom)
/// ```
pub(crate) fn dot_string<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    loop {
        if atom(cursor).is_empty() {
            let what = if cursor.at() == start { "a local part" } else { "an atom" };
            return Err(cursor.expected("Dot-string", requirement!("rfc5321-4.1.2-14"), what));
        }
        if !cursor.eat(b'.') {
            return Ok(cursor.since(start));
        }
    }
}

/// Reads as much of an atom as there is.
///
/// ```abnf
/// Atom           = 1*atext
/// ```
pub(crate) fn atom<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    rfc6531::take_while(cursor, is_atext)
}

/// The characters of atoms (RFC 5322 §3.2.3).
///
/// ```abnf
/// atext           =   ALPHA / DIGIT /
///                     "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" /
///                     "/" / "=" / "?" / "^" / "_" / "`" / "{" / "|" / "}" / "~"
/// ```
fn is_atext(octet: u8) -> bool {
    static ATEXT: Kind = Kind::alphanumeric_and(b"!#$%&'*+-/=?^_`{|}~");
    ATEXT.has(octet)
}

/// Reads a quoted string, quotes included.
///
/// ```abnf
/// Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP   = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP  = %d92 %d32-126
/// qtextSMTP      = %d32-33 / %d35-91 / %d93-126
/// ```
pub(crate) fn quoted_string<'a>(
    cursor: &mut Cursor<'a>,
    production: &'static str,
) -> Result<&'a [u8], SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.2-15");
    let start = cursor.at();
    cursor.expect(b'"', production, requirement, "`\"`")?;
    loop {
        rfc6531::take_while(cursor, |octet| matches!(octet, 32..=33 | 35..=91 | 93..=126));
        if cursor.eat(b'"') {
            return Ok(cursor.since(start));
        }
        if !cursor.eat(b'\\') {
            let what = "`\"` to close the quoted string";
            return Err(cursor.expected("Quoted-string", requirement, what));
        }
        match cursor.peek() {
            Some(32..=126) => cursor.skip(1),
            _ => {
                return Err(cursor.expected(
                    "quoted-pairSMTP",
                    requirement!("rfc5321-4.1.2-22"),
                    "a printable character behind the backslash",
                ));
            }
        }
    }
}

/// What a quoted string says (RFC 5321 §4.1.2).
pub(crate) fn unquote(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inner = match quoted {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    };
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut content = Vec::with_capacity(inner.len());
    let mut octets = inner.iter().copied();
    while let Some(octet) = octets.next() {
        content.push(if octet == b'\\' { octets.next().unwrap_or(octet) } else { octet });
    }
    Cow::Owned(content)
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::RequirementId;

    use super::*;
    use crate::rfc2033::Protocol;

    const UTF8: Grammar = Grammar { smtputf8: true, protocol: Protocol::Smtp };

    fn parse(octets: &[u8]) -> Result<Mailbox<'_>, SyntaxError> {
        Mailbox::parse(octets, Grammar::default())
    }

    #[test]
    fn legal_mailboxes_are_read_and_written_alike() {
        let table = [
            "user@example.test",
            "a.b+c!#$%&'*/=?^_`{|}~-@x",
            "\"\"@example.test",
            "\"joe smith\"@example.test",
            r#""Joe\,Smith"@example.test"#,
            r#""a@b\"\\ "@[192.0.2.1]"#,
            "user@[IPv6:2001:db8::1]",
            "user@[x-tag:content]",
        ];
        for text in table {
            let mailbox = parse(text.as_bytes()).unwrap();
            let mut out = Vec::new();
            mailbox.write_to(&mut out);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_rule() {
        const DOT: RequirementId = requirement!("rfc5321-4.1.2-14");
        const QUOTED: RequirementId = requirement!("rfc5321-4.1.2-15");
        const PAIR: RequirementId = requirement!("rfc5321-4.1.2-22");
        const MAILBOX: RequirementId = requirement!("rfc5321-4.1.2-12");
        const LABEL: RequirementId = requirement!("rfc5321-4.1.2-11");
        let table: [(&[u8], usize, RequirementId); 15] = [
            (b"", 0, DOT),
            (b"@b", 0, DOT),
            (b".a@b", 0, DOT),
            (b"a.@b", 2, DOT),
            (b"a..b@c", 2, DOT),
            (b"a", 1, MAILBOX),
            (b"a b@c", 1, MAILBOX),
            (b"a\"b\"@c", 1, MAILBOX),
            (b"\"a@b", 4, QUOTED),
            (b"\"a\"b@c", 3, MAILBOX),
            (b"\"a\\", 3, PAIR),
            (b"a@", 2, LABEL),
            (b"a@b@c", 3, MAILBOX),
            (b"a\0@b", 1, requirement!("rfc5321-4.1.2-21")),
            (b"\xc3\xa9@b", 0, requirement!("rfc5321-2.4-13")),
        ];
        for (octets, at, requirement) in table {
            let error = parse(octets).unwrap_err();
            assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
        }
    }

    #[test]
    fn quoting_makes_no_other_mailbox() {
        let same = [&b"ab@x"[..], b"\"ab\"@x", br#""a\b"@x"#, br#""\a\b"@x"#];
        let first = parse(same[0]).unwrap().local_part;
        for spelling in same {
            assert!(parse(spelling).unwrap().local_part.is_same_as(&first));
        }
        assert!(!parse(b"AB@x").unwrap().local_part.is_same_as(&first));
        let joe = parse(br#""Joe\,Smith"@x"#).unwrap();
        assert_eq!(&*joe.local_part.content(), b"Joe,Smith");
    }

    #[test]
    fn utf8_needs_the_extension_and_has_to_be_well_formed() {
        for text in ["用户@例子.test", "\"é è\"@x", "a.é@x"] {
            assert!(parse(text.as_bytes()).is_err());
            assert!(Mailbox::parse(text.as_bytes(), UTF8).is_ok(), "{text}");
        }
        for octets in [&b"\xc3@x"[..], b"\"\xff\"@x", b"a@\xe9", b"\"\\\xc3\xa9\"@x"] {
            assert!(Mailbox::parse(octets, UTF8).is_err());
        }
    }
}
