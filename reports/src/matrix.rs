//! Many servers side by side: a row for each section, a column for each server, and in each cell the
//! worst that came of it, with the dialogues behind it.

mod adjudication;
mod markdown;
mod page;

use std::collections::BTreeMap;

use serde::Serialize;
use smtpspec_judge::{CaseResult, Results, RunFinding, Summary, Verdict};

use crate::format::Format;
use crate::view::order;
use crate::view::tally::{Kept, Tally, tally};

pub use adjudication::{Adjudication, Judgement};

/// The version of the JSON document's form.
const SCHEMA: &str = "smtpspec-matrix/1.0";

/// A server of the matrix.
#[derive(Debug, Clone)]
pub struct Column {
    /// What to call it.
    pub name: String,
    /// What a run against it came to.
    pub results: Results,
}

/// The matrix.
#[derive(Debug)]
pub struct Matrix<'a> {
    columns: &'a [Column],
    judgements: &'a [Adjudication],
    rows: Vec<Row<'a>>,
}

/// A section.
#[derive(Debug)]
struct Row<'a> {
    spec: String,
    number: String,
    title: String,
    /// One for each server.
    cells: Vec<Cell<'a>>,
}

/// What a section came to on a server.
#[derive(Debug, Default)]
struct Cell<'a> {
    cases: Vec<&'a CaseResult>,
    /// What the model saw against the requirements of this section.
    model: Vec<&'a RunFinding>,
}

impl Cell<'_> {
    fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// The worst of it; what was not judged counts only where nothing else is. None where nothing
    /// ran.
    fn state(&self) -> Option<Verdict> {
        let model = |verdict| {
            let breach =
                |found: &&&RunFinding| Verdict::of_breach(found.finding.level.grade()) == verdict;
            self.model.iter().any(|found| breach(&found))
        };
        let order = [Verdict::Fail, Verdict::Warn, Verdict::Error, Verdict::Pass];
        let mut order = order.into_iter().chain([Verdict::Inconclusive, Verdict::Skip]);
        order.find(|verdict| self.count(*verdict) > 0 || model(*verdict))
    }

    /// The cases that accuse the server, the worst first.
    fn accusing(&self) -> impl Iterator<Item = &CaseResult> {
        let of = |verdict| self.cases.iter().copied().filter(move |case| case.verdict == verdict);
        of(Verdict::Fail).chain(of(Verdict::Warn))
    }
}

impl<'a> Matrix<'a> {
    /// The formats that a matrix has.
    pub const FORMATS: [Format; 3] = [Format::Html, Format::Markdown, Format::Json];

