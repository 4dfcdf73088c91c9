//! RFC 5321 §4.1.1.5 (RSET), with §4.1.1, §4.1.4 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request};

use super::form::{Form, syntax_error};
use super::order;
use crate::expectation::{Expectation, WANTS_LOGIN};
use crate::model::Model;

/// What RSET may draw: 250, and with an argument that nobody defined a syntax error.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let expectation = Expectation::of(Reply::new(250, "OK"))
        .policy(WANTS_LOGIN)
        .refuse_if(form.is_refused(), || syntax_error(request));
    match form {
        Form::Plain => expectation.rule(requirement!("rfc5321-4.1.1.5-2"), &["250"]),
        Form::Wrong => order::at_any_time(model, expectation)
            .rule(requirement!("rfc5321-4.1.1-5"), &["500 501 504"])
            .rule(requirement!("rfc5321-4.3.2-8"), &["501"]),
        Form::Tolerable | Form::Doubtful => {
            expectation.rule(requirement!("rfc5321-4.1.1.5-2"), &["250 500 501"])
        }
    }
}

/// Follows the reply: no transaction is left (rfc5321-4.1.1.5-1).
pub(crate) fn advance(model: &mut Model, reply: &Reply) {
    if reply.code.class() == 2 {
        model.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::Worth::{Fails, Fine, Warns};
    use crate::testing::{answer, check, session, transaction};

    #[test]
    fn rset_works_at_any_time() {
        for model in [session(&[]), transaction(0), transaction(1)] {
            check(
                &model,
                &[
                    ("RSET", 250, Fine),
                    ("RSET", 503, Fails),
                    ("RSET", 500, Fails),
                    ("RSET ", 250, Fine),
                    ("RSET ", 501, Warns),
                    ("RSET now", 501, Fine),
                    ("RSET now", 250, Warns),
                ],
            );
        }
    }

    #[test]
    fn rset_ends_the_transaction_if_it_succeeds() {
        let mut model = transaction(1);
        answer(&mut model, "RSET now", &Reply::new(501, "No"));
        assert_eq!(*model.state(), State::AwaitData);
        answer(&mut model, "RSET", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Ready);
    }
}
