//! Addresses of hosts in square brackets (RFC 5321 §4.1.3).

use core::net::{Ipv4Addr, Ipv6Addr};

use memchr::memchr;
use smtpspec_catalogue::requirement;

use crate::cursor::Cursor;
use crate::error::{Fault, SyntaxError};

const PRODUCTION: &str = "address-literal";

/// An address literal (RFC 5321 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressLiteral<'a> {
    /// An IPv4 address, such as `[192.0.2.1]`.
    Ipv4 {
        /// What stands between the brackets.
        raw: &'a [u8],
        /// The address.
        address: Ipv4Addr,
    },
    /// An IPv6 address, such as `[IPv6:2001:db8::1]`.
    Ipv6 {
        /// What stands between the brackets, tag included.
        raw: &'a [u8],
        /// The address.
        address: Ipv6Addr,
    },
    /// Any other kind of address, by its tag.
    General {
        /// The standardized tag.
        tag: &'a [u8],
        /// What stands behind its colon.
        content: &'a [u8],
    },
}

impl<'a> AddressLiteral<'a> {
    /// Reads a literal, brackets included.
    ///
    /// ```abnf
    /// address-literal  = "[" ( IPv4-address-literal /
    ///                  IPv6-address-literal /
    ///                  General-address-literal ) "]"
    /// ```
    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        cursor.expect(b'[', PRODUCTION, requirement!("rfc5321-4.1.3-1"), "`[`")?;
        if let Some((length, address)) = plain_ipv4(cursor.rest()) {
            let raw = &cursor.rest()[..length];
            cursor.skip(length + "]".len());
            return Ok(Self::Ipv4 { raw, address });
        }
        Self::read_content(cursor)
    }

    /// Reads what stands behind the opening bracket, and the closing one.
    fn read_content(cursor: &mut Cursor<'a>) -> Result<Self, SyntaxError> {
        let start = cursor.at();
        let literal = if cursor.eat_word(b"IPv6:") {
            let address = ipv6_addr(cursor)?;
            Self::Ipv6 { raw: cursor.since(start), address }
        } else if is_tagged(cursor.rest()) {
            general(cursor)?
        } else {
            let address = ipv4_address_literal(cursor)?;
            Self::Ipv4 { raw: cursor.since(start), address }
        };
        let requirement = match literal {
            Self::Ipv4 { .. } => requirement!("rfc5321-4.1.3-1"),
            Self::Ipv6 { .. } => requirement!("rfc5321-4.1.3-7"),
            Self::General { .. } => requirement!("rfc5321-4.1.3-5"),
        };
        cursor.expect(b']', PRODUCTION, requirement, "`]` to close the address literal")?;
        Ok(literal)
    }

    /// Writes the literal with its brackets (RFC 5321 §4.1.3).
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        match self {
            Self::Ipv4 { raw, .. } | Self::Ipv6 { raw, .. } => out.extend_from_slice(raw),
            Self::General { tag, content } => {
                out.extend_from_slice(tag);
                out.push(b':');
                out.extend_from_slice(content);
            }
        }
        out.push(b']');
    }

    /// How many octets [`AddressLiteral::write_to`] writes.
    pub(crate) fn written_length(&self) -> usize {
        let inside = match self {
            Self::Ipv4 { raw, .. } | Self::Ipv6 { raw, .. } => raw.len(),
            Self::General { tag, content } => tag.len() + ":".len() + content.len(),
        };
        "[".len() + inside + "]".len()
    }
}

/// An IPv4 address with nothing wrong, and its length, where the closing bracket stands behind it: nearly
/// every literal, read in one pass. Anything else is read by the grammar, which says what is wrong.
fn plain_ipv4(content: &[u8]) -> Option<(usize, Ipv4Addr)> {
    let (mut octets, mut place, mut digits, mut value) = ([0; 4], 0, 0, 0_u16);
    for (at, &octet) in content.iter().enumerate() {
        match octet {
            b'0'..=b'9' if digits < 3 => {
                value = value * 10 + u16::from(octet - b'0');
                digits += 1;
            }
            b'.' | b']' if digits > 0 && (octet == b']') == (place == 3) => {
                octets[place] = u8::try_from(value).ok()?;
                if octet == b']' {
                    return Some((at, Ipv4Addr::from(octets)));
                }
                (place, digits, value) = (place + 1, 0, 0);
            }
            _ => return None,
        }
    }
    None
}

/// Whether a colon comes before the closing bracket: IPv4 has none, everything else has.
fn is_tagged(content: &[u8]) -> bool {
    let end = memchr(b']', content).unwrap_or(content.len());
    memchr(b':', &content[..end]).is_some()
}

/// ```abnf
/// General-address-literal  = Standardized-tag ":" 1*dcontent
/// Standardized-tag  = Ldh-str
/// dcontent       = %d33-90 / %d94-126
/// ```
fn general<'a>(cursor: &mut Cursor<'a>) -> Result<AddressLiteral<'a>, SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.3-3");
    let tag = cursor.take_while(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    if tag.is_empty() || tag.ends_with(b"-") {
        let what = "a letter or a digit of the tag";
        return Err(cursor.expected("Standardized-tag", requirement, what));
    }
    cursor.expect(b':', "General-address-literal", requirement, "`:` behind the tag")?;
    let content = cursor.take_while(|octet| matches!(octet, 33..=90 | 94..=126));
    if content.is_empty() {
        let what = "an address behind the tag";
        return Err(cursor.expected("General-address-literal", requirement, what));
    }
    Ok(AddressLiteral::General { tag, content })
}

