//! RFC 821 §3.8 (TURN), RFC 2645 §5.3 (ATRN) and RFC 1985 §5.1 (ETRN): mail that waits until its host asks for it.
//!
//! For ETRN a session is all that this server remembers. What was not asked for when it ends goes out then,
//! as a queue that is run now and then would send it.

use std::time::Duration;

use smtpspec_protocol::Request;

use super::{Output, Phase, Server};
use crate::client::Client;
use crate::delivery::{Delivery, dispatch};
use crate::model::Stimulus;
use crate::rfc1985::{Node, keeps_mail_for};

impl Server {
    /// Becomes the client (rfc821-3.8-3, rfc2645-5.3-1).
    pub(super) fn turn(&mut self, now: Duration) {
        let of_turn = || {
            let hello = self.model.hello()?;
            self.config.turn_queue(&hello.name).cloned()
        };
        let queue = self.asked_for.take().or_else(of_turn).unwrap_or_default();
        self.phase = Phase::Client(Box::new(Client::new(&self.config.name, queue, now)));
    }

    pub(super) fn follow_client(&mut self) {
        let Phase::Client(client) = &mut self.phase else { return };
        while let Some(output) = client.poll() {
            if output == Output::Close {
                self.close();
                return;
            }
            self.outputs.push_back(output);
        }
    }

    /// All mail that comes of an accepted message and goes out now.
    pub(super) fn mails_of(&mut self, accepted: &Delivery, at: u64) -> Vec<Delivery> {
        self.keep_waiting(dispatch(&self.config, accepted, at))
    }

    /// Keeps of this mail what is for domains that ask for theirs, and returns the rest.
    fn keep_waiting(&mut self, mails: Vec<Delivery>) -> Vec<Delivery> {
        let mut others = Vec::new();
        for mut mail in mails {
            let kept = |mailbox: &Vec<u8>| keeps_mail_for(&self.config, domain(mailbox));
            if !mail.recipients.iter().any(kept) {
                others.push(mail);
                continue;
            }
            let (waiting, rest): (Vec<_>, Vec<_>) = mail.recipients.drain(..).partition(kept);
            for recipient in waiting {
                let domain = domain(&recipient).to_ascii_lowercase();
                let same = |(other, delivery): &&mut (Vec<u8>, Delivery)| {
                    *other == domain && delivery.message == mail.message
                };
                match self.waiting.iter_mut().find(same) {
                    Some((_, delivery)) => delivery.recipients.push(recipient),
                    None => self
                        .waiting
                        .push((domain, Delivery { recipients: vec![recipient], ..mail.clone() })),
                }
            }
            if !rest.is_empty() {
                others.push(Delivery { recipients: rest, ..mail });
            }
        }
        self.tell_model();
        others
    }

    /// Where this is an ETRN that is honoured, sends what it asks for and says so.
    pub(super) fn release_for(&mut self, request: &Request<'_>) -> bool {
        let node = Node::of(request).filter(|_| !self.waiting.is_empty());
        let Some(node) = node else { return false };
        let stimulus = Stimulus::Request(request);
        let reply = self.model.expect(&stimulus).preferred;
        if reply.code.class() != 2 {
            return false;
        }
        let first = self.outputs.len();
        let asked_for = |(domain, _): &mut (Vec<u8>, Delivery)| node.covers(domain);
        let released: Vec<_> = self.waiting.extract_if(.., asked_for).collect();
        self.outputs.extend(released.into_iter().map(|(_, mail)| Output::Deliver(mail)));
        if !self.config.mutants.is_empty() {
            self.spoil_deliveries(first, &stimulus, &[], &reply);
        }
        true
    }

    /// Sends all that still waits.
    pub(super) fn release_all(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.outputs.extend(waiting.into_iter().map(|(_, mail)| Output::Deliver(mail)));
    }

    /// Tells the model what waits now, for it to answer by.
    pub(super) fn tell_model(&mut self) {
        let domains = self.waiting.iter().map(|(domain, _)| domain.clone()).collect();
        self.model.keep_waiting(domains);
    }
}

/// What stands behind the last `@` of a mailbox.
fn domain(mailbox: &[u8]) -> &[u8] {
    let at = mailbox.iter().rposition(|&octet| octet == b'@');
    at.map_or(&[], |at| &mailbox[at + 1..])
}
