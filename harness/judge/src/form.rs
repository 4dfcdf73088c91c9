//! The form of a reply: what each flaw is called, and what would have been right (RFC 5321 §4.2).

use smtpspec_protocol::{Flaw, FlawKind, Reply, SeenReply};

/// What a flaw is, and what would have been right.
pub(crate) fn describe(flaw: &Flaw) -> (String, String) {
    let (what, wanted) = match flaw.kind {
        FlawKind::BareCr => ("a CR without LF in a reply", "CR only as part of CRLF"),
        FlawKind::BareLf => {
            ("a reply line that ends with LF alone", "CRLF at the end of each line")
        }
        FlawKind::Nul => ("a NUL in a reply", "HT, space and printable ASCII"),
        FlawKind::EightBit => ("an octet above 127 in a reply", "HT, space and printable ASCII"),
        FlawKind::Control => ("a control character in a reply", "HT, space and printable ASCII"),
        FlawKind::CodeChanged => {
            ("a multiline reply whose code changes", "the same code on every line")
        }
        FlawKind::MissingCode => {
            ("a line without a code inside a multiline reply", "the same code on every line")
        }
        FlawKind::BadSeparator => {
            ("neither space nor hyphen behind the code", "a hyphen, or a space on the last line")
        }
        FlawKind::NoText => ("a code with nothing behind it", "a space behind the code"),
        FlawKind::CodeOutOfRange => {
            ("a code outside the grammar", "2 to 5, then 0 to 5, then 0 to 9")
        }
        FlawKind::LineTooLong { octets } => {
            return (
                "a reply line that is too long".to_owned(),
                format!("at most 512 octets; this one has {octets}"),
            );
        }
    };
    (what.to_owned(), wanted.to_owned())
}

/// Whether a reply is its code and nothing else (rfc5321-4.2-13). The challenge of a SASL exchange
/// may be empty (RFC 4954 §4).
pub(crate) fn is_bare(reply: &Reply) -> bool {
    reply.code.get() != 334 && reply.lines.iter().all(Vec::is_empty)
}

/// Where in the octets of a reply an octet of the text of one of its lines is.
pub(crate) fn place(seen: &SeenReply, line: usize, at: usize) -> Option<usize> {
    let text = seen.reply.lines.get(line)?;
    let start: usize =
        seen.octets.split_inclusive(|&octet| octet == b'\n').take(line).map(<[u8]>::len).sum();
    let whole = seen.octets.get(start..)?.split(|&octet| octet == b'\n').next()?;
    let content = whole.strip_suffix(b"\r").unwrap_or(whole);
    Some(start + content.len().checked_sub(text.len())? + at)
}

#[cfg(test)]
mod tests {
    use smtpspec_protocol::{ReadReply, ReplyReader};

    use super::*;

    fn seen(mut octets: &[u8]) -> SeenReply {
        match ReplyReader::default().feed(&mut octets) {
            Some(ReadReply::Reply(seen)) => seen,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_place_in_the_text_is_found_in_the_octets() {
        let reply = seen(b"250-mx.test\r\n250-SIZE=1\nwild\r\n250 X\r\n");
        assert_eq!(place(&reply, 0, 0), Some(4));
        assert_eq!(place(&reply, 1, 4), Some(13 + 4 + 4));
        assert_eq!(place(&reply, 2, 0), Some(24));
        assert_eq!(place(&reply, 3, 1), Some(30 + 4 + 1));
        assert_eq!(place(&reply, 4, 0), None);
        assert_eq!(place(&seen(b"250\r\n"), 0, 0), Some(3));
    }

    #[test]
    fn a_code_alone_is_bare_but_for_a_challenge() {
        assert!(is_bare(&seen(b"250 \r\n").reply) && is_bare(&seen(b"250\n").reply));
        assert!(!is_bare(&seen(b"250-\r\n250 OK\r\n").reply));
        assert!(!is_bare(&seen(b"334 \r\n").reply));
    }
}
