//! A failure with all that shows it: the rule, what was seen and wanted, the dialogue, the replay.

use std::collections::{BTreeMap, BTreeSet};

use smtpspec_catalogue::Grade;
use smtpspec_judge::{CaseResult, Evidence, Finding, Results, RunFinding, Verdict};

use super::lines::{self, Line, Piece, pieces};
use super::sign;
use crate::view::excerpt::{Bounds, rows, shorten};
use crate::view::extension::extension;
use crate::view::{self, printable};

/// How many lines of a dialogue a card shows.
const DIALOGUE: usize = 60;
/// How many lines all dialogues of the page have together, so that it opens in reasonable time.
const LINES: usize = 40_000;
/// How many cards of a chapter are open at first.
const OPEN: usize = 25;
/// How many characters of a sentence are shown.
const SENTENCE: usize = 1000;
/// How many findings of one case are shown.
const FINDINGS: usize = 10;
/// How a command or a reply is shown.
const BOUNDS: Bounds = Bounds { columns: 200, lines: 8 };

/// Cards of one kind.
pub(super) struct Chapter {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) cards: Vec<Card>,
}

/// One failure.
pub(crate) struct Card {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) verdict: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) level: &'static str,
    pub(crate) extension: String,
    pub(crate) open: bool,
    pub(crate) findings: Vec<Found>,
    pub(crate) more_findings: usize,
    pub(crate) reason: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) dialogue: Vec<Line>,
    /// Why there is no dialogue.
    pub(crate) no_dialogue: Option<&'static str>,
    pub(crate) place: Option<String>,
    pub(crate) replay: String,
    /// Why a baseline expected it, where one did.
    pub(crate) known: Option<String>,
    /// What people made of it who read the dialogue: in a word, and why.
    pub(crate) judgement: Option<(String, String)>,
}

/// A broken requirement.
pub(crate) struct Found {
    pub(crate) requirement: &'static str,
    pub(crate) level: &'static str,
    pub(crate) citation: String,
    pub(crate) link: String,
    pub(crate) summary: &'static str,
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) sent: Vec<Vec<Piece>>,
    pub(crate) received: Vec<Vec<Piece>>,
}

/// Names of places on the page; no two are the same.
#[derive(Default)]
pub(crate) struct Anchors {
    taken: BTreeSet<String>,
    of_case: BTreeMap<String, String>,
    of_rule: BTreeMap<&'static str, String>,
}

impl Anchors {
    /// A name for something of this id, without what a link would have to escape.
    pub(crate) fn name(&mut self, kind: &str, id: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        let id: String = id.chars().take(200).map(|c| if plain(c) { c } else { '_' }).collect();
        let mut name = format!("{kind}-{id}");
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{kind}-{id}.{number}");
        }
        name
    }

    /// The card of a case, if it has one.
    pub(super) fn card(&self, id: &str) -> Option<&str> {
        self.of_case.get(id).map(String::as_str)
    }

    /// The first card of what the model saw of a rule, if there is one.
    pub(super) fn card_of_rule(&self, requirement: &str) -> Option<&str> {
        self.of_rule.get(requirement).map(String::as_str)
    }
}

/// How cards of one run are made.
pub(crate) struct Cards<'a> {
    pub(crate) results: &'a Results,
    /// What stands before the names of their places.
    pub(crate) kind: String,
    /// How many lines of a dialogue are shown.
    pub(crate) dialogue: usize,
    /// How many lines there is room for on the whole page.
    pub(crate) room: usize,
}

/// Every failure, the worst first.
pub(super) fn chapters(results: &Results, anchors: &mut Anchors) -> Vec<Chapter> {
    let mut cards = Cards { results, kind: "case".to_owned(), dialogue: DIALOGUE, room: LINES };
    let [fails, warns, errors] = [Verdict::Fail, Verdict::Warn, Verdict::Error].map(|verdict| {
        let cases = view::sections(results).into_iter().flat_map(|section| section.cases);
        let cases = cases.filter(|case| case.verdict == verdict).enumerate();
        cases.map(|(index, case)| cards.of_case(case, index < OPEN, anchors)).collect()
    });
    "model".clone_into(&mut cards.kind);
    let mut found: Vec<_> = results.findings.iter().collect();
    found.sort_by_key(|found| found.finding.level.grade() != Grade::Must);
    let found = found.into_iter().enumerate();
    let model = found.map(|(index, found)| cards.of_model(found, index < OPEN, anchors)).collect();
    let mut all = vec![
        Chapter {
            id: "fail",
            title: "Broken requirements (MUST)",
            about: "The server is wrong: the RFCs leave no choice here.",
            cards: fails,
        },
        Chapter {
            id: "model",
            title: "Seen by the model",
            about: "What is wrong in exchanges that no scenario asked about. Each is shown once, in the first scenario in which it came up.",
            cards: model,
        },
        Chapter {
            id: "warn",
            title: "Broken recommendations (SHOULD)",
            about: "The RFCs allow this for good reasons only.",
            cards: warns,
        },
        Chapter {
            id: "error",
            title: "Errors of the harness or the network",
            about: "These say nothing about the server.",
            cards: errors,
        },
    ];
    all.retain(|chapter| !chapter.cards.is_empty());
    all
}

