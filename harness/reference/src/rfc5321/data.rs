//! RFC 5321 §4.1.1.4 (DATA), with §3.3, §4.2.5 and §4.3.2: the command, and the end of data.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, limits};

use super::form::{Form, syntax_error};
use super::{minimum, order};
use crate::expectation::{ANY_COMMAND, DECLINES_MAIL, Expectation, WANTS_LOGIN};
use crate::extension;
use crate::measure::MessageFacts;
use crate::model::Model;
use crate::rfc2033;
use crate::rfc3030;
use crate::state::State;

/// What the command DATA may draw.
///
/// Without a recipient §3.3 says that the server MAY answer 503 or 554, and foresees a 354 with
/// the failure at the end of data; so no code that refuses breaks a MUST, and only a success
/// without any data does.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let state = *model.state();
    let without_recipient = state.is_idle() || state == State::AwaitRcpt;
    let argument = form == Form::Wrong;
    let after_chunks = state == State::AwaitChunk;
    let binary = rfc3030::is_binary(model);
    let expectation = Expectation::of(Reply::new(354, "Start mail input; end with <CRLF>.<CRLF>"))
        .policy(match state {
            _ if without_recipient => "4yz 530 535 538",
            _ if after_chunks || binary => WANTS_LOGIN,
            _ => DECLINES_MAIL,
        })
        .rule(requirement!("rfc5321-3.3-17"), &["354 4yz 5yz"])
        .rule(requirement!("rfc5321-4.3.2-16"), &["354 503 554", ANY_COMMAND])
        .rule_if(argument, requirement!("rfc5321-4.1.1-5"), &["500 501 503 504 554"])
        .rule_if(argument, requirement!("rfc5321-4.3.2-8"), &["501 503 554"])
        .rule_if(after_chunks, requirement!("rfc3030-2-23"), &["503", form.refusals()])
        .rule_if(
            binary && state.in_transaction(),
            requirement!("rfc3030-3-7"),
            &["503", form.refusals(), if without_recipient { "554" } else { "" }],
        )
        .never_if(
            form.is_plain() && state == State::AwaitData && model.offers("CHUNKING"),
            requirement!("rfc3030-2-2"),
            "500 502",
        )
        .refuse_if(state == State::AwaitReset, || order::out_of_order("send RSET first"))
        .refuse_if(after_chunks, || order::out_of_order("the message goes on with BDAT"))
        .refuse_if(binary, || order::out_of_order("BODY=BINARYMIME goes with BDAT"))
        .refuse_if(state.is_idle(), || order::out_of_order("send MAIL first"))
        .refuse_if(state == State::AwaitRcpt, || rfc2033::no_recipients(model))
        .refuse_if(form.is_refused(), || syntax_error(request));
    minimum::required(rfc2033::on_data(model, argument, expectation), form)
}

/// Follows the reply to the command: 3yz calls for the message, whatever its other digits.
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    match reply.code.class() {
        3 => model.enter(State::AwaitMessage),
        // RFC 3030 §2, §3: the state after this error is not known.
        4 | 5 if model.awaits_chunk() || rfc3030::is_binary(model) => model.await_reset(false),
        4 | 5 => {}
        // A success without any data: nobody can say what it succeeded in.
        _ => model.lose_track(),
    }
}

/// What the end of data may draw.
pub(crate) fn expect_message(model: &Model, facts: &MessageFacts) -> Expectation {
    let long_line = facts.longest_line > limits::TEXT_LINE;
    let without_recipient =
        model.transaction().is_none_or(|transaction| transaction.recipients.is_empty());
    let maximum = model.config().map_or(0, |config| config.max_message_octets);
    let has_looped = model.config().is_some_and(|config| facts.received > config.max_received);
    let too_large = maximum > 0 && facts.octets > maximum;
    let expectation = Expectation::of(Reply::new(250, "OK"))
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc5321-3.3-26"), &["250 4yz 5yz"])
        .rule(
            requirement!("rfc5321-4.3.2-15"),
            &[
                "250 552 554 451 452 450 550",
                // rfc5321-4.5.3.1.9-1
                if long_line { "500 501" } else { "" },
                if without_recipient { "503" } else { "" },
            ],
        )
        .refuse_if(without_recipient, || Reply::new(554, "No valid recipients"))
        // The limit stands whether or not SIZE told of it.
        // rfc5321-6.3-2
        .refuse_if(has_looped, || Reply::new(554, "Too many hops"))
        .refuse_if(too_large, || Reply::new(552, "Too much mail data"));
    extension::offered(model)
        .fold(rfc2033::on_message(model, expectation), |expectation, extension| {
            extension.on_message(model, facts, expectation)
        })
}

