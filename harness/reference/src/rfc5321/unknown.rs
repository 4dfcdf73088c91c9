//! RFC 5321 §4.2.4 (reply code 502), with §3.8, §4.1.5 and §4.2.4: commands that are nobody's.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Grammar, Reply, Request, Verb};

use crate::expectation::{DECLINES_MAIL, Expectation, FINAL};
use crate::extension;
use crate::model::Model;
use crate::state::State;

/// Why a server may give no answer to what it has been asked: it wants a login, or it leaves.
const LEAVES: &str = "221 530";

/// What an unknown verb may draw.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let verb = request.verb.name();
    let unrecognized = Reply::new(500, "Command unrecognized");
    let is_offered = std::str::from_utf8(verb).is_ok_and(|verb| model.offers(verb));
    if is_offered || extension::is_registered_verb(verb) {
        // The server may have an extension that the model has no file for.
        return Expectation::of(unrecognized)
            .policy(DECLINES_MAIL)
            .rule(requirement!("rfc5321-4.3.2-3"), &["2yz 3yz 4yz 5yz"]);
    }
    // What is no verb at all, such as the empty line, is as much a syntax error; and before
    // EHLO a server may look at the order before the verb.
    let malformed = verb.is_empty() || !verb.iter().all(u8::is_ascii_alphabetic);
    let early = !matches!(model.state(), State::Ready | State::AwaitRcpt | State::AwaitData);
    let also = [if malformed { "501" } else { "" }, if early { "503" } else { "" }];
    if malformed && is_nearly_known(request.line) {
        // Nothing forbids a server to understand it as the command that was meant.
        return Expectation::of(unrecognized)
            .policy(DECLINES_MAIL)
            .rule(requirement!("rfc5321-4.3.2-3"), &["2yz 3yz 4yz 5yz"]);
    }
    let private = verb.first().is_some_and(|first| first.eq_ignore_ascii_case(&b'X'));
    // A client that talks as no mail client does may be an attacker's tool (a web browser made to
    // speak to us), and some servers take their leave of it: RFC 5321 §7.8 lets them.
    let expectation = Expectation::of(unrecognized).policy(LEAVES);
    if private {
        // By bilateral agreement a private command may do anything; refused, it draws 500. A
        // server that knows it and has switched it off says 502.
        return expectation
            .rule(requirement!("rfc5321-4.1.5-1"), &["2yz 3yz 4yz 500 501 502 504 55z", also[1]]);
    }
    expectation
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        // Only the server knows whether it recognises a command that it does not implement, so
        // 502 is as good as 500 here (rfc5321-4.2.4-1).
        .rule(requirement!("rfc5321-4.2.4-2"), &["500 502", also[0], also[1]])
        // A success would show support, and what is supported has to be listed.
        .rule_if(
            model.knows_offers() && !malformed,
            requirement!("rfc5321-4.1.1.1-17"),
            &["4yz 5yz"],
        )
}

/// Whether the line has a verb that everybody knows, with white space before it or anything but a
/// space behind it.
fn is_nearly_known(line: &[u8]) -> bool {
    let meant = line.trim_ascii_start();
    let end = meant.iter().position(|octet| !octet.is_ascii_alphabetic()).unwrap_or(meant.len());
    !matches!(Request::parse(&meant[..end], Grammar::default()).verb, Verb::Other(_))
}

/// Follows the reply: a success means something that only the server knows.
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    match (reply.code.class(), reply.code.get()) {
        (_, 221) => model.enter(State::Closed),
        (_, 354) => model.enter(State::AwaitMessage),
        (4 | 5, _) => {}
        _ => model.lose_track(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, extended, session, transaction};

    #[test]
    fn an_unknown_command_is_not_recognised() {
        check(
            &transaction(1),
            &[
                ("FOO", 500, Fine),
                ("FOO", 502, Fine),
                ("FOO", 250, Fails),
                ("FOO", 354, Fails),
                ("FOO", 503, Warns),
                ("", 500, Fine),
                ("", 501, Fine),
                ("MA1L", 501, Fine),
                ("MA1L", 250, Warns),
                (" NOOP", 250, Fine),
                ("NOOP\tstring", 250, Fine),
                ("XFOO", 500, Fine),
                ("XFOO", 250, Fine),
                ("XFOO", 503, Warns),
            ],
        );
    }

    #[test]
    fn before_hello_its_order_may_be_looked_at_first() {
        check(&session(&[]), &[("FOO", 503, Fine), ("FOO", 500, Fine)]);
    }

    #[test]
    fn the_commands_of_extensions_are_not_ours_to_judge() {
        check(&extended(&["STARTTLS"]), &[("STARTTLS", 220, Fine), ("STARTTLS", 454, Policy)]);
        check(&extended(&["WEIRD"]), &[("WEIRD", 250, Fine), ("FOO", 250, Fails)]);
    }

    #[test]
    fn a_surprising_success_leaves_the_state_open() {
        let mut model = transaction(1);
        answer(&mut model, "FOO", &Reply::new(500, "What?"));
        assert_eq!(*model.state(), State::AwaitData);
        answer(&mut model, "FOO", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Unknown);
        answer(&mut model, "RSET", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Ready);
        let overlong = Stimulus::Overlong { head: b"DATA", octets: 5000 };
        model.advance(&overlong, &Reply::new(354, "Go on"));
        assert_eq!(*model.state(), State::AwaitMessage);
        let mut model = session(&[]);
        answer(&mut model, "FOO", &Reply::new(221, "mx.example.test"));
        assert_eq!(*model.state(), State::Closed);
    }
}
