//! A message on its way in, by DATA, and how one that is whole is handed over.

use std::time::Duration;

use smtpspec_protocol::limits;

use super::{Output, Phase, Server};
use crate::config::Config;
use crate::delivery::{Delivery, notice};
use crate::measure::Measure;
use crate::model::Stimulus;
use crate::mutants::reading::Reading;
use crate::rfc5321::notice::Action;
use crate::rfc5321::trace::Arrival;
use crate::{rfc2033, rfc3030, rfc4865, rfc6409, rfc6531, rfc6710, rfc8314};

/// A message on its way in.
#[derive(Debug)]
pub(super) struct Receipt {
    reading: Reading,
    pub(super) measure: Measure,
    pub(super) text: Vec<u8>,
}

impl Receipt {
    pub(super) fn new(config: &Config) -> Self {
        Self { reading: Reading::new(config), measure: Measure::default(), text: Vec::new() }
    }

    /// Takes input up to the end of data, and says whether that was reached. Of a message over
    /// the limit nothing is kept, and it is still read to its end.
    pub(super) fn feed(&mut self, input: &mut &[u8], limit: u64) -> bool {
        let before = self.text.len();
        let ended = self.reading.feed(input, limit, &mut self.text);
        self.measure.feed(&self.text[before..]);
        if limit > 0 && self.measure.facts().octets > limit {
            self.text = Vec::new();
        }
        ended
    }
}

impl Server {
    /// The end of data has come.
    pub(super) fn on_end_of_data(&mut self, now: Duration) {
        let Phase::Message(receipt) = std::mem::replace(&mut self.phase, Phase::Commands) else {
            return;
        };
        let stimulus = Stimulus::Message(receipt.measure.facts());
        self.hand_over(now, &stimulus, &receipt.text);
    }

    /// The message is whole: it is handed over before the client hears that it was taken.
    pub(super) fn hand_over(&mut self, now: Duration, stimulus: &Stimulus<'_>, text: &[u8]) {
        let replies = rfc2033::replies(&self.model, stimulus);
        let first = self.outputs.len();
        if replies.iter().any(|reply| reply.code.class() == 2) {
            let accepted = self.delivery(now, text).for_those_accepted(&replies);
            let at = self.epoch.saturating_add(now.as_secs());
            // rfc3030-3-20: what is binary and was not announced goes back, if anybody can be told.
            let back = rfc3030::is_undeclared(&self.model, text)
                .then(|| {
                    notice(&self.config, &accepted, at, Action::Failed, accepted.recipients.clone())
                })
                .flatten();
            let mut mails = back.map_or_else(|| self.mails_of(&accepted, at), |back| vec![back]);
            if let Some(held) = rfc4865::held(&self.model, at) {
                // What the sender is told of it does not wait.
                let kept =
                    mails.iter_mut().filter(|mail| mail.reverse_path == accepted.reverse_path);
                kept.for_each(|mail| mail.held = Some(held));
            }
            self.outputs.extend(mails.into_iter().map(Output::Deliver));
        }
        if let Some(reply) = replies.first().filter(|_| !self.config.mutants.is_empty()) {
            self.spoil_deliveries(first, stimulus, text, reply);
        }
        self.report(now, stimulus, text, &replies);
    }

    pub(super) fn delivery(&self, now: Duration, text: &[u8]) -> Delivery {
        let hello = self.model.hello();
        let transaction = self.model.transaction().cloned().unwrap_or_default();
        let arrival = Arrival {
            // A name that fills more than a line of text is none to pass on.
            from: hello
                .map(|hello| hello.name.as_slice())
                .filter(|name| name.len() <= limits::DOMAIN)
                .unwrap_or(b"unknown"),
            peer: self.peer,
            by: &self.config.name,
            extended: hello.is_some_and(|hello| hello.extended),
            secured: self.model.is_secured(),
            cipher: rfc8314::told(&self.model, self.cipher.as_deref()),
            authenticated: self.model.login().authenticated,
            internationalized: transaction.has(rfc6531::KEYWORD),
            priority: rfc6710::of_transaction(&self.model, &transaction),
            protocol: self.model.protocol(),
            at: self.epoch.saturating_add(now.as_secs()),
        };
        let mut message = arrival.received();
        let reverse_path = transaction.reverse_path.clone().unwrap_or_default();
        if self.config.submission {
            message.extend(rfc6409::completed(&self.config, &reverse_path, text, arrival.at));
        } else {
            message.extend_from_slice(text);
        }
        Delivery {
            reverse_path,
            recipients: transaction.recipients,
            parameters: transaction.parameters,
            recipient_parameters: transaction.recipient_parameters,
            message,
            held: None,
        }
    }
}
