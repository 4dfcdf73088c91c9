//! The reference server inside a run that was given no other target, and what a profile makes of
//! the reference.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use smtpspec_protocol::{Grammar, Host, Mailbox};
use smtpspec_reference::{Account, Config, MailingList, Moved, NextHopFacts, Queued, User};
use smtpspec_scenario::profile::{Habit, Waiting};
use smtpspec_scenario::{Credentials, Profile};
use tokio::task::JoinHandle;

use crate::serve::Listener;
use crate::sink::Sink;
use crate::stop::Stop;
use crate::target::TargetAddress;

/// The local part of a mailbox that mail is taken for and then not delivered to.
const LOST: &str = "undeliverable";

/// A reference server on a free port of this machine. It stops when it is dropped.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: Stop,
    task: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a server that is as the profile says, and throws its mail away.
    pub async fn start(profile: &Profile) -> io::Result<Self> {
        Self::with(config_of(profile), Sink::Discard).await
    }

    /// Starts a server with this configuration.
    pub async fn with(config: Config, sink: Sink) -> io::Result<Self> {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::run(Listener::bind(any_port, Arc::new(config), sink).await?)
    }

    /// Starts a server with this configuration, with TLS from the first octet (RFC 8314 §3).
    pub async fn within_tls(config: Config, sink: Sink) -> io::Result<Self> {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::run(Listener::bind(any_port, Arc::new(config), sink).await?.within_tls())
    }

    fn run(listener: Listener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = Stop::new();
        let task = Some(tokio::spawn(listener.serve(stop.clone())));
        Ok(Self { address, stop, task })
    }

    /// Where it is.
    pub fn address(&self) -> TargetAddress {
        TargetAddress::from(self.address)
    }

    /// Stops it, and waits until all its connections are closed.
    pub async fn stop(mut self) {
        self.stop.stop();
        if let Some(task) = self.task.take() {
            // It has nothing to tell, not even by a panic.
            let _ = task.await;
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Puts into a profile what is true of the reference that it describes, for the scenarios that
/// need to know: a mailbox that it can't deliver to, a list, and that it changes no mail.
pub fn tell_of_reference(profile: &mut Profile) {
    let (_, domain) = split(&profile.recipient, &Config::default().name);
    profile.undeliverable_recipient.get_or_insert_with(|| format!("{LOST}@{domain}"));
    profile.second_undeliverable_recipient.get_or_insert_with(|| format!("{LOST}2@{domain}"));
    profile.facts.extend(["relay", "one-name"].map(str::to_owned));
    let made = config_of(profile);
    if let Some((account, _)) = made.reassigned.first() {
        let mailbox = format!("{}@{}", account.local_part, account.domain);
        profile.variables.entry("reassigned".to_owned()).or_insert(mailbox);
    }
    if let Some(node) = made.etrn.first().filter(|_| !made.withheld.contains(&"ETRN".to_owned())) {
        profile.variables.entry("etrn".to_owned()).or_insert_with(|| node.clone());
    }
    let lists = made.lists;
    let Some((list, [member, second])) = lists.first().map(|list| (list, &list.members[..])) else {
        return;
    };
    let address = format!("{}@{}", list.local_part, list.domain);
    for (name, mailbox) in [
        ("list", &address),
        ("list.owner", &list.owner),
        ("list.member", member),
        ("list.member.second", second),
    ] {
        profile.variables.entry(name.to_owned()).or_insert_with(|| mailbox.clone());
    }
}

/// The reference that a profile describes: it has the profile's mailboxes and serves their
/// domains; what the profile leaves open is as in [`Config::default`].
pub fn config_of(profile: &Profile) -> Config {
    let usual = Config::default();
    let wanted = &profile.reference;
    let name = wanted.name.clone().unwrap_or_else(|| usual.name.clone());
    let mailboxes = [&profile.recipient].into_iter().chain(&profile.second_recipient);
    let mut accounts: Vec<Account> = Vec::new();
    for mailbox in mailboxes.chain(&wanted.mailboxes).chain(wanted.names.keys()) {
        let (local_part, domain) = split(mailbox, &name);
        let same = |one: &&Account| {
            one.local_part == local_part && one.domain.eq_ignore_ascii_case(&domain)
        };
        if accounts.iter().any(|one| same(&one)) {
            continue;
        }
        // The usual mailboxes have names of people, which VRFY tells.
        let known = usual.accounts.iter().find(same).cloned();
        let account = known.unwrap_or_else(|| Account::new(&local_part, &domain));
        accounts.push(match wanted.names.get(mailbox) {
            Some(full_name) => account.named(full_name),
            None => account,
        });
    }
    let undeliverable: Vec<Account> = profile
        .undeliverable()
        .map(|mailbox| split(mailbox, &name))
        .map(|(local_part, domain)| Account::new(&local_part, &domain))
        .collect();
    let (_, domain) = split(&profile.recipient, &name);
    let reassigned = usual
        .reassigned
        .iter()
        .map(|(account, since)| (Account { domain: domain.clone(), ..account.clone() }, *since));
    let reassigned: Vec<(Account, i64)> = reassigned.collect();
    let lists: Vec<MailingList> = wanted.lists.iter().map(|list| list_of(list, &name)).collect();
    let moved: Vec<Moved> = wanted.moved.iter().map(|moved| moved_of(moved, &name)).collect();
    let unknown = profile.unknown_recipient.iter().map(|mailbox| split(mailbox, &name).1);
    let mut domains: Vec<String> = accounts.iter().map(|one| one.domain.clone()).collect();
    domains.extend(undeliverable.iter().map(|one| one.domain.clone()));
    domains.extend(lists.iter().map(|list| list.domain.clone()).chain(unknown));
    domains.extend(moved.iter().map(|moved| moved.domain.clone()));
    domains.sort_by_key(|domain| domain.to_ascii_lowercase());
    domains.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    let lists = if wanted.lists.is_empty() {
        let served = |list: &MailingList| domains.contains(&list.domain);
        usual.lists.into_iter().filter(served).collect()
    } else {
        lists
    };
    let queues = |waiting: &BTreeMap<String, Vec<Waiting>>| {
        let named = |(name, mails): (&String, &Vec<Waiting>)| {
            (name.to_ascii_lowercase(), mails.iter().map(queued).collect())
        };
        waiting.iter().map(named).collect()
    };
    let has = |habit| wanted.habits.contains(&habit);
    Config {
        name,
        domains,
        accounts,
        undeliverable,
        reassigned,
        lists,
        moved,
        protocol: profile.protocol,
        relays: has(Habit::Relays),
        refuses_sessions: has(Habit::RefusesSessions),
        takes_no_mail: has(Habit::TakesNoMail),
        null_mx: wanted.null_mx.clone(),
        vrfy: !has(Habit::VrfyDisabled),
        expn: !has(Habit::ExpnDisabled),
        help: !has(Habit::HelpDisabled),
        rfc821: has(Habit::Rfc821),
        users: profile.credentials.iter().filter_map(user_of).collect(),
        auth_in_clear: has(Habit::AuthInClear),
        requires_login: has(Habit::RequiresLogin) || has(Habit::Submission),
        submission: has(Habit::Submission),
        withheld: wanted.without.clone(),
        next_hop: (!has(Habit::Delivers)).then(|| NextHopFacts {
            without: wanted.next_hop_without.clone(),
            ..NextHopFacts::default()
        }),
        max_message_octets: wanted.size.unwrap_or(usual.max_message_octets),
        max_recipients: limit(wanted.limits.recipients).unwrap_or(usual.max_recipients),
        max_transactions: limit(wanted.limits.transactions),
        max_domains: limit(wanted.limits.domains),
        timeout: usual.timeout / profile.timeouts.clock,
        turn: queues(&wanted.turn),
        atrn: queues(&wanted.atrn),
        ..usual
    }
}

fn limit(wanted: Option<u32>) -> Option<usize> {
    wanted.and_then(|limit| usize::try_from(limit).ok())
}

fn user_of(credentials: &Credentials) -> Option<User> {
    let Credentials { user, password, token } = credentials.clone();
    Some(User { name: user, password: password?, token })
}

fn list_of((address, members): (&String, &Vec<String>), server: &str) -> MailingList {
    let (local_part, domain) = split(address, server);
    let owner = owner_of(address);
    MailingList { local_part, domain, members: members.clone(), owner }
}

/// The mailbox that errors of a list go to, by its address.
fn owner_of(address: &str) -> String {
    address.rsplit_once('@').map_or_else(
        || format!("{address}-owner"),
        |(local_part, domain)| format!("{local_part}-owner@{domain}"),
    )
}

fn moved_of((address, to): (&String, &String), server: &str) -> Moved {
    let (local_part, domain) = split(address, server);
    Moved { local_part, domain, to: to.clone() }
}

/// The local part, unquoted, and the domain of a mailbox; without a domain it is the server's
/// own. What is no mailbox is cut at its last `@`: nobody can send to it, which shows soon enough.
fn split(mailbox: &str, server: &str) -> (String, String) {
    let grammar = Grammar { smtputf8: true, ..Grammar::default() };
    if let Ok(Mailbox { local_part, host: Host::Domain(domain) }) =
        Mailbox::parse(mailbox.as_bytes(), grammar)
    {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        return (text(&local_part.content()), text(domain));
    }
    let (local_part, domain) = mailbox.rsplit_once('@').unwrap_or((mailbox, server));
    (local_part.to_owned(), domain.to_owned())
}

fn queued(waiting: &Waiting) -> Queued {
    let octets = |text: &String| text.clone().into_bytes();
    Queued {
        reverse_path: octets(&waiting.from),
        recipients: waiting.to.iter().map(octets).collect(),
        message: waiting.text.lines().flat_map(|line| [line, "\r\n"]).collect::<String>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_profile_makes_the_usual_reference() {
        let (made, usual) = (config_of(&Profile::default()), Config::default());
        assert_eq!(made.name, usual.name);
        assert_eq!(made.domains, usual.domains);
        assert_eq!(made.accounts, usual.accounts);
        assert_eq!(made.lists, usual.lists);
        assert_eq!(made.max_message_octets, usual.max_message_octets);
    }

    #[test]
    fn a_profile_makes_the_reference_its_own() {
        let mut profile = Profile {
            recipient: "\"a b\"@one.test".to_owned(),
            second_recipient: None,
            unknown_recipient: Some("nobody@two.test".to_owned()),
            ..Profile::default()
        };
        let waiting = Waiting {
            from: String::new(),
            to: vec!["x@y.test".to_owned()],
            text: "a\nb\r\n".to_owned(),
        };
        profile.reference.name = Some("mx.one.test".to_owned());
        profile.reference.mailboxes = vec!["c@ONE.test".to_owned(), "d".to_owned()];
        profile.reference.lists =
            BTreeMap::from([("all@one.test".to_owned(), vec!["c@one.test".to_owned()])]);
        profile.reference.size = Some(1000);
        profile.reference.names = BTreeMap::from([("e@one.test".to_owned(), "Eve".to_owned())]);
        profile.reference.moved =
            BTreeMap::from([("f@three.test".to_owned(), "f@one.test".to_owned())]);
        profile.reference.habits = [Habit::Rfc821, Habit::ExpnDisabled].into();
        profile.reference.without = vec!["SIZE".to_owned()];
        profile.reference.limits.domains = Some(2);
        profile.reference.null_mx = vec!["null.test".to_owned()];
        profile.reference.next_hop_without = vec!["DSN".to_owned()];
        profile.reference.turn = BTreeMap::from([("Peer.Test".to_owned(), vec![waiting])]);
        let config = config_of(&profile);
        assert_eq!(config.name, "mx.one.test");
        assert_eq!(config.domains, ["mx.one.test", "one.test", "three.test", "two.test"]);
        let account = |local: &str, domain: &str| Account::new(local, domain);
        assert_eq!(
            config.accounts,
            [
                account("a b", "one.test"),
                account("c", "ONE.test"),
                account("d", "mx.one.test"),
                account("e", "one.test").named("Eve")
            ]
        );
        assert_eq!(config.moved[0].to, "f@one.test");
        assert!(config.rfc821 && config.vrfy && !config.expn);
        assert_eq!(config.withheld, ["SIZE"]);
        assert_eq!((config.max_domains, config.max_transactions), (Some(2), None));
        assert_eq!((config.max_recipients, &config.null_mx[..]), (1000, &["null.test".into()][..]));
        assert_eq!(config.next_hop.as_ref().unwrap().without, ["DSN"]);
        profile.reference.habits.insert(Habit::Delivers);
        assert_eq!(config_of(&profile).next_hop, None);
        assert_eq!(config.lists[0].local_part, "all");
        assert_eq!(config.max_message_octets, 1000);
        assert_eq!(config.turn["peer.test"][0].message, b"a\r\nb\r\n");
    }
}
