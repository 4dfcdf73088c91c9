//! The interpreter of cases, against a server that says anything.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use smtpspec_judge::{Action, Happening, Outcome, Play, Segmentation, Setup, Tls, Verdict, again};
use smtpspec_scenario::{Case, Profile, Source, load};

use crate::pieces::pieces;

/// The cases of `oracle/cases.yaml`.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let source = Source::new("oracle/cases.yaml", include_str!("oracle/cases.yaml"));
    match load(&[source]) {
        Ok(loaded) => loaded.suite.cases(),
        Err(found) => panic!("{}", found[0]),
    }
});

/// The octet at which the server falls silent until nobody waits any longer.
const SILENCE: u8 = 0xff;

/// No play of these cases takes more steps than this beside those in which octets are read.
const MOST_STEPS: usize = 1000;

/// The first four octets choose a case, how its writes are cut, how the replies are cut, and how
/// the server ends; the others are what the server sends, whatever it is asked.
///
/// Nothing panics, the play ends after so many steps, findings point at what is there, and the
/// stored transcript is judged as it was the first time.
pub fn oracle(input: &[u8]) {
    let Some((&[case, writes, reads, end], replies)) = input.split_first_chunk() else { return };
    let case = &CASES[usize::from(case.wrapping_sub(b'a')) % CASES.len()];
    let ways = Segmentation::ALL;
    let segmentation = ways[usize::from(writes.wrapping_sub(b'0')) % ways.len()];
    let outcome = play(case, setup(segmentation), &Far { replies, reads, end });
    assert_sound(&outcome);
    let transcript = outcome.result.transcript.clone();
    match again::judge(case.clone(), setup(segmentation), &transcript) {
        Ok(second) => assert_eq!(second, outcome),
        Err(mismatch) => panic!("{mismatch:?} in {:#?}", outcome.result.transcript),
    }
}

fn setup(segmentation: Segmentation) -> Setup {
    Setup {
        shows_secrets: true,
        profile: Arc::new(Profile::default()),
        unique: "unique".to_owned(),
        segmentation,
        offered: vec!["SIZE".to_owned()],
    }
}

/// The server.
struct Far<'a> {
    /// What it sends.
    replies: &'a [u8],
    /// How that is cut.
    reads: u8,
    /// What it does then: `c` ends the connection, `x` cuts it, `r` never let it be opened, and
    /// any other octet is silence.
    end: u8,
}

impl<'a> Far<'a> {
    /// What each read gives: octets, or nothing in the time that the reader waits.
    fn reads(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let reads = self.reads;
        let spells = self.replies.split(|&octet| octet == SILENCE).enumerate();
        spells.flat_map(move |(index, spell)| {
            let silence = (index > 0).then_some(None);
            let octets = pieces(spell, reads).filter(|piece| !piece.is_empty());
            silence.into_iter().chain(octets.map(Some))
        })
    }
}

fn play(case: &Case, setup: Setup, far: &Far<'_>) -> Outcome {
    let mut play = Play::new(case.clone(), setup);
    let mut reads = far.reads();
    let mut now = Duration::ZERO;
    for _ in 0..MOST_STEPS + far.replies.len() {
        let (connection, what) = match play.next(now) {
            Action::Done => return play.finish(),
            Action::Pause { until } => {
                now = now.max(until);
                continue;
            }
            Action::Open { connection } if far.end == b'r' => {
                (connection, Happening::Refused { reason: "refused".to_owned() })
            }
            Action::Open { connection } => (connection, Happening::Opened),
            Action::Secure { connection } if far.end == b'x' => {
                (connection, Happening::HandshakeFailed { reason: "no TLS".to_owned() })
            }
            Action::Secure { connection } => {
                let word = || "fuzz".to_owned();
                let tls = Tls { version: word(), cipher: word(), certificate: None };
                (connection, Happening::Secured(tls))
            }
            Action::Send { connection, octets } => (connection, Happening::Sent { octets }),
            Action::End { connection, how } => (connection, Happening::Ended { how }),
            Action::Collect { until } => {
                now = now.max(until);
                (0, Happening::Waited)
            }
            Action::Receive { connection, until } => {
                let what = match reads.next() {
                    Some(Some(octets)) => Happening::Received { octets: octets.to_vec() },
                    None if far.end == b'c' => Happening::Closed,
                    None if far.end == b'x' => Happening::Cut { reason: "reset".to_owned() },
                    Some(None) | None => {
                        now = now.max(until);
                        Happening::Waited
                    }
                };
                (connection, what)
            }
        };
        // Time passes, however little, before something happens and before it is looked at.
        now += Duration::from_millis(1);
        play.observe(now, connection, what);
        now += Duration::from_micros(500);
    }
    panic!("the case does not end");
}

fn assert_sound(outcome: &Outcome) {
    let result = &outcome.result;
    let events = &result.transcript.events;
    assert!(events.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    for finding in result.findings.iter().chain(&outcome.oracle) {
        assert!(finding.evidence.event < events.len(), "{finding:?}");
        let received = &finding.evidence.received;
        assert!(finding.evidence.at.is_none_or(|at| at < received.len()), "{finding:?}");
        assert!(!finding.what.is_empty() && !finding.wanted.is_empty(), "{finding:?}");
    }
    assert!(result.verdict != Verdict::Fail || !result.findings.is_empty(), "{result:?}");
    assert!(result.verdict == Verdict::Pass || result.reason.is_some(), "{result:?}");
}
