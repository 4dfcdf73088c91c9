//! ratios [WORD…]: every contest whose name has one of the words in it, by turns, as Markdown.
//!
//! Each round lets every contender work for a while, so that what else the machine does meets all of them; the
//! ratios are those of a round, and the table gives their median with the least and the most.

use std::hint::black_box;
use std::time::{Duration, Instant};

use smtpspec_bench::{Contender, Contest, contests};

const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(20);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!("| what | who | ns each | GB/s | times ours: median (least to most) |");
    println!("|---|---|--:|--:|--:|");
    for contest in contests() {
        if words.is_empty() || words.iter().any(|word| contest.name.contains(word.as_str())) {
            row(&contest);
        }
    }
}

fn row(contest: &Contest) {
    let repeats: Vec<u32> = contest.contenders.iter().map(calibrate).collect();
    let rounds: Vec<Vec<f64>> = (0..ROUNDS)
        .map(|_| {
            let turns = contest.contenders.iter().zip(&repeats);
            turns.map(|(contender, &repeats)| nanoseconds(contender, repeats)).collect()
        })
        .collect();
    for (place, contender) in contest.contenders.iter().enumerate() {
        let own = sorted(rounds.iter().map(|round| round[place]));
        let ratios = sorted(rounds.iter().map(|round| round[place] / round[0]));
        let once = own[ROUNDS / 2];
        #[allow(clippy::cast_precision_loss)]
        let (each, rate) = (once / contest.times as f64, contest.octets as f64 / once);
        println!(
            "| {} | {} | {each:.1} | {rate:.2} | {:.2} ({:.2} to {:.2}) |",
            contest.name,
            contender.who,
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1]
        );
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// How often the work fits into a turn.
fn calibrate(contender: &Contender) -> u32 {
    let mut repeats = 1;
    while nanoseconds(contender, repeats) * f64::from(repeats) < TURN.as_secs_f64() * 1e9
        && repeats < 1 << 24
    {
        repeats *= 2;
    }
    repeats
}

/// How long the work takes, once.
fn nanoseconds(contender: &Contender, repeats: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..repeats {
        black_box((contender.work)());
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(repeats)
}
