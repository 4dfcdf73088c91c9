//! RFC 5802 §5 to §7: what a server may answer within SCRAM. Whether a proof is right, only the
//! server knows; the form of its messages shows, and much of what keeps a client out.

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::Reply;

use super::super::{Mechanism, Talk, decode, is_base64};
use super::{Opening, attribute, is_attribute, parted, unescaped};
use crate::expectation::Expectation;
use crate::text::{Fault, TextRule};

/// The fewest iterations that a server should ask for (rfc5802-5.1-10, rfc7677-3-2).
const FEWEST_ITERATIONS: u64 = 4096;

/// What the answer to the client's messages may be. Whether a proof is right, only the server
/// knows; but much of what keeps out shows in the messages.
pub(in crate::sasl) fn expect(
    mechanism: Mechanism,
    exchange: Talk<'_>,
    expectation: Expectation,
) -> Expectation {
    let [first, others @ ..] = exchange.said else { return expectation };
    let sound = Opening::read(first, &[]).is_some();
    let broken = broken(exchange);
    let expectation = match broken {
        Some(rule) => expectation.never_if(true, rule, "235"),
        None => expectation,
    };
    match others {
        [] => expectation
            .never_if(broken.is_none(), requirement!("rfc5802-5-3"), "235")
            .texts(of_challenge(mechanism).into_iter().filter(|_| sound)),
        [_] if sound => {
            expectation.never_if(broken.is_none(), requirement!("rfc5802-5.1-11"), "235").texts([
                TextRule::new(requirement!("rfc5802-7-2"), "v or e, in BASE64", |reply, _| {
                    let last = challenge(reply)?;
                    let odd = !is_error(&last) && !is_verifier(&last);
                    odd.then(|| Fault::first("a last message that is neither v nor e"))
                }),
            ])
        }
        _ => expectation,
    }
}

/// What holds for the challenge.
fn of_challenge(mechanism: Mechanism) -> [TextRule; 2] {
    let few = match mechanism {
        Mechanism::ScramSha1 => requirement!("rfc5802-5.1-10"),
        _ => requirement!("rfc7677-3-2"),
    };
    let form = "r with the client's nonce and more, s and i, in BASE64";
    [
        TextRule::new(requirement!("rfc5802-7-1"), form, |reply, _| {
            let challenge = challenge(reply)?;
            let odd = !is_error(&challenge) && !is_challenge(&challenge);
            odd.then(|| Fault::first("a challenge of another form"))
        }),
        TextRule::new(few, "4096 iterations or more", |reply, _| {
            let few = iterations(&challenge(reply)?)? < FEWEST_ITERATIONS;
            few.then(|| Fault::first("fewer iterations than 4096"))
        }),
    ]
}

/// The rule by which messages like these keep out, whoever sends them.
fn broken(exchange: Talk<'_>) -> Option<RequirementId> {
    let [first, others @ ..] = exchange.said else { return None };
    // A server may hold an empty one for none, and ask for it.
    let (header, bare) = parted(first).filter(|_| !first.is_empty())?;
    if !matches!(header, [b'n' | b'y', b',', ..] | [b'p', b'=', ..]) {
        return Some(requirement!("rfc5802-5-1"));
    }
    let mut names =
        header.split(|octet| *octet == b',').filter_map(|part| part.strip_prefix(b"a="));
    let name = bare.split(|octet| *octet == b',').find_map(|part| part.strip_prefix(b"n="));
    let odd =
        |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| unescaped(name, &[]).is_none());
    if names.any(odd) || name.is_some_and(odd) {
        return Some(requirement!("rfc5802-5.1-5"));
    }
    let mandatory =
        |message: &[u8]| message.split(|octet| *octet == b',').any(|part| part.starts_with(b"m="));
    let second = others.first().map(Vec::as_slice).unwrap_or_default();
    if mandatory(bare) || mandatory(second) {
        return Some(requirement!("rfc5802-5.1-6"));
    }
    let second = std::str::from_utf8(second).ok()?;
    let repeated = attribute(second, 'c').and_then(|header| decode(header.as_bytes()))?;
    if header[0] != b'p' && repeated != header {
        return Some(requirement!("rfc5802-6-6"));
    }
    let challenge = exchange.heard.iter().find(|message| is_challenge(message))?;
    let nonce = attribute(std::str::from_utf8(challenge).ok()?, 'r')?;
    (attribute(second, 'r')? != nonce).then_some(requirement!("rfc5802-5.1-8"))
}

