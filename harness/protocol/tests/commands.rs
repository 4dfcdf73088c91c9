//! Laws of command lines: what the grammar generates is read, what is read is written again, and
//! no octets at all lead to a panic or out of the line.

use proptest::prelude::*;
use smtpspec_protocol::escape::escape;
use smtpspec_protocol::{Command, Grammar, Host, Mailbox, Request};

const ATOM: &str = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,6}";
const DOMAIN: &str = "[A-Za-z0-9]([A-Za-z0-9-]{0,5}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,5}[A-Za-z0-9])?){0,2}";

fn local_part() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(ATOM, 1..4).prop_map(|atoms| atoms.join(".")),
        "\"([ !#-\\[\\]-~]|\\\\[ -~]){0,8}\"",
    ]
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| format!("[{address}]")),
        any::<[u16; 8]>().prop_map(|groups| {
            let groups = groups.map(|group| format!("{group:x}"));
            format!("[IPv6:{}]", groups.join(":"))
        }),
        "\\[x-[a-z]{1,4}:[!-Z^-~]{1,8}\\]",
    ]
}

fn mailbox() -> impl Strategy<Value = String> {
    (local_part(), prop_oneof![DOMAIN.prop_map(String::from), literal()])
        .prop_map(|(local, host)| format!("{local}@{host}"))
}

fn path() -> impl Strategy<Value = String> {
    (prop::collection::vec(DOMAIN, 0..3), mailbox()).prop_map(|(route, mailbox)| {
        let hops: Vec<_> = route.iter().map(|hop| format!("@{hop}")).collect();
        let colon = if hops.is_empty() { "" } else { ":" };
        format!("<{}{colon}{mailbox}>", hops.join(","))
    })
}

fn parameters() -> impl Strategy<Value = String> {
    prop::collection::vec(" [A-Za-z0-9][A-Za-z0-9-]{0,6}(=[!-<>-~]{1,8})?", 0..4)
        .prop_map(|items| items.concat())
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![ATOM, "\"([ !#-\\[\\]-~]|\\\\[ -~]){0,8}\""]
}

/// A command line that is in the grammar.
fn legal() -> impl Strategy<Value = String> {
    let reverse = || prop_oneof![Just("<>".to_owned()), path()];
    let forward = || prop_oneof!["<[Pp]ost[Mm]aster>", path()];
    prop_oneof![
        DOMAIN.prop_map(|name| format!("HELO {name}")),
        prop_oneof![DOMAIN.prop_map(String::from), literal()]
            .prop_map(|name| format!("EHLO {name}")),
        (reverse(), parameters()).prop_map(|(path, list)| format!("MAIL FROM:{path}{list}")),
        (forward(), parameters()).prop_map(|(path, list)| format!("RCPT TO:{path}{list}")),
        "(DATA|RSET|QUIT|TURN|HELP|NOOP|STARTTLS)",
        ("(VRFY|EXPN)", prop_oneof![string(), mailbox()])
            .prop_map(|(verb, user)| format!("{verb} {user}")),
        ("(HELP|NOOP)", string()).prop_map(|(verb, string)| format!("{verb} {string}")),
        ("(SEND|SOML|SAML)", reverse()).prop_map(|(verb, path)| format!("{verb} FROM:{path}")),
        "X[A-Z]{1,6} [!-~]([ -~]{0,10}[!-~])?",
    ]
}

/// A line that may well be wrong: a legal one in which some octets are others.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let octet =
        prop_oneof![any::<u8>(), prop::sample::select(b" \t\r\n\0<>@:,.\"\\[]=-_\xc3".to_vec()),];
    (legal(), prop::collection::vec((any::<prop::sample::Index>(), octet, 0..3_u8), 0..4)).prop_map(
        |(line, changes)| {
            let mut line = line.into_bytes();
            for (place, octet, how) in changes {
                let at = place.index(line.len() + 1);
                match how {
                    0 => line.insert(at, octet),
                    1 if at < line.len() => line[at] = octet,
                    _ if at < line.len() => drop(line.remove(at)),
                    _ => line.push(octet),
                }
            }
            line
        },
    )
}

fn grammar() -> impl Strategy<Value = Grammar> {
    any::<bool>().prop_map(|smtputf8| Grammar { smtputf8, ..Grammar::default() })
}

/// Writes a command and reads it again.
fn reads_again(command: &Command<'_>, grammar: Grammar) -> Result<(), TestCaseError> {
    let written = command.to_bytes();
    let line = written.strip_suffix(b"\r\n").unwrap_or(&written);
    let again = Request::parse(line, grammar);
    prop_assert_eq!(&again.command, &Ok(*command), "{}", escape(&written));
    let mut twice = Vec::new();
    if let Ok(command) = &again.command {
        command.write_to(&mut twice);
    }
    prop_assert_eq!(twice, written);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_the_grammar_generates_is_strictly_in_it(line in legal(), grammar in grammar()) {
        let request = Request::parse(line.as_bytes(), grammar);
        prop_assert!(request.is_strict(), "{line}: {request:?}");
        let command = request.command.unwrap();
        let written = format!("{line}\r\n").into_bytes();
        prop_assert_eq!(command.to_bytes(), written);
        reads_again(&command, grammar)?;
    }

    #[test]
    fn case_counts_in_no_verb_and_no_keyword(line in legal()) {
        let upper = Request::parse(line.as_bytes(), Grammar::default());
        let (verb, rest) = line.split_at(line.find(':').or(line.find(' ')).unwrap_or(line.len()));
        let lower = verb.to_ascii_lowercase() + rest;
        let lower = Request::parse(lower.as_bytes(), Grammar::default());
        if !matches!(upper.command, Ok(Command::Extension { .. })) && !rest.starts_with(':') {
            prop_assert_eq!(upper.command, lower.command);
        }
        prop_assert!(lower.is_strict());
    }

    #[test]
    fn what_is_read_is_written_and_what_is_not_is_told(line in spoiled(), grammar in grammar()) {
        let request = Request::parse(&line, grammar);
        prop_assert_eq!(request.line, &line[..]);
        match request.command {
            Ok(command) => {
                prop_assert_eq!(command.verb(), request.verb);
                prop_assert!(!command.to_bytes()[..].strip_suffix(b"\r\n").unwrap().contains(&b'\n'));
                reads_again(&command, grammar)?;
            }
            Err(error) => {
                prop_assert!(error.at <= line.len(), "{error}");
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn white_space_at_the_end_changes_nothing_else(line in legal(), space in "[ \t]{1,3}") {
        let spaced = format!("{line}{space}");
        let spaced = Request::parse(spaced.as_bytes(), Grammar::default());
        let plain = Request::parse(line.as_bytes(), Grammar::default());
        prop_assert_eq!(spaced.command, plain.command);
        prop_assert!(spaced.quirks.contains(smtpspec_protocol::Quirks::TRAILING_SPACE));
    }

    #[test]
    fn any_octets_can_be_read(line in prop::collection::vec(any::<u8>(), 0..64), grammar in grammar()) {
        let request = Request::parse(&line, grammar);
        if let Err(error) = request.command {
            prop_assert!(error.at <= line.len());
        }
    }

    #[test]
    fn a_mailbox_is_read_as_it_is_written(text in mailbox()) {
        let mailbox = Mailbox::parse(text.as_bytes(), Grammar::default()).unwrap();
        let mut out = Vec::new();
        mailbox.write_to(&mut out);
        prop_assert_eq!(&out, text.as_bytes());
        let is_literal = matches!(mailbox.host, Host::Literal(_));
        prop_assert_eq!(is_literal, text.ends_with(']'));
    }
}
