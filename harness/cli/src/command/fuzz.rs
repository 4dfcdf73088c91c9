//! `smtpspec fuzz`: sessions that no scenario wrote, against a server, and what they find.

mod comparison;
mod status;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use smtpspec_explore::{Session, letters};
use smtpspec_judge::results::SCHEMA;
use smtpspec_judge::{CaseResult, Results, Stopped, Summary, Tool, Verdict};
use smtpspec_report::Verbosity;
use smtpspec_runner::fuzz::{Discovery, Fuzzed, Stability};
use smtpspec_runner::launch::Lives;
use smtpspec_runner::{
    Crash, Embedded, FuzzEvent, FuzzOptions, Launched, Postbox, ServerCommand, Sink, Stop,
    TargetAddress, config_of, fuzz as attack,
};
use smtpspec_scenario::{Outlet, Profile, Tls, write};

use super::prove::named;
use super::run::{grade, words_of};
use crate::args::Fuzz;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::launch::{self, NotStarted};
use crate::output::{self, Output};
use crate::profile;
use status::{Status, in_words};

/// How many sessions begin in a second at most, where the server is a stranger's.
const POLITE: u32 = 5;

/// How long a reply may take that is due, if nobody says otherwise.
const REPLY: Duration = Duration::from_secs(5);

/// After the last session on the embedded reference, before no more mail is taken to come.
const SETTLED: Duration = Duration::from_millis(5);

/// The largest message of the embedded reference, so that one that is too large is soon sent.
const MESSAGE: u64 = 1 << 17;

/// How long a server that is started for the attack may take until it listens, and how often it is
/// started again: each finding is played again and made small, and each of these may end it.
const READY: Duration = Duration::from_secs(30);
const RESTARTS: usize = 10_000;

/// How a session is named that is kept to go on from.
const KEPT: &str = "session";

pub(crate) fn fuzz(mut fuzz: Fuzz, console: &Console) -> Exit {
    let command = fuzz.server_command.as_deref();
    let command = launch::command(command, fuzz.target.server.is_some(), console);
    let command = match command {
        Ok(command) => command,
        Err(exit) => return exit,
    };
    if command.is_some() && fuzz.target.server.is_none() {
        fuzz.target.server = match launch::free_address(console) {
            Ok(address) => Some(address),
            Err(exit) => return exit,
        };
    }
    attack_with(&fuzz, command.as_ref(), console)
}

fn attack_with(fuzz: &Fuzz, command: Option<&ServerCommand>, console: &Console) -> Exit {
    let plan = match plan(fuzz, console) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    console.note(&format!("seed {}", plan.options.seed));
    if let (Some(here), Some(there)) = (&plan.target, &plan.other) {
        return comparison::compare([here, there], &plan.profile, &plan.options, console);
    }
    let (outputs, seed) = (plan.outputs.clone(), plan.options.seed);
    let played = interrupt::block_on(play(fuzz, plan, command, console));
    let (fuzzed, started, crashes) = match played {
        Ok(Ok(fuzzed)) => fuzzed,
        Ok(Err(exit)) => return exit,
        Err(error) => {
            console.error(&format!("the attack could not begin: {error}"));
            return Exit::Failed;
        }
    };
    let mut written = keep(fuzz, &fuzzed, console);
    let results = Results { seed: Some(seed), ..results(fuzz, &fuzzed, started) };
    tell(&fuzzed, console);
    if !results.scenarios.is_empty() || !fuzz.reports.is_empty() {
        let verbosity = if fuzz.quiet { Verbosity::Quiet } else { Verbosity::Normal };
        written &= output::write(&outputs, &results, verbosity, console);
    }
    let exit = match (results.scenarios.is_empty(), &results.stopped) {
        (true, None) => Exit::Clean,
        _ => Exit::of(&results, grade(fuzz.fail_on)),
    };
    // A server that ended by itself was brought down by what was sent.
    let exit = match exit {
        Exit::Clean | Exit::Nothing if !crashes.is_empty() => Exit::Broken,
        exit => exit,
    };
    if written { exit } else { Exit::Failed }
}

/// What was asked for, read and found to be possible.
struct Plan {
    profile: Profile,
    /// The embedded reference where it is missing.
    target: Option<TargetAddress>,
    /// The server to compare with.
    other: Option<TargetAddress>,
    options: FuzzOptions,
    mutants: Vec<&'static smtpspec_reference::Mutant>,
    outputs: Vec<Output>,
}

