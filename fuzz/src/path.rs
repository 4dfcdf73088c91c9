//! Mailboxes, paths and address literals (RFC 5321 §4.1.2, §4.1.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use smtpspec_protocol::{
    AddressLiteral, Command, ForwardPath, Grammar, Host, LocalPart, Mailbox, Path, Request,
    ReversePath, SourceRoute,
};

/// Any octets as a mailbox, and as what stands behind the colon of MAIL and RCPT.
///
/// A mailbox prints as it was read, names the same when its local part is quoted in another way,
/// and stands in both kinds of path without a quirk; a path that is read has a route of domains
/// and a mailbox that are each read alone. Addresses are those that the standard library reads
/// (RFC 5321 §4.1.2, §4.1.3).
pub fn path(input: &[u8]) {
    for grammar in [Grammar::default(), Grammar { smtputf8: true, ..Grammar::default() }] {
        match Mailbox::parse(input, grammar) {
            Ok(mailbox) => assert_mailbox(input, &mailbox, grammar),
            Err(error) => {
                assert!(error.at <= input.len(), "{error}");
                assert!(!is_in_a_path(input, grammar), "a path holds what is no mailbox");
            }
        }
        assert_paths(input, grammar);
    }
}

/// Whether MAIL has a path of exactly these octets.
fn is_in_a_path(mailbox: &[u8], grammar: Grammar) -> bool {
    let line = [b"MAIL FROM:<", mailbox, b">"].concat();
    match Request::parse(&line, grammar).command {
        Ok(Command::Mail(mail)) => match mail.reverse_path {
            ReversePath::Path(path) => printed(&path.mailbox) == mailbox,
            ReversePath::Null => false,
        },
        _ => false,
    }
}

fn assert_mailbox(input: &[u8], mailbox: &Mailbox<'_>, grammar: Grammar) {
    assert_eq!(printed(mailbox), input);
    assert_local_part(&mailbox.local_part, grammar);
    if let Host::Literal(literal) = mailbox.host {
        assert_address(&literal);
    }
    let expected = Path { route: SourceRoute::default(), mailbox: *mailbox };
    let mail = [b"MAIL FROM:<", input, b">"].concat();
    let mail = Request::parse(&mail, grammar);
    assert!(mail.is_strict());
    let Ok(Command::Mail(mail)) = mail.command else { panic!("{:?}", mail.command) };
    assert_eq!(mail.reverse_path, ReversePath::Path(expected));
    let rcpt = [b"RCPT TO:<", input, b">"].concat();
    let rcpt = Request::parse(&rcpt, grammar);
    assert!(rcpt.is_strict());
    let Ok(Command::Rcpt(rcpt)) = rcpt.command else { panic!("{:?}", rcpt.command) };
    assert_eq!(rcpt.forward_path, ForwardPath::Path(expected));
}

/// A local part says the same when every octet of it is quoted that may be.
fn assert_local_part(local_part: &LocalPart<'_>, grammar: Grammar) {
    let content = local_part.content();
    assert!(content.len() <= local_part.len());
    let mut quoted = b"\"".to_vec();
    for &octet in &*content {
        if octet.is_ascii() {
            quoted.push(b'\\');
        }
        quoted.push(octet);
    }
    quoted.extend_from_slice(b"\"@x");
    let other = Mailbox::parse(&quoted, grammar).expect("what is said can be quoted");
    assert!(other.local_part.is_same_as(local_part) && local_part.is_same_as(&other.local_part));
}

/// The standard library reads the same address; the grammar of RFC 5321 is the narrower one.
fn assert_address(literal: &AddressLiteral<'_>) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("addresses are ASCII");
    match *literal {
        AddressLiteral::Ipv4 { raw, address } => {
            // The grammar has up to three digits, and does not forbid a zero in front.
            let numbers: Vec<u8> = text(raw)
                .split('.')
                .map(|part| part.parse().expect("a number of a byte"))
                .collect();
            assert_eq!(
                Ipv4Addr::from(<[u8; 4]>::try_from(numbers).expect("four numbers")),
                address
            );
        }
        AddressLiteral::Ipv6 { raw, address } => {
            let text = text(&raw["IPv6:".len()..]);
            // A zero in front of the IPv4 part is ours to read, and not the standard library's.
            let dotted = text.rsplit(':').next().is_some_and(|last| last.contains('.'));
            let found: Result<Ipv6Addr, _> = text.parse();
            assert!(found == Ok(address) || (dotted && found.is_err()), "{text}");
        }
        AddressLiteral::General { tag, content } => {
            assert!(!tag.is_empty() && !content.is_empty());
        }
    }
}

fn assert_paths(input: &[u8], grammar: Grammar) {
    for start in [&b"MAIL FROM:"[..], b"RCPT TO:", b"SAML FROM:"] {
        let line = [start, input].concat();
        let request = Request::parse(&line, grammar);
        let (path, octets) = match request.command {
            Err(error) => {
                assert!(error.at <= line.len(), "{error}");
                continue;
            }
            Ok(Command::Mail(mail)) => reverse(mail.reverse_path),
            Ok(Command::Saml(path)) => reverse(path),
            Ok(Command::Rcpt(rcpt)) => forward(rcpt.forward_path),
            Ok(other) => panic!("{other:?}"),
        };
        assert!(input.windows(octets.len()).any(|part| part == octets), "it prints as written");
        let Some(path) = path else { continue };
        assert_eq!(Mailbox::parse(&printed(&path.mailbox), grammar), Ok(path.mailbox));
        assert_route(&path.route, grammar);
    }
}

fn assert_route(route: &SourceRoute<'_>, grammar: Grammar) {
    let hops: Vec<_> = route.iter().map(|domain| [b"@", domain].concat()).collect();
    assert_eq!(hops.join(&b","[..]), route.as_bytes());
    assert_eq!(hops.is_empty(), route.is_empty());
    for hop in hops {
        let mailbox = [&b"x"[..], &hop].concat();
        assert!(matches!(
            Mailbox::parse(&mailbox, grammar),
            Ok(Mailbox { host: Host::Domain(domain), .. }) if domain == &hop[1..]
        ));
    }
}

fn reverse(path: ReversePath<'_>) -> (Option<Path<'_>>, Vec<u8>) {
    let mut octets = Vec::new();
    path.write_to(&mut octets);
    match path {
        ReversePath::Null => (None, octets),
        ReversePath::Path(path) => (Some(path), octets),
    }
}

fn forward(path: ForwardPath<'_>) -> (Option<Path<'_>>, Vec<u8>) {
    let mut octets = Vec::new();
    path.write_to(&mut octets);
    match path {
        ForwardPath::Postmaster(written) => {
            assert!(written.eq_ignore_ascii_case(b"postmaster"));
            (None, octets)
        }
        ForwardPath::Path(path) => (Some(path), octets),
    }
}

fn printed(mailbox: &Mailbox<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    mailbox.write_to(&mut octets);
    octets
}
