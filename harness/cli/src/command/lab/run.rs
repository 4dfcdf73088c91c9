//! `smtpspec lab run`: scenarios against one server after the other, and what came of it side by
//! side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use smtpspec_report::matrix::Matrix;
use smtpspec_runner::lab::needs;
use smtpspec_runner::{Kit, Lab, Setting, Stop};
use smtpspec_scenario::recipe::Listener;

use crate::args::{
    Access, ComesOut, Expectations, InLab, LabRun, Launch, MatrixReport, Run, Target,
};
use crate::command;
use crate::console::Console;
use crate::exit::Exit;
use crate::{interrupt, output, recipes};

pub(super) fn run(args: &LabRun, console: &Console) -> Result<Exit, Exit> {
    if let Err(why) = outputs(&args.reports) {
        console.error(&format!("--report: {why}"));
        return Err(Exit::Usage);
    }
    let kits = recipes::all(args.place.recipes.as_deref(), console)?;
    let chosen = chosen(args, &kits, console)?;
    let own = super::values(&args.values, &chosen, console)?;
    let lab = super::place(&args.place, console)?;
    let mut worst: Option<Exit> = None;
    let mut files = Vec::new();
    let mut skipped = 0;
    for kit in &chosen {
        let Some((exit, file)) = one(args, &lab, kit, &own, console) else {
            skipped += 1;
            continue;
        };
        if file.is_file() {
            files.push(file);
        }
        worst = Some(worst.map_or(exit, |before| worse(before, exit)));
        // What is wrong with the command line is wrong with the next server too.
        if matches!(exit, Exit::Interrupted | Exit::Usage) {
            break;
        }
    }
    if skipped > 0 {
        console.warn(&format!("{skipped} of {} servers were skipped", chosen.len()));
    }
    let Some(worst) = worst else {
        console.error("no server was started");
        return Ok(Exit::Nothing);
    };
    let judged = !matches!(worst, Exit::Usage) && !files.is_empty();
    if judged && !args.reports.is_empty() {
        let matrix = MatrixReport {
            files,
            reports: args.reports.clone(),
            adjudication: args.adjudication.clone(),
        };
        let written = command::report::matrix::matrix(&matrix, console);
        if written != Exit::Clean {
            return Ok(worse(worst, written));
        }
    }
    Ok(worst)
}

/// The forms of the servers side by side.
fn outputs(words: &[String]) -> Result<(), String> {
    let outputs = if words.is_empty() { Vec::new() } else { output::parse(words)? };
    match outputs.iter().find(|output| !Matrix::FORMATS.contains(&output.format)) {
        None => Ok(()),
        Some(output) => {
            let possible: Vec<&str> = Matrix::FORMATS.iter().map(|format| format.name()).collect();
            Err(format!("there is no {} of servers; write {}", output.format, possible.join(", ")))
        }
    }
}

/// The servers that were asked for, each once.
fn chosen<'k>(args: &LabRun, kits: &'k [Kit], console: &Console) -> Result<Vec<&'k Kit>, Exit> {
    if args.all {
        return Ok(kits.iter().collect());
    }
    let mut chosen: Vec<&Kit> = Vec::new();
    for name in &args.names {
        for kit in super::named(kits, name, console)? {
            if !chosen.iter().any(|other| other.recipe.name == kit.recipe.name) {
                chosen.push(kit);
            }
        }
    }
    Ok(chosen)
}

/// What weighs more: that the command line is wrong or somebody interrupted, that the harness
/// failed, that a server died, that a rule is broken, that something could be judged.
fn worse(one: Exit, other: Exit) -> Exit {
    let weight = |exit: Exit| match exit {
        Exit::Nothing => 0,
        Exit::Clean | Exit::As(_) => 1,
        Exit::Broken => 2,
        Exit::Unreachable => 3,
        Exit::Failed => 4,
        Exit::Usage => 5,
        Exit::Interrupted => 6,
    };
    if weight(other) > weight(one) { other } else { one }
}

