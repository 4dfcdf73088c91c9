//! Where the mail that the target accepts comes out: opened for a whole run, and tried with a first
//! message, so that mail which does not come out later is the target's fault and no mistake in the
//! profile.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{Happening, Outcome, Setup, Verdict};
use smtpspec_scenario::{Case, Outlet, Profile, Source, load};
use tokio::task::JoinHandle;

use crate::biding::Biding;
use crate::maildir::reader::Reader;
use crate::next_hop::NextHop;
use crate::postbox::Postbox;
use crate::session;
use crate::stop::Stop;

/// The first message.
const FIRST: &str = "
spec: smtpspec
section: outlet
title: The place where mail comes out
scenarios:
  - id: first-mail
    title: A first message comes out
    checks: [rfc5321-6.1-1]
    requires: {protocol: either}
    given: recipient
    dialogue:
      - C: DATA
      - S: 354
      - C: {message: \"From: <${sender}>\\nSubject: ${unique}\\n\\nA first message.\\n\"}
      - S: 250
      - delivered: {count: {least: 1}}
";

/// How many times as long as the first message took, a later one may take.
const SLACK: u32 = 3;

/// What takes in the mail that comes out. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Intake {
    stop: Stop,
    task: Option<JoinHandle<()>>,
}

impl Intake {
    /// Opens what the profile names, for what comes out to go into the postbox. A next hop refuses
    /// the mailbox that is to be undeliverable.
    async fn open(outlet: &Outlet, profile: &Profile, postbox: &Postbox) -> io::Result<Self> {
        let stop = Stop::new();
        let postbox = postbox.clone();
        let task = match outlet {
            Outlet::NextHop { listen, protocol, without } => {
                let refused = profile.undeliverable();
                let refused = refused.map(|mailbox| mailbox.clone().into_bytes()).collect();
                let hop = NextHop::bind(*listen, *protocol, postbox).await?.refusing(refused);
                let hop = hop.without(without.clone());
                Some(tokio::spawn(hop.serve(stop.clone())))
            }
            Outlet::Maildir(folder) => {
                let reader = Reader::open(folder)?;
                Some(tokio::spawn(reader.watch(postbox, stop.clone())))
            }
            Outlet::Memory | Outlet::Silent(_) => None,
        };
        Ok(Self { stop, task })
    }

    /// Stops it, and waits until it let go of its address.
    pub(crate) async fn close(mut self) {
        self.stop.stop();
        if let Some(task) = self.task.take() {
            // It has nothing to tell, not even by a panic.
            let _ = task.await;
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Opens the profile's outlet if a case looks at it, and notes in the profile where that fails. A next
/// hop is opened for any case: a target may answer to a message only when it has passed it on.
pub(crate) async fn open(
    cases: &[Case],
    profile: &mut Arc<Profile>,
    postbox: &Postbox,
) -> Option<Intake> {
    let passes_on = matches!(profile.outlet, Some(Outlet::NextHop { .. }));
    if !passes_on && !is_looked_at(cases) {
        return None;
    }
    take_in(profile, postbox).await
}

/// Whether a case looks at the mail that comes out.
pub(crate) fn is_looked_at(cases: &[Case]) -> bool {
    cases.iter().any(|case| case.scenario.requires.next_hop)
}

/// Opens the profile's outlet, and notes in the profile where that fails.
pub(crate) async fn take_in(profile: &mut Arc<Profile>, postbox: &Postbox) -> Option<Intake> {
    let outlet = profile.outlet.as_ref()?;
    match Intake::open(outlet, profile, postbox).await {
        Ok(intake) => Some(intake),
        Err(error) => {
            let why = match outlet {
                Outlet::NextHop { listen, .. } => {
                    format!("the next hop could not listen on {listen}: {error}")
                }
                Outlet::Maildir(folder) => {
                    format!("{} could not be read as a Maildir: {error}", folder.display())
                }
                Outlet::Memory | Outlet::Silent(_) => error.to_string(),
            };
            Arc::make_mut(profile).outlet = Some(Outlet::Silent(why));
            None
        }
    }
}

/// Sends a first message. If it comes out, later ones get the time that it shows to be needed; if
/// not, nothing can be said of any other.
pub(crate) async fn try_out(
    profile: &mut Arc<Profile>,
    offered: Vec<String>,
    unique: String,
    address: SocketAddr,
    postbox: &Postbox,
    stop: &Stop,
) {
    let source = Source::new("first-mail", FIRST);
    let loaded = load(&[source]).expect("invariant: the first message is a well-formed scenario");
    let setup = Setup {
        shows_secrets: false,
        profile: Arc::clone(profile),
        unique,
        segmentation: smtpspec_judge::Segmentation::AsWritten,
        offered,
    };
    for case in loaded.suite.cases() {
        let outcome =
            session::play(case, setup.clone(), address, postbox, &Biding::default(), stop.clone())
                .await;
        let profile = Arc::make_mut(profile);
        if outcome.result.verdict == Verdict::Pass {
            profile.timeouts.settle = profile.timeouts.settle.max(took(&outcome) * SLACK);
        } else {
            let reason = outcome.result.reason.unwrap_or_default();
            let why =
                format!("a first message did not come out where mail is to be seen: {reason}");
            profile.outlet = Some(Outlet::Silent(why));
        }
    }
}

/// How long the message took from its acceptance until it came out.
fn took(outcome: &Outcome) -> Duration {
    let events = &outcome.result.transcript.events;
    let came = events.iter().position(|event| matches!(event.what, Happening::Delivered(_)));
    let came = came.unwrap_or(0);
    let sent = |what: &Happening| matches!(what, Happening::Sent { .. });
    let sent = events[..came].iter().rev().find(|event| sent(&event.what));
    let sent_us = sent.map_or(0, |event| event.at_us);
    Duration::from_micros(events.get(came).map_or(0, |event| event.at_us).saturating_sub(sent_us))
}
