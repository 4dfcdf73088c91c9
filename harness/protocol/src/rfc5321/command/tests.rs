//! Commands, one by one: the examples, the quirks, and what is wrong.

use smtpspec_catalogue::RequirementId;

use super::*;
use crate::error::Fault;
use crate::escape::escape;
use crate::{ArgumentForm, ForwardPath};

fn parse(line: &[u8]) -> Request<'_> {
    Request::parse(line, Grammar::default())
}

fn argument(line: &[u8]) -> Argument<'_> {
    match parse(line).command {
        Ok(
            Command::Vrfy(argument)
            | Command::Expn(argument)
            | Command::Help(Some(argument))
            | Command::Noop(Some(argument)),
        ) => argument,
        other => panic!("{}: {other:?}", escape(line)),
    }
}

#[test]
fn the_commands_of_the_examples_are_in_the_grammar() {
    let table = [
        "EHLO bar.com",
        "ehlo [192.0.2.1]",
        "EHLO [IPv6:2001:db8::1]",
        "HELO xyz.com",
        "MAIL FROM:<JQP@bar.com>",
        "Mail From:<> SIZE=10 BODY=8BITMIME",
        "MAIL FROM:<@a.test,@b.test:c@d.test>",
        "RCPT TO:<Jones@XYZ.COM>",
        "rcpt to:<Postmaster>",
        "RCPT TO:<@hosta.int,@jkl.org:userc@d.bar.org>",
        "RCPT TO:<\"a b\"@[192.0.2.1]> NOTIFY=NEVER",
        "DATA",
        "rset",
        "VRFY Smith",
        "VRFY user@example.test",
        "VRFY first.last",
        "EXPN \"Example People\"",
        "HELP",
        "HELP MAIL",
        "NOOP",
        "NOOP ignored",
        "Quit",
        "TURN",
        "SEND FROM:<a@b>",
        "SOML FROM:<>",
        "SAML FROM:<a@b>",
        "STARTTLS",
        "AUTH PLAIN AGEAYg==",
        "XYZZY (anything) \"at all",
    ];
    for line in table {
        let request = parse(line.as_bytes());
        assert!(request.is_strict(), "{line}: {request:?}");
    }
}

