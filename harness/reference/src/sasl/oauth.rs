//! OAUTHBEARER (RFC 7628 §3): a token that somebody else has given to the client.

use smtpspec_catalogue::requirement;

use super::{Slip, Turn, decode, prepare, slips, user};
use crate::config::Config;
use crate::expectation::Expectation;
use crate::model::Model;
use crate::text::{Fault, TextRule};

/// What parts the pieces of a message.
const SEPARATOR: u8 = 1;

/// What a message may draw.
pub(super) fn expect(model: &Model, said: &[Vec<u8>], expectation: Expectation) -> Expectation {
    // Another server may hold an empty first message for none, and ask for one.
    let begun = said.first().is_some_and(|first| !first.is_empty());
    let without_token = said.iter().all(|message| token(message).is_none());
    let result = TextRule::new(
        requirement!("rfc7628-3.2.2-2"),
        "an error result in JSON with a status",
        |reply, _| {
            let line = reply.lines.first().filter(|_| reply.code.get() == 334)?;
            let told = status(&decode(line)?);
            (!told).then(|| Fault::first("an error result without a status"))
        },
    );
    let whole = matches!(said, [message] if token(message).is_some() && has_header(message));
    expectation
        .never_if(whole, requirement!("rfc7628-3.2.2-1"), "535")
        .never_if(!model.is_secured(), requirement!("rfc7628-3-1"), "235")
        .never_if(without_token, requirement!("rfc7628-3.1-2"), "235")
        .never_if(begun && said.len() > 1, requirement!("rfc7628-3-2"), "235")
        .texts(Some(result).filter(|_| begun && said.len() == 1))
}

/// Whether a message begins with the header that every server can read: a server may want a name.
fn has_header(message: &[u8]) -> bool {
    let header = message.split(|&octet| octet == SEPARATOR).next().unwrap_or_default();
    header.starts_with(b"n,a=") && header.ends_with(b",")
}

/// Whether this is an object of JSON that has a status, as far as can be told without reading all
/// of it: the rest is free.
fn status(result: &[u8]) -> bool {
    let object = result.trim_ascii();
    let named = object.windows(8).any(|eight| eight == br#""status""#);
    object.starts_with(b"{") && object.ends_with(b"}") && named
}

/// What the server does once the client has said this. A token that will not do draws a challenge
/// that says why, and only then the failure (RFC 7628 §3.2.3).
pub(super) fn turn(config: &Config, said: &[Vec<u8>]) -> Turn {
    match said {
        [message] if is_authorized(config, message) => Turn::Accepted,
        [_] if slips(config, Slip::NoResult) => Turn::Refused,
        [_] if slips(config, Slip::NoStatus) => Turn::Challenge(br#"{"scope":"mail"}"#.to_vec()),
        [_] => Turn::Challenge(br#"{"status":"invalid_token","scope":"mail"}"#.to_vec()),
        [_, _] if slips(config, Slip::PassedOver) => Turn::Accepted,
        _ => Turn::Refused,
    }
}

/// ```abnf
/// client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
/// ```
fn is_authorized(config: &Config, message: &[u8]) -> bool {
    let mut parts = message.split(|&octet| octet == SEPARATOR);
    let header = parts.next().unwrap_or_default();
    let Some(name) = header
        .strip_prefix(b"n,a=")
        .or(header.strip_prefix(b"y,a="))
        .and_then(|name| name.strip_suffix(b","))
    else {
        return false;
    };
    let known = |part: &[u8]| {
        ["auth=", "host=", "port="].iter().any(|key| part.starts_with(key.as_bytes()))
    };
    if slips(config, Slip::NoOtherKeys) && parts.any(|part| !part.is_empty() && !known(part)) {
        return false;
    }
    let user = user(config, name).filter(|_| prepare(name).is_some());
    let Some(had) = user.and_then(|user| user.token.as_deref()) else { return false };
    let Some((scheme, token)) = token(message).and_then(|given| given.split_at_checked(7)) else {
        return slips(config, Slip::NoToken);
    };
    let fits = if slips(config, Slip::OneSpelling) {
        scheme == b"Bearer "
    } else {
        scheme.eq_ignore_ascii_case(b"Bearer ")
    };
    fits && token == had.as_bytes()
}

/// The value of the key `auth`, where it is not empty.
fn token(message: &[u8]) -> Option<&[u8]> {
    let mut pairs = message.split(|&octet| octet == SEPARATOR).skip(1);
    pairs.find_map(|pair| pair.strip_prefix(b"auth=")).filter(|value| !value.is_empty())
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

    #[test]
    fn a_token_is_for_tls_and_a_failure_is_told_first() {
        use crate::sasl::encode;
        use crate::testing::Worth::{Fails, Fine, Policy};
        use crate::testing::{answer, check, extended};
        use smtpspec_protocol::Reply;

        let mut clear = extended(&["AUTH OAUTHBEARER"]);
        let auth = |message: &str| format!("AUTH OAUTHBEARER {}", encode(message.as_bytes()));
        let whole = auth("n,a=bob,\x01auth=Bearer x\x01\x01");
        check(&clear, &[(&whole, 235, Fails), (&whole, 334, Fine), (&whole, 535, Fails)]);
        clear.secure();
        answer(
            &mut clear,
            "EHLO client.test",
            &Reply::multiline(250, ["mx.test", "AUTH OAUTHBEARER"]),
        );
        let mut inside = clear;
        check(&inside, &[(&whole, 235, Fine), (&whole, 535, Fails), (&whole, 538, Policy)]);
        for without in ["n,a=bob,\x01\x01", "n,a=bob,\x01auth=\x01\x01", "\x01"] {
            check(&inside, &[(&auth(without), 235, Fails), (&auth(without), 535, Fine)]);
        }
        let result = Reply::new(334, encode(br#"{"status":"invalid_token"}"#));
        let breaches =
            |reply: &Reply| crate::testing::expect(&inside, &whole).text_breaches(reply).len();
        assert_eq!((breaches(&result), breaches(&Reply::new(334, "e30="))), (0, 1));
        answer(&mut inside, &whole, &result);
        check(&inside, &[("AQ==", 235, Fails), ("AQ==", 535, Fine)]);
    }
}