fn plan(fuzz: &Fuzz, console: &Console) -> Result<Plan, Exit> {
    let outputs = output::parse(&fuzz.reports).map_err(|why| {
        console.error(&format!("--report: {why}"));
        Exit::Usage
    })?;
    let mutants = named(&fuzz.mutants, console)?;
    let mut profile = profile::of_access(&fuzz.access, &fuzz.target, console)?;
    profile.outlet = profile::outlet(&fuzz.mail, profile.outlet, console)?;
    let target = match profile.server.as_deref().map(str::parse::<TargetAddress>).transpose() {
        Ok(target) => target,
        Err(why) => {
            console.error(&format!("--server: {why}"));
            return Err(Exit::Usage);
        }
    };
    let other = match fuzz.compare.as_deref().map(str::parse::<TargetAddress>).transpose() {
        Ok(other) => other,
        Err(why) => {
            console.error(&format!("--compare: {why}"));
            return Err(Exit::Usage);
        }
    };
    let strange = target.iter().chain(&other).any(|target| !target.is_loopback());
    if strange && !fuzz.allow_hostile {
        console.error(
            "the target is not on this machine; --allow-hostile attacks it all the same, with few \
             sessions in a second",
        );
        return Err(Exit::Usage);
    }
    let corpus = match fuzz.corpus.as_deref().map(read_corpus).transpose() {
        Ok(corpus) => corpus.unwrap_or_default(),
        Err(why) => {
            console.error(&format!("--corpus: {why}"));
            return Err(Exit::Usage);
        }
    };
    let only = match fuzz.replay.as_deref().map(read_session).transpose() {
        Ok(session) => session.into_iter().collect(),
        Err(why) => {
            console.error(&format!("--replay: {why}"));
            return Err(Exit::Usage);
        }
    };
    let options = FuzzOptions {
        seed: fuzz.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32),
        time: Some(fuzz.time),
        sessions: fuzz.sessions,
        jobs: if strange { 1 } else { fuzz.jobs.into() },
        rate: strange.then_some(POLITE),
        reply: fuzz.target.timeout.unwrap_or(REPLY),
        process: fuzz.pid,
        postbox: Postbox::for_all(),
        leader: None,
        corpus,
        only,
    };
    Ok(Plan { profile, target, other, options, mutants, outputs })
}

async fn play(
    fuzz: &Fuzz,
    mut plan: Plan,
    command: Option<&ServerCommand>,
    console: &Console,
) -> io::Result<Result<(Fuzzed, jiff::Timestamp, Vec<Crash>), Exit>> {
    let started = jiff::Timestamp::now();
    let stop = Stop::new();
    interrupt::stops(&stop)?;
    let mut profile = plan.profile;
    let lives = Lives { ready_within: READY, restarts: RESTARTS };
    let launched = match launch::start(command, lives, plan.target.as_ref(), &stop, console).await {
        Ok(launched) => launched,
        Err(NotStarted::Usage) => return Ok(Err(Exit::Usage)),
        Err(NotStarted::Stopped(Stopped::Interrupted)) => return Ok(Err(Exit::Interrupted)),
        Err(NotStarted::Stopped(_)) => return Ok(Err(Exit::Unreachable)),
    };
    plan.options.leader = launched.as_ref().map(Launched::leader);
    let embedded = if plan.target.is_none() {
        let mut config = config_of(&profile);
        config.max_message_octets = MESSAGE;
        config.mutants = plan.mutants;
        // What it accepts is there at once.
        profile.outlet = Some(Outlet::Memory);
        profile.timeouts.settle = SETTLED;
        let sink = Sink::Postbox(plan.options.postbox.clone());
        Some(match profile.tls {
            Tls::OnConnect => Embedded::within_tls(config, sink).await?,
            Tls::None | Tls::StartTls => Embedded::with(config, sink).await?,
        })
    } else {
        None
    };
    let here = embedded.as_ref().map(Embedded::address);
    let Some(target) = plan.target.or(here) else {
        return Err(io::Error::other("there is no target"));
    };
    let is_embedded = embedded.is_some();
    let status = Status::new(!fuzz.quiet);
    let mut follow = |event: FuzzEvent<'_>| status.follow(&event, console);
    let fuzzed = attack(&target, &profile, plan.options, &mut follow, &stop).await;
    status.end();
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let crashes = match launched {
        Some(launched) => launched.stop().await,
        None => Vec::new(),
    };
    launch::tell(&crashes, console);
    let fuzzed = fuzzed.map(|mut fuzzed| {
        fuzzed.target.embedded = is_embedded;
        (fuzzed, started, crashes)
    });
    Ok(fuzzed.map_err(|unreachable| {
        console.error(&unreachable.to_string());
        Exit::Unreachable
    }))
}

fn tell(fuzzed: &Fuzzed, console: &Console) {
    console.note(&in_words(&fuzzed.progress));
    if fuzzed.progress.turned_away > 0 {
        let count = fuzzed.progress.turned_away;
        console.note(&format!("the target had no room for {count} sessions"));
    }
    if let Some(memory) = fuzzed.memory {
        console.note(&format!(
            "the process held {} KiB at first, {} KiB at the most, {} KiB in the end",
            memory.first / 1024,
            memory.most / 1024,
            memory.last / 1024
        ));
    }
    if let Some(why) = &fuzzed.blind {
        console.warn(&format!("the mail that comes out was not watched: {why}"));
    }
    if let Some(why) = &fuzzed.lost {
        console.error(why);
    }
}

