//! What goes wrong with the mechanisms of SASL: PLAIN (RFC 4616), SCRAM (RFC 5802, RFC 7677) and
//! OAUTHBEARER (RFC 7628). What goes wrong with AUTH itself is in `rfc4954.rs`.

use smtpspec_catalogue::requirement;

use super::rfc4954::{in_exchange, is_auth, message};
use super::{Asked, Fault, Mutant, answer, mutant, reword};
use crate::sasl::{self, Slip};

/// A mechanism that gets this wrong.
macro_rules! slip {
    ($slip:ident) => {
        Fault::Config(|config| config.slips.push(Slip::$slip))
    };
}

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "plain-empty-password-lets-in",
        "lets in who has a name and no password",
        requirement!("rfc4616-2-7"),
        slip!(EmptyPassword),
    ),
    mutant(
        "plain-without-identity-refused",
        "wants an authorization identity with PLAIN",
        requirement!("rfc4616-2-1"),
        answer(
            |on| on.usually() == 235 && is_plain(on) && message(on).starts_with(b"\0"),
            535,
            "Authentication credentials invalid",
        ),
    ),
    mutant(
        "plain-long-name-draws-501",
        "holds a name of more than 64 octets for no name",
        requirement!("rfc4616-2-2"),
        answer(
            |on| is_plain(on) && message(on).split(|octet| *octet == 0).any(|part| part.len() > 64),
            501,
            "That is no name",
        ),
    ),
    mutant(
        "scram-any-flag",
        "takes any flag of channel binding for none",
        requirement!("rfc5802-5-1"),
        slip!(AnyFlag),
    ),
    mutant(
        "scram-lets-in-at-once",
        "lets in whoever begins SCRAM",
        requirement!("rfc5802-5-3"),
        answer(|on| is_challenge(on, b"r="), 235, "Authentication successful"),
    ),
    mutant(
        "scram-name-not-prepared",
        "compares the names of SCRAM octet by octet",
        requirement!("rfc5802-5.1-2"),
        slip!(Unprepared),
    ),
    mutant(
        "scram-empty-name",
        "takes an empty name for the first user's",
        requirement!("rfc5802-5.1-3"),
        slip!(NoName),
    ),
    mutant(
        "scram-name-not-as-it-came",
        "prepares the name before it is hashed",
        requirement!("rfc5802-5.1-4"),
        slip!(NameAsPrepared),
    ),
    mutant(
        "scram-equals-sign-dropped",
        "drops an equals sign in a name that begins nothing",
        requirement!("rfc5802-5.1-5"),
        slip!(DroppedEquals),
    ),
    mutant(
        "scram-mandatory-extension-passed-over",
        "passes over a mandatory extension",
        requirement!("rfc5802-5.1-6"),
        slip!(Mandatory),
    ),
    mutant(
        "scram-same-nonce",
        "has the same nonce in each exchange",
        requirement!("rfc5802-5.1-7"),
        slip!(SameNonce),
    ),
    mutant(
        "scram-any-nonce",
        "takes any nonce in the second message",
        requirement!("rfc5802-5.1-8"),
        slip!(AnyNonce),
    ),
    mutant(
        "scram-few-iterations",
        "asks for 1000 iterations",
        requirement!("rfc5802-5.1-10"),
        Fault::Config(|config| config.scram_iterations = 1000),
    ),
    mutant(
        "scram-no-verifier",
        "lets in without a proof of its own",
        requirement!("rfc5802-5.1-11"),
        slip!(NoVerifier),
    ),
    mutant(
        "scram-wrong-verifier",
        "ends with a proof that is none",
        requirement!("rfc5802-5.1-11"),
        slip!(WrongVerifier),
    ),
    mutant(
        "scram-verifier-after-failure",
        "ends a failure with a proof instead of the error",
        requirement!("rfc5802-5.1-12"),
        slip!(VerifierAfterFailure),
    ),
    mutant(
        "scram-no-extensions",
        "refuses attributes that it does not know",
        requirement!("rfc5802-5.1-15"),
        slip!(NoExtensions),
    ),
    mutant(
        "scram-any-binding",
        "binds to whatever channel the client names",
        requirement!("rfc5802-6-5"),
        slip!(AnyBinding),
    ),
    mutant(
        "scram-any-header",
        "does not look at what the second message repeats of the first",
        requirement!("rfc5802-6-6"),
        slip!(AnyHeader),
    ),
    mutant(
        "scram-challenge-in-other-order",
        "puts the salt before the nonce",
        requirement!("rfc5802-7-1"),
        reword(
            |on| is_challenge(on, b"r="),
            |_, reply| {
                let challenge = reply.lines.first().and_then(|line| sasl::decode(line));
                let challenge = challenge.unwrap_or_default();
                let mut parts: Vec<&[u8]> = challenge.split(|octet| *octet == b',').collect();
                parts.reverse();
                reply.lines = vec![sasl::encode(&parts.join(&b',')).into_bytes()];
            },
        ),
    ),
    mutant(
        "scram-last-message-in-other-words",
        "ends with a message of its own",
        requirement!("rfc5802-7-2"),
        reword(
            |on| is_challenge(on, b"v="),
            |_, reply| reply.lines = vec![sasl::encode(b"welcome").into_bytes()],
        ),
    ),
    mutant(
        "scram-old-hash",
        "makes proofs of SCRAM-SHA-256 with SHA-1",
        requirement!("rfc7677-3-1"),
        slip!(OldHash),
    ),
    mutant(
        "scram-sha-256-few-iterations",
        "asks for 1000 iterations with SCRAM-SHA-256",
        requirement!("rfc7677-3-2"),
        Fault::Config(|config| config.scram_iterations = 1000),
    ),
    mutant(
        "oauthbearer-in-clear",
        "offers OAUTHBEARER outside TLS",
        requirement!("rfc7628-3-1"),
        Fault::Config(|config| {
            config.auth_in_clear = true;
            config.slips.push(Slip::NoTls);
        }),
    ),
    mutant(
        "oauthbearer-failure-passed-over",
        "lets in once the error result was answered",
        requirement!("rfc7628-3-2"),
        slip!(PassedOver),
    ),
    mutant(
        "oauthbearer-no-other-keys",
        "refuses keys that it does not know",
        requirement!("rfc7628-3.1-1"),
        slip!(NoOtherKeys),
    ),
    mutant(
        "oauthbearer-without-token",
        "lets in without the key auth",
        requirement!("rfc7628-3.1-2"),
        slip!(NoToken),
    ),
    mutant(
        "oauthbearer-without-result",
        "refuses a token without an error result",
        requirement!("rfc7628-3.2.2-1"),
        slip!(NoResult),
    ),
    mutant(
        "oauthbearer-without-status",
        "sends an error result without a status",
        requirement!("rfc7628-3.2.2-2"),
        slip!(NoStatus),
    ),
    mutant(
        "oauthbearer-one-spelling",
        "knows the word Bearer in one spelling",
        requirement!("rfc7628-4-1"),
        slip!(OneSpelling),
    ),
];

/// Whether this is the message of PLAIN, with AUTH or behind its challenge.
fn is_plain(on: &Asked<'_>) -> bool {
    let begun = is_auth(on) && on.line().split(|octet| *octet == b' ').nth(1) == Some(b"PLAIN");
    let parts = message(on).split(|octet| *octet == 0).count();
    (begun || in_exchange(on)) && parts == 3
}

/// Whether a challenge is due that begins so.
fn is_challenge(on: &Asked<'_>, begins: &[u8]) -> bool {
    let challenge = on.usual.lines.first().and_then(|line| sasl::decode(line));
    on.usually() == 334 && challenge.is_some_and(|challenge| challenge.starts_with(begins))
}
