//! What a run differs in from its baseline, and what came out differently when played again.

use smtpspec_judge::{Results, Verdict};

use crate::options::Verbosity;
use crate::text::{FAINT, Pen, STRONG, line, of_verdict, wrap};
use crate::view::excerpt::shorten;
use crate::view::{known, printable};

use super::LINE;

/// The cases that came out differently when they were played again.
pub(super) fn intermittent(page: &mut String, results: &Results, pen: Pen) {
    let mut cases = results.scenarios.iter().filter(|case| case.is_intermittent()).peekable();
    if cases.peek().is_none() {
        return;
    }
    line(page, &pen.paint(STRONG, "intermittent: played again, these came out differently"));
    for case in cases {
        let tries: Vec<_> =
            case.tries.iter().map(|one| pen.paint(of_verdict(*one), one.as_str())).collect();
        line(page, &format!("       {}  {}", tries.join(", "), printable(&case.id)));
    }
    page.push('\n');
}

/// What was expected and came; then what makes the run red.
pub(super) fn baseline(page: &mut String, results: &Results, pen: Pen, verbosity: Verbosity) {
    let Some(comparison) = &results.baseline else { return };
    let file = printable(&comparison.file);
    if verbosity > Verbosity::Quiet {
        for (heading, list) in [
            ("known: as the baseline expects", &comparison.known),
            ("known, but nothing was learnt of them this time", &comparison.open),
        ] {
            if list.is_empty() {
                continue;
            }
            line(page, &pen.paint(STRONG, heading));
            for one in list {
                let verdict = pen.paint(of_verdict(one.verdict), &format!("{:<12}", one.verdict));
                line(page, &format!("  {verdict}  {}", printable(&one.id)));
                let why = shorten(&known::why(comparison, one), LINE);
                for part in wrap(&why, pen.width.saturating_sub(16)) {
                    line(page, &format!("{:16}{}", "", pen.paint(FAINT, &part)));
                }
            }
            page.push('\n');
        }
    }
    let entries = known::broken(comparison);
    if entries.is_empty() {
        return;
    }
    let heading = format!("{file} does not hold any more");
    line(page, &pen.paint(of_verdict(Verdict::Fail), &heading));
    for (number, why) in entries {
        let lead = format!("line {number:<4}  ");
        for (index, part) in
            wrap(&shorten(&why, 2 * LINE), pen.width.saturating_sub(13)).into_iter().enumerate()
        {
            let lead = if index == 0 { &*lead } else { "" };
            line(page, &format!("  {lead:<11}{part}"));
        }
    }
    page.push('\n');
}
