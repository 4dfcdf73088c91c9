//! RFC 6531 §3 and §4, rule by rule: what each is worth, and what our own server does.

use super::*;
use crate::config::{Account, Config, Moved};
use crate::testing::Worth::{Fails, Fine, Policy};
use crate::testing::{answer, check, expect, extended, preferred};

fn offered() -> Model {
    extended(&["8BITMIME", KEYWORD])
}

fn opened(line: &str) -> Model {
    let mut model = offered();
    answer(&mut model, line, &Reply::new(250, "OK"));
    model
}

/// The requirements that this text in answer to a command breaks.
fn breaches(model: &Model, line: &str, code: u16, text: &str) -> Vec<&'static str> {
    let expectation = expect(model, line);
    let breaches = expectation.text_breaches(&Reply::new(code, text));
    breaches.iter().map(|breach| breach.rule.requirement.as_str()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn the_parameter_is_known_and_has_no_value() {
    check(
        &offered(),
        &[
            ("MAIL FROM:<> SMTPUTF8", 250, Fine),
            ("MAIL FROM:<> smtputf8", 555, Fails),
            ("MAIL FROM:<> SMTPUTF8=1", 501, Fine),
            ("MAIL FROM:<> SMTPUTF8=1", 555, Fine),
            ("MAIL FROM:<> SMTPUTF8=1", 250, Fails),
            ("MAIL FROM:<é@bücher.test> SMTPUTF8", 250, Fine),
            ("MAIL FROM:<é@bücher.test> SMTPUTF8", 500, Fails),
            ("MAIL FROM:<é@bücher.test> SMTPUTF8", 550, Policy),
        ],
    );
}

#[test]
fn a_mailbox_beyond_ascii_is_read_where_it_is_announced() {
    let error = "Syntax error";
    for (line, rule) in [
        ("MAIL FROM:<é@b.test> SMTPUTF8", "rfc6531-3.2-1"),
        ("MAIL FROM:<\"é\"@b.test> SMTPUTF8", "rfc6531-3.3-3"),
        ("MAIL FROM:<a@bücher.test> SMTPUTF8", "rfc6531-3.3-1"),
    ] {
        assert_eq!(breaches(&offered(), line, 501, error), [rule], "{line}");
        assert_eq!(breaches(&offered(), line, 501, "not allowed"), NONE, "{line}");
    }
    for other in ["MAIL FROM:<é@1> SMTPUTF8", "MAIL FROM:<é@b.test> SMTPUTF8 X-ELSE"] {
        assert_eq!(breaches(&offered(), other, 501, error), NONE, "{other}");
    }
    let announced = opened("MAIL FROM:<> SMTPUTF8");
    assert_eq!(breaches(&announced, "RCPT TO:<é@b.test>", 501, error), ["rfc6531-3.2-1"]);
    // Of these it takes tables to tell, or the RFCs have no place for them.
    for line in
        ["RCPT TO:<a@ß.test>", "RCPT TO:<☃@b.test>", "RCPT TO:<@a.test:é@b.test>", "RCPT TO:<é>"]
    {
        assert_eq!(breaches(&announced, line, 501, error), NONE, "{line}");
    }
    check(&announced, &[("RCPT TO:<a@ß.test>", 500, Fine), ("RCPT TO:<é@b.test>", 500, Fails)]);
}

#[test]
fn where_it_is_not_announced_it_may_be_refused_or_borne() {
    let plain = opened("MAIL FROM:<>");
    for (model, line) in [(&offered(), "MAIL FROM:<é@b.test>"), (&plain, "RCPT TO:<é@b.test>")] {
        check(model, &[(line, 250, Fine), (line, 500, Fine), (line, 550, Policy)]);
    }
    let of = |code, text| breaches(&plain, "RCPT TO:<é@b.test>", code, text);
    assert_eq!(of(553, "5.6.7 ASCII only"), NONE);
    assert_eq!(of(550, "5.1.1 Nobody"), NONE);
    assert_eq!(of(550, "5.6.7 ASCII only"), ["rfc6531-3.5-2"]);
    assert_eq!(of(501, "Syntax error"), NONE);
    assert_eq!(of(553, "5.5.2 Syntax"), ["rfc6531-3.5-4"]);
    assert_eq!(breaches(&offered(), "MAIL FROM:<é@b.test>", 553, "5.6.7 No"), ["rfc6531-3.5-3"]);
}

#[test]
fn octets_that_are_no_utf8_are_refused_as_ever() {
    let expectation = expect(&offered(), b"MAIL FROM:<\xff@b.test> SMTPUTF8");
    assert!(expectation.because().any(|rule| rule == requirement!("rfc5321-2.4-14")));
    assert_eq!(expectation.preferred.code.get(), 501);
    let expectation = expect(&offered(), "MAIL FROM:<é@b.test> SMTPUTF8");
    assert!(!expectation.because().any(|rule| rule == requirement!("rfc5321-2.4-14")));
}

#[test]
fn replies_are_ascii_but_for_the_mailboxes_that_were_asked_for() {
    let (with, without) = (opened("MAIL FROM:<> SMTPUTF8"), opened("MAIL FROM:<>"));
    let table = [
        (&with, "NOOP", 250, "rfc6531-3.7.4.2-11"),
        (&with, "RCPT TO:<a@b.test>", 250, "rfc6531-3.7.4.2-11"),
        (&with, "RCPT TO:<a@b.test>", 551, ""),
        (&without, "RCPT TO:<a@b.test>", 551, "rfc6531-3.7.4.1-2"),
        (&without, "RCPT TO:<a@b.test>", 550, "rfc6531-3.7.4.2-11"),
        (&with, "VRFY a", 250, "rfc6531-3.7.4.2-3"),
        (&without, "VRFY a SMTPUTF8", 250, ""),
        (&without, "EXPN a smtputf8", 550, ""),
        (&with, "EXPN a", 250, "rfc6531-3.7.4.2-3"),
        (&with, "DATA", 354, "rfc6531-3.7.4.2-11"),
    ];
    for (model, line, code, rule) in table {
        let found = breaches(model, line, code, "Jürgen <jürgen@b.test>");
        let found: Vec<_> = found.into_iter().filter(|id| id.starts_with("rfc6531")).collect();
        let expected: Vec<&str> = [rule].into_iter().filter(|rule| !rule.is_empty()).collect();
        assert_eq!(found, expected, "{line} drew {code}");
    }
    let latin = Reply::multiline(250, [b"J\xfcrgen <a@b.test>".to_vec()]);
    let expectation = expect(&with, "VRFY a SMTPUTF8");
    let found = expectation.text_breaches(&latin);
    assert_eq!(found[0].rule.requirement, requirement!("rfc6531-1.1-1"));
    assert_eq!(found[0].fault.at, 1);
}

#[test]
fn an_inquiry_in_utf8_tells_a_mailbox_and_reads_its_string() {
    let of = |line, code, text| breaches(&offered(), line, code, text);
    let form = "rfc6531-3.7.4.2-9";
    assert_eq!(of("VRFY é SMTPUTF8", 501, "Syntax error"), ["rfc6531-3.7.4.2-4"]);
    assert_eq!(of("VRFY a SMTPUTF8", 501, "Syntax error")[0], "rfc5321-4.1.2-16");
    assert!(of("VRFY a SMTPUTF8", 501, "Syntax error").contains(&"rfc6531-3.1-7"));
    assert!(of("VRFY a SMTPUTF8", 250, "He is here").contains(&"rfc6531-3.7.4.2-8"));
    assert!(of("VRFY a SMTPUTF8", 250, "é <a@b.test> too").contains(&form));
    assert!(!of("VRFY a SMTPUTF8", 250, "é <a@b.test>").contains(&form));
}

#[test]
fn the_detail_9_speaks_of_the_data() {
    let of = |line, code| breaches(&offered(), line, code, "5.6.9 UTF-8 header");
    assert_eq!(of("MAIL FROM:<a@b.test>", 550), ["rfc6531-4.2-3"]);
    let expectation = offered().expect(&Stimulus::Message(crate::MessageFacts::default()));
    let breaches = |code| expectation.text_breaches(&Reply::new(code, "5.6.9 No")).len();
    assert_eq!((breaches(550), breaches(554)), (1, 0));
}

#[test]
fn the_list_of_keywords_has_8bitmime_and_ascii_names() {
    let broken = |lines: &[&str]| {
        let reply = Reply::multiline(250, lines.iter().map(|line| line.as_bytes().to_vec()));
        let rules = text::of_ehlo();
        let broken = rules.iter().filter(|rule| rule.fault(&reply, None).is_some());
        broken.map(|rule| rule.requirement.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(broken(&["mx.test", "8bitmime", "SMTPUTF8"]), NONE);
    assert_eq!(broken(&["mx.bücher.test", "8BITMIME"]), NONE);
    assert_eq!(broken(&["mx.test", "SMTPUTF8"]), ["rfc6531-3.1-8"]);
    assert_eq!(broken(&["mx.test", "8BITMIME", "SMTPUTF8 1"]), ["rfc6531-3.1-1"]);
    assert_eq!(broken(&["mx.bücher.test", "8BITMIME", "SMTPUTF8"]), ["rfc6531-3.7.1-2"]);
}

/// A server with a user, a list and a moved user beyond ASCII.
fn config() -> Config {
    let mut config = Config::default();
    config.domains.push("bücher.example".to_owned());
    config.accounts.push(Account::new("jürgen", "bücher.example").named("Jürgen Müller"));
    config.moved.push(Moved {
        local_part: "old".to_owned(),
        domain: "example.test".to_owned(),
        to: "jürgen@bücher.example".to_owned(),
    });
    config
}

#[test]
fn the_server_takes_what_was_announced_and_refuses_the_rest() {
    let code = |lines: &[&str]| {
        let lines: Vec<&str> = ["EHLO client.test"].iter().chain(lines).copied().collect();
        preferred(config(), &lines).code.get()
    };
    let (with, without) = ("MAIL FROM:<> SMTPUTF8", "MAIL FROM:<>");
    for (lines, expected) in [
        (&["MAIL FROM:<é@x.test> SMTPUTF8"][..], 250),
        (&["MAIL FROM:<é@x.test> BODY=8BITMIME SMTPUTF8"], 250),
        (&["MAIL FROM:<é@x.test>"], 550),
        (&["MAIL FROM:<> SMTPUTF8=1"], 501),
        (&["MAIL FROM:<> SMTPUTF8 SMTPUTF8"], 501),
        (&[with, "RCPT TO:<jürgen@bücher.example>"], 250),
        (&[with, "RCPT TO:<jürgen@xn--bcher-kva.example>"], 250),
        (&[with, "RCPT TO:<\"jürgen\"@bücher.example>"], 250),
        (&[with, "RCPT TO:<jurgen@bücher.example>"], 550),
        (&[without, "RCPT TO:<jürgen@bücher.example>"], 553),
        (&[without, "RCPT TO:<old@example.test>"], 550),
        (&[with, "RCPT TO:<old@example.test>"], 551),
        (&["VRFY jürgen SMTPUTF8"], 250),
        (&["VRFY jürgen"], 252),
        (&["VRFY old"], 252),
        (&["VRFY old SMTPUTF8"], 551),
        (&["EXPN jürgen"], 252),
        (&["EHLO é.test"], 501),
    ] {
        assert_eq!(code(lines), expected, "{lines:?}");
    }
}

#[test]
fn without_8bitmime_or_ehlo_there_is_no_smtputf8() {
    let without = Config { withheld: vec!["8BITMIME".to_owned()], ..config() };
    let ehlo = preferred(without, &["EHLO client.test"]);
    assert!(!ehlo.lines.contains(&KEYWORD.as_bytes().to_vec()));
    assert_eq!(preferred(config(), &["HELO c.test", "MAIL FROM:<é@x.test>"]).code.get(), 501);
    assert_eq!(preferred(config(), &["VRFY jürgen SMTPUTF8"]).code.get(), 501);
}
