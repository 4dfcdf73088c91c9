//! The part of the interpreter that asks what mail came out of the target, and decides what that
//! means for the case.

use std::time::Duration;

use smtpspec_scenario::template::Template;
use smtpspec_scenario::{Act, Delivered, MailCount, MailPattern, Missing, ParametersPattern};

use crate::delivered::{self, Came, Difference, Fit, Wanted};
use crate::mail::Mail;
use crate::play::{Action, Item, Play, Stage};
use crate::transcript::Happening;
use crate::verdict::{Evidence, Verdict};

/// How much of a message is shown as evidence, on either side of the octet in question.
const SHOWN: usize = 256;

/// What is known of the mail that came out.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The events that tell of it.
    pub(crate) events: Vec<usize>,
    /// Whether, since the case said anything last, the time passed after which no more is taken
    /// to come.
    pub(crate) settled: bool,
}

impl Play {
    /// Looks whether enough came out, or waits for more. What decides are events alone and no
    /// clock, so that a stored transcript leads the same way.
    pub(crate) fn collect(&mut self) -> Option<Action> {
        let Stage::Collecting { item, began, waited } = &self.stage else { return None };
        let Act::Delivered(wanted) = &item.step.act else { return None };
        let timeouts = self.setup.profile.timeouts;
        let count = self.came().len();
        let enough = count >= wanted.count.least;
        let open = wanted.count.most.is_none_or(|most| count <= most);
        let may_change = if enough { open && wanted.count.most.is_some() } else { true };
        if *waited || self.collected.settled || !may_change {
            self.collected.settled |= *waited;
            let (item, wanted) = (item.clone(), wanted.clone());
            self.stage = Stage::Between;
            self.judge_mail(&item, &wanted);
            return None;
        }
        let until = if enough {
            let last = self.collected.events.last();
            let last = last.map(|event| self.transcript.events[*event].at_us);
            (*began).max(Duration::from_micros(last.unwrap_or(0))) + timeouts.settle
        } else {
            *began + wanted.within.unwrap_or(timeouts.deliver)
        };
        Some(Action::Collect { until: until.min(self.limit()) })
    }

    /// The messages that came out, each with all its copies.
    fn came(&self) -> Vec<Came<'_>> {
        delivered::distinct(self.collected.events.iter().filter_map(|&event| {
            match &self.transcript.events[event].what {
                Happening::Delivered(mail) => Some((event, mail)),
                _ => None,
            }
        }))
    }

    fn judge_mail(&mut self, item: &Item, wanted: &Delivered) {
        let patterns = wanted.patterns().map(|pattern| self.wanted(pattern));
        let patterns = match patterns.collect::<Result<Vec<_>, _>>() {
            Ok(patterns) => patterns,
            Err(missing) => return self.lacks(&missing),
        };
        let (all, each) = patterns.split_first().map_or((None, &[][..]), |(a, b)| (Some(a), b));
        let came = self.came();
        if !wanted.count.holds(came.len()) {
            let (what, evidence) = self.miscounted(wanted.count, &came);
            let grade = self.grade(&item.step);
            self.convict(item, grade, what, delivered::describe(wanted.count), evidence);
            return self.stop_after(grade);
        }
        let fits: Vec<_> = if each.is_empty() {
            let pairs = came.iter().zip(all.into_iter().cycle());
            pairs.map(|(came, wanted)| (came, delivered::compare(came, wanted))).collect()
        } else {
            one_by_one(&came, each)
        };
        let mut unknown = None;
        let mut breaches = Vec::new();
        for (came, fit) in fits {
            match fit {
                Fit::Right => {}
                Fit::Unknown(why) => unknown = Some(why),
                Fit::Wrong(difference) => {
                    let evidence = evidence(came, difference.at);
                    breaches.push((difference, evidence));
                }
            }
        }
        let grade = self.grade(&item.step);
        let broken = !breaches.is_empty();
        for (Difference { what, wanted, .. }, evidence) in breaches {
            self.convict(item, grade, what, wanted, evidence);
        }
        if broken {
            self.stop_after(grade);
        }
        if let Some(why) = unknown {
            self.tally.settle(Verdict::Inconclusive, why.to_owned());
        }
    }

    /// How many messages came out, and the first that is too many, if it is not one too few.
    fn miscounted(&self, count: MailCount, came: &[Came<'_>]) -> (String, Evidence) {
        let what = format!("{} came out", delivered::messages(came.len()));
        let nothing = || {
            let event = self.transcript.events.len().saturating_sub(1);
            Evidence { event, ..Evidence::default() }
        };
        let extra = count.most.and_then(|most| came.get(most));
        (what, extra.map_or_else(nothing, |extra| evidence(extra, None)))
    }

    /// A pattern with its variables put in.
    fn wanted(&self, pattern: &MailPattern) -> Result<Wanted, Missing> {
        Ok(Wanted {
            from: pattern.from.as_ref().map(|from| self.expand(from)).transpose()?,
            to: pattern.to.iter().map(|to| self.expand(to)).collect::<Result<_, _>>()?,
            message: pattern.message.as_deref().map(|sent| self.content(sent)).transpose()?,
            names: pattern.names.iter().map(|one| self.expand(one)).collect::<Result<_, _>>()?,
            body: pattern.body.as_deref().map(|sent| self.content(sent)).transpose()?,
            content: pattern.content.as_deref().map(|sent| self.content(sent)).transpose()?,
            mail: pattern.mail.as_ref().map(|mail| self.parameters(mail)).transpose()?,
            rcpt: pattern
                .rcpt
                .iter()
                .map(|one| Ok((self.expand(&one.to)?, self.parameters(&one.parameters)?)))
                .collect::<Result<_, _>>()?,
            pattern: pattern.clone(),
        })
    }

    fn parameters(&self, wanted: &ParametersPattern) -> Result<delivered::Parameters, Missing> {
        let expand = |all: &[Template]| -> Result<Vec<_>, Missing> {
            all.iter().map(|one| self.expand(one)).collect()
        };
        Ok(delivered::Parameters {
            has: expand(&wanted.has)?,
            may: expand(&wanted.may)?,
            lacks: expand(&wanted.lacks)?,
        })
    }
}

/// Compares each message with the pattern that is its own. Where there is none, it is compared
/// with one of those that found no message.
fn one_by_one<'c, 't>(came: &'c [Came<'t>], each: &[Wanted]) -> Vec<(&'c Came<'t>, Fit)> {
    let places = delivered::assign(came, each);
    let mut lonely = each.iter().zip(&places).filter(|(_, place)| place.is_none());
    came.iter()
        .enumerate()
        .filter_map(|(index, came)| {
            let own = places.iter().position(|place| *place == Some(index));
            let wanted = match own {
                Some(own) => &each[own],
                None => lonely.next()?.0,
            };
            Some((came, delivered::compare(came, wanted)))
        })
        .collect()
}

/// The part of a message that shows what is wrong with it.
fn evidence(came: &Came<'_>, at: Option<usize>) -> Evidence {
    let Mail { octets, .. } = came.mail;
    let middle = at.unwrap_or(0);
    let from = middle.saturating_sub(SHOWN);
    let to = octets.len().min(middle + SHOWN);
    Evidence {
        event: came.event,
        sent: Vec::new(),
        received: octets[from..to].to_vec(),
        at: at.map(|at| at - from),
    }
}
