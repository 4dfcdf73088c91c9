//! RFC 5321 §4.5.1 (minimum implementation), with §4.3.2: the commands that every server knows.

use smtpspec_catalogue::requirement;

use super::form::Form;
use crate::expectation::Expectation;

/// Adds that a well-formed command of the required set is neither unknown nor unimplemented.
///
/// 500 stands for syntax errors too, so only a command with no fault in its form can be held
/// against the server.
pub(crate) fn required(expectation: Expectation, form: Form) -> Expectation {
    implemented(expectation, form).never_if(form.is_plain(), requirement!("rfc5321-4.3.2-5"), "500")
}

/// Adds that a well-formed command of the required set is not unimplemented.
pub(crate) fn implemented(expectation: Expectation, form: Form) -> Expectation {
    expectation.never_if(form.is_plain(), requirement!("rfc5321-4.5.1-2"), "502")
}
