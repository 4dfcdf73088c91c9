//! What the reference server knows of itself: its names, its mailboxes, its limits, its habits.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use smtpspec_protocol::rfc3492::u_labels;
use smtpspec_protocol::{ForwardPath, Grammar, Host, Mailbox, Protocol, limits};

use crate::mutants::{Fault, Mutant, faults};
use crate::policy::Refusal;
use crate::rfc1985;
use crate::sasl::Slip;

/// The facts and the policy of a reference server. The texts are the operator's and go out as
/// they stand, so they have to be printable ASCII, and names have to be domain names. Mailboxes and
/// the names of their users may be in UTF-8 (RFC 6531 §3.3).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// The name that the server gives itself (RFC 5321 §4.3.1).
    pub name: String,
    /// The domains that it takes mail for, beside its own name (RFC 5321 §3.6.2).
    pub domains: Vec<String>,
    /// The users with a mailbox here. `postmaster` needs none: it exists everywhere
    /// (RFC 5321 §4.5.1).
    pub accounts: Vec<Account>,
    /// Mailboxes for which mail is taken that then can't be delivered (RFC 5321 §6.1).
    pub undeliverable: Vec<Account>,
    /// The users whose mailbox was somebody else's before, each with the second since 1970 from
    /// which on it is theirs (RFC 7293 §9).
    pub reassigned: Vec<(Account, i64)>,
    /// The mailing lists that EXPN tells of (RFC 5321 §3.5).
    pub lists: Vec<MailingList>,
    /// The users who have moved (RFC 5321 §3.4).
    pub moved: Vec<Moved>,
    /// Whether mail for other domains is taken (RFC 5321 §3.6.2).
    pub relays: bool,
    /// What it speaks (RFC 2033 §4).
    pub protocol: Protocol,
    /// Whether the greeting is 554 (RFC 5321 §3.1).
    pub refuses_sessions: bool,
    /// Whether the greeting is 521: no mail is taken here, whatever happens (RFC 7504 §3).
    pub takes_no_mail: bool,
    /// Domains that are known to take no mail: those with a null MX (RFC 7505 §3).
    pub null_mx: Vec<String>,
    /// Whether VRFY verifies; else it answers 252 (RFC 5321 §7.3).
    pub vrfy: bool,
    /// Whether EXPN expands and is offered; else it answers 252 (RFC 5321 §7.3).
    pub expn: bool,
    /// Whether HELP helps and is offered; else it answers 502 (RFC 5321 §4.1.1.8).
    pub help: bool,
    /// Whether SEND, SOML and SAML work and are offered; else they answer 502 (RFC 821 §3.4).
    pub rfc821: bool,
    /// The EHLO keywords of extensions that are not to be offered, in upper case.
    pub withheld: Vec<String>,
    /// The largest message taken, in octets; 0 for no fixed limit (RFC 1870 §3).
    pub max_message_octets: u64,
    /// The most Received fields that a message may have (RFC 5321 §6.3).
    pub max_received: usize,
    /// The most recipients of one message (RFC 5321 §4.5.3.1.8).
    pub max_recipients: usize,
    /// The most MAIL commands in one session, if there is such a limit (RFC 9422 §4.1).
    pub max_transactions: Option<usize>,
    /// The most domains of recipients in one session, if there is such a limit (RFC 9422 §4.3).
    pub max_domains: Option<usize>,
    /// The longest command line read, with its CRLF (RFC 5321 §4.5.3.1.4).
    pub max_command_line: usize,
    /// How long the server awaits the next command or data (RFC 5321 §4.5.3.2.7).
    pub timeout: Duration,
    /// Who can log in; without anybody AUTH is not offered (RFC 4954 §4).
    pub users: Vec<User>,
    /// Whether AUTH is offered outside TLS too, where passwords can be overheard (RFC 4954 §4).
    pub auth_in_clear: bool,
    /// Whether people post their mail here (RFC 6409).
    pub submission: bool,
    /// Whether nothing is done for a client that has not logged in (RFC 4954 §6).
    pub requires_login: bool,
    /// The longest line read in an AUTH exchange, with its CRLF (RFC 4954 §4).
    pub max_auth_line: usize,
    /// How often SCRAM hashes a password (RFC 5802 §5.1).
    pub scram_iterations: u32,
    /// Where mail is passed on to; without one it ends in the mailboxes of this server.
    pub next_hop: Option<NextHopFacts>,
    /// The clients that TURN serves, and what waits for each (RFC 821 §3.8). Empty: TURN is
    /// refused. A name is no proof of who is there, so this is for tests and closed networks.
    pub turn: TurnPeers,
    /// The domains whose mail who has logged in may ask for with ATRN, and what waits for each
    /// (RFC 2645 §5.2.1). Empty: ATRN is not offered.
    pub atrn: TurnPeers,
    /// The domains whose mail, and that of all below them, waits until it is asked for with ETRN
    /// (RFC 1985 §5.1), or until the session ends in which it came.
    pub etrn: Vec<String>,
    /// What is refused for reasons of the server's own (RFC 5321 §7.8).
    pub refusals: Vec<Refusal>,
    /// What the mechanisms of SASL get wrong; nothing for a careful server.
    pub slips: Vec<Slip>,
    /// In which ways the server deviates from the rules; none for a careful one.
    pub mutants: Vec<&'static Mutant>,
}

