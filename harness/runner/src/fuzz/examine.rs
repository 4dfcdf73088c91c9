//! A suspicion becomes a discovery: played again, made small, written as a scenario.

use std::time::Duration;

use smtpspec_catalogue::requirement;
use smtpspec_explore::{Names, Session, Shrink, Trace, reproducer};
use smtpspec_judge::{Evidence, Finding, Source};
use smtpspec_reference::State;
use tokio::time::Instant;

use super::Worker;
use super::hunt::{Case, Discovery, Kind, Stability, Suspicion, kinds};
use super::mail::{self, Outgoing, Tally};

/// How often a suspicion is played again before it is believed.
const REPLAYS: u8 = 3;

/// How many sessions are played, and how long, to make one finding small.
const TRIES: usize = 400;
const TIME: Duration = Duration::from_secs(15);

/// How long is waited for what may come or not: so long that no late reply is taken for the next.
pub(super) const PATIENT: Duration = Duration::from_millis(60);

/// Finds out whether it comes again, and what is the least that shows it; nothing where the server
/// was merely slow, or said one thing too many that was held for the answer to another.
pub(super) async fn examine(
    worker: &Worker,
    session: &Session,
    suspicion: Suspicion,
    first: Trace,
) -> Option<Discovery> {
    let Suspicion { kind, finding, case } = suspicion;
    if first.hangs.is_some() && kind.is_silence() {
        // Who is slow on purpose does not hang; a reply may take as long as a client has to wait.
        let slowly = worker.patient();
        if !shows(&slowly.play(session, PATIENT).await, &kind) {
            return None;
        }
    }
    let mut again = 0;
    for _ in 0..REPLAYS {
        again += u8::from(shows(&worker.play_again(session, PATIENT).await, &kind));
    }
    let stability = if again == REPLAYS { Stability::Stable } else { Stability::Unstable(again) };
    if is_misnamed(worker, session, &kind).await {
        return None;
    }
    let (session, trace) = match stability {
        Stability::Stable => smaller(worker, session, &kind, first).await,
        Stability::Unstable(_) => (session.clone(), first),
    };
    let finding = kinds(&trace)
        .into_iter()
        .find(|(found, _)| *found == kind)
        .map_or(finding, |(_, finding)| finding.into_owned());
    let slug = format!("fuzz-{}", slug(&kind));
    let title = format!("Found by fuzzing: {}", finding.what);
    let scenario =
        reproducer::scenario(&trace, &worker.hunt.names, kind.requirement, &slug, &title);
    Some(Discovery { kind, finding, case, session, trace, scenario, stability })
}

/// Whether the finding is of replies that were taken for the answers to wrong commands: played line by
/// line, the session shows that a reply came unasked or not at all, or leads to where nobody knows what
/// is answered, and does not show the finding.
async fn is_misnamed(worker: &Worker, session: &Session, kind: &Kind) -> bool {
    let settled = worker.settled().play_again(session, PATIENT).await;
    let kinds = kinds(&settled);
    let same = |found: &Kind| found.requirement == kind.requirement && found.asked == kind.asked;
    let unasked = requirement!("rfc5321-4.2-1");
    let uneven = settled.hangs.is_some()
        || settled.heard.iter().any(|heard| heard.state == State::Unknown)
        || settled.findings.iter().any(|found| found.requirement == unasked);
    uneven && !kinds.iter().any(|(found, _)| same(found))
}

/// The smallest session that shows the same, and what happens in it.
async fn smaller(
    worker: &Worker,
    session: &Session,
    kind: &Kind,
    first: Trace,
) -> (Session, Trace) {
    let quick = shrunk(worker, session, kind, first.clone(), false).await;
    // On the way to it, one thing may have become another that looks alike.
    if is_misnamed(worker, &quick.0, kind).await {
        return shrunk(worker, session, kind, first, true).await;
    }
    quick
}

/// The same, with each step looked at closely or not.
async fn shrunk(
    worker: &Worker,
    session: &Session,
    kind: &Kind,
    first: Trace,
    closely: bool,
) -> (Session, Trace) {
    let began = Instant::now();
    let mut best = first;
    let mut shrink = Shrink::new(session.clone(), worker.hunt.plain());
    for _ in 0..TRIES {
        if began.elapsed() > TIME {
            break;
        }
        let Some(candidate) = shrink.candidate() else { break };
        let trace = worker.play_again(candidate, PATIENT).await;
        let still = shows(&trace, kind) && !(closely && is_misnamed(worker, candidate, kind).await);
        if still {
            best = trace;
        }
        shrink.tell(still);
    }
    (shrink.best().clone(), best)
}

/// Finds out whether again more mail comes out of a session than was accepted of it, and what is the
/// least that shows it; nothing where it does not come again, or was told.
pub(super) async fn examine_mail(
    worker: &Worker,
    outgoing: &Outgoing,
    case: &Case,
) -> Option<Discovery> {
    let patient = async |session: &Session| worker.play(session, PATIENT).await;
    let mut again = 0;
    let mut best = None;
    for _ in 0..REPLAYS {
        let tally = outgoing.replay(&case.session, patient).await;
        if tally.came > tally.accepted {
            again += 1;
            best = Some(tally);
        }
    }
    let mut best = best?;
    let kind = Kind::of_mail(mail::broken(&best.trace));
    if !worker.hunt.is_new(&kind) {
        return None;
    }
    let stability = if again == REPLAYS { Stability::Stable } else { Stability::Unstable(again) };
    let began = Instant::now();
    let mut shrink = Shrink::new(Session::clone(&case.session), worker.hunt.plain());
    while stability == Stability::Stable && began.elapsed() < TIME {
        let Some(candidate) = shrink.candidate() else { break };
        let tally = outgoing.replay(candidate, patient).await;
        let still = tally.came > tally.accepted && mail::broken(&tally.trace) == kind.requirement;
        shrink.tell(still);
        if still {
            best = tally;
        }
    }
    let Tally { trace, sender, accepted, came } = best;
    let finding = Finding {
        requirement: kind.requirement,
        level: kind.requirement.requirement().level,
        what: format!("{came} messages came out, and {accepted} were accepted"),
        wanted: format!("no more than {accepted}"),
        source: Source::Oracle,
        evidence: Evidence {
            event: trace.transcript.events.len().saturating_sub(1),
            ..Evidence::default()
        },
    };
    let names = Names { sender, ..worker.hunt.names.clone() };
    let slug = format!("fuzz-{}", slug(&kind));
    let title = format!("Found by fuzzing: {}", finding.what);
    let rule = kind.requirement;
    let scenario = reproducer::of_mail(&trace, &names, rule, &slug, &title, accepted);
    let session = shrink.best().clone();
    Some(Discovery { kind, finding, case: case.index, session, trace, scenario, stability })
}

fn shows(trace: &Trace, kind: &Kind) -> bool {
    kinds(trace).iter().any(|(found, _)| found == kind)
}

/// The kind in letters, digits and hyphens.
fn slug(kind: &Kind) -> String {
    let words = format!("{} {:?} {}", kind.requirement, kind.state, kind.asked);
    let mut slug = String::new();
    for letter in words.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}
