//! Runs: on the reference, and on servers that are busy, wrong or hostile.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use smtpspec_catalogue::Grade;
use smtpspec_judge::{Results, Stopped, Verdict};
use smtpspec_runner::{Embedded, RunEvent, Stop, TargetAddress};
use smtpspec_scenario::Case;
use support::{impatient, noops, obey, options, profile, run, run_until, server, suite, take_port};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn ids(results: &Results) -> Vec<&str> {
    results.scenarios.iter().map(|result| result.id.as_str()).collect()
}

fn verdicts(results: &Results) -> Vec<Verdict> {
    results.scenarios.iter().map(|result| result.verdict).collect()
}

fn id(cases: &[Case], index: usize) -> String {
    cases[index].id.clone()
}

#[tokio::test]
async fn a_run_on_the_reference_is_in_the_order_of_the_suite() {
    let embedded = Embedded::start(&profile()).await.unwrap();
    let cases = noops(40);
    let wanted: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let mut options = options();
    options.embedded = true;
    let (results, told) = run(cases, &embedded.address(), profile(), options).await;
    assert_eq!(ids(&results), wanted);
    assert_eq!((results.summary.selected, results.summary.pass), (40, 40), "{results:#?}");
    assert_eq!(results.stopped, None);
    assert_eq!(results.findings, []);
    assert!(results.target.embedded && results.target.greeting.is_some());
    assert_eq!(results.started, "2026-11-24T00:00:00Z");
    assert_eq!(told[0], "probed");
    assert_eq!(told.iter().filter(|line| line.starts_with("pass")).count(), 40);
    embedded.stop().await;
}

#[tokio::test]
async fn a_run_of_nothing_is_complete() {
    let embedded = Embedded::start(&profile()).await.unwrap();
    let (results, told) = run(Vec::new(), &embedded.address(), profile(), options()).await;
    assert_eq!((results.stopped, results.summary.selected), (None, 0));
    assert_eq!(told, ["probed"]);
}

#[tokio::test]
async fn a_target_that_is_not_there_ends_the_run_before_it_begins() {
    let (_socket, address) = take_port("127.0.0.1:0");
    let address = TargetAddress::from(address);
    let (results, told) = run(noops(2), &address, profile(), options()).await;
    let reason = format!("{address} refused the connection: nobody listens there");
    assert_eq!(results.stopped, Some(Stopped::Unreachable { after: None, reason }));
    assert_eq!(results.summary.not_run, 2);
    assert_eq!(results.target.address, address.to_string());
    assert_eq!(told, [""; 0]);
}

#[tokio::test]
async fn what_breaks_a_rule_fails_and_the_model_tells_it_once() {
    // It answers each line with a stray reply besides.
    let address = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220 mx.example.test\r\n").await;
        let mut line = [0; 512];
        while stream.read(&mut line).await.is_ok_and(|count| count > 0) {
            if stream.write_all(b"250 mx.example.test\r\n250 again\r\n").await.is_err() {
                break;
            }
        }
    })
    .await;
    let cases = noops(3);
    let first = id(&cases, 0);
    let (results, _) = run(cases, &address, profile(), options()).await;
    assert_eq!(results.stopped, None);
    let stray = results.findings.iter().find(|run| run.finding.what.contains("answers no command"));
    let stray = stray.unwrap_or_else(|| panic!("{:#?}", results.findings));
    assert_eq!((stray.case.as_str(), stray.cases), (first.as_str(), 3));
}

#[tokio::test]
async fn fail_fast_ends_after_the_first_failure() {
    let address = server(|stream: TcpStream| async move {
        refuse(stream, "NOOP").await;
    })
    .await;
    let cases = noops(10);
    let first = id(&cases, 0);
    let mut options = options();
    options.jobs = 1;
    options.fail_fast = Some(Grade::Must);
    let (results, _) = run(cases, &address, profile(), options).await;
    assert_eq!(results.stopped, Some(Stopped::FailFast { id: first.clone() }));
    assert_eq!((ids(&results), verdicts(&results)), (vec![first.as_str()], vec![Verdict::Fail]));
    assert_eq!(results.summary.not_run, 9);
}

