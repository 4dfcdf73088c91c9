//! RFC 5321 §4.1.1.7 (EXPN), with §3.5, §4.1.4, §4.3.2 and §7.3.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Reply, Request};

use super::form::{Form, syntax_error};
use super::{disclosure, grammar, order, vrfy};
use crate::config::Config;
use crate::expectation::{ANY_COMMAND, DECLINES_INFORMATION, Expectation, FINAL, UNSUPPORTED};
use crate::model::Model;
use crate::rfc6531;

/// What EXPN may draw.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let expectation = Expectation::of(answer(model, request))
        .policy(DECLINES_INFORMATION)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule(requirement!("rfc5321-4.3.2-19"), &["250 252 550 500 502 504", ANY_COMMAND])
        .never_if(form.is_plain(), requirement!("rfc5321-3.5.2-7"), UNSUPPORTED)
        .never_if(
            form.is_plain() && model.offers("EXPN"),
            requirement!("rfc5321-4.2.4-3"),
            UNSUPPORTED,
        )
        // 252 is what a server says that has EXPN disabled (§7.3), so it shows no support.
        .rule_if(
            model.knows_offers() && !model.offers("EXPN"),
            requirement!("rfc5321-3.5.2-9"),
            &["252 4yz 5yz"],
        )
        .texts(grammar::of_string(request))
        .texts(disclosure::of_expn())
        .texts(rfc6531::of_inquiry(model, request))
        .refuse_if(form.is_refused() && !vrfy::has_route(request), || syntax_error(request));
    order::at_any_time(model, expectation)
}

fn answer(model: &Model, request: &Request<'_>) -> Reply {
    match (model.config(), &request.command) {
        (Some(config), Ok(Command::Expn(_))) if !config.expn => {
            Reply::new(252, "EXPN is disabled here")
        }
        (Some(config), Ok(Command::Expn(argument))) => {
            rfc6531::told(argument, expand(config, &argument.content()))
        }
        _ => Reply::new(252, "Cannot expand the list"),
    }
}

/// One mailbox on each line (rfc5321-3.5.1-12); a user counts as a list of one.
fn expand(config: &Config, argument: &[u8]) -> Reply {
    if let Some(list) = vrfy::list_of(config, argument) {
        if list.members.is_empty() {
            return Reply::new(550, "That list is empty");
        }
        return Reply::multiline(250, list.members.iter().map(|member| format!("<{member}>")));
    }
    match vrfy::mailboxes_of(config, argument).as_slice() {
        [mailbox] => Reply::new(250, mailbox.as_str()),
        _ => Reply::new(550, "No such list here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{check, extended, preferred, session};

    #[test]
    fn expn_expands_refuses_or_keeps_silent() {
        check(
            &session(&[]),
            &[
                ("EXPN staff", 250, Fine),
                ("EXPN staff", 252, Fine),
                ("EXPN staff", 550, Policy),
                ("EXPN staff", 502, Warns),
                ("EXPN staff", 503, Warns),
                ("EXPN", 501, Fine),
            ],
        );
    }

    #[test]
    fn expn_has_to_be_offered_where_it_works() {
        check(&extended(&["EXPN"]), &[("EXPN staff", 250, Fine), ("EXPN staff", 502, Fails)]);
        check(&extended(&[]), &[("EXPN staff", 250, Fails), ("EXPN staff", 252, Fine)]);
    }

    #[test]
    fn the_server_gives_one_mailbox_on_each_line() {
        let reply = preferred(Config::default(), &["EXPN list"]);
        assert_eq!(reply.code.get(), 250);
        assert_eq!(reply.lines, [b"<user@example.test>".to_vec(), b"<user2@example.test>".into()]);
        assert_eq!(preferred(Config::default(), &["EXPN user"]).code.get(), 250);
        assert_eq!(preferred(Config::default(), &["EXPN nobody"]).code.get(), 550);
        let mute = Config { expn: false, ..Config::default() };
        assert_eq!(preferred(mute, &["EXPN list"]).code.get(), 252);
    }
}
