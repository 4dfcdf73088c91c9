//! What several formats show alike: cases by section, cases by reason, dialogues and excerpts.
//!
//! Pure: nothing here knows of colours or of a document's syntax. Every text that leaves this
//! module, or is printed beside it, has gone through [`printable`] or the protocol's `escape`.

pub(crate) mod broken;
pub(crate) mod dialogue;
pub(crate) mod excerpt;
pub(crate) mod extension;
pub(crate) mod known;
pub(crate) mod order;
pub(crate) mod tally;
pub(crate) mod tls;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt::Write as _;

use smtpspec_judge::{CaseResult, Finding, Results, Source, Stopped, Summary, Verdict};
use smtpspec_protocol::escape::escape;

/// The cases of one section of one specification.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) spec: &'a str,
    pub(crate) number: &'a str,
    pub(crate) title: &'a str,
    /// In the suite's order.
    pub(crate) cases: Vec<&'a CaseResult>,
}

/// Cases that came to the same for the same reason.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) reason: String,
    pub(crate) cases: Vec<&'a CaseResult>,
}

/// The cases by specification and section, both in natural order.
pub(crate) fn sections(results: &Results) -> Vec<Section<'_>> {
    let mut cases: Vec<&CaseResult> = results.scenarios.iter().collect();
    cases.sort_by(|a, b| {
        order::natural(&a.spec, &b.spec).then_with(|| order::natural(&a.section, &b.section))
    });
    let mut sections: Vec<Section<'_>> = Vec::new();
    for case in cases {
        match sections.last_mut() {
            Some(last) if last.spec == case.spec && last.number == case.section => {
                last.cases.push(case);
            }
            _ => sections.push(Section {
                spec: &case.spec,
                number: &case.section,
                title: &case.section_title,
                cases: vec![case],
            }),
        }
    }
    sections
}

impl Section<'_> {
    /// The counts of its verdicts.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// The worst that came of it; what was not judged counts only where nothing else is.
    pub(crate) fn state(&self) -> Verdict {
        let mut order = [Verdict::Fail, Verdict::Warn, Verdict::Error, Verdict::Pass]
            .into_iter()
            .chain([Verdict::Inconclusive]);
        order.find(|verdict| self.count(*verdict) > 0).unwrap_or(Verdict::Skip)
    }
}

/// Which part of a run these results are, if they are one: nobody is to take it for the whole.
pub(crate) fn part(results: &Results) -> Option<String> {
    let shard = results.shard.as_ref()?;
    let (index, count, selected) = (shard.index, shard.count, shard.selected);
    Some(format!("part {index} of {count}, of {selected} cases in all"))
}

/// A specification as people cite it: `RFC 5321`.
pub(crate) fn spec_name(spec: &str) -> String {
    match spec.strip_prefix("rfc") {
        Some(number) if number.chars().all(|c| c.is_ascii_digit()) => format!("RFC {number}"),
        _ => printable(spec).into_owned(),
    }
}

/// A section as people cite it: `RFC 5321 §4.1.1.3`.
pub(crate) fn section_name(spec: &str, number: &str) -> String {
    let name = spec_name(spec);
    let sign = if name.starts_with("RFC ") { "§" } else { "" };
    format!("{name} {sign}{}", printable(number))
}

/// The cases with one verdict, by what they have for a reason; the commonest reason first.
pub(crate) fn by_reason(results: &Results, verdict: Verdict) -> Vec<Group<'_>> {
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    for case in results.scenarios.iter().filter(|case| case.verdict == verdict) {
        let reason = case.reason.as_deref().unwrap_or("no reason was given");
        let key = alike(reason);
        if let Some((_, group)) = groups.iter_mut().find(|(known, _)| *known == key) {
            if group.reason != reason {
                group.reason.clone_from(&key);
            }
            group.cases.push(case);
        } else {
            groups.push((key, Group { reason: reason.to_owned(), cases: vec![case] }));
        }
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
    groups.sort_by_key(|group| Reverse(group.cases.len()));
    groups
}

