//! What to do about a run that learnt little.

use smtpspec_judge::{CaseResult, Results, Stopped, Verdict};

use crate::console::Console;
use crate::exit::Exit;

/// What the exit code means, where the reports do not say it by themselves.
pub(super) fn explain(exit: Exit, results: &Results, console: &Console) {
    if matches!(results.stopped, Some(Stopped::TurnedAway { .. })) {
        // The reason says it all.
    } else if exit == Exit::Nothing {
        let reason = results
            .scenarios
            .iter()
            .find(|case| case.verdict == Verdict::Inconclusive)
            .or(results.scenarios.first())
            .and_then(|case| case.reason.as_deref())
            .unwrap_or("no scenario applies");
        console.error(&format!("nothing could be judged; the first reason: {reason}"));
        if reason.contains("RCPT") || reason.contains("recipient") {
            console.note("--to names a mailbox that the target accepts");
        }
    } else if let Some(refused) = refused_recipient(results) {
        console.note(&format!(
            "{refused} scenarios learnt nothing, because the target refused our mailbox; --to names \
             one that it accepts"
        ));
    }
}

/// How many cases learnt nothing because the recipient of all mail was refused, where that is more
/// than a whim.
fn refused_recipient(results: &Results) -> Option<usize> {
    const MANY: usize = 10;
    let refused = |case: &&CaseResult| {
        let why = case.reason.as_deref().unwrap_or_default();
        case.verdict == Verdict::Inconclusive && why.contains("in answer to RCPT")
    };
    let count = results.scenarios.iter().filter(refused).count();
    (count > MANY && count * MANY > results.scenarios.len()).then_some(count)
}
