//! SCRAM (RFC 5802, RFC 7677) without channel binding: the server shows that it knows a proof of
//! the password, and the client that it knows the password.
//!
//! SMTP has no place for data with the success, so the server's proof goes out as a challenge, and
//! the client answers it with nothing (RFC 4422 §5, rfc4954-4-31).

mod oracle;

pub(super) use self::oracle::expect;
use super::digest::{Hash, xor};
use super::{Answer, Answering, Slip, Turn, decode, encode, may_act_for, prepare};
use super::{slips, user};
use crate::config::Config;

/// The most iterations that we do for anybody: who asks for more has no login in mind.
const MOST_ITERATIONS: u32 = 100_000;

/// What the server does once the client has said this.
pub(super) fn turn(config: &Config, hash: Hash, nonce: &str, said: &[Vec<u8>]) -> Turn {
    let next = match said {
        [first] => server_first(config, nonce, first).map(Turn::Challenge),
        [first, second] => {
            let last = server_final(config, hash, nonce, first, second);
            match last {
                Some(_) if slips(config, Slip::NoVerifier) => Some(Turn::Accepted),
                None if slips(config, Slip::VerifierAfterFailure) => {
                    Some(Turn::Challenge(b"v=cm1GOXBxVjhTN3N1QW9aV2phNGRKUmtGc0tRPQ==".to_vec()))
                }
                last => last.map(Turn::Challenge),
            }
        }
        [first, second, last] if last.is_empty() => {
            server_final(config, hash, nonce, first, second).map(|_| Turn::Accepted)
        }
        _ => None,
    };
    next.unwrap_or(Turn::Refused)
}

/// The client's second message, with its proof.
///
/// ```abnf
/// client-final-message = channel-binding "," nonce "," proof
/// ```
pub(super) fn answer(hash: Hash, client: Answering<'_>, challenge: &[u8]) -> Option<Answer> {
    let challenge = std::str::from_utf8(challenge).ok()?;
    let salt = decode(attribute(challenge, 's')?.as_bytes())?;
    let iterations: u32 = attribute(challenge, 'i')?.parse().ok()?;
    if iterations > MOST_ITERATIONS {
        return None;
    }
    let (header, bare) = parted(client.first)?;
    let nonce = client.nonce.unwrap_or(attribute(challenge, 'r')?.as_bytes());
    let mut unproved = format!("c={},r=", encode(client.header.unwrap_or(header))).into_bytes();
    unproved.extend_from_slice(nonce);
    if let Some(extensions) = client.extensions {
        unproved.push(b',');
        unproved.extend_from_slice(extensions);
    }
    let signed = signed(bare, challenge.as_bytes(), &unproved);
    let password = prepare(client.password).map_or(client.password.to_vec(), String::into_bytes);
    let keys = Keys::new(hash, &password, &salt, iterations);
    let proof = format!(",p={}", encode(&keys.proof(&signed)));
    Some(Answer {
        response: [unproved, proof.into_bytes()].concat(),
        verifier: Some(verifier(&keys, &signed)),
    })
}

/// The header of a first message, up to its second comma, and the rest.
fn parted(first: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut commas = first.iter().enumerate().filter(|(_, octet)| **octet == b',');
    let (comma, _) = commas.nth(1)?;
    Some(first.split_at(comma + 1))
}

/// ```abnf
/// verifier        = "v=" base64
/// ```
fn verifier(keys: &Keys, signed: &[u8]) -> Vec<u8> {
    format!("v={}", encode(&keys.signature(signed))).into_bytes()
}

/// ```abnf
/// server-first-message = nonce "," salt "," iteration-count
/// ```
fn server_first(config: &Config, nonce: &str, first: &[u8]) -> Option<Vec<u8>> {
    let opening = Opening::read(first, &config.slips)?;
    if !slips(config, Slip::NoName) {
        prepare(opening.user.as_bytes()).filter(|name| !name.is_empty())?;
    }
    let nonce = if slips(config, Slip::SameNonce) { "again" } else { nonce };
    let salt = encode(&salt(config, opening.user.as_bytes()));
    let (theirs, count) = (opening.nonce, config.scram_iterations);
    Some(format!("r={theirs}{nonce},s={salt},i={count}").into_bytes())
}

