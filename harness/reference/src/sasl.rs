//! SASL (RFC 4422), as far as it shows in SMTP: what each mechanism sends, and how the server
//! checks it (RFC 4616 PLAIN, RFC 2195 CRAM-MD5, RFC 5802 and RFC 7677 SCRAM, RFC 7628 OAUTHBEARER,
//! and LOGIN, which no RFC has).
//!
//! Nothing is kept between two messages: the whole exchange so far goes in, and what the server does
//! next comes out. Messages here are as they are before BASE64.

mod digest;
mod oauth;
mod plain;
mod scram;

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine as _, alphabet};

use self::digest::Hash;
use crate::config::{Config, User};
use crate::expectation::Expectation;
use crate::model::Model;

/// A mechanism that we know (RFC 4422 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// User and password in one message (RFC 4616).
    Plain,
    /// User and password, each asked for by a prompt.
    Login,
    /// An answer to a challenge, made with the password (RFC 2195).
    CramMd5,
    /// A proof of the password, by SHA-1 (RFC 5802).
    ScramSha1,
    /// A proof of the password, by SHA-256 (RFC 7677).
    ScramSha256,
    /// A token instead of a password (RFC 7628).
    OauthBearer,
}

/// What a mechanism of our own server may get wrong, so that scenarios can be seen to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// An empty password is right.
    EmptyPassword,
    /// Names are compared octet by octet.
    Unprepared,
    /// SCRAM hashes the name as it was prepared.
    NameAsPrepared,
    /// SCRAM does without a name.
    NoName,
    /// It knows every flag of channel binding.
    AnyFlag,
    /// It binds to whatever the client names.
    AnyBinding,
    /// It drops an equals sign in a name that begins nothing.
    DroppedEquals,
    /// It passes over a mandatory extension.
    Mandatory,
    /// It refuses an optional one.
    NoExtensions,
    /// It takes any nonce in the second message.
    AnyNonce,
    /// It has the same nonce each time.
    SameNonce,
    /// It does not look at what the second message repeats of the first.
    AnyHeader,
    /// It lets in without a proof of its own.
    NoVerifier,
    /// Its proof is no proof.
    WrongVerifier,
    /// The message with which it refuses is a proof.
    VerifierAfterFailure,
    /// Every proof is made with SHA-1.
    OldHash,
    /// OAUTHBEARER refuses keys that it does not know.
    NoOtherKeys,
    /// It lets in without a token.
    NoToken,
    /// It knows the word Bearer in one spelling.
    OneSpelling,
    /// It refuses without an error result.
    NoResult,
    /// The error result has no status.
    NoStatus,
    /// Once the error result is answered, it lets in.
    PassedOver,
    /// It goes without TLS.
    NoTls,
}

/// An exchange so far, decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk<'a> {
    /// What the client has said.
    pub(crate) said: &'a [Vec<u8>],
    /// What the server has said to that.
    pub(crate) heard: &'a [Vec<u8>],
}

/// What the server does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It sends this.
    Challenge(Vec<u8>),
    /// The client is who it says.
    Accepted,
    /// It is not, or what it sent makes no sense.
    Refused,
}

/// What a client needs to answer (RFC 4422 §5).
#[derive(Debug, Clone, Copy, Default)]
pub struct Answering<'a> {
    /// Who it is; SCRAM has the name in its first message.
    pub user: &'a [u8],
    /// What it knows.
    pub password: &'a [u8],
    /// For SCRAM, its first message.
    pub first: &'a [u8],
    /// The header that its second message repeats, where that is not the one of the first.
    pub header: Option<&'a [u8]>,
    /// The nonce of the second message, where that is not the challenge's.
    pub nonce: Option<&'a [u8]>,
    /// Further attributes of the second message, in front of the proof.
    pub extensions: Option<&'a [u8]>,
}

/// What a client says to a challenge, and what it wants to hear then (RFC 5802 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub response: Vec<u8>,
    /// For SCRAM, the message with which a server that knows the password goes on.
    pub verifier: Option<Vec<u8>>,
}

impl Mechanism {
    /// Each of them, the strongest first.
    pub const ALL: [Self; 6] = [
        Self::ScramSha256,
        Self::ScramSha1,
        Self::CramMd5,
        Self::OauthBearer,
        Self::Plain,
        Self::Login,
    ];

    /// Its registered name (RFC 4422 §3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::CramMd5 => "CRAM-MD5",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }

