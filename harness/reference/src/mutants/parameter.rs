//! Parameters of MAIL and RCPT, and the strings of VRFY and EXPN, are not read as the grammar has
//! them (RFC 5321 §4.1.1.11, §4.1.2).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{ArgumentForm, Command, ReversePath, Verb};

use super::address::misread;
use super::{Asked, Mutant, answer, mutant};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "unknown-parameter-accepted",
        "takes parameters of MAIL and RCPT that it does not know",
        requirement!("rfc5321-4.1.1.11-3"),
        answer(|on| on.usually() == 555, 250, "OK"),
    ),
    mutant(
        "unknown-parameter-draws-500",
        "refuses an unknown parameter with 500",
        requirement!("rfc5321-4.1.1.11-1"),
        answer(|on| on.usually() == 555, 500, "Command unrecognized"),
    ),
    mutant(
        "second-parameter-refused",
        "takes one parameter of MAIL at most",
        requirement!("rfc5321-4.1.2-7"),
        misread(
            |on| matches!(on.command(), Some(Command::Mail(mail)) if mail.parameters.iter().count() > 1),
        ),
    ),
    mutant(
        "parameter-of-null-reverse-path-refused",
        "takes no parameters behind the null reverse-path",
        requirement!("rfc5321-4.1.2-7"),
        misread(|on| {
            matches!(on.command(), Some(Command::Mail(mail))
                if mail.reverse_path == ReversePath::Null && !mail.parameters.is_empty())
        }),
    ),
    mutant(
        "vrfy-of-quoted-string-refused",
        "does not know quoted strings in VRFY",
        requirement!("rfc5321-4.1.2-16"),
        misread(|on| on.is(Verb::Vrfy) && form(on) == Some(ArgumentForm::Quoted)),
    ),
    mutant(
        "expn-of-quoted-string-refused",
        "does not know quoted strings in EXPN",
        requirement!("rfc5321-4.1.2-16"),
        misread(|on| on.is(Verb::Expn) && form(on) == Some(ArgumentForm::Quoted)),
    ),
    mutant(
        "unknown-name-is-bad-syntax",
        "calls a name in VRFY or EXPN that it does not know an error of syntax",
        requirement!("rfc5321-4.1.2-16"),
        misread(|on| on.usually() == 550 && form(on) == Some(ArgumentForm::Atom)),
    ),
];

fn form(on: &Asked<'_>) -> Option<ArgumentForm> {
    match on.command()? {
        Command::Vrfy(argument) | Command::Expn(argument) => Some(argument.form()),
        _ => None,
    }
}
