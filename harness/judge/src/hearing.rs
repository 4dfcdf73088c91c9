//! The part of the interpreter that compares what was heard with what a step wants, and decides
//! what that means for the case.

use std::time::Duration;

use smtpspec_catalogue::{Grade, Level, RequirementId};
use smtpspec_scenario::{Alternative, Hear, ReplyPattern, Ruling, Step};

use crate::compare::{self, Context, Fit};
use crate::peer::Link;
use crate::play::{Item, Play};
use crate::transcript::Happening;
use crate::verdict::{Evidence, Finding, Source, Verdict};
use crate::watch::{Asked, Exchange};

/// What there is to compare.
enum Ear {
    Reply(Exchange),
    /// The peer ended the connection; the event, and whether it was cut.
    Ended(usize, bool),
}

impl Play {
    /// Whether what was heard decides the step; if not, more must be waited for.
    pub(crate) fn hear(&mut self, peer: usize, item: &Item, hear: &Hear) -> bool {
        let ear = match self.peers[peer].reply() {
            Some(exchange) => Ear::Reply(exchange),
            None => match self.peers[peer].link {
                Link::Closed(event) => Ear::Ended(event, false),
                Link::Cut(event) => Ear::Ended(event, true),
                Link::Ended | Link::Refused => {
                    self.stop(Verdict::Error, "the scenario listens on a closed connection".into());
                    return true;
                }
                Link::Open | Link::Unopened => return false,
            },
        };
        let truncated = matches!(&ear, Ear::Ended(event, _) if self.transcript.events[*event].what == Happening::Truncated);
        let mut context =
            Context { truncated, verifier: self.verifier.clone(), ..Context::default() };
        if let Ear::Reply(exchange) = &ear {
            let came = Duration::from_micros(self.transcript.events[exchange.event].at_us);
            context.after = came.saturating_sub(self.peers[peer].last_sent);
            self.note(peer, exchange);
        }
        if let Hear::AnyOf(alternatives) = hear {
            self.choose(item, alternatives, &ear, &context);
        } else {
            let fit = fit(hear, &ear, &context);
            self.decide(item, hear, &ear, fit);
        }
        true
    }

    /// What every reply teaches, whatever was wanted.
    fn note(&mut self, peer: usize, exchange: &Exchange) {
        let Some(reply) = &exchange.reply else { return };
        if reply.code.get() == 421 {
            self.tally.congested = true;
        }
        let greeted = matches!(&exchange.asked, Asked::Command(verb) if matches!(verb.as_str(), "EHLO" | "LHLO"));
        if greeted && reply.code.class() == 2 {
            self.peers[peer].keywords = compare::keywords(reply);
        }
    }

    /// Takes the first alternative that fits.
    fn choose(&mut self, item: &Item, alternatives: &[Alternative], ear: &Ear, context: &Context) {
        let fits: Vec<Fit> = alternatives.iter().map(|one| fit(&one.hear, ear, context)).collect();
        let right = fits.iter().position(|fit| matches!(fit, Fit::Right | Fit::Short { .. }));
        if let Some(index) = right {
            let chosen = &alternatives[index];
            self.decide(item, &chosen.hear, ear, fits[index].clone());
            self.rule(item, chosen.ruling, chosen.note.as_deref(), ear);
            self.follow(&chosen.then, chosen.ends, item.prelude);
            return;
        }
        let hear = Hear::AnyOf(alternatives.to_vec());
        let fit = if fits.contains(&Fit::Policy) {
            Fit::Policy
        } else {
            Fit::Wrong { what: heard(ear), wanted: compare::describe_hear(&hear) }
        };
        self.decide(item, &hear, ear, fit);
    }

