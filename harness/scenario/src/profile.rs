//! The target, as its profile describes it: addresses, names, facts and patience. Nothing about
//! one target stands in a scenario.

pub(crate) mod keys;
mod load;
mod outlet;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use smtpspec_protocol::Protocol;

use crate::template::Variables;

pub use outlet::Outlet;

/// What a run knows of its target beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `HOST[:PORT]` of the target; the embedded reference where it is missing.
    pub server: Option<String>,
    /// `${client}`: the name that the harness gives in EHLO and HELO.
    pub client: String,
    /// `${sender}`: the reverse-path.
    pub sender: String,
    /// `${recipient}`: a mailbox that the target accepts.
    pub recipient: String,
    /// `${recipient.second}`: another one.
    pub second_recipient: Option<String>,
    /// `${recipient.unknown}`: a mailbox in a domain of the target that does not exist.
    pub unknown_recipient: Option<String>,
    /// `${recipient.undeliverable}`: a mailbox that the target accepts and then can't deliver to:
    /// the next hop, which the harness plays, refuses it.
    pub undeliverable_recipient: Option<String>,
    /// `${recipient.undeliverable.second}`: another one.
    pub second_undeliverable_recipient: Option<String>,
    /// Who the harness is where it logs in (RFC 4954 §4).
    pub credentials: Option<Credentials>,
    /// What is true of the target, by name: `turn`, `vrfy`.
    pub facts: BTreeSet<String>,
    /// Further variables.
    pub variables: BTreeMap<String, String>,
    /// Where the mail that it accepts comes out.
    pub outlet: Option<Outlet>,
    /// What it speaks.
    pub protocol: Protocol,
    /// Whether its sessions are inside TLS, and since when.
    pub tls: Tls,
    /// Whether the harness logs in before it does anything else, as servers of submission want it.
    pub login: bool,
    /// How long the harness waits.
    pub timeouts: Timeouts,
    /// What the reference server is to be, when the profile is given to `serve`.
    pub reference: Reference,
}

/// What a user knows, and the target too: `${user}`, `${password}` and `${token}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Option<String>,
    /// The token for OAUTHBEARER (RFC 7628 §3.1).
    pub token: Option<String>,
}

/// The name alone: secrets are printed nowhere.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whether sessions with the target are inside TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Only where a scenario begins it.
    #[default]
    None,
    /// After STARTTLS, which each prelude sends (RFC 3207).
    StartTls,
    /// From the first octet (RFC 8314 §3).
    OnConnect,
}

/// How long the harness waits before it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to open.
    pub connect: Duration,
    /// For a reply, a command or the end of a connection.
    pub reply: Duration,
    /// For mail to come out.
    pub deliver: Duration,
    /// After the last mail that came out, before no more is taken to come.
    pub settle: Duration,
    /// For a whole scenario.
    pub scenario: Duration,
    /// For the whole run.
    pub run: Duration,
    /// How many times faster the target's own timeouts run than the real ones: 1 for a server that
    /// is as it should be, more for one that was made hasty for tests. Slow scenarios wait so much
    /// shorter (RFC 5321 §4.5.3.2).
    pub clock: u32,
}

/// What the reference server is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// Its own name, in the greeting and elsewhere.
    pub name: Option<String>,
    /// Mailboxes beside the profile's recipients.
    pub mailboxes: Vec<String>,
    /// Mailing lists, each with its members: what EXPN tells.
    pub lists: BTreeMap<String, Vec<String>>,
    /// The full names of users, by mailbox: what VRFY tells.
    pub names: BTreeMap<String, String>,
    /// Users who have moved, each with the mailbox to send to instead (RFC 5321 §3.4).
    pub moved: BTreeMap<String, String>,
    /// What it does otherwise than usually.
    pub habits: BTreeSet<Habit>,
    /// Extensions that it does not offer, by their EHLO keywords.
    pub without: Vec<String>,
    /// Extensions that the server has not to which it passes mail on, by their EHLO keywords.
    pub next_hop_without: Vec<String>,
    /// The largest message, in octets.
    pub size: Option<u64>,
    /// What it tells of with LIMITS, and keeps to (RFC 9422 §4).
    pub limits: Limits,
    /// Domains of which it knows that they take no mail (RFC 7505 §3).
    pub null_mx: Vec<String>,
    /// For TURN: the names of clients, each with the messages that wait for it. Nobody may use
    /// TURN who is not named here (RFC 5321 appendix F.1).
    pub turn: BTreeMap<String, Vec<Waiting>>,
    /// For ATRN: the domains whose mail who logs in may ask for, each with the messages that wait
    /// (RFC 2645 §5.2.1).
    pub atrn: BTreeMap<String, Vec<Waiting>>,
}

