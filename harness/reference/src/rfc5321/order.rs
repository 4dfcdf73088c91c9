//! RFC 5321 §4.1.4 (order of commands): what holds for several commands alike.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Reply;

use crate::expectation::Expectation;
use crate::model::Model;
use crate::state::State;

/// Nothing is due from the server here: it has closed, it has become the client, or what comes
/// is not a command. So there is no rule, and a careful server would say goodbye.
pub(crate) fn expect_nothing(model: &Model) -> Expectation {
    Expectation::of(Reply::new(421, format!("{} Service not available", model.name())))
}

/// Unasked, a server may say 421 and nothing else (rfc5321-4.2-1).
pub(crate) fn expect_unasked(model: &Model) -> Expectation {
    expect_nothing(model).rule(requirement!("rfc5321-4.2-1"), &["421"])
}

/// Adds that the order of commands is no reason to refuse NOOP, HELP, EXPN, VRFY and RSET.
pub(crate) fn at_any_time(model: &Model, expectation: Expectation) -> Expectation {
    let rule = match model.state() {
        State::AwaitHello => requirement!("rfc5321-4.1.4-12"),
        _ => requirement!("rfc5321-4.1.4-11"),
    };
    expectation.never_if(true, rule, "503")
}

/// The refusal of a command that came out of order (rfc5321-4.1.4-19).
pub(crate) fn out_of_order(hint: &str) -> Reply {
    Reply::new(503, format!("Bad sequence of commands: {hint}"))
}

#[cfg(test)]
mod tests {
    use crate::testing::Worth::Warns;
    use crate::testing::{check, session, transaction};

    #[test]
    fn information_does_not_wait_for_hello() {
        check(&session(&[]), &[("VRFY user", 503, Warns), ("HELP", 503, Warns)]);
        check(&transaction(1), &[("VRFY user", 503, Warns), ("EXPN staff", 503, Warns)]);
    }
}
