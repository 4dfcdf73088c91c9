//! RFC 2033 §4.1 to §4.3 and §5 (LMTP): what is otherwise than in SMTP.
//!
//! LHLO is EHLO by another name, which the grammar sees to; here stand what EHLO and HELO draw
//! instead, DATA without a recipient, and the end of a message, by DATA or by its last chunk, which
//! is answered once for each recipient: the model awaits the message until the last of these replies.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Protocol, Reply, Request, Verb};

use crate::expectation::{ANY_COMMAND, Expectation};
use crate::model::{Model, Stimulus};
use crate::state::State;
use crate::text::{Fault, TextRule};

/// Whether it is a command by which SMTP opens a session, in a session of LMTP (RFC 2033 §4.1).
pub(crate) fn is_hello_of_smtp(model: &Model, request: &Request<'_>) -> bool {
    // Its grammar reads LHLO as the verb EHLO, and these as no verbs.
    let Verb::Other(word) = request.verb else { return false };
    model.protocol() == Protocol::Lmtp && matches!(Verb::of(word), Verb::Ehlo | Verb::Helo)
}

/// What EHLO and HELO may draw: no success, and 500 at best.
pub(crate) fn expect_hello() -> Expectation {
    Expectation::of(Reply::new(500, "Command unrecognized: this is LMTP, send LHLO"))
        .policy("221")
        .rule(requirement!("rfc2033-4.1-3"), &["3yz 4yz 5yz"])
        .rule(requirement!("rfc5321-4.3.1-7"), &["2yz 4yz 5yz"])
        .rule(requirement!("rfc2033-4.1-4"), &["500"])
}

/// Adds what LMTP says of DATA: without a recipient it fails with 503, whatever SMTP lets a
/// server do (rfc2033-4.2-1).
pub(crate) fn on_data(model: &Model, argument: bool, expectation: Expectation) -> Expectation {
    let without_recipient = model.state().is_idle() || *model.state() == State::AwaitRcpt;
    expectation.rule_if(
        model.protocol() == Protocol::Lmtp && without_recipient,
        requirement!("rfc2033-4.2-1"),
        &["503", if argument { ANY_COMMAND } else { "" }],
    )
}

/// The refusal of a DATA that no recipient was accepted for (rfc5321-3.3-17, rfc2033-4.2-1).
pub(crate) fn no_recipients(model: &Model) -> Reply {
    let code = if model.protocol() == Protocol::Lmtp { 503 } else { 554 };
    Reply::new(code, "No valid recipients")
}

/// Adds to the answer to a message what becomes of the recipient whose turn it is: whom the
/// server can't deliver to is refused here, where SMTP would send a notice later.
pub(crate) fn on_message(model: &Model, expectation: Expectation) -> Expectation {
    let Some(recipient) = recipient_due(model) else { return expectation };
    let lost = model.config().is_some_and(|config| config.loses(recipient));
    expectation.refuse_if(lost, || Reply::new(550, "This mailbox can't be delivered to"))
}

/// The recipient whom the next reply to the end of data is for (RFC 2033 §4.2).
fn recipient_due(model: &Model) -> Option<&Vec<u8>> {
    let recipients = &model.transaction()?.recipients;
    recipients.get(model.reported()).filter(|_| model.protocol() == Protocol::Lmtp)
}

/// Whether this is the end of a message that is under way: the end of data, or the last chunk
/// (RFC 2033 §4.3). A chunk without a transaction is out of order, as in SMTP, and one that can't be
/// understood is a syntax error, whose only reply says so.
pub(crate) fn ends_message(model: &Model, stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Message(_) => true,
        Stimulus::Chunk(chunk, _) => {
            chunk.last && chunk.well_formed && model.transaction().is_some()
        }
        _ => false,
    }
}

/// How many replies the end of data draws from now on (RFC 2033 §4.2).
pub(crate) fn replies_due(model: &Model) -> usize {
    let recipients = model.transaction().map_or(0, |transaction| transaction.recipients.len());
    match model.protocol() {
        Protocol::Smtp => 1,
        Protocol::Lmtp => recipients.saturating_sub(model.reported()),
    }
}

/// The replies of a careful server to the end of data or the last chunk: one, or one for each
/// recipient, and then none where there is no recipient (RFC 2033 §4.2, §4.3).
pub(crate) fn replies(model: &Model, message: &Stimulus<'_>) -> Vec<Reply> {
    let mut ahead = model.clone();
    (0..model.replies_due_to(message))
        .map(|_| {
            let reply = ahead.expect(message).preferred;
            ahead.advance(message, &reply);
            reply
        })
        .collect()
}

/// What holds for the list of keywords: two extensions that each server of LMTP has, and one that
/// it should have (RFC 2033 §5).
pub(crate) fn of_lhlo(protocol: Protocol) -> impl Iterator<Item = TextRule> {
    let pipelining = TextRule::new(requirement!("rfc2033-5-2"), "PIPELINING", |reply, _| {
        missing(reply, b"PIPELINING", "PIPELINING is not offered")
    });
    let codes = TextRule::new(requirement!("rfc2033-5-10"), "ENHANCEDSTATUSCODES", |reply, _| {
        missing(reply, b"ENHANCEDSTATUSCODES", "ENHANCEDSTATUSCODES is not offered")
    });
    let eight_bit = TextRule::new(requirement!("rfc2033-5-3"), "8BITMIME", |reply, _| {
        missing(reply, b"8BITMIME", "8BITMIME is not offered")
    });
    [pipelining, codes, eight_bit].into_iter().filter(move |_| protocol == Protocol::Lmtp)
}

