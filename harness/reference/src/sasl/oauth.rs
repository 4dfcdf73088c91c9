//! OAUTHBEARER (RFC 7628 §3): a token that somebody else has given to the client.

use super::{Turn, prepare, user};
use crate::config::Config;

/// What the server does once the client has said this. A token that will not do draws a challenge
/// that says why, and only then the failure (RFC 7628 §3.2.3).
pub(super) fn turn(config: &Config, said: &[Vec<u8>]) -> Turn {
    match said {
        [message] if is_authorized(config, message) => Turn::Accepted,
        [_] => Turn::Challenge(br#"{"status":"invalid_token","scope":"mail"}"#.to_vec()),
        _ => Turn::Refused,
    }
}

/// ```abnf
/// client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
/// ```
fn is_authorized(config: &Config, message: &[u8]) -> bool {
    const SEPARATOR: u8 = 1;
    let mut parts = message.split(|&octet| octet == SEPARATOR);
    let header = parts.next().unwrap_or_default();
    let Some(name) = header
        .strip_prefix(b"n,a=")
        .or(header.strip_prefix(b"y,a="))
        .and_then(|name| name.strip_suffix(b","))
    else {
        return false;
    };
    let given = parts.find_map(|part| part.strip_prefix(b"auth="));
    let token = given.and_then(|given| {
        let (scheme, token) = given.split_at_checked(b"Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
    });
    let known = user(config, name).filter(|_| prepare(name).is_some());
    known.and_then(|user| user.token.as_deref()).is_some_and(|had| token == Some(had.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_its_user_only() {
        for (message, right) in [
            (&b"n,a=bob,\x01auth=Bearer bobs-token\x01\x01"[..], true),
            (
                b"n,a=bob,\x01host=mx.example.test\x01port=25\x01auth=bearer bobs-token\x01\x01",
                true,
            ),
            (b"n,a=eve,\x01auth=Bearer bobs-token\x01\x01", false),
            (b"n,a=bob,\x01auth=Bearer other\x01\x01", false),
            (b"n,a=bob,\x01auth=Basic bobs-token\x01\x01", false),
            (b"n,a=bob,\x01\x01", false),
            (b"\x01", false),
            (b"", false),
        ] {
            let said = [message.to_vec()];
            let turn = turn(&Config::default(), &said);
            assert_eq!(turn == Turn::Accepted, right, "{}", message.escape_ascii());
            assert_eq!(matches!(turn, Turn::Challenge(_)), !right);
        }
        let again = [b"\x01".to_vec(), b"\x01".to_vec()];
        assert_eq!(turn(&Config::default(), &again), Turn::Refused);
    }
}
