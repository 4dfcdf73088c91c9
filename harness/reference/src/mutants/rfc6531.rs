//! RFC 6531 §3 and §4 (SMTPUTF8): mailboxes beyond ASCII read wrongly, refused with other codes, or
//! told where nobody asked for them.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::rfc3492::u_labels;
use smtpspec_protocol::{Command, ForwardPath, Reply, ReversePath, Verb};

use super::{Asked, Fault, Mutant, answer, misreport, mutant, reword};
use crate::rfc6531::{KEYWORD, NEEDS_UTF8};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "smtputf8-keyword-with-parameter",
        "lists SMTPUTF8 with a parameter",
        requirement!("rfc6531-3.1-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == KEYWORD.as_bytes()) {
                    line.extend_from_slice(b" 2012");
                }
            },
        ),
    ),
    mutant(
        "smtputf8-without-8bitmime",
        "lists SMTPUTF8 and not 8BITMIME",
        requirement!("rfc6531-3.1-8"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| reply.lines.retain(|line| line != b"8BITMIME")),
    ),
    mutant(
        "ehlo-reply-beyond-ascii",
        "names itself by U-labels in its reply to EHLO",
        requirement!("rfc6531-3.7.1-2"),
        reword(
            |on| on.is(Verb::Ehlo) && on.accepted(),
            |_, reply| reply.lines[0].extend_from_slice(" from mx.bücher.example".as_bytes()),
        ),
    ),
    mutant(
        "smtputf8-parameter-refused",
        "lists SMTPUTF8 and does not know the parameter of MAIL",
        requirement!("rfc6531-3.1-5"),
        answer(|on| on.is(Verb::Mail) && is_announced(on), 555, "Parameter not recognized"),
    ),
    mutant(
        "smtputf8-with-value-accepted",
        "takes SMTPUTF8 with a value",
        requirement!("rfc6531-3.4-2"),
        answer(
            |on| {
                on.is(Verb::Mail)
                    && on.usually() == 501
                    && on.line().to_ascii_uppercase().windows(9).any(|part| part == b"SMTPUTF8=")
            },
            250,
            "OK",
        ),
    ),
    mutant(
        "smtputf8-lengthens-no-line",
        "refuses MAIL with SMTPUTF8 where its line is longer than 512 octets",
        requirement!("rfc6531-3.1-6"),
        answer(
            |on| on.is(Verb::Mail) && is_announced(on) && on.line().len() + 2 > 512,
            500,
            "Line too long",
        ),
    ),
    mutant(
        "utf8-sender-refused",
        "calls a reverse-path in UTF-8 an error of syntax",
        requirement!("rfc6531-3.2-1"),
        answer(
            |on| on.is(Verb::Mail) && on.accepted() && !local_part(on).is_ascii(),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "utf8-recipient-refused",
        "calls a forward-path in UTF-8 an error of syntax",
        requirement!("rfc6531-3.2-1"),
        answer(
            |on| on.is(Verb::Rcpt) && !local_part(on).is_ascii() && in_utf8(on),
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "a-labels-are-another-domain",
        "does not know its domain by A-labels",
        requirement!("rfc6531-3.2-1"),
        answer(
            |on| on.is(Verb::Rcpt) && on.accepted() && on.line().windows(4).any(|x| x == b"xn--"),
            550,
            "No such user here",
        ),
    ),
    mutant(
        "utf8-quotes-make-another-name",
        "knows mailboxes in UTF-8 without quotes only",
        requirement!("rfc6531-3.2-2"),
        answer(
            |on| {
                let name = local_part(on);
                on.is(Verb::Rcpt) && on.accepted() && !name.is_ascii() && name.starts_with(b"\"")
            },
            550,
            "No such user here",
        ),
    ),
    mutant(
        "utf8-syntax-accepted",
        "takes any MAIL with characters beyond ASCII",
        requirement!("rfc5321-2.4-14"),
        answer(
            |on| on.is(Verb::Mail) && on.command().is_none() && !on.line().is_ascii(),
            250,
            "OK",
        ),
    ),
    mutant(
        "malformed-utf8-recipient-accepted",
        "takes a RCPT with octets that are no UTF-8",
        requirement!("rfc5321-2.4-14"),
        answer(
            |on| {
                on.is(Verb::Rcpt)
                    && on.state().in_transaction()
                    && std::str::from_utf8(on.line()).is_err()
            },
            250,
            "OK",
        ),
    ),
    mutant(
        "control-beside-utf8-accepted",
        "takes a MAIL with control characters among those beyond ASCII",
        requirement!("rfc6531-3.3-2"),
        answer(
            |on| {
                let line = on.line();
                on.is(Verb::Mail) && !line.is_ascii() && line.iter().any(u8::is_ascii_control)
            },
            250,
            "OK",
        ),
    ),
    mutant(
        "u-labels-refused",
        "calls a domain of U-labels an error of syntax",
        requirement!("rfc6531-3.3-1"),
        answer(
            |on| {
                let domain =
                    path(on).rsplit(|&octet| octet == b'@').next().unwrap_or_default().to_vec();
                on.is(Verb::Mail) && on.accepted() && !domain.is_ascii()
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "quoted-utf8-refused",
        "calls a quoted string in UTF-8 an error of syntax",
        requirement!("rfc6531-3.3-3"),
        answer(
            |on| {
                let name = local_part(on);
                on.is(Verb::Mail) && on.accepted() && !name.is_ascii() && name.starts_with(b"\"")
            },
            501,
            "Syntax error",
        ),
    ),
    mutant(
        "unannounced-utf8-sender-draws-553",
        "refuses a reverse-path beyond ASCII with 553 and 5.6.7 where SMTPUTF8 is missing",
        requirement!("rfc6531-3.5-3"),
        answer(|on| on.is(Verb::Mail) && is_ascii_only(on), 553, "Mailboxes need SMTPUTF8"),
    ),
    mutant(
        "unannounced-utf8-recipient-draws-550",
        "refuses a forward-path beyond ASCII with 550 and 5.6.7 where SMTPUTF8 is missing",
        requirement!("rfc6531-3.5-2"),
        answer(|on| on.is(Verb::Rcpt) && is_ascii_only(on), 550, "Mailboxes need SMTPUTF8"),
    ),
    mutant(
        "unannounced-utf8-without-detail-7",
        "says 5.5.4 where a mailbox would have to be ASCII",
        requirement!("rfc6531-3.5-4"),
        Fault::Octets(|on, octets| {
            if is_ascii_only(on) {
                put(octets, b"5.6.7", b"5.5.4");
            }
        }),
    ),
    mutant(
        "detail-9-before-data",
        "says 5.6.9 where a mailbox would have to be ASCII",
        requirement!("rfc6531-4.2-3"),
        Fault::Octets(|on, octets| {
            if is_ascii_only(on) {
                put(octets, b"5.6.7", b"5.6.9");
            }
        }),
    ),
    mutant(
        "moved-told-in-utf8-unasked",
        "tells of a new mailbox in UTF-8 where SMTPUTF8 is missing",
        requirement!("rfc6531-3.7.4.1-2"),
        misreport(
            |on| on.is(Verb::Rcpt) && withholds(on),
            551,
            "User not local; please try <jürgen@bücher.example>",
        ),
    ),
    mutant(
        "moved-without-mailbox-unasked",
        "answers 551 without a mailbox where SMTPUTF8 is missing",
        requirement!("rfc6531-3.7.4.1-3"),
        misreport(|on| on.is(Verb::Rcpt) && withholds(on), 551, "User not local"),
    ),
    mutant(
        "moved-told-in-latin-1",
        "tells of a new mailbox in ISO 8859-1 where SMTPUTF8 is there",
        requirement!("rfc6531-1.1-1"),
        reword(|on| on.is(Verb::Rcpt) && on.usually() == 551, |_, reply| in_latin_1(reply)),
    ),
    mutant(
        "inquiry-told-in-latin-1",
        "answers VRFY with SMTPUTF8 in ISO 8859-1",
        requirement!("rfc6531-1.1-1"),
        reword(|on| on.is(Verb::Vrfy) && on.accepted(), |_, reply| in_latin_1(reply)),
    ),
    mutant(
        "inquiry-with-smtputf8-refused",
        "does not know the parameter of VRFY and EXPN",
        requirement!("rfc6531-3.1-7"),
        answer(|on| allows_utf8(on).is_some_and(|allows| allows), 501, "Syntax error"),
    ),
    mutant(
        "inquiry-in-utf8-refused",
        "calls the string of VRFY and EXPN an error of syntax where it is in UTF-8",
        requirement!("rfc6531-3.7.4.2-4"),
        answer(|on| allows_utf8(on).is_some() && !on.line().is_ascii(), 501, "Syntax error"),
    ),
    mutant(
        "inquiry-told-in-utf8-unasked",
        "answers VRFY and EXPN in UTF-8, whether or not that was asked for",
        requirement!("rfc6531-3.7.4.2-3"),
        misreport(
            |on| allows_utf8(on).is_some() && withholds(on),
            250,
            "Jürgen Müller <jürgen@bücher.example>",
        ),
    ),
    mutant(
        "inquiry-told-in-utf8-in-transaction",
        "takes SMTPUTF8 on MAIL for a permission to answer VRFY in UTF-8",
        requirement!("rfc6531-3.7.4.2-6"),
        misreport(
            |on| allows_utf8(on).is_some() && withholds(on) && in_utf8(on),
            250,
            "Jürgen Müller <jürgen@bücher.example>",
        ),
    ),
    mutant(
        "inquiry-withheld-with-553",
        "answers 553 to VRFY and EXPN where it would take UTF-8",
        requirement!("rfc6531-3.7.4.2-5"),
        misreport(|on| allows_utf8(on).is_some() && withholds(on), 553, "That takes UTF-8"),
    ),
    mutant(
        "inquiry-withheld-without-detail-8",
        "says 2.5.0 to VRFY and EXPN where it would take UTF-8",
        requirement!("rfc6531-3.7.4.2-10"),
        Fault::Octets(|on, octets| {
            if withholds(on) {
                put(octets, b"2.6.8", b"2.5.0");
            }
        }),
    ),
    mutant(
        "inquiry-in-utf8-without-mailbox",
        "answers 250 to VRFY with SMTPUTF8 without a mailbox",
        requirement!("rfc6531-3.7.4.2-8"),
        misreport(
            |on| on.is(Verb::Vrfy) && allows_utf8(on) == Some(true) && on.usually() == 250,
            250,
            "Yes, we know somebody of this name",
        ),
    ),
    mutant(
        "inquiry-in-utf8-out-of-form",
        "says something behind the mailbox in answer to VRFY with SMTPUTF8",
        requirement!("rfc6531-3.7.4.2-9"),
        reword(
            |on| on.is(Verb::Vrfy) && allows_utf8(on) == Some(true) && on.usually() == 250,
            |_, reply| reply.lines[0].extend_from_slice(b" is here"),
        ),
    ),
    mutant(
        "recipient-repeated-in-utf8",
        "repeats a recipient beyond ASCII where it refuses it",
        requirement!("rfc6531-3.7.4.2-11"),
        reword(
            |on| on.is(Verb::Rcpt) && !on.accepted() && !path(on).is_ascii(),
            |on, reply| reply.lines[0].extend_from_slice(&[b": ", path(on).as_slice()].concat()),
        ),
    ),
    mutant(
        "texts-beyond-ascii",
        "is polite beyond ASCII, once SMTPUTF8 is offered",
        requirement!("rfc6531-3.7.4.2-11"),
        reword(
            |on| on.model.offers(KEYWORD) && !on.is(Verb::Ehlo) && on.state().is_idle(),
            |_, reply| reply.lines[0].extend_from_slice(" – grüß Gott".as_bytes()),
        ),
    ),
    mutant(
        "utf8-traced-as-esmtp",
        "traces mail with SMTPUTF8 as ESMTP",
        requirement!("rfc6531-3.7.3-3"),
        Fault::Trace(|trace| trace.replace("with UTF8SMTP", "with ESMTP")),
    ),
    mutant(
        "utf8-inside-tls-traced-as-in-clear",
        "traces mail with SMTPUTF8 inside TLS as UTF8SMTP",
        requirement!("rfc6531-3.7.3-3"),
        Fault::Trace(|trace| trace.replace("UTF8SMTPS", "UTF8SMTP")),
    ),
    mutant(
        "utf8-traced-in-a-labels",
        "keeps A-labels in the trace of mail with SMTPUTF8",
        requirement!("rfc6531-3.7.3-2"),
        Fault::Trace(|trace| trace.replace("bücher.example", "xn--bcher-kva.example")),
    ),
    mutant(
        "ascii-traced-in-u-labels",
        "puts U-labels into the trace of mail without SMTPUTF8",
        requirement!("rfc6531-3.7.3-1"),
        Fault::Trace(|trace| match trace.split_once("xn--") {
            Some((before, rest)) => {
                let end = rest.find(' ').unwrap_or(rest.len());
                let name = u_labels(format!("xn--{}", &rest[..end]).as_bytes());
                format!("{before}{}{}", String::from_utf8_lossy(&name), &rest[end..])
            }
            None => trace.to_owned(),
        }),
    ),
    mutant(
        "utf8-fields-lose-letters",
        "puts question marks into header fields where they are beyond ASCII",
        requirement!("rfc6532-3.2-1"),
        Fault::Text(|text| {
            let header = text.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(text.len());
            for octet in text[..header].iter_mut().filter(|octet| !octet.is_ascii()) {
                *octet = b'?';
            }
        }),
    ),
];

/// The path of MAIL or RCPT, with its brackets; nothing for other commands.
fn path(on: &Asked<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match on.command() {
        Some(Command::Mail(mail)) => {
            if let ReversePath::Path(path) = &mail.reverse_path {
                path.write_to(&mut out);
            }
        }
        Some(Command::Rcpt(rcpt)) => {
            if let ForwardPath::Path(path) = &rcpt.forward_path {
                path.write_to(&mut out);
            }
        }
        _ => {}
    }
    out
}

/// Its local part as it is written.
fn local_part<'a>(on: &Asked<'a>) -> &'a [u8] {
    match on.command() {
        Some(Command::Mail(mail)) => match &mail.reverse_path {
            ReversePath::Path(path) => path.mailbox.local_part.as_bytes(),
            ReversePath::Null => b"",
        },
        Some(Command::Rcpt(rcpt)) => match &rcpt.forward_path {
            ForwardPath::Path(path) => path.mailbox.local_part.as_bytes(),
            ForwardPath::Postmaster(_) => b"",
        },
        _ => b"",
    }
}

/// Whether the MAIL carries SMTPUTF8.
fn is_announced(on: &Asked<'_>) -> bool {
    matches!(on.command(), Some(Command::Mail(mail)) if mail
        .parameters
        .iter()
        .any(|parameter| parameter.keyword.eq_ignore_ascii_case(KEYWORD.as_bytes())))
}

/// Whether the open transaction began with SMTPUTF8.
fn in_utf8(on: &Asked<'_>) -> bool {
    on.model.transaction().is_some_and(|open| open.has(KEYWORD))
}

/// Whether a path is refused since it would have to be ASCII.
fn is_ascii_only(on: &Asked<'_>) -> bool {
    matches!(on.usually(), 550 | 553)
        && !path(on).is_ascii()
        && if on.is(Verb::Mail) { !is_announced(on) } else { !in_utf8(on) }
}

/// Whether something is not told since it would take UTF-8.
fn withholds(on: &Asked<'_>) -> bool {
    on.usual.text() == NEEDS_UTF8.as_bytes()
}

/// For VRFY and EXPN, whether they allow UTF-8 in the reply.
fn allows_utf8(on: &Asked<'_>) -> Option<bool> {
    match on.command()? {
        Command::Vrfy(argument) | Command::Expn(argument) => Some(argument.allows_utf8_reply()),
        _ => None,
    }
}

fn in_latin_1(reply: &mut Reply) {
    for line in &mut reply.lines {
        let text = String::from_utf8_lossy(line).into_owned();
        *line = text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect();
    }
}

/// Puts one word in the place of another of the same length.
fn put(octets: &mut [u8], word: &[u8], by: &[u8]) {
    if let Some(at) = octets.windows(word.len()).position(|part| part == word) {
        octets[at..at + by.len()].copy_from_slice(by);
    }
}