/// A reason without what differs from case to case: addresses, and in a quoted reply also what
/// looks like a queue id. So a server that refuses every recipient has one reason, not hundreds.
fn alike(reason: &str) -> String {
    let mut shown = String::new();
    for (index, part) in reason.split('`').enumerate() {
        if index > 0 {
            shown.push('`');
        }
        let is_reply =
            index % 2 == 1 && part.bytes().take(3).filter(u8::is_ascii_digit).count() == 3;
        for (index, word) in part.split(' ').enumerate() {
            if index > 0 {
                shown.push(' ');
            }
            shown.push_str(if varies(word, is_reply) { "..." } else { word });
        }
    }
    shown
}

fn varies(word: &str, in_reply: bool) -> bool {
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|octet| kind(&octet));
    word.contains('@')
        || (word.starts_with('<') && word.contains('>'))
        || (in_reply && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic))
}

/// A text in which nothing steers a terminal, turns the direction of writing or is illegal in
/// XML: such characters are shown as the escapes of their octets.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            let mut octets = [0; 4];
            // Writing to a `String` can't fail.
            let _ = write!(shown, "{}", escape(c.encode_utf8(&mut octets).as_bytes()));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character does something other than to be seen.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// Why a run ended early, in one line.
pub(crate) fn why_stopped(stopped: &Stopped) -> String {
    match stopped {
        Stopped::Interrupted => "interrupted".to_owned(),
        Stopped::OutOfTime => "the time for the whole run was over".to_owned(),
        Stopped::FailFast { id } => format!("--fail-fast, after {}", printable(id)),
        Stopped::TurnedAway { reason } => printable(reason).into_owned(),
        Stopped::Unreachable { after: None, reason } => {
            format!("the target could not be reached: {}", printable(reason))
        }
        Stopped::Unreachable { after: Some(id), reason } => format!(
            "the target could not be reached any more after {}, which may have brought it down: {}",
            printable(id),
            printable(reason)
        ),
    }
}

/// Why a run ended early, in few words.
pub(crate) const fn stopped_briefly(stopped: &Stopped) -> &'static str {
    match stopped {
        Stopped::Interrupted => "interrupted",
        Stopped::OutOfTime => "out of time",
        Stopped::FailFast { .. } => "fail-fast",
        Stopped::TurnedAway { .. } => "turned away",
        Stopped::Unreachable { .. } => "target unreachable",
    }
}

/// The counts as the summary line has them; a count of 0 stays, so that the line never changes
/// its form.
pub(crate) fn counts(summary: &Summary) -> [(Verdict, String); 6] {
    Verdict::ALL.map(|verdict| {
        let count = summary.count(verdict);
        let word = match verdict {
            Verdict::Pass => "passed",
            Verdict::Fail => "failed",
            Verdict::Warn => "warned",
            Verdict::Skip => "skipped",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Error if count == 1 => "error",
            Verdict::Error => "errors",
        };
        (verdict, format!("{count} {word}"))
    })
}

/// A time as people say it.
pub(crate) fn elapsed(micros: u64) -> String {
    let millis = micros / 1000;
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {:02} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// The command that runs just this case again.
pub(crate) fn replay(results: &Results, id: &str) -> String {
    with_target(Some(id), results)
}

/// The command that runs all of it again, but for the filters, which results don't hold.
pub(crate) fn again(results: &Results) -> String {
    with_target(None, results)
}

fn with_target(id: Option<&str>, results: &Results) -> String {
    let lab = results.target.lab.as_deref();
    let mut command = match (lab, id) {
        (Some(name), None) => format!("smtpspec lab run {}", quoted(name)),
        (Some(name), Some(id)) => {
            format!("smtpspec lab run {} --filter {}", quoted(name), quoted(id))
        }
        (None, None) => "smtpspec run".to_owned(),
        (None, Some(id)) => format!("smtpspec run {}", quoted(id)),
    };
    // Where a server of the lab listens is another place each time.
    if !results.target.embedded && lab.is_none() {
        command.push_str(" --server ");
        command.push_str(&quoted(&results.target.address));
    }
    for option in &results.options {
        command.push(' ');
        command.push_str(&quoted(option));
    }
    command
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let word = printable(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Where the expectation stands that found something, or the case where the model found it.
pub(crate) fn place(case: &CaseResult, finding: Option<&Finding>) -> String {
    let line = match finding.map(|finding| &finding.source) {
        Some(Source::Scenario { line }) => *line,
        Some(Source::Oracle) | None => case.line,
    };
    format!("{}:{line}", printable(&case.file))
}

#[cfg(test)]
mod tests;
