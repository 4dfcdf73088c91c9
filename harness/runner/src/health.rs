//! Whether the target is still there, and which case may have killed it.
//!
//! An outcome that casts doubt on the target is kept back until a look at the target has shown
//! that it is well. If it is not, the cases that ran then are suspects: where there is one, it is
//! to blame; of several, each runs once more with the target to itself when that is back.

use std::time::Duration;

use smtpspec_judge::{CaseResult, Happening, Outcome, Verdict};
use tokio::time::Instant;

use crate::schedule::Job;

/// The first wait before the target is looked for again, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// A case that was run, and what it came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) job: Job,
    pub(crate) outcome: Outcome,
    /// The round of the pace in which it began.
    pub(crate) round: u32,
    /// Whether others were allowed to run beside it.
    pub(crate) company: bool,
}

/// What is known of the target's health.
#[derive(Debug, Default)]
pub(crate) struct Health {
    looking: bool,
    lost: Option<Loss>,
    /// Outcomes that the look under way is to decide, and those that came after it had begun.
    checking: Vec<Ended>,
    waiting: Vec<Ended>,
}

/// The target is gone.
#[derive(Debug)]
struct Loss {
    since: Instant,
    next_look: Instant,
    wait: Duration,
    suspects: Vec<Ended>,
}

/// What a look has shown, and whom it concerns.
#[derive(Debug)]
pub(crate) enum Sight {
    /// The target is well: these outcomes are what they are.
    Well(Vec<Ended>),
    /// It is back, after this time; these are the suspects.
    Back(Duration, Vec<Ended>),
    /// It is gone since now.
    Lost,
    /// It is still gone, for this time.
    Missing(Duration),
}

impl Health {
    /// Keeps back an outcome until the target has been looked at.
    pub(crate) fn doubt(&mut self, ended: Ended) {
        match &mut self.lost {
            Some(loss) => loss.suspects.push(ended),
            None => self.waiting.push(ended),
        }
    }

    /// Whether the target is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// Whether nothing is to be looked at, and nothing is kept back.
    pub(crate) fn is_settled(&self) -> bool {
        !self.looking && self.lost.is_none() && self.waiting.is_empty()
    }

    /// Whether no case should begin: it would only become another victim.
    pub(crate) fn holds(&self) -> bool {
        let grave =
            |ended: &Ended| ended.outcome.lost || ended.outcome.result.verdict == Verdict::Error;
        self.is_lost() || self.checking.iter().chain(&self.waiting).any(grave)
    }

    /// Whether a look is under way.
    pub(crate) fn is_looking(&self) -> bool {
        self.looking
    }

    /// Whether it is time for a look on account of what is kept back.
    pub(crate) fn wants_look(&self, now: Instant) -> bool {
        let due = match &self.lost {
            Some(loss) => loss.next_look <= now,
            None => !self.waiting.is_empty(),
        };
        due && !self.looking
    }

    /// When the next look is due, if one is planned.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.lost.as_ref().filter(|_| !self.looking).map(|loss| loss.next_look)
    }

    /// A look begins. It decides all that is kept back so far.
    pub(crate) fn look(&mut self) {
        self.looking = true;
        self.checking.append(&mut self.waiting);
    }

    /// A look is over.
    pub(crate) fn looked(&mut self, there: bool, now: Instant) -> Sight {
        self.looking = false;
        match (&mut self.lost, there) {
            (None, true) => Sight::Well(std::mem::take(&mut self.checking)),
            (None, false) => {
                let mut suspects = std::mem::take(&mut self.checking);
                suspects.append(&mut self.waiting);
                let (wait, _) = WAIT;
                self.lost = Some(Loss { since: now, next_look: now + wait, wait, suspects });
                Sight::Lost
            }
            (Some(loss), true) => {
                let away = now - loss.since;
                let suspects = std::mem::take(&mut loss.suspects);
                self.lost = None;
                Sight::Back(away, suspects)
            }
            (Some(loss), false) => {
                loss.wait = (loss.wait * 2).min(WAIT.1);
                loss.next_look = now + loss.wait;
                Sight::Missing(now - loss.since)
            }
        }
    }

    /// The suspects so far.
    pub(crate) fn suspects(&self) -> &[Ended] {
        self.lost.as_ref().map_or(&[], |loss| &loss.suspects)
    }

    /// Takes out all that is kept back.
    pub(crate) fn drain(&mut self) -> Vec<Ended> {
        let mut kept = std::mem::take(&mut self.checking);
        kept.append(&mut self.waiting);
        if let Some(loss) = &mut self.lost {
            kept.append(&mut loss.suspects);
        }
        kept
    }
}

impl Ended {
    /// Whether the target should be looked at before this counts.
    pub(crate) fn is_doubtful(&self) -> bool {
        let verdict = self.outcome.result.verdict;
        self.outcome.lost || matches!(verdict, Verdict::Fail | Verdict::Error)
    }

    /// Whether it had a connection: else it can't have done anything to the target.
    pub(crate) fn had_connection(&self) -> bool {
        self.saw(|what| *what == Happening::Opened)
    }

    /// Whether the target turned it away, or let it wait in vain beside others: it says then
    /// nothing about the target's conformance, and with fewer at once it may.
    pub(crate) fn was_turned_away(&self) -> bool {
        let verdict = self.outcome.result.verdict;
        let undecided = matches!(verdict, Verdict::Inconclusive | Verdict::Error);
        let heard = |what: &Happening| matches!(what, Happening::Received { .. });
        let unheard = self.had_connection() && !self.saw(heard) && verdict > Verdict::Skip;
        (self.outcome.congested && undecided) || (unheard && self.company)
    }

