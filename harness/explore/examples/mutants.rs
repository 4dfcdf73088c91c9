//! How many mutants of the reference the model convicts on sessions that no scenario wrote, and
//! after how many of them: `cargo run --release --example mutants [SESSIONS]`.

use std::env;
use std::sync::Arc;

use smtpspec_explore::memory::play;
use smtpspec_explore::{Explorer, Ground, Names, Novelty, Session};
use smtpspec_judge::memory::offered;
use smtpspec_reference::{Config, mutants};
use smtpspec_scenario::Profile;

fn main() {
    let sessions = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let usual = Config { max_message_octets: 1 << 17, ..Config::default() };
    let (mut found, mut all) = (0, 0);
    for mutant in mutants::all() {
        let config = Arc::new(Config { mutants: vec![mutant], ..usual.clone() });
        let offered = offered(&config);
        let explorer = Explorer::new(Ground { names: Names::of(&Profile::default()), offered }, 1);
        let mut novelty = Novelty::default();
        let mut seeds: Vec<Session> = Vec::new();
        let first = (0..sessions).find_map(|index| {
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
        });
        all += 1;
        match first {
            Some((index, what)) => {
                found += 1;
                println!("{:48} {index:>7}  {what}", mutant.name);
            }
            None => println!("{:48}       -", mutant.name),
        }
    }
    println!("{found} of {all} mutants");
}
