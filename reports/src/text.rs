//! Text in columns: wrapping, labels and colour. The only file that names a colour.

use anstyle::{AnsiColor, Color, Style};
use smtpspec_judge::Verdict;

use crate::view::excerpt::Row;

/// What text is written with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    /// Whether colours are written.
    pub(crate) color: bool,
    /// How many columns a line may have, where it can be broken.
    pub(crate) width: usize,
}

/// How wide the column of labels is.
const LABEL: usize = 10;
/// How far a block's content stands in.
const INDENT: &str = "  ";

const fn ink(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// What stands out.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The colour of a verdict.
pub(crate) const fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => ink(AnsiColor::Green),
        Verdict::Fail => ink(AnsiColor::Red).bold(),
        Verdict::Warn => ink(AnsiColor::Yellow),
        Verdict::Skip => FAINT,
        Verdict::Inconclusive => ink(AnsiColor::Cyan),
        Verdict::Error => ink(AnsiColor::Magenta).bold(),
    }
}

impl Pen {
    /// The text in a style, or as it is.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Adds a label with its rows, and a caret below the row that has one.
    pub(crate) fn field(self, page: &mut String, label: &str, rows: &[Row]) {
        for (index, row) in rows.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = self.paint(FAINT, &format!("{label:<LABEL$}"));
            line(page, &format!("{INDENT}{label}{}", row.text));
            if let Some(caret) = row.caret {
                let caret = format!("{:caret$}{}", "", self.paint(STRONG, "^"));
                line(page, &format!("{INDENT}{:LABEL$}{caret}", ""));
            }
        }
    }

    /// Adds a label with a text, broken into lines.
    pub(crate) fn words(self, page: &mut String, label: &str, text: &str) {
        let room = self.width.saturating_sub(INDENT.len() + LABEL);
        let rows: Vec<Row> = wrap(text, room).into_iter().map(Row::plain).collect();
        self.field(page, label, &rows);
    }

    /// How many columns an excerpt may have beside a label.
    pub(crate) fn room(self) -> usize {
        self.width.saturating_sub(INDENT.len() + LABEL + 2).max(40)
    }
}

/// Adds a line; what would trail behind it is left out.
pub(crate) fn line(page: &mut String, text: &str) {
    page.push_str(text.trim_end());
    page.push('\n');
}

/// A text in lines of at most `width` columns, broken at spaces only. There is at least one line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("invariant: there is at least one line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_only() {
        assert_eq!(wrap("one two three four five six", 20), ["one two three four", "five six"]);
        assert_eq!(wrap("https://a-word-without-any-space.example/", 20).len(), 1);
        assert_eq!(wrap("", 20), [""]);
    }

    #[test]
    fn a_pen_without_colour_leaves_text_as_it_is() {
        let pen = Pen { color: false, width: 80 };
        assert_eq!(pen.paint(STRONG, "x"), "x");
        let pen = Pen { color: true, width: 80 };
        assert_eq!(pen.paint(STRONG, "x"), "\u{1b}[1mx\u{1b}[0m");
    }

    #[test]
    fn the_caret_stands_below_its_column() {
        let mut page = String::new();
        let row = Row { text: "250 ok".into(), caret: Some(4) };
        Pen { color: false, width: 80 }.field(&mut page, "received", &[row]);
        let lines: Vec<_> = page.lines().collect();
        assert_eq!(lines[0].find("ok"), lines[1].find('^'));
    }
}
