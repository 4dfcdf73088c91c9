//! RFC 3461 §2 to §5.4: what goes wrong with the parameters of DSN.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Verb};

use super::{Asked, Fault, Mutant, answer, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "dsn-keyword-with-parameter",
        "lists DSN with a parameter",
        requirement!("rfc3461-2-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"DSN") {
                    *line = b"DSN NOTIFY".to_vec();
                }
            },
        ),
    ),
    mutant(
        "dsn-offered-and-unknown",
        "lists DSN and knows none of its parameters",
        requirement!("rfc3461-2-2"),
        refuse(|on| {
            has(on, b"RET") || has(on, b"ENVID") || has(on, b"NOTIFY") || has(on, b"ORCPT")
        }),
    ),
    mutant(
        "ret-refused",
        "does not know RET",
        requirement!("rfc3461-5.1-2"),
        refuse(|on| has(on, b"RET")),
    ),
    mutant(
        "orcpt-refused",
        "does not know ORCPT",
        requirement!("rfc3461-5.1-5"),
        refuse(|on| has(on, b"ORCPT")),
    ),
    mutant(
        "envid-refused-as-policy",
        "refuses MAIL with 550 because of its ENVID",
        requirement!("rfc3461-5.1-1"),
        answer(|on| on.accepted() && has(on, b"ENVID"), 550, "No envelope ids here"),
    ),
    mutant(
        "notify-saves-unknown-recipients",
        "takes unknown recipients with NOTIFY",
        requirement!("rfc3461-5.1-4"),
        answer(|on| on.usually() == 550 && is_dsn_rcpt(on), 250, "OK"),
    ),
    mutant(
        "ret-case-sensitive",
        "knows the words of RET in upper case only",
        requirement!("rfc3461-4.3-2"),
        refuse(|on| value(on, b"RET").is_some_and(has_lower_case)),
    ),
    mutant(
        "notify-case-sensitive",
        "knows the words of NOTIFY in upper case only",
        requirement!("rfc3461-4.1-4"),
        refuse(|on| value(on, b"NOTIFY").is_some_and(has_lower_case)),
    ),
    mutant(
        "xtext-without-hexchars",
        "does not know the digits of xtext",
        requirement!("rfc3461-4-2"),
        refuse(|on| {
            [&b"ENVID"[..], b"ORCPT"]
                .iter()
                .any(|keyword| value(on, keyword).is_some_and(|text| text.contains(&b'+')))
        }),
    ),
    mutant(
        "orcpt-held-to-syntax",
        "refuses an ORCPT whose address is no mailbox",
        requirement!("rfc3461-4.2-6"),
        refuse(|on| {
            value(on, b"ORCPT").is_some_and(|text| {
                text.get(..7).is_some_and(|kind| kind.eq_ignore_ascii_case(b"rfc822;"))
                    && (text.split(|&octet| octet == b'@').count() != 2
                        || text.windows(2).any(|two| two == b".."))
            })
        }),
    ),
    mutant(
        "wrong-ret-accepted",
        "takes any word in RET",
        requirement!("rfc3461-5.1-3"),
        answer(|on| is_wrong(on) && has(on, b"RET"), 250, "OK"),
    ),
    mutant(
        "wrong-ret-draws-555",
        "answers 555 to a RET that is none",
        requirement!("rfc3461-5.1-3"),
        answer(|on| is_wrong(on) && has(on, b"RET"), 555, "Parameter not recognized"),
    ),
    mutant(
        "wrong-envid-accepted",
        "takes an ENVID that is not xtext",
        requirement!("rfc3461-5.1-3"),
        answer(|on| is_wrong(on) && has(on, b"ENVID"), 250, "OK"),
    ),
    mutant(
        "ret-and-envid-twice-accepted",
        "takes RET and ENVID twice",
        requirement!("rfc3461-4.5-2"),
        answer(|on| is_wrong(on) && is_repeated(on, &[b"RET", b"ENVID"]), 250, "OK"),
    ),
    mutant(
        "wrong-notify-accepted",
        "takes any word in NOTIFY, and NEVER with others",
        requirement!("rfc3461-5.1-6"),
        answer(|on| is_wrong(on) && has(on, b"NOTIFY"), 250, "OK"),
    ),
    mutant(
        "wrong-orcpt-accepted",
        "takes an ORCPT without a type, and one that is not xtext",
        requirement!("rfc3461-5.1-6"),
        answer(|on| is_wrong(on) && has(on, b"ORCPT"), 250, "OK"),
    ),
    mutant(
        "notify-and-orcpt-twice-accepted",
        "takes NOTIFY and ORCPT twice",
        requirement!("rfc3461-4.5-4"),
        answer(|on| is_wrong(on) && is_repeated(on, &[b"NOTIFY", b"ORCPT"]), 250, "OK"),
    ),
    mutant(
        "envid-of-64-refused",
        "refuses an ENVID of more than 64 characters",
        requirement!("rfc3461-5.4-1"),
        refuse(|on| value(on, b"ENVID").is_some_and(|value| value.len() > 64)),
    ),
    mutant(
        "line-of-rcpt-too-long",
        "calls lines of RCPT too long that have more than 512 octets",
        requirement!("rfc3461-5.4-3"),
        answer(|on| on.accepted() && is_dsn_rcpt(on) && on.line().len() > 510, 500, "Too long"),
    ),
    mutant(
        "line-of-mail-too-long",
        "calls lines of MAIL too long that have three parameters and more than 128 octets",
        requirement!("rfc3461-5.4-4"),
        answer(
            |on| {
                let many = parameters(on).count() > 2 && on.line().len() > 126;
                on.accepted() && on.is(Verb::Mail) && many
            },
            500,
            "Too long",
        ),
    ),
];

/// What a careful server takes is a parameter that nobody knows.
const fn refuse(when: super::When) -> Fault {
    answer(when, 555, "Parameter not recognized")
}

/// Whether a careful server refuses it with 501.
fn is_wrong(on: &Asked<'_>) -> bool {
    on.usually() == 501
}

fn is_dsn_rcpt(on: &Asked<'_>) -> bool {
    has(on, b"NOTIFY") || has(on, b"ORCPT")
}

fn is_repeated(on: &Asked<'_>, keywords: &[&[u8]]) -> bool {
    let count = |keyword: &[u8]| {
        parameters(on).filter(|one| one.keyword.eq_ignore_ascii_case(keyword)).count()
    };
    keywords.iter().any(|keyword| count(keyword) > 1)
}

fn parameters<'a>(on: &Asked<'a>) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
    let parameters = match on.command() {
        Some(Command::Mail(mail)) => Some(mail.parameters.iter()),
        Some(Command::Rcpt(rcpt)) => Some(rcpt.parameters.iter()),
        _ => None,
    };
    parameters.into_iter().flatten()
}

/// Whether the parameter is there, on a server that offers the extension.
fn has(on: &Asked<'_>, keyword: &[u8]) -> bool {
    value(on, keyword).is_some()
}

/// The value of a parameter, where it has one and the server offers the extension.
fn value<'a>(on: &Asked<'a>, keyword: &[u8]) -> Option<&'a [u8]> {
    let offered = on.model.offers("DSN");
    let parameter = parameters(on).find(|one| one.keyword.eq_ignore_ascii_case(keyword));
    parameter.and_then(|parameter| parameter.value).filter(|_| offered)
}

fn has_lower_case(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
}
