//! One module for each command of the program.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod coverage;
pub(crate) mod explain;
pub(crate) mod fuzz;
pub(crate) mod lab;
pub(crate) mod list;
pub(crate) mod prove;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
