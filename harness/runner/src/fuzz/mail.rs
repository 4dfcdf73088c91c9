//! The mail that comes out while a server is attacked. Each session has a reverse-path of its own, by
//! which its mail is known again; of no session may more come out than was accepted of it.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_explore::{Session, Trace};
use smtpspec_judge::{Happening, Heard, Mail};
use smtpspec_reference::State;
use smtpspec_scenario::{Outlet, Profile};
use tokio::time::{Instant, sleep};

use super::hunt::Case;
use crate::outlet::{self, Intake};
use crate::postbox::Postbox;
use crate::probe::Contact;
use crate::stop::Stop;

/// How many letters the local-part of the profile's reverse-path needs at least, to be told apart in
/// millions of sessions.
const LETTERS: usize = 5;

/// How long is remembered what a session sent in, after it has ended.
const REMEMBERED: Duration = Duration::from_mins(1);

/// How often is looked whether mail has come, where it is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// The mail that comes out, beside what was accepted.
pub(super) struct Outgoing {
    postbox: Postbox,
    /// What takes it in, as long as this lives.
    _intake: Option<Intake>,
    sender: String,
    next: AtomicU32,
    settles: Duration,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What is known of each session, by its reverse-path.
    sessions: HashMap<Vec<u8>, Account>,
    /// Of whom more came out than was accepted.
    excess: VecDeque<Case>,
    swept: Option<Instant>,
}

/// What one session sent in, and what came out of it.
struct Account {
    /// The case, once the session has ended, with how many messages were accepted, and when.
    ended: Option<(Case, usize, Instant)>,
    /// The messages, each once however many copies there are.
    came: HashSet<u64>,
    told: bool,
}

/// A session with a reverse-path of its own.
pub(super) struct Marked {
    pub(super) session: Session,
    pub(super) sender: String,
}

/// What a replay comes to.
pub(super) struct Tally {
    pub(super) trace: Trace,
    pub(super) sender: String,
    /// How many messages were accepted.
    pub(super) accepted: usize,
    /// How many came out.
    pub(super) came: usize,
}

impl Outgoing {
    /// Watches what the profile says of where mail comes out; nothing where it says nothing.
    ///
    /// # Errors
    ///
    /// Why it can't be watched, for people.
    pub(super) async fn watch(
        profile: &Profile,
        contact: &Contact,
        postbox: &Postbox,
        stop: &Stop,
    ) -> Result<Option<Self>, String> {
        if profile.outlet.is_none() {
            return Ok(None);
        }
        let local = profile.sender.split('@').next().unwrap_or_default();
        if local.len() < LETTERS {
            return Err(format!(
                "the reverse-path `{}` has less than {LETTERS} letters before its @, too few to tell \
                 the mail of sessions apart",
                profile.sender.escape_debug()
            ));
        }
        let mut tried = Arc::new(profile.clone());
        let intake = outlet::take_in(&mut tried, postbox).await;
        if let (Some(Outlet::NextHop { .. } | Outlet::Maildir(_)), Some(_)) =
            (&tried.outlet, &intake)
        {
            let unique = format!("{}-fuzz", crate::run::unique());
            let offered = contact.offered.clone();
            outlet::try_out(&mut tried, offered, unique, contact.address, postbox, stop).await;
        }
        if let Some(Outlet::Silent(why)) = &tried.outlet {
            return Err(why.clone());
        }
        Ok(Some(Self {
            postbox: postbox.clone(),
            _intake: intake,
            sender: profile.sender.clone(),
            next: AtomicU32::new(0),
            settles: tried.timeouts.settle,
            shared: Mutex::default(),
        }))
    }

    /// How long after its acceptance mail may still come out.
    pub(super) fn settles(&self) -> Duration {
        self.settles
    }

