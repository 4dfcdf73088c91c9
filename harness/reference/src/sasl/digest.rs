//! Digests with and without a key: CRAM-MD5 (RFC 2195), and what SCRAM is made of (RFC 5802 §2.2).

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The hash of a SCRAM mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// `H(str)`.
    pub(super) fn of(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
        }
    }

    /// `HMAC(key, str)`.
    pub(super) fn mac(self, key: &[u8], octets: &[u8]) -> Vec<u8> {
        const ANY: &str = "invariant: a key of any length will do";
        match self {
            Self::Sha1 => {
                let mac = Hmac::<Sha1>::new_from_slice(key).expect(ANY);
                mac.chain_update(octets).finalize().into_bytes().to_vec()
            }
            Self::Sha256 => {
                let mac = Hmac::<Sha256>::new_from_slice(key).expect(ANY);
                mac.chain_update(octets).finalize().into_bytes().to_vec()
            }
        }
    }

    /// `Hi(str, salt, i)`: PBKDF2 with one block.
    pub(super) fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        let mut last = self.mac(password, &[salt, &1_u32.to_be_bytes()].concat());
        let mut sum = last.clone();
        for _ in 1..iterations {
            last = self.mac(password, &last);
            xor(&mut sum, &last);
        }
        sum
    }
}

/// The first becomes the exclusive or of both.
pub(super) fn xor(one: &mut [u8], other: &[u8]) {
    for (octet, other) in one.iter_mut().zip(other) {
        *octet ^= other;
    }
}

/// The answer of CRAM-MD5: the user, a space, and the keyed digest in hexadecimal (RFC 2195 §2).
pub(super) fn cram(user: &[u8], password: &[u8], challenge: &[u8]) -> Vec<u8> {
    let mac =
        Hmac::<Md5>::new_from_slice(password).expect("invariant: a key of any length will do");
    let digest = mac.chain_update(challenge).finalize().into_bytes();
    let mut answer = [user, b" "].concat();
    for octet in digest {
        answer.extend_from_slice(format!("{octet:02x}").as_bytes());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_2195_comes_out() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        let expected = b"tim b913a602c7eda7a495b4e6e7334d3890";
        assert_eq!(cram(b"tim", b"tanstaaftanstaaf", challenge), expected);
    }
}
