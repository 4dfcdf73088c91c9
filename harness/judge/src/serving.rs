//! The part of the interpreter that listens to a client, once the roles are swapped and the harness
//! is the server (RFC 821 §3.8).

use smtpspec_scenario::CommandPattern;
use smtpspec_scenario::expect::CommandShape;

use crate::peer::{Heard, Link};
use crate::play::{Item, Play};
use crate::verdict::{Evidence, Verdict};

impl Play {
    /// The client of a swapped connection said nothing. Whether it has anything to say is its own
    /// affair, so nothing is learnt.
    pub(crate) fn silent_client(&mut self, item: &Item) {
        let time = self.setup.profile.timeouts.reply;
        let line = item.step.place.line;
        let reason = format!("the client sent nothing within {time:?} (line {line})");
        self.stop(Verdict::Inconclusive, reason);
    }

    /// What the client of a swapped connection sent.
    pub(crate) fn heard_command(
        &mut self,
        peer: usize,
        item: &Item,
        patterns: &[CommandPattern],
    ) -> bool {
        let message = patterns.iter().any(|one| matches!(one.hear, CommandShape::Message(_)));
        let (heard, event) = match self.peers[peer].command(message) {
            Some(heard) => (Some(heard), self.transcript.events.len().saturating_sub(1)),
            None => match self.peers[peer].link {
                Link::Closed(event) | Link::Cut(event) => (None, event),
                _ => return false,
            },
        };
        let fits = |one: &&CommandPattern| self.shape_fits(&one.hear, heard.as_ref());
        let chosen = patterns.iter().find(fits).cloned();
        let received = match &heard {
            Some(Heard::Line(octets) | Heard::Message(octets)) => octets.clone(),
            Some(Heard::TooLong) | None => Vec::new(),
        };
        if let Some(chosen) = chosen {
            if let Some(ruling) = chosen.ruling {
                let note = chosen.note.unwrap_or_else(|| "as the scenario says".to_owned());
                self.tally.settle(ruling.into(), note);
            }
            self.follow(&chosen.then, chosen.ends, false);
        } else {
            let what = match &heard {
                Some(Heard::Line(line)) => {
                    format!("the command `{}`", smtpspec_protocol::escape::escape(line))
                }
                Some(Heard::TooLong) => "a command line that does not end".to_owned(),
                Some(Heard::Message(_)) => "another message".to_owned(),
                None => "the end of the connection".to_owned(),
            };
            let wanted: Vec<_> = patterns.iter().map(|one| shape(&one.hear)).collect();
            let grade = self.grade(&item.step);
            let evidence = Evidence { event, received, ..Evidence::default() };
            self.convict(item, grade, what, wanted.join("; or "), evidence);
            self.stop_after(grade);
        }
        true
    }

    fn shape_fits(&self, shape: &CommandShape, heard: Option<&Heard>) -> bool {
        match (shape, heard) {
            (CommandShape::Closed, None)
            | (CommandShape::Message(None), Some(Heard::Message(_))) => true,
            (CommandShape::Message(Some(wanted)), Some(Heard::Message(text))) => {
                wanted.is_match(text)
            }
            (CommandShape::Matches(wanted), Some(Heard::Line(line))) => wanted.is_match(line),
            (CommandShape::Verb(verb), Some(Heard::Line(line))) => {
                verb_of(line).eq_ignore_ascii_case(verb.as_bytes())
            }
            (CommandShape::Line(wanted), Some(Heard::Line(line))) => {
                self.expand(wanted).is_ok_and(|wanted| same_command(&wanted, line))
            }
            _ => false,
        }
    }
}

fn shape(shape: &CommandShape) -> String {
    match shape {
        CommandShape::Line(_) => "the scenario's line".to_owned(),
        CommandShape::Verb(verb) => verb.clone(),
        CommandShape::Matches(pattern) => format!("a line that matches `{}`", pattern.as_str()),
        CommandShape::Message(None) => "a message".to_owned(),
        CommandShape::Message(Some(pattern)) => {
            format!("a message that matches `{}`", pattern.as_str())
        }
        CommandShape::Closed => "the end of the connection".to_owned(),
    }
}

fn verb_of(line: &[u8]) -> &[u8] {
    line.split(|&octet| octet == b' ').next().unwrap_or_default()
}

/// The verb without regard to case, the rest octet for octet (RFC 5321 §2.4).
fn same_command(wanted: &[u8], line: &[u8]) -> bool {
    let (a, b) = (verb_of(wanted), verb_of(line));
    a.eq_ignore_ascii_case(b) && wanted[a.len()..] == line[b.len()..]
}