/// The limits of a reference server; those of the default where they are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// On MAIL commands in a session: MAILMAX.
    pub transactions: Option<u32>,
    /// On recipients of a message: RCPTMAX.
    pub recipients: Option<u32>,
    /// On domains of recipients in a session: RCPTDOMAINMAX.
    pub domains: Option<u32>,
}

/// What a reference server does otherwise than usually.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Habit {
    /// It greets with 554 (RFC 5321 §3.1).
    RefusesSessions,
    /// It greets with 521, since it takes no mail at all (RFC 7504 §3).
    TakesNoMail,
    /// It takes mail for other domains (RFC 5321 §3.6.2).
    Relays,
    /// VRFY verifies nothing (RFC 5321 §7.3).
    VrfyDisabled,
    /// EXPN expands nothing (RFC 5321 §7.3).
    ExpnDisabled,
    /// HELP is not there.
    HelpDisabled,
    /// It has SEND, SOML and SAML (RFC 821 §3.4).
    Rfc821,
    /// It offers AUTH outside TLS too (RFC 4954 §4).
    AuthInClear,
    /// It does nothing for who has not logged in (RFC 4954 §6).
    RequiresLogin,
    /// It passes nothing on: mail ends in its own mailboxes (RFC 3461 §5.2.3).
    Delivers,
    /// People post their mail there (RFC 6409).
    Submission,
}

impl Habit {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::RefusesSessions,
        Self::TakesNoMail,
        Self::Relays,
        Self::VrfyDisabled,
        Self::ExpnDisabled,
        Self::HelpDisabled,
        Self::Rfc821,
        Self::AuthInClear,
        Self::RequiresLogin,
        Self::Delivers,
        Self::Submission,
    ];

    /// The words of the profile, in the same order.
    pub(crate) const WORDS: [&str; 11] = [
        "refuses-sessions",
        "takes-no-mail",
        "relays",
        "vrfy-disabled",
        "expn-disabled",
        "help-disabled",
        "rfc821",
        "auth-in-clear",
        "requires-login",
        "delivers",
        "submission",
    ];
}

/// A message that waits for a client that will TURN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its reverse-path, without angle brackets; empty for the null one.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// Its text; line ends become CRLF.
    pub text: String,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            reply: Duration::from_secs(5),
            deliver: Duration::from_secs(10),
            settle: Duration::from_secs(1),
            scenario: Duration::from_mins(1),
            run: Duration::from_mins(15),
            clock: 1,
        }
    }
}

impl Default for Profile {
    /// The addresses of the reference server, in domains that RFC 2606 reserves.
    fn default() -> Self {
        Self {
            server: None,
            client: "client.example.org".to_owned(),
            sender: "sender@example.org".to_owned(),
            recipient: "user@example.test".to_owned(),
            second_recipient: Some("user2@example.test".to_owned()),
            unknown_recipient: Some("nobody@example.test".to_owned()),
            undeliverable_recipient: None,
            second_undeliverable_recipient: None,
            credentials: Some(Credentials {
                user: "bob".to_owned(),
                password: Some("secret".to_owned()),
                token: Some("bobs-token".to_owned()),
            }),
            facts: BTreeSet::new(),
            variables: BTreeMap::new(),
            outlet: None,
            protocol: Protocol::default(),
            tls: Tls::default(),
            login: false,
            timeouts: Timeouts::default(),
            reference: Reference::default(),
        }
    }
}

