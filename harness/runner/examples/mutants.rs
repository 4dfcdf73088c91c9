//! How many mutants of the reference the model convicts on sessions that no scenario wrote, and
//! after how many of them: `cargo run --release --example mutants [SESSIONS]`. Each is looked for in
//! the settings of the reference in which `smtpspec prove` plays the suite, one after the other.

use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use smtpspec_explore::memory::play;
use smtpspec_explore::{Explorer, Ground, Names, Novelty, Session};
use smtpspec_judge::memory::offered;
use smtpspec_reference::{Config, Mutant, mutants};
use smtpspec_scenario::{Profile, Source};

fn main() {
    let sessions = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let settings = settings();
    let (mut found, mut all) = (0, 0);
    for mutant in mutants::all() {
        let first = settings.iter().find_map(|(name, profile)| {
            let (index, what) = hunt(mutant, profile, sessions)?;
            Some((name, index, what))
        });
        all += 1;
        match first {
            Some((setting, index, what)) => {
                found += 1;
                println!("{:48} {index:>7}  {what}  {setting}", mutant.name);
            }
            None => println!("{:48}       -", mutant.name),
        }
    }
    println!("{found} of {all} mutants");
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
fn hunt(mutant: &'static Mutant, profile: &Profile, sessions: u64) -> Option<(u64, String)> {
    let usual = Config { max_message_octets: 1 << 17, ..smtpspec_runner::config_of(profile) };
    let config = Arc::new(Config { mutants: vec![mutant], ..usual });
    let ground =
        Ground { names: Names::of(profile), offered: offered(&config), protocol: config.protocol };
    let explorer = Explorer::new(ground, 1);
    let mut novelty = Novelty::default();
    let mut seeds: Vec<Session> = Vec::new();
    (0..sessions).find_map(|index| {
        let session = match seeds.len() {
            count if count > 0 && index % 2 == 1 => {
                explorer.descendant(&seeds[index as usize / 2 % count], index)
            }
            _ => explorer.case(index),
        };
        let trace = play(&session, &config);
        if novelty.note(&trace) {
            seeds.push(session);
        }
        let hangs = trace.hangs.map(|_| "hangs".to_owned());
        let finding = trace.findings.first();
        finding.map(|one| one.requirement.to_string()).or(hangs).map(|what| (index, what))
    })
}
