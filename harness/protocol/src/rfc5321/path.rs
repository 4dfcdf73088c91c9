//! Paths: mailboxes in angle brackets, with or without a source route (RFC 5321 §4.1.2).

use smtpspec_catalogue::requirement;

use super::domain::domain;
use super::mailbox::Mailbox;
use crate::cursor::Cursor;
use crate::error::SyntaxError;

/// A path (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path<'a> {
    /// The source route, which everybody ignores.
    pub route: SourceRoute<'a>,
    /// The mailbox.
    pub mailbox: Mailbox<'a>,
}

/// The hosts by which a message was to travel, empty nearly always (RFC 5321 appendix C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SourceRoute<'a>(&'a [u8]);

/// The argument of MAIL (RFC 5321 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReversePath<'a> {
    /// `<>`, the sender of notifications.
    Null,
    /// The mailbox that notifications go to.
    Path(Path<'a>),
}

/// The argument of RCPT (RFC 5321 §4.1.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForwardPath<'a> {
    /// `<Postmaster>` without a domain, in the case in which it is written.
    Postmaster(&'a [u8]),
    /// The mailbox that the message goes to.
    Path(Path<'a>),
}

impl<'a> Path<'a> {
    /// Reads what stands between the opening bracket and the closing one, and the latter too.
    ///
    /// ```abnf
    /// Path           = "<" [ A-d-l ":" ] Mailbox ">"
    /// ```
    #[inline]
    fn read_behind_bracket(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let requirement = requirement!("rfc5321-4.1.2-3");
        let mut route = SourceRoute::default();
        if cursor.peek() == Some(b'@') {
            route = SourceRoute::read(cursor)?;
            cursor.expect(b':', "Path", requirement, "`:` behind the source route")?;
        }
        let mailbox = Mailbox::read(cursor)?;
        cursor.expect(b'>', "Path", requirement, "`>` to close the path")?;
        Ok(Self { route, mailbox })
    }

    /// Writes the path with its brackets (RFC 5321 §4.1.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        if !self.route.is_empty() {
            out.extend_from_slice(self.route.as_bytes());
            out.push(b':');
        }
        self.mailbox.write_to(out);
        out.push(b'>');
    }

    /// How many octets [`Path::write_to`] writes: what RFC 5321 §4.5.3.1.3 sets a limit to.
    pub fn written_length(&self) -> usize {
        let route = if self.route.is_empty() { 0 } else { self.route.0.len() + ":".len() };
        "<".len() + route + self.mailbox.written_length() + ">".len()
    }

    /// Whether all of it is ASCII, as RFC 5321 §4.1.2 has it and RFC 6531 §3.3 need not.
    pub fn is_ascii(&self) -> bool {
        self.route.0.is_ascii() && self.mailbox.is_ascii()
    }
}

impl<'a> SourceRoute<'a> {
    /// ```abnf
    /// A-d-l          = At-domain *( "," At-domain )
    /// At-domain      = "@" Domain
    /// ```
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let start = cursor.at();
        loop {
            let requirement = requirement!("rfc5321-4.1.2-3");
            cursor.expect(b'@', "At-domain", requirement, "`@` and a domain of the route")?;
            domain(cursor)?;
            if !cursor.eat(b',') {
                return Ok(Self(cursor.since(start)));
            }
        }
    }

    /// Whether there is no route (RFC 5321 §4.1.2).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The route as it is written, without the colon behind it (RFC 5321 §4.1.2).
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The domains of the route, in its order (RFC 5321 appendix C).
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.split(|&octet| octet == b',').filter_map(|hop| hop.strip_prefix(b"@"))
    }
}

impl<'a> ReversePath<'a> {
    /// ```abnf
    /// Reverse-path   = Path / "<>"
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let requirement = requirement!("rfc5321-4.1.2-1");
        cursor.expect(b'<', "Reverse-path", requirement, "`<` to open a path")?;
        if cursor.eat(b'>') {
            return Ok(Self::Null);
        }
        Path::read_behind_bracket(cursor).map(Self::Path)
    }

    /// Writes the path with its brackets (RFC 5321 §4.1.2).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"<>"),
            Self::Path(path) => path.write_to(out),
        }
    }
}

