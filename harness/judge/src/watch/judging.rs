//! What is held against a reply: its form, its code, its text.

use std::sync::Arc;

use smtpspec_catalogue::{Level, RequirementId, requirement};
use smtpspec_protocol::{FlawKind, Request, SeenReply, Verb};
use smtpspec_reference::{Expectation, Stimulus};

use super::{Asked, Exchange, Phase, Watch};
use crate::form;
use crate::verdict::{Evidence, Finding, Source};

impl Watch {
    /// Judges a reply as the answer to `stimulus`, and follows what the server did.
    pub(super) fn answer(
        &mut self,
        event: usize,
        seen: SeenReply,
        asked: Asked,
        sent: Vec<u8>,
        stimulus: &Stimulus<'_>,
    ) -> Exchange {
        let expectation = Arc::new(self.model.expect(stimulus));
        let patience_is_tried = self.conduct.tries_patience();
        let mut found = breaches(event, &seen, &asked, &sent, &expectation, patience_is_tried);
        found.retain(|finding| self.is_new(finding));
        let exchange = |expectation, seen: SeenReply, asked, sent| Exchange {
            event,
            asked,
            sent,
            reply: Some(seen.reply),
            octets: seen.octets,
            expectation,
        };
        if self.injected && self.model.is_secured() && !found.is_empty() {
            // It may answer what came in the clear: where one more reply comes, it did.
            self.remember(event, &seen, (&asked, &sent), &expectation, found);
            self.lose_for_stray("what was sent in the clear may be obeyed inside TLS");
            return exchange(None, seen, asked, sent);
        }
        self.findings.extend(found.iter().cloned());
        self.remember(event, &seen, (&asked, &sent), &expectation, found);
        self.model.advance(stimulus, &seen.reply);
        exchange(Some(expectation), seen, asked, sent)
    }

    /// Holds the form of a reply against it, whatever it answers.
    pub(super) fn judge_form(&mut self, event: usize, seen: &SeenReply) {
        if self.may_be_encrypted() {
            return;
        }
        let greets = seen.reply.code.get() == 250 && self.may_answer_ehlo();
        for flaw in &seen.flaws {
            // RFC 5321 §4.1.1.1 has a wider set for the words behind the server's name there.
            let wider = matches!(flaw.kind, FlawKind::Control | FlawKind::Nul) && flaw.line == 0;
            // What may be beyond ASCII where the extension is offered, its own rules say (RFC 6531
            // §3.7.4).
            // What a server offers is not known any more once nobody can know what it answers.
            let offered = matches!(self.phase, Phase::Lost) || self.model.offers("SMTPUTF8");
            let international = flaw.kind == FlawKind::EightBit && offered;
            if (greets && wider) || international {
                continue;
            }
            let (what, wanted) = form::describe(flaw);
            let evidence = Evidence {
                event,
                sent: Vec::new(),
                received: seen.octets.clone(),
                at: Some(flaw.at),
            };
            self.find(flaw.kind.requirement(), what, wanted, evidence);
        }
        if form::is_bare(&seen.reply) {
            let evidence = Evidence { event, received: seen.octets.clone(), ..Evidence::default() };
            self.find(
                requirement!("rfc5321-4.2-13"),
                "a code without any text".to_owned(),
                "text behind the code".to_owned(),
                evidence,
            );
        }
    }

    /// Whether what is answered next is an EHLO, or can't be known.
    fn may_answer_ehlo(&self) -> bool {
        match self.phase {
            Phase::Commands => self
                .peek_line()
                .is_some_and(|line| Request::parse(line, self.model.grammar()).verb == Verb::Ehlo),
            Phase::Lost => true,
            _ => false,
        }
    }

    pub(super) fn find(
        &mut self,
        requirement: RequirementId,
        what: String,
        wanted: String,
        evidence: Evidence,
    ) {
        let level = requirement.requirement().level;
        self.add(finding(requirement, level, what, wanted, evidence));
    }

    /// Keeps a finding, once for each requirement and thing done.
    pub(super) fn add(&mut self, finding: Finding) {
        if self.is_new(&finding) {
            self.findings.push(finding);
        }
    }

    fn is_new(&self, finding: &Finding) -> bool {
        let known = |other: &Finding| {
            other.requirement == finding.requirement && other.what == finding.what
        };
        !self.findings.iter().any(known)
    }
}

/// Everything that is wrong with the text of a reply, and with its code, but for a refusal of a client that
/// tries the server's patience: any is right.
pub(super) fn breaches(
    event: usize,
    seen: &SeenReply,
    asked: &Asked,
    sent: &[u8],
    expectation: &Expectation,
    patience_is_tried: bool,
) -> Vec<Finding> {
    let evidence = |at| Evidence { event, sent: sent.to_vec(), received: seen.octets.clone(), at };
    let refused = matches!(seen.reply.code.class(), 4 | 5);
    let code_counts = !(refused && patience_is_tried);
    let rules = expectation.breaches(seen.reply.code).into_iter().filter(|_| code_counts);
    let of_code = rules.map(|rule| {
        let what = format!("{} in answer to {}", seen.reply.code, asked.describe());
        let level = rule.requirement.requirement().level;
        finding(rule.requirement, level, what, rule.codes.to_string(), evidence(None))
    });
    let of_text = expectation.text_breaches(&seen.reply).into_iter().map(|breach| {
        let at = form::place(seen, breach.fault.line, breach.fault.at);
        let (what, wanted) = (breach.fault.what.to_owned(), breach.rule.wanted.to_owned());
        finding(breach.rule.requirement, breach.rule.level, what, wanted, evidence(at))
    });
    of_code.chain(of_text).collect()
}

fn finding(
    requirement: RequirementId,
    level: Level,
    what: String,
    wanted: String,
    evidence: Evidence,
) -> Finding {
    Finding { requirement, level, what, wanted, source: Source::Oracle, evidence }
}