impl Profile {
    /// The mailboxes that the target accepts and that nobody gets mail for.
    pub fn undeliverable(&self) -> impl Iterator<Item = &String> {
        self.undeliverable_recipient.iter().chain(&self.second_undeliverable_recipient)
    }

    /// Whether the profile states this: in so many words, or by what it says of the place where
    /// mail comes out.
    pub fn states(&self, fact: &str) -> bool {
        self.facts.contains(fact) || self.facts_of_outlet().contains(&fact)
    }

    /// What follows from where mail comes out: whether the target passes it on to a next hop that
    /// has DSN, 8BITMIME and others, or delivers it.
    fn facts_of_outlet(&self) -> Vec<&'static str> {
        const TAKES_EIGHT_BITS: &str = "takes-eight-bits";
        const TAKES_UTF8: &str = "takes-utf8";
        let hop = |without: &[String], last: bool| {
            let lacks = |keyword: &str| without.iter().any(|no| no.eq_ignore_ascii_case(keyword));
            let dsn = match (lacks("DSN"), last) {
                (false, _) => Some("next-hop-dsn"),
                // Whoever hands mail over by LMTP may as well say that it is delivered.
                (true, false) => Some("next-hop-without-dsn"),
                (true, true) => None,
            };
            let others = [
                ("8BITMIME", "next-hop-without-8bitmime"),
                ("BINARYMIME", "next-hop-without-binarymime"),
                ("SMTPUTF8", "next-hop-without-smtputf8"),
                ("DELIVERBY", "next-hop-without-deliverby"),
            ];
            let others = others.into_iter().filter(|(no, _)| lacks(no)).map(|(_, fact)| fact);
            let takes = [("8BITMIME", TAKES_EIGHT_BITS), ("SMTPUTF8", TAKES_UTF8)];
            let takes = takes.into_iter().filter(|(it, _)| !lacks(it)).map(|(_, fact)| fact);
            let by = (!lacks("DELIVERBY")).then_some("next-hop-deliverby");
            let relay = (!last).then_some("next-hop");
            dsn.into_iter().chain(others).chain(takes).chain(by).chain(relay).collect()
        };
        match &self.outlet {
            Some(Outlet::NextHop { protocol, without, .. }) => {
                // The next hop that the harness plays has none of these at all.
                let mut without = without.clone();
                without.push("BINARYMIME".to_owned());
                hop(&without, *protocol == Protocol::Lmtp)
            }
            Some(Outlet::Memory) if !self.reference.habits.contains(&Habit::Delivers) => {
                hop(&self.reference.next_hop_without, false)
            }
            Some(Outlet::Maildir(_) | Outlet::Memory) => {
                vec!["final-delivery", TAKES_EIGHT_BITS, TAKES_UTF8]
            }
            Some(Outlet::Silent(_)) | None => Vec::new(),
        }
    }

    /// The variables that scenarios can name.
    pub fn variables(&self) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in &self.variables {
            variables.set(name, value.as_str());
        }
        variables.set("client", self.client.as_str());
        if let Some(credentials) = &self.credentials {
            let Credentials { user, password, token } = credentials;
            let secrets = [("password", password), ("token", token)];
            variables.set("user", user.as_str());
            for (name, secret) in secrets {
                if let Some(secret) = secret {
                    variables.set(name, secret.as_str());
                }
            }
        }
        variables.set("hello", self.protocol.hello());
        variables.set_mailbox("sender", &self.sender);
        variables.set_mailbox("recipient", &self.recipient);
        if let Some(second) = &self.second_recipient {
            variables.set_mailbox("recipient.second", second);
        }
        if let Some(unknown) = &self.unknown_recipient {
            variables.set_mailbox("recipient.unknown", unknown);
        }
        if let Some(undeliverable) = &self.undeliverable_recipient {
            variables.set_mailbox("recipient.undeliverable", undeliverable);
        }
        if let Some(second) = &self.second_undeliverable_recipient {
            variables.set_mailbox("recipient.undeliverable.second", second);
        }
        variables
    }
}
