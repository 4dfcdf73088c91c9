//! A baseline in `JUnit`'s XML: what was expected is skipped, with its reason; what does not hold
//! fails, so that a test view is as red as the exit code.

use quick_junit::{NonSuccessKind, TestCaseStatus, TestSuite};
use smtpspec_judge::{Comparison, Known};

use super::{MESSAGE, Room};
use crate::view::excerpt::shorten;
use crate::view::known;

/// The status of a case that came out as expected.
pub(super) fn status(comparison: &Comparison, known: &Known, detail: &str) -> TestCaseStatus {
    let message = format!("known, {}: {}", known.verdict, known::why(comparison, known));
    let mut status = TestCaseStatus::skipped();
    status.set_message(shorten(&message, MESSAGE));
    status.set_type("known");
    status.set_description(format!("{message}\n\n{detail}"));
    status
}

/// One case for each entry that does not hold.
pub(super) fn suite(comparison: &Comparison, room: &mut Room) -> TestSuite {
    let mut suite = TestSuite::new("baseline");
    for stale in &comparison.stale {
        let place = known::place(comparison, stale.line);
        let why = format!("{place}: {}", known::why_stale(stale));
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(shorten(&why, MESSAGE));
        status.set_type("baseline");
        status.set_description(room.text(format!("{why}\n")));
        suite.add_test_case(room.case("baseline", &stale.entry, status));
    }
    suite
}