/// Answers 250 to all but the lines that begin with `word`.
async fn refuse(mut stream: TcpStream, word: &str) {
    let _ = stream.write_all(b"220 mx.example.test\r\n").await;
    let mut line = [0; 512];
    while let Ok(count @ 1..) = stream.read(&mut line).await {
        let reply: &[u8] = match &line[..count] {
            line if line.starts_with(word.as_bytes()) => b"500 what\r\n",
            line if line.starts_with(b"QUIT") => b"221 bye\r\n",
            _ => b"250 mx.example.test\r\n",
        };
        if stream.write_all(reply).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_stop_ends_the_run_at_once_with_what_there_is() {
    let address = server(|stream: TcpStream| async move {
        obey_but_hang(stream).await;
    })
    .await;
    let cases = suite(&[("quick", "NOOP"), ("hangs", "NOOP hang"), ("later", "NOOP")]);
    let wanted = vec![id(&cases, 0), id(&cases, 1)];
    let hangs = id(&cases, 1);
    let mut profile = profile();
    profile.timeouts.reply = Duration::from_mins(1);
    profile.timeouts.scenario = Duration::from_mins(1);
    let mut options = options();
    options.jobs = 1;
    let stop = Stop::new();
    let watch = |event: &RunEvent<'_>| {
        if matches!(event, RunEvent::CaseStarted { id } if *id == hangs) {
            stop.stop();
        }
    };
    let (results, _) = run_until(cases, &address, profile, options, &stop, watch).await;
    assert_eq!(results.stopped, Some(Stopped::Interrupted));
    assert_eq!(ids(&results), wanted);
    assert_eq!(verdicts(&results), [Verdict::Pass, Verdict::Error]);
    assert_eq!(results.summary.not_run, 1);
    assert!(results.elapsed_ms < 20_000);
}

/// Obeys, but is silent once it is told to hang.
async fn obey_but_hang(stream: TcpStream) {
    if let Some(_stream) = obey(stream, "hang").await {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_look_at_the_target() {
    // It greets once; whoever comes later hears nothing.
    let greeted = Arc::new(AtomicUsize::new(0));
    let address = server(move |mut stream: TcpStream| {
        let first = greeted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                obey(stream, "no such line").await;
            } else {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    })
    .await;
    let mut profile = profile();
    // The case gives up first, and the look would take for ever.
    profile.timeouts.scenario = Duration::from_millis(200);
    profile.timeouts.reply = Duration::from_secs(1000);
    profile.timeouts.run = Duration::from_millis(1500);
    let mut options = options();
    options.jobs = 1;
    let (results, _) = run(noops(2), &address, profile, options).await;
    assert_eq!(results.stopped, Some(Stopped::OutOfTime));
    assert_eq!(verdicts(&results), [Verdict::Error]);
}

#[tokio::test]
async fn a_run_ends_when_its_time_is_over() {
    let address = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220 mx.example.test\r\n").await;
        let _ = stream.read(&mut [0; 512]).await;
        let _ = stream.write_all(b"250 mx.example.test\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut profile = profile();
    profile.timeouts.run = Duration::from_millis(1500);
    profile.timeouts.reply = Duration::from_secs(1);
    let mut options = options();
    options.jobs = 1;
    let (results, _) = run(noops(50), &address, profile, options).await;
    assert_eq!(results.stopped, Some(Stopped::OutOfTime));
    assert!(results.summary.not_run > 40);
}

#[tokio::test]
async fn a_server_with_little_room_gets_fewer_cases_at_once() {
    let open = Arc::new(AtomicUsize::new(0));
    let address = server(move |mut stream: TcpStream| {
        let open = Arc::clone(&open);
        async move {
            if open.fetch_add(1, Ordering::SeqCst) >= 1 {
                let _ = stream.write_all(b"421 too many connections\r\n").await;
            } else {
                obey(stream, "no such line").await;
            }
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let (results, told) = run(noops(12), &address, profile(), options()).await;
    assert_eq!(results.stopped, None);
    assert_eq!(results.summary.pass, 12, "{told:#?}");
    assert!(told.iter().any(|line| line == "jobs 4"), "{told:#?}");
    assert!(results.scenarios.iter().any(|result| result.attempts > 1));
    assert!(results.scenarios.iter().all(|result| result.attempts <= 3));
}

#[tokio::test]
async fn a_server_that_says_421_to_all_is_believed_after_three_attempts() {
    let address = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"421 not now\r\n").await;
    })
    .await;
    let mut options = options();
    options.jobs = 1;
    let (results, _) = run(noops(20), &address, profile(), options).await;
    assert_eq!(results.summary.inconclusive, 20);
    let attempts: Vec<u32> = results.scenarios.iter().map(|result| result.attempts).collect();
    assert_eq!(attempts.iter().max(), Some(&3));
    assert!(attempts.iter().filter(|attempts| **attempts == 1).count() >= 17, "{attempts:?}");
}

#[tokio::test]
async fn hostile_servers_end_in_a_verdict() {
    let endless = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220 mx.example.test\r\n").await;
        let _ = stream.read(&mut [0; 512]).await;
        let _ = stream.write_all(b"250 mx.example.test\r\n").await;
        let _ = stream.read(&mut [0; 512]).await;
        while stream.write_all(&[b'2'; 4096]).await.is_ok() {}
    })
    .await;
    let slow = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220 mx.example.test\r\n").await;
        let _ = stream.read(&mut [0; 512]).await;
        let _ = stream.write_all(b"250 mx.example.test\r\n").await;
        let _ = stream.read(&mut [0; 512]).await;
        while stream.write_all(b"2").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let controls = server(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"220 mx.example.test\r\n").await;
        while stream.read(&mut [0; 512]).await.is_ok_and(|count| count > 0) {
            let _ = stream.write_all(b"250 \0\x1b[2J\x07\xff\r\n").await;
        }
    })
    .await;
    for (address, wanted) in
        [(endless, Verdict::Fail), (slow, Verdict::Fail), (controls, Verdict::Pass)]
    {
        let (results, told) = run(noops(3), &address, impatient(), options()).await;
        assert_eq!(results.stopped, None, "{told:#?}");
        assert_eq!(verdicts(&results), [wanted; 3], "{told:#?}");
        let octets = |result: &smtpspec_judge::CaseResult| result.transcript.events.len();
        assert!(results.scenarios.iter().all(|result| octets(result) < 5_000));
    }
}

