//! Foreign text within Markdown: always as code, so that nothing in it is markup.

use crate::view::excerpt::shorten;
use crate::view::printable;

/// How many characters of a text a cell of a table shows.
const CELL: usize = 100;

/// The longest run of backticks in a text.
fn ticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// A code span: between more backticks than the text has in a row.
pub(crate) fn span(text: &str) -> String {
    let text = printable(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(ticks(&text) + 1);
    // A space on either side is not shown, and keeps a backtick at an end apart from ours.
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// A code span within a table, where a bar would end the cell, also in code.
pub(crate) fn cell(text: &str) -> String {
    span(&shorten(&printable(text), CELL)).replace('|', "\\|")
}

/// Lines of text between fences that are longer than any in it.
pub(crate) fn fence(text: &str) -> String {
    let fence = "`".repeat(ticks(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// Code within a `<summary>`, which is HTML until its end.
pub(crate) fn summary(text: &str) -> String {
    let text = printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_own_code() {
        assert_eq!(span("a `b` c"), "``a `b` c``");
        assert_eq!(span("```"), "```` ``` ````");
        assert_eq!(span(""), "");
        assert_eq!(cell("a | b"), r"`a \| b`");
        assert_eq!(fence("x\n````\ny\n"), "`````text\nx\n````\ny\n`````");
        assert_eq!(summary("</summary><b>&"), "<code>&lt;/summary&gt;&lt;b&gt;&amp;</code>");
    }
}