    fn saw(&self, what: impl Fn(&Happening) -> bool) -> bool {
        self.outcome.result.transcript.events.iter().any(|event| what(&event.what))
    }
}

/// Says of a case that the target was gone after it.
pub(crate) fn blame(result: &mut CaseResult, came_back: Option<Duration>, alone: bool) {
    result.verdict = result.verdict.max(Verdict::Error);
    add_reason(result, &epitaph(came_back, alone));
}

fn epitaph(came_back: Option<Duration>, alone: bool) -> String {
    let then = match came_back {
        Some(away) => format!("came back after {}", seconds(away)),
        None => "did not come back".to_owned(),
    };
    let company = if alone { "" } else { ", or another that ran beside it" };
    format!("the target stopped answering after this case{company}, and {then}")
}

/// Puts a reason behind those that a result has.
pub(crate) fn add_reason(result: &mut CaseResult, more: &str) {
    match &mut result.reason {
        Some(reason) => {
            reason.push_str("; ");
            reason.push_str(more);
        }
        none => *none = Some(more.to_owned()),
    }
}

/// A time for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smtpspec_judge::{Play, Setup};
    use smtpspec_scenario::Profile;

    use super::*;
    use crate::testing::cases;

    /// A case that ended with this verdict, and with or without a connection.
    fn ended(id: &str, verdict: Verdict, happened: &[Happening]) -> Ended {
        let case = cases(&[id]).remove(0);
        let setup = Setup {
            shows_secrets: false,
            profile: Arc::new(Profile::default()),
            unique: String::new(),
            segmentation: smtpspec_judge::Segmentation::default(),
            offered: Vec::new(),
        };
        let mut outcome = Play::new(case.clone(), setup).finish();
        outcome.result.verdict = verdict;
        for what in happened {
            outcome.result.transcript.push(Duration::ZERO, 0, what.clone());
        }
        let job = Job { runs: 1, ..Job::new(0, case) };
        Ended { job, outcome, round: 0, company: true }
    }

    fn ids(ended: &[Ended]) -> Vec<&str> {
        ended.iter().map(|one| one.job.case.id.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_decides_only_what_ended_before_it_began() {
        let now = Instant::now();
        let mut health = Health::default();
        health.doubt(ended("a", Verdict::Fail, &[]));
        assert!(health.wants_look(now));
        health.look();
        health.doubt(ended("b", Verdict::Fail, &[]));
        assert!(!health.wants_look(now), "one look at a time");
        let Sight::Well(decided) = health.looked(true, now) else { panic!() };
        assert_eq!(ids(&decided), ["a"]);
        assert!(health.wants_look(now));
        assert!(!health.is_settled());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_begins_while_the_target_may_be_dead() {
        let now = Instant::now();
        let mut health = Health::default();
        health.doubt(ended("a", Verdict::Fail, &[]));
        assert!(!health.holds(), "a failure alone is no sign of death");
        health.doubt(ended("b", Verdict::Error, &[]));
        assert!(health.holds());
        health.look();
        assert!(health.holds());
        health.looked(true, now);
        assert!(!health.holds());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_target_is_looked_for_ever_more_rarely() {
        let began = Instant::now();
        let mut health = Health::default();
        health.doubt(ended("a", Verdict::Error, &[]));
        health.look();
        assert!(matches!(health.looked(false, began), Sight::Lost));
        let mut waits = Vec::new();
        for _ in 0..5 {
            let now = health.next_look().unwrap();
            assert!(health.wants_look(now));
            health.look();
            let Sight::Missing(away) = health.looked(false, now) else { panic!() };
            waits.push(away.as_millis());
        }
        assert_eq!(waits, [100, 300, 700, 1_500, 2_500]);
        health.doubt(ended("b", Verdict::Error, &[]));
        health.look();
        let Sight::Back(away, suspects) = health.looked(true, began + Duration::from_secs(3))
        else {
            panic!()
        };
        assert_eq!((away.as_secs(), ids(&suspects)), (3, vec!["a", "b"]));
        assert!(health.is_settled());
    }

    #[test]
    fn silence_beside_others_is_no_answer() {
        let heard = Happening::Received { octets: b"220 x\r\n".to_vec() };
        let table = [
            (Verdict::Fail, vec![Happening::Opened], true),
            (Verdict::Fail, vec![Happening::Opened, heard], false),
            (Verdict::Pass, vec![Happening::Opened], false),
            (Verdict::Skip, vec![], false),
        ];
        for (verdict, happened, turned_away) in table {
            let ended = ended("a", verdict, &happened);
            assert_eq!(ended.was_turned_away(), turned_away, "{verdict} {happened:?}");
            let alone = Ended { company: false, ..ended };
            assert!(!alone.was_turned_away());
        }
    }

    #[test]
    fn blame_outweighs_a_pass_and_keeps_what_was_said() {
        let mut result = ended("a", Verdict::Pass, &[]).outcome.result;
        result.reason = Some("as it was".to_owned());
        blame(&mut result, Some(Duration::from_millis(1200)), true);
        assert_eq!(result.verdict, Verdict::Error);
        assert_eq!(
            result.reason.as_deref(),
            Some(
                "as it was; the target stopped answering after this case, and came back after 1.2 s"
            )
        );
    }
}