#[test]
fn what_is_borne_is_told() {
    let table: [(&[u8], Quirks); 23] = [
        (b"QUIT ", Quirks::TRAILING_SPACE),
        (b"DATA\t", Quirks::TRAILING_SPACE),
        (b"MAIL FROM:<a@b> ", Quirks::TRAILING_SPACE),
        (b"NOOP \t ", Quirks::TRAILING_SPACE),
        (b"EHLO  a", Quirks::EXTRA_SPACE),
        (b"EHLO\ta", Quirks::TAB),
        (b"MAIL  FROM:<a@b>", Quirks::EXTRA_SPACE),
        (b"MAIL FROM:<a@b>  SIZE=1", Quirks::EXTRA_SPACE),
        (b"MAIL FROM:<a@b> SIZE=1 \tX", Quirks::TAB | Quirks::EXTRA_SPACE),
        (b"MAIL FROM: <a@b>", Quirks::SPACE_AFTER_COLON),
        (b"MAIL FROM :<a@b>", Quirks::SPACE_BEFORE_COLON),
        (b"RCPT TO : <a@b>", Quirks::SPACE_BEFORE_COLON | Quirks::SPACE_AFTER_COLON),
        (b"HELO [192.0.2.1]", Quirks::HELO_LITERAL),
        (b"HELO [192.0.2.1] x", Quirks::HELO_LITERAL | Quirks::TEXT_AFTER_LITERAL),
        (b"EHLO [192.0.2.1] some client", Quirks::TEXT_AFTER_LITERAL),
        (
            b"EHLO [x-y:z]  x ",
            Quirks::TEXT_AFTER_LITERAL | Quirks::EXTRA_SPACE | Quirks::TRAILING_SPACE,
        ),
        (b"VRFY two words", Quirks::FREE_TEXT),
        (b"VRFY <a@b>", Quirks::FREE_TEXT),
        (b"NOOP a@b", Quirks::FREE_TEXT),
        (b"HELP a b", Quirks::FREE_TEXT),
        (b"HELP a.b", Quirks::FREE_TEXT),
        (b"XTRA  a", Quirks::EXTRA_SPACE),
        (b"SEND FROM: <>", Quirks::SPACE_AFTER_COLON),
    ];
    for (line, quirks) in table {
        let request = parse(line);
        assert!(request.command.is_ok(), "{request:?}");
        assert_eq!(request.quirks, quirks, "{}", escape(line));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_rule() {
    const MAIL: RequirementId = requirement!("rfc5321-4.1.1.2-2");
    const RCPT: RequirementId = requirement!("rfc5321-4.1.1.3-10");
    const BARE: RequirementId = requirement!("rfc5321-4.1.1-5");
    const VERB: RequirementId = requirement!("rfc5321-4.1.1-1");
    const EHLO: RequirementId = requirement!("rfc5321-4.1.1.1-10");
    const HELO: RequirementId = requirement!("rfc5321-4.1.1.1-11");
    const LIST: RequirementId = requirement!("rfc5321-4.1.2-7");
    let table: [(&[u8], usize, RequirementId); 34] = [
        (b"", 0, VERB),
        (b"  ", 0, VERB),
        (b" NOOP", 0, VERB),
        (b"QUIT\r", 4, requirement!("rfc5321-2.3.8-3")),
        (b"NO\nOP", 2, requirement!("rfc5321-2.3.8-3")),
        (b"\0", 0, requirement!("rfc5321-4.1.2-21")),
        (b"\xff", 0, requirement!("rfc5321-2.4-13")),
        (b"8BIT", 0, VERB),
        (b"EHLO", 4, EHLO),
        (b"EHLO a b", 6, EHLO),
        (b"EHLO a!", 6, EHLO),
        (b"EHLO a_b", 6, requirement!("rfc5321-4.1.2-23")),
        (b"HELO", 4, HELO),
        (b"HELO a b", 6, HELO),
        (b"MAIL", 4, MAIL),
        (b"MAIL <a@b>", 5, MAIL),
        (b"MAIL TO:<a@b>", 5, MAIL),
        (b"MAIL FROM", 9, MAIL),
        (b"MAIL FROM<a@b>", 9, MAIL),
        (b"MAIL FROM:", 10, requirement!("rfc5321-4.1.2-1")),
        (b"MAIL FROM:a@b", 10, requirement!("rfc5321-4.1.2-1")),
        (b"MAIL FROM:<a@b>SIZE=1", 15, LIST),
        (b"MAIL FROM:<a@b> =1", 16, requirement!("rfc5321-4.1.2-8")),
        (b"RCPT TO:", 8, requirement!("rfc5321-4.1.2-2")),
        (b"RCPT TO:<>", 9, requirement!("rfc5321-4.1.2-2")),
        (b"RCPT FROM:<a@b>", 5, RCPT),
        (b"DATA x", 4, BARE),
        (b"RSET  x", 4, BARE),
        (b"QUIT x", 4, BARE),
        (b"VRFY ", 4, requirement!("rfc5321-4.1.1.6-3")),
        (b"EXPN", 4, requirement!("rfc5321-4.1.1.7-2")),
        (b"TURN x", 4, requirement!("rfc821-4.1.2-5")),
        (b"SEND FROM:<a@b> X", 15, requirement!("rfc821-3.4-3")),
        (b"NOOP \xc3\xa9", 5, requirement!("rfc5321-2.4-13")),
    ];
    for (line, at, requirement) in table {
        let error = parse(line).command.unwrap_err();
        assert_eq!((error.at, error.requirement), (at, requirement), "{}: {error}", escape(line));
    }
}

#[test]
fn an_error_reads_well() {
    let shown = |line| parse(line).command.unwrap_err().to_string();
    assert_eq!(
        shown(b"MAIL FROM:a@b"),
        "octet 11: expected `<` to open a path, found `a` (Reverse-path, RFC 5321 §4.1.2)"
    );
    assert_eq!(
        shown(b"RCPT TO:<a@b"),
        "octet 13: expected `>` to close the path, found the end (Path, RFC 5321 §4.1.2)"
    );
    assert_eq!(shown(b"DATA x"), "octet 5: nothing more may follow (data, RFC 5321 §4.1.1)");
}

#[test]
fn a_verb_is_told_even_where_the_command_is_wrong() {
    assert_eq!(parse(b"mail nonsense").verb, Verb::Mail);
    assert_eq!(parse(b"").verb, Verb::Other(b""));
    assert_eq!(parse(b"MAIL:x").verb, Verb::Other(b"MAIL:x"));
    assert_eq!(parse(b"DATA\0").verb, Verb::Other(b"DATA\0"));
}

#[test]
fn postmaster_is_known_in_rcpt_alone() {
    let Ok(Command::Rcpt(rcpt)) = parse(b"RCPT TO:<POSTmaster>").command else { panic!() };
    assert_eq!(rcpt.forward_path, ForwardPath::Postmaster(b"POSTmaster"));
    let error = parse(b"MAIL FROM:<postmaster>").command.unwrap_err();
    assert_eq!(error.requirement, requirement!("rfc5321-4.1.2-12"));
}

#[test]
fn an_argument_knows_what_it_is() {
    let table: [(&[u8], ArgumentForm, &[u8]); 7] = [
        (b"VRFY smith", ArgumentForm::Atom, b"smith"),
        (b"EXPN \"a \\\"b\"", ArgumentForm::Quoted, b"a \"b"),
        (b"VRFY \"a b\"@c", ArgumentForm::Mailbox, b"\"a b\"@c"),
        (b"VRFY a.b", ArgumentForm::LocalPart, b"a.b"),
        (b"VRFY a..b", ArgumentForm::Text, b"a..b"),
        (b"HELP \"unclosed", ArgumentForm::Text, b"\"unclosed"),
        (b"NOOP a  b", ArgumentForm::Text, b"a  b"),
    ];
    for (line, form, content) in table {
        let argument = argument(line);
        assert_eq!((argument.form(), &*argument.content()), (form, content));
    }
}

#[test]
fn smtputf8_changes_the_grammar_of_addresses_alone() {
    let grammar = Grammar { smtputf8: true, ..Grammar::default() };
    let with = |line: &'static str| Request::parse(line.as_bytes(), grammar);
    for line in ["MAIL FROM:<é@bücher.test> SMTPUTF8", "RCPT TO:<é@b> X=é", "VRFY é", "EXPN \"é\""]
    {
        assert!(with(line).is_strict() && parse(line.as_bytes()).command.is_err(), "{line}");
    }
    for line in ["EHLO bücher.test", "HELO é"] {
        assert!(with(line).command.is_err(), "{line}");
    }
    let Ok(Command::Vrfy(argument)) = with("VRFY smith smtputf8").command else { panic!() };
    assert!(argument.allows_utf8_reply() && argument.as_bytes() == b"smith");
    let Ok(Command::Vrfy(argument)) = with("VRFY SMTPUTF8").command else { panic!() };
    assert!(!argument.allows_utf8_reply());
}

#[test]
fn commands_are_written_in_their_plain_form() {
    let table = [
        ("mail  from : <a@B>  size=1\tX ", "MAIL FROM:<a@B> size=1 X\r\n"),
        ("ehlo [192.0.2.1] text", "EHLO [192.0.2.1]\r\n"),
        ("helo [192.0.2.1] text", "HELO [192.0.2.1]\r\n"),
        ("rcpt to:<postMaster>", "RCPT TO:<postMaster>\r\n"),
        ("xtra  a  b", "xtra a  b\r\n"),
        ("noop", "NOOP\r\n"),
    ];
    for (line, written) in table {
        let command = parse(line.as_bytes()).command.unwrap();
        assert_eq!(escape(&command.to_bytes()).to_string(), escape(written.as_bytes()).to_string());
    }
}

#[test]
fn a_forbidden_octet_is_called_that() {
    let error = parse(b"RCPT TO:<a\0@b>").command.unwrap_err();
    assert_eq!((error.at, error.fault), (10, Fault::Forbidden(0)));
}
