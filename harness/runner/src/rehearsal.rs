//! What stands in the way of most scenarios, found with one session before the first of them: the
//! way to a recipient and back, with no mail sent. A wrong mailbox, greylisting, a server that wants
//! TLS or a login, and one that turns us away all show there.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtpspec_judge::{Happening, Outcome, Setup, Transcript, Verdict};
use smtpspec_protocol::escape::escape;
use smtpspec_scenario::{Given, Profile, Source, Tls, load};
use tokio::time::{Instant, sleep};

use crate::biding::Biding;
use crate::postbox::Postbox;
use crate::session;
use crate::stop::Stop;

/// The way to a recipient, and back.
const WAY: &str = "
spec: smtpspec
section: rehearsal
title: The way to a recipient
scenarios:
  - id: way
    title: A recipient is taken, and forgotten
    checks: [rfc5321-4.1.1.5-1]
    requires: {protocol: either}
    given: recipient
    dialogue:
      - C: RSET
      - S: 250
";

/// How much of a reply is shown, in octets.
const SHOWN: usize = 120;

/// The first wait before a target is asked again that puts us off, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    /// Which kind of thing.
    pub kind: Kind,
    /// The reply that shows it: its first line, escaped.
    pub reply: String,
    /// The mailbox or the name that was refused, where it is one.
    pub refused: String,
}

/// The kinds of things that stand in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 421 for a greeting (RFC 5321 §3.8).
    Busy,
    /// 421 later on: it limits what one may do.
    Limits,
    /// Another greeting than 220: no service here (RFC 5321 §3.1).
    NoService,
    /// EHLO and HELO are refused.
    Name,
    /// TLS is wanted first (RFC 3207 §4).
    WantsTls,
    /// A login is wanted first (RFC 4954 §6).
    WantsLogin,
    /// STARTTLS is refused, with which we were to begin.
    NoTls,
    /// The login that we have is not taken.
    Login,
    /// The reverse-path is refused.
    Sender,
    /// The mailbox is refused.
    Mailbox,
    /// The mailbox is put off, as greylisting does (RFC 6647 §2).
    Greylisting,
}

impl Hindrance {
    /// What a session on the way to a recipient has met; nothing where it got there, or where it
    /// shows nothing that people could change.
    fn of(transcript: &Transcript, profile: &Profile) -> Option<Self> {
        let exchanges = exchanges(transcript);
        let refused = |index: &usize| {
            let (said, reply) = &exchanges[*index];
            let code = code_of(reply);
            // A server may know no EHLO, as long as it knows HELO.
            let again = said.starts_with(b"EHLO") && index + 1 < exchanges.len();
            (400..600).contains(&code) && !again
        };
        let (said, reply) = &exchanges[(0..exchanges.len()).find(refused)?];
        let code = code_of(reply);
        let says = |word: &str| {
            let text = reply.to_ascii_uppercase();
            text.windows(word.len()).any(|part| part == word.as_bytes())
        };
        let verb = said.split(|octet| !octet.is_ascii_alphabetic()).next().unwrap_or_default();
        let (kind, refused) = match (verb.to_ascii_uppercase().as_slice(), code) {
            (b"", 421) => (Kind::Busy, ""),
            (b"", _) => (Kind::NoService, ""),
            (_, 421) => (Kind::Limits, ""),
            (b"EHLO" | b"HELO" | b"LHLO" | b"MAIL" | b"RCPT", 530 | 523 | 538) => {
                let inside = profile.tls != Tls::None;
                let tls = !inside && (code != 530 || says("TLS") || says("ENCRYPT"));
                (if tls { Kind::WantsTls } else { Kind::WantsLogin }, "")
            }
            (b"EHLO" | b"HELO" | b"LHLO", _) => (Kind::Name, profile.client.as_str()),
            (b"MAIL", _) => (Kind::Sender, profile.sender.as_str()),
            (b"RCPT", 500..) => (Kind::Mailbox, profile.recipient.as_str()),
            (b"RCPT", _) => (Kind::Greylisting, profile.recipient.as_str()),
            (b"STARTTLS", _) => (Kind::NoTls, ""),
            (b"AUTH", _) => (Kind::Login, profile.credentials.as_ref().map_or("", |had| &had.user)),
            _ => return None,
        };
        let line = reply.split(|octet| *octet == b'\n').next().unwrap_or_default().trim_ascii_end();
        let reply = escape(&line[..line.len().min(SHOWN)]).to_string();
        Some(Self { kind, reply, refused: refused.to_owned() })
    }

    /// Whether a case that begins in this state can't be judged. One that begins before what stands
    /// in the way may still meet it, and may still learn something.
    pub(crate) fn bars(&self, given: Given) -> bool {
        match self.kind {
            Kind::Busy => true,
            // That a server may greet so, and what it owes a client then, is there to be judged.
            Kind::NoService | Kind::Limits => false,
            Kind::Name | Kind::NoTls => given != Given::Connected,
            Kind::WantsTls | Kind::WantsLogin | Kind::Login | Kind::Sender => {
                matches!(given, Given::Mail | Given::Recipient | Given::Data)
            }
            Kind::Mailbox | Kind::Greylisting => {
                matches!(given, Given::Recipient | Given::Data)
            }
        }
    }
}

