//! Fuzzing: sessions that no scenario wrote, against a running server, judged by the model.
//!
//! Several connections at once take case after case; what shows something new becomes a seed; what
//! breaks a rule is played again, made small, and told (`hunt`, `examine`). The server is looked at
//! all the while: connections refused, replies that do not come, its process and its memory
//! (`process`).

mod compare;
mod examine;
mod hunt;
mod mail;
mod player;
mod process;

use std::sync::Arc;
use std::time::Duration;

use smtpspec_explore::{Access, Explorer, Ground, Names, Session, Trace};
use smtpspec_judge::{Happening, Target};
use smtpspec_scenario::Profile;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

pub use compare::{Compared, Contrast, Difference, compare};
pub use hunt::{Discovery, Kind, Progress, Stability};
pub use process::Memory;

use self::hunt::Hunt;
use self::mail::Outgoing;
use self::player::Player;
use crate::launch::Leader;
use crate::postbox::Postbox;
use crate::probe::{Unreachable, probe};
use crate::session::later;
use crate::stop::Stop;
use crate::target::TargetAddress;

/// How a server is fuzzed.
#[derive(Debug, Clone)]
pub struct FuzzOptions {
    /// Which sessions are made.
    pub seed: u64,
    /// How long it goes on at most.
    pub time: Option<Duration>,
    /// How many sessions there are at most.
    pub sessions: Option<u64>,
    /// How many connections there are at once.
    pub jobs: usize,
    /// How many sessions begin in a second at most; for a stranger's server.
    pub rate: Option<u32>,
    /// How long a reply may take that is due.
    pub reply: Duration,
    /// The server's process, to see whether it lives and what it holds.
    pub process: Option<u32>,
    /// The same of a server that is started again when it ends by itself: then the hunt goes on.
    pub leader: Option<Leader>,
    /// Sessions of earlier runs to go on from.
    pub corpus: Vec<Session>,
    /// Where the mail goes that comes out of the target, for a profile that says where it does.
    pub postbox: Postbox,
    /// These sessions and no others, each once, or again and again where a number of sessions is
    /// given.
    pub only: Vec<Session>,
}

