//! Every contest with Criterion: `cargo bench -- WORD` runs those with the word in their name.

use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for contest in smtpspec_bench::contests() {
        let mut group = criterion.benchmark_group(contest.name);
        group.throughput(Throughput::Bytes(contest.octets as u64));
        for contender in &contest.contenders {
            group.bench_function(contender.who, |bencher| bencher.iter(|| (contender.work)()));
        }
        group.finish();
    }
    criterion.final_summary();
}
