//! What stands on top of the page: the answer, whom it is about, when, and the counts.

use smtpspec_judge::{Results, Verdict};

use crate::view::excerpt::shorten;
use crate::view::tally::{self, Kept, tally};
use crate::view::{self, printable, tls};

/// How many characters of a greeting or of a line of EHLO are shown.
const LINE: usize = 600;
/// How many lines of EHLO are shown.
const LINES: usize = 100;

pub(super) struct Heading {
    pub(super) whom: String,
    pub(super) answer: String,
    /// The verdict by which the answer is coloured.
    pub(super) state: &'static str,
    pub(super) stopped: Option<String>,
    pub(super) greeting: Option<String>,
    pub(super) ehlo: Vec<String>,
    pub(super) tls: Vec<String>,
    pub(super) tool: String,
    pub(super) started: String,
    pub(super) elapsed: String,
    pub(super) seed: Option<u64>,
    pub(super) shard: Option<String>,
    pub(super) levels: [Level; 2],
    pub(super) selected: usize,
    pub(super) not_run: usize,
    /// What the model saw beside the scenarios' own expectations.
    pub(super) model: usize,
    pub(super) replay: String,
    /// How the run stands to its baseline, in a line.
    pub(super) baseline: Option<String>,
    /// The baseline's entries that do not hold any more, by their lines.
    pub(super) broken_entries: Vec<(u32, String)>,
}

/// What was learnt of the requirements of one level.
pub(super) struct Level {
    pub(super) name: &'static str,
    pub(super) kept: usize,
    pub(super) broken: usize,
    pub(super) judged: usize,
    /// The kept ones among the judged ones, in tenths of a hundredth; none where nothing was judged.
    share: Option<usize>,
}

impl Level {
    fn of(name: &'static str, kept: Kept) -> Self {
        let judged = kept.judged();
        // Rounded down, so that 100 % means all.
        let share = (judged > 0).then(|| kept.kept * 1000 / judged);
        Self { name, kept: kept.kept, broken: kept.broken, judged, share }
    }

    /// `97.5 %`.
    pub(super) fn percent(&self) -> String {
        self.share.map_or_else(String::new, |share| format!("{}.{} %", share / 10, share % 10))
    }

    /// The width of the kept part of a bar that is 1000 wide.
    pub(super) fn width(&self) -> usize {
        self.share.unwrap_or(0)
    }
}

impl Heading {
    pub(super) fn of(results: &Results) -> Self {
        let target = &results.target;
        let tally = tally(results);
        let line = |text: &String| shorten(&printable(text), LINE);
        let whom =
            if target.embedded { "the reference server".to_owned() } else { line(&target.address) };
        let state = match (tally.must.broken, tally.should.broken) {
            (0, _) if tally.must.judged() == 0 || results.stopped.is_some() => Verdict::Error,
            (0, 0) => Verdict::Pass,
            (0, _) => Verdict::Warn,
            _ => Verdict::Fail,
        };
        Self {
            whom,
            answer: tally::answer(results),
            state: state.as_str(),
            stopped: results.stopped.as_ref().map(view::why_stopped),
            greeting: target.greeting.as_ref().map(line),
            ehlo: target.ehlo.iter().take(LINES).map(line).collect(),
            tls: tls::agreements(results),
            tool: printable(&format!("{} {}", results.tool.name, results.tool.version))
                .into_owned(),
            started: line(&results.started),
            elapsed: view::elapsed(results.elapsed_ms.saturating_mul(1000)),
            seed: results.seed,
            shard: view::part(results),
            levels: [Level::of("MUST", tally.must), Level::of("SHOULD", tally.should)],
            selected: results.summary.selected,
            not_run: results.summary.not_run,
            model: results.findings.len(),
            replay: view::again(results),
            baseline: results.baseline.as_ref().map(view::known::answer),
            broken_entries: results.baseline.as_ref().map(view::known::broken).unwrap_or_default(),
        }
    }
}
