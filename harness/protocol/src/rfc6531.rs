//! UTF-8 where the base grammar has ASCII only (RFC 6531 §3.3). The parsers of RFC 5321 ask here
//! when [`Grammar::smtputf8`](crate::Grammar::smtputf8) is on.
//!
//! U-labels are taken to be labels of letters, digits, hyphens and non-ASCII characters that
//! neither begin nor end with a hyphen. Whether a label is fit for IDNA (RFC 5890) depends on
//! tables of Unicode, and is not looked at.

use crate::cursor::Cursor;

/// The length of the character beyond ASCII with which the octets begin, or `None` if they do not
/// begin with one that is well formed (RFC 6532 §3.1).
///
/// ```abnf
/// UTF8-non-ascii  =   UTF8-2 / UTF8-3 / UTF8-4
/// ```
pub fn utf8_non_ascii(octets: &[u8]) -> Option<usize> {
    let length = match octets.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(octets.get(..length)?).is_ok().then_some(length)
}

/// Reads a character beyond ASCII, if the grammar has them and one is next.
pub(crate) fn eat_non_ascii(cursor: &mut Cursor<'_>) -> bool {
    let length = match cursor.peek() {
        Some(0x80..) if cursor.grammar.smtputf8 => utf8_non_ascii(cursor.rest()),
        _ => None,
    };
    cursor.skip(length.unwrap_or(0));
    length.is_some()
}

/// Reads octets of a kind, and characters beyond ASCII if the grammar has them.
pub(crate) fn take_while<'a>(cursor: &mut Cursor<'a>, is_kind: impl Fn(u8) -> bool) -> &'a [u8] {
    let start = cursor.at();
    loop {
        cursor.take_while(&is_kind);
        if !eat_non_ascii(cursor) {
            return cursor.since(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_characters_count() {
        let table: [(&[u8], Option<usize>); 11] = [
            ("é".as_bytes(), Some(2)),
            ("用".as_bytes(), Some(3)),
            ("😀x".as_bytes(), Some(4)),
            (b"", None),
            (b"a", None),
            (b"\x80", None),
            (b"\xc0\x80", None),
            (b"\xc3", None),
            (b"\xed\xa0\x80", None),
            (b"\xf5\x80\x80\x80", None),
            (b"\xc3(", None),
        ];
        for (octets, length) in table {
            assert_eq!(utf8_non_ascii(octets), length, "{octets:x?}");
        }
    }
}
