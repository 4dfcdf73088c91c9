//! RFC 5321 §4.1.1.8 (HELP), with §4.1.1.1, §4.1.4 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Argument, Command, Protocol, Reply, Request};

use super::form::{Form, syntax_error};
use super::order;
use crate::expectation::{ANY_COMMAND, DECLINES_INFORMATION, Expectation, FINAL, UNSUPPORTED};
use crate::model::Model;

/// What HELP may draw.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let argument = match &request.command {
        Ok(Command::Help(argument)) => argument.as_ref(),
        _ => None,
    };
    let alone = form.is_plain() && argument.is_none();
    let off = model.config().is_some_and(|config| !config.help);
    let expectation = Expectation::of(help(model))
        .policy(DECLINES_INFORMATION)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule(requirement!("rfc5321-4.3.2-20"), &["211 214 502 504", ANY_COMMAND])
        .never_if(alone, requirement!("rfc5321-4.1.1.8-3"), UNSUPPORTED)
        .never_if(alone && model.offers("HELP"), requirement!("rfc5321-4.2.4-3"), UNSUPPORTED)
        // HELP is not of the required set, so a server that has it has to list it. Whoever answers 250,
        // which is no code for help, may say in the text that there is none.
        .rule_if(
            model.knows_offers() && !model.offers("HELP"),
            requirement!("rfc5321-4.1.1.1-17"),
            &["250 4yz 5yz"],
        )
        .refuse_if(off, || Reply::new(502, "Command not implemented"))
        .refuse_if(form.is_refused(), || syntax_error(request))
        .refuse_if(argument.is_some_and(|argument| !is_a_command(model, argument)), || {
            Reply::new(504, "No help on that")
        });
    order::at_any_time(model, expectation)
}

fn is_a_command(model: &Model, argument: &Argument<'_>) -> bool {
    commands(model).any(|verb| argument.content().eq_ignore_ascii_case(verb.as_bytes()))
}

/// The verbs of the server, of which LMTP has another first one (RFC 2033 §4.1).
fn commands(model: &Model) -> impl Iterator<Item = &'static str> {
    const OTHERS: [&str; 9] =
        ["MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP"];
    let helo = (model.protocol() == Protocol::Smtp).then_some("HELO");
    [model.protocol().hello()].into_iter().chain(helo).chain(OTHERS)
}

fn help(model: &Model) -> Reply {
    let commands: Vec<&str> = commands(model).collect();
    Reply::multiline(214, [format!("Commands: {}", commands.join(" ")), "See RFC 5321".to_owned()])
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine, Warns};
    use crate::testing::{check, extended, preferred, session};

    #[test]
    fn help_helps_or_is_not_implemented() {
        check(
            &session(&[]),
            &[
                ("HELP", 214, Fine),
                ("HELP", 211, Fine),
                ("HELP", 250, Warns),
                ("HELP", 502, Warns),
                ("HELP", 503, Warns),
                ("HELP MAIL", 504, Fine),
                ("HELP", 354, Fails),
            ],
        );
    }

    #[test]
    fn help_has_to_be_offered_where_it_works() {
        check(&extended(&["HELP"]), &[("HELP", 214, Fine), ("HELP", 502, Fails)]);
        check(
            &extended(&["SIZE"]),
            &[("HELP", 214, Fails), ("HELP", 250, Warns), ("HELP", 502, Warns)],
        );
    }

    #[test]
    fn the_server_helps_with_commands_that_it_has() {
        let code = |line| preferred(Config::default(), &[line]).code.get();
        assert_eq!(code("HELP"), 214);
        assert_eq!(code("HELP mail"), 214);
        assert_eq!(code("HELP STARTTLS"), 504);
        let mute = Config { help: false, ..Config::default() };
        assert_eq!(preferred(mute, &["HELP"]).code.get(), 502);
    }
}