/// What is told while it goes on.
#[derive(Debug)]
pub enum FuzzEvent<'e> {
    /// Where it stands, now and then.
    Progress(&'e Progress),
    /// Something was found, and is as small as it gets.
    Found(&'e Discovery),
    /// Something was seen, and is being played again.
    Suspected(&'e str),
}

/// What came of it.
#[derive(Debug)]
pub struct Fuzzed {
    /// The server, as it presented itself.
    pub target: Target,
    /// Everything that was found, in the order of finding.
    pub discoveries: Vec<Discovery>,
    /// The counts.
    pub progress: Progress,
    /// The sessions that showed something new: the corpus of a later run.
    pub corpus: Vec<Session>,
    /// What the process held, where it was watched.
    pub memory: Option<Memory>,
    /// Why it ended early: the server is gone.
    pub lost: Option<String>,
    /// Whether somebody pressed Ctrl-C.
    pub interrupted: bool,
    /// Why the mail that comes out could not be watched, though the profile says where it does.
    pub blind: Option<String>,
}

/// How long is waited where a reply may come or not: enough for most servers on the same machine.
/// What a later one seems to show, the patience of `examine` does not show again.
const PERHAPS: Duration = Duration::from_millis(15);

/// How often it is told where it stands.
const STATUS: Duration = Duration::from_millis(250);

/// How long a server that refuses connections has to come back.
const RETURN_WITHIN: Duration = Duration::from_secs(10);

/// Plays sessions against the target until the time, the sessions or somebody's patience is over.
///
/// # Errors
///
/// Where no session can be begun at all.
pub async fn fuzz(
    target: &TargetAddress,
    profile: &Profile,
    options: FuzzOptions,
    events: &mut dyn FnMut(FuzzEvent<'_>),
    stop: &Stop,
) -> Result<Fuzzed, Unreachable> {
    let contact = probe(target, profile).await?;
    let watched = Outgoing::watch(profile, &contact, &options.postbox, stop).await;
    let (outgoing, blind) = match watched {
        Ok(outgoing) => (outgoing.map(Arc::new), None),
        Err(why) => (None, Some(why)),
    };
    let names = Names::of(profile);
    let offered = contact.target.ehlo.iter().skip(1).cloned().collect();
    let ground = Ground::of(profile, offered);
    let explorer = Explorer::new(ground, options.seed);
    let ends = options.time.map(|time| later(Instant::now(), time));
    let hunt = Arc::new(Hunt::new(explorer, names, &options));
    let over = Stop::new();
    let mut workers = JoinSet::new();
    let worker = Worker {
        hunt: Arc::clone(&hunt),
        player: Player {
            address: contact.address,
            connect: profile.timeouts.connect,
            reply: options.reply,
            settle: Duration::ZERO,
            protocol: profile.protocol,
            access: Access::of(profile),
        },
        target: target.clone(),
        profile: profile.clone(),
        rate: options.rate,
        over: over.clone(),
        outgoing: outgoing.clone(),
    };
    for _ in 0..options.jobs.max(1) {
        workers.spawn(worker.clone().work());
    }
    let mut stopped = std::pin::pin!(stop.stopped());
    let mut interrupted = false;
    loop {
        let at_end = ends.unwrap_or_else(|| later(Instant::now(), Duration::MAX));
        tokio::select! {
            biased;
            () = &mut stopped, if !interrupted => {
                interrupted = true;
                over.stop();
            }
            () = sleep_until(at_end), if !over.is_stopped() => over.stop(),
            done = workers.join_next() => match done {
                None => break,
                Some(done) => came_home(done),
            },
            () = sleep(STATUS) => {}
        }
        hunt.look_at_process();
        if let Some(outgoing) = &outgoing {
            outgoing.sort();
        }
        hunt.tell(events);
    }
    if let Some(outgoing) = outgoing.filter(|_| !interrupted) {
        // What the last sessions sent in may still come out.
        sleep(outgoing.settles()).await;
        worker.look_for_mail(&outgoing).await;
    }
    hunt.tell(events);
    Ok(Fuzzed { blind, ..hunt.end(contact.target, interrupted) })
}

/// A worker has ended. Where that is for a fault of ours it is not to look as if all were well.
fn came_home(done: Result<(), JoinError>) {
    if let Err(Ok(panic)) = done.map_err(JoinError::try_into_panic) {
        std::panic::resume_unwind(panic);
    }
}

/// How many times the time that a reply is given has to pass before it is said that the server hangs:
/// a minute of the usual five seconds. Servers slow down whoever errs (RFC 5321 §7.8).
const PATIENCE: u32 = 12;

/// One connection at a time.
#[derive(Clone)]
struct Worker {
    hunt: Arc<Hunt>,
    player: Player,
    target: TargetAddress,
    profile: Profile,
    rate: Option<u32>,
    over: Stop,
    outgoing: Option<Arc<Outgoing>>,
}

impl Worker {
    async fn work(self) {
        let mut pause = Duration::from_millis(50);
        while !self.over.is_stopped() {
            let Some(case) = self.hunt.next_case() else { return };
            let begun = Instant::now();
            let marked = self.outgoing.as_ref().map(|outgoing| outgoing.begin(&case.session));
            let session = marked.as_ref().map_or(&*case.session, |marked| &marked.session);
            let trace = self.play(session, PERHAPS).await;
            if let (Some(outgoing), Some(marked)) = (&self.outgoing, &marked) {
                outgoing.end(marked, &case, &trace);
                self.look_for_mail(outgoing).await;
            }
            if refused(&trace) || turned_away(&trace) {
                self.hunt.turned_away();
                if !self.comes_back(&case).await {
                    self.over.stop();
                    return;
                }
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
                continue;
            }
            pause = Duration::from_millis(50);
            for suspicion in self.hunt.note(&case, &trace) {
                let found = examine::examine(&self, &case.session, suspicion, trace.clone()).await;
                match found {
                    Some(found) => self.hunt.found(found),
                    None => self.hunt.was_slow(),
                }
            }
            if let Some(rate) = self.rate.filter(|rate| *rate > 0) {
                sleep_until(begun + Duration::from_secs(1) / rate).await;
            }
            // Who is always ready must let others have their turn.
            tokio::task::yield_now().await;
        }
    }

    /// Examines what has come out and should not have.
    async fn look_for_mail(&self, outgoing: &Outgoing) {
        outgoing.sort();
        while let Some(case) = outgoing.next_excess() {
            if let Some(found) = examine::examine_mail(self, outgoing, &case).await {
                self.hunt.found(found);
            }
        }
    }

    /// The same, waiting as long as it takes to know that no reply comes.
    fn patient(&self) -> Self {
        let reply = self.player.reply.saturating_mul(PATIENCE);
        Self { player: Player { reply, ..self.player.clone() }, ..self.clone() }
    }

    /// The same, sending no line before all that the last one drew is there.
    fn settled(&self) -> Self {
        let settle = examine::PATIENT;
        Self { player: Player { settle, ..self.player.clone() }, ..self.clone() }
    }

    /// Plays a session on a connection of its own.
    async fn play(&self, session: &Session, perhaps: Duration) -> Trace {
        self.player.play(session, perhaps).await
    }

    /// Plays a session once more. A server that is started again after a crash is waited for: what
    /// brought it down is to be seen to do so again. So is one that has no room.
    async fn play_again(&self, session: &Session, perhaps: Duration) -> Trace {
        let began = Instant::now();
        loop {
            let trace = self.play(session, perhaps).await;
            // A connection that the dying server took has no greeting, nor has one that waits in line.
            let greeted = trace.heard.first().is_some_and(|heard| heard.reply.is_some());
            let served = greeted && !turned_away(&trace);
            if served || began.elapsed() >= RETURN_WITHIN || self.over.is_stopped() {
                return trace;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether a server that refused a connection is there, or comes back in time. If it went,
    /// somebody's session may be to blame.
    async fn comes_back(&self, case: &hunt::Case) -> bool {
        let began = Instant::now();
        let mut away = false;
        while began.elapsed() < RETURN_WITHIN && !self.over.is_stopped() {
            match probe(&self.target, &self.profile).await {
                Ok(_) => {
                    if away {
                        self.hunt.was_away(began.elapsed());
                    }
                    return true;
                }
                Err(_) => away = true,
            }
            sleep(Duration::from_millis(100)).await;
        }
        if !self.over.is_stopped() {
            self.hunt.lost(case);
        }
        false
    }
}

/// The connection could not be opened.
fn refused(trace: &Trace) -> bool {
    trace.transcript.events.iter().any(|event| matches!(event.what, Happening::Refused { .. }))
}

/// The greeting was 421: the server has no room.
fn turned_away(trace: &Trace) -> bool {
    let greeting = trace.heard.first().and_then(|heard| heard.reply.as_ref());
    greeting.is_some_and(|reply| reply.code.get() == 421)
}
