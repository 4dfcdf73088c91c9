//! The interpreter of a case, sans-IO: it says what to do next on which connection, is told what
//! happened, and ends with an outcome. The runner gives it sockets; [`crate::again`] gives it a
//! stored transcript, and the outcome is the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_scenario::{
    Act, Case, CommandPattern, Condition, Given, Hear, Missing, Profile, Step, Tls, Variables,
};

use crate::collect::Collected;
use crate::outcome::{Outcome, Tally};
use crate::peer::{Link, Peer};
use crate::prelude;
use crate::secrets::Secrets;
use crate::segmentation::Segmentation;
use crate::transcript::{Ending, Happening, Transcript};
use crate::verdict::Verdict;

/// What a case is played with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The target.
    pub profile: Arc<Profile>,
    /// `${unique}`: a word that no other case of any run has.
    pub unique: String,
    /// How writes are cut.
    pub segmentation: Segmentation,
    /// The keywords that the target offered when it was probed; they decide `requires:` where the
    /// case itself sees no EHLO before its dialogue.
    pub offered: Vec<String>,
    /// Whether the outcome may show passwords, and what was made of them for an AUTH exchange.
    pub shows_secrets: bool,
}

/// What the runner is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a connection to the target.
    Open {
        /// The number that it is to have.
        connection: usize,
    },
    /// Send these octets in one write.
    Send {
        /// On which connection.
        connection: usize,
        /// The octets.
        octets: Vec<u8>,
    },
    /// Do a TLS handshake as the client, and use TLS from then on.
    Secure {
        /// On which connection.
        connection: usize,
    },
    /// Read once, or give up at that time.
    Receive {
        /// On which connection.
        connection: usize,
        /// The latest time, counted from the beginning of the case; one that has passed means
        /// that only what is there already is read.
        until: Duration,
    },
    /// Wait for the next message with `${unique}` in it that comes out of the target, or until
    /// that time; then observe it, or that nothing came, on connection 0.
    Collect {
        /// The latest time, counted from the beginning of the case.
        until: Duration,
    },
    /// Do nothing until that time.
    Pause {
        /// The time, counted from the beginning of the case.
        until: Duration,
    },
    /// End our side.
    End {
        /// Of which connection.
        connection: usize,
        /// How.
        how: Ending,
    },
    /// The case is over.
    Done,
}

/// A case while it is being played.
pub struct Play {
    pub(crate) case: Case,
    pub(crate) setup: Setup,
    pub(crate) variables: Variables,
    pub(crate) captured: Vec<String>,
    pub(crate) agenda: VecDeque<Item>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) transcript: Transcript,
    pub(crate) collected: Collected,
    pub(crate) tally: Tally,
    /// The secrets that were used.
    pub(crate) secrets: Secrets,
    /// What is being done about the first step of the agenda.
    pub(crate) stage: Stage,
    /// Whether the case was already asked whether it applies.
    admitted: bool,
    /// Whether the prelude lies behind us.
    dialogue_reached: bool,
    /// The step that wants the TLS handshake under way.
    pub(crate) handshake: Option<Item>,
    /// With what a server that knows the password answers the last message of SCRAM.
    pub(crate) verifier: Option<Vec<u8>>,
    /// Whether the last QUIT has gone out.
    quit_sent: bool,
}

/// A step that is still to come.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) step: Step,
    /// Part of the way to the dialogue: where it goes wrong, nothing is learnt.
    pub(crate) prelude: bool,
}

/// What is being done.
pub(crate) enum Stage {
    /// The next step is to be taken from the agenda.
    Between,
    /// These writes are still to go out, with the pause between them.
    Writing { peer: usize, writes: VecDeque<Vec<u8>>, pause: Duration, next_at: Duration },
    /// Something is to be heard by then.
    Hearing { peer: usize, item: Item, until: Duration },
    /// Mail is to come out of the target; whether the time for it is over.
    Collecting { item: Item, began: Duration, waited: bool },
    /// The dialogue is over: QUIT was sent on this connection, and its answer is awaited.
    Leaving { peer: usize, until: Duration },
    /// Everything is over.
    Over,
}

/// How long the answer to the last QUIT is waited for; it decides nothing.
const FAREWELL: Duration = Duration::from_secs(1);