    /// The session with a reverse-path that no other has.
    pub(super) fn begin(&self, session: &Session) -> Marked {
        let sender = mark(&self.sender, self.next.fetch_add(1, Ordering::Relaxed));
        let session = session.renamed(&self.sender, &sender);
        let account = Account { ended: None, came: HashSet::new(), told: false };
        self.lock().sessions.insert(sender.clone().into_bytes(), account);
        Marked { session, sender }
    }

    /// Takes note of what a session came to.
    pub(super) fn end(&self, marked: &Marked, case: &Case, trace: &Trace) {
        let mut shared = self.lock();
        if let Some(account) = shared.sessions.get_mut(marked.sender.as_bytes()) {
            account.ended = Some((case.clone(), accepted(trace), Instant::now()));
        }
        shared.settle(marked.sender.as_bytes());
        shared.sweep();
    }

    /// Gives what has come to the sessions that it is of.
    pub(super) fn sort(&self) {
        let mut shared = self.lock();
        for mail in self.postbox.others() {
            // A notice has the null reverse-path, and is the server's own.
            let Some(from) = mail.from.clone() else { continue };
            if let Some(account) = shared.sessions.get_mut(&from) {
                account.came.insert(digest(&mail));
                shared.settle(&from);
            }
        }
    }

    /// A case of which more has come out than was accepted.
    pub(super) fn next_excess(&self) -> Option<Case> {
        self.lock().excess.pop_front()
    }

