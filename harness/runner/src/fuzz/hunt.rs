//! What all connections share: which case is next, what was seen, what was found.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_explore::{Explorer, Move, Names, Novelty, Session, Trace};
use smtpspec_judge::{Evidence, Finding, Heard, Source, Target};
use smtpspec_reference::State;
use smtpspec_scenario::Scenario;

use super::process::{Memory, Process};
use super::{FuzzEvent, FuzzOptions, Fuzzed};
use crate::launch::Leader;

/// The most sessions that are kept to go on from.
const SEEDS: usize = 2000;

/// In how many states and after how many commands the same thing is told that a server does.
const ALIKE: usize = 3;

/// What kind of thing is found: one discovery is told for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The rule that is broken.
    pub requirement: RequirementId,
    /// Where the session stood.
    pub state: State,
    /// What was asked: a verb, the end of the data.
    pub asked: String,
}

impl Kind {
    /// Mail that came out of a session and was not accepted in it.
    pub(super) fn of_mail(requirement: RequirementId) -> Self {
        Self { requirement, state: State::Unknown, asked: MAIL.to_owned() }
    }

    /// Whether it is that nothing came.
    pub(super) fn is_silence(&self) -> bool {
        self.asked == NOTHING
    }
}

/// The verbs of SMTP, LMTP and their extensions.
const VERBS: &[&str] = &[
    "ATRN", "AUTH", "BDAT", "DATA", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LHLO", "MAIL", "NOOP",
    "QUIT", "RCPT", "RSET", "SAML", "SEND", "SOML", "STARTTLS", "TURN", "VRFY",
];

/// What was asked where nothing was answered.
const NOTHING: &str = "nothing";

/// What was asked where mail came out that nobody had sent in.
const MAIL: &str = "mail";

/// Whether a finding comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Each time.
    Stable,
    /// So many times of three.
    Unstable(u8),
}

/// Something that was found.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// What it is.
    pub kind: Kind,
    /// The finding, with its evidence in the trace.
    pub finding: Finding,
    /// Which case showed it first.
    pub case: u64,
    /// The smallest session that shows it.
    pub session: Session,
    /// What happens in it.
    pub trace: Trace,
    /// The same as a scenario.
    pub scenario: Scenario,
    /// Whether it comes again.
    pub stability: Stability,
}

/// Where a hunt stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many sessions were played, replays left out.
    pub sessions: u64,
    /// How long it has gone on.
    pub elapsed: Duration,
    /// In how many states the server was seen.
    pub states: usize,
    /// How many ways from one state to another were seen.
    pub transitions: usize,
    /// How many kinds of exchanges were seen.
    pub exchanges: usize,
    /// How many different things were found.
    pub findings: usize,
    /// How many sessions the server had no room for.
    pub turned_away: u64,
    /// How many replies seemed not to come, and came later.
    pub slow: u64,
}

/// A case that is to be played.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) index: u64,
    pub(super) session: Arc<Session>,
}

/// Something that a case showed and nobody has examined.
pub(super) struct Suspicion {
    pub(super) kind: Kind,
    pub(super) finding: Finding,
    pub(super) case: u64,
}

/// What all connections share.
pub(super) struct Hunt {
    explorer: Explorer,
    pub(super) names: Names,
    limit: Option<u64>,
    only: Vec<Arc<Session>>,
    began: Instant,
    process: Option<Process>,
    leader: Option<Leader>,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    next: u64,
    novelty: Novelty,
    seeds: Vec<Session>,
    known: HashSet<Kind>,
    told: HashMap<(RequirementId, String), usize>,
    under_way: HashMap<u64, Arc<Session>>,
    news: VecDeque<News>,
    discoveries: Vec<Discovery>,
    progress: Progress,
    memory: Option<Memory>,
    lost: Option<String>,
}

enum News {
    Suspected(String),
    /// The place in the list of discoveries.
    Found(usize),
}

impl Hunt {
    pub(super) fn new(explorer: Explorer, names: Names, options: &FuzzOptions) -> Self {
        let shared = Shared { seeds: options.corpus.clone(), ..Shared::default() };
        Self {
            explorer,
            names,
            limit: options.sessions,
            only: options.only.iter().cloned().map(Arc::new).collect(),
            began: Instant::now(),
            process: options.process.map(Process::new),
            leader: options.leader.clone(),
            shared: Mutex::new(shared),
        }
    }