impl<'a> ForwardPath<'a> {
    /// What RCPT takes.
    ///
    /// ```abnf
    /// ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
    /// Forward-path   = Path
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        const PRODUCTION: &str = "Forward-path";
        let requirement = requirement!("rfc5321-4.1.2-2");
        cursor.expect(b'<', PRODUCTION, requirement, "`<` to open a path")?;
        if cursor.peek() == Some(b'>') {
            return Err(cursor.expected(PRODUCTION, requirement, "a mailbox"));
        }
        let start = cursor.at();
        // rfc5321-4.1.1.3-11: in any case, and without a domain only if the bracket closes at once.
        if cursor.eat_word(b"postmaster") {
            let written = cursor.since(start);
            if cursor.eat(b'>') {
                return Ok(Self::Postmaster(written));
            }
            cursor.back_to(start);
        }
        Path::read_behind_bracket(cursor).map(Self::Path)
    }

    /// Writes the path with its brackets (RFC 5321 §4.1.1.3).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Postmaster(written) => {
                out.push(b'<');
                out.extend_from_slice(written);
                out.push(b'>');
            }
            Self::Path(path) => path.write_to(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use smtpspec_catalogue::RequirementId;

    use super::*;
    use crate::Grammar;

    fn reverse(octets: &[u8]) -> Result<ReversePath<'_>, SyntaxError> {
        ReversePath::read(&mut Cursor::new(octets, Grammar::default()))
    }

    fn forward(octets: &[u8]) -> Result<ForwardPath<'_>, SyntaxError> {
        ForwardPath::read(&mut Cursor::new(octets, Grammar::default()))
    }

    #[test]
    fn a_source_route_is_read_and_kept_apart() {
        let Ok(ReversePath::Path(path)) = reverse(b"<@a.test,@b:c@d>") else { panic!() };
        assert_eq!(path.route.iter().collect::<Vec<_>>(), [&b"a.test"[..], b"b"]);
        assert_eq!(path.mailbox.local_part.as_bytes(), b"c");
        let mut out = Vec::new();
        path.write_to(&mut out);
        assert_eq!(out, b"<@a.test,@b:c@d>");
    }

    #[test]
    fn what_is_said_of_a_path_is_true_of_what_is_written() {
        for written in [
            "<a@b.test>",
            "<@a.test,@b:c@d>",
            "<\"a b\"@[192.0.2.1]>",
            "<a@[IPv6:::1]>",
            "<a@[x:y]>",
            "<\u{e4}@b.test>",
            "<a@\u{e4}.test>",
            "<@\u{e4}.test:a@b.test>",
        ] {
            let grammar = Grammar { smtputf8: true, ..Grammar::default() };
            let read = ReversePath::read(&mut Cursor::new(written.as_bytes(), grammar));
            let Ok(ReversePath::Path(path)) = read else { panic!("{written}") };
            assert_eq!(path.written_length(), written.len(), "{written}");
            assert_eq!(path.is_ascii(), written.is_ascii(), "{written}");
        }
    }

    #[test]
    fn postmaster_needs_no_domain_and_no_case() {
        for name in ["Postmaster", "postmaster", "POSTMASTER"] {
            let path = format!("<{name}>");
            assert_eq!(forward(path.as_bytes()), Ok(ForwardPath::Postmaster(name.as_bytes())));
        }
        assert!(matches!(forward(b"<postmaster@x>"), Ok(ForwardPath::Path(_))));
        assert!(matches!(forward(b"<postmasters@x>"), Ok(ForwardPath::Path(_))));
        assert!(forward(b"<postmasters>").is_err() && reverse(b"<postmaster>").is_err());
    }

    #[test]
    fn only_the_reverse_path_may_be_empty() {
        assert_eq!(reverse(b"<>"), Ok(ReversePath::Null));
        let error = forward(b"<>").unwrap_err();
        assert_eq!((error.at, error.requirement), (1, requirement!("rfc5321-4.1.2-2")));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_rule() {
        const PATH: RequirementId = requirement!("rfc5321-4.1.2-3");
        let table: [(&[u8], usize, RequirementId); 9] = [
            (b"", 0, requirement!("rfc5321-4.1.2-1")),
            (b"a@b", 0, requirement!("rfc5321-4.1.2-1")),
            (b"<a@b", 4, PATH),
            (b"<a@b c>", 4, PATH),
            (b"<@b>", 3, PATH),
            (b"<@a,b:c@d>", 4, PATH),
            (b"<@a:>", 4, requirement!("rfc5321-4.1.2-14")),
            (b"<@[1.2.3.4]:c@d>", 2, requirement!("rfc5321-4.1.2-11")),
            (b"<<a@b>>", 1, requirement!("rfc5321-4.1.2-14")),
        ];
        for (octets, at, requirement) in table {
            let error = reverse(octets).unwrap_err();
            assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
        }
    }
}