    /// The verdict that an alternative carries.
    fn rule(&mut self, item: &Item, ruling: Option<Ruling>, note: Option<&str>, ear: &Ear) {
        let Some(ruling) = ruling else { return };
        let verdict = Verdict::from(ruling);
        let note = note.or(item.step.note.as_deref()).unwrap_or("as the scenario says").to_owned();
        match verdict {
            Verdict::Fail => {
                self.convict(item, Grade::Must, heard(ear), note, ear.evidence());
            }
            Verdict::Warn => {
                self.convict(item, Grade::Should, heard(ear), note, ear.evidence());
            }
            _ => self.tally.settle(verdict, note),
        }
    }

    /// The steps of an alternative come before those that follow.
    pub(crate) fn follow(&mut self, then: &[Step], ends: bool, prelude: bool) {
        if ends {
            self.agenda.clear();
        }
        for step in then.iter().rev() {
            self.agenda.push_front(Item { step: step.clone(), prelude });
        }
    }

    fn decide(&mut self, item: &Item, hear: &Hear, ear: &Ear, fit: Fit) {
        match fit {
            Fit::Right => {}
            Fit::Short { wanted } => {
                let evidence = ear.evidence();
                self.convict(item, Grade::Should, heard(ear), wanted, evidence);
            }
            Fit::Policy => self.stop(Verdict::Inconclusive, stood_in_the_way(ear)),
            Fit::Wrong { what, wanted } if item.prelude => {
                if self.fall_back(ear) {
                    return;
                }
                let state = self.case.scenario.given.as_str();
                let reason =
                    format!("the state `{state}` was not reached: {what} instead of {wanted}");
                self.stop(Verdict::Inconclusive, reason);
            }
            Fit::Wrong { what, wanted } => {
                if matches!(ear, Ear::Ended(..)) && !blames_a_cut(hear) {
                    // How long a server suffers a client is its own affair (RFC 5321 §7.8).
                    self.tally.lost = true;
                    self.stop(Verdict::Inconclusive, format!("{what} instead of {wanted}"));
                } else if answers_nothing(ear) && wants_an_answer(hear) {
                    // The model reports it, under the rule that it breaks. What our command would
                    // have been answered is not known.
                    let reason = format!("{what}: a reply came that answers nothing we asked");
                    self.stop(Verdict::Inconclusive, reason);
                } else if matches!(hear, Hear::Permitted) {
                    self.convict_by_model(item, ear);
                } else {
                    let grade = self.grade(&item.step);
                    self.convict(item, grade, what, wanted, ear.evidence());
                    self.stop_after(grade);
                }
            }
        }
        if let (Hear::Reply(pattern), Ear::Reply(exchange)) = (hear, ear) {
            self.capture(pattern, exchange);
        }
    }

    /// A wrong reply leaves a state that the rest of the dialogue was not written for.
    pub(crate) fn stop_after(&mut self, grade: Grade) {
        let verdict = Verdict::of_breach(grade);
        self.stop(verdict, String::new());
    }

    /// A server without EHLO is spoken to with HELO (RFC 5321 §3.2).
    fn fall_back(&mut self, ear: &Ear) -> bool {
        let Ear::Reply(exchange) = ear else { return false };
        let unknown = exchange.reply.as_ref().is_some_and(|reply| {
            matches!(reply.code.get(), 500 | 502) && exchange.sent.starts_with(b"EHLO")
        });
        if unknown {
            for step in [crate::prelude::hear("250"), crate::prelude::say("HELO ${client}")] {
                self.agenda.push_front(Item { step, prelude: true });
            }
        }
        unknown
    }

    /// Remembers parts of a reply as variables.
    fn capture(&mut self, pattern: &ReplyPattern, exchange: &Exchange) {
        let Some(reply) = &exchange.reply else { return };
        let text = compare::text_of(reply);
        for capture in &pattern.capture {
            let found = capture.pattern.captures(&text);
            let part = found.and_then(|groups| groups.get(1).or_else(|| groups.get(0)));
            if let Some(part) = part {
                self.variables.set(&capture.name, part.as_bytes());
                self.captured.push(capture.name.clone());
            }
        }
    }

