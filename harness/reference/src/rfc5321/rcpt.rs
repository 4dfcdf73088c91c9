//! RFC 5321 §4.1.1.3 (RCPT), with §3.3, §3.6.2, §4.1.4, §4.3.2 and §4.5.3.1.10.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ForwardPath, Reply, Request};

use super::form::{Form, syntax_error};
use super::{grammar, minimum, order, parameters};
use crate::config::Standing;
use crate::expectation::{ANY_COMMAND, DECLINES_MAIL, Expectation, FINAL, WANTS_LOGIN};
use crate::model::Model;
use crate::state::State;
use crate::transaction::{listed, mailbox_of_recipient};
use crate::{rfc6409, rfc6531, rfc7505, rfc9422};

/// What RCPT may draw.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = rfc6531::form(model, request);
    let expectation = if model.state().is_idle() {
        expect_without_mail(request, form)
    } else {
        expect_in_transaction(model, request, form)
    };
    let expectation = parameters::on_rcpt(model, request, expectation);
    decide(model, request, rfc6409::on_path(model, request, expectation))
}

/// Without MAIL before it, RCPT has one answer, unless something else is wrong with it too:
/// nothing says which fault a server has to look for first.
fn expect_without_mail(request: &Request<'_>, form: Form) -> Expectation {
    let with_parameters =
        matches!(&request.command, Ok(Command::Rcpt(rcpt)) if !rcpt.parameters.is_empty());
    // What is seldom seen may be taken for an error before the order is looked at.
    let odd = if grammar::is_everyday(request) { "" } else { "501 553" };
    Expectation::of(order::out_of_order("send MAIL first")).policy(WANTS_LOGIN).rule(
        requirement!("rfc5321-3.3-15"),
        &["503", form.refusals(), if with_parameters { "501 504 555" } else { odd }],
    )
}

fn expect_in_transaction(model: &Model, request: &Request<'_>, form: Form) -> Expectation {
    let command = request.command.as_ref().ok();
    let (postmaster, with_parameters) = match command {
        Some(Command::Rcpt(rcpt)) => {
            (matches!(rcpt.forward_path, ForwardPath::Postmaster(_)), !rcpt.parameters.is_empty())
        }
        _ => (false, false),
    };
    let certain = postmaster && !with_parameters && form.is_plain();
    // Once a chunk has come it is late for recipients (RFC 3030 §2).
    let timely = matches!(model.state(), State::AwaitRcpt | State::AwaitData);
    let expectation = Expectation::of(Reply::new(250, "OK"))
        // To call postmaster unknown is no policy; to take no mail at all is.
        .policy(if certain { "4yz 521 530 535 538 554" } else { DECLINES_MAIL })
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule(requirement!("rfc5321-3.3-6"), &["250 251 4yz 5yz"])
        .rule(
            requirement!("rfc5321-4.3.2-13"),
            &[
                "250 251 550 551 552 553 450 451 452 503 455 555",
                ANY_COMMAND,
                if with_parameters { "504" } else { "" },
            ],
        )
        .rule_if(certain && timely, requirement!("rfc5321-2.3.5-6"), &["250 251 4yz"])
        .texts(grammar::of_argument(request).filter(|_| timely))
        .refuse_if(form.is_refused(), || syntax_error(request));
    rfc6531::of_path(model, request, minimum::required(expectation, form))
}

/// What our own server makes of the recipient.
fn decide(model: &Model, request: &Request<'_>, expectation: Expectation) -> Expectation {
    let (Some(config), Ok(Command::Rcpt(rcpt))) = (model.config(), &request.command) else {
        return expectation;
    };
    let standing = config.standing(&rcpt.forward_path);
    let taken = model.transaction().map_or(0, |transaction| transaction.recipients.len());
    let moved = match &rcpt.forward_path {
        ForwardPath::Path(path) => config.moved_to(&path.mailbox),
        ForwardPath::Postmaster(_) => None,
    };
    let state = *model.state();
    expectation
        .refuse_if(state == State::AwaitReset, || order::out_of_order("send RSET first"))
        .refuse_if(state == State::AwaitChunk, || order::out_of_order("send the last chunk"))
        // rfc5321-4.2.2-4: the new address, for the client to try itself (RFC 5321 §3.4).
        .refuse_if(moved.is_some(), || rfc6531::moved(model, request, moved.unwrap_or_default()))
        .refuse_if(standing == Standing::NoSuchUser, || Reply::new(550, "No such user here"))
        .refuse_if(
            config.relays && rfc7505::has_null_mx(config, &rcpt.forward_path),
            rfc7505::refusal,
        )
        // rfc5321-3.6.2-1
        .refuse_if(standing == Standing::Foreign, || Reply::new(550, "Relaying denied"))
        // rfc5321-4.5.3.1.10-3
        .refuse_if(taken >= config.max_recipients, || Reply::new(452, "Too many recipients"))
        .refuse_if(rfc9422::has_too_many_domains(model, rcpt), || {
            Reply::new(452, "Too many domains of recipients in this session")
        })
}

/// What is said of a user who has moved (RFC 5321 §3.4).
pub(crate) fn moved_reply(to: &str) -> Reply {
    Reply::new(551, format!("User not local; please try <{to}>"))
}

