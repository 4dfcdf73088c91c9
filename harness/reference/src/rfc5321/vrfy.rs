//! RFC 5321 §4.1.1.6 (VRFY), with §3.5, §4.1.4, §4.3.2 and §7.3.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Grammar, Mailbox, Reply, Request};

use super::form::{Form, syntax_error};
use super::{disclosure, grammar, order, rcpt};
use crate::config::{Account, Config, MailingList, Moved, Standing, is_same_domain};
use crate::expectation::{ANY_COMMAND, DECLINES_INFORMATION, Expectation, FINAL, UNSUPPORTED};
use crate::model::Model;
use crate::rfc6531;

/// What VRFY may draw.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let expectation = Expectation::of(answer(model, request))
        .policy(DECLINES_INFORMATION)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule(requirement!("rfc5321-4.3.2-18"), &["250 251 252 550 551 553 502 504", ANY_COMMAND])
        // §4.5.1 requires VRFY, §3.5.3 tells a server that cannot verify to answer 502 or 500,
        // and calls that less than full compliance: a warning.
        .never_if(form.is_plain(), requirement!("rfc5321-3.5.2-7"), UNSUPPORTED)
        .never_if(
            form.is_plain() && model.offers("VRFY"),
            requirement!("rfc5321-4.2.4-3"),
            UNSUPPORTED,
        )
        .texts(grammar::of_string(request))
        .texts(disclosure::of_vrfy())
        .texts(rfc6531::of_inquiry(model, request))
        .refuse_if(form.is_refused() && !has_route(request), || syntax_error(request));
    order::at_any_time(model, expectation)
}

fn answer(model: &Model, request: &Request<'_>) -> Reply {
    match (model.config(), &request.command) {
        (Some(config), Ok(Command::Vrfy(argument))) if config.vrfy => {
            rfc6531::told(argument, verify(config, &argument.content()))
        }
        // rfc5321-7.3-2: 252 where VRFY is disabled.
        _ => Reply::new(252, "Cannot VRFY user, but will accept message and attempt delivery"),
    }
}

fn verify(config: &Config, argument: &[u8]) -> Reply {
    let moved = |moved: &&Moved| is_named(&moved.local_part, &moved.domain, argument);
    if let Some(moved) = config.moved.iter().find(moved) {
        return rcpt::moved_reply(&moved.to);
    }
    // rfc5321-3.5.1-9: we do not expand lists, so mail to one is taken but nobody is verified.
    if list_of(config, argument).is_some() || is_relayed(config, argument) {
        return Reply::new(252, "Cannot VRFY user, but will accept message and attempt delivery");
    }
    match mailboxes_of(config, argument).as_slice() {
        [] => Reply::new(550, "No such user here"),
        [mailbox] => Reply::new(250, mailbox.as_str()),
        several => Reply::multiline(
            553,
            ["Ambiguous; possibilities are".to_owned()].into_iter().chain(several.iter().cloned()),
        ),
    }
}

/// Whether the argument is a path with a route, which we bear as RCPT does (RFC 5321 appendix C): of
/// such a path the mailbox alone counts.
pub(crate) fn has_route(request: &Request<'_>) -> bool {
    match &request.command {
        Ok(Command::Vrfy(argument) | Command::Expn(argument)) => {
            let path = argument.content();
            path.starts_with(b"<@") && path.ends_with(b">")
        }
        _ => false,
    }
}

/// The list that the argument names, by its address or its local part.
pub(crate) fn list_of<'c>(config: &'c Config, argument: &[u8]) -> Option<&'c MailingList> {
    config.lists.iter().find(|list| is_named(&list.local_part, &list.domain, argument))
}

/// The mailboxes that the argument may mean, as VRFY and EXPN tell them. A user is known by
/// address, by local part, and by each word of the full name (rfc5321-3.5.1-13 and -15).
pub(crate) fn mailboxes_of(config: &Config, argument: &[u8]) -> Vec<String> {
    let (local_part, _) = split(argument);
    if local_part.eq_ignore_ascii_case(b"postmaster") && is_ours(config, argument) {
        return vec![format!("<postmaster@{}>", config.name)];
    }
    config
        .accounts
        .iter()
        .filter(|account| {
            is_named(&account.local_part, &account.domain, argument)
                || account.full_name.as_deref().is_some_and(|name| has_word(name, argument))
        })
        .map(show)
        .collect()
}

/// The form of rfc5321-3.5.1-4: the name and the mailbox in angle brackets.
fn show(account: &Account) -> String {
    let Account { local_part, domain, full_name } = account;
    match full_name {
        Some(name) => format!("{name} <{local_part}@{domain}>"),
        None => format!("<{local_part}@{domain}>"),
    }
}

fn is_named(local_part: &str, domain: &str, argument: &[u8]) -> bool {
    let (local, at) = split(argument);
    local == local_part.as_bytes() && at.is_none_or(|at| is_same_domain(at, domain.as_bytes()))
}

