//! RFC 4865 §3 to §5 (FUTURERELEASE): what goes wrong with messages that are to be held.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Verb};

use super::{Asked, Fault, Mutant, answer, misreport, mutant, reword};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "futurerelease-wants-short-line",
        "takes HOLDFOR in lines of 512 octets at most",
        requirement!("rfc4865-3-2"),
        answer(|on| asks(on) && on.line().len() > 510, 500, "Line too long"),
    ),
    mutant(
        "futurerelease-on-port-25",
        "offers FUTURERELEASE where no mail is posted",
        requirement!("rfc4865-4.2-2"),
        reword(
            |on| on.is(Verb::Ehlo) && on.accepted() && !crate::rfc6409::is_submission(on.model),
            |_, reply| reply.lines.push(b"FUTURERELEASE 86400 2037-01-01T00:00:00Z".to_vec()),
        ),
    ),
    mutant(
        "futurerelease-without-limits",
        "lists FUTURERELEASE without its limits",
        requirement!("rfc4865-4.2-3"),
        reword(
            |on| on.is(Verb::Ehlo) && on.accepted(),
            |_, reply| {
                for line in &mut reply.lines {
                    if line.starts_with(b"FUTURERELEASE ") {
                        line.truncate("FUTURERELEASE".len());
                    }
                }
            },
        ),
    ),
    mutant(
        "futurerelease-offered-and-unknown",
        "lists FUTURERELEASE and does not know its parameters",
        requirement!("rfc4865-4.2-4"),
        answer(|on| asks(on) && on.accepted(), 555, "Parameter not recognized"),
    ),
    mutant(
        "futurerelease-never-released",
        "keeps what is to be held for good",
        requirement!("rfc4865-4.2-4"),
        Fault::Deliveries(|_, mails| mails.retain(|mail| mail.held.is_none())),
    ),
    mutant(
        "futurerelease-interval-not-held",
        "releases at once what is to be held for some time",
        requirement!("rfc4865-4.2-5"),
        Fault::Each(|on, mail| {
            if keyword(on, "HOLDFOR") {
                mail.held = None;
            }
        }),
    ),
    mutant(
        "futurerelease-date-not-held",
        "releases at once what is to be held up to some time",
        requirement!("rfc4865-4.2-6"),
        Fault::Each(|on, mail| {
            if keyword(on, "HOLDUNTIL") {
                mail.held = None;
            }
        }),
    ),
    mutant(
        "futurerelease-any-interval-accepted",
        "takes any value of HOLDFOR",
        requirement!("rfc4865-4.2-7"),
        answer(|on| given(on) == [true, false] && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "futurerelease-any-date-accepted",
        "takes any value of HOLDUNTIL",
        requirement!("rfc4865-4.2-8"),
        answer(|on| given(on) == [false, true] && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "futurerelease-two-times-accepted",
        "takes more than one time of release",
        requirement!("rfc4865-4.2-9"),
        answer(|on| times(on) > 1 && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "futurerelease-refused-with-554",
        "refuses with 554 a time that can not be",
        requirement!("rfc4865-4.2-10"),
        misreport(|on| asks(on) && !delivers_by(on) && on.usually() == 501, 554, "Not then"),
    ),
    mutant(
        "futurerelease-with-another-enhanced-code",
        "refuses a time that can not be with the enhanced code for bad syntax",
        requirement!("rfc4865-4.2-11"),
        reword(
            |on| asks(on) && !delivers_by(on) && on.usually() == 501,
            |_, reply| reply.lines = vec![b"5.5.2 Not then".to_vec()],
        ),
    ),
    mutant(
        "futurerelease-notice-without-arrival",
        "does not tell in a notice when a message arrived that was to be held",
        requirement!("rfc4865-5.1.2-1"),
        Fault::Each(|on, mail| drop_line(on, &mut mail.message, b"Arrival-Date:")),
    ),
    mutant(
        "futurerelease-notice-without-request",
        "does not tell in a notice how long a message was to be held",
        requirement!("rfc4865-5.1.2-2"),
        Fault::Each(|on, mail| drop_line(on, &mut mail.message, b"Future-Release-Request:")),
    ),
    mutant(
        "futurerelease-behind-deliverby-accepted",
        "takes a release that is later than the time to deliver by",
        requirement!("rfc4865-5.2.2-1"),
        answer(|on| asks(on) && delivers_by(on) && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "futurerelease-behind-deliverby-draws-554",
        "refuses with 554 a release that is later than the time to deliver by",
        requirement!("rfc4865-5.2.2-2"),
        misreport(|on| asks(on) && delivers_by(on) && on.usually() == 501, 554, "Not then"),
    ),
    mutant(
        "futurerelease-behind-deliverby-with-another-enhanced-code",
        "refuses such a release with the enhanced code for bad syntax",
        requirement!("rfc4865-5.2.2-3"),
        reword(
            |on| asks(on) && delivers_by(on) && on.usually() == 501,
            |_, reply| reply.lines = vec![b"5.5.2 Not then".to_vec()],
        ),
    ),
];

/// How often MAIL has the parameter, with its keyword in any case.
fn count(on: &Asked<'_>, keyword: &str) -> usize {
    let Some(Command::Mail(mail)) = on.command() else { return 0 };
    let same = |one: &[u8]| one.eq_ignore_ascii_case(keyword.as_bytes());
    mail.parameters.iter().filter(|one| same(one.keyword)).count()
}

/// Whether HOLDFOR is there, and HOLDUNTIL.
fn given(on: &Asked<'_>) -> [bool; 2] {
    ["HOLDFOR", "HOLDUNTIL"].map(|keyword| count(on, keyword) > 0 && !delivers_by(on))
}

fn times(on: &Asked<'_>) -> usize {
    count(on, "HOLDFOR") + count(on, "HOLDUNTIL")
}

/// Whether it is a MAIL that asks for a release, of a server that offers it.
fn asks(on: &Asked<'_>) -> bool {
    on.model.offers("FUTURERELEASE") && times(on) > 0
}

fn delivers_by(on: &Asked<'_>) -> bool {
    count(on, "BY") > 0
}

/// Whether the message under way came with the parameter.
fn keyword(on: &Asked<'_>, keyword: &str) -> bool {
    on.model.transaction().is_some_and(|open| open.has(keyword))
}

/// Takes a line out of what is told of a message that was to be held.
fn drop_line(on: &Asked<'_>, message: &mut Vec<u8>, name: &[u8]) {
    if keyword(on, "HOLDFOR") || keyword(on, "HOLDUNTIL") {
        let lines = message.split_inclusive(|octet| *octet == b'\n');
        *message = lines.filter(|line| !line.starts_with(name)).collect::<Vec<_>>().concat();
    }
}