    /// Nothing came in the time that a step gives.
    pub(crate) fn silent(&mut self, peer: usize, item: &Item, event: usize) {
        let hear = match &item.step.act {
            smtpspec_scenario::Act::Hear(hear) => hear.clone(),
            _ => return self.silent_client(item),
        };
        let partial = self.peers[peer].watch.partial().to_vec();
        let silence = |hear: &Hear| matches!(hear, Hear::Silence(_)) && partial.is_empty();
        if silence(&hear) {
            return;
        }
        if let Hear::AnyOf(alternatives) = &hear
            && let Some(chosen) = alternatives.iter().find(|one| silence(&one.hear))
        {
            let ear = Ear::Ended(event, false);
            self.rule(item, chosen.ruling, chosen.note.as_deref(), &ear);
            self.follow(&chosen.then.clone(), chosen.ends, item.prelude);
            return;
        }
        let time = self.setup.profile.timeouts.reply;
        let what = if partial.is_empty() {
            format!("nothing within {time:?}")
        } else {
            format!("no whole reply within {time:?}")
        };
        let wanted = compare::describe_hear(&hear);
        if item.prelude {
            let state = self.case.scenario.given.as_str();
            let reason = format!("the state `{state}` was not reached: {what} instead of {wanted}");
            self.stop(Verdict::Inconclusive, reason);
        } else {
            let grade = self.grade(&item.step);
            let evidence = Evidence { event, received: partial, ..Evidence::default() };
            self.convict(item, grade, what, wanted, evidence);
            self.stop_after(grade);
        }
    }

    /// How strongly a failed expectation of this step binds.
    pub(crate) fn grade(&self, step: &Step) -> Grade {
        let own = step.checks.iter().map(|id| id.requirement().level.grade()).max();
        own.unwrap_or_else(|| self.case.scenario.grade())
    }

    /// The requirement that a failed expectation of this grade breaks: the first of the step's or
    /// the scenario's that is as strong.
    fn requirement(&self, step: &Step, grade: Grade) -> RequirementId {
        let checks = if step.checks.is_empty() { &self.case.scenario.checks } else { &step.checks };
        let as_strong = |id: &&RequirementId| id.requirement().level.grade() == grade;
        *checks.iter().find(as_strong).unwrap_or(&checks[0])
    }

    pub(crate) fn convict(
        &mut self,
        item: &Item,
        grade: Grade,
        what: String,
        wanted: String,
        evidence: Evidence,
    ) {
        let requirement = self.requirement(&item.step, grade);
        let own = requirement.requirement().level;
        // A `should:` within a `must:` is a recommendation even where only the rule is named.
        let level = match (grade, own.grade()) {
            (Grade::Should, Grade::Must) => Level::Should,
            _ => own,
        };
        let reason = format!("{what} instead of {wanted}");
        self.tally.findings.push(Finding {
            requirement,
            level,
            what,
            wanted,
            source: Source::Scenario { line: item.step.place.line },
            evidence,
        });
        self.tally.settle(Verdict::of_breach(grade), reason);
    }

    /// `S: permitted`: the model says what is broken.
    fn convict_by_model(&mut self, item: &Item, ear: &Ear) {
        let Ear::Reply(exchange) = ear else { return };
        let Some((expectation, reply)) = exchange.expectation.as_ref().zip(exchange.reply.as_ref())
        else {
            self.stop(Verdict::Inconclusive, "the model can't know what is permitted here".into());
            return;
        };
        for rule in expectation.breaches(reply.code) {
            let level = rule.requirement.requirement().level;
            let (what, wanted) = (heard(ear), rule.codes.to_string());
            self.tally
                .settle(Verdict::of_breach(level.grade()), format!("{what} instead of {wanted}"));
            self.tally.findings.push(Finding {
                requirement: rule.requirement,
                level,
                what,
                wanted,
                source: Source::Scenario { line: item.step.place.line },
                evidence: ear.evidence(),
            });
        }
    }
}

