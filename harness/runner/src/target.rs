//! Where the server under test is: reading an address as people write it, and resolving it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The port of SMTP (RFC 5321 §4.5.4.2).
pub const SMTP_PORT: u16 = 25;

/// The port on which mail is posted (RFC 6409 §3.1).
pub const SUBMISSION_PORT: u16 = 587;

/// The port on which mail is posted inside TLS (RFC 8314 §3.3).
pub const SUBMISSIONS_PORT: u16 = 465;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetAddress {
    /// A name or an address; an IPv6 address without brackets.
    host: String,
    port: u16,
}

/// Why a text is no address of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetError {
    /// There is no host in it.
    NoHost,
    /// What stands for the host can't be one.
    BadHost(String),
    /// What stands for the port is no number from 1 to 65535.
    BadPort(String),
    /// `[` without `]`, or no IPv6 address between them.
    BadBrackets(String),
    /// A way of connecting that is not there.
    Scheme(String),
    /// Something behind host and port.
    Trailing(String),
}

impl TargetAddress {
    /// The name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is this machine for certain: a loopback address, or `localhost` (RFC 6761 §6.3).
    pub fn is_loopback(&self) -> bool {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return address.to_canonical().is_loopback();
        }
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        name.rsplit('.').next().is_some_and(|top| top.eq_ignore_ascii_case("localhost"))
    }

    /// The addresses that the name stands for, in the system's order.
    pub(crate) async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }
}

impl From<SocketAddr> for TargetAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for TargetAddress {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = without_scheme(text)?;
        let (host, port) = parts(text)?;
        let port = port.map_or(Ok(SMTP_PORT), read_port)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Takes off `smtp://`, or Postfix's `inet:`, which both say what is so anyhow.
fn without_scheme(text: &str) -> Result<&str, TargetError> {
    if let Some((scheme, rest)) = text.split_once("://") {
        if !scheme.eq_ignore_ascii_case("smtp") {
            return Err(TargetError::Scheme(scheme.to_owned()));
        }
        return match rest.split_once(['/', '?', '#']) {
            None | Some((_, "")) => Ok(rest.trim_end_matches('/')),
            Some((_, path)) => Err(TargetError::Trailing(path.to_owned())),
        };
    }
    for (scheme, known) in [("inet:", true), ("unix:", false), ("lmtp:", false)] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let scheme = scheme.trim_end_matches(':').to_owned();
            return if known { Ok(rest) } else { Err(TargetError::Scheme(scheme)) };
        }
    }
    Ok(text)
}

/// The host, and the port where there is one.
fn parts(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    if let Some(rest) = text.strip_prefix('[') {
        let bad = || TargetError::BadBrackets(text.to_owned());
        let (address, rest) = rest.split_once(']').ok_or_else(bad)?;
        if !is_ipv6(address) {
            return Err(bad());
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if rest.is_empty() => Ok((address, None)),
            None => Err(TargetError::Trailing(rest.to_owned())),
        };
    }
    // An IPv6 address without brackets has colons of its own, so no port can follow it.
    if is_ipv6(text) {
        return Ok((text, None));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if host.is_empty() {
        return Err(TargetError::NoHost);
    }
    let possible = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    if host.starts_with('-') || !host.bytes().all(possible) {
        return Err(TargetError::BadHost(host.to_owned()));
    }
    Ok((host, port))
}

/// An IPv6 address, with a zone or without (RFC 4007 §11).
fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

fn read_port(text: &str) -> Result<u16, TargetError> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(TargetError::BadPort(text.to_owned())),
    }
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str("there is no host; write HOST or HOST:PORT"),
            Self::BadHost(host) => {
                write!(f, "`{}` is no host name", host.escape_debug())
            }
            Self::BadPort(port) => {
                write!(f, "`{}` is no port; a port is 1 to 65535", port.escape_debug())
            }
            Self::BadBrackets(text) => {
                let text = text.escape_debug();
                write!(f, "`{text}` holds no IPv6 address in brackets; write [::1]:PORT")
            }
            Self::Scheme(scheme) => {
                let scheme = scheme.escape_debug();
                write!(f, "`{scheme}` is no way to connect; there is plain SMTP: smtp://HOST:PORT")
            }
            Self::Trailing(rest) => {
                write!(f, "`{}` has no meaning behind host and port", rest.escape_debug())
            }
        }
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let table = [
            ("mx.example.test", "mx.example.test:25"),
            ("mx.example.test:2525", "mx.example.test:2525"),
            ("127.0.0.1:2525", "127.0.0.1:2525"),
            ("[::1]:2525", "[::1]:2525"),
            ("[::1]", "[::1]:25"),
            ("::1", "[::1]:25"),
            ("[fe80::1%eth0]:25", "[fe80::1%eth0]:25"),
            ("smtp://mx.example.test", "mx.example.test:25"),
            ("SMTP://mx.example.test:587/", "mx.example.test:587"),
            ("smtp://[::1]:2525", "[::1]:2525"),
            ("inet:mx_1.example.test:26", "mx_1.example.test:26"),
        ];
        for (text, shown) in table {
            let address: TargetAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(shown.parse(), Ok(address), "{text}");
        }
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        let table = [
            ("", "there is no host; write HOST or HOST:PORT"),
            (":25", "there is no host; write HOST or HOST:PORT"),
            ("mx.example.test:", "`` is no port; a port is 1 to 65535"),
            ("mx.example.test:0", "`0` is no port; a port is 1 to 65535"),
            ("mx.example.test:+25", "`+25` is no port; a port is 1 to 65535"),
            ("mx.example.test:65536", "`65536` is no port; a port is 1 to 65535"),
            ("a:b:c", "`b:c` is no port; a port is 1 to 65535"),
            ("mx example", "`mx example` is no host name"),
            ("--help", "`--help` is no host name"),
            ("m\u{1b}x", "`m\\u{1b}x` is no host name"),
            ("[::1", "`[::1` holds no IPv6 address in brackets; write [::1]:PORT"),
            ("[mx]:25", "`[mx]:25` holds no IPv6 address in brackets; write [::1]:PORT"),
            ("[::1]x", "`x` has no meaning behind host and port"),
            ("smtp://mx/inbox", "`inbox` has no meaning behind host and port"),
            ("smtps://mx", "`smtps` is no way to connect; there is plain SMTP: smtp://HOST:PORT"),
            ("unix:/run/x", "`unix` is no way to connect; there is plain SMTP: smtp://HOST:PORT"),
        ];
        for (text, message) in table {
            let error = text.parse::<TargetAddress>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let is = |text: &str| text.parse::<TargetAddress>().unwrap().is_loopback();
        for text in
            ["127.0.0.1", "127.9.9.9:25", "::1", "::ffff:127.0.0.1", "LocalHost", "a.localhost."]
        {
            assert!(is(text), "{text}");
        }
        for text in ["192.0.2.1", "2001:db8::1", "0.0.0.0", "localhost.example.test", "mx"] {
            assert!(!is(text), "{text}");
        }
    }

    #[tokio::test]
    async fn an_address_resolves_to_itself() {
        let address: SocketAddr = "[::1]:2525".parse().unwrap();
        assert_eq!(TargetAddress::from(address).resolve().await.unwrap(), [address]);
    }
}
