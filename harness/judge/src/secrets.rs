//! What a report must not show: passwords, tokens, and all that was made of them for an AUTH
//! exchange (RFC 4954 §4).
//!
//! A server may repeat what it was sent, cut it, or shout it; so not only the whole is hidden, but
//! every piece that is long enough to tell something.

use std::collections::BTreeSet;

use smtpspec_protocol::escape::escape;
use smtpspec_reference::sasl;

use crate::listener::Heard;
use crate::outcome::Outcome;
use crate::transcript::{Event, Happening, Transcript};
use crate::verdict::Finding;

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"[hidden]";

/// How long a piece of a secret is that is hidden wherever it stands; shorter secrets only whole.
const PIECE: usize = 8;

/// Hides secrets in all that came of a session, as they are and in BASE64.
pub fn hide(
    secrets: &[&[u8]],
    transcript: &mut Transcript,
    heard: &mut [Heard],
    findings: &mut [Finding],
) {
    let mut all = Secrets::default();
    for secret in secrets {
        all.add(secret);
    }
    let search = Search::of(&all.pieces);
    hide_in_events(&search, &mut transcript.events);
    for finding in findings {
        hide_in_finding(&search, finding);
    }
    for line in heard.iter_mut().filter_map(|one| one.reply.as_mut()).flat_map(|one| &mut one.lines)
    {
        hide_in_stream(&search, &mut [line]);
    }
}

/// The secrets of a case: those of the profile, and what was made of them.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pieces: BTreeSet<Vec<u8>>,
}

impl<'s> FromIterator<&'s String> for Secrets {
    fn from_iter<I: IntoIterator<Item = &'s String>>(secrets: I) -> Self {
        let mut all = Self::default();
        for secret in secrets {
            all.add(secret.as_bytes());
        }
        all
    }
}

impl Secrets {
    /// Whether nothing has to be hidden.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds a secret, and the forms in which a server or a report could show it again.
    pub(crate) fn add(&mut self, secret: &[u8]) {
        let escaped = escape(secret).to_string().into_bytes();
        for form in [secret.to_vec(), sasl::encode(secret).into_bytes(), escaped] {
            self.add_pieces(&form.to_ascii_uppercase());
            self.add_pieces(&form.to_ascii_lowercase());
            self.add_pieces(&form);
        }
    }

    fn add_pieces(&mut self, form: &[u8]) {
        let length = form.len().min(PIECE);
        if length > 0 {
            self.pieces.extend(form.windows(length).map(<[u8]>::to_vec));
        }
    }

    /// Hides them in all that a case has come to.
    pub(crate) fn hide(&self, outcome: &mut Outcome) {
        if self.is_empty() {
            return;
        }
        let search = Search::of(&self.pieces);
        let result = &mut outcome.result;
        if let Some(reason) = &mut result.reason {
            hide_in_text(&search, reason);
        }
        for finding in result.findings.iter_mut().chain(&mut outcome.oracle) {
            hide_in_finding(&search, finding);
        }
        hide_in_events(&search, &mut result.transcript.events);
    }
}

fn hide_in_finding(search: &Search<'_>, finding: &mut Finding) {
    hide_in_text(search, &mut finding.what);
    hide_in_text(search, &mut finding.wanted);
    let evidence = &mut finding.evidence;
    hide_in_stream(search, &mut [&mut evidence.sent]);
    hide_in_stream(search, &mut [&mut evidence.received]);
    evidence.at = evidence.at.filter(|&at| at <= evidence.received.len());
}

/// However the octets were cut, they are one stream in each direction of each connection.
fn hide_in_events(search: &Search<'_>, events: &mut [Event]) {
    let connections: BTreeSet<usize> = events.iter().map(|event| event.connection).collect();
    for connection in connections {
        for sent in [true, false] {
            let mut stream: Vec<&mut Vec<u8>> = events
                .iter_mut()
                .filter(|event| event.connection == connection)
                .filter_map(|event| match &mut event.what {
                    Happening::Sent { octets } if sent => Some(octets),
                    Happening::Received { octets } if !sent => Some(octets),
                    _ => None,
                })
                .collect();
            hide_in_stream(search, &mut stream);
        }
    }
    for event in events {
        for words in &mut event.read_as {
            hide_in_text(search, words);
        }
    }
}

fn hide_in_text(search: &Search<'_>, text: &mut String) {
    let mut octets = std::mem::take(text).into_bytes();
    hide_in_stream(search, &mut [&mut octets]);
    *text = String::from_utf8_lossy(&octets).into_owned();
}

