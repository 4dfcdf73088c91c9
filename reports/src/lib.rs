//! Reports: pure functions from the results of a run to bytes. No sockets, no clock, no files.
//!
//! | what | where |
//! |---|---|
//! | the formats and their names | [`Format`] |
//! | what a reader may choose | [`Options`] |
//! | two runs compared | [`mod@diff`] |
//! | the parts of a split run put together | [`mod@merge`] |
//! | many servers side by side | [`matrix`] |
//! | what several formats show alike: order, groups, dialogues, excerpts | `view` |
//! | a finding and a case in words, for people | `block` |
//! | one file for each format | `terminal`, `json`, `junit`, `tap`, `markdown`, `html`, `sarif`, `badge` |
//!
//! Whatever a server sent is data of a stranger. Its octets reach a report through
//! [`smtpspec_protocol::escape`] alone, and every other text loses its control characters on the
//! way, so that no report can steer a terminal or break out of a document.

mod badge;
mod block;
pub mod diff;
mod format;
mod html;
mod json;
mod junit;
mod markdown;
pub mod matrix;
pub mod merge;
mod options;
mod sarif;
mod tap;
mod terminal;
mod text;
mod view;

#[cfg(test)]
mod fixture;

use smtpspec_judge::Results;

pub use format::{Format, UnknownFormat};
pub use options::{Options, Verbosity};

/// The results in the given format. It can't fail, and the same results always give the same
/// bytes.
pub fn render(format: Format, results: &Results, options: &Options) -> Vec<u8> {
    match format {
        Format::Terminal => terminal::render(results, options).into_bytes(),
        Format::Json => json::render(results),
        Format::Junit => junit::render(results),
        Format::Tap => tap::render(results).into_bytes(),
        Format::Markdown => markdown::render(results).into_bytes(),
        Format::Html => html::render(results),
        Format::Sarif => sarif::render(results),
        Format::Badge => badge::drawing(results).into_bytes(),
        Format::BadgeJson => badge::endpoint(results),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What only bytes and no printing has; a colour would be among them.
    fn raw_controls(report: &[u8]) -> Vec<char> {
        let text = std::str::from_utf8(report).expect("every report is UTF-8");
        text.chars().filter(|c| view::steers(*c) && *c != '\n').collect()
    }

    #[test]
    fn no_report_holds_a_raw_control_octet() {
        let options = Options { verbosity: Verbosity::VeryVerbose, ..Options::default() };
        for results in fixture::all() {
            for format in Format::ALL {
                let found = raw_controls(&render(format, &results, &options));
                assert!(found.is_empty(), "{format}: {found:?}");
            }
        }
    }

    #[test]
    fn the_only_controls_of_a_coloured_report_are_colours() {
        let color = Options { color: true, ..Options::default() };
        for results in fixture::all() {
            let colored = String::from_utf8(render(Format::Terminal, &results, &color)).unwrap();
            let mut plain = String::new();
            for (index, part) in colored.split("\u{1b}[").enumerate() {
                let rest = match index {
                    0 => Some(part),
                    _ => part.split_once('m').map(|(_, rest)| rest),
                };
                plain.push_str(rest.expect("a colour ends in `m`"));
            }
            let wanted = render(Format::Terminal, &results, &Options::default());
            assert_eq!(plain, String::from_utf8(wanted).unwrap());
        }
    }

    #[test]
    fn the_same_results_give_the_same_bytes() {
        for format in Format::ALL {
            let once = render(format, &fixture::everything(), &Options::default());
            assert_eq!(once, render(format, &fixture::everything(), &Options::default()));
        }
    }
}
