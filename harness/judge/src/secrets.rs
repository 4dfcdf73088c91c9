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
    all.hide_in_events(&mut transcript.events);
    for finding in findings {
        all.hide_in_finding(finding);
    }
    for line in heard.iter_mut().filter_map(|one| one.reply.as_mut()).flat_map(|one| &mut one.lines)
    {
        hide_in_stream(&all.pieces, &mut [line]);
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
        let result = &mut outcome.result;
        if let Some(reason) = &mut result.reason {
            self.hide_in_text(reason);
        }
        for finding in result.findings.iter_mut().chain(&mut outcome.oracle) {
            self.hide_in_finding(finding);
        }
        self.hide_in_events(&mut result.transcript.events);
    }

    fn hide_in_finding(&self, finding: &mut Finding) {
        self.hide_in_text(&mut finding.what);
        self.hide_in_text(&mut finding.wanted);
        let evidence = &mut finding.evidence;
        hide_in_stream(&self.pieces, &mut [&mut evidence.sent]);
        hide_in_stream(&self.pieces, &mut [&mut evidence.received]);
        evidence.at = evidence.at.filter(|&at| at <= evidence.received.len());
    }

    /// However the octets were cut, they are one stream in each direction of each connection.
    fn hide_in_events(&self, events: &mut [Event]) {
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
                hide_in_stream(&self.pieces, &mut stream);
            }
        }
        for event in events {
            for words in &mut event.read_as {
                self.hide_in_text(words);
            }
        }
    }

    fn hide_in_text(&self, text: &mut String) {
        let mut octets = std::mem::take(text).into_bytes();
        hide_in_stream(&self.pieces, &mut [&mut octets]);
        *text = String::from_utf8_lossy(&octets).into_owned();
    }
}

/// Puts [`HIDDEN`] in the place of each run of octets that pieces of secrets cover.
fn hide_in_stream(pieces: &BTreeSet<Vec<u8>>, stream: &mut [&mut Vec<u8>]) {
    let whole: Vec<u8> = stream.iter().flat_map(|octets| octets.iter().copied()).collect();
    let mut covered = vec![false; whole.len()];
    let mut any = false;
    for piece in pieces {
        for at in memchr::memmem::find_iter(&whole, piece) {
            covered[at..at + piece.len()].fill(true);
            any = true;
        }
    }
    if !any {
        return;
    }
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
        hide_in_stream(&hidden.pieces, &mut octets.iter_mut().collect::<Vec<_>>());
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
            ("", ""),
        ] {
            assert_eq!(shown(&["secret"], &[text]), [expected]);
        }
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
