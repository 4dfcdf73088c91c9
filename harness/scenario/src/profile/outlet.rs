//! Where the mail that a target accepts comes out, so that it can be looked at.

use std::net::SocketAddr;
use std::path::PathBuf;

use smtpspec_protocol::Protocol;

use crate::diagnostic::Reader;
use crate::load::fields::Fields;
use crate::profile::keys::NEXT_HOP;
use crate::profile::load::protocol;
use crate::yaml::Node;

/// Where the mail that the target accepts comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlet {
    /// The target passes it on to the harness, which listens there.
    NextHop {
        /// Where the harness listens.
        listen: SocketAddr,
        /// What it speaks.
        protocol: Protocol,
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
    let without = fields.get("without").map(|node| reader.keywords(node)).unwrap_or_default();
    let without = without.iter().map(|keyword| keyword.to_ascii_uppercase()).collect();
    let protocol = protocol(reader, &fields);
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
