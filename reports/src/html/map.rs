//! The map of the sections of each RFC, and below it every scenario.

use std::collections::BTreeMap;

use smtpspec_catalogue::Grade;
use smtpspec_judge::{CaseResult, Results, Verdict};

use super::card::{Anchors, grade};
use super::sign;
use crate::view::excerpt::shorten;
use crate::view::extension::extension;
use crate::view::{self, Section, order, printable};

/// How many characters of a title or a reason a line shows.
const LINE: usize = 300;

/// A specification with its sections.
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) extension: String,
    pub(super) sections: Vec<Tile>,
}

/// A section: a tile of the map, and the list of its scenarios.
pub(super) struct Tile {
    pub(super) anchor: String,
    pub(super) number: String,
    pub(super) title: String,
    pub(super) link: Option<String>,
    pub(super) state: &'static str,
    pub(super) sign: &'static str,
    pub(super) counts: String,
    /// How many requirements of this section the model saw broken.
    pub(super) model: usize,
    pub(super) rows: Vec<Row>,
}

/// One scenario.
pub(super) struct Row {
    pub(super) anchor: String,
    /// Where its evidence is shown.
    pub(super) card: Option<String>,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) verdict: &'static str,
    pub(super) sign: &'static str,
    pub(super) level: &'static str,
    pub(super) reason: String,
    pub(super) place: String,
}

/// All specifications, in the order of their numbers.
pub(super) fn specs(results: &Results, anchors: &mut Anchors) -> Vec<Spec> {
    let mut model: BTreeMap<(String, &str), Vec<Verdict>> = BTreeMap::new();
    for found in &results.findings {
        let rule = found.finding.requirement.requirement();
        let place = (format!("rfc{}", rule.rfc), rule.section);
        model.entry(place).or_default().push(Verdict::of_breach(rule.level.grade()));
    }
    let mut specs: Vec<Spec> = Vec::new();
    let mut last_spec = None;
    let mut sections = view::sections(results);
    // Where only the model saw something, there is a section without scenarios.
    for (spec, number) in model.keys() {
        if !sections.iter().any(|known| known.spec == spec && known.number == *number) {
            sections.push(Section { spec, number, title: "", cases: Vec::new() });
        }
    }
    sections.sort_by(|a, b| {
        order::natural(a.spec, b.spec).then_with(|| order::natural(a.number, b.number))
    });
    for section in sections {
        let seen = model.get(&(section.spec.to_owned(), section.number));
        let tile = tile(&section, seen.map_or(&[], Vec::as_slice), anchors);
        match specs.last_mut() {
            Some(last) if last_spec == Some(section.spec) => last.sections.push(tile),
            _ => {
                let name = view::spec_name(section.spec);
                last_spec = Some(section.spec);
                let extension = printable(extension(section.spec)).into_owned();
                specs.push(Spec { name, extension, sections: vec![tile] });
            }
        }
    }
    specs
}

fn tile(section: &Section<'_>, model: &[Verdict], anchors: &mut Anchors) -> Tile {
    let state = model.iter().copied().fold(section.state(), |state, seen| match state {
        Verdict::Fail => Verdict::Fail,
        _ => seen.max(state),
    });
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, section.count(verdict)))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let number = printable(section.number).into_owned();
    Tile {
        anchor: anchors.name("section", &format!("{}-{number}", section.spec)),
        link: link(section),
        number,
        title: shorten(&printable(section.title), LINE),
        state: state.as_str(),
        sign: sign(state),
        counts: counts.join(", "),
        model: model.len(),
        rows: section.cases.iter().map(|case| row(case, anchors)).collect(),
    }
}

/// The section in the RFC itself.
fn link(section: &Section<'_>) -> Option<String> {
    let number = section.spec.strip_prefix("rfc")?;
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    };
    if !plain(number) || !plain(section.number) {
        return None;
    }
    let part = if section.number.starts_with(|c: char| c.is_ascii_digit()) {
        "section"
    } else {
        "appendix"
    };
    Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#{part}-{}", section.number))
}

fn row(case: &CaseResult, anchors: &mut Anchors) -> Row {
    let reason = match case.verdict {
        Verdict::Skip | Verdict::Inconclusive => case.reason.as_deref().unwrap_or_default(),
        _ => "",
    };
    let found = case.findings.first().map(|finding| finding.level.grade());
    // What was not broken is as strong as the strongest rule that it checks.
    let checked = case.checks.iter().map(|id| id.requirement().level.grade());
    let strongest = checked.min_by_key(|grade| match grade {
        Grade::Must => 0,
        Grade::Should => 1,
        Grade::May => 2,
    });
    Row {
        anchor: anchors.name("scenario", &case.id),
        card: anchors.card(&case.id).map(str::to_owned),
        id: printable(&case.id).into_owned(),
        title: shorten(&printable(&case.title), LINE),
        verdict: case.verdict.as_str(),
        sign: sign(case.verdict),
        level: found.or(strongest).map_or("", grade),
        reason: shorten(&printable(reason), LINE),
        place: view::place(case, None),
    }
}
