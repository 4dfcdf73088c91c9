//! A badge for a README: an SVG, or the endpoint document from which a badge service draws one.
//!
//! It counts requirements, not cases, and of these only what a MUST wants; a broken SHOULD shows in
//! the colour alone. Nothing that a server sent is in it.

use askama::Template;
use serde_json::json;
use smtpspec_judge::Results;

use crate::view::tally::tally;

/// What stands on the left side.
const LABEL: &str = "smtpspec";
/// How wide the margin beside a text is.
const MARGIN: usize = 6;
/// How wide an average letter is, in tenths of a pixel, at 11 pixels: the widths of these fonts
/// differ, and `textLength` makes the text fit.
const LETTER: usize = 66;

/// What a badge says, and how it looks.
struct Badge {
    message: String,
    /// As badge services name it.
    color: &'static str,
    /// The same as a number.
    ink: &'static str,
}

fn badge(results: &Results) -> Badge {
    let tally = tally(results);
    let (must, should) = (tally.must, tally.should);
    let (message, color, ink) = match (must.judged(), must.broken, should.broken) {
        // A run that ended early must not look green.
        _ if results.stopped.is_some() && must.broken == 0 => {
            ("run ended early".to_owned(), "lightgrey", "#6b6b6b")
        }
        (0, ..) => ("nothing judged".to_owned(), "lightgrey", "#6b6b6b"),
        (judged, 0, 0) => (format!("{judged}/{judged} MUST"), "brightgreen", "#2b7d1f"),
        (judged, 0, _) => (format!("{judged}/{judged} MUST"), "yellow", "#8a6d00"),
        (judged, ..) => (format!("{}/{judged} MUST", must.kept), "red", "#b3261e"),
    };
    Badge { message, color, ink }
}

/// The endpoint document of badge services.
pub(crate) fn endpoint(results: &Results) -> Vec<u8> {
    let Badge { message, color, .. } = badge(results);
    let document =
        json!({ "schemaVersion": 1, "label": LABEL, "message": message, "color": color });
    let mut text = document.to_string();
    text.push('\n');
    text.into_bytes()
}

#[derive(Template)]
#[template(path = "badge.svg")]
struct Drawing {
    label: &'static str,
    message: String,
    ink: &'static str,
    left: usize,
    right: usize,
    label_width: usize,
    message_width: usize,
}

/// The drawing.
pub(crate) fn drawing(results: &Results) -> String {
    let Badge { message, ink, .. } = badge(results);
    let width = |text: &str| (text.chars().count() * LETTER).div_ceil(10);
    let (label_width, message_width) = (width(LABEL), width(&message));
    let drawing = Drawing {
        label: LABEL,
        ink,
        left: label_width + 2 * MARGIN,
        right: message_width + 2 * MARGIN,
        label_width,
        message_width,
        message,
    };
    drawing.render().expect("invariant: writing to memory can't fail")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use smtpspec_judge::Verdict;

    use super::*;
    use crate::fixture;

    fn says(results: &Results) -> (String, String) {
        let document: Value = serde_json::from_slice(&endpoint(results)).expect("JSON");
        assert_eq!(document["schemaVersion"], 1);
        let word = |name: &str| document[name].as_str().expect("a text").to_owned();
        (word("message"), word("color"))
    }

    #[test]
    fn red_yellow_green_and_grey_have_their_reasons() {
        let of = |message: &str, color: &str| (message.to_owned(), color.to_owned());
        assert_eq!(says(&fixture::everything()), of("0/3 MUST", "red"));
        let mut green = fixture::everything();
        green.findings.clear();
        green.scenarios.retain(|case| case.verdict == Verdict::Pass);
        assert_eq!(says(&green), of("1/1 MUST", "brightgreen"));
        let mut yellow = fixture::everything();
        yellow.findings.clear();
        yellow.scenarios.retain(|case| matches!(case.verdict, Verdict::Pass | Verdict::Warn));
        assert_eq!(says(&yellow), of("1/1 MUST", "yellow"));
        assert_eq!(says(&fixture::empty()), of("nothing judged", "lightgrey"));
        assert_eq!(says(&fixture::interrupted()), of("run ended early", "lightgrey"));
    }

    #[test]
    fn the_drawing_is_xml_that_says_the_same() {
        let drawing = drawing(&fixture::everything());
        let mut reader = quick_xml::Reader::from_str(&drawing);
        let mut texts = Vec::new();
        loop {
            match reader.read_event().expect("well-formed") {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Text(text) => {
                    texts.push(String::from_utf8_lossy(&text).trim().to_owned());
                }
                _ => {}
            }
        }
        assert!(texts.iter().any(|text| text == "0/3 MUST"), "{texts:?}");
        insta::assert_snapshot!(drawing);
    }
}
