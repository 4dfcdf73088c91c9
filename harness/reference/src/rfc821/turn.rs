//! RFC 821 §3.8 (TURN), with §4.1.1 and §4.3, and RFC 5321 appendix F.1: changing roles.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request};

use crate::expectation::{Expectation, WANTS_LOGIN};
use crate::model::Model;
use crate::rfc5321::form::{Form, syntax_error};
use crate::rfc5321::order;
use crate::state::State;

/// What TURN may draw: 250 and the roles change, or a refusal and they stay.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let fault = if form.is_plain() { "" } else { "501 504" };
    Expectation::of(Reply::new(250, "OK"))
        .policy(WANTS_LOGIN)
        .rule(requirement!("rfc821-4.3-23"), &["250 500 502 503", fault])
        .rule_if(
            model.knows_offers() && !model.offers("TURN"),
            requirement!("rfc5321-4.1.1.1-17"),
            &["4yz 5yz"],
        )
        .refuse_if(!serves(model), || Reply::new(502, "Command not implemented"))
        .refuse_if(form.is_refused(), || syntax_error(request))
        .refuse_if(*model.state() != State::Ready, || {
            order::out_of_order("TURN comes between transactions")
        })
}

/// Whether this server changes roles with this client: only with one that it was told of, since
/// whoever turns gets the mail of the name that it gave (rfc5321-F.1-1).
fn serves(model: &Model) -> bool {
    let queue = model
        .config()
        .zip(model.hello())
        .and_then(|(config, hello)| config.turn_queue(&hello.name));
    queue.is_some()
}

/// Follows the reply: after 250 the server of before is the client (rfc821-3.8-3).
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    if reply.code.class() == 2 {
        model.enter(State::Turned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, TurnPeers};
    use crate::testing::Worth::{Fails, Fine, Policy};
    use crate::testing::{answer, check, extended, preferred, session};

    #[test]
    fn turn_is_accepted_or_refused() {
        check(
            &session(&[("HELO client.test", 250)]),
            &[
                ("TURN", 250, Fine),
                ("TURN", 502, Fine),
                ("TURN", 500, Fine),
                ("TURN", 530, Policy),
                ("TURN", 220, Fails),
                ("TURN round", 501, Fine),
            ],
        );
        check(&extended(&[]), &[("TURN", 250, Fails)]);
    }

    #[test]
    fn the_roles_change_only_with_250() {
        let mut model = session(&[("HELO client.test", 250)]);
        answer(&mut model, "TURN", &Reply::new(502, "No"));
        assert_eq!(*model.state(), State::Ready);
        answer(&mut model, "TURN", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Turned);
    }

    #[test]
    fn the_server_turns_for_those_it_knows_and_between_transactions() {
        let code = |lines: &[&str]| {
            let turn = TurnPeers::from([("known.test".to_owned(), Vec::new())]);
            preferred(Config { turn, ..Config::default() }, lines).code.get()
        };
        assert_eq!(code(&["TURN"]), 502);
        assert_eq!(code(&["EHLO stranger.test", "TURN"]), 502);
        assert_eq!(code(&["EHLO Known.Test", "TURN"]), 250);
        assert_eq!(code(&["EHLO known.test", "MAIL FROM:<>", "TURN"]), 503);
        assert_eq!(code(&["EHLO known.test", "TURN round"]), 501);
        assert_eq!(preferred(Config::default(), &["EHLO known.test", "TURN"]).code.get(), 502);
    }
}
