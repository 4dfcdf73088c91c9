//! RFC 4954 §4: what goes wrong within an exchange, with challenges and responses.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, Verb};

use super::rfc4954::{has_verb_and, in_exchange, is_auth, is_empty};
use super::{Asked, Fault, Mutant, Say, Then, also, answer, forget, misreport, mutant, reword};
use crate::model::Stimulus;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "auth-challenge-draws-354",
        "calls for responses with 354",
        requirement!("rfc4954-4-9"),
        misreport(|on| on.usually() == 334, 354, "Go on"),
    ),
    mutant(
        "auth-challenge-not-encoded",
        "asks for the user in plain text",
        requirement!("rfc4954-4-10"),
        reword(is_challenge, |_, reply| reply.lines = vec![b"Username:".to_vec()]),
    ),
    mutant(
        "auth-challenge-in-two-lines",
        "sends challenges in two lines",
        requirement!("rfc4954-8-6"),
        reword(is_challenge, |_, reply| {
            let first = reply.lines.first().cloned();
            reply.lines.extend(first);
        }),
    ),
    mutant(
        "auth-challenge-repeats",
        "challenges in the same way each time",
        requirement!("rfc4954-4-30"),
        also(in_exchange, |model| model.login_mut().exchanges = 0),
    ),
    mutant(
        "auth-cancel-draws-535",
        "answers 535 to the asterisk that cancels",
        requirement!("rfc4954-4-13"),
        answer(|on| in_exchange(on) && on.line() == b"*", 535, "Authentication failed"),
    ),
    mutant(
        "auth-initial-response-required",
        "wants an initial response with AUTH",
        requirement!("rfc4954-4-14"),
        answer(
            |on| is_auth(on) && on.usually() == 334 && is_empty(on.usual),
            501,
            "An initial response is required",
        ),
    ),
    mutant(
        "auth-empty-challenge-with-text",
        "says something where only the initial response is missing",
        requirement!("rfc4954-4-15"),
        reword(
            |on| is_auth(on) && on.usually() == 334 && is_empty(on.usual),
            |_, reply| reply.lines = vec![b"Z28gb24=".to_vec()],
        ),
    ),
    mutant(
        "auth-empty-challenge-without-space",
        "sends no space behind 334",
        requirement!("rfc4954-4-15"),
        Fault::Octets(|on, octets| {
            if on.usually() == 334 && is_empty(on.usual) {
                octets.retain(|octet| *octet != b' ');
            }
        }),
    ),
    mutant(
        "auth-response-before-challenge-taken",
        "goes on with an initial response for a mechanism that it begins itself",
        requirement!("rfc4954-4-18"),
        answer(
            |on| is_auth(on) && has_verb_and(on, b"CRAM-MD5") && on.usually() == 501,
            334,
            "PDE+",
        ),
    ),
    mutant(
        "auth-response-before-challenge-with-other-code",
        "answers 501 with 5.5.4 to an initial response that is not wanted",
        requirement!("rfc4954-4-19"),
        answer(
            |on| is_auth(on) && has_verb_and(on, b"CRAM-MD5") && on.usually() == 501,
            501,
            "5.5.4 No initial response here",
        ),
    ),
    mutant(
        "auth-undecodable-draws-535",
        "answers 535 to what is no BASE64",
        requirement!("rfc4954-4-20"),
        answer(is_undecodable, 535, "Authentication credentials invalid"),
    ),
    mutant(
        "auth-undecodable-with-other-code",
        "answers 501 with 5.5.4 to what is no BASE64",
        requirement!("rfc4954-4-21"),
        answer(is_undecodable, 501, "5.5.4 That is no BASE64"),
    ),
    mutant(
        "auth-strange-octets-skipped",
        "skips what is outside the alphabet of BASE64",
        requirement!("rfc4954-4-23"),
        misread(|on, reply| {
            *reply = reread(on, |line| {
                line.iter().copied().filter(|octet| is_of_alphabet(*octet)).collect()
            });
        }),
    ),
    mutant(
        "auth-misplaced-pads-skipped",
        "skips pads that stand before the end",
        requirement!("rfc4954-4-24"),
        misread(|on, reply| {
            *reply = reread(on, |line| {
                padded(line.iter().copied().filter(|octet| *octet != b'=').collect())
            });
        }),
    ),
    mutant(
        "auth-missing-pads-borne",
        "reads BASE64 without its pads",
        requirement!("rfc4954-8-5"),
        misread(|on, reply| *reply = reread(on, |line| padded(line.to_vec()))),
    ),
    mutant(
        "auth-response-of-512-at-most",
        "reads no response beyond 512 octets",
        requirement!("rfc4954-4-25"),
        answer(|on| in_exchange(on) && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "auth-line-too-long-draws-503",
        "answers 503 to a response that is too long",
        requirement!("rfc4954-4-26"),
        answer(is_too_long, 503, "Bad sequence of commands"),
    ),
    mutant(
        "auth-line-too-long-goes-on",
        "awaits another response behind one that was too long",
        requirement!("rfc4954-4-26"),
        forget(is_too_long),
    ),
    mutant(
        "auth-line-too-long-with-other-code",
        "answers 500 with 5.5.2 to a response that is too long",
        requirement!("rfc4954-4-27"),
        answer(is_too_long, 500, "5.5.2 Line too long"),
    ),
    mutant(
        "auth-equals-sign-asked-again",
        "asks for the initial response where it is empty",
        requirement!("rfc4954-8-3"),
        answer(|on| is_auth(on) && on.line().ends_with(b" ="), 334, ""),
    ),
    mutant(
        "auth-empty-response-asked-again",
        "asks again where a response is empty",
        requirement!("rfc4954-8-3"),
        answer(|on| in_exchange(on) && on.line().is_empty() && on.usually() == 535, 334, ""),
    ),
    mutant(
        "auth-commands-obeyed-in-exchange",
        "obeys commands within an exchange",
        requirement!("rfc4954-8-3"),
        Fault::Answer {
            when: |on| {
                in_exchange(on)
                    && on.request().is_some_and(|one| !matches!(one.verb, Verb::Other(_)))
            },
            say: Say::This(250, "OK"),
            then: Then::Nothing,
        },
    ),
];