/// What a challenge is the BASE64 of; that it is BASE64 is another rule's matter.
fn challenge(reply: &Reply) -> Option<Vec<u8>> {
    let line = reply.lines.first().filter(|_| reply.code.get() == 334)?;
    decode(line)
}

/// ```abnf
/// server-first-message = [reserved-mext ","] nonce "," salt ","
///                        iteration-count ["," extensions]
/// ```
fn is_challenge(message: &[u8]) -> bool {
    let Ok(message) = std::str::from_utf8(message) else { return false };
    let mut parts = message.split(',').peekable();
    parts.next_if(|part| part.starts_with("m=") && part.len() > 2);
    let nonce = parts.next().and_then(|part| part.strip_prefix("r="));
    let salt = parts.next().and_then(|part| part.strip_prefix("s="));
    let count = parts.next().and_then(|part| part.strip_prefix("i="));
    let printable = |it: &str| !it.is_empty() && it.bytes().all(|octet| octet.is_ascii_graphic());
    nonce.is_some_and(printable)
        && salt.is_some_and(|salt| is_base64(salt.as_bytes()))
        && count.is_some_and(is_positive)
        && parts.all(is_attribute)
}

/// ```abnf
/// posit-number = %x31-39 *DIGIT
/// ```
fn is_positive(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

fn iterations(message: &[u8]) -> Option<u64> {
    let message = std::str::from_utf8(message).ok()?;
    attribute(message, 'i').filter(|count| is_positive(count))?.parse().ok()
}

/// ```abnf
/// server-error = "e=" server-error-value
/// ```
fn is_error(message: &[u8]) -> bool {
    message.starts_with(b"e=") && message.len() > 2
}

fn is_verifier(message: &[u8]) -> bool {
    let mut parts =
        message.strip_prefix(b"v=").into_iter().flat_map(|rest| rest.split(|o| *o == b','));
    parts.next().is_some_and(|proof| !proof.is_empty() && is_base64(proof))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::sasl::encode;
    use crate::testing::Worth::{Fails, Fine};
    use crate::testing::{answer, check, expect, extended};

    const CHALLENGE: &str = "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096";

    fn reply(challenge: &str) -> Reply {
        Reply::new(334, encode(challenge.as_bytes()))
    }

    /// An oracle that has seen SCRAM begun so, and challenged.
    fn begun(first: &str) -> Model {
        let mut model = extended(&["AUTH SCRAM-SHA-1 SCRAM-SHA-256"]);
        let initial = if first.is_empty() { "=".to_owned() } else { encode(first.as_bytes()) };
        let line = format!("AUTH SCRAM-SHA-1 {initial}");
        answer(&mut model, &line, &reply(CHALLENGE));
        model
    }

    /// The same, after this second message was answered by a last one.
    fn ended(first: &str, second: &str) -> Model {
        let mut model = begun(first);
        answer(&mut model, &encode(second.as_bytes()), &reply("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
        model
    }

    #[test]
    fn nobody_is_let_in_before_both_have_shown_what_they_know() {
        let offered = extended(&["AUTH SCRAM-SHA-1"]);
        let first = encode(b"n,,n=bob,r=abc");
        check(&offered, &[(&format!("AUTH SCRAM-SHA-1 {first}"), 235, Fails)]);
        check(&offered, &[(&format!("AUTH SCRAM-SHA-1 {first}"), 535, Fine)]);
        let second = encode(b"c=biws,r=abcdef,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        check(&begun("n,,n=bob,r=abc"), &[(&second, 235, Fails), (&second, 535, Fine)]);
        // An empty first message may have been taken for none, and the second for the first.
        check(&begun(""), &[(&second, 235, Fine)]);
    }

    #[test]
    fn messages_that_keep_out_are_known_without_the_password() {
        let whole = "c=biws,r=abcdef,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        for (first, second, worth) in [
            ("n,,n=bob,r=abc", whole, Fine),
            ("y,,n=bob,r=abc", "c=eSws,r=abcdef,p=AAAA", Fine),
            ("n,,n=b=2Cob=3D,r=abc", whole, Fine),
            ("n,,n=bob,r=abc,x=1", "c=biws,r=abcdef,x=1,p=AAAA", Fine),
            ("p=tls-unique,,n=bob,r=abc", "c=cD10bHMtdW5pcXVlLCxB,r=abcdef,p=AAAA", Fine),
            ("x,,n=bob,r=abc", whole, Fails),
            ("N,,n=bob,r=abc", whole, Fails),
            ("n,,n=bo=b,r=abc", whole, Fails),
            ("n,a=bob=2c,n=bob,r=abc", "c=bixhPWJvYj0yYyw=,r=abcdef,p=AAAA", Fails),
            ("n,,m=x,n=bob,r=abc", whole, Fails),
            ("n,,n=bob,r=abc,m=x", whole, Fails),
            ("n,,n=bob,r=abc", "c=biws,r=abcdef,m=x,p=AAAA", Fails),
            ("n,,n=bob,r=abc", "c=eSws,r=abcdef,p=AAAA", Fails),
            ("n,,n=bob,r=abc", "c=biws,r=abcxyz,p=AAAA", Fails),
            ("n,,n=bob,r=abc", "c=biws,r=abc,p=AAAA", Fails),
        ] {
            // The last message of the client is empty.
            check(&ended(first, second), &[("", 235, worth), ("", 535, Fine)]);
        }
    }

    #[test]
    fn the_challenge_and_the_last_message_have_their_form() {
        let breaches = |model: &Model, line: &str, said: &str| {
            let expectation = expect(model, line);
            let breaches = expectation.text_breaches(&reply(said));
            breaches.iter().map(|breach| breach.rule.requirement.to_string()).collect::<Vec<_>>()
        };
        let offered = extended(&["AUTH SCRAM-SHA-1 SCRAM-SHA-256"]);
        let first = encode(b"n,,n=bob,r=abc");
        for (said, sound) in [
            (CHALLENGE, true),
            ("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,x=1", true),
            ("m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=10000", true),
            ("e=other-error", true),
            ("s=QSXCR+Q6sek8bf92,r=abcdef,i=4096", false),
            ("r=abcdef,s=QSXCR,i=4096", false),
            ("r=abcdef,s=QSXCR+Q6sek8bf92,i=04096", false),
            ("r=abcdef,s=QSXCR+Q6sek8bf92", false),
            ("r=,s=QSXCR+Q6sek8bf92,i=4096", false),
            ("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,1=x", false),
            ("Username:", false),
        ] {
            let broken = breaches(&offered, &format!("AUTH SCRAM-SHA-1 {first}"), said);
            assert_eq!(broken.iter().any(|one| one == "rfc5802-7-1"), !sound, "{said}: {broken:?}");
        }
        let few = "r=abcdef,s=QSXCR+Q6sek8bf92,i=4095";
        for (mechanism, rule) in [("1", "rfc5802-5.1-10"), ("256", "rfc7677-3-2")] {
            let line = format!("AUTH SCRAM-SHA-{mechanism} {first}");
            assert_eq!(breaches(&offered, &line, few), [rule]);
            assert_eq!(breaches(&offered, &line, CHALLENGE), [""; 0]);
        }
        let second = encode(b"c=biws,r=abcdef,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        for (said, sound) in [
            ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", true),
            ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=1", true),
            ("e=invalid-proof", true),
            ("v=", false),
            ("v=!", false),
            ("e=", false),
            ("welcome", false),
        ] {
            let broken = breaches(&begun("n,,n=bob,r=abc"), &second, said);
            assert_eq!(broken.is_empty(), sound, "{said}: {broken:?}");
        }
        assert_eq!(breaches(&begun(""), &second, "welcome"), [""; 0]);
    }
}