/// Client names, in lower case, with the mail that waits for each (RFC 821 §3.8).
pub type TurnPeers = BTreeMap<String, Vec<Queued>>;

/// A user with a mailbox (RFC 5321 §2.3.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The local part, without quotes or backslashes that only serve to spell it.
    pub local_part: String,
    /// The domain.
    pub domain: String,
    /// The name that VRFY gives with the mailbox (RFC 5321 §3.5.1).
    pub full_name: Option<String>,
}

/// Somebody who can log in (RFC 4954 §4).
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name, as SASL has it.
    pub name: String,
    /// The password.
    pub password: String,
    /// The token for OAUTHBEARER, if there is one (RFC 7628 §3.1).
    pub token: Option<String>,
}

/// The name alone: secrets are printed nowhere.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A mailing list: mail to it is taken, EXPN tells its members (RFC 5321 §3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailingList {
    /// The local part of the list's address, as in [`Account`].
    pub local_part: String,
    /// The domain.
    pub domain: String,
    /// The members' mailboxes, as they are to be told.
    pub members: Vec<String>,
    /// The mailbox that errors go to (RFC 5321 §3.9); it exists.
    pub owner: String,
}

/// A user who has moved: mail is refused, and the new mailbox told (RFC 5321 §3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The local part of the old address, as in [`Account`].
    pub local_part: String,
    /// Its domain.
    pub domain: String,
    /// The mailbox to send to instead.
    pub to: String,
}

/// A message that waits for a host which fetches its mail with TURN (RFC 821 §3.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The sender's mailbox without brackets, empty for `<>`.
    pub reverse_path: Vec<u8>,
    /// The recipients' mailboxes without brackets.
    pub recipients: Vec<Vec<u8>>,
    /// The message, in lines that end with CRLF.
    pub message: Vec<u8>,
}

/// The server that mail is passed on to (RFC 5321 §3.6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHopFacts {
    /// Its name.
    pub name: String,
    /// The EHLO keywords that it does not offer, in upper case; what is not here it has.
    pub without: Vec<String>,
}

impl NextHopFacts {
    /// Whether it has the extension.
    pub(crate) fn offers(&self, keyword: &str) -> bool {
        !self.without.iter().any(|without| without.eq_ignore_ascii_case(keyword))
    }
}

impl Default for NextHopFacts {
    /// One that has every extension.
    fn default() -> Self {
        Self { name: "next-hop.example.test".to_owned(), without: Vec::new() }
    }
}

/// What an address means to this server (RFC 5321 §3.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has a mailbox here.
    Local,
    /// It is a list of this server.
    List,
    /// It is in one of our domains, but nobody has it.
    NoSuchUser,
    /// It is somewhere else, and we pass it on.
    Relayed,
    /// It is somewhere else, and we do not pass it on.
    Foreign,
}

impl Config {
    /// Whether the end of TLS is told before the connection is closed (rfc8314-3.4-1).
    pub fn ends_tls(&self) -> bool {
        !faults(&self.mutants).any(|fault| matches!(fault, Fault::Truncates))
    }

    /// What mail to this path would meet.
    pub(crate) fn standing(&self, path: &ForwardPath<'_>) -> Standing {
        match path {
            // rfc5321-2.3.5-6: the name without a domain is ours, in any case.
            ForwardPath::Postmaster(_) => Standing::Local,
            ForwardPath::Path(path) => self.standing_of(&path.mailbox),
        }
    }

