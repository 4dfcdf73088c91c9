//! What is wrong with the lines of commands, and with what a server takes of each size
//! (RFC 5321 §2.3.8, §2.4, §4.5.3.1).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, EhloName, Host, limits};

use super::envelope::path;
use super::framing::at_crlf;
use super::{Fault, Mutant, answer, is_unknown, mutant, silence};
use crate::model::Stimulus;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "verbs-case-sensitive",
        "knows verbs in upper case only",
        requirement!("rfc5321-2.4-2"),
        answer(
            |on| on.line().iter().take(4).any(u8::is_ascii_lowercase) && !is_unknown(on),
            500,
            "Command unrecognized",
        ),
    ),
    mutant(
        "lf-accepted-as-line-end",
        "takes LF alone for the end of a command line",
        requirement!("rfc5321-2.3.8-1"),
        Fault::Lines(|held| {
            let line = held.strip_suffix(b"\n")?;
            Some((line.strip_suffix(b"\r").unwrap_or(line).len(), held.len()))
        }),
    ),
    mutant(
        "cr-accepted-as-line-end",
        "takes CR alone for the end of a command line",
        requirement!("rfc5321-2.3.8-1"),
        Fault::Lines(|held| {
            // One octet has to be seen behind a CR, to tell what it is.
            at_crlf(held).or_else(|| {
                let cr = held.len().checked_sub(2).filter(|&at| held[at] == b'\r')?;
                Some((cr, cr + 1))
            })
        }),
    ),
    mutant(
        "command-run-before-lf",
        "acts on a command when its CR has come",
        requirement!("rfc5321-2.4-8"),
        Fault::Lines(|held| Some((held.strip_suffix(b"\r")?.len(), held.len()))),
    ),
    mutant(
        "command-run-before-crlf",
        "acts on NOOP when its four letters have come",
        requirement!("rfc5321-2.4-8"),
        Fault::Lines(|held| if held == b"NOOP" { Some((4, 4)) } else { at_crlf(held) }),
    ),
    mutant(
        "over-long-line-tail-is-command",
        "takes what is too long of a command line for another command",
        requirement!("rfc5321-4.2-1"),
        Fault::Lines(|held| {
            at_crlf(held).or_else(|| (held.len() >= 1000).then_some((held.len(), held.len())))
        }),
    ),
    mutant(
        "over-long-line-unanswered",
        "says nothing to a command line that is too long",
        requirement!("rfc5321-4.2-1"),
        silence(|on| too_long(on.stimulus)),
    ),
    mutant(
        "over-long-line-closes",
        "closes at a command line that is too long",
        requirement!("rfc5321-4.1.1.10-2"),
        Fault::Close(|on| too_long(on.stimulus)),
    ),
    mutant(
        "line-of-512-octets-refused",
        "refuses a command line of 512 octets",
        requirement!("rfc5321-4.5.3.1.4-1"),
        answer(|on| on.line().len() + 2 == limits::COMMAND_LINE, 500, "Line too long"),
    ),
    mutant(
        "line-of-300-octets-refused",
        "refuses a command line of more than 300 octets as too long",
        requirement!("rfc5321-4.3.2-6"),
        answer(|on| on.line().len() + 2 > 300, 500, "Line too long"),
    ),
    mutant(
        "local-part-of-64-octets-refused",
        "refuses a local-part of 64 octets",
        requirement!("rfc5321-4.5.3.1.1-1"),
        answer(
            |on| {
                path(on).is_some_and(|path| {
                    path.mailbox.local_part.as_bytes().len() >= limits::LOCAL_PART
                })
            },
            501,
            "Local-part too long",
        ),
    ),
    mutant(
        "domain-of-255-octets-refused",
        "refuses a domain of 255 octets in EHLO",
        requirement!("rfc5321-4.5.3.1.2-1"),
        answer(
            |on| match on.command() {
                Some(Command::Ehlo(EhloName::Domain(name)) | Command::Helo(name)) => {
                    name.len() >= limits::DOMAIN
                }
                _ => false,
            },
            501,
            "Domain too long",
        ),
    ),
    mutant(
        "domain-of-200-octets-refused",
        "refuses a domain of more than 200 octets in MAIL and RCPT",
        requirement!("rfc5321-4.5.3.1.2-1"),
        answer(
            |on| {
                path(on).is_some_and(
                    |path| matches!(path.mailbox.host, Host::Domain(name) if name.len() > 200),
                )
            },
            501,
            "Domain too long",
        ),
    ),
    mutant(
        "path-of-256-octets-refused",
        "refuses a path of 256 octets",
        requirement!("rfc5321-4.5.3.1.3-1"),
        answer(
            |on| path(on).is_some_and(|path| path.written_length() >= limits::PATH),
            501,
            "Path too long",
        ),
    ),
    mutant(
        "text-line-of-1000-octets-refused",
        "refuses a message with a line of 1,000 octets",
        requirement!("rfc5321-4.5.3.1.6-1"),
        answer(
            |on| matches!(on.stimulus, Stimulus::Message(facts) if facts.longest_line >= limits::TEXT_LINE),
            500,
            "Line too long",
        ),
    ),
    mutant(
        "message-of-64k-refused",
        "refuses a message of 64 KiB",
        requirement!("rfc5321-4.5.3.1.7-1"),
        Fault::Config(|config| config.max_message_octets = limits::MESSAGE as u64 - 1),
    ),
];

/// Whether it is a command line that a server need not take.
fn too_long(stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Overlong { .. } => true,
        Stimulus::Request(request) => request.line.len() + 2 > limits::COMMAND_LINE,
        _ => false,
    }
}
