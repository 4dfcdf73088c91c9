//! RFC 5321 §4.1.1.9 (NOOP), with §4.1.4 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Reply, Request};

use super::form::{Form, syntax_error};
use super::minimum;
use crate::expectation::{Expectation, FINAL, WANTS_LOGIN};
use crate::model::Model;

/// What NOOP may draw: 250, whether or not a string comes with it.
pub(crate) fn expect(_model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let with_string = matches!(&request.command, Ok(Command::Noop(Some(_))));
    let expectation = Expectation::of(Reply::new(250, "OK"))
        .policy(WANTS_LOGIN)
        .rule(requirement!("rfc5321-4.3.1-7"), &[FINAL])
        .refuse_if(form.is_refused(), || syntax_error(request));
    // 500 behind a string may be about the string: it stands for syntax errors too (RFC 5321 §4.2.2).
    let expectation = if with_string {
        minimum::implemented(expectation, form)
    } else {
        minimum::required(expectation, form)
    };
    if form.is_plain() && !with_string {
        return expectation.rule(requirement!("rfc5321-4.1.1.9-1"), &["250"]);
    }
    // The string is to be ignored, which is a SHOULD; what is not a string has no rule at all.
    expectation.rule(requirement!("rfc5321-4.1.1.9-1"), &["250 500 501 504"]).rule_if(
        form.is_plain(),
        requirement!("rfc5321-4.1.1.9-3"),
        &["250"],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Worth::{Fails, Fine, Warns};
    use crate::testing::{check, session, transaction};

    #[test]
    fn noop_draws_250_and_ignores_its_string() {
        for model in [session(&[]), transaction(1)] {
            check(
                &model,
                &[
                    ("NOOP", 250, Fine),
                    ("noop", 503, Warns),
                    ("NOOP", 502, Fails),
                    ("NOOP", 354, Fails),
                    ("NOOP string", 250, Fine),
                    ("NOOP string", 501, Warns),
                    ("NOOP string", 500, Warns),
                    ("NOOP string", 502, Fails),
                    ("NOOP two strings", 250, Fine),
                    ("NOOP two strings", 501, Fine),
                ],
            );
        }
    }
}