/// The answer of a server that reads the response otherwise than it came.
fn reread(on: &Asked<'_>, read: fn(&[u8]) -> Vec<u8>) -> Reply {
    let line = on.line();
    let response = line.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    let (before, response) =
        if in_exchange(on) { (&b""[..], line) } else { line.split_at(line.len() - response.len()) };
    let line = [before, &read(response)].concat();
    let request = Request::parse(&line, on.model.grammar());
    on.model.expect(&Stimulus::Request(&request)).preferred
}

/// Such an answer, to what a careful server can't decode.
const fn misread(how: fn(&Asked<'_>, &mut Reply)) -> Fault {
    Fault::Answer { when: is_undecodable, say: Say::Reworded(how), then: Then::AsSaid }
}

fn is_challenge(on: &Asked<'_>) -> bool {
    on.usually() == 334 && !is_empty(on.usual)
}

fn is_undecodable(on: &Asked<'_>) -> bool {
    let asked = in_exchange(on) && on.line() != b"*";
    let first = is_auth(on) && has_verb_and(on, b"PLAIN");
    (asked || first) && on.usually() == 501
}

fn is_too_long(on: &Asked<'_>) -> bool {
    in_exchange(on) && matches!(on.stimulus, Stimulus::Overlong { .. })
}

fn is_of_alphabet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=')
}

fn padded(mut text: Vec<u8>) -> Vec<u8> {
    while !text.len().is_multiple_of(4) {
        text.push(b'=');
    }
    text
}
