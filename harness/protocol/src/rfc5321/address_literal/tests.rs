//! Literals in all their forms, and near misses.

use proptest::prelude::*;
use smtpspec_catalogue::RequirementId;

use super::*;
use crate::Grammar;

fn read(octets: &[u8]) -> Result<AddressLiteral<'_>, SyntaxError> {
    let mut cursor = Cursor::new(octets, Grammar::default());
    let literal = AddressLiteral::read(&mut cursor)?;
    cursor.end("address-literal", requirement!("rfc5321-4.1.3-1"))?;
    Ok(literal)
}

#[test]
fn every_form_of_ipv6_is_read() {
    let table = [
        "2001:db8:0:0:0:0:0:1",
        "2001:DB8::1",
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6::",
        "::1:2:3:4:5:6",
        "1:2:3::4:5:6",
        "0:0:0:0:0:0:192.0.2.1",
        "::192.0.2.1",
        "::ffff:192.0.2.1",
        "1:2:3:4::192.0.2.1",
        "1::2:3:4:192.0.2.1",
    ];
    for text in table {
        let octets = format!("[IPv6:{text}]");
        match read(octets.as_bytes()) {
            Ok(AddressLiteral::Ipv6 { raw, address }) => {
                assert_eq!(address, text.parse::<Ipv6Addr>().unwrap());
                assert_eq!(raw, &octets.as_bytes()[1..octets.len() - 1]);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn near_misses_are_told_with_place_and_rule() {
    const V4: RequirementId = requirement!("rfc5321-4.1.3-1");
    const NUMBER: RequirementId = requirement!("rfc5321-4.1.3-6");
    const V6: RequirementId = requirement!("rfc5321-4.1.3-7");
    const GENERAL: RequirementId = requirement!("rfc5321-4.1.3-3");
    let table: [(&[u8], usize, RequirementId); 26] = [
        (b"", 0, V4),
        (b"[", 1, NUMBER),
        (b"[]", 1, NUMBER),
        (b"[1.2.3]", 6, V4),
        (b"[1.2.3.4.5]", 8, V4),
        (b"[1.2.3.256]", 7, NUMBER),
        (b"[1.2.3.0004]", 7, NUMBER),
        (b"[1.2.3.4", 8, V4),
        (b"[a]", 1, NUMBER),
        (b"[::1]", 1, GENERAL),
        (b"[2001:db8::1]x", 13, V4),
        (b"[IPv6:]", 6, V6),
        (b"[IPv6::]", 6, V6),
        (b"[IPv6::1]", 6, V6),
        (b"[IPv6:::1::2]", 10, V6),
        (b"[IPv6:1:2]", 9, V6),
        (b"[IPv6:1:2:3:4:5:6:7:8:9]", 22, V6),
        (b"[IPv6:1:2:3:4:5:6:7::]", 6, V6),
        (b"[IPv6:::1:2:3:4:5:6:7]", 20, V6),
        (b"[IPv6:12345::]", 6, V6),
        (b"[IPv6:g::]", 6, V6),
        (b"[IPv6:::1%eth0]", 9, V6),
        (b"[IPv6:1:2:3:4:5:6:7:1.2.3.4]", 20, V6),
        (b"[x:]", 3, GENERAL),
        (b"[x-:a]", 3, GENERAL),
        (b"[x:a\\]", 4, requirement!("rfc5321-4.1.3-5")),
    ];
    for (octets, at, requirement) in table {
        let error = read(octets).unwrap_err();
        assert_eq!((error.at, error.requirement), (at, requirement), "{error}");
    }
}

#[test]
fn other_tags_keep_their_content() {
    let literal = AddressLiteral::General { tag: b"x-test", content: b"a:b^c~" };
    assert_eq!(read(b"[x-test:a:b^c~]"), Ok(literal));
    assert!(matches!(read(b"[ipV6:::]"), Ok(AddressLiteral::Ipv6 { .. })));
}

proptest! {
    #[test]
    fn every_address_is_read_as_it_prints(groups in any::<[u16; 8]>(), mask in any::<u8>()) {
        let mut kept = groups;
        for (place, group) in kept.iter_mut().enumerate() {
            *group = if mask >> place & 1 == 0 { 0 } else { *group };
        }
        let address = Ipv6Addr::from(kept);
        let text = format!("[IPv6:{address}]");
        let literal = read(text.as_bytes());
        prop_assert!(
            matches!(literal, Ok(AddressLiteral::Ipv6 { address: read, .. }) if read == address),
            "{text}: {literal:?}"
        );
    }

    #[test]
    fn parsing_undoes_printing_and_nothing_panics(octets in "\\[(IPv6:|x:)?[0-9a-f:.]{0,20}\\]?") {
        match read(octets.as_bytes()) {
            Ok(literal) => {
                let mut out = Vec::new();
                literal.write_to(&mut out);
                prop_assert_eq!(out, octets.as_bytes());
            }
            Err(error) => prop_assert!(error.at <= octets.len()),
        }
    }
}
