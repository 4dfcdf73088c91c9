//! What a scenario needs, and how much it bothers the target.

use crate::diagnostic::{Reader, Span};
use crate::language::{GIVEN, PARTIES, REQUIRES, SAFETIES};
use crate::scenario::{Given, Party, Requires, Safety, Speaks};
use crate::template::Template;
use crate::yaml::Node;

use super::fields::Fields;

/// The value of `requires:`.
pub(super) fn read(reader: Reader<'_>, node: &Node) -> Option<Requires> {
    let fields = Fields::read(reader, node, &REQUIRES)?;
    let ehlo = fields.get("ehlo").map(|node| reader.keywords(node)).unwrap_or_default();
    let profile = fields.get("profile").map(|node| reader.texts(node, "fact")).unwrap_or_default();
    let next_hop = match fields.get("next-hop") {
        None => false,
        Some(node) => reader.flag(node, "next-hop")?,
    };
    let protocol = match fields.get("protocol") {
        None => Speaks::default(),
        Some(node) => Speaks::ALL[reader.word(node, "protocol", &Speaks::WORDS)?],
    };
    if ehlo.is_empty() && profile.is_empty() && !next_hop && protocol == Speaks::default() {
        let message = "`requires:` names nothing that is required";
        reader.warning(fields.head, message).report();
    }
    let profile = profile.into_iter().filter_map(|(name, span)| fact(reader, name, span)).collect();
    Some(Requires { ehlo, profile, next_hop, protocol })
}

/// A fact or a variable: both have names that a template could hold.
pub(crate) fn fact(reader: Reader<'_>, name: &str, span: Span) -> Option<String> {
    if Template::text(&format!("${{{name}}}")).is_ok() {
        return Some(name.to_owned());
    }
    reader
        .error(span, format!("`{name}` can't be the name of a fact or a variable"))
        .help("a name is letters, digits, dots and hyphens")
        .fail()
}

/// The value of `given:`.
pub(super) fn given(reader: Reader<'_>, node: &Node) -> Option<Given> {
    Some(match GIVEN[reader.word(node, "state", &GIVEN)?] {
        "connected" => Given::Connected,
        "greeted" => Given::Greeted,
        "mail" => Given::Mail,
        "recipient" => Given::Recipient,
        "data" => Given::Data,
        "secured" => Given::Secured,
        _ => Given::Authenticated,
    })
}

/// The value of `plays:`.
pub(super) fn plays(reader: Reader<'_>, node: &Node) -> Option<Party> {
    Some(match PARTIES[reader.word(node, "party", &PARTIES)?] {
        "client" => Party::Client,
        _ => Party::Server,
    })
}

/// The value of `safety:`.
pub(super) fn safety(reader: Reader<'_>, node: &Node) -> Option<Safety> {
    Some(match SAFETIES[reader.word(node, "safety class", &SAFETIES)?] {
        "quiet" => Safety::Quiet,
        "noisy" => Safety::Noisy,
        _ => Safety::Hostile,
    })
}