impl Play {
    /// Begins a case. Nothing happens before the first call of [`Play::next`].
    pub fn new(case: Case, setup: Setup) -> Self {
        let mut variables = setup.profile.variables();
        variables.set("unique", setup.unique.as_str());
        let scenario = Arc::clone(&case.scenario);
        // A server may have heard of them in another case.
        let credentials = setup.profile.credentials.iter();
        let secrets = credentials.flat_map(|of| of.password.iter().chain(&of.token)).collect();
        let protocol = setup.profile.protocol;
        let (tls, login) = prelude::wanted(&scenario, &setup.profile);
        let prelude = prelude::steps(scenario.given, protocol, tls, login);
        let prelude = prelude.into_iter().map(|step| (step, true));
        let dialogue = scenario.dialogue.iter().cloned().map(|step| (step, false));
        let agenda =
            prelude.chain(dialogue).map(|(step, prelude)| Item { step, prelude }).collect();
        Self {
            case,
            setup,
            variables,
            captured: Vec::new(),
            agenda,
            peers: vec![Peer::new(None, protocol)],
            transcript: Transcript::default(),
            collected: Collected::default(),
            tally: Tally::default(),
            secrets,
            stage: Stage::Between,
            admitted: false,
            dialogue_reached: false,
            handshake: None,
            verifier: None,
            quit_sent: false,
        }
    }

    /// What to do next, at the time `now` since the case began.
    pub fn next(&mut self, now: Duration) -> Action {
        let now = as_recorded(now);
        if !self.admitted {
            self.admitted = true;
            self.admit();
        }
        let limit = self.limit();
        if now >= limit && !matches!(self.stage, Stage::Over) {
            self.stop(Verdict::Error, format!("the scenario was not over after {limit:?}"));
            self.stage = Stage::Over;
        }
        loop {
            let action = match &mut self.stage {
                Stage::Between => self.begin(now),
                Stage::Writing { .. } => self.write(now),
                Stage::Hearing { .. } => self.listen(),
                Stage::Collecting { .. } => self.collect(),
                Stage::Leaving { .. } => self.leave(now),
                Stage::Over => return self.close(),
            };
            if let Some(action) = action {
                return action;
            }
        }
    }

