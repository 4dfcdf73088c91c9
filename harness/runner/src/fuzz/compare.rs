//! The same sessions to two servers: where they differ, and whom the model sides with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smtpspec_catalogue::RequirementId;
use smtpspec_explore::{Access, Explorer, Ground, Session, Trace, sights};
use smtpspec_reference::State;
use smtpspec_scenario::Profile;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::player::Player;
use super::{FuzzOptions, PERHAPS};
use crate::probe::{Unreachable, probe};
use crate::session::later;
use crate::stop::Stop;
use crate::target::TargetAddress;

/// A kind of exchange that two servers answer differently.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contrast {
    /// Where the session stood.
    pub state: State,
    /// What was asked.
    pub asked: String,
    /// The code that the target gave; 0 where it closed or said nothing.
    pub here: u16,
    /// The code that the other server gave.
    pub there: u16,
}

/// Where two servers differ.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What differs.
    pub contrast: Contrast,
    /// What the model finds wrong with the target's reply.
    pub against_here: Option<RequirementId>,
    /// What it finds wrong with the other's.
    pub against_there: Option<RequirementId>,
    /// The shortest session that shows it.
    pub session: Session,
    /// How many sessions show it.
    pub times: usize,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Compared {
    /// The differences, the most frequent first.
    pub differences: Vec<Difference>,
    /// How many sessions were played on each.
    pub sessions: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Plays the same sessions on both servers. Only keywords that both offer are used.
///
/// # Errors
///
/// Where no session can be begun with one of them.
pub async fn compare(
    targets: [&TargetAddress; 2],
    profile: &Profile,
    options: &FuzzOptions,
    stop: &Stop,
) -> Result<Compared, Unreachable> {
    let (here, there) = (probe(targets[0], profile).await?, probe(targets[1], profile).await?);
    let known = |line: &&String| {
        let keyword = line.split(' ').next().unwrap_or_default();
        there.offered.iter().any(|one| one.eq_ignore_ascii_case(keyword))
    };
    let offered = here.target.ehlo.iter().skip(1).filter(known).cloned().collect();
    let ground = Ground::of(profile, offered);
    let explorer = Arc::new(Explorer::new(ground, options.seed));
    let began = Instant::now();
    let ends = options.time.map(|time| later(began, time));
    let shared = Arc::new(Mutex::new(Shared::default()));
    let mut workers = JoinSet::new();
    for _ in 0..options.jobs.max(1) {
        let players = [here.address, there.address].map(|address| Player {
            address,
            connect: profile.timeouts.connect,
            settle: Duration::ZERO,
            reply: options.reply,
            protocol: profile.protocol,
            access: Access::of(profile),
        });
        let (explorer, shared, stop) = (Arc::clone(&explorer), Arc::clone(&shared), stop.clone());
        let limit = options.sessions.unwrap_or(u64::MAX);
        workers.spawn(async move {
            loop {
                let index = lock(&shared).next();
                let over = ends.is_some_and(|ends| Instant::now() >= ends);
                if over || index >= limit || stop.is_stopped() {
                    return;
                }
                let session = explorer.case(index);
                let here = players[0].play(&session, PERHAPS).await;
                let there = players[1].play(&session, PERHAPS).await;
                lock(&shared).note(&session, &here, &there);
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        super::came_home(done);
    }
    let mut shared = lock(&shared);
    let mut differences: Vec<Difference> = shared.differences.drain().map(|(_, one)| one).collect();
    differences.sort_by_key(|one| (std::cmp::Reverse(one.times), one.contrast.asked.clone()));
    Ok(Compared { differences, sessions: shared.played, elapsed: began.elapsed() })
}

#[derive(Default)]
struct Shared {
    next: u64,
    played: u64,
    differences: HashMap<Contrast, Difference>,
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Takes note of the first exchange in which two traces differ; what follows may differ for
    /// that alone.
    fn note(&mut self, session: &Session, here: &Trace, there: &Trace) {
        self.played += 1;
        let (ours, theirs): (Vec<_>, Vec<_>) = (sights(here).collect(), sights(there).collect());
        let differs = |at: &usize| {
            let code = |sight: Option<&smtpspec_explore::Sight>| sight.map(|sight| sight.code);
            code(ours.get(*at)) != code(theirs.get(*at))
        };
        let Some(at) = (0..ours.len().max(theirs.len())).find(differs) else { return };
        let Some(sight) = ours.get(at).or(theirs.get(at)) else { return };
        let code = |sight: Option<&smtpspec_explore::Sight>| sight.map_or(0, |sight| sight.code);
        let contrast = Contrast {
            state: sight.state,
            asked: sight.asked.clone(),
            here: code(ours.get(at)),
            there: code(theirs.get(at)),
        };
        let against = |trace: &Trace| {
            let event = trace.heard.get(at)?.event;
            let found = trace.findings.iter().find(|found| found.evidence.event == event)?;
            Some(found.requirement)
        };
        let known = self.differences.entry(contrast.clone()).or_insert_with(|| Difference {
            contrast,
            against_here: None,
            against_there: None,
            session: session.clone(),
            times: 0,
        });
        known.times += 1;
        known.against_here = known.against_here.or(against(here));
        known.against_there = known.against_there.or(against(there));
        if session.octets() < known.session.octets() {
            known.session = session.clone();
        }
    }
}