fn has_word(name: &str, argument: &[u8]) -> bool {
    name.as_bytes().eq_ignore_ascii_case(argument)
        || name.split_ascii_whitespace().any(|word| word.as_bytes().eq_ignore_ascii_case(argument))
}

fn is_ours(config: &Config, argument: &[u8]) -> bool {
    split(argument).1.is_none_or(|_| standing(config, argument) == Some(Standing::Local))
}

fn is_relayed(config: &Config, argument: &[u8]) -> bool {
    standing(config, argument) == Some(Standing::Relayed)
}

fn standing(config: &Config, argument: &[u8]) -> Option<Standing> {
    let mailbox =
        Mailbox::parse(unbracketed(argument), Grammar { smtputf8: true, ..Grammar::default() })
            .ok()?;
    Some(config.standing_of(&mailbox))
}

/// The local part and the domain of an argument, which may stand in angle brackets.
fn split(argument: &[u8]) -> (&[u8], Option<&[u8]>) {
    let argument = unbracketed(argument);
    match argument.iter().rposition(|&octet| octet == b'@') {
        Some(at) => (&argument[..at], Some(&argument[at + 1..])),
        None => (argument, None),
    }
}

/// The mailbox in angle brackets, without the route that may stand before it
/// (rfc5321-3.5.2-6); what has no brackets as it is.
fn unbracketed(argument: &[u8]) -> &[u8] {
    let bare = argument.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    let Some(inner) = bare else { return argument };
    match inner.iter().position(|&octet| octet == b':') {
        Some(colon) if inner.starts_with(b"@") => &inner[colon + 1..],
        _ => inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{check, extended, preferred, session};

    #[test]
    fn vrfy_verifies_refuses_or_keeps_silent() {
        check(
            &session(&[]),
            &[
                ("VRFY user", 250, Fine),
                ("VRFY user", 251, Fine),
                ("VRFY user", 252, Fine),
                ("VRFY user", 550, Policy),
                ("VRFY user", 551, Fine),
                ("VRFY user", 553, Fine),
                ("VRFY user", 504, Fine),
                ("VRFY user", 502, Warns),
                ("VRFY user", 503, Warns),
                ("VRFY user", 354, Fails),
                ("VRFY", 501, Fine),
            ],
        );
        check(&extended(&["VRFY"]), &[("VRFY user", 502, Fails), ("VRFY user", 503, Warns)]);
    }

    #[test]
    fn the_server_tells_name_and_mailbox() {
        let text = |line| {
            let reply = preferred(Config::default(), &[line]);
            (reply.code.get(), String::from_utf8(reply.lines[0].clone()).unwrap())
        };
        let known = (250, "Ursula User <user@example.test>".to_owned());
        assert_eq!(text("VRFY user"), known);
        assert_eq!(text("VRFY user@EXAMPLE.test"), known);
        assert_eq!(text("VRFY <@relay.example:user@example.test>"), known);
        assert_eq!(text("VRFY Ursula"), known);
        assert_eq!(text("VRFY PostMaster"), (250, "<postmaster@mx.example.test>".to_owned()));
        assert_eq!(text("VRFY nobody").0, 550);
        assert_eq!(text("VRFY user@elsewhere.test").0, 550);
        assert_eq!(text("VRFY list").0, 252);
        assert_eq!(text("VRFY \"<list@Example.test>\"").0, 252);
        assert_eq!(text("VRFY \"<user@example.test>\""), known);
        assert_eq!(text("VRFY user2@elsewhere.test").0, 550);
        assert_eq!(text("VRFY postmaster@elsewhere.test").0, 550);
        let relay = Config { relays: true, ..Config::default() };
        assert_eq!(preferred(relay, &["VRFY user@elsewhere.test"]).code.get(), 252);
    }

    #[test]
    fn a_name_that_several_bear_is_ambiguous() {
        let accounts =
            ["a", "b"].map(|local| Account::new(local, "example.test").named("Jo Smith"));
        let config = Config { accounts: accounts.to_vec(), ..Config::default() };
        let reply = preferred(config, &["VRFY Smith"]);
        assert_eq!((reply.code.get(), reply.lines.len()), (553, 3));
    }

    #[test]
    fn vrfy_switched_off_verifies_nothing() {
        let mute = Config { vrfy: false, ..Config::default() };
        assert_eq!(preferred(mute, &["VRFY user"]).code.get(), 252);
    }

    #[test]
    fn a_mailbox_in_utf8_may_be_anothers() {
        let relay = Config { relays: true, ..Config::default() };
        let lines = ["EHLO client.test", "VRFY a@b\u{fc}cher.example SMTPUTF8"];
        assert_eq!(preferred(relay, &lines).code.get(), 252);
    }
}