    /// Whether `action` is to do nothing for a time, rather than to wait for what the target does:
    /// a silence, a pause between writes, mail that may still come out.
    pub fn bides(&self, action: &Action) -> bool {
        match (action, &self.stage) {
            (Action::Pause { .. } | Action::Collect { .. }, _) => true,
            (Action::Receive { .. }, Stage::Hearing { item, .. }) => {
                let is_silence = |hear: &Hear| matches!(hear, Hear::Silence(_));
                match &item.step.act {
                    Act::Hear(Hear::AnyOf(ways)) => ways.iter().any(|way| is_silence(&way.hear)),
                    Act::Hear(hear) => is_silence(hear),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Takes note of what the runner did or saw.
    pub fn observe(&mut self, now: Duration, connection: usize, what: Happening) {
        let now = as_recorded(now);
        let event = self.transcript.push(now, connection, what);
        let Some(peer) = self.peers.get_mut(connection) else { return };
        let read_as = peer.observe(event, now, &self.transcript.events[event].what);
        self.transcript.events[event].read_as = read_as;
        match &self.transcript.events[event].what {
            Happening::Refused { reason } => {
                self.tally.congested = true;
                let reason = format!("the connection could not be opened: {reason}");
                self.stop(Verdict::Error, reason);
            }
            Happening::HandshakeFailed { reason } => {
                let reason = reason.clone();
                self.not_secured(event, &reason);
            }
            Happening::Waited => self.waited(now, event),
            Happening::Delivered(_) => self.collected.events.push(event),
            // What is sent, and how a connection ends, may make mail come out.
            Happening::Sent { .. } | Happening::Ended { .. } => self.collected.settled = false,
            _ => {}
        }
    }

    /// Ends the case, also early, and tells what it came to.
    pub fn finish(mut self) -> Outcome {
        if !matches!(self.stage, Stage::Over) && self.tally.verdict == Verdict::Pass {
            self.stop(
                Verdict::Error,
                "the run was stopped before the scenario was over".to_owned(),
            );
        }
        crate::outcome::of(self)
    }

    /// Begins the next step.
    fn begin(&mut self, now: Duration) -> Option<Action> {
        let Some(item) = self.agenda.pop_front() else {
            self.stage = self.farewell(now);
            return None;
        };
        if !item.prelude && self.agenda_reaches_dialogue(&item) {
            let mut keywords = self.peers[0].keywords.clone();
            if self.case.scenario.given == Given::Secured {
                keywords.extend(self.peers[0].in_clear.clone());
            }
            self.require_keywords(&keywords);
            if self.tally.verdict == Verdict::Skip {
                return None;
            }
        }
        let peer = self.peer_of(item.step.on.as_deref());
        if !self.holds(item.step.when.as_ref(), peer) {
            return None;
        }
        if let Act::Delivered(_) = item.step.act {
            self.stage = Stage::Collecting { item, began: now, waited: false };
            return None;
        }
        if self.peers[peer].link == Link::Unopened {
            self.agenda.push_front(item);
            return Some(Action::Open { connection: peer });
        }
        let on_connect = self.setup.profile.tls == Tls::OnConnect;
        if on_connect && self.peers[peer].link == Link::Open && !self.peers[peer].secured {
            self.agenda.push_front(item);
            self.handshake = None;
            return Some(Action::Secure { connection: peer });
        }
        match item.step.act.clone() {
            Act::Send(send) => {
                self.handshake = Some(item);
                return self.send(peer, &send, now);
            }
            Act::Swap => self.peers[peer].swap(),
            Act::Hear(hear) => {
                let until = self.deadline(&hear, peer, now);
                self.stage = Stage::Hearing { peer, item, until };
            }
            Act::Delivered(_) => {}
            Act::Await(patterns) => {
                let until = self.patience(now);
                debug_assert!(!patterns.is_empty(), "the loader refuses an empty list");
                self.stage = Stage::Hearing { peer, item, until };
            }
        }
        None
    }

    /// Whether `item` is the first step behind the prelude, which has shown the EHLO keywords.
    fn agenda_reaches_dialogue(&mut self, item: &Item) -> bool {
        let first = !self.dialogue_reached && !item.prelude;
        self.dialogue_reached |= first;
        first && self.case.scenario.given != Given::Connected
    }

    fn peer_of(&mut self, name: Option<&str>) -> usize {
        if let Some(index) = self.peers.iter().position(|peer| peer.name.as_deref() == name) {
            return index;
        }
        let protocol = self.setup.profile.protocol;
        self.peers.push(Peer::new(name.map(str::to_owned), protocol));
        self.peers.len() - 1
    }

    fn holds(&self, condition: Option<&Condition>, peer: usize) -> bool {
        let offers = |keyword: &str| {
            self.peers[peer].keywords.iter().any(|had| had.eq_ignore_ascii_case(keyword))
        };
        match condition {
            None => true,
            Some(Condition::Ehlo(keyword)) => offers(keyword),
            Some(Condition::NoEhlo(keyword)) => !offers(keyword),
            Some(Condition::Profile(name)) => self.states(name),
            Some(Condition::Captured(name)) => self.captured.contains(name),
        }
    }

    /// When to stop waiting for what a step wants.
    fn deadline(&self, hear: &Hear, peer: usize, now: Duration) -> Duration {
        let patience = self.patience(now);
        let wait = |hear: &Hear| match hear {
            Hear::Silence(time) => Some(now + self.by_clock(*time)),
            Hear::Closed(within) | Hear::Alerted(within) | Hear::Reset(within) => {
                within.map(|time| now + time)
            }
            // A reply that comes too late is read all the same, so that it can be shown.
            Hear::Reply(pattern) => pattern
                .within
                .map(|time| patience.max(self.peers[peer].last_sent + time + time / 2)),
            Hear::AnyOf(_) | Hear::Permitted => None,
        };
        match hear {
            Hear::AnyOf(alternatives) => {
                alternatives.iter().filter_map(|one| wait(&one.hear)).min().unwrap_or(patience)
            }
            _ => wait(hear).unwrap_or(patience),
        }
    }

    /// When a scenario is too long: what it waits of its own will comes on top of the profile's time.
    pub(crate) fn limit(&self) -> Duration {
        let timeouts = &self.setup.profile.timeouts;
        timeouts.scenario + self.case.scenario.waits_by(timeouts.clock)
    }

    /// How long a wait of the scenario's is by the target's clock.
    pub(crate) fn by_clock(&self, wait: Duration) -> Duration {
        if self.case.scenario.is_slow() { wait / self.setup.profile.timeouts.clock } else { wait }
    }

    fn patience(&self, now: Duration) -> Duration {
        now + self.setup.profile.timeouts.reply
    }

    /// Looks whether what a step wants has come, or waits for it.
    fn listen(&mut self) -> Option<Action> {
        let Stage::Hearing { peer, until, .. } = &self.stage else { return None };
        let (peer, until) = (*peer, *until);
        if self.settle(peer) {
            return None;
        }
        Some(Action::Receive { connection: peer, until: until.min(self.limit()) })
    }

    /// Takes what was heard, if it is enough to decide the step.
    fn settle(&mut self, peer: usize) -> bool {
        let stage = std::mem::replace(&mut self.stage, Stage::Between);
        let Stage::Hearing { item, until, .. } = stage else { return false };
        let settled = match &item.step.act {
            Act::Hear(hear) => self.hear(peer, &item, hear),
            Act::Await(patterns) => {
                let patterns: Vec<CommandPattern> = patterns.clone();
                self.heard_command(peer, &item, &patterns)
            }
            Act::Send(_) | Act::Swap | Act::Delivered(_) => true,
        };
        if !settled {
            self.stage = Stage::Hearing { peer, item, until };
        }
        settled
    }

    /// The time for what a step wants is over.
    fn waited(&mut self, now: Duration, event: usize) {
        let stage = std::mem::replace(&mut self.stage, Stage::Between);
        match stage {
            Stage::Hearing { peer, item, until } if now >= until => {
                let since = now.saturating_sub(self.peers[peer].last_sent);
                if since >= self.setup.profile.timeouts.reply {
                    self.peers[peer].watch.silent(event);
                }
                self.silent(peer, &item, event);
            }
            Stage::Leaving { peer, until } if now >= until => {
                self.peers[peer].watch.ended();
                self.stage = Stage::Over;
            }
            Stage::Collecting { item, began, .. } => {
                self.stage = Stage::Collecting { item, began, waited: true };
            }
            other => self.stage = other,
        }
    }

    /// After the dialogue: a QUIT where it would be understood, so that the server is left in
    /// peace and the model sees how it answers.
    fn farewell(&mut self, now: Duration) -> Stage {
        let open = |peer: &Peer| {
            peer.link == Link::Open && peer.is_client() && peer.watch.takes_commands()
        };
        match self.peers.iter().position(open) {
            Some(peer) if self.tally.verdict != Verdict::Error => {
                Stage::Leaving { peer, until: now + FAREWELL }
            }
            _ => Stage::Over,
        }
    }

    fn leave(&mut self, now: Duration) -> Option<Action> {
        let Stage::Leaving { peer, until } = self.stage else { return None };
        let line = &mut self.peers[peer];
        if line.watch.takes_commands() && !self.quit_sent {
            self.quit_sent = true;
            return Some(Action::Send { connection: peer, octets: b"QUIT\r\n".to_vec() });
        }
        let answered = line.reply().is_some();
        if answered || line.link != Link::Open || now >= until {
            self.stage = Stage::Over;
            return None;
        }
        Some(Action::Receive { connection: peer, until })
    }

    /// Ends whatever is still open.
    fn close(&mut self) -> Action {
        let open = |peer: &Peer| matches!(peer.link, Link::Open | Link::Closed(_));
        match self.peers.iter().position(open) {
            Some(connection) => Action::End { connection, how: Ending::Close },
            None => Action::Done,
        }
    }

    /// The case is decided, or can't go on.
    pub(crate) fn stop(&mut self, verdict: Verdict, reason: String) {
        self.tally.settle(verdict, reason);
        self.agenda.clear();
        self.stage = Stage::Between;
        if verdict == Verdict::Skip && self.transcript.events.is_empty() {
            self.stage = Stage::Over;
        }
    }

    pub(crate) fn lacks(&mut self, missing: &Missing) {
        self.stop(Verdict::Skip, format!("the profile sets no `{}`", missing.name));
    }
}

/// A time as transcripts hold it. Judging by anything finer would judge a stored transcript
/// differently from the live one.
const fn as_recorded(now: Duration) -> Duration {
    Duration::from_micros(now.as_micros() as u64)
}
