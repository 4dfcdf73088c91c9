//! Command lines beside two other parsers of SMTP in Rust, which share no line of code with ours.
//!
//! Where one accepts what the other refuses, RFC 5321 decides. What it decided stands in a table:
//! the clause, and the lines that it is about. A difference that is in no table is a fault, of ours
//! or of theirs, and has to be read.

use smtpspec_protocol::escape::escape;
use smtpspec_protocol::{Command, Grammar, Request, Verb};

/// A difference that was read and judged.
#[derive(Debug)]
pub struct Difference {
    /// What decides, and how.
    pub clause: &'static str,
    /// A line that shows it.
    pub example: &'static str,
    /// The lines that it is about.
    concerns: fn(&Request<'_>) -> bool,
}

/// Command lines, read by our grammar and by that of `smtp-codec`, which follows the ABNF.
///
/// What our strict grammar has, theirs has; what theirs has, ours has, if need be with a quirk
/// (RFC 5321 §4.1.1, §4.1.2, §4.1.3).
pub fn differential_codec(input: &[u8]) {
    for_each_line(input, |request| {
        let (strict, readable) = (request.is_strict(), request.command.is_ok());
        let theirs = codec_accepts(request.line);
        if strict && !theirs {
            judged(request, STRICTER_CODEC, "smtp-codec refuses what our strict grammar has");
        }
        if theirs && !readable {
            judged(request, LAXER_CODEC, "smtp-codec accepts what we can't read");
        }
    });
}

/// Command lines, read by our grammar and by that of `smtp-proto`, which is lenient.
///
/// What our strict grammar has, theirs has too (RFC 5321 §4.1.1).
pub fn differential_proto(input: &[u8]) {
    for_each_line(input, |request| {
        if request.is_strict() && !proto_accepts(request.line) {
            judged(request, STRICTER_PROTO, "smtp-proto refuses what our strict grammar has");
        }
    });
}

/// What our strict grammar has, and `smtp-codec` refuses.
pub const STRICTER_CODEC: &[Difference] = &[
    Difference {
        clause: "RFC 5321 §4.1.2: a backslash stands before any printable octet in quotes",
        example: "VRFY \"a\\b\"",
        concerns: |request| request.line.contains(&b'\\'),
    },
    Difference {
        clause: "RFC 5321 §4.1.2: inside a label hyphens may stand side by side",
        example: "EHLO a--b.example",
        concerns: |request| request.line.windows(2).any(|two| two == b"--"),
    },
    Difference {
        clause: "RFC 5321 §4.1.3: an IPv6 address may end in an IPv4 address",
        example: "EHLO [IPv6:::ffff:192.0.2.1]",
        concerns: |request| request.line.contains(&b'[') && request.line.contains(&b'.'),
    },
    Difference {
        clause: "RFC 5321 §3.5.1: VRFY and EXPN take a user name, a mailbox, or a string with both",
        example: "VRFY user.name",
        concerns: |request| matches!(request.verb, Verb::Vrfy | Verb::Expn),
    },
];

/// What `smtp-codec` accepts, and we can't read.
pub const LAXER_CODEC: &[Difference] = &[
    Difference {
        clause: "RFC 5321 §4.1.3: behind the tag IPv6 stands an address of its form, and nothing else",
        example: "EHLO [IPv6:x]",
        concerns: |request| {
            let tagged = |octets: &[u8]| octets.eq_ignore_ascii_case(b"[IPv6:");
            request.line.windows(6).any(tagged)
        },
    },
    Difference {
        clause: "RFC 5321 §4.1.3: a tag has a letter or a digit",
        example: "EHLO [:x]",
        concerns: |request| request.line.windows(2).any(|two| two == b"[:"),
    },
    Difference {
        clause: "RFC 5321 §4.1.3: a number of an IPv4 address is at most 255",
        example: "EHLO [392.0.2.1]",
        concerns: |request| {
            let numbers = request.line.split(|octet| !octet.is_ascii_digit());
            numbers
                .filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
                .any(|n: u16| n > 255)
        },
    },
];

/// What our strict grammar has, and `smtp-proto` refuses.
pub const STRICTER_PROTO: &[Difference] = &[
    Difference {
        clause: "RFC 5321 §4.1.1.11: a parameter that nobody knows is well-formed all the same",
        example: "MAIL FROM:<a@b.example> X-Y",
        concerns: |request| match &request.command {
            Ok(Command::Mail(mail)) => !mail.parameters.is_empty(),
            Ok(Command::Rcpt(rcpt)) => !rcpt.parameters.is_empty(),
            _ => false,
        },
    },
    Difference {
        clause: "RFC 5321 §4.1.2: a quoted string may be empty",
        example: "RCPT TO:<\"\"@b.example>",
        concerns: |request| request.line.windows(2).any(|two| two == b"\"\""),
    },
    Difference {
        clause: "RFC 5321 §4.1.3: an address literal stands in the place of a domain",
        example: "MAIL FROM:<a@[192.0.2.1]>",
        concerns: |request| request.line.contains(&b'['),
    },
    Difference {
        clause: "RFC 5321 §4.5.3.1.2: how long a domain may be is a matter of limits, beside the grammar",
        example: concat!(
            "EHLO a23456789b23456789c23456789d23456789e23456789f23456789.",
            "a23456789b23456789c23456789d23456789e23456789f23456789.",
            "a23456789b23456789c23456789d23456789e23456789f23456789.",
            "a23456789b23456789c23456789d23456789e23456789f23456789.",
            "a23456789b23456789c23456789d23456789e23456789f23456789",
        ),
        concerns: |request| request.line.len() > "EHLO ".len() + 255,
    },
];

fn for_each_line(input: &[u8], check: impl Fn(&Request<'_>)) {
    for line in input.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let request = Request::parse(line, Grammar::default());
        // Verbs of extensions, and those of RFC 821, one of us does not have.
        let verbs = [
            Verb::Helo,
            Verb::Ehlo,
            Verb::Mail,
            Verb::Rcpt,
            Verb::Data,
            Verb::Rset,
            Verb::Vrfy,
            Verb::Expn,
            Verb::Noop,
            Verb::Quit,
        ];
        if verbs.contains(&request.verb) && !line.contains(&b'\r') {
            check(&request);
        }
    }
}

/// Panics unless the difference stands in the table.
fn judged(request: &Request<'_>, table: &[Difference], what: &str) {
    let known = table.iter().any(|difference| (difference.concerns)(request));
    assert!(known, "{what}: {} ({:?})", escape(request.line), request.command);
}

fn codec_accepts(line: &[u8]) -> bool {
    let line = [line, b"\r\n"].concat();
    matches!(smtp_codec::parse::command::command(&line), Ok(([], _)))
}

fn proto_accepts(line: &[u8]) -> bool {
    let line = [line, b"\r\n"].concat();
    smtp_proto::Request::parse(&mut line.iter()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a table holds has to be so: else it hides what it is not about.
    fn shown(table: &[Difference], differs: impl Fn(&Request<'_>) -> bool) {
        for difference in table {
            let request = Request::parse(difference.example.as_bytes(), Grammar::default());
            assert!((difference.concerns)(&request), "{}", difference.example);
            assert!(differs(&request), "{}: {}", difference.example, difference.clause);
        }
    }

    #[test]
    fn each_difference_shows_in_its_example() {
        shown(STRICTER_CODEC, |request| request.is_strict() && !codec_accepts(request.line));
        shown(LAXER_CODEC, |request| request.command.is_err() && codec_accepts(request.line));
        shown(STRICTER_PROTO, |request| request.is_strict() && !proto_accepts(request.line));
    }

    #[test]
    fn a_difference_that_nobody_judged_is_a_fault() {
        let request = Request::parse(b"NOOP", Grammar::default());
        let told = std::panic::catch_unwind(|| judged(&request, LAXER_CODEC, "theirs"));
        assert!(told.is_err());
    }
}
