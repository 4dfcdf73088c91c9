//! From a profile's file to the profile, or to everything that is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use smtpspec_protocol::Protocol;

use crate::diagnostic::{Diagnostic, Problems, Reader};
use crate::language::TLS as TLS_WORDS;
use crate::load::fields::Fields;
use crate::load::requires::fact;
use crate::load::scope::Scope;
use crate::profile::keys::{AUTH, LIMITS, PROFILE, REFERENCE, TIMEOUTS, WAITING};
use crate::profile::outlet;
use crate::profile::{Credentials, Habit, Limits, Profile, Reference, Timeouts, Tls, Waiting};
use crate::source::{File, Source};
use crate::yaml::{self, Entry, Node, Value};

impl Profile {
    /// Reads a profile. What its file leaves out is as in the default; but the other mailboxes of
    /// the default belong to the reference server, so a profile that names a server or a recipient
    /// has only the mailboxes that it names.
    pub fn load(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let problems = RefCell::new(Problems::default());
        let profile = match File::open(source) {
            Ok(file) => read(Reader { file: &file, problems: &problems }),
            Err(refused) => {
                problems.borrow_mut().push(*refused);
                None
            }
        };
        let problems = problems.into_inner();
        match profile.filter(|_| !problems.refused()) {
            Some(profile) => Ok(profile),
            None => Err(problems.into_sorted(&BTreeMap::new())),
        }
    }
}

fn read(reader: Reader<'_>) -> Option<Profile> {
    let tree = yaml::parse(reader)?;
    let fields = Fields::read(reader, &tree, &PROFILE)?;
    let name = |key| fields.get(key).and_then(|node| host(reader, node, key));
    let mailbox = |key| fields.get(key).and_then(|node| mailbox(reader, node, key));
    let default = Profile::default();
    let foreign = fields.get("server").is_some() || fields.get("recipient").is_some();
    let auth = fields.get("auth").map(|node| credentials(reader, node));
    let of_reference = |mailbox: Option<String>| mailbox.filter(|_| !foreign);
    Some(Profile {
        server: name("server"),
        client: name("client").unwrap_or(default.client),
        sender: mailbox("sender").unwrap_or(default.sender),
        recipient: mailbox("recipient").unwrap_or(default.recipient),
        second_recipient: mailbox("recipient.second")
            .or_else(|| of_reference(default.second_recipient)),
        unknown_recipient: mailbox("recipient.unknown")
            .or_else(|| of_reference(default.unknown_recipient)),
        undeliverable_recipient: mailbox("recipient.undeliverable"),
        second_undeliverable_recipient: mailbox("recipient.undeliverable.second"),
        credentials: match &auth {
            Some(user) => user.as_ref().map(|(credentials, _)| credentials.clone()),
            None => default.credentials.filter(|_| !foreign),
        },
        facts: fields
            .get("facts")
            .map(|node| list(reader, node, "facts"))
            .unwrap_or_default()
            .iter()
            .filter_map(|node| fact(reader, reader.text(node, "fact")?, node.span))
            .collect(),
        variables: variables(reader, fields.get("variables")),
        outlet: outlet::read(reader, &fields),
        protocol: protocol(reader, &fields).unwrap_or_default(),
        login: matches!(auth, Some(Some((_, true)))),
        tls: fields.get("tls").and_then(|node| tls(reader, node)).unwrap_or_default(),
        timeouts: timeouts(reader, fields.get("timeouts")),
        reference: fields
            .get("reference")
            .and_then(|node| reference(reader, node))
            .unwrap_or_default(),
    })
}

/// Who the harness is, and whether it logs in always.
fn credentials(reader: Reader<'_>, node: &Node) -> Option<(Credentials, bool)> {
    let fields = Fields::read(reader, node, &AUTH)?;
    let text = |key| fields.get(key).and_then(|node| reader.text(node, key).map(str::to_owned));
    let (user, password, token) = (text("user")?, text("password"), text("token"));
    let always = match fields.get("always") {
        Some(node) => {
            let always = reader.flag(node, "always")?;
            if always && password.is_none() {
                let needs = "`always: true` needs a `password:` to log in with";
                return reader.error(node.span, needs).fail();
            }
            always
        }
        None => false,
    };
    Some((Credentials { user, password, token }, always))
}