impl Ear {
    fn evidence(&self) -> Evidence {
        match self {
            Self::Reply(exchange) => Evidence {
                event: exchange.event,
                sent: exchange.sent.clone(),
                received: exchange.octets.clone(),
                at: None,
            },
            Self::Ended(event, _) => Evidence { event: *event, ..Evidence::default() },
        }
    }
}

fn fit(hear: &Hear, ear: &Ear, context: &Context) -> Fit {
    let wrong = || Fit::Wrong { what: heard(ear), wanted: compare::describe_hear(hear) };
    match (hear, ear) {
        (Hear::Reply(pattern), Ear::Reply(exchange)) => compare::reply(pattern, exchange, context),
        (Hear::Permitted, Ear::Reply(exchange)) => permitted(exchange),
        // A server that closes with octets unread makes its system send a reset, so both count.
        (Hear::Alerted(_), Ear::Ended(_, false)) if context.truncated => Fit::Wrong {
            what: "the connection was closed without the alert that ends TLS".to_owned(),
            wanted: compare::describe_hear(hear),
        },
        (Hear::Closed(_) | Hear::Alerted(_), Ear::Ended(..))
        | (Hear::Reset(_), Ear::Ended(_, true)) => Fit::Right,
        (
            Hear::Closed(_) | Hear::Alerted(_) | Hear::Reset(_) | Hear::Silence(_),
            Ear::Reply(exchange),
        ) if exchange.reply.as_ref().is_some_and(|reply| reply.code.get() == 421) => Fit::Policy,
        _ => wrong(),
    }
}

fn permitted(exchange: &Exchange) -> Fit {
    match (&exchange.expectation, &exchange.reply) {
        (Some(expectation), Some(reply)) if expectation.breaches(reply.code).is_empty() => {
            Fit::Right
        }
        _ => Fit::Wrong { what: String::new(), wanted: String::new() },
    }
}

/// Whether a reply came by itself, or the model can't know what it answers.
fn answers_nothing(ear: &Ear) -> bool {
    matches!(ear, Ear::Reply(exchange) if exchange.asked == Asked::Nothing && exchange.reply.is_some())
}

/// Whether a step wants the answer to something, and would not be content with silence or an end.
fn wants_an_answer(hear: &Hear) -> bool {
    match hear {
        Hear::Reply(_) | Hear::Permitted => true,
        Hear::AnyOf(alternatives) => alternatives.iter().all(|one| wants_an_answer(&one.hear)),
        Hear::Silence(_) | Hear::Closed(_) | Hear::Alerted(_) | Hear::Reset(_) => false,
    }
}

/// Whether the end of the connection instead of this counts against the server.
fn blames_a_cut(hear: &Hear) -> bool {
    match hear {
        Hear::Reply(pattern) => pattern.policy_fails,
        Hear::AnyOf(alternatives) => alternatives.iter().any(|one| blames_a_cut(&one.hear)),
        Hear::Alerted(_) | Hear::Reset(_) => true,
        Hear::Permitted | Hear::Silence(_) | Hear::Closed(_) => false,
    }
}

fn heard(ear: &Ear) -> String {
    match ear {
        Ear::Reply(exchange) => match &exchange.reply {
            Some(reply) => format!("{} in answer to {}", reply.code, exchange.asked.describe()),
            None => "octets that are no reply".to_owned(),
        },
        Ear::Ended(_, false) => "the server closed the connection".to_owned(),
        Ear::Ended(_, true) => "the connection was cut".to_owned(),
    }
}

fn stood_in_the_way(ear: &Ear) -> String {
    match ear {
        Ear::Reply(exchange) => {
            let line = exchange.octets.trim_ascii_end();
            let shown = &line[..line.len().min(200)];
            let asked = exchange.asked.describe();
            let shown = smtpspec_protocol::escape::escape(shown);
            format!("policy or passing trouble: `{shown}` in answer to {asked}")
        }
        Ear::Ended(..) => heard(ear),
    }
}