    /// The moves that need no explanation.
    pub(super) fn plain(&self) -> Vec<Move> {
        self.explorer.ground().plain()
    }

    /// The next case: every other one goes on from what showed something new.
    pub(super) fn next_case(&self) -> Option<Case> {
        let mut shared = self.lock();
        let index = shared.next;
        if self.limit.is_some_and(|limit| index >= limit) || shared.lost.is_some() {
            return None;
        }
        shared.next += 1;
        if !self.only.is_empty() {
            // Once, or again and again up to the number of sessions that was asked for.
            let nth = usize::try_from(index).ok()?;
            let nth = if self.limit.is_some() { nth % self.only.len() } else { nth };
            let session = Arc::clone(self.only.get(nth)?);
            shared.under_way.insert(index, Arc::clone(&session));
            return Some(Case { index, session });
        }
        let seeds = shared.seeds.len();
        let session = if index % 2 == 1 && seeds > 0 {
            // The newest seeds first: they were gone on from least.
            let nth = usize::try_from(index / 2).unwrap_or(0);
            let place =
                if nth % 2 == 0 { seeds - 1 - nth / 2 % seeds.min(16) } else { nth / 2 % seeds };
            self.explorer.descendant(&shared.seeds[place], index)
        } else {
            self.explorer.case(index)
        };
        let session = Arc::new(session);
        shared.under_way.insert(index, Arc::clone(&session));
        Some(Case { index, session })
    }

    /// Takes note of what a case has shown; what of it is new and to be examined.
    pub(super) fn note(&self, case: &Case, trace: &Trace) -> Vec<Suspicion> {
        let mut shared = self.lock();
        shared.under_way.remove(&case.index);
        shared.progress.sessions += 1;
        if shared.novelty.note(trace) && shared.seeds.len() < SEEDS {
            shared.seeds.push(Session::clone(&case.session));
        }
        let mut suspicions = Vec::new();
        for (kind, finding) in kinds(trace) {
            if shared.known.contains(&kind) {
                continue;
            }
            let finding = finding.into_owned();
            let alike = (finding.requirement, finding.what.clone());
            let told = shared.told.get(&alike).copied().unwrap_or(0);
            if told < ALIKE {
                shared.known.insert(kind.clone());
                shared.told.insert(alike, told + 1);
                let text = format!("{}: {}", finding.requirement, finding.what);
                shared.news.push_back(News::Suspected(text));
                suspicions.push(Suspicion { kind, finding, case: case.index });
            }
        }
        suspicions
    }

    /// Whether nothing of this kind was examined before; from now on it was.
    pub(super) fn is_new(&self, kind: &Kind) -> bool {
        self.lock().known.insert(kind.clone())
    }

    /// Takes what became of a suspicion.
    pub(super) fn found(&self, discovery: Discovery) {
        let mut shared = self.lock();
        let place = shared.discoveries.len();
        shared.discoveries.push(discovery);
        shared.news.push_back(News::Found(place));
    }

    pub(super) fn turned_away(&self) {
        self.lock().progress.turned_away += 1;
    }

    /// A reply that seemed not to come came later.
    pub(super) fn was_slow(&self) {
        let mut shared = self.lock();
        shared.progress.slow += 1;
        shared.news.push_back(News::Suspected("a reply that came late, but came".to_owned()));
    }

    /// The server was gone for a while, and is back.
    pub(super) fn was_away(&self, time: Duration) {
        let text = format!("the target took no connections for {time:.1?}, and is back");
        self.lock().news.push_back(News::Suspected(text));
    }

    /// The server is gone; whatever was under way may have killed it.
    pub(super) fn lost(&self, case: &Case) {
        let mut shared = self.lock();
        if shared.lost.is_some() {
            return;
        }
        let mut suspects: Vec<String> = shared
            .under_way
            .iter()
            .map(|(index, session)| format!("case {index}:\n{session}"))
            .collect();
        suspects.sort();
        let why = format!(
            "the target took no connection any more; under way were, beside case {}:\n{}",
            case.index,
            suspects.join("\n")
        );
        shared.lost = Some(why);
    }

