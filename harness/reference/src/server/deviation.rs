//! How the server carries out its mutants. Without any, nothing here is reached.

use std::sync::Arc;

use smtpspec_protocol::{Reply, Request};

use super::{Output, Phase, Server};
use crate::config::Config;
use crate::model::{Model, Stimulus};
use crate::mutants::content::rewrite_text;
use crate::mutants::trace::rewrite_trace;
use crate::mutants::{Asked, Fault, Say, Then, faults};
use crate::rfc2034;
use crate::rfc3030::chunking::Chunk;

/// The configuration with what its mutants make of it.
pub(super) fn configured(config: Arc<Config>) -> Arc<Config> {
    if config.mutants.is_empty() {
        return config;
    }
    let mut changed = Config::clone(&config);
    for fault in faults(&config.mutants) {
        if let Fault::Config(change) = fault {
            change(&mut changed);
        }
    }
    Arc::new(changed)
}

impl Server {
    /// Answers as the mutants do: the first that has something to say is heard.
    pub(super) fn deviate(&mut self, stimulus: &Stimulus<'_>, text: &[u8], usual: &Reply) {
        let before = self.model.clone();
        let asked = Asked { model: &before, stimulus, usual, text };
        let found = faults(&self.config.mutants).find_map(|fault| match fault {
            Fault::Answer { when, say, then } if when(&asked) => Some((*say, *then)),
            _ => None,
        });
        let (say, then) = found.unwrap_or((Say::AsUsual, Then::AsUsual));
        let said = match say {
            Say::AsUsual => Some(usual.clone()),
            Say::Nothing => None,
            Say::This(code, text) => Some(Reply::new(code, text)),
            Say::Reworded(how) => {
                let mut reply = usual.clone();
                how(&asked, &mut reply);
                Some(reply)
            }
        };
        match then {
            Then::AsSaid => self.model.advance(stimulus, said.as_ref().unwrap_or(usual)),
            Then::AsUsual => self.model.advance(stimulus, usual),
            Then::Nothing => {}
            Then::Also(act) => {
                self.model.advance(stimulus, usual);
                act(&mut self.model);
            }
            Then::Only(act) => act(&mut self.model, &asked),
        }
        if let Some(mut reply) = said {
            rfc2034::dress(&before, stimulus, &mut reply);
            let mut octets = reply.to_bytes();
            for fault in faults(&self.config.mutants) {
                if let Fault::Octets(spoil) = fault {
                    spoil(&asked, &mut octets);
                }
            }
            self.send(&octets);
        }
        let flushes = |fault| matches!(fault, &Fault::Flush(when) if when(&asked));
        self.flushed = faults(&self.config.mutants).any(flushes);
        let closes = |fault| matches!(fault, &Fault::Close(when) if when(&asked));
        if faults(&self.config.mutants).any(closes) {
            self.close();
        }
    }

    /// How often a message is answered; a mutant may answer one that draws no reply.
    pub(super) fn replies_by_mutant(&self, message: &Stimulus<'_>, usually: usize) -> usize {
        let answers =
            |fault| matches!(fault, &Fault::AnswersForNobody(when) if when(&self.model, message));
        let answered = usually == 0 && faults(&self.config.mutants).any(answers);
        if answered { 1 } else { usually }
    }

    /// Lets the mutants spoil what is to be delivered.
    pub(super) fn spoil_deliveries(
        &mut self,
        first: usize,
        stimulus: &Stimulus<'_>,
        text: &[u8],
        usual: &Reply,
    ) {
        let asked = Asked { model: &self.model, stimulus, usual, text };
        let outputs: Vec<Output> = self.outputs.drain(first..).collect();
        let mut deliveries: Vec<_> = outputs
            .into_iter()
            .filter_map(|output| match output {
                Output::Deliver(delivery) => Some(delivery),
                _ => None,
            })
            .collect();
        for fault in faults(&self.config.mutants) {
            if let Fault::Deliveries(spoil) = fault {
                spoil(&asked, &mut deliveries);
            }
            for delivery in &mut deliveries {
                match fault {
                    Fault::Each(spoil) => spoil(&asked, delivery),
                    Fault::EachOf(kind, spoil) if kind(delivery) => spoil(&asked, delivery),
                    Fault::Text(spoil) => rewrite_text(delivery, *spoil),
                    Fault::Trace(spoil) => rewrite_trace(delivery, spoil),
                    _ => {}
                }
            }
        }
        self.outputs.extend(deliveries.into_iter().map(Output::Deliver));
    }

    /// Lets the mutants confuse the replies that came of one piece of input: those in the last
    /// output, where it is the only new one.
    pub(super) fn confuse_group(&mut self, outputs_before: usize) {
        if self.outputs.len() != outputs_before + 1 {
            return;
        }
        let Some(Output::Send(octets)) = self.outputs.back_mut() else { return };
        for fault in faults(&self.config.mutants) {
            if let Fault::Group(confuse) = fault {
                let mut group = replies(octets);
                confuse(&mut group);
                *octets = group.concat();
            }
        }
    }

    /// Whether a mutant obeys what came in the clear behind STARTTLS.
    pub(super) fn keeps_plaintext(&self) -> bool {
        faults(&self.config.mutants).any(|fault| matches!(fault, &Fault::Plaintext))
    }

    /// What is read in a command that may be a BDAT; a mutant may read something else.
    pub(super) fn read_chunk(&self, request: &Request<'_>) -> Option<Chunk> {
        let usual = self.model.chunk(request);
        let misread = faults(&self.config.mutants).find_map(|fault| match fault {
            Fault::Chunk(misread) => Some(misread(&self.model, request, usual)),
            _ => None,
        });
        misread.unwrap_or(usual)
    }

    /// Whether a mutant drops no chunks when it should.
    pub(super) fn keeps_chunks(&self) -> bool {
        faults(&self.config.mutants).any(|fault| matches!(fault, &Fault::KeptChunks))
    }

    /// After the handshake a mutant remembers what it should forget.
    pub(super) fn remember(&mut self, now: std::time::Duration, before: &Model) {
        for fault in faults(&self.config.mutants) {
            if let Fault::Secured(remember) = fault {
                remember(before, &mut self.model);
            }
        }
        let plaintext = std::mem::take(&mut self.plaintext);
        self.read(now, &plaintext);
    }

    /// A mutant delivers what the client broke off.
    pub(super) fn deliver_unfinished(&mut self) {
        let unfinished = |fault| matches!(fault, &Fault::Unfinished);
        if !faults(&self.config.mutants).any(unfinished) {
            return;
        }
        if let Phase::Message(receipt) = &self.phase {
            let delivery = self.delivery(std::time::Duration::ZERO, &receipt.text);
            self.outputs.push_back(Output::Deliver(delivery));
        }
    }
}

/// The replies in these octets: each ends with a line that has no hyphen behind its code.
fn replies(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut replies = vec![Vec::new()];
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        if let Some(reply) = replies.last_mut() {
            reply.extend_from_slice(line);
        }
        if line.get(3) != Some(&b'-') {
            replies.push(Vec::new());
        }
    }
    replies.retain(|reply| !reply.is_empty());
    replies
}
