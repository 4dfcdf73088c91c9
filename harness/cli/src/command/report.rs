//! `smtpspec report`: what can be done with results that were written to files.

mod diff;
mod document;
pub(crate) mod matrix;
mod merge;
mod render;

use crate::args::{Report, ReportWhat};
use crate::console::Console;
use crate::exit::Exit;

pub(crate) fn report(report: &Report, console: &Console) -> Exit {
    match &report.what {
        ReportWhat::Render(args) => render::render(args, console),
        ReportWhat::Diff(args) => diff::diff(args, console),
        ReportWhat::Merge(args) => merge::merge(args, console),
        ReportWhat::Matrix(args) => matrix::matrix(args, console),
    }
}
