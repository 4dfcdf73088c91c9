//! How many mutants of the reference the model convicts on sessions that no scenario wrote, and
//! after how many of them: `cargo run --release --example mutants [SESSIONS] [NAME…]`. Those alone
//! count whose deviation shows on the wire. Each is looked for in the settings of the reference in
//! which `smtpspec prove` plays the suite, one after the other.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use smtpspec_explore::memory::play;
use smtpspec_explore::{Access, Explorer, Ground, Novelty, Session};
use smtpspec_judge::memory::hello;
use smtpspec_reference::mutants::Shows;
use smtpspec_reference::{Config, Mutant, mutants};
use smtpspec_scenario::{Profile, Source};

fn main() {
    let sessions = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(3_000);
    let named: Vec<String> = env::args().skip(2).collect();
    let settings = settings();
    let wanted: Vec<_> = mutants::all()
        .filter(|mutant| matches!(mutant.shows(), Shows::Reply | Shows::Pairing))
        .filter(|mutant| named.is_empty() || named.iter().any(|name| name == mutant.name))
        .collect();
    // Whoever breaks nothing is convicted of nothing.
    for (name, profile) in &settings {
        if let Some((index, what)) = hunt(None, profile, sessions) {
            println!("the reference itself, {name}: {what} in case {index}");
        }
    }
    let next = AtomicUsize::new(0);
    let outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| {
                scope.spawn(|| {
                    let mut outcomes = Vec::new();
                    while let Some(mutant) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                        outcomes.push((mutant.shows(), look_for(mutant, &settings, sessions)));
                    }
                    outcomes
                })
            })
            .collect();
        workers.into_iter().flat_map(|one| one.join().expect("a worker")).collect::<Vec<_>>()
    });
    let mut sums: BTreeMap<Shows, (usize, usize)> = BTreeMap::new();
    for (shows, found) in outcomes {
        let sum = sums.entry(shows).or_default();
        *sum = (sum.0 + usize::from(found), sum.1 + 1);
    }
    for (shows, (found, all)) in sums {
        println!("{shows:?}: {found} of {all}");
    }
}

/// Whether it is convicted; tells of it in a line.
fn look_for(mutant: &'static Mutant, settings: &[(String, Profile)], sessions: u64) -> bool {
    let begun = Instant::now();
    let first = settings.iter().find_map(|(name, profile)| {
        let (index, what) = hunt(Some(mutant), profile, sessions)?;
        Some((name, index, what))
    });
    let took = begun.elapsed().as_secs_f32();
    match &first {
        Some((setting, index, what)) => {
            println!("{:48} {index:>7} {took:6.1} s  {what}  {setting}", mutant.name);
        }
        None => println!("{:48}       - {took:6.1} s  {}", mutant.name, mutant.breaks),
    }
    first.is_some()
}

/// The usual setting first, as it is what `smtpspec fuzz` attacks.
fn settings() -> Vec<(String, Profile)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/profiles/reference");
    let files = fs::read_dir(folder).expect("the settings of the reference");
    let mut settings: Vec<(String, Profile)> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read(&path).expect("a profile");
            let profile = Profile::load(&Source::new(&name, text.as_slice())).expect("a profile");
            (name, profile)
        })
        .collect();
    settings.sort_by_key(|(name, _)| (name != "usual", name.clone()));
    settings
}

/// The first session that convicts it, and of what.
fn hunt(
    mutant: Option<&'static Mutant>,
    profile: &Profile,
    sessions: u64,
) -> Option<(u64, String)> {
    let usual = smtpspec_runner::config_of(profile);
    // Small, that it is reached often; none at all stays none (RFC 1870 §3).
    let max_message_octets = usual.max_message_octets.min(1 << 17);
    let mutants = mutant.into_iter().collect();
    let config = Arc::new(Config { max_message_octets, mutants, ..usual });
    let access = Access::of(profile);
    let explorer = Explorer::new(Ground::of(profile, hello(&config)), 1);
    let mut novelty = Novelty::default();
    let mut seeds: Vec<Session> = Vec::new();
    (0..sessions).find_map(|index| {
        let session = match seeds.len() {
            count if count > 0 && index % 2 == 1 => {
                explorer.descendant(&seeds[index as usize / 2 % count], index)
            }
            _ => explorer.case(index),
        };
        let trace = play(&session, &config, &access);
        if novelty.note(&trace) {
            seeds.push(session);
        }
        let hangs = trace.hangs.map(|_| "hangs".to_owned());
        let finding = trace.findings.first();
        finding.map(|one| one.requirement.to_string()).or(hangs).map(|what| (index, what))
    })
}
