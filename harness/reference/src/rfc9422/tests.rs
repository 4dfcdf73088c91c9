//! RFC 9422 §3 and §4, rule by rule: what each is worth, and what our own server does.

use super::*;
use crate::testing::{answer, expect, extended, preferred};

/// The requirements that this line of an EHLO reply breaks.
fn broken(line: &str) -> Vec<&'static str> {
    let reply = Reply::multiline(250, ["mx.test", line, "HELP"]);
    let rules = of_ehlo();
    let broken = rules.iter().filter(|rule| rule.fault(&reply, None).is_some());
    broken.map(|rule| rule.requirement.as_str()).collect()
}

#[test]
fn limits_have_their_form() {
    for line in [
        "LIMITS RCPTMAX=100",
        "limits mailmax=1 RCPTMAX=999999 RCPTDOMAINMAX=2",
        "LIMITSX ;",
        "SIZE",
    ] {
        assert_eq!(broken(line), [""; 0], "{line}");
    }
    for (line, rules) in [
        ("LIMITS", &["rfc9422-3-1"][..]),
        ("LIMITS ", &["rfc9422-3-1"]),
        ("LIMITS RCPTMAX", &["rfc9422-4.2-1"]),
        ("LIMITS RCPTMAX=", &["rfc9422-3-2", "rfc9422-4.2-1"]),
        ("LIMITS RCPTMAX=0", &["rfc9422-4.2-1"]),
        ("LIMITS MAILMAX=010", &["rfc9422-4.1-1"]),
        ("LIMITS RCPTDOMAINMAX=1000000", &["rfc9422-4.3-1"]),
        ("LIMITS RCPTMAX=1;MAILMAX=1", &["rfc9422-3-2", "rfc9422-4.2-1"]),
        ("LIMITS =1", &["rfc9422-3-2", "rfc9422-3.1-1"]),
        ("LIMITS X.Y", &["rfc9422-3-2", "rfc9422-3.1-1"]),
        ("LIMITS BYTEMAX=1", &["rfc9422-3.1-1"]),
    ] {
        assert_eq!(broken(line), rules, "{line}");
    }
}

#[test]
fn the_place_is_that_of_the_limit() {
    let reply = Reply::multiline(250, ["mx.test", "SIZE", "LIMITS MAILMAX=1 RCPTMAX=x"]);
    let fault = of_ehlo()[4].fault(&reply, None).unwrap();
    assert_eq!((fault.line, fault.at), (2, 17));
}

#[test]
fn a_limit_is_read_from_its_line() {
    let limits = b"RCPTMAX=100 mailmax=7 RCPTDOMAINMAX=x";
    assert_eq!(limit(limits, "RCPTMAX"), Some(100));
    assert_eq!(limit(limits, "MAILMAX"), Some(7));
    assert_eq!(limit(limits, "RCPTDOMAINMAX"), None);
}

fn breaches(model: &Model, line: &str, text: &str) -> Vec<&'static str> {
    let expectation = expect(model, line);
    let breaches = expectation.text_breaches(&Reply::new(452, text));
    breaches.iter().map(|breach| breach.rule.requirement.as_str()).collect()
}

#[test]
fn too_many_within_the_limit_is_untrue() {
    let ok = Reply::new(250, "OK");
    let mut model = extended(&["LIMITS MAILMAX=2 RCPTMAX=2 RCPTDOMAINMAX=2"]);
    let mail = |model: &Model| breaches(model, "MAIL FROM:<>", "Too many mails in this session");
    let (a, b, c) = ("RCPT TO:<x@a.test>", "RCPT TO:<x@b.test>", "RCPT TO:<x@c.test>");
    let rcpt = |model: &Model, line| breaches(model, line, "Too many recipients");
    let domain = |model: &Model, line| breaches(model, line, "Too many recipient domains");
    assert_eq!(mail(&model), ["rfc9422-4.1-2"]);
    assert_eq!(breaches(&model, "MAIL FROM:<>", "4.7.1 Too many mails per connection"), [""; 0]);
    answer(&mut model, "MAIL FROM:<>", &Reply::new(451, "Later"));
    assert_eq!(mail(&model), ["rfc9422-4.1-2"]);
    answer(&mut model, "MAIL FROM:<>", &ok);
    assert_eq!(mail(&model), [""; 0]);
    answer(&mut model, a, &ok);
    assert_eq!(rcpt(&model, b), ["rfc9422-4.2-2"]);
    assert_eq!(domain(&model, b), ["rfc9422-4.3-2"]);
    answer(&mut model, b, &ok);
    assert_eq!(rcpt(&model, b), [""; 0]);
    assert_eq!((domain(&model, "RCPT TO:<y@A.test>").len(), domain(&model, c).len()), (1, 0));
    answer(&mut model, "RSET", &ok);
    answer(&mut model, "MAIL FROM:<>", &ok);
    assert_eq!(rcpt(&model, a), ["rfc9422-4.2-2"], "a new transaction");
}

#[test]
fn without_a_limit_there_may_be_too_many_at_any_time() {
    let mut model = extended(&["LIMITS MAILMAX=9", "SIZE"]);
    answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
    assert_eq!(breaches(&model, "RCPT TO:<a@b.test>", "Too many recipients"), [""; 0]);
}

#[test]
fn the_server_tells_its_limits_and_keeps_to_them() {
    let config = || Config {
        max_transactions: Some(2),
        max_domains: Some(1),
        max_recipients: 2,
        ..Config::default()
    };
    let ehlo = preferred(config(), &["EHLO c.test"]);
    assert!(ehlo.lines.contains(&b"LIMITS MAILMAX=2 RCPTMAX=2 RCPTDOMAINMAX=1".to_vec()));
    let code = |lines: &[&str]| preferred(config(), lines).code.get();
    let mail = ["EHLO c.test", "MAIL FROM:<>", "RSET", "MAIL FROM:<>", "RSET", "MAIL FROM:<>"];
    assert_eq!((code(&mail[..4]), code(&mail)), (250, 452));
    let user = "RCPT TO:<user@example.test>";
    let foreign = "RCPT TO:<postmaster@mx.example.test>";
    assert_eq!(code(&["EHLO c.test", "MAIL FROM:<>", user, foreign]), 452);
    assert_eq!(code(&["EHLO c.test", "MAIL FROM:<>", foreign]), 250);
    assert_eq!(code(&["EHLO c.test", "MAIL FROM:<>", user, "RCPT TO:<Postmaster>"]), 250);
    let unlimited = Config { max_recipients: 1_000_000, ..Config::default() };
    let ehlo = preferred(unlimited, &["EHLO c.test"]);
    assert!(!ehlo.lines.iter().any(|line| line.starts_with(b"LIMITS")));
}