/// ```abnf
/// IPv4-address-literal  = Snum 3("."  Snum)
/// ```
fn ipv4_address_literal(cursor: &mut Cursor<'_>) -> Result<Ipv4Addr, SyntaxError> {
    const PRODUCTION: &str = "IPv4-address-literal";
    let mut octets = [0; 4];
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            let what = "`.` between the numbers of the address";
            cursor.expect(b'.', PRODUCTION, requirement!("rfc5321-4.1.3-1"), what)?;
        }
        *octet = snum(cursor)?;
    }
    Ok(Ipv4Addr::from(octets))
}

/// ```abnf
/// Snum           = 1*3DIGIT
/// ```
fn snum(cursor: &mut Cursor<'_>) -> Result<u8, SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.3-6");
    let start = cursor.at();
    let digits = cursor.take_while(|octet| octet.is_ascii_digit());
    if digits.is_empty() {
        return Err(cursor.expected("Snum", requirement, "a number from 0 to 255"));
    }
    let value = digits
        .iter()
        .try_fold(0_u8, |value, digit| value.checked_mul(10)?.checked_add(digit - b'0'));
    value.filter(|_| digits.len() <= 3).ok_or(SyntaxError {
        production: "Snum",
        requirement,
        at: start,
        fault: Fault::OutOfRange("a number of an IPv4 address has three digits and is at most 255"),
    })
}

/// Reads an IPv6 address in any of its four forms.
///
/// ```abnf
/// IPv6-addr      = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
/// IPv6-hex       = 1*4HEXDIG
/// IPv6-full      = IPv6-hex 7(":" IPv6-hex)
/// IPv6-comp      = [IPv6-hex *5(":" IPv6-hex)] "::"
///                [IPv6-hex *5(":" IPv6-hex)]
/// IPv6v4-full    = IPv6-hex 5(":" IPv6-hex) ":" IPv4-address-literal
/// IPv6v4-comp    = [IPv6-hex *3(":" IPv6-hex)] "::"
///                [IPv6-hex *3(":" IPv6-hex) ":"]
///                IPv4-address-literal
/// ```
fn ipv6_addr(cursor: &mut Cursor<'_>) -> Result<Ipv6Addr, SyntaxError> {
    let start = cursor.at();
    let mut groups = Groups::default();
    if cursor.rest().starts_with(b"::") {
        cursor.skip(2);
        groups.gap = Some(0);
    }
    // A gap may stand at the end; behind a single colon a group has to come.
    while groups.gap != Some(groups.count) || is_hexdig(cursor.peek()) {
        let place = cursor.at();
        let digits = cursor.take_while(|octet| octet.is_ascii_hexdigit());
        if cursor.peek() == Some(b'.') && !digits.is_empty() {
            cursor.back_to(place);
            let [a, b, c, d] = ipv4_address_literal(cursor)?.octets();
            groups.push(u16::from_be_bytes([a, b]), place)?;
            groups.push(u16::from_be_bytes([c, d]), place)?;
            break;
        }
        groups.push(ipv6_hex(cursor, digits, place)?, place)?;
        if groups.gap.is_none() && cursor.rest().starts_with(b"::") {
            cursor.skip(2);
            groups.gap = Some(groups.count);
        } else if !cursor.eat(b':') {
            break;
        }
    }
    groups.address(cursor, start)
}

fn is_hexdig(octet: Option<u8>) -> bool {
    octet.is_some_and(|octet| octet.is_ascii_hexdigit())
}

/// The value of the digits that were read from `place` on.
fn ipv6_hex(cursor: &Cursor<'_>, digits: &[u8], place: usize) -> Result<u16, SyntaxError> {
    let requirement = requirement!("rfc5321-4.1.3-7");
    if digits.is_empty() {
        return Err(cursor.expected("IPv6-hex", requirement, "a hexadecimal digit"));
    }
    if digits.len() > 4 {
        let fault = Fault::OutOfRange("a group of an IPv6 address has at most four digits");
        return Err(SyntaxError { production: "IPv6-hex", requirement, at: place, fault });
    }
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u16;
    Ok(digits.iter().fold(0, |group, &digit| group << 4 | value(digit)))
}

/// The groups of an IPv6 address, as far as they were read.
#[derive(Default)]
struct Groups {
    values: [u16; 8],
    count: usize,
    /// How many groups stand before `::`.
    gap: Option<usize>,
}

impl Groups {
    fn push(&mut self, group: u16, at: usize) -> Result<(), SyntaxError> {
        // A gap stands for two groups at least.
        let most = if self.gap.is_some() { 6 } else { 8 };
        if self.count >= most {
            return Err(SyntaxError {
                production: "IPv6-addr",
                requirement: requirement!("rfc5321-4.1.3-7"),
                at,
                fault: Fault::OutOfRange("an IPv6 address has eight groups, with `::` at most six"),
            });
        }
        self.values[self.count] = group;
        self.count += 1;
        Ok(())
    }

    fn address(&self, cursor: &Cursor<'_>, start: usize) -> Result<Ipv6Addr, SyntaxError> {
        let requirement = requirement!("rfc5321-4.1.3-7");
        let Some(gap) = self.gap else {
            return if self.count == 8 {
                Ok(Ipv6Addr::from(self.values))
            } else {
                Err(cursor.expected("IPv6-addr", requirement, "`:` and another group"))
            };
        };
        if self.count > 6 {
            let fault = Fault::OutOfRange("`::` stands for two groups at least");
            return Err(SyntaxError { production: "IPv6-addr", requirement, at: start, fault });
        }
        let mut groups = [0; 8];
        let behind = self.count - gap;
        groups[..gap].copy_from_slice(&self.values[..gap]);
        groups[8 - behind..].copy_from_slice(&self.values[gap..self.count]);
        Ok(Ipv6Addr::from(groups))
    }
}

#[cfg(test)]
mod tests;
