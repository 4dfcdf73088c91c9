//! The form of a reply: what each flaw is called, and what would have been right (RFC 5321 §4.2).

use smtpspec_protocol::{Flaw, FlawKind};

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