    /// What mail to this mailbox would meet.
    pub(crate) fn standing_of(&self, mailbox: &Mailbox<'_>) -> Standing {
        let domain = match &mailbox.host {
            Host::Domain(domain) if self.serves(domain) => *domain,
            Host::Domain(domain) if rfc1985::keeps_mail_for(self, domain) => {
                return Standing::Relayed;
            }
            _ if self.relays => return Standing::Relayed,
            _ => return Standing::Foreign,
        };
        let local_part = mailbox.local_part.content();
        // rfc5321-4.5.1-4: postmaster exists in each domain that we serve.
        if local_part.eq_ignore_ascii_case(b"postmaster") {
            return Standing::Local;
        }
        let is = |local: &str, at: &str| {
            local.as_bytes() == &*local_part && is_same_domain(at.as_bytes(), domain)
        };
        let reassigned = self.reassigned.iter().map(|(account, _)| account);
        let mut accounts = self.accounts.iter().chain(&self.undeliverable).chain(reassigned);
        let owner = |list: &MailingList| {
            list.owner.rsplit_once('@').is_some_and(|(local, domain)| is(local, domain))
        };
        if accounts.any(|account| is(&account.local_part, &account.domain))
            || self.lists.iter().any(owner)
        {
            Standing::Local
        } else if self.lists.iter().any(|list| is(&list.local_part, &list.domain)) {
            Standing::List
        } else {
            Standing::NoSuchUser
        }
    }

    /// The list with this address, however its local part is quoted.
    pub(crate) fn list_at(&self, mailbox: &[u8]) -> Option<&MailingList> {
        self.lists.iter().find(|list| is_at(mailbox, &list.local_part, &list.domain))
    }

    /// Whether mail to this mailbox gets lost once it was accepted.
    pub(crate) fn loses(&self, mailbox: &[u8]) -> bool {
        let mut undeliverable = self.undeliverable.iter();
        undeliverable.any(|account| is_at(mailbox, &account.local_part, &account.domain))
    }

    /// Since which second after 1970 began the mailbox has its owner; of most nobody ever had
    /// another one, and any time is within theirs (rfc7293-9-2).
    pub(crate) fn owned_since(&self, mailbox: &Mailbox<'_>) -> i64 {
        let Host::Domain(domain) = &mailbox.host else { return i64::MIN };
        let local_part = mailbox.local_part.content();
        let is = |(account, _): &&(Account, i64)| {
            account.local_part.as_bytes() == &*local_part
                && account.domain.as_bytes().eq_ignore_ascii_case(domain)
        };
        self.reassigned.iter().find(is).map_or(i64::MIN, |(_, since)| *since)
    }

    /// Where the user of this mailbox has moved to, if that is so (RFC 5321 §3.4).
    pub(crate) fn moved_to(&self, mailbox: &Mailbox<'_>) -> Option<&str> {
        let Host::Domain(domain) = &mailbox.host else { return None };
        let local_part = mailbox.local_part.content();
        let is = |moved: &&Moved| {
            moved.local_part.as_bytes() == &*local_part
                && is_same_domain(moved.domain.as_bytes(), domain)
        };
        self.moved.iter().find(is).map(|moved| moved.to.as_str())
    }

    /// Whether mail for the domain ends here, whatever the case of its letters (rfc5321-2.4-6).
    fn serves(&self, domain: &[u8]) -> bool {
        self.domains.iter().chain([&self.name]).any(|ours| is_same_domain(ours.as_bytes(), domain))
    }

    /// The mail that waits for the client of this name, if TURN is for it (RFC 821 §3.8).
    pub(crate) fn turn_queue(&self, client: &[u8]) -> Option<&Vec<Queued>> {
        let client = std::str::from_utf8(client).ok()?;
        self.turn.get(&client.to_ascii_lowercase())
    }
}

/// Whether both are the same domain, whatever the case of its letters, and whether its labels are
/// A-labels or U-labels (rfc5321-2.4-6, RFC 5890 §2.3.2.4).
pub(crate) fn is_same_domain(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other) || u_labels(one).eq_ignore_ascii_case(&u_labels(other))
}

/// Whether it is the mailbox with this local part, without quotes, in this domain.
fn is_at(mailbox: &[u8], local_part: &str, domain: &str) -> bool {
    match Mailbox::parse(mailbox, Grammar { smtputf8: true, ..Grammar::default() }) {
        Ok(Mailbox { local_part: spelled, host: Host::Domain(host) }) => {
            *spelled.content() == *local_part.as_bytes() && is_same_domain(host, domain.as_bytes())
        }
        _ => false,
    }
}

