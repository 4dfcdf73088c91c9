//! RFC 3461 §4 to §4.4: the values of RET, ENVID, NOTIFY and ORCPT, and `xtext`, in which two of
//! them are written.

/// What a value is by its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// It is one of the parameter's values.
    Valid,
    /// It is not, or hardly, but a reader who takes it breaks no rule, and one who refuses it
    /// neither.
    Doubtful,
    /// It is none.
    Wrong,
}

/// How much of a message comes back with the notice that it failed (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    /// The whole of it.
    Full,
    /// Its header.
    Headers,
}

/// Of what the sender wants to be told (RFC 3461 §4.1). NEVER is none of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Notify {
    pub(crate) success: bool,
    pub(crate) failure: bool,
    pub(crate) delay: bool,
}

impl Return {
    /// Reads the value; letters in any case (rfc3461-4.3-2).
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        match value.to_ascii_uppercase().as_slice() {
            b"FULL" => Some(Self::Full),
            b"HDRS" => Some(Self::Headers),
            _ => None,
        }
    }
}

impl Notify {
    /// Reads the value; letters in any case (rfc3461-4.1-4).
    ///
    /// ```abnf
    /// notify-esmtp-value  = "NEVER" / 1#notify-list-element
    /// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
    /// ```
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut notify = Self::default();
        if value.eq_ignore_ascii_case(b"NEVER") {
            return Some(notify);
        }
        for element in value.split(|&octet| octet == b',') {
            match element.to_ascii_uppercase().as_slice() {
                b"SUCCESS" => notify.success = true,
                b"FAILURE" => notify.failure = true,
                b"DELAY" => notify.delay = true,
                // The lists of RFC 822 §2.7 may have empty elements.
                b"" => {}
                _ => return None,
            }
        }
        (notify != Self::default()).then_some(notify)
    }
}

/// The form of the value of RET.
pub(crate) fn of_ret(value: &[u8]) -> Form {
    if Return::parse(value).is_some() { Form::Valid } else { Form::Wrong }
}

/// The form of the value of NOTIFY. An empty element stands in the lists of RFC 822 and in hardly
/// any other.
pub(crate) fn of_notify(value: &[u8]) -> Form {
    match Notify::parse(value) {
        None => Form::Wrong,
        Some(_) if value.split(|&octet| octet == b',').any(<[u8]>::is_empty) => Form::Doubtful,
        Some(_) => Form::Valid,
    }
}

/// The form of the value of ENVID.
pub(crate) fn of_envid(value: &[u8]) -> Form {
    of_xtext(value)
}

/// The form of the value of ORCPT. Whether the type is registered nobody asks of a server, and
/// the address need not be one of that type (rfc3461-4.2-6).
///
/// ```abnf
/// original-recipient-address = addr-type ";" xtext
/// addr-type = atom
/// ```
pub(crate) fn of_orcpt(value: &[u8]) -> Form {
    let Some((kind, address)) = original_recipient(value) else { return Form::Wrong };
    if kind.is_empty() || !kind.iter().copied().all(is_atom) {
        return Form::Wrong;
    }
    if kind.eq_ignore_ascii_case(b"utf-8") {
        // Addresses of this type have a grammar of their own (RFC 6533 §3).
        return Form::Doubtful;
    }
    of_xtext(address)
}

/// The type of the address and the address in xtext, as it is written.
pub(crate) fn original_recipient(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|&octet| octet == b';')?;
    Some((&value[..at], &value[at + 1..]))
}

/// A character of an atom (RFC 822 §3.3).
fn is_atom(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"()<>@,;:\\\".[]".contains(&octet)
}

/// The form of xtext. What comes out is to be printable (rfc3461-4.2-7, rfc3461-4.4-3), and the
/// digits are to be in upper case; readers have always taken others as well.
fn of_xtext(text: &[u8]) -> Form {
    let Some(octets) = decode(text) else { return Form::Wrong };
    let printable = octets.iter().all(|&octet| matches!(octet, b' '..=b'~' | b'\t'));
    let hexchars = text.split(|&octet| octet == b'+').skip(1);
    let upper = { hexchars }.all(|rest| !rest.iter().take(2).any(u8::is_ascii_lowercase));
    if printable && upper { Form::Valid } else { Form::Doubtful }
}

/// What xtext stands for (RFC 3461 §4), with digits in any case.
///
/// ```abnf
/// xtext   = *( xchar / hexchar )
/// xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
/// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
/// ```
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&octet) = rest.next() {
        octets.push(match octet {
            b'+' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            b'!'..=b'~' if octet != b'=' => octet,
            _ => return None,
        });
    }
    Some(octets)
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Form::{Doubtful, Valid, Wrong};

    fn check(form: fn(&[u8]) -> Form, rows: &[(&str, Form)]) {
        for (value, expected) in rows {
            assert_eq!(form(value.as_bytes()), *expected, "{value}");
        }
    }

    #[test]
    fn ret_is_one_of_two_words() {
        check(
            of_ret,
            &[("FULL", Valid), ("hdrs", Valid), ("HDR", Wrong), ("FULL,HDRS", Wrong), ("", Wrong)],
        );
    }

    #[test]
    fn never_stands_alone_in_notify() {
        check(
            of_notify,
            &[
                ("NEVER", Valid),
                ("never", Valid),
                ("SUCCESS,FAILURE,DELAY", Valid),
                ("Delay,Success", Valid),
                ("SUCCESS,SUCCESS", Valid),
                ("SUCCESS,,DELAY", Doubtful),
                (",FAILURE", Doubtful),
                ("NEVER,SUCCESS", Wrong),
                ("FAILURE,NEVER", Wrong),
                ("NEVER,NEVER", Wrong),
                ("ALWAYS", Wrong),
                (",", Wrong),
                ("", Wrong),
            ],
        );
        let notify = Notify::parse(b"failure,DELAY").unwrap();
        assert_eq!(notify, Notify { success: false, failure: true, delay: true });
    }

    #[test]
    fn an_envelope_id_is_xtext() {
        check(
            of_envid,
            &[
                ("QQ314159", Valid),
                ("a(b)c", Valid),
                ("a+2Bb+3D+20", Valid),
                ("a+2bb", Doubtful),
                ("a+00", Doubtful),
                ("a+C3+A9", Doubtful),
                ("a+", Wrong),
                ("a+2", Wrong),
                ("a+2G", Wrong),
                ("a=b", Wrong),
                ("a b", Wrong),
            ],
        );
        assert_eq!(decode(b"a+2Bb+3d").unwrap(), b"a+b=");
    }

    #[test]
    fn an_original_recipient_has_a_type_and_an_address() {
        check(
            of_orcpt,
            &[
                ("rfc822;a@b.example", Valid),
                ("x400;/C=", Wrong),
                ("x400;/C+3DUS/", Valid),
                ("x-odd!;no+20address", Valid),
                ("rfc822;", Valid),
                ("rfc822;a;b", Valid),
                ("utf-8;\u{e9}", Doubtful),
                ("rfc822", Wrong),
                (";a@b.example", Wrong),
                ("rfc.822;a@b.example", Wrong),
                ("rfc822;a+zz", Wrong),
            ],
        );
    }
}
