//! What a reader may choose about a report.

/// What a reader may choose. Only [`Format::Terminal`](crate::Format::Terminal) heeds it: the other
/// formats are read by programs, and are the same for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether to write ANSI colours.
    pub color: bool,
    /// How much to tell.
    pub verbosity: Verbosity,
    /// How many columns the terminal has.
    pub width: usize,
}

/// How much a report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Verbosity {
    /// Only failures and the summary line: `--quiet`.
    Quiet,
    /// A line for each section, a block for each case that went wrong, groups for the rest.
    #[default]
    Normal,
    /// A line for each case as well: `-v`.
    Verbose,
    /// The transcript of every case as well: `-vv`.
    VeryVerbose,
}

impl Default for Options {
    fn default() -> Self {
        Self { color: false, verbosity: Verbosity::default(), width: 100 }
    }
}