/// When the usual reassigned mailbox was given to its owner: in May 2014.
const REASSIGNED: i64 = 1_400_000_000;

impl Account {
    /// A user without a full name.
    pub fn new(local_part: &str, domain: &str) -> Self {
        Self { local_part: local_part.to_owned(), domain: domain.to_owned(), full_name: None }
    }

    /// The same user, with a name that VRFY tells (RFC 5321 §3.5.1).
    #[must_use]
    pub fn named(self, full_name: &str) -> Self {
        Self { full_name: Some(full_name.to_owned()), ..self }
    }
}

impl Default for Config {
    /// `mx.example.test`, with the mailboxes `user` and `user2` at `example.test`, where `bob` can
    /// log in.
    fn default() -> Self {
        Self {
            name: "mx.example.test".to_owned(),
            domains: vec!["example.test".to_owned()],
            accounts: vec![
                Account::new("user", "example.test").named("Ursula User"),
                Account::new("user2", "example.test").named("Ulrich Second"),
            ],
            undeliverable: Vec::new(),
            reassigned: vec![(Account::new("reassigned", "example.test"), REASSIGNED)],
            lists: vec![MailingList {
                local_part: "list".to_owned(),
                domain: "example.test".to_owned(),
                members: vec!["user@example.test".to_owned(), "user2@example.test".to_owned()],
                owner: "list-owner@example.test".to_owned(),
            }],
            moved: Vec::new(),
            relays: false,
            protocol: Protocol::Smtp,
            refuses_sessions: false,
            takes_no_mail: false,
            null_mx: Vec::new(),
            vrfy: true,
            expn: true,
            help: true,
            rfc821: false,
            withheld: Vec::new(),
            max_message_octets: 10 << 20,
            max_received: 100,
            max_recipients: 1000,
            max_transactions: None,
            max_domains: None,
            max_command_line: 4096,
            timeout: limits::SERVER_TIMEOUT,
            users: vec![User {
                name: "bob".to_owned(),
                password: "secret".to_owned(),
                token: Some("bobs-token".to_owned()),
            }],
            auth_in_clear: false,
            requires_login: false,
            max_auth_line: limits::AUTH_LINE,
            scram_iterations: 4096,
            next_hop: Some(NextHopFacts::default()),
            turn: TurnPeers::new(),
            atrn: TurnPeers::new(),
            etrn: vec!["branch.example.test".to_owned()],
            submission: false,
            refusals: Vec::new(),
            slips: Vec::new(),
            mutants: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(mailbox: &str) -> Standing {
        let mailbox = Mailbox::parse(mailbox.as_bytes(), Grammar::default()).unwrap();
        Config::default().standing_of(&mailbox)
    }

    #[test]
    fn domains_are_compared_without_case_and_local_parts_with_it() {
        assert_eq!(standing("user@EXAMPLE.test"), Standing::Local);
        assert_eq!(standing("USER@example.test"), Standing::NoSuchUser);
    }

    #[test]
    fn a_quoted_spelling_is_the_same_mailbox() {
        assert_eq!(standing("\"user\"@example.test"), Standing::Local);
        assert_eq!(standing("\"us\\er\"@example.test"), Standing::Local);
    }

    #[test]
    fn postmaster_exists_in_each_domain_served_and_only_there() {
        assert_eq!(standing("PostMaster@mx.example.test"), Standing::Local);
        assert_eq!(standing("\"postmaster\"@example.test"), Standing::Local);
        assert_eq!(standing("postmaster@elsewhere.test"), Standing::Foreign);
    }

    #[test]
    fn other_domains_are_relayed_only_where_that_is_wanted() {
        let mailbox = Mailbox::parse(b"user@[192.0.2.1]", Grammar::default()).unwrap();
        let mut config = Config::default();
        assert_eq!(config.standing_of(&mailbox), Standing::Foreign);
        config.relays = true;
        assert_eq!(config.standing_of(&mailbox), Standing::Relayed);
    }

    #[test]
    fn a_mailbox_may_be_in_utf8() {
        assert!(is_at("j\u{fc}rgen@example.test".as_bytes(), "j\u{fc}rgen", "example.test"));
    }
}
