//! RFC 2645 §4 and §5 (ATRN): what goes wrong with mail that is asked for.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, answer, forget, misreport, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "atrn-offered-and-unknown",
        "lists ATRN and does not know it",
        requirement!("rfc2645-4-2"),
        answer(|on| is_atrn(on) && is_known(on), 502, "Command not implemented"),
    ),
    mutant(
        "atrn-not-listed",
        "has ATRN and does not list it",
        requirement!("rfc2645-5.1.1-1"),
        reword(|on| on.is(Verb::Ehlo), |_, reply| reply.lines.retain(|line| line != b"ATRN")),
    ),
    mutant(
        "atrn-without-cram-md5",
        "offers no CRAM-MD5 beside ATRN",
        requirement!("rfc2645-5.1.2-2"),
        reword(
            |on| on.is(Verb::Ehlo) && on.usual.lines.contains(&b"ATRN".to_vec()),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| line.starts_with(b"AUTH")) {
                    *line = b"AUTH PLAIN".to_vec();
                }
            },
        ),
    ),
    mutant(
        "atrn-for-anybody",
        "gives mail to who has not logged in",
        requirement!("rfc2645-5.2.1-2"),
        answer(|on| is_atrn(on) && !is_known(on), 250, "OK now reversing the connection"),
    ),
    mutant(
        "atrn-without-login-draws-554",
        "refuses ATRN without a login with 554",
        requirement!("rfc2645-5.2.1-3"),
        misreport(|on| is_atrn(on) && on.usually() == 530, 554, "Log in first"),
    ),
    mutant(
        "atrn-without-domain-refused",
        "wants to hear of domains in ATRN",
        requirement!("rfc2645-5.2.1-5"),
        answer(|on| is_atrn(on) && on.line().len() == 4 && on.accepted(), 501, "Which domain?"),
    ),
    mutant(
        "atrn-foreign-domain-accepted",
        "takes ATRN with domains that are not open to the client",
        requirement!("rfc2645-5.2.1-6"),
        answer(|on| is_atrn(on) && on.usually() == 450, 250, "OK now reversing the connection"),
    ),
    mutant(
        "atrn-foreign-domain-draws-550",
        "refuses with 550 domains that are not open to the client",
        requirement!("rfc2645-5.2.1-7"),
        misreport(|on| is_atrn(on) && on.usually() == 450, 550, "Not yours"),
    ),
    mutant(
        "atrn-without-mail-draws-554",
        "refuses with 554 where no mail waits",
        requirement!("rfc2645-5.2.1-8"),
        misreport(|on| is_atrn(on) && on.usually() == 453, 554, "Nothing there"),
    ),
    mutant(
        "atrn-list-refused",
        "takes one domain in ATRN at most",
        requirement!("rfc2645-5.2.1-11"),
        answer(
            |on| is_atrn(on) && on.line().contains(&b',') && on.accepted(),
            550,
            "One at a time",
        ),
    ),
    mutant(
        "atrn-by-the-letter",
        "knows domains in lower case only in ATRN",
        requirement!("rfc2645-5.2.1-11"),
        answer(
            |on| {
                let capitals = on.line().iter().skip(4).any(u8::is_ascii_uppercase);
                is_atrn(on) && capitals && on.accepted()
            },
            550,
            "No such domain",
        ),
    ),
    mutant(
        "atrn-any-argument-accepted",
        "takes anything for a list of domains",
        requirement!("rfc2645-5.2.1-13"),
        answer(
            |on| is_atrn(on) && is_known(on) && on.usually() == 501,
            250,
            "OK now reversing the connection",
        ),
    ),
    mutant(
        "atrn-without-reversal",
        "answers 250 to ATRN, and stays the server",
        requirement!("rfc2645-5.3-1"),
        forget(|on| is_atrn(on) && on.accepted()),
    ),
    mutant(
        "atrn-refused-and-reversed",
        "becomes the client though it refused ATRN",
        requirement!("rfc2645-5.2.1-6"),
        Fault::Answer {
            when: |on| is_atrn(on) && on.usually() == 450,
            say: super::Say::AsUsual,
            then: super::Then::Only(|model, _| model.enter(crate::state::State::Turned)),
        },
    ),
];

fn is_atrn(on: &Asked<'_>) -> bool {
    on.request().is_some_and(|request| request.verb.name().eq_ignore_ascii_case(b"ATRN"))
        && on.model.offers("ATRN")
}

fn is_known(on: &Asked<'_>) -> bool {
    on.model.login().authenticated
}
