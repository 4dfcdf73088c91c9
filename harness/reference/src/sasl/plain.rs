//! PLAIN (RFC 4616): who the client is, and what it knows, in one message.

use smtpspec_catalogue::requirement;

use super::{Slip, knows, may_act_for, slips, user};
use crate::config::Config;
use crate::expectation::Expectation;

/// How long each part of a message may be at least (rfc4616-2-2).
const PART: usize = 255;

/// What a message may draw.
pub(super) fn expect(said: &[Vec<u8>], expectation: Expectation) -> Expectation {
    let [message] = said else { return expectation };
    let empty = matches!(&parts(message)[..], [_, name, password] if name.is_empty() || password.is_empty());
    let sound = is_sound(message);
    let long = sound && parts(message).iter().any(|part| part.len() > PART / 4);
    expectation
        .never_if(empty, requirement!("rfc4616-2-7"), "235")
        .never_if(long, requirement!("rfc4616-2-2"), "500 501 502 503 504 555")
        // It fails for what is in its message alone, and that is never the form of the line.
        .never_if(sound, requirement!("rfc4954-4-30"), "500 501 502 503 504 555")
        // An empty response is one, so it can't be asked for again.
        .never_if(message.is_empty(), requirement!("rfc4954-8-3"), "334")
}

/// ```abnf
/// message   = [authzid] UTF8NUL authcid UTF8NUL passwd
/// ```
pub(super) fn is_right(config: &Config, message: &[u8]) -> bool {
    let [authorized, name, password] = parts(message)[..] else { return false };
    if password.is_empty() && slips(config, Slip::EmptyPassword) {
        return user(config, name).is_some();
    }
    may_act_for(name, authorized) && knows(config, name, password)
}

fn parts(message: &[u8]) -> Vec<&[u8]> {
    message.split(|&octet| octet == 0).collect()
}

/// Whether a message is in its grammar, and has nothing that a server may find odd in a name.
fn is_sound(message: &[u8]) -> bool {
    if message.iter().any(|octet| octet.is_ascii_control() && *octet != 0) {
        return false;
    }
    let parts = parts(message);
    let sound =
        matches!(&parts[..], [_, name, password] if !name.is_empty() && !password.is_empty());
    sound && parts.iter().all(|part| part.len() <= PART) && std::str::from_utf8(message).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Mechanism, Turn, accept_if, turn};
    use super::*;

    fn of(said: &[&[u8]]) -> Turn {
        let said: Vec<Vec<u8>> = said.iter().map(|message| message.to_vec()).collect();
        turn(&Config::default(), Mechanism::Plain, "nonce", &said)
    }

    #[test]
    fn plain_takes_the_right_password_only() {
        for (message, right) in [
            (&b"\0bob\0secret"[..], true),
            (b"bob\0bob\0secret", true),
            ("b\u{ad}ob\0bob\0secret".as_bytes(), true),
            ("\0\u{ff42}ob\0secret".as_bytes(), true),
            (b"alice\0bob\0secret", false),
            ("\u{ad}\0bob\0secret".as_bytes(), false),
            (b"\x07bob\0bob\0secret", false),
            (b"\0bob\0Secret", false),
            (b"\0bob\0", false),
            (b"\0\0secret", false),
            (b"\0bob\0secret\0", false),
            (b"bob\0secret", false),
            (b"\xff\0bob\0secret", false),
            (b"", false),
        ] {
            assert_eq!(of(&[message]), accept_if(right), "{message:?}");
        }
        assert_eq!(of(&[]), Turn::Challenge(Vec::new()));
    }

    #[test]
    fn an_empty_name_or_password_lets_nobody_in_and_a_long_one_is_one() {
        use crate::sasl::encode;
        use crate::testing::Worth::{Fails, Fine};
        use crate::testing::{check, extended};

        let offered = extended(&["AUTH PLAIN"]);
        let long = "n".repeat(255);
        for (message, code, worth) in [
            ("\0bob\0", 235, Fails),
            ("\0\0secret", 235, Fails),
            ("bob\0\0", 235, Fails),
            ("\0bob\0", 535, Fine),
            ("\0bob\0", 501, Fine),
            (&format!("\0{long}\0x"), 535, Fine),
            (&format!("\0{long}\0x"), 501, Fails),
            (&format!("\0{long}\0{long}"), 500, Fails),
            (&format!("\0{long}n\0x"), 501, Fine),
        ] {
            let line = format!("AUTH PLAIN {}", encode(message.as_bytes()));
            check(&offered, &[(&line, code, worth)]);
        }
    }
}
