//! `smtpspec report matrix`: several servers side by side.

use std::fs;
use std::path::Path;

use smtpspec_report::Format;
use smtpspec_report::matrix::{Adjudication, Column, Matrix};

use super::{diff, document};
use crate::args::MatrixReport;
use crate::console::Console;
use crate::exit::Exit;
use crate::output;

pub(crate) fn matrix(args: &MatrixReport, console: &Console) -> Exit {
    let outputs = match diff::outputs(&args.reports, &Matrix::FORMATS, Format::Markdown) {
        Ok(outputs) => outputs,
        Err(why) => {
            console.error(&format!("--report: {why}"));
            return Exit::Usage;
        }
    };
    let judgements = match args.adjudication.as_deref().map(judgements).transpose() {
        Ok(judgements) => judgements.unwrap_or_default(),
        Err(why) => {
            console.error(&format!("--adjudication: {why}"));
            return Exit::Usage;
        }
    };
    let mut columns: Vec<Column> = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let results = match document::read(path, console) {
            Ok(results) => results,
            Err(exit) => return exit,
        };
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        if columns.iter().any(|column| column.name == name) {
            console.error(&format!("two files are named `{name}`, and so would two columns be"));
            return Exit::Usage;
        }
        columns.push(Column { name, results });
    }
    let matrix = Matrix::of(&columns, &judgements);
    let mut written = true;
    for output in &outputs {
        let page = matrix.render(output.format).unwrap_or_default();
        written &= output::put(output, &page, console);
    }
    if written { Exit::Clean } else { Exit::Failed }
}

fn judgements(path: &Path) -> Result<Vec<Adjudication>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}
