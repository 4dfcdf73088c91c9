//! RFC 5321 §4.1.1.10 (QUIT), with §4.1.1 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request};

use super::form::{Form, syntax_error};
use crate::expectation::Expectation;
use crate::model::Model;
use crate::state::State;

/// What QUIT may draw: 221 in every state, and with an argument a syntax error.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let name = model.name();
    let expectation =
        Expectation::of(Reply::new(221, format!("{name} Service closing transmission channel")))
            .refuse_if(form.is_refused(), || syntax_error(request));
    match form {
        Form::Plain => expectation.rule(requirement!("rfc5321-4.1.1.10-1"), &["221"]),
        Form::Wrong => expectation
            .rule(requirement!("rfc5321-4.1.1.10-1"), &["221 4yz 5yz"])
            .rule(requirement!("rfc5321-4.1.1-5"), &["500 501 503 504"])
            .rule(requirement!("rfc5321-4.3.2-8"), &["501 503"]),
        Form::Tolerable | Form::Doubtful => {
            expectation.rule(requirement!("rfc5321-4.1.1.10-1"), &["221 500 501"])
        }
    }
}

/// Follows the reply: after a positive one the server closes (rfc5321-3.8-1).
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    if reply.code.class() == 2 {
        model.enter(State::Closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, expect, session, transaction, worth};

    #[test]
    fn quit_draws_221_in_every_state() {
        for model in [session(&[]), session(&[("EHLO client.test", 250)]), transaction(1)] {
            check(
                &model,
                &[
                    ("QUIT", 221, Fine),
                    ("QUIT", 250, Fails),
                    ("QUIT", 503, Fails),
                    ("QUIT", 421, Policy),
                    ("QUIT now", 501, Fine),
                    ("QUIT now", 221, Warns),
                ],
            );
        }
    }

    #[test]
    fn after_quit_nothing_is_expected() {
        let mut model = transaction(1);
        answer(&mut model, "QUIT", &Reply::new(221, "Bye"));
        assert_eq!(*model.state(), State::Closed);
        assert!(expect(&model, "NOOP").rules.is_empty());
        assert_eq!(worth(&expect(&model, "NOOP"), 250), Fine);
    }
}
