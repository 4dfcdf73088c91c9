//! `smtpspec run`: scenarios against a server, and reports of what came of it.

mod advice;
mod baseline;
mod dry;
mod replay;
mod watch;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_judge::results::SCHEMA;
use smtpspec_judge::{Expectations, Results, Stopped, Summary, Target, Tool};
use smtpspec_report::Verbosity;
use smtpspec_runner::launch::Lives;
use smtpspec_runner::{
    Crash, Embedded, Postbox, RunEvent, RunOptions, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
    ServerCommand, Sink, Stop, TargetAddress, config_of, tell_of_reference,
};
use smtpspec_scenario::profile::Waiting;
use smtpspec_scenario::{Case, Outlet, Profile, SLOW, Safety, Suite, Tls};

use crate::args::{FailOn, Run};
use crate::console::Console;
use crate::exit::Exit;
use crate::filter::Filter;
use crate::interrupt;
use crate::launch::{self, NotStarted};
use crate::output::{self, Output};
use crate::profile;
use crate::progress::Progress;
use crate::shard::{self, Split};
use crate::suite;
use replay::words;

pub(crate) use replay::words_of;

/// After the last mail of the embedded reference, before no more is taken to come.
const SETTLED: Duration = Duration::from_millis(5);

/// How fast the clock of the embedded reference runs, by which it leaves a client that is silent:
/// five minutes are a second and a half.
const EMBEDDED_CLOCK: u32 = 200;

/// How often a server that was started for a run is started again after a crash.
const RESTARTS: usize = 20;

/// What was asked for, read and found to be possible.
struct Plan {
    cases: Vec<Case>,
    profile: Profile,
    /// The embedded reference where it is missing.
    target: Option<TargetAddress>,
    outputs: Vec<Output>,
    known: Option<baseline::Known>,
    /// Of which whole these cases are a part, if they are one.
    split: Option<Split>,
}

pub(crate) fn run(run: Run, console: &Console) -> Exit {
    watch::repeat(run, console, |run, command| once(run, command, console))
}

/// Runs once, against a server that this command starts. What is listened to is said by the caller.
pub(crate) fn once(run: &Run, command: Option<&ServerCommand>, console: &Console) -> Exit {
    let mut plan = match plan(run, console) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    if run.dry {
        return dry::run(&plan, run.verbose > 0, console);
    }
    if !output::have_room(&plan.outputs, console) {
        return Exit::Failed;
    }
    let (outputs, split) = (plan.outputs.clone(), plan.split.take());
    let known = plan.known.take();
    let expectations = known.as_ref().map(|known| Arc::clone(&known.expectations));
    let played = play(run, plan, expectations, command, console);
    let (mut results, crashes) = match interrupt::block_on(played) {
        Ok(Ok(played)) => played,
        Ok(Err(exit)) => return exit,
        Err(error) => {
            console.error(&format!("the run could not begin: {error}"));
            return Exit::Failed;
        }
    };
    let fail_on = grade(run.fail_on);
    let updates = run.expectations.update_baseline;
    let mut written =
        known.is_none_or(|known| baseline::apply(&known, &mut results, updates, fail_on, console));
    let mut exit = Exit::of(&results, fail_on);
    if let Some(split) = split {
        split.mark(&mut results);
        exit = shard::exit(exit, console);
    }
    written &= output::write(&outputs, &results, verbosity(run), console);
    output::sum_up(&outputs, &results, console);
    advice::explain(exit, &results, console);
    launch::tell(&crashes, console);
    // A crash is worse than any rule that was broken.
    let exit = match exit {
        Exit::Interrupted | Exit::Failed => exit,
        _ if crashes.is_empty() => exit,
        _ => Exit::Unreachable,
    };
    if written { exit } else { Exit::Failed }
}

