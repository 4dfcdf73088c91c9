//! RFC 6409 §3 to §8 (message submission): what goes wrong where people post their mail.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ReversePath, Verb};

use super::{Asked, Fault, Mutant, answer, is_connection, misreport, mutant, reword, silence};
use crate::delivery::Delivery;
use crate::rfc6409::is_submission;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "submission-without-ehlo",
        "answers EHLO as if it were HELO where mail is posted",
        requirement!("rfc6409-3.1-2"),
        reword(is_hello, |_, reply| reply.lines.truncate(1)),
    ),
    mutant(
        "submission-null-reverse-path-refused",
        "takes no null reverse-path where mail is posted",
        requirement!("rfc6409-3.2-4"),
        answer(
            |on| {
                let null = matches!(on.command(),
                    Some(Command::Mail(mail)) if mail.reverse_path == ReversePath::Null);
                is_submission(on.model) && null && on.accepted()
            },
            550,
            "Say who you are",
        ),
    ),
    mutant(
        "submission-one-label-accepted",
        "takes mail for a domain of one label, and passes it on as it is",
        requirement!("rfc6409-4.2-1"),
        answer(|on| is_submission(on.model) && on.is(Verb::Rcpt) && on.usually() == 554, 250, "OK"),
    ),
    mutant(
        "submission-one-label-draws-550",
        "refuses a domain of one label with 550",
        requirement!("rfc6409-4.2-3"),
        misreport(
            |on| is_submission(on.model) && is_path(on) && on.usually() == 554,
            550,
            "The domain is not fully qualified",
        ),
    ),
    mutant(
        "submission-without-login",
        "takes mail from anybody who posts it",
        requirement!("rfc6409-4.3-1"),
        Fault::Config(|config| config.requires_login &= !config.submission),
    ),
    mutant(
        "submission-without-login-draws-554",
        "refuses MAIL without a login with 554",
        requirement!("rfc6409-4.3-2"),
        misreport(
            |on| is_submission(on.model) && on.is(Verb::Mail) && on.usually() == 530,
            554,
            "Log in first",
        ),
    ),
    mutant(
        "submission-syntax-accepted",
        "takes a path that can't be read where mail is posted",
        requirement!("rfc6409-5.1-1"),
        misreport(|on| is_submission(on.model) && is_path(on) && on.usually() == 501, 250, "OK"),
    ),
    mutant(
        "submission-syntax-draws-553",
        "refuses a path that can't be read with 553",
        requirement!("rfc6409-5.1-3"),
        misreport(
            |on| is_submission(on.model) && is_path(on) && on.usually() == 501,
            553,
            "No such mailbox can be",
        ),
    ),
    mutant(
        "submission-message-unanswered",
        "says nothing to a message that was posted",
        requirement!("rfc6409-5.3-1"),
        silence(|on| is_submission(on.model) && super::is_message(on)),
    ),
    mutant(
        "submission-anothers-mailbox-draws-553",
        "refuses with 553 who posts with the mailbox of another",
        requirement!("rfc6409-6.1-2"),
        misreport(
            |on| is_submission(on.model) && on.is(Verb::Mail) && on.usually() == 550,
            553,
            "Not your mailbox",
        ),
    ),
    mutant(
        "submission-data-with-argument-draws-554",
        "refuses with 554 a DATA with an argument where mail is posted",
        requirement!("rfc6409-6.3-2"),
        misreport(
            |on| is_submission(on.model) && on.is(Verb::Data) && on.usually() == 501,
            554,
            "Not like that",
        ),
    ),
    mutant(
        "submission-without-pipelining",
        "does not offer PIPELINING where mail is posted",
        requirement!("rfc6409-7-1"),
        Fault::Config(|config| withhold(config, "PIPELINING")),
    ),
    mutant(
        "submission-without-status-codes",
        "does not offer ENHANCEDSTATUSCODES where mail is posted",
        requirement!("rfc6409-7-2"),
        Fault::Config(|config| withhold(config, "ENHANCEDSTATUSCODES")),
    ),
    mutant(
        "submission-with-etrn",
        "offers ETRN where mail is posted",
        requirement!("rfc6409-7-3"),
        reword(|on| is_hello(on) && on.accepted(), |_, reply| reply.lines.push(b"ETRN".to_vec())),
    ),
    mutant(
        "submission-without-dsn",
        "does not offer DSN where mail is posted",
        requirement!("rfc6409-7-5"),
        Fault::Config(|config| withhold(config, "DSN")),
    ),
    mutant(
        "submission-greets-with-521",
        "greets who posts mail with 521",
        requirement!("rfc6409-7-7"),
        misreport(
            |on| is_submission(on.model) && is_connection(on),
            521,
            "mx.example.test does not accept mail",
        ),
    ),
    mutant(
        "submission-without-eight-bit",
        "does not offer 8BITMIME where mail is posted",
        requirement!("rfc6409-7-11"),
        Fault::Config(|config| withhold(config, "8BITMIME")),
    ),
    mutant(
        "submission-without-auth",
        "offers no AUTH where mail is posted, in the clear or in TLS",
        requirement!("rfc6409-7-12"),
        reword(is_hello, |_, reply| reply.lines.retain(|line| !line.starts_with(b"AUTH"))),
    ),
    mutant(
        "submission-with-atrn",
        "offers ATRN where mail is posted",
        requirement!("rfc6409-7-16"),
        reword(|on| is_hello(on) && on.accepted(), |_, reply| reply.lines.push(b"ATRN".to_vec())),
    ),
    mutant(
        "submission-date-not-added",
        "passes on a posted message without Date",
        requirement!("rfc6409-8-3"),
        Fault::Each(|on, mail| drop_added(on, mail, b"Date:")),
    ),
    mutant(
        "submission-from-not-added",
        "passes on a posted message without From",
        requirement!("rfc6409-8-3"),
        Fault::Each(|on, mail| drop_added(on, mail, b"From:")),
    ),
    mutant(
        "submission-sender-without-domain",
        "adds a Sender that is no address",
        requirement!("rfc6409-8.1-2"),
        Fault::Each(|on, mail| {
            if is_submission(on.model) {
                mail.message.splice(0..0, *b"Sender: bob\r\n");
            }
        }),
    ),
    mutant(
        "submission-message-id-not-added",
        "passes on a posted message without Message-ID",
        requirement!("rfc6409-8.3-1"),
        Fault::Each(|on, mail| drop_added(on, mail, b"Message-ID:")),
    ),
    mutant(
        "submission-recipient-in-lower-case",
        "writes the recipients elsewhere of a posted message in lower case",
        requirement!("rfc6409-8.8-3"),
        Fault::Each(|on, mail| {
            if is_submission(on.model) {
                mail.recipients.iter_mut().for_each(|path| path.make_ascii_lowercase());
            }
        }),
    ),
    mutant(
        "submission-recipient-without-detail",
        "leaves out what stands behind a plus or percent sign in recipients elsewhere",
        requirement!("rfc6409-8.8-3"),
        Fault::Each(|on, mail| {
            for path in mail.recipients.iter_mut().filter(|_| is_submission(on.model)) {
                let sign = path.iter().position(|octet| b"+%".contains(octet));
                let at = path.iter().rposition(|octet| *octet == b'@');
                if let (Some(sign), Some(at)) = (sign, at) {
                    path.drain(sign..at);
                }
            }
        }),
    ),
];

fn is_hello(on: &Asked<'_>) -> bool {
    is_submission(on.model) && on.is(Verb::Ehlo)
}

fn is_path(on: &Asked<'_>) -> bool {
    on.is_any(&[Verb::Mail, Verb::Rcpt])
}

fn withhold(config: &mut crate::Config, keyword: &str) {
    if config.submission {
        config.withheld.push(keyword.to_owned());
    }
}

/// Takes a field away that the message did not have when it was posted.
fn drop_added(on: &Asked<'_>, mail: &mut Delivery, name: &[u8]) {
    let has = |text: &[u8]| text.split(|octet| *octet == b'\n').any(|line| line.starts_with(name));
    if is_submission(on.model) && !has(on.text) {
        let lines = mail.message.split_inclusive(|octet| *octet == b'\n');
        mail.message = lines.filter(|line| !line.starts_with(name)).collect::<Vec<_>>().concat();
    }
}