/// Runs against one server; nothing where it is skipped.
fn one(
    args: &LabRun,
    lab: &Lab,
    kit: &Kit,
    own: &BTreeMap<String, String>,
    console: &Console,
) -> Option<(Exit, PathBuf)> {
    let recipe = &kit.recipe;
    let file = args.output.join(file_name(&recipe.name, args.listener));
    let set_up = interrupt::block_on(async {
        let stop = Stop::new();
        interrupt::stops(&stop)?;
        let needs = needs::of(recipe, &stop).await;
        if stop.is_stopped() {
            return Ok(Some(Err(Exit::Interrupted)));
        }
        if let Some(why) = super::hindrance(kit, &needs, args.listener) {
            console.warn(&format!("{} is skipped: {why}", recipe.name));
            return Ok(None);
        }
        super::set_up(lab, kit, own, &stop, console).await.map(Some)
    });
    let setting = match set_up {
        Ok(None) => return None,
        Ok(Some(Ok(setting))) => setting,
        Ok(Some(Err(exit))) => return Some((exit, PathBuf::new())),
        Err(error) => {
            console.error(&format!("{}: {error}", recipe.name));
            return Some((Exit::Failed, PathBuf::new()));
        }
    };
    console.note(&format!("{}: {}", recipe.name, recipe.about));
    // That of an earlier run is none of this one.
    let _ = std::fs::remove_file(&file);
    let run = run_of(args, kit, &setting, &file);
    let exit = command::run::once(&run, Some(&setting.command), console);
    Some((exit, file))
}

fn file_name(server: &str, listener: Listener) -> String {
    match listener {
        Listener::Smtp => format!("{server}.json"),
        other => format!("{server}-{}.json", other.as_str()),
    }
}

/// The command line of `smtpspec run` for this server.
fn run_of(args: &LabRun, kit: &Kit, setting: &Setting, file: &Path) -> Run {
    let posts = args.listener != Listener::Smtp;
    let login = kit.recipe.login.as_ref().filter(|_| posts);
    Run {
        filters: args.filters.clone(),
        target: Target {
            server: setting.addresses.get(&args.listener).map(ToString::to_string),
            profile: Some(setting.profile.clone()),
            from: None,
            to: Vec::new(),
            unknown_to: None,
            facts: posts.then(|| super::SUBMISSION.to_owned()).into_iter().collect(),
            ehlo: None,
            timeout: None,
        },
        launch: Launch { server_command: None, server_ready: setting.ready_within, watch: None },
        access: Access {
            lmtp: false,
            tls: args.listener == Listener::Submission,
            tls_on_connect: args.listener == Listener::Submissions,
            user: login.map(|login| login.user.clone()),
            password: login.and_then(|login| login.password.clone()),
            login: login.is_some(),
        },
        show_secrets: false,
        mail: ComesOut {
            next_hop: setting.next_hop,
            next_hop_protocol: None,
            delivered_maildir: setting.maildir.clone(),
        },
        scenarios: args.scenarios.clone(),
        exclude: args.exclude.clone(),
        shard: None,
        jobs: args.jobs,
        fail_on: args.fail_on,
        expectations: Expectations {
            baseline: None,
            update_baseline: false,
            retries: args.retries,
        },
        wait: None,
        fail_fast: args.fail_fast,
        reports: vec!["terminal".to_owned(), format!("json={}", file.display())],
        segmentation: args.segmentation,
        allow_hostile: false,
        slow: args.slow,
        verbose: args.verbose,
        quiet: args.quiet,
        dry: false,
        lab: Some(InLab { name: kit.recipe.name.clone(), words: words(args) }),
    }
}

/// What a replay needs to be told beside the server's name.
fn words(args: &LabRun) -> Vec<String> {
    let mut words = Vec::new();
    if args.listener != Listener::Smtp {
        words.extend(["--listener".to_owned(), args.listener.as_str().to_owned()]);
    }
    for (name, value) in &args.values {
        words.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    if let Some(recipes) = &args.place.recipes {
        words.extend(["--recipes".to_owned(), recipes.display().to_string()]);
    }
    words
}
