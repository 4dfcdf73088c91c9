//! RFC 9422 §3 and §4 (LIMITS): limits out of the grammar, and limits that are untrue.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, answer, mutant, reword};
use crate::model::Model;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "limits-without-limit",
        "lists LIMITS and no limit",
        requirement!("rfc9422-3-1"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS")),
    ),
    mutant(
        "limits-with-semicolon",
        "puts semicolons between limits",
        requirement!("rfc9422-3-2"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS RCPTMAX=100;X")),
    ),
    mutant(
        "limits-not-registered",
        "tells a limit that is not registered",
        requirement!("rfc9422-3.1-1"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS RCPTMAX=100 PATIENCE=3")),
    ),
    mutant(
        "mailmax-with-leading-zero",
        "tells MAILMAX with a zero before it",
        requirement!("rfc9422-4.1-1"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS MAILMAX=0100")),
    ),
    mutant(
        "mailmax-well-formed-and-untrue",
        "tells a MAILMAX of 100 and takes one MAIL in a session",
        requirement!("rfc9422-4.1-2"),
        Fault::All(&[
            told(|_, reply| say(&mut reply.lines, b"LIMITS MAILMAX=100")),
            answer(
                |on| on.is(Verb::Mail) && on.accepted() && on.model.counts().mails() > 0,
                452,
                "Too many transactions in this session",
            ),
        ]),
    ),
    mutant(
        "mailmax-exceeded",
        "takes more MAIL commands than it told",
        requirement!("rfc9422-4.1-2"),
        answer(|on| is_limited(on, Verb::Mail, b"transactions"), 250, "OK"),
    ),
    mutant(
        "rcptmax-of-zero",
        "tells RCPTMAX=0",
        requirement!("rfc9422-4.2-1"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS RCPTMAX=0")),
    ),
    mutant(
        "rcptmax-untrue",
        "takes two recipients, whatever it told",
        requirement!("rfc9422-4.2-2"),
        answer(
            |on| on.is(Verb::Rcpt) && on.accepted() && recipients(on.model) > 1,
            452,
            "Too many recipients",
        ),
    ),
    mutant(
        "rcptmax-exceeded",
        "takes more recipients than it told",
        requirement!("rfc9422-4.2-2"),
        answer(|on| is_limited(on, Verb::Rcpt, b"recipients"), 250, "OK"),
    ),
    mutant(
        "rcptdomainmax-of-seven-digits",
        "tells RCPTDOMAINMAX with seven digits",
        requirement!("rfc9422-4.3-1"),
        told(|_, reply| say(&mut reply.lines, b"LIMITS RCPTDOMAINMAX=1000000")),
    ),
    mutant(
        "rcptdomainmax-well-formed-and-untrue",
        "tells a RCPTDOMAINMAX of 100 and takes one recipient",
        requirement!("rfc9422-4.3-2"),
        Fault::All(&[
            told(|_, reply| say(&mut reply.lines, b"LIMITS RCPTDOMAINMAX=100")),
            answer(
                |on| on.is(Verb::Rcpt) && on.accepted() && recipients(on.model) > 0,
                452,
                "Too many domains of recipients in this session",
            ),
        ]),
    ),
    mutant(
        "rcptdomainmax-exceeded",
        "takes recipients in more domains than it told",
        requirement!("rfc9422-4.3-2"),
        answer(|on| is_limited(on, Verb::Rcpt, b"domains"), 250, "OK"),
    ),
];

/// A changed answer to EHLO, by which the server then goes on.
const fn told(how: fn(&Asked<'_>, &mut smtpspec_protocol::Reply)) -> Fault {
    reword(|on| on.is(Verb::Ehlo) && on.accepted(), how)
}

fn say(lines: &mut [Vec<u8>], by: &[u8]) {
    for line in lines.iter_mut().filter(|line| line.starts_with(b"LIMITS")) {
        *line = by.to_vec();
    }
}

fn recipients(model: &Model) -> usize {
    model.transaction().map_or(0, |open| open.recipients.len())
}

/// Whether the careful server refuses for the number of these.
fn is_limited(on: &Asked<'_>, verb: Verb<'_>, of: &[u8]) -> bool {
    let text = on.usual.text();
    on.is(verb) && on.usually() == 452 && text.windows(of.len()).any(|part| part == of)
}
