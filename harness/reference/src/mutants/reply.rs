//! What is wrong with the form of replies, and with their number (RFC 5321 §4.2, §4.2.1).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, Say, Then, answer, is_unknown, mutant, reword, silence};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "reply-with-bare-lf",
        "ends its replies to RSET with LF alone",
        requirement!("rfc5321-2.3.8-1"),
        octets(|on, octets| {
            if on.is(Verb::Rset) {
                octets.retain(|&octet| octet != b'\r');
            }
        }),
    ),
    mutant(
        "ehlo-reply-with-bare-lf",
        "ends the inner lines of its EHLO reply with LF alone",
        requirement!("rfc5321-2.3.8-1"),
        octets(|on, octets| {
            if on.is(Verb::Ehlo) {
                octets.retain(|&octet| octet != b'\r');
                octets.pop();
                octets.extend_from_slice(b"\r\n");
            }
        }),
    ),
    mutant(
        "reply-with-bare-cr",
        "puts a lone CR into its replies to NOOP",
        requirement!("rfc5321-2.3.8-1"),
        reword(|on| on.is(Verb::Noop), |_, reply| reply.lines[0].insert(1, b'\r')),
    ),
    mutant(
        "reply-with-nul",
        "puts NUL into its replies to NOOP",
        requirement!("rfc5321-4.2-7"),
        reword(|on| on.is(Verb::Noop), |_, reply| reply.lines[0].push(0)),
    ),
    mutant(
        "reply-with-control-character",
        "puts a control character into its replies to NOOP",
        requirement!("rfc5321-4.2-7"),
        reword(|on| on.is(Verb::Noop), |_, reply| reply.lines[0].push(7)),
    ),
    mutant(
        "reply-with-eight-bit",
        "puts octets above 127 into its replies to NOOP",
        requirement!("rfc5321-2.4-20"),
        reword(|on| on.is(Verb::Noop), |_, reply| reply.lines[0].extend("ü".bytes())),
    ),
    mutant(
        "reply-line-too-long",
        "answers NOOP with a line of more than 512 octets",
        requirement!("rfc5321-4.5.3.1.5-1"),
        reword(|on| on.is(Verb::Noop), |_, reply| reply.lines[0].resize(600, b'.')),
    ),
    mutant(
        "reply-without-text",
        "answers commands with bare codes, where one line is enough",
        requirement!("rfc5321-4.2-13"),
        octets(|on, octets| {
            if on.request().is_some() && on.usual.lines.len() == 1 {
                octets.drain(3..octets.len() - 2);
            }
        }),
    ),
    mutant(
        "reply-without-separator",
        "sets no space between code and text in answer to NOOP",
        requirement!("rfc5321-2.4-1"),
        octets(|on, octets| {
            if on.is(Verb::Noop) {
                *octets = b"250OK\r\n".to_vec();
            }
        }),
    ),
    mutant(
        "reply-without-code",
        "answers NOOP with a word",
        requirement!("rfc5321-4.2-2"),
        octets(|on, octets| {
            if on.is(Verb::Noop) {
                *octets = b"OK\r\n".to_vec();
            }
        }),
    ),
    mutant(
        "reply-code-of-two-digits",
        "answers NOOP with a code of two digits",
        requirement!("rfc5321-4.2-2"),
        octets(|on, octets| {
            if on.is(Verb::Noop) {
                *octets = b"25 OK\r\n".to_vec();
            }
        }),
    ),
    mutant(
        "reply-code-600",
        "answers a command that it does not know with 600",
        requirement!("rfc5321-4.3.2-3"),
        answer(is_unknown, 600, "Command unrecognized"),
    ),
    mutant(
        "reply-code-590",
        "answers a command that it does not know with 590",
        requirement!("rfc5321-4.2-9"),
        answer(is_unknown, 590, "Command unrecognized"),
    ),
    mutant(
        "reply-code-invented",
        "accepts NOOP with 259",
        requirement!("rfc5321-4.2.1-6"),
        answer(|on| on.is(Verb::Noop), 259, "Nothing done"),
    ),
    mutant(
        "third-digits-invented",
        "has third digits of its own in all its replies to a client that said EHLO",
        requirement!("rfc5321-4.2-10"),
        octets(|on, octets| {
            if on.request().is_some() && on.model.hello().is_some() {
                for line in octets.split_mut(|&octet| octet == b'\n').filter(|line| line.len() > 3)
                {
                    line[2] = b'9';
                }
            }
        }),
    ),
    mutant(
        "asks-for-more",
        "answers 354 to any command but DATA and QUIT, once a client said EHLO",
        requirement!("rfc5321-4.3.1-7"),
        Fault::Answer {
            when: |on| {
                on.request().is_some()
                    && on.model.hello().is_some()
                    && !on.is_any(&[Verb::Data, Verb::Quit])
            },
            say: Say::This(354, "Go on"),
            then: Then::Nothing,
        },
    ),
    mutant(
        "reply-code-changes-in-multiline",
        "has another code in the last line of its EHLO reply",
        requirement!("rfc5321-4.2.1-13"),
        octets(|on, octets| {
            if on.is(Verb::Ehlo) {
                on_last_line(octets, |line| line[2] = b'1');
            }
        }),
    ),
    mutant(
        "reply-continuation-without-code",
        "has no code in the inner lines of its EHLO reply",
        requirement!("rfc5321-4.2-8"),
        octets(|on, octets| {
            if on.is(Verb::Ehlo) && on.accepted() {
                let text = String::from_utf8_lossy(octets).replace("\r\n250-", "\r\n    ");
                *octets = text.into_bytes();
            }
        }),
    ),
    mutant(
        "reply-with-hyphen-in-last-line",
        "sets a hyphen in the last line of its EHLO reply",
        requirement!("rfc5321-4.2.1-10"),
        octets(|on, octets| {
            if on.is(Verb::Ehlo) {
                on_last_line(octets, |line| line[3] = b'-');
            }
        }),
    ),
    mutant(
        "reply-with-space-in-each-line",
        "sets a space in each line of its EHLO reply",
        requirement!("rfc5321-4.2.1-10"),
        octets(|on, octets| {
            if on.is(Verb::Ehlo) {
                let text = String::from_utf8_lossy(octets).replace("250-", "250 ");
                *octets = text.into_bytes();
            }
        }),
    ),
    mutant(
        "one-reply-too-many",
        "answers MAIL twice",
        requirement!("rfc5321-4.2-1"),
        octets(|on, octets| {
            if on.is(Verb::Mail) {
                *octets = octets.repeat(2);
            }
        }),
    ),
    mutant(
        "reply-missing",
        "says nothing to RCPT once a recipient was accepted",
        requirement!("rfc5321-4.2-1"),
        silence(|on| {
            on.is(Verb::Rcpt)
                && on.model.transaction().is_some_and(|open| !open.recipients.is_empty())
        }),
    ),
    mutant(
        "replies-out-of-order",
        "answers commands that come together in the wrong order",
        requirement!("rfc5321-4.3.1-7"),
        Fault::Group(|replies| replies.reverse()),
    ),
    mutant(
        "only-first-of-group-answered",
        "answers only the first of commands that come together",
        requirement!("rfc5321-4.2-1"),
        Fault::Group(|replies| replies.truncate(1)),
    ),
    mutant(
        "deaf-after-rcpt",
        "throws away what comes in one piece with RCPT and behind it",
        requirement!("rfc5321-4.2-1"),
        Fault::Deaf(|line| line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"RCPT"))),
    ),
    mutant(
        "deaf-after-rset",
        "throws away what comes in one piece with RSET and behind it",
        requirement!("rfc5321-4.2-1"),
        Fault::Deaf(|line| line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"RSET"))),
    ),
    mutant(
        "command-echoed",
        "echoes a command that it does not know in its reply, octet for octet",
        requirement!("rfc5321-4.2-7"),
        reword(is_unknown, |on, reply| {
            reply.lines[0].push(b' ');
            reply.lines[0].extend_from_slice(on.line());
        }),
    ),
    mutant(
        "every-command-echoed",
        "repeats each command in the reply to it, octet for octet",
        requirement!("rfc5321-2.4-20"),
        reword(
            |on| on.request().is_some(),
            |on, reply| {
                reply.lines[0].push(b' ');
                reply.lines[0].extend_from_slice(on.line());
            },
        ),
    ),
    mutant(
        "every-command-echoed-at-length",
        "repeats what is printable of each command in the reply to it, however long it is",
        requirement!("rfc5321-4.5.3.1.5-1"),
        reword(
            |on| on.request().is_some(),
            |on, reply| {
                reply.lines[0].extend_from_slice(b", in answer to what you just said, which was: ");
                let printable = |octet: &u8| (b' '..=b'~').contains(octet);
                reply.lines[0].extend(on.line().iter().copied().filter(printable));
            },
        ),
    ),
];

const fn octets(spoil: fn(&Asked<'_>, &mut Vec<u8>)) -> Fault {
    Fault::Octets(spoil)
}

/// Changes the last line of a reply of several.
fn on_last_line(octets: &mut [u8], change: fn(&mut [u8])) {
    let inner = &octets[..octets.len().saturating_sub(2)];
    let Some(start) = inner.iter().rposition(|&octet| octet == b'\n') else { return };
    let line = &mut octets[start + 1..];
    if line.len() > 4 {
        change(line);
    }
}
