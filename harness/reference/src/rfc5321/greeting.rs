//! RFC 5321 §3.1 (session initiation), with §4.3.1 and §4.3.2: the opening of the connection.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, Verb};

use super::{naming, order};
use crate::expectation::Expectation;
use crate::model::Model;
use crate::rfc2033;
use crate::rfc7504;
use crate::state::State;

/// What the server says first.
pub(crate) fn expect(model: &Model) -> Expectation {
    let refuses = model.config().is_some_and(|config| config.refuses_sessions);
    let name = model.name();
    let ready = format!("{name} {} service ready", rfc2033::name(model.protocol()));
    Expectation::of(Reply::new(220, ready))
        // 521 is what RFC 7504 has for a host that takes no mail at all.
        .policy("521 554")
        .rule(requirement!("rfc5321-4.3.1-2"), &["220 4yz 5yz"])
        .rule(requirement!("rfc5321-4.3.2-10"), &["220 554"])
        .texts(naming::of_greeting())
        .refuse_if(refuses, || Reply::new(554, format!("{name} No SMTP service here")))
        .refuse_if(rfc7504::takes_no_mail(model), || rfc7504::greeting(name))
}

/// After a refusal every command but QUIT is answered 503 (rfc5321-3.1-6).
///
/// NOOP and RSET have a MUST of their own for 250 at any time (rfc5321-4.1.4-11), and HELP may
/// help, so both readings are let pass for them.
pub(crate) fn expect_after_refusal(model: &Model, request: &Request<'_>) -> Expectation {
    let also = match request.verb {
        Verb::Noop | Verb::Rset => "250",
        Verb::Help => "211 214",
        _ => "",
    };
    let answer = if rfc7504::takes_no_mail(model) {
        rfc7504::again()
    } else {
        order::out_of_order("this session was refused")
    };
    Expectation::of(answer)
        // Whoever greets with 4yz goes on so; nothing is said of that.
        .policy("4yz 521 554")
        .rule(requirement!("rfc5321-3.1-6"), &["503", also])
}

/// Follows the greeting.
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    match reply.code.class() {
        2 => model.enter(State::AwaitHello),
        4 | 5 => model.enter(State::Refused),
        _ => model.lose_track(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{check, preferred, worth};

    #[test]
    fn the_greeting_is_220_or_554() {
        let expectation = Model::oracle().expect(&Stimulus::Connected);
        for (code, expected) in
            [(220, Fine), (554, Policy), (421, Policy), (550, Warns), (250, Fails), (354, Fails)]
        {
            assert_eq!(worth(&expectation, code), expected, "{code}");
        }
    }

    #[test]
    fn after_a_refusal_all_but_quit_is_out_of_order() {
        let mut model = Model::oracle();
        model.advance(&Stimulus::Connected, &Reply::new(554, "No SMTP service here"));
        check(
            &model,
            &[
                ("EHLO client.test", 503, Fine),
                ("EHLO client.test", 250, Warns),
                ("EHLO client.test", 451, Policy),
                ("EHLO client.test", 521, Policy),
                ("NOOP", 250, Fine),
                ("NOOP", 214, Warns),
                ("RSET", 503, Fine),
                ("RSET", 250, Fine),
                ("HELP", 214, Fine),
                ("HELP", 250, Warns),
                ("QUIT", 221, Fine),
                ("QUIT", 503, Fails),
            ],
        );
    }

    #[test]
    fn a_server_can_refuse_the_session() {
        let refusing = || Config { refuses_sessions: true, ..Config::default() };
        assert_eq!(preferred(refusing(), &[]).code.get(), 554);
        assert_eq!(preferred(refusing(), &["EHLO client.test"]).code.get(), 503);
        assert_eq!(preferred(refusing(), &["EHLO client.test", "QUIT"]).code.get(), 221);
    }
}