/// Writes each finding as a scenario, and the sessions worth going on from. Tells whether all could
/// be written.
fn keep(fuzz: &Fuzz, fuzzed: &Fuzzed, console: &Console) -> bool {
    let written = fuzzed.discoveries.iter().try_for_each(|found| {
        fs::create_dir_all(&fuzz.output)?;
        fs::write(fuzz.output.join(file_of(found)), write(&found.scenario))
    });
    let kept = match &fuzz.corpus {
        Some(folder) => write_corpus(folder, &fuzzed.corpus),
        None => Ok(()),
    };
    for (place, result) in [(Some(&fuzz.output), &written), (fuzz.corpus.as_ref(), &kept)] {
        if let (Some(place), Err(error)) = (place, result) {
            console.error(&format!("{}: {error}", place.display()));
        }
    }
    written.is_ok() && kept.is_ok()
}

fn file_of(found: &Discovery) -> String {
    let slug = found.scenario.id.rsplit('/').next().unwrap_or_default();
    format!("{slug}.yaml")
}

fn read_corpus(folder: &Path) -> Result<Vec<Session>, String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == KEPT))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text =
                fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            text.parse().map_err(|why| format!("{}: {why}", path.display()))
        })
        .collect()
}

/// A session in either of its forms.
fn read_session(path: &Path) -> Result<Session, String> {
    let octets = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = std::str::from_utf8(&octets).ok();
    let session = text.and_then(|text| text.parse().ok()).filter(|session: &Session| {
        // A row of letters is no session, and an empty file is neither.
        !session.moves.is_empty()
    });
    Ok(session.unwrap_or_else(|| letters::session_of(&octets)))
}

fn write_corpus(folder: &Path, sessions: &[Session]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, session) in sessions.iter().enumerate() {
        fs::write(folder.join(format!("{number:05}.{KEPT}")), session.to_string())?;
        // The same for `cargo fuzz run session`.
        fs::write(folder.join(format!("{number:05}")), letters::row_of(session))?;
    }
    Ok(())
}

/// The document that reports render: each finding is a case.
fn results(fuzz: &Fuzz, fuzzed: &Fuzzed, started: jiff::Timestamp) -> Results {
    let scenarios: Vec<CaseResult> =
        fuzzed.discoveries.iter().map(|found| case(fuzz, found)).collect();
    let stopped = match (&fuzzed.lost, fuzzed.interrupted) {
        (Some(why), _) => Some(Stopped::Unreachable { after: None, reason: why.clone() }),
        (None, true) => Some(Stopped::Interrupted),
        (None, false) => None,
    };
    let started = jiff::Timestamp::from_second(started.as_second()).unwrap_or(started);
    let mut options = words_of(&fuzz.target, &fuzz.access, &fuzz.mail);
    // A server that was started for the attack is gone when somebody plays a finding again.
    if let Some(command) = &fuzz.server_command {
        options.extend(["--server-command".to_owned(), command.clone()]);
    }
    options.extend(["--scenarios".to_owned(), fuzz.output.display().to_string()]);
    Results {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: env!("CARGO_BIN_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        target: fuzzed.target.clone(),
        options,
        seed: None,
        shard: None,
        started: started.to_string(),
        elapsed_ms: u64::try_from(fuzzed.progress.elapsed.as_millis()).unwrap_or(u64::MAX),
        stopped,
        summary: Summary::of(scenarios.len(), &scenarios, &[]),
        scenarios,
        findings: Vec::new(),
        baseline: None,
    }
}

fn case(fuzz: &Fuzz, found: &Discovery) -> CaseResult {
    let scenario = &found.scenario;
    let (verdict, reason) = match found.stability {
        Stability::Stable => {
            (Verdict::of_breach(found.finding.level.grade()), found.finding.what.clone())
        }
        Stability::Unstable(times) => {
            let what = &found.finding.what;
            (Verdict::Inconclusive, format!("{what}; it came again in {times} of 3 replays"))
        }
    };
    CaseResult {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        spec: scenario.spec.clone(),
        section: scenario.section.clone(),
        section_title: scenario.section_title.clone(),
        verdict,
        checks: scenario.checks.clone(),
        reason: Some(reason),
        file: fuzz.output.join(file_of(found)).display().to_string(),
        line: 1,
        elapsed_us: found.trace.transcript.events.last().map_or(0, |last| last.at_us),
        attempts: 1,
        tries: Vec::new(),
        findings: vec![found.finding.clone()],
        transcript: found.trace.transcript.clone(),
    }
}