/// ```abnf
/// server-final-message = (server-error / verifier)
/// ```
fn server_final(
    config: &Config,
    hash: Hash,
    nonce: &str,
    first: &[u8],
    second: &[u8],
) -> Option<Vec<u8>> {
    let opening = Opening::read(first, &config.slips)?;
    if !may_act_for(opening.user.as_bytes(), opening.authorized.as_bytes()) {
        return None;
    }
    let challenge = String::from_utf8(server_first(config, nonce, first)?).ok()?;
    let (unproved, proof) = std::str::from_utf8(second).ok()?.rsplit_once(",p=")?;
    let extensions = unproved.split(',').skip(2);
    if !are_extensions(extensions, &config.slips) {
        return None;
    }
    // `biws` is `n,,`: no channel binding, as the first message said.
    let header = attribute(unproved, 'c').and_then(|header| decode(header.as_bytes()))?;
    let same = header == opening.header.as_bytes() || slips(config, Slip::AnyHeader);
    let known = attribute(unproved, 'r')? == attribute(&challenge, 'r')?;
    if !same || !(known || slips(config, Slip::AnyNonce)) {
        return None;
    }
    let known = match opening.user.as_str() {
        "" if slips(config, Slip::NoName) => config.users.first()?,
        name => user(config, name.as_bytes())?,
    };
    let hash = if slips(config, Slip::OldHash) { Hash::Sha1 } else { hash };
    let password = prepare(known.password.as_bytes())?;
    let salt = salt(config, opening.user.as_bytes());
    let keys = Keys::new(hash, password.as_bytes(), &salt, config.scram_iterations);
    let bare = if slips(config, Slip::NameAsPrepared) {
        opening.bare.replace(&opening.user, &prepare(opening.user.as_bytes())?)
    } else {
        opening.bare.to_owned()
    };
    let signed = signed(bare.as_bytes(), challenge.as_bytes(), unproved.as_bytes());
    let right = decode(proof.as_bytes())? == keys.proof(&signed);
    let mine = if slips(config, Slip::WrongVerifier) { &b"another"[..] } else { &signed };
    right.then(|| verifier(&keys, mine))
}

/// `AuthMessage`.
fn signed(bare: &[u8], challenge: &[u8], unproved: &[u8]) -> Vec<u8> {
    [bare, b",", challenge, b",", unproved].concat()
}

/// The salt of a user, the same each time, and one of its own for who does not exist.
fn salt(config: &Config, user: &[u8]) -> Vec<u8> {
    let mut salt = Hash::Sha256.of(&[config.name.as_bytes(), b"/", user].concat());
    salt.truncate(16);
    salt
}

/// The client's first message.
///
/// ```abnf
/// client-first-message = gs2-header client-first-message-bare
/// ```
struct Opening<'m> {
    header: &'m str,
    bare: &'m str,
    /// Whom the client wants to act for; empty where it says nothing of it.
    authorized: String,
    user: String,
    nonce: &'m str,
}

impl<'m> Opening<'m> {
    fn read(message: &'m [u8], slips: &[Slip]) -> Option<Self> {
        let message = std::str::from_utf8(message).ok()?;
        let mut commas = message.match_indices(',').map(|(at, _)| at);
        let (flag_end, header_end) = (commas.next()?, commas.next()? + 1);
        let (header, bare) = message.split_at(header_end);
        let flag = &header[..flag_end];
        // A client that could bind channels says `y`; `p=` wants it, and we offer none.
        let known = matches!(flag, "n" | "y")
            || slips.contains(&Slip::AnyFlag) && !flag.starts_with("p=")
            || slips.contains(&Slip::AnyBinding) && flag.starts_with("p=");
        let authorized = match &header[flag_end + 1..header_end - 1] {
            "" => String::new(),
            named => unescaped(named.strip_prefix("a=")?, slips)?,
        };
        let mut parts = bare.split(',').peekable();
        if slips.contains(&Slip::Mandatory) {
            parts.next_if(|part| part.starts_with("m="));
        }
        let user = unescaped(parts.next()?.strip_prefix("n=")?, slips)?;
        let nonce = parts.next()?.strip_prefix("r=")?;
        let printable = !nonce.is_empty() && nonce.bytes().all(|octet| octet.is_ascii_graphic());
        let sound = known && printable && are_extensions(parts, slips);
        sound.then_some(Self { header, bare, authorized, user, nonce })
    }
}