    /// The mechanism with this name, in any case, though RFC 4422 §3.1 has upper case alone.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether what it sends must be protected (rfc7628-3-1).
    pub(crate) fn needs_tls(self) -> bool {
        self == Self::OauthBearer
    }

    /// Adds what the mechanism itself says of the answer to what the client has said so far.
    pub(crate) fn expect(
        self,
        model: &Model,
        exchange: Talk<'_>,
        expectation: Expectation,
    ) -> Expectation {
        match self {
            Self::Plain => plain::expect(exchange.said, expectation),
            Self::ScramSha1 | Self::ScramSha256 => scram::expect(self, exchange, expectation),
            Self::OauthBearer => oauth::expect(model, exchange.said, expectation),
            Self::Login | Self::CramMd5 => expectation,
        }
    }

    const fn hash(self) -> Hash {
        match self {
            Self::ScramSha1 => Hash::Sha1,
            _ => Hash::Sha256,
        }
    }
}

/// What a client answers to `challenge`, where its mechanism has an answer that has to be
/// computed: the digest of CRAM-MD5, and the second message of SCRAM. `None` where there is none,
/// or where the challenge makes no sense.
pub fn answer(mechanism: Mechanism, client: Answering<'_>, challenge: &[u8]) -> Option<Answer> {
    match mechanism {
        Mechanism::CramMd5 => Some(Answer {
            response: digest::cram(client.user, client.password, challenge),
            verifier: None,
        }),
        Mechanism::ScramSha1 | Mechanism::ScramSha256 => {
            scram::answer(mechanism.hash(), client, challenge)
        }
        Mechanism::Plain | Mechanism::Login | Mechanism::OauthBearer => None,
    }
}

/// What the server does once the client has said all this; `nonce` is new for each exchange.
pub(crate) fn turn(config: &Config, mechanism: Mechanism, nonce: &str, said: &[Vec<u8>]) -> Turn {
    match (mechanism, said) {
        (Mechanism::CramMd5, []) => Turn::Challenge(cram_challenge(config, nonce)),
        (Mechanism::CramMd5, [response]) => check_cram(config, nonce, response),
        (Mechanism::Login, []) => Turn::Challenge(b"Username:".to_vec()),
        (Mechanism::Login, [_]) => Turn::Challenge(b"Password:".to_vec()),
        (Mechanism::Login, [user, password]) => accept_if(knows(config, user, password)),
        // rfc4954-4-14: the client begins, and was not heard yet.
        (_, []) => Turn::Challenge(Vec::new()),
        (Mechanism::Plain, [message]) => accept_if(plain::is_right(config, message)),
        (Mechanism::ScramSha1 | Mechanism::ScramSha256, _) => {
            scram::turn(config, mechanism.hash(), nonce, said)
        }
        (Mechanism::OauthBearer, _) => oauth::turn(config, said),
        _ => Turn::Refused,
    }
}

/// A word for challenges, which tells nothing of the seed.
pub(crate) fn nonce(seed: [u8; 16], exchange: u32) -> String {
    let mut octets = Hash::Sha256.of(&[&seed[..], &exchange.to_be_bytes()].concat());
    octets.truncate(15);
    encode(&octets)
}

/// What BASE64 makes of these octets (RFC 4648 §4).
pub fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// The octets that this is the BASE64 of. What is outside the alphabet, a pad that is missing or
/// stands elsewhere than at the end, and bits left over are errors (rfc4954-4-23, rfc4954-4-24).
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether it is in the grammar, which says nothing of the bits left over: RFC 4648 §3.5 leaves it
/// to each decoder whether it refuses them.
///
/// ```abnf
/// base64          = base64-terminal / ( 1*(4base64-char) [base64-terminal] )
/// ```
pub(crate) fn is_base64(text: &[u8]) -> bool {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text).is_ok()
}

/// A name or a password, prepared for comparison; `None` where that fails (rfc4954-4-28,
/// rfc4954-4-29).
fn prepare(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    stringprep::saslprep(text).ok().map(std::borrow::Cow::into_owned)
}

/// The user with this name.
fn user<'c>(config: &'c Config, name: &[u8]) -> Option<&'c User> {
    if slips(config, Slip::Unprepared) {
        return config.users.iter().find(|user| user.name.as_bytes() == name);
    }
    let name = prepare(name).filter(|name| !name.is_empty())?;
    config.users.iter().find(|user| prepare(user.name.as_bytes()).as_ref() == Some(&name))
}