/// Follows the reply to the end of data: the buffers are empty, whatever it was
/// (rfc5321-4.1.1.4-8).
pub(crate) fn advance_message(model: &mut Model, reply: &Reply) {
    match reply.code.class() {
        2 | 4 | 5 if model.replies_due() <= 1 => model.clear(),
        class @ (2 | 4 | 5) => model.report(class == 2),
        _ => model.lose_track(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, end_of_data, session, transaction, worth};

    #[test]
    fn data_draws_354_or_a_refusal() {
        check(
            &transaction(1),
            &[
                ("DATA", 354, Fine),
                ("DATA", 250, Fails),
                ("DATA", 503, Fine),
                ("DATA", 451, Policy),
                ("DATA", 502, Fails),
                ("DATA now", 501, Fine),
                ("DATA now", 500, Warns),
                ("DATA now", 354, Warns),
                ("data ", 354, Fine),
            ],
        );
    }

    #[test]
    fn data_without_recipients_may_fail_now_or_later() {
        for model in [session(&[]), session(&[("EHLO client.test", 250)]), transaction(0)] {
            check(
                &model,
                &[
                    ("DATA", 503, Fine),
                    ("DATA", 554, Fine),
                    ("DATA", 354, Fine),
                    ("DATA", 550, Warns),
                    ("DATA", 250, Fails),
                ],
            );
        }
    }

    #[test]
    fn the_end_of_data_clears_the_buffers_whatever_the_reply() {
        for code in [250, 451, 554] {
            let mut model = transaction(1);
            answer(&mut model, "DATA", &Reply::new(354, "Go ahead"));
            assert!(model.awaits_data());
            end_of_data(&mut model, code);
            assert_eq!(*model.state(), State::Ready);
            assert!(model.transaction().is_none());
        }
    }

    #[test]
    fn the_end_of_data_is_answered_250_or_refused() {
        let mut model = transaction(1);
        answer(&mut model, "DATA", &Reply::new(354, "Go ahead"));
        let facts =
            MessageFacts { octets: 10, lines: 1, longest_line: 10, ..MessageFacts::default() };
        let expectation = model.expect(&Stimulus::Message(facts));
        for (code, expected) in
            [(250, Fine), (552, Fine), (554, Policy), (452, Policy), (500, Warns), (354, Fails)]
        {
            assert_eq!(worth(&expectation, code), expected, "{code}");
        }
        let long = MessageFacts { longest_line: 1001, ..facts };
        assert_eq!(worth(&model.expect(&Stimulus::Message(long)), 500), Fine);
    }

    #[test]
    fn that_data_goes_on_beside_chunks_is_asked_where_there_are_chunks() {
        let names = |model: &Model| {
            let code = smtpspec_protocol::ReplyCode::new(502).unwrap();
            let expectation = crate::testing::expect(model, "DATA");
            let rule = requirement!("rfc3030-2-2");
            expectation.breaches(code).iter().any(|broken| broken.requirement == rule)
        };
        assert!(!names(&transaction(1)) && !names(&session(&[])));
        let mut offered = crate::testing::extended(&["CHUNKING"]);
        assert!(!names(&offered), "there is no mail to go on with");
        answer(&mut offered, "MAIL FROM:<>", &Reply::new(250, "OK"));
        answer(&mut offered, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        assert!(names(&offered));
    }
}