    /// Looks at the server's process, where one was named.
    pub(super) fn look_at_process(&self) {
        let now = self.leader.as_ref().and_then(|leader| leader.number().map(Process::new));
        let Some(process) = now.as_ref().or(self.process.as_ref()) else { return };
        let held = process.resident();
        let mut shared = self.lock();
        match held {
            Some(octets) => {
                let memory = shared.memory.get_or_insert(Memory::of(octets));
                memory.note(octets);
            }
            // One that is started again is back soon; what it died of shows in its sessions.
            None if self.leader.is_some() => {}
            None if shared.lost.is_none() && shared.memory.is_some() => {
                let suspects: Vec<String> = shared
                    .under_way
                    .iter()
                    .map(|(index, session)| format!("case {index}:\n{session}"))
                    .collect();
                let why = format!("the process is gone; under way were:\n{}", suspects.join("\n"));
                shared.lost = Some(why);
            }
            None => {}
        }
    }

    /// Tells what is new.
    pub(super) fn tell(&self, events: &mut dyn FnMut(FuzzEvent<'_>)) {
        let mut shared = self.lock();
        while let Some(news) = shared.news.pop_front() {
            match news {
                News::Suspected(text) => events(FuzzEvent::Suspected(&text)),
                News::Found(place) => events(FuzzEvent::Found(&shared.discoveries[place])),
            }
        }
        let progress = self.progress(&shared);
        events(FuzzEvent::Progress(&progress));
    }

    /// What came of it all.
    pub(super) fn end(&self, target: Target, interrupted: bool) -> Fuzzed {
        let mut shared = self.lock();
        let progress = self.progress(&shared);
        Fuzzed {
            target,
            discoveries: std::mem::take(&mut shared.discoveries),
            progress,
            corpus: std::mem::take(&mut shared.seeds),
            memory: shared.memory,
            lost: shared.lost.take(),
            interrupted,
            blind: None,
        }
    }

    fn progress(&self, shared: &Shared) -> Progress {
        Progress {
            elapsed: self.began.elapsed(),
            states: shared.novelty.states(),
            transitions: shared.novelty.transitions(),
            exchanges: shared.novelty.sights(),
            findings: shared.discoveries.len(),
            ..shared.progress.clone()
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a trace shows, each with its kind. A reply that did not come is a finding too.
pub(super) fn kinds(trace: &Trace) -> Vec<(Kind, Cow<'_, Finding>)> {
    let mut kinds: Vec<(Kind, Cow<'_, Finding>)> =
        trace.findings.iter().map(|one| (kind(trace, one), Cow::Borrowed(one))).collect();
    // Where nobody knows what the server awaits, it may be more.
    if let Some(state) = trace.hangs.filter(|state| *state != State::Unknown) {
        let requirement = requirement!("rfc5321-4.2-1");
        let event = trace.transcript.events.len().saturating_sub(1);
        let told = kinds.iter().any(|(kind, _)| kind.requirement == requirement);
        let finding = Finding {
            requirement,
            level: requirement.requirement().level,
            what: "no reply came in the time that a reply is given".to_owned(),
            wanted: "one reply to each command".to_owned(),
            source: Source::Oracle,
            evidence: Evidence { event, ..Evidence::default() },
        };
        if !told {
            let kind = Kind { requirement, state, asked: NOTHING.to_owned() };
            kinds.push((kind, Cow::Owned(finding)));
        }
    }
    kinds
}

fn kind(trace: &Trace, finding: &Finding) -> Kind {
    let evidence = &finding.evidence;
    let verb = evidence.sent.split(|octet| !octet.is_ascii_alphabetic()).next().unwrap_or_default();
    // Several replies can have come at once: the one in evidence is meant, else that to this command.
    let here = || trace.heard.iter().filter(|heard| heard.event >= evidence.event);
    let in_evidence = |heard: &&Heard| {
        heard.event == evidence.event
            && !heard.octets.is_empty()
            && heard.octets == evidence.received
    };
    let answers = |heard: &&Heard| heard.asked.as_bytes().eq_ignore_ascii_case(verb);
    let heard = here()
        .find(|heard| in_evidence(heard) && answers(heard))
        .or_else(|| here().find(in_evidence))
        .or_else(|| here().find(answers))
        .or_else(|| here().next());
    // What is no verb is one kind of thing, whatever it is.
    let plain = |asked: &str| asked.contains(' ') || VERBS.contains(&asked);
    Kind {
        requirement: finding.requirement,
        state: heard.map_or(State::Unknown, |heard| heard.state),
        asked: heard
            .map(|heard| heard.asked.clone())
            .filter(|asked| plain(asked))
            .unwrap_or_else(|| "another command".to_owned()),
    }
}