/// Warns of facts that no scenario asks for: most likely they are misspelt, and cases are skipped.
fn doubt_facts(profile: &Profile, suite: &Suite, console: &Console) {
    let asked: BTreeSet<&str> = suite
        .scenarios
        .iter()
        .flat_map(|scenario| scenario.requires.profile.iter().map(String::as_str))
        .collect();
    for fact in profile.facts.iter().filter(|fact| !asked.contains(fact.as_str())) {
        let nearest = asked.iter().min_by_key(|one| strsim::damerau_levenshtein(one, fact));
        let meant = nearest.map(|one| format!("; the nearest that one asks for is `{one}`"));
        let meant = meant.unwrap_or_default();
        console.warn(&format!("no scenario asks for the fact `{fact}`{meant}"));
    }
}

/// Everything that can be wrong is found before anything is sent.
fn plan(run: &Run, console: &Console) -> Result<Plan, Exit> {
    let outputs = output::parse(&run.reports).map_err(|why| {
        console.error(&format!("--report: {why}"));
        Exit::Usage
    })?;
    let mut profile = profile::of_run(run, console)?;
    let target = match profile.server.as_deref().map(str::parse::<TargetAddress>).transpose() {
        Ok(target) => target,
        Err(why) => {
            console.error(&format!("--server: {why}"));
            return Err(Exit::Usage);
        }
    };
    // What a port is reserved for: RFC 2033 §5, RFC 6409 §3.1, RFC 8314 §3.3.
    let of_port = match target.as_ref().map(TargetAddress::port) {
        Some(SMTP_PORT) => Some("port-25"),
        Some(SUBMISSION_PORT | SUBMISSIONS_PORT) => Some("submission"),
        _ => None,
    };
    profile.facts.extend(of_port.map(str::to_owned));
    let suite = match run.scenarios.as_slice() {
        [] => {
            let suite = suite::built_in(console)?;
            doubt_facts(&profile, &suite, console);
            suite
        }
        paths => suite::at(paths, console)?,
    };
    let cases = select(run, &suite, console)?;
    // A part is not all that the baseline is about, however much of it was selected.
    let selected = if run.shard.is_some() { 0 } else { cases.len() };
    let known = baseline::read(run, &suite, selected, console)?;
    let cases = spare_strangers(run, target.as_ref(), cases, console)?;
    let clock = if target.is_none() { EMBEDDED_CLOCK } else { profile.timeouts.clock };
    let cases = leave_out_slow(run, clock, cases, console)?;
    let (cases, split) = shard::split(run.shard.as_deref(), cases, console)?;
    Ok(Plan { cases, profile, target, outputs, known, split })
}

/// The cases that the filters mean. Each filter must mean something: a slip is not to look like
/// a success.
fn select(run: &Run, suite: &Suite, console: &Console) -> Result<Vec<Case>, Exit> {
    let all = suite.cases();
    let filters = |words: &[String]| words.iter().map(|word| Filter::new(word)).collect::<Vec<_>>();
    let (wanted, unwanted) = (filters(&run.filters), filters(&run.exclude));
    for filter in wanted.iter().chain(&unwanted) {
        if !all.iter().any(|case| filter.selects(case)) {
            let (word, help) = (filter.as_str(), meant(filter.as_str(), suite));
            console.error(&format!("`{word}` selects no scenario; {help}"));
            return Err(Exit::Nothing);
        }
    }
    let cases: Vec<Case> = all
        .into_iter()
        .filter(|case| wanted.is_empty() || wanted.iter().any(|filter| filter.selects(case)))
        .filter(|case| !unwanted.iter().any(|filter| filter.selects(case)))
        .collect();
    if cases.is_empty() {
        console.error("nothing is selected: --exclude leaves no scenario");
        return Err(Exit::Nothing);
    }
    Ok(cases)
}