fn missing(reply: &Reply, keyword: &[u8], what: &'static str) -> Option<Fault> {
    let word = |line: &Vec<u8>| {
        line.split(|&octet| octet == b' ').next().unwrap_or_default().eq_ignore_ascii_case(keyword)
    };
    let listed = reply.lines.iter().skip(1).any(word);
    (reply.code.get() == 250 && !listed).then(|| Fault::first(what))
}

/// What the server calls its protocol in the greeting, as the examples of the RFCs do.
pub(crate) const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "ESMTP",
        Protocol::Lmtp => "LMTP",
    }
}

/// What a client that has not introduced itself is told.
pub(crate) fn hint(model: &Model) -> &'static str {
    match model.protocol() {
        Protocol::Smtp => "send EHLO first",
        Protocol::Lmtp => "send LHLO first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Account, Config};
    use crate::measure::MessageFacts;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, end_of_data, preferred};

    /// An oracle of LMTP that has seen these commands with these replies.
    fn session(exchanges: &[(&str, u16)]) -> Model {
        let mut model = Model::oracle_of(Protocol::Lmtp);
        model.advance(&Stimulus::Connected, &Reply::new(220, "mx.example.test"));
        for (line, code) in exchanges {
            answer(&mut model, line, &Reply::new(*code, "text"));
        }
        model
    }

    fn transaction(recipients: usize) -> Model {
        let mut model = session(&[("LHLO client.test", 250), ("MAIL FROM:<a@client.test>", 250)]);
        for _ in 0..recipients {
            answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        }
        model
    }

    fn lmtp() -> Config {
        let undeliverable = vec![Account::new("lost", "example.test")];
        Config { protocol: Protocol::Lmtp, undeliverable, ..Config::default() }
    }

    #[test]
    fn lhlo_opens_the_session_and_no_other_hello_does() {
        check(
            &session(&[]),
            &[
                ("LHLO client.test", 250, Fine),
                ("lhlo client.test", 250, Fine),
                ("LHLO client.test", 354, Fails),
                ("LHLO", 501, Fine),
                ("EHLO client.test", 500, Fine),
                ("HELO client.test", 500, Fine),
                ("ehlo client.test", 502, Warns),
                ("HELO client.test", 250, Fails),
                ("EHLO client.test", 250, Fails),
                ("EHLO client.test", 354, Fails),
                ("EHLO client.test", 421, Policy),
            ],
        );
        assert_eq!(*session(&[("EHLO client.test", 500)]).state(), State::AwaitHello);
        assert_eq!(*session(&[("LHLO client.test", 250)]).state(), State::Ready);
        assert_eq!(preferred(lmtp(), &["EHLO client.test"]).code.get(), 500);
        assert_eq!(preferred(lmtp(), &["LHLO client.test"]).code.get(), 250);
        assert_eq!(preferred(Config::default(), &["LHLO client.test"]).code.get(), 500);
    }

    #[test]
    fn data_without_a_recipient_draws_503() {
        for model in [session(&[]), session(&[("LHLO client.test", 250)]), transaction(0)] {
            check(
                &model,
                &[
                    ("DATA", 503, Fine),
                    ("DATA", 554, Fails),
                    ("DATA", 354, Fails),
                    ("DATA now", 501, Fine),
                    ("DATA", 421, Policy),
                    ("DATA", 451, Policy),
                ],
            );
        }
        check(&transaction(1), &[("DATA", 354, Fine), ("DATA", 451, Policy)]);
        let lines = ["LHLO client.test", "MAIL FROM:<>", "DATA"];
        assert_eq!(preferred(lmtp(), &lines).code.get(), 503);
    }

    #[test]
    fn the_end_of_data_is_answered_for_each_recipient() {
        let mut model = transaction(3);
        answer(&mut model, "DATA", &Reply::new(354, "Go ahead"));
        for code in [250, 452] {
            end_of_data(&mut model, code);
            assert!(model.awaits_data());
        }
        end_of_data(&mut model, 550);
        assert_eq!(*model.state(), State::Ready);
        assert!(model.transaction().is_none());
    }

    #[test]
    fn each_recipient_has_a_reply_of_its_own() {
        let mut model = Model::server(lmtp().into());
        answer(&mut model, "LHLO client.test", &Reply::new(250, "mx.example.test"));
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        let message = Stimulus::Message(MessageFacts::default());
        assert_eq!(replies(&model, &message), []);
        for mailbox in ["user", "lost", "user"] {
            let line = format!("RCPT TO:<{mailbox}@example.test>");
            answer(&mut model, &line, &Reply::new(250, "OK"));
        }
        answer(&mut model, "DATA", &Reply::new(354, "Go ahead"));
        let codes = replies(&model, &message).into_iter().map(|reply| reply.code.get());
        assert_eq!(codes.collect::<Vec<_>>(), [250, 550, 250]);
    }

    #[test]
    fn two_extensions_are_required_and_one_is_recommended() {
        let broken = |lines: &[&str]| {
            let lines = [&["mx.example.test"], lines].concat();
            let reply = Reply::multiline(250, lines.iter().map(|line| line.as_bytes().to_vec()));
            let rules: Vec<_> = of_lhlo(Protocol::Lmtp).collect();
            rules.iter().filter(|rule| rule.fault(&reply, None).is_some()).count()
        };
        assert_eq!(broken(&["8bitmime", "PIPELINING", "EnhancedStatusCodes"]), 0);
        assert_eq!(broken(&["8BITMIMEX", "SIZE 5"]), 3);
        assert_eq!(broken(&["PIPELINING"]), 2);
        assert_eq!(of_lhlo(Protocol::Smtp).count(), 0);
    }
}