    /// Plays a session again, by way of `play`, and waits for what comes out of it.
    pub(super) async fn replay(
        &self,
        session: &Session,
        play: impl AsyncFnOnce(&Session) -> Trace,
    ) -> Tally {
        let marked = self.begin(session);
        let trace = play(&marked.session).await;
        let accepted = accepted(&trace);
        let until = Instant::now() + self.settles;
        let key = marked.sender.as_bytes();
        loop {
            self.sort();
            let came = self.lock().sessions.get(key).map_or(0, |account| account.came.len());
            if came > accepted || Instant::now() >= until {
                self.lock().sessions.remove(key);
                return Tally { trace, sender: marked.sender, accepted, came };
            }
            sleep(LOOK).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Whether more has come of a session than was accepted; told once.
    fn settle(&mut self, sender: &[u8]) {
        let Some(account) = self.sessions.get_mut(sender) else { return };
        let Some((case, accepted, _)) = &account.ended else { return };
        if account.came.len() > *accepted && !account.told {
            account.told = true;
            self.excess.push_back(case.clone());
        }
    }

    /// Forgets sessions of which nothing more will come.
    fn sweep(&mut self) {
        let now = Instant::now();
        if self.swept.is_some_and(|swept| now < swept + REMEMBERED / 4) {
            return;
        }
        self.swept = Some(now);
        let old = |account: &Account| {
            account.ended.as_ref().is_some_and(|(_, _, ended)| now > *ended + REMEMBERED)
        };
        self.sessions.retain(|_, account| !old(account));
    }
}

/// How many messages the server has taken at most, by what it said. Where nobody can know what it
/// answered, or it may have answered what came in the clear before a handshake, any positive reply may
/// have been for a message.
fn accepted(trace: &Trace) -> usize {
    let unknown = trace.heard.iter().any(|heard| heard.state == State::Unknown);
    let lost = unknown || is_injected(trace);
    let taken = trace.heard.iter().filter(|heard| {
        let positive = heard.reply.as_ref().is_some_and(|reply| reply.code.class() == 2);
        positive && (lost || ends_message(heard))
    });
    taken.count() + unanswered(trace)
}

/// Whether something went out in the clear behind the STARTTLS that a handshake followed.
fn is_injected(trace: &Trace) -> bool {
    const ASKED: &[u8] = b"STARTTLS\r\n";
    let mut last = Vec::new();
    trace.transcript.events.iter().any(|event| {
        match &event.what {
            Happening::Sent { octets } => {
                last.extend_from_slice(octets);
                last.drain(..last.len().saturating_sub(ASKED.len()));
            }
            Happening::Secured(_) => {
                // Where TLS began with the connection, nothing went out before it.
                return !last.is_empty() && !last.eq_ignore_ascii_case(ASKED);
            }
            _ => {}
        }
        false
    })
}

/// How many messages may have ended of which the client did not wait to hear what became.
fn unanswered(trace: &Trace) -> usize {
    let mut sent = Vec::new();
    for event in &trace.transcript.events {
        if let Happening::Sent { octets } = &event.what {
            sent.extend_from_slice(octets);
        }
    }
    // Whatever some server may hold for the end of a line.
    let lines = sent.split(|octet| matches!(octet, b'\r' | b'\n' | 0));
    let ends = lines.filter(|line| line.starts_with(b".")).count();
    let last = sent.windows(4).filter(|word| word.eq_ignore_ascii_case(b"LAST")).count();
    let answered = trace.heard.iter().filter(|heard| ends_message(heard)).count();
    (ends + last).saturating_sub(answered)
}

/// Whether a reply answers what may have ended a message.
fn ends_message(heard: &Heard) -> bool {
    heard.reply.is_some() && (heard.asked == END_OF_DATA || heard.asked == "BDAT")
}

/// How the model calls what ends a message, in a trace.
const END_OF_DATA: &str = "the end of the data";

/// The rule that a server breaks of which more mail came out than it accepted in this session.
pub(super) fn broken(trace: &Trace) -> RequirementId {
    let answers = || trace.heard.iter().filter(|heard| heard.asked == END_OF_DATA);
    let refused = |code: u16| code >= 400;
    if answers().any(|heard| heard.reply.as_ref().is_some_and(|it| refused(it.code.get()))) {
        requirement!("rfc5321-4.2.5-3")
    } else if answers().next().is_none() {
        requirement!("rfc5321-4.1.1.10-5")
    } else {
        requirement!("rfc5321-4.1.1.4-3")
    }
}

/// The same mailbox, as long, with the local-part made of this number.
fn mark(sender: &str, number: u32) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let at = sender.find('@').unwrap_or(sender.len());
    let mut local = vec![b'0'; at];
    local[0] = b'f';
    let mut rest = number as usize;
    for digit in local.iter_mut().skip(1).rev() {
        *digit = DIGITS[rest % DIGITS.len()];
        rest /= DIGITS.len();
    }
    String::from_utf8_lossy(&local).into_owned() + &sender[at..]
}

/// What tells messages apart.
fn digest(mail: &Mail) -> u64 {
    let mut hasher = DefaultHasher::new();
    mail.substance().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use smtpspec_judge::{Tls, Transcript};
    use smtpspec_protocol::Protocol;

    use super::*;

    #[test]
    fn what_went_out_behind_starttls_was_injected() {
        let trace = |sent: &[&[u8]]| {
            let mut transcript = Transcript::default();
            for octets in sent {
                let octets = octets.to_vec();
                transcript.push(Duration::ZERO, 0, Happening::Sent { octets });
            }
            let facts = Tls { version: String::new(), cipher: String::new(), certificate: None };
            transcript.push(Duration::ZERO, 0, Happening::Secured(facts));
            Trace {
                transcript,
                heard: Vec::new(),
                findings: Vec::new(),
                hangs: None,
                protocol: Protocol::Smtp,
            }
        };
        assert!(!is_injected(&trace(&[])));
        assert!(!is_injected(&trace(&[b"EHLO a\r\n", b"start", b"tls\r\n"])));
        assert!(is_injected(&trace(&[b"STARTTLS\r\nNOOP\r\n"])));
        assert!(is_injected(&trace(&[b"STARTTLS\r\n", b"N"])));
    }

    #[test]
    fn marks_are_as_long_as_the_sender_and_no_two_alike() {
        assert_eq!(mark("sender@example.org", 0), "f00000@example.org");
        assert_eq!(mark("sender@example.org", 36), "f00010@example.org");
        let marks: HashSet<String> = (0..5000).map(|it| mark("sender@example.org", it)).collect();
        assert_eq!(marks.len(), 5000);
    }
}