/// What the target speaks, or the next hop.
pub(super) fn protocol(reader: Reader<'_>, fields: &Fields<'_>) -> Option<Protocol> {
    let Some(node) = fields.get("protocol") else { return Some(Protocol::default()) };
    reader.word(node, "protocol", &Protocol::WORDS).map(|index| Protocol::ALL[index])
}

fn tls(reader: Reader<'_>, node: &Node) -> Option<Tls> {
    let ways = [Tls::None, Tls::StartTls, Tls::OnConnect];
    reader.word(node, "way to TLS", &TLS_WORDS).map(|index| ways[index])
}

/// A name of a host, with or without a port, or an address literal: one word.
fn host(reader: Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    if text.is_empty() || text.contains(|character: char| !character.is_ascii_graphic()) {
        let message = format!("`{what}:` is one word without blanks, but this is `{text}`");
        return reader.error(node.span, message).fail();
    }
    Some(text.to_owned())
}

/// A mailbox as it stands between angle brackets. Only what is surely a slip is refused: a
/// profile may well hold an address that the grammar does not allow.
fn mailbox(reader: Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    let bare = !text.starts_with('<') && !text.chars().any(char::is_control);
    let named = text.eq_ignore_ascii_case("postmaster")
        || text.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if bare && named {
        return Some(text.to_owned());
    }
    reader
        .error(node.span, format!("`{what}:` is a mailbox, but this is `{text}`"))
        .help("write it without angle brackets: `user@example.test`")
        .fail()
}

fn list<'n>(reader: Reader<'_>, node: &'n Node, what: &str) -> &'n [Node] {
    let Value::List(nodes) = &node.value else {
        let message = format!("`{what}:` is a list, but this is {}", node.kind());
        reader.error(node.span, message).report();
        return &[];
    };
    nodes
}

fn mapping<'n>(reader: Reader<'_>, node: &'n Node, what: &str) -> &'n [Entry] {
    let Value::Mapping(entries) = &node.value else {
        let message = format!("`{what}:` is a mapping, but this is {}", node.kind());
        reader.error(node.span, message).report();
        return &[];
    };
    entries
}

fn variables(reader: Reader<'_>, node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map(|node| mapping(reader, node, "variables")).unwrap_or_default();
    let mut variables = BTreeMap::new();
    for entry in entries {
        if Scope::is_built_in(&entry.key) {
            reader
                .error(entry.key_span, format!("`{}` is no variable of your own", entry.key))
                .help("mailboxes and names have keys of their own at the top of the profile")
                .report();
        }
        let name = fact(reader, &entry.key, entry.key_span);
        let value = reader.text(&entry.value, "value");
        variables.extend(name.zip(value.map(str::to_owned)));
    }
    variables
}

fn timeouts(reader: Reader<'_>, node: Option<&Node>) -> Timeouts {
    let default = Timeouts::default();
    let Some(fields) = node.and_then(|node| Fields::read(reader, node, &TIMEOUTS)) else {
        return default;
    };
    let time = |key, default| {
        let Some(node) = fields.get(key) else { return default };
        match reader.duration(node, "timeout") {
            Some(Duration::ZERO) => {
                reader.error(node.span, "nothing comes in no time").report();
                default
            }
            time => time.unwrap_or(default),
        }
    };
    let clock = fields.get("clock").and_then(|node| {
        let clock = reader.number(node, "clock", 10_000)?;
        if clock == 0 {
            return reader.error(node.span, "a clock that stands still never ends").fail();
        }
        u32::try_from(clock).ok()
    });
    Timeouts {
        connect: time("connect", default.connect),
        reply: time("reply", default.reply),
        deliver: time("deliver", default.deliver),
        settle: time("settle", default.settle),
        scenario: time("scenario", default.scenario),
        run: time("run", default.run),
        clock: clock.unwrap_or(default.clock),
    }
}