    /// Puts the servers side by side, with what people made of the accusations.
    pub fn of(columns: &'a [Column], judgements: &'a [Adjudication]) -> Self {
        let mut rows: BTreeMap<(String, String), (String, Vec<Cell<'a>>)> = BTreeMap::new();
        let empty = || columns.iter().map(|_| Cell::default()).collect::<Vec<_>>();
        for (index, column) in columns.iter().enumerate() {
            for case in &column.results.scenarios {
                let key = (case.spec.clone(), case.section.clone());
                let (title, cells) = rows.entry(key).or_insert_with(|| (String::new(), empty()));
                title.clone_from(&case.section_title);
                cells[index].cases.push(case);
            }
            for found in &column.results.findings {
                let rule = found.finding.requirement.requirement();
                let key = (format!("rfc{}", rule.rfc), rule.section.to_owned());
                let (_, cells) = rows.entry(key).or_insert_with(|| (String::new(), empty()));
                cells[index].model.push(found);
            }
        }
        let rows = rows.into_iter().map(|((spec, number), (title, cells))| Row {
            spec,
            number,
            title,
            cells,
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| {
            order::natural(&a.spec, &b.spec).then_with(|| order::natural(&a.number, &b.number))
        });
        Self { columns, judgements, rows }
    }

    /// The matrix in a format; none where it has no such.
    pub fn render(&self, format: Format) -> Option<Vec<u8>> {
        match format {
            Format::Html => Some(page::render(self)),
            Format::Markdown => Some(markdown::render(self).into_bytes()),
            Format::Json => Some(crate::json::document(&self.document())),
            _ => None,
        }
    }

    /// The document for programs.
    fn document(&self) -> Document<'_> {
        Document {
            schema: SCHEMA,
            servers: self.columns.iter().map(Server::of).collect(),
            sections: self.rows.iter().map(|row| self.section(row)).collect(),
        }
    }

    fn section<'s>(&'s self, row: &'s Row<'a>) -> SectionOf<'s> {
        let cells = row.cells.iter().zip(self.columns).map(|(cell, column)| {
            let cases = cell.accusing().flat_map(|case| {
                case.findings.iter().map(move |finding| (Some(case.id.as_str()), finding))
            });
            let model = cell.model.iter().map(|found| (None, &found.finding));
            let accusations = cases.chain(model).map(|(case, finding)| Accusation {
                case,
                requirement: finding.requirement.as_str(),
                level: finding.level.as_str(),
                seen: &finding.what,
                wanted: &finding.wanted,
                judgement: match case {
                    Some(case) => self.of_case(&column.name, case),
                    None => self.of_model(&column.name, finding.requirement.as_str()),
                },
            });
            let counts = Verdict::ALL.into_iter().map(|verdict| (verdict, cell.count(verdict)));
            CellOf {
                worst: cell.state(),
                cases: counts.filter(|(_, count)| *count > 0).collect(),
                accusations: accusations.collect(),
            }
        });
        let cells = cells.collect();
        SectionOf { spec: &row.spec, section: &row.number, title: &row.title, cells }
    }

    /// What people made of a case.
    fn of_case(&self, server: &str, case: &str) -> Option<&Adjudication> {
        self.judgements.iter().find(|one| one.is_about(server) && one.names_case(case))
    }

    /// What people made of what the model saw.
    fn of_model(&self, server: &str, requirement: &str) -> Option<&Adjudication> {
        self.judgements.iter().find(|one| one.is_about(server) && one.names_rule(requirement))
    }
}

#[derive(Serialize)]
struct Document<'s> {
    schema: &'static str,
    servers: Vec<Server<'s>>,
    sections: Vec<SectionOf<'s>>,
}

/// A server, and what it came to.
#[derive(Serialize)]
struct Server<'s> {
    name: &'s str,
    greeting: Option<&'s str>,
    ehlo: &'s [String],
    started: &'s str,
    tool: String,
    summary: Summary,
    must: Counts,
    should: Counts,
}

#[derive(Serialize)]
struct Counts {
    kept: usize,
    broken: usize,
}

#[derive(Serialize)]
struct SectionOf<'s> {
    spec: &'s str,
    section: &'s str,
    title: &'s str,
    /// In the order of the servers.
    cells: Vec<CellOf<'s>>,
}

#[derive(Serialize)]
struct CellOf<'s> {
    /// Null where nothing ran.
    worst: Option<Verdict>,
    cases: BTreeMap<Verdict, usize>,
    accusations: Vec<Accusation<'s>>,
}

#[derive(Serialize)]
struct Accusation<'s> {
    /// Null where the model saw it.
    case: Option<&'s str>,
    requirement: &'static str,
    level: &'static str,
    seen: &'s str,
    wanted: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    judgement: Option<&'s Adjudication>,
}

impl<'s> Server<'s> {
    fn of(column: &'s Column) -> Self {
        let results = &column.results;
        let Tally { must, should } = tally(results);
        let counts = |Kept { kept, broken }| Counts { kept, broken };
        Self {
            name: &column.name,
            greeting: results.target.greeting.as_deref(),
            ehlo: &results.target.ehlo,
            started: &results.started,
            tool: format!("{} {}", results.tool.name, results.tool.version),
            summary: results.summary,
            must: counts(must),
            should: counts(should),
        }
    }
}

#[cfg(test)]
mod tests;