fn knows(config: &Config, name: &[u8], password: &[u8]) -> bool {
    let given = prepare(password).filter(|password| !password.is_empty());
    given.is_some()
        && user(config, name).is_some_and(|user| prepare(user.password.as_bytes()) == given)
}

/// Nobody may act for anybody else here.
fn may_act_for(name: &[u8], authorized: &[u8]) -> bool {
    authorized.is_empty() || (prepare(authorized).is_some() && prepare(authorized) == prepare(name))
}

/// ```abnf
/// challenge = "<" digits "." timestamp "@" host ">"
/// ```
fn cram_challenge(config: &Config, nonce: &str) -> Vec<u8> {
    format!("<{nonce}@{}>", config.name).into_bytes()
}

fn check_cram(config: &Config, nonce: &str, response: &[u8]) -> Turn {
    let Some(space) = response.iter().rposition(|&octet| octet == b' ') else {
        return Turn::Refused;
    };
    let Some(user) = user(config, &response[..space]) else { return Turn::Refused };
    let challenge = cram_challenge(config, nonce);
    let expected = digest::cram(&response[..space], user.password.as_bytes(), &challenge);
    accept_if(expected == response)
}

/// Whether our own server gets this wrong.
fn slips(config: &Config, slip: Slip) -> bool {
    config.slips.contains(&slip)
}

fn accept_if(right: bool) -> Turn {
    if right { Turn::Accepted } else { Turn::Refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mechanism: Mechanism, said: &[&[u8]]) -> Turn {
        let said: Vec<Vec<u8>> = said.iter().map(|message| message.to_vec()).collect();
        turn(&Config::default(), mechanism, "nonce", &said)
    }

    #[test]
    fn base64_is_read_as_strictly_as_the_rfc_asks() {
        for (text, strict, grammar) in [
            ("", true, true),
            ("AGJvYgBzZWNyZXQ=", true, true),
            ("QQ==", true, true),
            ("QR==", false, true),
            ("QQ", false, false),
            ("QQ=", false, false),
            ("=", false, false),
            ("=AAA", false, false),
            ("AAA=BBB=", false, false),
            ("QQ== ", false, false),
            ("Q\tQ=", false, false),
            ("QUF-", false, false),
            ("*", false, false),
        ] {
            assert_eq!(decode(text.as_bytes()).is_some(), strict, "{text}");
            assert_eq!(is_base64(text.as_bytes()), grammar, "{text}");
        }
    }

    #[test]
    fn login_asks_twice() {
        assert_eq!(of(Mechanism::Login, &[]), Turn::Challenge(b"Username:".to_vec()));
        assert_eq!(of(Mechanism::Login, &[b"bob"]), Turn::Challenge(b"Password:".to_vec()));
        assert_eq!(of(Mechanism::Login, &[b"bob", b"secret"]), Turn::Accepted);
        assert_eq!(of(Mechanism::Login, &[b"bob", b"other"]), Turn::Refused);
        assert_eq!(of(Mechanism::Login, &[b"eve", b"secret"]), Turn::Refused);
        assert_eq!(of(Mechanism::Login, &[b"bob", b"secret", b""]), Turn::Refused);
    }

    #[test]
    fn cram_wants_the_digest_of_its_own_challenge() {
        let Turn::Challenge(challenge) = of(Mechanism::CramMd5, &[]) else { panic!() };
        assert_eq!(challenge, b"<nonce@mx.example.test>");
        let client = Answering { user: b"bob", password: b"secret", ..Answering::default() };
        let right = answer(Mechanism::CramMd5, client, &challenge).unwrap().response;
        assert_eq!(of(Mechanism::CramMd5, &[&right]), Turn::Accepted);
        let other = answer(Mechanism::CramMd5, client, b"<other@mx.example.test>").unwrap();
        let other = other.response;
        assert_eq!(of(Mechanism::CramMd5, &[&other]), Turn::Refused);
        assert_eq!(of(Mechanism::CramMd5, &[b"bob"]), Turn::Refused);
    }

    #[test]
    fn names_of_mechanisms_have_no_case() {
        assert_eq!(Mechanism::named(b"scram-sha-256"), Some(Mechanism::ScramSha256));
        assert_eq!(Mechanism::named(b"SCRAM"), None);
    }
}
