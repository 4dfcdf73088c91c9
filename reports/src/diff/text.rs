//! A comparison for people: in a terminal, and as Markdown.

use std::fmt::Write as _;

use super::{Change, Diff, Kind, Side};
use crate::markdown::code::{cell, span};
use crate::options::{Options, Verbosity};
use crate::text::{FAINT, Pen, STRONG, line, of_verdict, wrap};
use crate::view::excerpt::shorten;
use crate::view::printable;
use smtpspec_judge::Verdict;

/// How many characters of a reason a line shows.
const REASON: usize = 300;
/// How many octets the Markdown page has, at most: it fits a comment.
const ROOM: usize = 64_000;

/// The colour of a kind.
const fn tone(kind: Kind) -> Verdict {
    match kind {
        Kind::Worse => Verdict::Fail,
        Kind::Unjudged => Verdict::Inconclusive,
        Kind::New | Kind::Gone => Verdict::Skip,
        Kind::Better | Kind::Judged => Verdict::Pass,
    }
}

/// The page for a terminal; the worst last, as everywhere: it stands nearest to the prompt.
pub(super) fn terminal(diff: &Diff, options: &Options) -> String {
    let pen = Pen { color: options.color, width: options.width.clamp(40, 1000) };
    let mut page = String::new();
    if options.verbosity > Verbosity::Quiet {
        for (name, side) in [("old", &diff.old), ("new", &diff.new)] {
            line(&mut page, &format!("{} {}", pen.paint(STRONG, name), printable(&said(side))));
        }
        page.push('\n');
    }
    for kind in Kind::ALL.into_iter().rev() {
        let changes = diff.changes.get(&kind).map_or(&[][..], Vec::as_slice);
        let shown = kind == Kind::Worse || options.verbosity > Verbosity::Quiet;
        if changes.is_empty() || !shown {
            continue;
        }
        let heading = format!("{} ({})", kind.as_str(), changes.len());
        line(&mut page, &pen.paint(of_verdict(tone(kind)), &heading));
        for change in changes {
            let model = if change.by_model { " (the model)" } else { "" };
            let (was, is) = verdicts(change);
            let step = format!("{was:>12} -> {is:<12}");
            line(&mut page, &format!("{step} {}{model}", printable(&change.id)));
            if kind <= Kind::New && !change.why.is_empty() {
                for part in
                    wrap(&shorten(&printable(&change.why), REASON), pen.width.saturating_sub(30))
                {
                    line(&mut page, &format!("{:29}{}", "", pen.paint(FAINT, &part)));
                }
            }
        }
        page.push('\n');
    }
    line(&mut page, &summary(diff));
    page
}

/// The page as Markdown.
pub(super) fn markdown(diff: &Diff) -> String {
    let sign = if diff.is_worse() { "❌" } else { "✅" };
    let mut page = format!("## {sign} {}\n\n", summary(diff));
    for (name, side) in [("Old", &diff.old), ("New", &diff.new)] {
        let _ = writeln!(page, "- {name}: {}", span(&said(side)));
    }
    for kind in Kind::ALL {
        let changes = diff.changes.get(&kind).map_or(&[][..], Vec::as_slice);
        if changes.is_empty() {
            continue;
        }
        let mut heading = kind.as_str().to_owned();
        heading[..1].make_ascii_uppercase();
        let columns = "| scenario | was | is | why |\n|---|---|---|---|";
        let _ = writeln!(page, "\n### {heading} ({})\n\n{columns}", changes.len());
        for (index, change) in changes.iter().enumerate() {
            let (was, is) = verdicts(change);
            let model = if change.by_model { " (the model)" } else { "" };
            let row =
                format!("| {}{model} | {was} | {is} | {} |\n", cell(&change.id), cell(&change.why));
            if page.len() + row.len() > ROOM {
                let more = changes.len() - index;
                let _ = writeln!(page, "\n_{more} more have no room here; the JSON has all._");
                break;
            }
            page.push_str(&row);
        }
    }
    page
}

fn said(side: &Side) -> String {
    let greeting = side.greeting.as_deref().map(|text| shorten(&printable(text), REASON));
    let greeting = greeting.map(|text| format!(", greeting {text}")).unwrap_or_default();
    format!(
        "{} against {} at {}, {} cases{greeting}",
        side.tool, side.target, side.started, side.cases
    )
}

/// What it came to before and now. Where the model did not see it there is nothing to name.
fn verdicts(change: &Change) -> (&'static str, &'static str) {
    let none = if change.by_model { "unseen" } else { "none" };
    (change.was.map_or(none, Verdict::as_str), change.is.map_or(none, Verdict::as_str))
}

/// The counts; one of 0 stays, so that the line never changes its form.
fn summary(diff: &Diff) -> String {
    let counts: Vec<String> =
        Kind::ALL.iter().map(|kind| format!("{} {}", diff.count(*kind), kind.as_str())).collect();
    format!("{}, {} the same", counts.join(", "), diff.same)
}
