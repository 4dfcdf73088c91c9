//! RFC 5321 §4.1.1.2 (MAIL), with §3.3, §4.1.4 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Reply, Request};

use super::form::{Form, syntax_error};
use super::{grammar, minimum, order, parameters};
use crate::expectation::{ANY_COMMAND, DECLINES_MAIL, Expectation, FINAL};
use crate::model::Model;
use crate::rfc2033;
use crate::state::State;
use crate::transaction::Transaction;
use crate::{rfc6409, rfc6531, rfc7505, rfc9422};

/// What MAIL may draw.
///
/// Order is no MUST for the server here. That EHLO comes first and that no MAIL comes inside a
/// transaction binds the client (rfc5321-4.1.4-1, rfc5321-4.1.4-16); 503 is for what the server
/// cannot process, and §3.3 tells what a second MAIL does to the buffers. So both answers pass,
/// and the careful server refuses.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let state = *model.state();
    // rfc3030-2-20
    let unfinished = state == State::AwaitReset && model.transaction().is_some();
    let with_parameters =
        matches!(&request.command, Ok(Command::Mail(mail)) if !mail.parameters.is_empty());
    let expectation = Expectation::of(Reply::new(250, "OK"))
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .rule(requirement!("rfc5321-3.3-2"), &["250 4yz 5yz"])
        .rule(
            requirement!("rfc5321-4.3.2-12"),
            &[
                "250 552 451 452 550 553 503 455 555",
                ANY_COMMAND,
                if with_parameters { "504" } else { "" },
            ],
        )
        // A server may find acceptable what the grammar does not have; if it does not, 501 is
        // due, and 500 and 553 say the same of the verb and of the mailbox (§4.2.3).
        .rule_if(
            form == Form::Wrong,
            requirement!("rfc5321-4.1.4-17"),
            &["250 503", form.refusals()],
        )
        .texts(grammar::of_argument(request).filter(|_| state == State::Ready))
        .refuse_if(state == State::AwaitHello, || order::out_of_order(rfc2033::hint(model)))
        .refuse_if(state.in_transaction(), || order::out_of_order("a transaction is open"))
        .refuse_if(unfinished, || order::out_of_order("send RSET first"))
        .refuse_if(form.is_refused(), || syntax_error(request));
    let expectation = rfc6531::of_path(model, request, minimum::required(expectation, form));
    let expectation = rfc9422::on_mail(model, rfc7505::on_mail(model, request, expectation));
    parameters::on_mail(model, request, rfc6409::on_path(model, request, expectation))
}

/// Follows the reply: what was accepted opens a transaction, and drops the one before
/// (rfc5321-4.1.1.2-1); what was refused leaves all as it was (rfc5321-4.1.4-18).
pub(crate) fn advance(model: &mut Model, request: &Request<'_>, reply: &Reply) {
    if reply.code.class() == 2 {
        model.begin(Transaction::open(request));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, preferred, session, transaction};

    #[test]
    fn mail_is_accepted_with_250_alone() {
        check(
            &session(&[("EHLO client.test", 250)]),
            &[
                ("MAIL FROM:<a@client.test>", 250, Fine),
                ("MAIL FROM:<>", 250, Fine),
                ("MAIL FROM:<a@client.test>", 251, Warns),
                ("MAIL FROM:<a@client.test>", 354, Fails),
                ("MAIL FROM:<a@client.test>", 451, Policy),
                ("MAIL FROM:<a@client.test>", 530, Policy),
                ("MAIL FROM:<a@client.test>", 552, Fine),
                ("MAIL FROM:<a@client.test>", 577, Warns),
                ("MAIL FROM:<a@client.test>", 500, Fails),
                ("MAIL FROM:<a@client.test>", 502, Fails),
            ],
        );
    }

    #[test]
    fn a_fault_of_form_may_be_borne_or_refused() {
        check(
            &session(&[("EHLO client.test", 250)]),
            &[
                ("MAIL FROM: <a@client.test>", 250, Fine),
                ("MAIL FROM: <a@client.test>", 501, Fine),
                ("MAIL FROM:a@client.test", 250, Fine),
                ("MAIL FROM:a@client.test", 501, Fine),
                ("MAIL FROM:a@client.test", 500, Fine),
                ("MAIL FROM:a@client.test", 502, Fails),
                ("MAIL FROM:<a\u{1}@client.test>", 250, Fails),
                ("MAIL FROM:<\u{e9}@client.test>", 250, Warns),
                ("MAIL FROM:<\u{e9}@client.test>", 500, Fine),
            ],
        );
    }

    #[test]
    fn order_is_the_clients_duty() {
        for model in [session(&[]), transaction(0), transaction(1)] {
            check(
                &model,
                &[
                    ("MAIL FROM:<a@client.test>", 503, Fine),
                    ("MAIL FROM:<a@client.test>", 250, Fine),
                    ("MAIL FROM", 503, Fine),
                    ("MAIL FROM", 500, Fine),
                ],
            );
        }
    }

    #[test]
    fn a_second_mail_that_is_accepted_drops_the_recipients() {
        let mut model = transaction(2);
        answer(&mut model, "MAIL FROM:<other@client.test>", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::AwaitRcpt);
        let open = model.transaction().unwrap();
        assert_eq!(open.reverse_path.as_deref(), Some(&b"other@client.test"[..]));
        assert!(open.recipients.is_empty());
    }

    #[test]
    fn the_server_insists_on_hello_form_and_one_transaction() {
        let code = |lines: &[&str]| preferred(Config::default(), lines).code.get();
        assert_eq!(code(&["MAIL FROM:<>"]), 503);
        assert_eq!(code(&["HELO c.test", "MAIL FROM:<>"]), 250);
        assert_eq!(code(&["HELO c.test", "MAIL FROM:<> "]), 250);
        assert_eq!(code(&["HELO c.test", "MAIL FROM: <>"]), 501);
        assert_eq!(code(&["HELO c.test", "MAIL FROM:<>", "MAIL FROM:<>"]), 503);
    }
}