#[tokio::test]
async fn nothing_stays_open_when_a_run_is_over() {
    let open = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&open);
    let address = server(move |stream: TcpStream| {
        let open = Arc::clone(&seen);
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            // Returns when the client has closed, also where it hung.
            let (mut stream, mut all) = (stream, Vec::new());
            let _ = stream.write_all(b"220 mx.example.test\r\n").await;
            let _ = stream.read_to_end(&mut all).await;
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let (results, _) = run(noops(4), &address, impatient(), options()).await;
    assert_eq!(results.scenarios.len(), 4);
    let all_closed = async {
        while open.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), all_closed).await.unwrap();
}

/// A server that answers the NOOPs of its life in this order, and 250 when they are over.
async fn moody(answers: Vec<&'static str>) -> TargetAddress {
    let answers = Arc::new(answers);
    let asked = Arc::new(AtomicUsize::new(0));
    server(move |mut stream| {
        let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
        async move {
            let _ = stream.write_all(b"220 mx.example.test\r\n").await;
            let mut line = [0; 512];
            while let Ok(count @ 1..) = stream.read(&mut line).await {
                let answer = match &line[..count] {
                    b"NOOP\r\n" => {
                        let nth = asked.fetch_add(1, Ordering::Relaxed);
                        answers.get(nth).copied().unwrap_or("250 ok\r\n")
                    }
                    b"QUIT\r\n" => "221 bye\r\n",
                    _ => "250 mx.example.test\r\n",
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_case_that_failed_is_played_again_and_a_pass_takes_nothing_back() {
    use Verdict::{Fail, Pass};
    let (bad, good) = ("251 so\r\n", "250 ok\r\n");
    let table = [
        (vec![bad; 9], 0, Fail, vec![]),
        (vec![bad; 9], 2, Fail, vec![Fail, Fail, Fail]),
        (vec![bad, bad, good], 1, Fail, vec![Fail, Fail]),
        (vec![bad, bad, good], 5, Fail, vec![Fail, Fail, Pass]),
        (vec![], 5, Pass, vec![]),
    ];
    for (answers, retries, verdict, tries) in table {
        let address = moody(answers).await;
        let options = smtpspec_runner::RunOptions { retries, ..options() };
        let (results, told) = run(noops(1), &address, profile(), options).await;
        let result = &results.scenarios[0];
        assert_eq!((result.verdict, &result.tries), (verdict, &tries), "{told:?}");
        assert_eq!(result.attempts as usize, tries.len().max(1));
        assert_eq!(result.findings.len(), usize::from(verdict == Fail));
        assert_eq!(result.is_intermittent(), tries.contains(&Pass));
    }
}
