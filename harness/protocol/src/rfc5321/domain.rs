//! Domain names as arguments of commands (RFC 5321 §4.1.2, §2.3.5).

use smtpspec_catalogue::requirement;

use crate::cursor::Cursor;
use crate::error::SyntaxError;
use crate::rfc6531;
use crate::scan::Kind;

/// Reads a domain. There is no dot at its end and no underscore in it.
///
/// ```abnf
/// Domain         = sub-domain *("." sub-domain)
/// ```
pub(crate) fn domain<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    let length = plain_length(cursor.rest());
    if length > 0 {
        cursor.skip(length);
        return Ok(cursor.since(start));
    }
    labels(cursor)
}

/// The same, label by label.
fn labels<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    sub_domain(cursor)?;
    while cursor.eat(b'.') {
        sub_domain(cursor)?;
    }
    // rfc5321-4.1.2-23: an underscore is not the start of whatever comes behind a domain.
    match cursor.peek() {
        Some(b'_') => Err(cursor.expected(
            "sub-domain",
            requirement!("rfc5321-4.1.2-23"),
            "a letter, a digit or a hyphen",
        )),
        _ => Ok(cursor.since(start)),
    }
}

/// ```abnf
/// sub-domain     = Let-dig [Ldh-str]
/// Let-dig        = ALPHA / DIGIT
/// Ldh-str        = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
fn sub_domain(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    let requirement = match cursor.peek() {
        Some(b'_') => requirement!("rfc5321-4.1.2-23"),
        _ => requirement!("rfc5321-4.1.2-11"),
    };
    if cursor.peek() == Some(b'-') {
        return Err(cursor.expected("sub-domain", requirement, "a letter or a digit"));
    }
    let label = ldh(cursor);
    if label.is_empty() {
        return Err(cursor.expected("sub-domain", requirement, "a letter or a digit"));
    }
    if label.ends_with(b"-") {
        return Err(cursor.expected(
            "Ldh-str",
            requirement!("rfc5321-4.1.2-11"),
            "a letter or a digit to end the label",
        ));
    }
    Ok(())
}

/// How long a domain without anything odd is that these octets begin with; 0 for any other, whose
/// fault, if it has one, is found label by label.
fn plain_length(octets: &[u8]) -> usize {
    static ALPHANUMERIC: Kind = Kind::alphanumeric_and(b"");
    let mut length = 0;
    loop {
        let run = octets[length..].iter().take_while(|octet| ALPHANUMERIC.has(**octet)).count();
        length += run;
        match octets.get(length) {
            _ if run == 0 => return 0,
            Some(b'.' | b'-') => length += 1,
            Some(b'_' | 0x80..) => return 0,
            _ => return length,
        }
    }
}

static LDH: Kind = Kind::alphanumeric_and(b"-");

/// Letters, digits and hyphens, and what RFC 6531 adds.
fn ldh<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    rfc6531::take_while(cursor, |octet| LDH.has(octet))
}

/// Whether the octets are a domain as the base grammar has it, of ASCII only (RFC 5321 §4.1.2).
pub fn is_domain(octets: &[u8]) -> bool {
    let mut cursor = Cursor::new(octets, super::Grammar::default());
    domain(&mut cursor).is_ok() && cursor.is_at_end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smtpspec_catalogue::RequirementId;

    use super::*;
    use crate::Grammar;

    const LABEL: RequirementId = requirement!("rfc5321-4.1.2-11");
    const UNDERSCORE: RequirementId = requirement!("rfc5321-4.1.2-23");

    proptest! {
        #[test]
        fn a_domain_is_the_same_at_once_and_label_by_label(
            text in "[ab1.\\-_>\u{e9}]{0,12}",
            smtputf8: bool,
        ) {
            let grammar = Grammar { smtputf8, ..Grammar::default() };
            let (mut once, mut slowly) =
                (Cursor::new(text.as_bytes(), grammar), Cursor::new(text.as_bytes(), grammar));
            prop_assert_eq!(domain(&mut once), labels(&mut slowly));
            prop_assert!(once.at() == slowly.at() || plain_length(text.as_bytes()) == 0);
        }
    }

    #[test]
    fn labels_are_letters_digits_and_inner_hyphens() {
        for text in ["a", "1", "example.test", "a-b.c--d", "192.0.2.1", "xn--bcher-kva.test"] {
            assert!(is_domain(text.as_bytes()), "{text}");
        }
        let table: [(&[u8], usize, RequirementId); 11] = [
            (b"", 0, LABEL),
            (b".", 0, LABEL),
            (b"a.", 2, LABEL),
            (b"a..b", 2, LABEL),
            (b"-a", 0, LABEL),
            (b"a-", 2, LABEL),
            (b"a-.b", 2, LABEL),
            (b"a_b", 1, UNDERSCORE),
            (b"_a", 0, UNDERSCORE),
            (b"a-_b", 2, LABEL),
            (b"\xc3\xa9", 0, requirement!("rfc5321-2.4-13")),
        ];
        for (octets, at, requirement) in table {
            let error = domain(&mut Cursor::new(octets, Grammar::default())).unwrap_err();
            assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
        }
    }

    #[test]
    fn labels_beyond_ascii_need_smtputf8() {
        let grammar = Grammar { smtputf8: true, ..Grammar::default() };
        let mut cursor = Cursor::new("bücher.example>".as_bytes(), grammar);
        assert_eq!(domain(&mut cursor), Ok("bücher.example".as_bytes()));
        assert!(domain(&mut Cursor::new(b"b\xfccher", grammar)).is_ok_and(|read| read == b"b"));
    }
}