/// Follows the reply. A refusal leaves the transaction as it was; a recipient taken with no
/// transaction open shows that the server's idea of the session is not ours.
pub(crate) fn advance(model: &mut Model, request: &Request<'_>, reply: &Reply) {
    if reply.code.class() != 2 {
        return;
    }
    if !model.state().in_transaction() && *model.state() != State::Unknown {
        model.lose_track();
        return;
    }
    match &request.command {
        Ok(Command::Rcpt(rcpt)) => {
            let mailbox = mailbox_of_recipient(&rcpt.forward_path);
            model.add_recipient(mailbox.clone());
            model.add_parameters(mailbox, listed(&rcpt.parameters));
        }
        // The server read what we cannot: what it took is then the line as it stands.
        _ => model.add_recipient(request.line.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Moved};
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, preferred, session, transaction};

    #[test]
    fn rcpt_without_mail_is_refused() {
        for model in [session(&[]), session(&[("EHLO client.test", 250)])] {
            check(
                &model,
                &[
                    ("RCPT TO:<b@example.test>", 503, Fine),
                    ("RCPT TO:<b@example.test>", 250, Fails),
                    ("RCPT TO:<b@example.test>", 550, Fails),
                    ("RCPT TO:<b@example.test>", 501, Fails),
                    ("RCPT TO:<b@example.test>", 530, Policy),
                    ("RCPT TO:b@example.test", 501, Fine),
                    ("RCPT TO:<b@example.test> FOO=1", 555, Fine),
                ],
            );
        }
    }

    #[test]
    fn in_a_transaction_the_table_holds() {
        check(
            &transaction(1),
            &[
                ("RCPT TO:<b@example.test>", 250, Fine),
                ("RCPT TO:<b@example.test>", 251, Fine),
                ("RCPT TO:<b@example.test>", 354, Fails),
                ("RCPT TO:<b@example.test>", 252, Warns),
                ("RCPT TO:<b@example.test>", 552, Fine),
                ("RCPT TO:<b@example.test>", 550, Policy),
                ("RCPT TO:<b@example.test>", 571, Warns),
                ("RCPT TO:<b@example.test>", 502, Fails),
                ("RCPT TO:<b@example.test>", 504, Warns),
                ("RCPT TO:<b@example.test> FOO=1", 504, Fine),
                ("RCPT TO:<@a.test,@b.test:b@example.test>", 250, Fine),
            ],
        );
    }

    #[test]
    fn postmaster_without_domain_is_known_everywhere() {
        check(
            &transaction(0),
            &[
                ("RCPT TO:<Postmaster>", 250, Fine),
                ("RCPT TO:<postMASTER>", 550, Fails),
                ("RCPT TO:<Postmaster>", 553, Fails),
                ("RCPT TO:<Postmaster>", 451, Policy),
                ("RCPT TO:<Postmaster> FOO=1", 550, Policy),
            ],
        );
    }

    #[test]
    fn a_refused_recipient_changes_nothing() {
        let mut model = transaction(0);
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(550, "No"));
        assert_eq!(*model.state(), State::AwaitRcpt);
    }

    #[test]
    fn a_recipient_taken_without_mail_leaves_the_state_open() {
        let mut model = session(&[("EHLO client.test", 250)]);
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Unknown);
        check(&model, &[("DATA", 354, Fine), ("DATA", 503, Fine), ("DATA", 250, Fails)]);
    }

    #[test]
    fn the_server_knows_its_mailboxes() {
        let code = |line| {
            let lines = ["EHLO client.test", "MAIL FROM:<>", line];
            preferred(Config::default(), &lines).code.get()
        };
        for (line, expected) in [
            ("RCPT TO:<user@example.test>", 250),
            ("RCPT TO:<\"user\"@Example.Test>", 250),
            ("RCPT TO:<@a.test:user@example.test>", 250),
            ("RCPT TO:<PostMaster>", 250),
            ("RCPT TO:<POSTMASTER@mx.example.test>", 250),
            ("RCPT TO:<nobody@example.test>", 550),
            ("RCPT TO:<user@elsewhere.test>", 550),
            ("RCPT TO:<>", 501),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
    }

    #[test]
    fn of_a_user_who_moved_the_new_address_is_told() {
        let moved = Moved {
            local_part: "old".to_owned(),
            domain: "example.test".to_owned(),
            to: "new@elsewhere.test".to_owned(),
        };
        let config = Config { moved: vec![moved], ..Config::default() };
        for line in ["RCPT TO:<old@EXAMPLE.test>", "VRFY old@example.test", "VRFY old"] {
            let reply = preferred(config.clone(), &["EHLO client.test", "MAIL FROM:<>", line]);
            assert_eq!(reply.code.get(), 551, "{line}");
            assert!(reply.lines[0].ends_with(b"<new@elsewhere.test>"), "{line}");
        }
    }

    #[test]
    fn the_recipient_over_the_limit_draws_452() {
        let config = Config { max_recipients: 1, ..Config::default() };
        let lines = [
            "EHLO client.test",
            "MAIL FROM:<>",
            "RCPT TO:<user@example.test>",
            "RCPT TO:<user2@example.test>",
        ];
        assert_eq!(preferred(config, &lines).code.get(), 452);
    }
}
