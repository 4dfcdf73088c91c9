//! Runs on a target that dies: which case is told to have killed it, and what becomes of the others.
#![allow(clippy::unwrap_used, reason = "test code, helpers and all")]

mod support;

use std::time::Duration;

use smtpspec_judge::{Results, Stopped, Verdict};
use smtpspec_runner::TargetAddress;
use smtpspec_scenario::Case;
use support::{listen, noops, obey, options, profile, run, suite, take_port};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

fn verdicts(results: &Results) -> Vec<Verdict> {
    results.scenarios.iter().map(|result| result.verdict).collect()
}

fn id(cases: &[Case], index: usize) -> String {
    cases[index].id.clone()
}

/// A server that dies when a line holds `die`, and comes back after that time if there is one.
fn mortal(back_after: Option<Duration>) -> TargetAddress {
    let (socket, address) = take_port("127.0.0.1:0");
    tokio::spawn(live(socket.listen(100).unwrap(), back_after));
    address.into()
}

async fn live(mut listener: TcpListener, back_after: Option<Duration>) {
    loop {
        let (heir, _) = take_port(&listener.local_addr().unwrap().to_string());
        let mut sessions = JoinSet::new();
        let killer = loop {
            tokio::select! {
                Some(ended) = sessions.join_next() => if let Some(killer) = ended.unwrap() {
                    break killer;
                },
                Ok((stream, _)) = listener.accept() => {
                    sessions.spawn(obey(stream, "die"));
                }
            }
        };
        // Nobody gets in any more when the killer sees what it did.
        drop(listener);
        sessions.shutdown().await;
        drop(killer);
        let Some(time) = back_after else {
            return std::future::pending().await;
        };
        tokio::time::sleep(time).await;
        listener = heir.listen(100).unwrap();
    }
}

#[tokio::test]
async fn a_target_that_dies_for_good_ends_the_run_with_the_case_that_killed_it() {
    let address = mortal(None);
    let cases = suite(&[("a", "NOOP"), ("b", "NOOP"), ("kills", "NOOP die"), ("c", "NOOP")]);
    let killer = id(&cases, 2);
    let mut options = options();
    options.jobs = 1;
    options.return_within = Duration::from_millis(300);
    let (results, told) = run(cases, &address, profile(), options).await;
    let Some(Stopped::Unreachable { after, reason }) = &results.stopped else {
        panic!("{:?}", results.stopped)
    };
    assert_eq!(after.as_ref(), Some(&killer));
    assert!(reason.contains("refused the connection"), "{reason}");
    assert_eq!(verdicts(&results), [Verdict::Pass, Verdict::Pass, Verdict::Error]);
    let reason = results.scenarios[2].reason.as_deref().unwrap();
    assert!(
        reason.ends_with("stopped answering after this case, and did not come back"),
        "{reason}"
    );
    assert_eq!(results.summary.not_run, 1);
    assert!(told.contains(&format!("lost after {killer}")), "{told:#?}");
}

#[tokio::test]
async fn a_target_that_comes_back_is_tested_on_and_the_killer_is_found_among_many() {
    let address = mortal(Some(Duration::from_millis(200)));
    let mut lines = vec![("kills", "NOOP die")];
    let names: Vec<String> = (0..20).map(|index| format!("n{index}")).collect();
    lines.extend(names.iter().map(|name| (name.as_str(), "NOOP")));
    let cases = suite(&lines);
    let killer = id(&cases, 0);
    let (results, told) = run(cases, &address, profile(), options()).await;
    assert_eq!(results.stopped, None, "{told:#?}");
    assert_eq!((results.summary.pass, results.summary.error), (20, 1), "{told:#?}");
    let result = &results.scenarios[0];
    assert_eq!((&result.id, result.verdict), (&killer, Verdict::Error));
    let reason = result.reason.as_deref().unwrap();
    assert!(reason.contains("stopped answering after this case, and came back"), "{reason}");
    assert!(told.contains(&"back".to_owned()), "{told:#?}");
}

#[tokio::test]
async fn a_target_that_dies_after_the_last_case_is_missed() {
    // It dies when the case says farewell, so the case itself passes.
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        for _ in 0..2 {
            let Ok((stream, _)) = listener.accept().await else { return };
            obey(stream, "no such line").await;
        }
    });
    let cases = noops(1);
    let last = id(&cases, 0);
    let mut options = options();
    options.return_within = Duration::from_millis(100);
    let (results, _) = run(cases, &address, profile(), options).await;
    let Some(Stopped::Unreachable { after, .. }) = &results.stopped else {
        panic!("{:?}", results.stopped)
    };
    assert_eq!(after.as_ref(), Some(&last));
    assert_eq!(verdicts(&results), [Verdict::Error]);
}
