//! SCRAM (RFC 5802, RFC 7677) without channel binding: the server shows that it knows a proof of
//! the password, and the client that it knows the password.
//!
//! SMTP has no place for data with the success, so the server's proof goes out as a challenge, and
//! the client answers it with nothing (RFC 4422 §5, rfc4954-4-31).

use super::digest::{Hash, xor};
use super::{Answering, Turn, decode, encode, may_act_for, prepare, user};
use crate::config::Config;

/// The most iterations that we do for anybody: who asks for more has no login in mind.
const MOST_ITERATIONS: u32 = 100_000;

/// What the server does once the client has said this.
pub(super) fn turn(config: &Config, hash: Hash, nonce: &str, said: &[Vec<u8>]) -> Turn {
    let next = match said {
        [first] => server_first(config, nonce, first).map(Turn::Challenge),
        [first, second] => server_final(config, hash, nonce, first, second).map(Turn::Challenge),
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
pub(super) fn answer(hash: Hash, client: Answering<'_>, challenge: &[u8]) -> Option<Vec<u8>> {
    let challenge = std::str::from_utf8(challenge).ok()?;
    let salt = decode(attribute(challenge, 's')?.as_bytes())?;
    let iterations: u32 = attribute(challenge, 'i')?.parse().ok()?;
    let nonce = attribute(challenge, 'r')?;
    if iterations > MOST_ITERATIONS {
        return None;
    }
    let bare = [&b"n="[..], &escaped(client.user), b",r=", client.nonce].concat();
    let unproved = format!("c=biws,r={nonce}");
    let signed = signed(&bare, challenge, &unproved);
    let password = prepare(client.password).map_or(client.password.to_vec(), String::into_bytes);
    let keys = Keys::new(hash, &password, &salt, iterations);
    Some(format!("{unproved},p={}", encode(&keys.proof(&signed))).into_bytes())
}

/// ```abnf
/// server-first-message = nonce "," salt "," iteration-count
/// ```
fn server_first(config: &Config, nonce: &str, first: &[u8]) -> Option<Vec<u8>> {
    let opening = Opening::read(first)?;
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
    let opening = Opening::read(first)?;
    let challenge = String::from_utf8(server_first(config, nonce, first)?).ok()?;
    let (unproved, proof) = std::str::from_utf8(second).ok()?.rsplit_once(",p=")?;
    // `biws` is `n,,`: no channel binding, as the first message said.
    let header = attribute(unproved, 'c').and_then(|header| decode(header.as_bytes()))?;
    let known = attribute(unproved, 'r')? == attribute(&challenge, 'r')?;
    if header != opening.header.as_bytes() || !known {
        return None;
    }
    let known = user(config, opening.user.as_bytes())?;
    let password = prepare(known.password.as_bytes())?;
    let salt = salt(config, opening.user.as_bytes());
    let keys = Keys::new(hash, password.as_bytes(), &salt, config.scram_iterations);
    let signed = signed(opening.bare.as_bytes(), &challenge, unproved);
    let right = decode(proof.as_bytes())? == keys.proof(&signed);
    right.then(|| format!("v={}", encode(&keys.signature(&signed))).into_bytes())
}

/// `AuthMessage`.
fn signed(bare: &[u8], challenge: &str, unproved: &str) -> Vec<u8> {
    [bare, b",", challenge.as_bytes(), b",", unproved.as_bytes()].concat()
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
    user: String,
    nonce: &'m str,
}

impl<'m> Opening<'m> {
    fn read(message: &'m [u8]) -> Option<Self> {
        let message = std::str::from_utf8(message).ok()?;
        let mut commas = message.match_indices(',').map(|(at, _)| at);
        let (flag_end, header_end) = (commas.next()?, commas.next()? + 1);
        let (header, bare) = message.split_at(header_end);
        // A client that could bind channels says `y`; `p=` wants it, and we offer none.
        if !matches!(&header[..flag_end], "n" | "y") {
            return None;
        }
        let authorized = header[flag_end + 1..header_end - 1].strip_prefix("a=").unwrap_or("");
        let mut parts = bare.split(',');
        let user = unescaped(parts.next()?.strip_prefix("n=")?)?;
        let nonce = parts.next()?.strip_prefix("r=")?;
        let printable = !nonce.is_empty() && nonce.bytes().all(|octet| octet.is_ascii_graphic());
        let allowed = may_act_for(user.as_bytes(), unescaped(authorized)?.as_bytes());
        (printable && allowed).then_some(Self { header, bare, user, nonce })
    }
}

/// The value of an attribute of a message.
fn attribute(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// ```abnf
/// saslname       = 1*(value-safe-char / "=2C" / "=3D")
/// ```
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for octet in name {
        match octet {
            b',' => escaped.extend_from_slice(b"=2C"),
            b'=' => escaped.extend_from_slice(b"=3D"),
            octet => escaped.push(*octet),
        }
    }
    escaped
}

fn unescaped(name: &str) -> Option<String> {
    let plain = name.replace("=2C", ",").replace("=3D", "\0");
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

    const CLIENT: Answering<'_> =
        Answering { user: b"user", password: b"pencil", nonce: b"rOprNGfwEbeRWgbNEkqO" };

    #[test]
    fn the_examples_of_the_rfcs_come_out() {
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let client = Answering { nonce: b"fyko+d2lbbFgONRv9qkxdawL", ..CLIENT };
        let expected = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                        p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(answer(Hash::Sha1, client, challenge).unwrap(), expected.as_bytes());
        let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                          s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let expected = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(answer(Hash::Sha256, CLIENT, challenge).unwrap(), expected.as_bytes());
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
                let client = Answering { user: b"bob", password, nonce: b"abc" };
                said.push(answer(hash, client, &challenge).unwrap());
                let proved = turn(&config, hash, "def", &said);
                assert_eq!(matches!(proved, Turn::Challenge(_)), right);
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
        let acting = [b"n,a=eve,n=bob,r=abc".to_vec()];
        assert_eq!(turn(&Config::default(), Hash::Sha256, "x", &acting), Turn::Refused);
    }

    #[test]
    fn the_server_proves_itself_as_in_the_examples() {
        for (hash, nonce, server, salt, signature) in [
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "3rfcNHYJY1ZVvWVs7j",
                "QSXCR+Q6sek8bf92",
                "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                "W22ZaJ0SNY7soEsUEjb6gQ==",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let keys =
                Keys::new(hash, b"pencil", &super::super::decode(salt.as_bytes()).unwrap(), 4096);
            let signed = format!(
                "n=user,r={nonce},r={nonce}{server},s={salt},i=4096,c=biws,r={nonce}{server}"
            );
            let expected = super::super::decode(signature.as_bytes()).unwrap();
            assert_eq!(keys.signature(signed.as_bytes()), expected);
        }
    }
}