/// Attributes that nobody knows are passed over (rfc5802-5.1-15), but not a mandatory one
/// (rfc5802-5.1-6).
fn are_extensions<'m>(mut parts: impl Iterator<Item = &'m str>, slips: &[Slip]) -> bool {
    parts.all(|part| {
        let mandatory = part.starts_with("m=") && !slips.contains(&Slip::Mandatory);
        is_attribute(part) && !mandatory && !slips.contains(&Slip::NoExtensions)
    })
}

/// ```abnf
/// attr-val        = ALPHA "=" value
/// ```
fn is_attribute(part: &str) -> bool {
    let mut octets = part.bytes();
    octets.next().is_some_and(|name| name.is_ascii_alphabetic())
        && octets.next() == Some(b'=')
        && octets.next().is_some()
}

/// The value of an attribute of a message.
fn attribute(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// ```abnf
/// saslname       = 1*(value-safe-char / "=2C" / "=3D")
/// ```
fn unescaped(name: &str, slips: &[Slip]) -> Option<String> {
    let plain = name.replace("=2C", ",").replace("=3D", "\0");
    let dropped = slips.contains(&Slip::DroppedEquals);
    let plain = if dropped { plain.replace('=', "") } else { plain };
    (!plain.contains('=')).then(|| plain.replace('\0', "="))
}

/// The keys that come of a password (RFC 5802 §3).
struct Keys {
    hash: Hash,
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Keys {
    fn new(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = hash.salted(password, salt, iterations);
        Self {
            hash,
            client: hash.mac(&salted, b"Client Key"),
            server: hash.mac(&salted, b"Server Key"),
        }
    }

    fn proof(&self, signed: &[u8]) -> Vec<u8> {
        let mut proof = self.client.clone();
        xor(&mut proof, &self.hash.mac(&self.hash.of(&self.client), signed));
        proof
    }

    fn signature(&self, signed: &[u8]) -> Vec<u8> {
        self.hash.mac(&self.server, signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Answering<'_> = Answering {
        user: b"",
        password: b"pencil",
        first: b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        header: None,
        nonce: None,
        extensions: None,
    };

    #[test]
    fn the_examples_of_the_rfcs_come_out() {
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let client = Answering { first: b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", ..CLIENT };
        let expected = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                        p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        let answered = answer(Hash::Sha1, client, challenge).unwrap();
        assert_eq!(answered.response, expected.as_bytes());
        assert_eq!(answered.verifier.unwrap(), b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
        let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                          s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let expected = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let answered = answer(Hash::Sha256, CLIENT, challenge).unwrap();
        assert_eq!(answered.response, expected.as_bytes());
        assert_eq!(answered.verifier.unwrap(), b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn an_exchange_ends_well_with_the_right_password_only() {
        let config = Config::default();
        for (password, right) in [(&b"secret"[..], true), (b"other", false)] {
            for hash in [Hash::Sha1, Hash::Sha256] {
                let mut said = vec![b"n,,n=bob,r=abc".to_vec()];
                let Turn::Challenge(challenge) = turn(&config, hash, "def", &said) else {
                    panic!()
                };
                assert!(challenge.starts_with(b"r=abcdef,s="));
                let client = Answering { password, first: b"n,,n=bob,r=abc", ..CLIENT };
                let answered = answer(hash, client, &challenge).unwrap();
                said.push(answered.response);
                let proved = turn(&config, hash, "def", &said);
                assert_eq!(proved == Turn::Challenge(answered.verifier.unwrap()), right);
                said.push(Vec::new());
                assert_eq!(turn(&config, hash, "def", &said) == Turn::Accepted, right);
                said.push(Vec::new());
                assert_eq!(turn(&config, hash, "def", &said), Turn::Refused);
            }
        }
    }

    #[test]
    fn a_first_message_out_of_form_is_refused() {
        for message in
            ["", "n,,", "p=tls-unique,,n=bob,r=abc", "n,,r=abc", "n,,n=b=2Dob,r=abc", "n,,n=bob,r="]
        {
            let said = [message.as_bytes().to_vec()];
            assert_eq!(turn(&Config::default(), Hash::Sha256, "x", &said), Turn::Refused);
        }
    }
}