/// What somebody probably meant whose FILTER selects nothing.
fn meant(word: &str, suite: &Suite) -> String {
    if word.parse::<RequirementId>().is_ok() {
        format!("it is a rule, and `smtpspec explain {word}` names the scenarios that check it")
    } else if Path::new(word).exists() {
        format!("it is a file: --scenarios {word} runs what is in it")
    } else if let Some(near) = super::explain::nearest(suite, word) {
        format!("did you mean `{near}`?")
    } else {
        "`smtpspec list` shows their ids".to_owned()
    }
}

/// Leaves out what would bother a server that is not on this machine, unless that was allowed.
fn spare_strangers(
    run: &Run,
    target: Option<&TargetAddress>,
    cases: Vec<Case>,
    console: &Console,
) -> Result<Vec<Case>, Exit> {
    if run.allow_hostile || target.is_none_or(TargetAddress::is_loopback) {
        return Ok(cases);
    }
    let selected = cases.len();
    let quiet: Vec<Case> =
        cases.into_iter().filter(|case| case.scenario.safety == Safety::Quiet).collect();
    match (selected - quiet.len(), quiet.len()) {
        (0, _) => {}
        (left_out, 0) => {
            console.error(&format!(
                "all {left_out} selected scenarios are noisy or hostile, and the target is not on \
                 this machine; --allow-hostile runs them"
            ));
            return Err(Exit::Nothing);
        }
        (left_out, _) => console.warn(&format!(
            "{left_out} noisy or hostile scenarios are left out, because the target is not on this \
             machine; --allow-hostile runs them"
        )),
    }
    Ok(quiet)
}

/// Leaves out what waits for minutes, unless that was asked for, or the target's clock is so fast
/// that it does not take long.
fn leave_out_slow(
    run: &Run,
    clock: u32,
    cases: Vec<Case>,
    console: &Console,
) -> Result<Vec<Case>, Exit> {
    let (slow, others): (Vec<_>, Vec<_>) =
        cases.iter().cloned().partition(|case| case.scenario.waits_by(clock) >= SLOW);
    if run.slow || slow.is_empty() {
        return Ok(cases);
    }
    let longest = slow.iter().map(|case| case.scenario.waits_by(clock)).max().unwrap_or_default();
    let what = format!("wait up to {} s; --slow runs them", longest.as_secs());
    if others.is_empty() {
        console.error(&format!("all {} selected scenarios {what}", slow.len()));
        return Err(Exit::Nothing);
    }
    console.note(&format!("{} scenarios are left out, which {what}", slow.len()));
    Ok(others)
}

async fn play(
    run: &Run,
    plan: Plan,
    expectations: Option<Arc<Expectations>>,
    command: Option<&ServerCommand>,
    console: &Console,
) -> io::Result<Result<(Results, Vec<Crash>), Exit>> {
    let Plan { cases, mut profile, target, .. } = plan;
    let stop = Stop::new();
    interrupt::stops(&stop)?;
    let lives = Lives { ready_within: run.launch.server_ready, restarts: RESTARTS };
    let launched = match launch::start(command, lives, target.as_ref(), &stop, console).await {
        Ok(launched) => launched,
        Err(NotStarted::Usage) => return Ok(Err(Exit::Usage)),
        Err(NotStarted::Stopped(stopped)) => {
            return Ok(Ok((not_begun(run, cases.len(), target.as_ref(), stopped), Vec::new())));
        }
    };
    let postbox = Postbox::default();
    let embedded = if target.is_none() {
        let_mail_wait(&mut profile);
        // What it accepts is there at once, so that nobody has to wait for more.
        profile.outlet = Some(Outlet::Memory);
        profile.timeouts.settle = SETTLED;
        profile.timeouts.clock = EMBEDDED_CLOCK;
        let (config, sink) = (config_of(&profile), Sink::Postbox(postbox.clone()));
        Some(match profile.tls {
            Tls::OnConnect => Embedded::within_tls(config, sink).await?,
            Tls::None | Tls::StartTls => Embedded::with(config, sink).await?,
        })
    } else {
        None
    };
    let here = embedded.as_ref().map(Embedded::address);
    let Some(target) = target.or(here) else {
        return Err(io::Error::other("there is no target"));
    };
    let mut progress = Progress::new(cases.len(), !run.quiet);
    let options = RunOptions { postbox, expectations, ..options(run, embedded.is_some()) };
    let mut tell = |event: RunEvent<'_>| follow(event, &mut progress, console);
    let mut results =
        smtpspec_runner::run(cases, &target, Arc::new(profile), options, &mut tell, &stop).await;
    progress.end();
    results.options = words(run);
    results.target.lab = run.lab.as_ref().map(|lab| lab.name.clone());
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let crashes = match launched {
        Some(launched) => launched.stop().await,
        None => Vec::new(),
    };
    Ok(Ok((results, crashes)))
}

