//! RFC 1985 §2 to §5 (ETRN): what goes wrong with mail that is asked for.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Asked, Fault, Mutant, answer, mutant, reword, silence};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "etrn-keyword-with-parameter",
        "lists ETRN with a parameter",
        requirement!("rfc1985-2-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| *line == b"ETRN") {
                    *line = b"ETRN branch.example.test".to_vec();
                }
            },
        ),
    ),
    mutant(
        "etrn-offered-and-unknown",
        "lists ETRN and does not know it",
        requirement!("rfc1985-5.1-5"),
        answer(|on| argument(on).is_some(), 502, "Command not implemented"),
    ),
    mutant(
        "etrn-draws-220",
        "answers 220 to ETRN",
        requirement!("rfc1985-5.1-5"),
        answer(|on| argument(on).is_some() && on.accepted(), 220, "Queuing started"),
    ),
    mutant(
        "etrn-refused-node-draws-220",
        "answers 220 to ETRN for a node that it does not serve",
        requirement!("rfc1985-5.1-5"),
        answer(|on| argument(on).is_some() && is_refused(on), 220, "Queuing started"),
    ),
    mutant(
        "etrn-without-node-accepted",
        "takes ETRN that names nobody",
        requirement!("rfc1985-2-2"),
        answer(|on| argument(on).is_some_and(<[u8]>::is_empty), 250, "OK, queuing started"),
    ),
    mutant(
        "etrn-node-is-bad-syntax",
        "calls the name of a node that it does not serve an error of syntax",
        requirement!("rfc1985-5-1"),
        answer(|on| argument(on).is_some() && on.usually() == 459, 501, "Syntax error"),
    ),
    mutant(
        "etrn-at-sign-is-bad-syntax",
        "does not know the option character",
        requirement!("rfc1985-5-1"),
        answer(|on| argument(on).is_some_and(|node| node.starts_with(b"@")), 501, "Syntax error"),
    ),
    mutant(
        "etrn-taken-in-transaction",
        "takes ETRN inside a transaction",
        requirement!("rfc1985-5-3"),
        answer(
            |on| argument(on).is_some() && on.state().in_transaction(),
            250,
            "OK, queuing started",
        ),
    ),
    mutant(
        "etrn-sends-nothing",
        "says that the queue was started and sends nothing",
        requirement!("rfc1985-5.1-3"),
        Fault::Deliveries(|on, deliveries| {
            if argument(on).is_some() {
                deliveries.clear();
            }
        }),
    ),
    mutant(
        "etrn-leaves-subdomains",
        "sends for @ and a domain what waits for that domain alone",
        requirement!("rfc1985-5.3-1"),
        Fault::Deliveries(|on, deliveries| {
            if let Some([b'@', domain @ ..]) = argument(on) {
                let at_domain = [b"@", domain].concat();
                deliveries.retain(|mail| mail.recipients.iter().all(|to| to.ends_with(&at_domain)));
            }
        }),
    ),
    mutant(
        "etrn-waits-for-the-queue",
        "does not answer ETRN while the queue is run",
        requirement!("rfc1985-5.1-4"),
        silence(|on| argument(on).is_some() && !on.state().in_transaction()),
    ),
    mutant(
        "etrn-refused-node-draws-550",
        "refuses a node with 550",
        requirement!("rfc1985-5.1-8"),
        answer(|on| argument(on).is_some() && is_refused(on), 550, "Not allowed"),
    ),
    mutant(
        "etrn-bad-syntax-draws-550",
        "refuses what names no node with 550",
        requirement!("rfc1985-5.1-9"),
        answer(|on| argument(on).is_some() && on.usually() == 501, 550, "No such node"),
    ),
    mutant(
        "etrn-two-nodes-accepted",
        "takes any words for the name of a node",
        requirement!("rfc1985-5.1-9"),
        answer(
            |on| argument(on).is_some_and(|node| !node.is_empty()) && on.usually() == 501,
            250,
            "OK, queuing started",
        ),
    ),
];

/// Whether a careful server refuses to ask for this node.
fn is_refused(on: &Asked<'_>) -> bool {
    matches!(on.usually(), 458 | 459)
}

/// What stands behind ETRN.
fn argument<'a>(on: &Asked<'a>) -> Option<&'a [u8]> {
    let request = on.request()?;
    let (verb, argument) = request.line.split_at_checked(4)?;
    let whole = argument.first().is_none_or(u8::is_ascii_whitespace);
    (whole && verb.eq_ignore_ascii_case(b"ETRN")).then_some(argument.trim_ascii())
}