/// The pieces in a form in which they are soon looked for: a case has some sixty of them, and every
/// case asks, in each direction of each connection.
struct Search<'p> {
    pieces: &'p BTreeSet<Vec<u8>>,
    lengths: BTreeSet<usize>,
    /// For each two octets a bit: whether a piece begins so.
    begins: Vec<u64>,
}

impl<'p> Search<'p> {
    fn of(pieces: &'p BTreeSet<Vec<u8>>) -> Self {
        let mut begins = vec![0; 1 << 10];
        for piece in pieces {
            let seconds = match piece[..] {
                [_, second, ..] => second..=second,
                _ => 0..=u8::MAX,
            };
            for second in seconds {
                let (place, bit) = Self::place(piece[0], second);
                begins[place] |= bit;
            }
        }
        Self { pieces, lengths: pieces.iter().map(Vec::len).collect(), begins }
    }

    fn place(first: u8, second: u8) -> (usize, u64) {
        let pair = usize::from(u16::from_be_bytes([first, second]));
        (pair / 64, 1 << (pair % 64))
    }

    /// Which of the octets belong to pieces; nothing where none does.
    fn covered(&self, octets: &[u8]) -> Option<Vec<bool>> {
        let mut covered = None;
        for (at, &first) in octets.iter().enumerate() {
            let (place, bit) = Self::place(first, octets.get(at + 1).copied().unwrap_or_default());
            // The last octet can only be a piece by itself.
            if self.begins[place] & bit == 0 && at + 1 < octets.len() {
                continue;
            }
            for &length in &self.lengths {
                let here = octets.get(at..at + length);
                if here.is_some_and(|here| self.pieces.contains(here)) {
                    let covered = covered.get_or_insert_with(|| vec![false; octets.len()]);
                    covered[at..at + length].fill(true);
                }
            }
        }
        covered
    }
}

/// Puts [`HIDDEN`] in the place of each run of octets that pieces of secrets cover.
fn hide_in_stream(search: &Search<'_>, stream: &mut [&mut Vec<u8>]) {
    let whole: Vec<u8> = stream.iter().flat_map(|octets| octets.iter().copied()).collect();
    let Some(covered) = search.covered(&whole) else { return };
    let mut at = 0;
    let mut within = false;
    for octets in stream {
        let mut shown = Vec::new();
        for &octet in octets.iter() {
            if !covered[at] {
                shown.push(octet);
            } else if !within {
                shown.extend_from_slice(HIDDEN);
            }
            within = covered[at];
            at += 1;
        }
        **octets = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(secrets: &[&str], stream: &[&str]) -> Vec<String> {
        let mut hidden = Secrets::default();
        for secret in secrets {
            hidden.add(secret.as_bytes());
        }
        let mut octets: Vec<Vec<u8>> = stream.iter().map(|part| part.as_bytes().to_vec()).collect();
        hide_in_stream(&Search::of(&hidden.pieces), &mut octets.iter_mut().collect::<Vec<_>>());
        octets.into_iter().map(|part| String::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn a_secret_is_hidden_as_it_is_and_encoded_and_shouted() {
        for (text, expected) in [
            ("535 secret is wrong", "535 [hidden] is wrong"),
            ("c2VjcmV0 is wrong", "[hidden] is wrong"),
            ("C2VJCMV0 is wrong", "[hidden] is wrong"),
            ("sec ret", "sec ret"),
            ("secretsecret", "[hidden]"),
            ("secre", "secre"),
            ("is it secret", "is it [hidden]"),
            ("", ""),
        ] {
            assert_eq!(shown(&["secret"], &[text]), [expected]);
        }
    }

    #[test]
    fn a_secret_of_one_letter_is_hidden_wherever_it_stands() {
        assert_eq!(shown(&["q"], &["a quay, q"]), ["a [hidden]uay, [hidden]"]);
    }

    #[test]
    fn pieces_of_a_long_secret_are_hidden_too() {
        let response = "AGJvYgBjb3JyZWN0aG9yc2U=";
        assert_eq!(
            shown(&[response], &["500 AUTH PLAIN AGJvYgBjb3Jy..."]),
            ["500 AUTH PLAIN [hidden]..."]
        );
        assert_eq!(shown(&[response], &["AGJvYgB"]), ["AGJvYgB"]);
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_cut() {
        let octets: Vec<String> = "x secret\r\n".chars().map(String::from).collect();
        let octets: Vec<&str> = octets.iter().map(String::as_str).collect();
        assert_eq!(shown(&["secret"], &octets).concat(), "x [hidden]\r\n");
    }
}
