//! The matrix as Markdown: what each server came to, and a sign for each section.

use std::fmt::Write as _;

use smtpspec_judge::Verdict;

use super::{Column, Matrix};
use crate::markdown::code::{cell, span};
use crate::view::tally::{Tally, tally};
use crate::view::{printable, section_name};

/// The whole page.
pub(super) fn render(matrix: &Matrix<'_>) -> String {
    let mut page = "# SMTP servers side by side\n\n".to_owned();
    page.push_str(&summary(matrix.columns));
    page.push_str(
        "\nA rule counts where a scenario judged it; what was skipped or inconclusive counts \
         nowhere. *model* is what is wrong in exchanges that no scenario asked about.\n",
    );
    sections(&mut page, matrix);
    page
}

/// A line for each server.
fn summary(columns: &[Column]) -> String {
    let mut table = "| server | tested | MUST broken | SHOULD broken | scenarios: fail | warn | \
                     pass | not judged | model |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for Column { name, results } in columns {
        let Tally { must, should } = tally(results);
        let summary = &results.summary;
        let unjudged = summary.skip + summary.inconclusive + summary.error + summary.not_run;
        let day: String = results.started.chars().take(10).collect();
        let _ = writeln!(
            table,
            "| {} | {} | {} of {} | {} of {} | {} | {} | {} | {unjudged} | {} |",
            cell(name),
            printable(&day).replace('|', ""),
            must.broken,
            must.judged(),
            should.broken,
            should.judged(),
            summary.fail,
            summary.warn,
            summary.pass,
            results.findings.len()
        );
    }
    table
}

/// A line for each section, a column for each server.
fn sections(page: &mut String, matrix: &Matrix<'_>) {
    page.push_str(
        "\n## Sections\n\n✗ a MUST is broken, ! a SHOULD is broken, ✓ kept, ? inconclusive, \
         – skipped, E error of the harness; with how many scenarios and findings of the model \
         say so.\n\n",
    );
    let names: Vec<String> = matrix.columns.iter().map(|column| cell(&column.name)).collect();
    let _ =
        writeln!(page, "| section | {} |\n|---|{}", names.join(" | "), ":-:|".repeat(names.len()));
    for row in &matrix.rows {
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| {
                let Some(state) = cell.state() else { return String::new() };
                let sign = crate::html::sign(state);
                let model = cell
                    .model
                    .iter()
                    .filter(|found| Verdict::of_breach(found.finding.level.grade()) == state);
                match (state, cell.count(state) + model.count()) {
                    (Verdict::Fail | Verdict::Warn | Verdict::Error, count) => {
                        format!("{sign} {count}")
                    }
                    _ => sign.to_owned(),
                }
            })
            .collect();
        let name = section_name(&row.spec, &row.number);
        let title = span(&row.title).replace('|', "\\|");
        let _ = writeln!(page, "| {} {title} | {} |", name.replace('|', ""), cells.join(" | "));
    }
}
