//! One page for people: self-contained, for a screen of any size and for print.
//!
//! | what | where |
//! |---|---|
//! | what stands on top | `html/heading.rs` |
//! | the broken rules, with where each is shown | `html/index.rs` |
//! | the map of the sections, and every scenario below it | `html/map.rs` |
//! | a failure with its evidence | `html/card.rs` |
//! | a dialogue, line by line | `html/lines.rs` |
//! | the page's own style and script, and the policy that allows nothing else | `html/policy.rs` |
//!
//! The templates under `templates/html` escape all that is put into them, and only the style and
//! the script, which are ours, go in as they are.

pub(crate) mod card;
mod heading;
mod index;
pub(crate) mod lines;
mod map;
pub(crate) mod policy;

use askama::Template;
use smtpspec_judge::{Results, Verdict};

use crate::view::{self, printable};
use card::{Anchors, Chapter};
use heading::Heading;
use index::Rule;
use map::Spec;

pub(crate) const STYLE: &str = include_str!("../templates/html/page.css");
const SCRIPT: &str = include_str!("../templates/html/report.js");

#[derive(Template)]
#[template(path = "html/report.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    heading: Heading,
    rules: Vec<Rule>,
    chapters: Vec<Chapter>,
    specs: Vec<Spec>,
    unjudged: Vec<Unjudged>,
    extensions: Vec<String>,
    verdicts: Vec<(&'static str, &'static str, usize)>,
}

/// Why cases could not be judged.
struct Unjudged {
    heading: &'static str,
    /// How many cases, and the reason.
    reasons: Vec<(usize, String)>,
}

/// The whole page.
pub(crate) fn render(results: &Results) -> Vec<u8> {
    let mut anchors = Anchors::default();
    let chapters = card::chapters(results, &mut anchors);
    let specs = map::specs(results, &mut anchors);
    let mut extensions: Vec<String> = specs.iter().map(|spec| spec.extension.clone()).collect();
    extensions.sort();
    extensions.dedup();
    let page = Page {
        policy: policy::of(STYLE, SCRIPT),
        style: STYLE,
        script: SCRIPT,
        heading: Heading::of(results),
        rules: index::rules(results, &anchors),
        chapters,
        specs,
        unjudged: unjudged(results),
        extensions,
        verdicts: Verdict::ALL
            .map(|verdict| (verdict.as_str(), sign(verdict), results.summary.count(verdict)))
            .into_iter()
            .collect(),
    };
    page.render().expect("invariant: writing to memory can't fail").into_bytes()
}

/// A verdict as one sign, so that colour is never all that tells them apart.
pub(crate) const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Warn => "!",
        Verdict::Skip => "–",
        Verdict::Inconclusive => "?",
        Verdict::Error => "E",
    }
}

fn unjudged(results: &Results) -> Vec<Unjudged> {
    let headings = [
        (Verdict::Inconclusive, "Inconclusive: something stood in the way, and nothing was learnt"),
        (Verdict::Skip, "Skipped: what these scenarios need is not there"),
    ];
    let reasons = |verdict| {
        let groups = view::by_reason(results, verdict).into_iter();
        groups.map(|group| (group.cases.len(), printable(&group.reason).into_owned())).collect()
    };
    let mut all = Vec::from(
        headings.map(|(verdict, heading)| Unjudged { heading, reasons: reasons(verdict) }),
    );
    all.retain(|group| !group.reasons.is_empty());
    all
}

#[cfg(test)]
mod tests;
