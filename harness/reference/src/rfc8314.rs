//! RFC 8314 §4.3 (the clause `tls`): which cipher suite kept a message that was posted.
//!
//! Nothing else of it shows in a session: what TLS is has its place where the sockets are.

use crate::model::Model;
use crate::rfc6409;

/// The cipher suite that the trace of a message tells, where it was posted inside TLS
/// (rfc8314-4.3-1), by its registered name (rfc8314-4.3-2).
pub(crate) fn told<'c>(model: &Model, cipher: Option<&'c str>) -> Option<&'c str> {
    let posted = model.is_secured() && rfc6409::is_submission(model);
    cipher.filter(|cipher| posted && is_name(cipher))
}

/// ```abnf
/// tls-cipher-name    =  ALPHA *(ALPHA / DIGIT / "_")
/// ```
fn is_name(name: &str) -> bool {
    let word = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_suite_is_told_of_what_was_posted_inside_tls() {
        let server = |submission| Model::server(Config { submission, ..Config::default() }.into());
        let mut posted = server(true);
        let suite = Some("TLS_AES_256_GCM_SHA384");
        assert_eq!(told(&posted, suite), None);
        posted.secure();
        assert_eq!(told(&posted, suite), suite);
        assert_eq!(told(&posted, None), None);
        for name in ["", "in memory", "0x1301", "_A"] {
            assert_eq!(told(&posted, Some(name)), None, "{name}");
        }
        let mut relayed = server(false);
        relayed.secure();
        assert_eq!(told(&relayed, suite), None);
    }
}