impl Cards<'_> {
    /// The card of a case.
    pub(crate) fn of_case(&mut self, case: &CaseResult, open: bool, anchors: &mut Anchors) -> Card {
        let anchor = anchors.name(&self.kind, &case.id);
        anchors.of_case.entry(case.id.clone()).or_insert_with(|| anchor.clone());
        let own = case.findings.iter().map(|finding| &finding.evidence);
        let model = self.results.findings.iter().filter(|found| found.case == case.id);
        // A line that both rest on shows the octet of the scenario's own finding.
        let evidence = model.map(|found| &found.finding.evidence).chain(own);
        let (dialogue, no_dialogue) = self.dialogue(case, evidence);
        let reason = case.reason.as_deref().unwrap_or("no reason was given");
        let known = self.known(&case.id);
        let first = case.findings.first();
        Card {
            anchor,
            id: printable(&case.id).into_owned(),
            title: sentence(&case.title),
            verdict: case.verdict.as_str(),
            sign: sign(case.verdict),
            level: first.map_or("", |finding| grade(finding.level.grade())),
            extension: printable(extension(&case.spec)).into_owned(),
            // What is known is there to be looked up.
            open: open && known.is_none(),
            findings: case.findings.iter().take(FINDINGS).map(Found::of).collect(),
            more_findings: case.findings.len().saturating_sub(FINDINGS),
            // A finding says it all; without one the reason is all there is.
            reason: (first.is_none() || case.verdict == Verdict::Error).then(|| sentence(reason)),
            attempts: case.attempts,
            dialogue,
            no_dialogue,
            place: Some(view::place(case, first)),
            replay: view::replay(self.results, &case.id),
            known,
            judgement: None,
        }
    }

    /// The card of what the model saw.
    pub(crate) fn of_model(
        &mut self,
        found: &RunFinding,
        open: bool,
        anchors: &mut Anchors,
    ) -> Card {
        let finding = &found.finding;
        let verdict = Verdict::of_breach(finding.level.grade());
        let case = self.results.scenarios.iter().find(|case| case.id == found.case);
        let (dialogue, no_dialogue) = match case {
            Some(case) => self.dialogue(case, [&finding.evidence]),
            None => (Vec::new(), Some("The scenario that shows it is not in these results.")),
        };
        let seen = match found.cases {
            0 | 1 => format!("seen in {}, and in no other scenario", printable(&found.case)),
            cases => format!("seen in {}, the first of {cases} scenarios", printable(&found.case)),
        };
        let rule = finding.requirement.requirement();
        let known = self.known(finding.requirement.as_str());
        let anchor = anchors.name(&self.kind, finding.requirement.as_str());
        anchors.of_rule.entry(finding.requirement.as_str()).or_insert_with(|| anchor.clone());
        Card {
            anchor,
            id: finding.requirement.as_str().to_owned(),
            title: seen,
            verdict: verdict.as_str(),
            sign: sign(verdict),
            level: grade(finding.level.grade()),
            extension: extension(&format!("rfc{}", rule.rfc)).to_owned(),
            open: open && known.is_none(),
            findings: vec![Found::of(finding)],
            more_findings: 0,
            reason: None,
            attempts: 1,
            dialogue,
            no_dialogue,
            place: case.map(|case| view::place(case, Some(finding))),
            replay: view::replay(self.results, &found.case),
            known,
            judgement: None,
        }
    }

    /// Why a baseline expected this, where one did.
    fn known(&self, id: &str) -> Option<String> {
        let entry = self.results.baseline.as_ref().zip(view::known::of(self.results, id));
        entry.map(|(baseline, known)| sentence(&view::known::why(baseline, known)))
    }

    /// The dialogue of a case, as long as there is room on the page.
    fn dialogue<'a>(
        &mut self,
        case: &CaseResult,
        evidence: impl IntoIterator<Item = &'a Evidence>,
    ) -> (Vec<Line>, Option<&'static str>) {
        if case.transcript.events.is_empty() {
            return (Vec::new(), Some("The results hold no dialogue of this scenario."));
        }
        if self.room == 0 {
            let why = "Left out, because the page would grow too large; the JSON report has it.";
            return (Vec::new(), Some(why));
        }
        let lines = lines::of(&case.transcript, evidence, self.dialogue);
        self.room = self.room.saturating_sub(lines.len());
        (lines, None)
    }
}

impl Found {
    fn of(finding: &Finding) -> Self {
        let rule = finding.requirement.requirement();
        let Evidence { sent, received, at, .. } = &finding.evidence;
        let shown = |octets: &[u8], at| {
            rows(octets, at, BOUNDS).iter().map(|row| pieces(row, true)).collect()
        };
        Self {
            requirement: finding.requirement.as_str(),
            level: finding.level.as_str(),
            citation: rule.citation(),
            link: rule.link(),
            summary: rule.summary,
            what: sentence(&finding.what),
            wanted: sentence(&finding.wanted),
            sent: shown(sent, None),
            received: shown(received, *at),
        }
    }
}

pub(super) const fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Must => "MUST",
        Grade::Should => "SHOULD",
        Grade::May => "MAY",
    }
}

fn sentence(text: &str) -> String {
    shorten(&printable(text), SENTENCE)
}