/// The results of a run whose server was not there to begin with.
fn not_begun(
    run: &Run,
    selected: usize,
    target: Option<&TargetAddress>,
    stopped: Stopped,
) -> Results {
    let RunOptions { tool, started, .. } = options(run, false);
    let address = target.map(ToString::to_string).unwrap_or_default();
    let lab = run.lab.as_ref().map(|lab| lab.name.clone());
    Results {
        schema: SCHEMA.to_owned(),
        tool,
        target: Target { address, lab, ..Target::default() },
        options: words(run),
        started,
        elapsed_ms: 0,
        stopped: Some(stopped),
        summary: Summary::of(selected, &[], &[]),
        scenarios: Vec::new(),
        findings: Vec::new(),
        baseline: None,
        seed: None,
        shard: None,
    }
}

fn options(run: &Run, embedded: bool) -> RunOptions {
    let tool = Tool {
        name: env!("CARGO_BIN_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    // Whole seconds: nobody needs more of when a run began.
    let now = jiff::Timestamp::now();
    let started = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string();
    RunOptions {
        jobs: run.jobs.into(),
        segmentation: run.segmentation,
        shows_secrets: run.show_secrets,
        fail_fast: run.fail_fast.then(|| grade(run.fail_on)),
        retries: run.expectations.retries,
        rehearses: (!embedded).then(|| run.wait.unwrap_or_default()),
        embedded,
        ..RunOptions::new(tool, started)
    }
}

/// The reference inside the program keeps mail for our own name, so that TURN has something to
/// give.
pub(crate) fn let_mail_wait(profile: &mut Profile) {
    tell_of_reference(profile);
    profile.facts.insert("turn".to_owned());
    if profile.reference.turn.is_empty() {
        let waiting = Waiting {
            from: profile.recipient.clone(),
            to: vec![profile.sender.clone()],
            text: "Subject: this has waited for you\n\n.A line with a dot.\n".to_owned(),
        };
        profile.reference.turn.insert(profile.client.clone(), vec![waiting]);
    }
}

fn follow(event: RunEvent<'_>, progress: &mut Progress, console: &Console) {
    match event {
        RunEvent::CaseFinished(case) => progress.finished(case),
        RunEvent::Hindered(hindrance) => progress.warn(console, &hindrance.to_string()),
        RunEvent::JobsReduced { jobs, why } => {
            progress.note(console, &format!("from now on {jobs} at once: {why}"));
        }
        RunEvent::TargetLost { reason, .. } => {
            progress.note(console, &format!("the target does not answer: {reason}"));
        }
        RunEvent::TargetBack { after } => {
            progress.note(console, &format!("the target is back after {after:.1?}"));
        }
        RunEvent::Probed(_) | RunEvent::CaseStarted { .. } | RunEvent::CaseRetried { .. } => {}
    }
}

pub(crate) const fn grade(fail_on: FailOn) -> Grade {
    match fail_on {
        FailOn::Must => Grade::Must,
        FailOn::Should => Grade::Should,
    }
}

const fn verbosity(run: &Run) -> Verbosity {
    match (run.quiet, run.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::VeryVerbose,
    }
}