/// What was said, and the reply to it; the greeting answers nothing.
fn exchanges(transcript: &Transcript) -> Vec<(&[u8], Vec<u8>)> {
    let mut exchanges: Vec<(&[u8], Vec<u8>)> = vec![(b"", Vec::new())];
    for event in &transcript.events {
        match &event.what {
            Happening::Sent { octets } => exchanges.push((octets, Vec::new())),
            Happening::Received { octets } => {
                if let Some((_, reply)) = exchanges.last_mut() {
                    reply.extend_from_slice(octets);
                }
            }
            _ => {}
        }
    }
    exchanges
}

/// The code with which a reply begins; 0 where it is none.
fn code_of(reply: &[u8]) -> u16 {
    let digits = reply.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(0)
}

/// Where a rehearsal takes place.
pub(crate) struct Stage<'a> {
    pub(crate) profile: &'a Arc<Profile>,
    pub(crate) address: SocketAddr,
    pub(crate) offered: &'a [String],
    pub(crate) unique: &'a str,
    pub(crate) stop: &'a Stop,
}

impl Stage<'_> {
    /// Goes the way once; while the target puts us off, again for as long as `patience` allows.
    pub(crate) async fn rehearse(&self, patience: Duration) -> Option<Hindrance> {
        let began = Instant::now();
        let mut wait = WAIT.0;
        loop {
            let outcome = self.play().await?;
            if outcome.result.verdict == Verdict::Pass {
                return None;
            }
            let hindrance = Hindrance::of(&outcome.result.transcript, self.profile)?;
            let passes = matches!(hindrance.kind, Kind::Greylisting | Kind::Busy | Kind::Limits);
            let left = patience.saturating_sub(began.elapsed());
            if !passes || left.is_zero() || self.stop.is_stopped() {
                return Some(hindrance);
            }
            tokio::select! {
                () = self.stop.stopped() => return Some(hindrance),
                () = sleep(wait.min(left)) => {}
            }
            wait = (wait * 2).min(WAIT.1);
        }
    }

    async fn play(&self) -> Option<Outcome> {
        let loaded = load(&[Source::new("rehearsal", WAY)])
            .expect("invariant: the way to a recipient is a well-formed scenario");
        let setup = Setup {
            shows_secrets: false,
            profile: Arc::clone(self.profile),
            unique: format!("{}-0-0", self.unique),
            segmentation: smtpspec_judge::Segmentation::AsWritten,
            offered: self.offered.to_vec(),
        };
        let case = loaded.suite.cases().into_iter().next()?;
        let nowhere = Postbox::default();
        Some(
            session::play(
                case,
                setup,
                self.address,
                &nowhere,
                &Biding::default(),
                self.stop.clone(),
            )
            .await,
        )
    }
}

impl fmt::Display for Hindrance {
    /// One sentence, with the flag that helps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, reply, refused } = self;
        let refused = refused.escape_debug();
        match kind {
            Kind::Busy | Kind::Limits => write!(
                f,
                "the target turns us away with `{reply}`: it is busy, or limits how often one may \
                 connect; --wait 5m goes on asking, and --jobs 1 asks for less at once"
            ),
            Kind::NoService => write!(
                f,
                "the target greets with `{reply}` and takes no mail; --server names another one"
            ),
            Kind::Name => write!(
                f,
                "the target does not take our name {refused}: `{reply}`; --ehlo names another one"
            ),
            Kind::WantsTls => {
                write!(f, "the target wants TLS first: `{reply}`; --tls begins with STARTTLS")
            }
            Kind::WantsLogin => write!(
                f,
                "the target wants a login first: `{reply}`; --login, with --user and \
                 SMTPSPEC_PASSWORD, begins with AUTH"
            ),
            Kind::NoTls => write!(
                f,
                "the target does not begin TLS: `{reply}`; without --tls the scenarios speak in \
                 the clear, and --tls-on-connect is for ports such as 465"
            ),
            Kind::Login => write!(
                f,
                "the target does not take the login of {refused}: `{reply}`; --user and \
                 SMTPSPEC_PASSWORD name another one"
            ),
            Kind::Sender => write!(
                f,
                "the target does not take mail from <{refused}>: `{reply}`; --from names another \
                 sender"
            ),
            Kind::Mailbox => write!(
                f,
                "the target does not take mail for <{refused}>: `{reply}`; --to names a mailbox \
                 that it accepts"
            ),
            Kind::Greylisting => write!(
                f,
                "the target puts off mail for <{refused}>, as greylisting does: `{reply}`; \
                 --wait 5m goes on asking until it takes it"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