fn reference(reader: Reader<'_>, node: &Node) -> Option<Reference> {
    let fields = Fields::read(reader, node, &REFERENCE)?;
    let named = |key: &'static str| {
        let entries = fields.get(key).map(|node| mapping(reader, node, key)).unwrap_or_default();
        entries.iter().map(move |entry| (entry.key.clone(), list(reader, &entry.value, key)))
    };
    let mailboxes = |nodes: &[Node]| -> Vec<String> {
        nodes.iter().filter_map(|node| mailbox(reader, node, "mailbox")).collect()
    };
    let texts = |key: &'static str| -> BTreeMap<String, String> {
        let entries = fields.get(key).map(|node| mapping(reader, node, key)).unwrap_or_default();
        let pair =
            |entry: &Entry| Some((entry.key.clone(), reader.text(&entry.value, key)?.to_owned()));
        entries.iter().filter_map(pair).collect()
    };
    let nodes =
        |key: &'static str| fields.get(key).map(|node| list(reader, node, key)).unwrap_or_default();
    let habit = |node| reader.word(node, "habit", &Habit::WORDS).map(|index| Habit::ALL[index]);
    let waits = |key| {
        named(key)
            .map(|(name, nodes)| {
                (name, nodes.iter().filter_map(|node| waiting(reader, node)).collect())
            })
            .collect()
    };
    Some(Reference {
        name: fields.get("name").and_then(|node| host(reader, node, "name")),
        mailboxes: fields
            .get("mailboxes")
            .map(|node| mailboxes(list(reader, node, "mailboxes")))
            .unwrap_or_default(),
        lists: named("lists").map(|(name, nodes)| (name, mailboxes(nodes))).collect(),
        names: texts("names"),
        moved: texts("moved"),
        habits: nodes("habits").iter().filter_map(habit).collect(),
        without: nodes("without")
            .iter()
            .filter_map(|node| reader.text(node, "keyword").map(str::to_ascii_uppercase))
            .collect(),
        next_hop_without: nodes("next-hop-without")
            .iter()
            .filter_map(|node| reader.text(node, "keyword").map(str::to_ascii_uppercase))
            .collect(),
        size: fields.get("size").and_then(|node| reader.number(node, "size", u64::MAX)),
        limits: fields.get("limits").and_then(|node| limits(reader, node)).unwrap_or_default(),
        null_mx: nodes("null-mx").iter().filter_map(|node| host(reader, node, "domain")).collect(),
        turn: waits("turn"),
        atrn: waits("atrn"),
    })
}

fn limits(reader: Reader<'_>, node: &Node) -> Option<Limits> {
    /// The most that LIMITS can tell (RFC 9422 §4).
    const MOST: u64 = 999_999;
    let fields = Fields::read(reader, node, &LIMITS)?;
    let limit = |key| {
        let node = fields.get(key)?;
        match reader.number(node, "limit", MOST)? {
            0 => reader.error(node.span, "a limit of zero takes nothing at all").fail(),
            limit => u32::try_from(limit).ok(),
        }
    };
    Some(Limits {
        transactions: limit("transactions"),
        recipients: limit("recipients"),
        domains: limit("domains"),
    })
}

fn waiting(reader: Reader<'_>, node: &Node) -> Option<Waiting> {
    let fields = Fields::read(reader, node, &WAITING)?;
    let from = fields.get("from").and_then(|node| match node.scalar() {
        Some(scalar) if scalar.text.is_empty() && !node.is_null() => Some(String::new()),
        _ => mailbox(reader, node, "from"),
    });
    let to = fields.get("to").map(|node| (node, list(reader, node, "to")));
    if let Some((node, [])) = to
        && matches!(node.value, Value::List(_))
    {
        reader.error(node.span, "this message has no recipients").report();
    }
    let text = fields.get("text").and_then(|node| reader.text(node, "text"));
    Some(Waiting {
        from: from?,
        to: to?.1.iter().filter_map(|node| mailbox(reader, node, "to")).collect(),
        text: text?.to_owned(),
    })
}
