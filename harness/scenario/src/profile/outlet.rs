//! Where the mail that a target accepts comes out, so that it can be looked at.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::diagnostic::Reader;
use crate::load::fields::Fields;
use crate::profile::keys::NEXT_HOP;
use crate::yaml::Node;

/// Where the mail that the target accepts comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlet {
    /// The target passes it on to the harness, which listens there.
    NextHop {
        /// Where the harness listens.
        listen: SocketAddr,
        /// What it speaks.
        protocol: HopProtocol,
        /// The EHLO keywords that it does not offer, in upper case.
        without: Vec<String>,
    },
    /// The target delivers it into the Maildir in this folder.
    Maildir(PathBuf),
    /// The target is the reference inside this program, and keeps it in memory.
    Memory,
    /// It should come out somewhere, but a first message did not, for this reason.
    Silent(String),
}

/// What the next hop speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HopProtocol {
    /// RFC 5321.
    #[default]
    Smtp,
    /// RFC 2033: a reply for each recipient.
    Lmtp,
}

impl HopProtocol {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Smtp, Self::Lmtp];

    /// The words of the profile, in the same order.
    pub(crate) const WORDS: [&str; 2] = ["smtp", "lmtp"];

    /// The word of the profile.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => Self::WORDS[0],
            Self::Lmtp => Self::WORDS[1],
        }
    }
}

impl FromStr for HopProtocol {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == word)
            .ok_or_else(|| format!("`{word}` is no protocol of a next hop; write smtp or lmtp"))
    }
}

impl fmt::Display for HopProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads `next-hop:` or `maildir:`.
pub(super) fn read(reader: Reader<'_>, fields: &Fields<'_>) -> Option<Outlet> {
    let maildir = fields.get("maildir").map(|node| {
        let path = reader.text(node, "maildir")?;
        if path.is_empty() {
            return reader.error(node.span, "`maildir:` is the path of a folder").fail();
        }
        Some(Outlet::Maildir(path.into()))
    });
    let next_hop = fields.get("next-hop").map(|node| read_next_hop(reader, node));
    if let (Some(_), Some(_), Some(entry)) = (&maildir, &next_hop, fields.entry("maildir")) {
        return reader
            .error(entry.key_span, "mail comes out at the next hop or in a Maildir, not at both")
            .help("name the place where the target really delivers")
            .fail();
    }
    maildir.or(next_hop).flatten()
}

fn read_next_hop(reader: Reader<'_>, node: &Node) -> Option<Outlet> {
    let fields = Fields::read(reader, node, &NEXT_HOP)?;
    let protocol = match fields.get("protocol") {
        None => Some(HopProtocol::default()),
        Some(node) => {
            reader.word(node, "protocol", &HopProtocol::WORDS).map(|index| HopProtocol::ALL[index])
        }
    };
    let without = fields.get("without").map(|node| reader.keywords(node)).unwrap_or_default();
    let without = without.iter().map(|keyword| keyword.to_ascii_uppercase()).collect();
    let node = fields.get("listen")?;
    let text = reader.text(node, "listen")?;
    let Ok(listen) = text.parse() else {
        return reader
            .error(node.span, format!("`{text}` is no address to listen on"))
            .help("write an IP address and a port: `127.0.0.1:2526`")
            .fail();
    };
    Some(Outlet::NextHop { listen, protocol: protocol?, without })
}
