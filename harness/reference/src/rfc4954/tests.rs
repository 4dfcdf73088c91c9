//! RFC 4954 §3 to §8: rows of command, code and worth, and what our own server answers.

use super::*;
use crate::model::Stimulus;
use crate::state::State;
use crate::testing::Worth::{Fails, Fine, Policy, Warns};
use crate::testing::{answer, check, expect, extended, preferred, worth};

const OFFER: &str = "AUTH PLAIN LOGIN CRAM-MD5 X-OWN";
const BOB: &str = "AGJvYgBzZWNyZXQ=";

fn offered() -> Model {
    extended(&[OFFER])
}

/// An oracle that has seen AUTH begun with this and answered by a challenge.
fn challenged(line: &str) -> Model {
    let mut model = offered();
    answer(&mut model, line, &Reply::new(334, ""));
    assert_eq!(*model.state(), State::AwaitResponse);
    model
}

fn in_clear() -> Config {
    Config { auth_in_clear: true, ..Config::default() }
}

#[test]
fn auth_is_answered_by_the_mechanism_and_the_form() {
    check(
        &offered(),
        &[
            ("AUTH PLAIN", 334, Fine),
            ("AUTH plain", 334, Fine),
            ("AUTH plain", 504, Fine),
            ("auth PLAIN", 504, Fails),
            ("AUTH PLAIN", 501, Fails),
            ("AUTH PLAIN", 504, Fails),
            ("AUTH PLAIN", 538, Policy),
            ("AUTH PLAIN", 454, Policy),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ=", 235, Fine),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ=", 250, Fails),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ=", 535, Fine),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ=", 503, Warns),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ=", 354, Fails),
            ("AUTH PLAIN BwBib2IAc2VjcmV0", 501, Fine),
            ("AUTH PLAIN =", 501, Fine),
            ("AUTH PLAIN =", 334, Fails),
            ("AUTH PLAIN A===", 501, Fine),
            ("AUTH PLAIN A===", 535, Fails),
            ("AUTH PLAIN QQ", 334, Fails),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ= QQ==", 501, Fine),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ= QQ==", 235, Fine),
            ("AUTH PLAIN AGJvYgBzZWNyZXQ= QQ==", 250, Fails),
            ("AUTH CRAM-MD5", 334, Fine),
            ("AUTH CRAM-MD5 =", 501, Fine),
            ("AUTH CRAM-MD5 QQ==", 334, Fails),
            ("AUTH LOGIN Ym9i", 334, Fine),
            ("AUTH LOGIN Ym9i", 501, Fine),
            ("AUTH X-OWN", 334, Fine),
            ("AUTH X-OWN", 235, Fine),
            ("AUTH OTHER", 504, Fine),
            ("AUTH OTHER", 535, Fails),
            ("AUTH OTHER", 501, Fails),
            ("AUTH O.THER", 501, Fine),
            ("AUTH", 501, Fine),
            ("AUTH", 334, Fails),
        ],
    );
}

#[test]
fn auth_has_its_place() {
    let mut model = offered();
    answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
    let rows = [("AUTH PLAIN", 503, Fine), ("AUTH PLAIN", 334, Fails), ("AUTH OTHER", 504, Fine)];
    check(&model, &rows);
    answer(&mut model, "RSET", &Reply::new(250, "OK"));
    answer(&mut model, "AUTH PLAIN AGJvYgBzZWNyZXQ=", &Reply::new(235, "OK"));
    assert_eq!(*model.state(), State::Ready);
    check(&model, &rows);
}

#[test]
fn lines_in_an_exchange_are_no_commands() {
    let model = challenged("AUTH PLAIN");
    check(
        &model,
        &[
            ("*", 501, Fine),
            ("*", 535, Fails),
            ("NOOP", 250, Fails),
            ("QUIT", 221, Fails),
            ("A*B=", 501, Fine),
            ("A*B=", 235, Fails),
            ("=AAA", 535, Fails),
            ("=", 501, Fine),
            (BOB, 235, Fine),
            (BOB, 535, Fine),
            (BOB, 500, Fails),
            (BOB, 501, Warns),
            ("", 535, Fine),
            ("", 501, Fine),
        ],
    );
    let mut ended = model.clone();
    answer(&mut ended, "*", &Reply::new(501, "Cancelled"));
    assert_eq!(*ended.state(), State::Ready);
    assert!(!ended.login().authenticated);
    let mut open = challenged("AUTH LOGIN");
    answer(&mut open, "Ym9i", &Reply::new(334, ""));
    assert_eq!(*open.state(), State::AwaitResponse);
    answer(&mut open, "c2VjcmV0", &Reply::new(235, "OK"));
    assert!(open.login().authenticated);
}

#[test]
fn a_line_that_is_too_long_fails_the_exchange() {
    let model = challenged("AUTH PLAIN");
    let long = expect(&model, "QUFB".repeat(1000));
    assert_eq!((worth(&long, 500), worth(&long, 535)), (Fine, Fine));
    let most = expect(&model, "QUFB".repeat(256));
    assert_eq!(worth(&most, 500), Fails);
    let stimulus = Stimulus::Overlong { head: b"QUFB", octets: 20_000 };
    assert_eq!(worth(&model.expect(&stimulus), 500), Fine);
    assert_eq!(worth(&model.expect(&stimulus), 504), Fails);
    let mut after = model.clone();
    after.advance(&stimulus, &Reply::new(500, "Too long"));
    assert_eq!(*after.state(), State::Ready);
}

#[test]
fn texts_are_base64_and_codes_those_of_the_list() {
    let model = extended(&[OFFER, "ENHANCEDSTATUSCODES"]);
    let breaches = |line: &str, code, text: &str| {
        let reply = Reply::new(code, text);
        let found = expect(&model, line);
        let breaches = found.text_breaches(&reply);
        let ids = breaches.iter().map(|one| one.rule.requirement.to_string());
        ids.filter(|id| id.starts_with("rfc4954")).collect::<Vec<_>>()
    };
    assert!(breaches("AUTH PLAIN", 334, "").is_empty());
    assert_eq!(breaches("AUTH PLAIN", 334, "QQ=="), ["rfc4954-4-15"]);
    assert_eq!(breaches("AUTH LOGIN", 334, "Username:"), ["rfc4954-4-10"]);
    assert_eq!(breaches("AUTH LOGIN", 334, "VXNlcm5hbWU6"), [""; 0]);
    assert_eq!(breaches("AUTH NO", 504, "5.7.4 No"), ["rfc4954-4-8"]);
    assert_eq!(breaches("AUTH PLAIN x", 501, "5.5.4 No"), ["rfc4954-4-21"]);
    assert_eq!(breaches("AUTH CRAM-MD5 =", 501, "5.5.2 No"), ["rfc4954-4-19"]);
    assert_eq!(breaches("AUTH PLAIN QQ==", 535, "5.7.0 No"), ["rfc4954-6-1"]);
    assert_eq!(breaches("AUTH PLAIN QQ==", 535, "5.7.8 No"), [""; 0]);
    let mut begun = model.clone();
    answer(&mut begun, "AUTH PLAIN", &Reply::new(334, ""));
    let stimulus = Stimulus::Overlong { head: b"", octets: 20_000 };
    let long = begun.expect(&stimulus);
    assert_eq!(long.text_breaches(&Reply::new(500, "5.5.2 Long")).len(), 1);
    assert_eq!(long.text_breaches(&Reply::new(500, "5.5.6 Long")).len(), 0);
}

#[test]
fn the_line_of_the_keyword_lists_mechanisms() {
    let fault = |line| of_ehlo().fault(&Reply::multiline(250, ["mx.test", line]), None).is_some();
    assert!(!fault("AUTH PLAIN SCRAM-SHA-256") && !fault("AUTH") && !fault("AUTHX a=b"));
    assert!(fault("auth PLAIN,LOGIN") && fault("AUTH =PLAIN"));
}

#[test]
fn the_parameter_of_mail_is_known_to_all() {
    check(
        &offered(),
        &[
            ("MAIL FROM:<> AUTH=<>", 250, Fine),
            ("MAIL FROM:<> AUTH=<>", 555, Fails),
            ("MAIL FROM:<> AUTH=<>", 530, Policy),
            ("MAIL FROM:<> AUTH=e+3Dmc2@example.com", 501, Fails),
            ("MAIL FROM:<> AUTH=e+3dmc2@example.com", 501, Fine),
            ("MAIL FROM:<> AUTH=nobody", 501, Fine),
            ("MAIL FROM:<> AUTH", 501, Fine),
        ],
    );
    let code = |line| preferred(in_clear(), &["EHLO client.test", line]).code.get();
    assert_eq!(code("MAIL FROM:<> AUTH=<>"), 250);
    assert_eq!(code("MAIL FROM:<> AUTH=+3C+3E"), 250);
    assert_eq!(code("MAIL FROM:<> AUTH=a+40b.test"), 250);
    assert_eq!(code("MAIL FROM:<> AUTH=a+4xb.test"), 501);
    assert_eq!(code("MAIL FROM:<> AUTH"), 501);
}

#[test]
fn the_server_lets_in_who_knows_the_password() {
    let reply = |lines: &[&str]| {
        let lines = [&["EHLO client.test"], lines].concat();
        preferred(in_clear(), &lines).to_bytes().escape_ascii().to_string()
    };
    let plain = format!("AUTH PLAIN {BOB}");
    assert_eq!(reply(&[&plain]), "235 Authentication successful\\r\\n");
    assert_eq!(reply(&["AUTH PLAIN"]), "334 \\r\\n");
    assert_eq!(reply(&["AUTH PLAIN", BOB]), "235 Authentication successful\\r\\n");
    assert_eq!(reply(&["AUTH LOGIN"]), "334 VXNlcm5hbWU6\\r\\n");
    assert_eq!(reply(&["AUTH LOGIN", "Ym9i"]), "334 UGFzc3dvcmQ6\\r\\n");
    let login = ["AUTH LOGIN", "Ym9i", "c2VjcmV0"];
    assert_eq!(reply(&login), "235 Authentication successful\\r\\n");
    let code = |lines: &[&str]| reply(lines)[..3].to_owned();
    assert_eq!(code(&["AUTH PLAIN AGJvYgBvdGhlcg=="]), "535");
    assert_eq!(code(&["AUTH PLAIN", "NOOP"]), "535");
    assert_eq!(code(&["AUTH PLAIN", "NOOP "]), "501");
    assert_eq!(code(&["AUTH PLAIN", "*"]), "501");
    assert_eq!(code(&["AUTH PLAIN", "*", "NOOP"]), "250");
    assert_eq!(code(&["AUTH PLAIN QR=="]), "501");
    assert_eq!(code(&["AUTH PLAIN ="]), "535");
    assert_eq!(code(&["AUTH PLAIN QQ== QQ=="]), "501");
    assert_eq!(code(&["AUTH CRAM-MD5 ="]), "501");
    assert_eq!(code(&["AUTH GSSAPI"]), "504");
    assert_eq!(code(&[&plain, &plain]), "503");
    assert_eq!(code(&["MAIL FROM:<>", &plain]), "503");
}

#[test]
fn outside_tls_it_is_offered_only_where_that_is_wanted() {
    let lists = |config: Config| {
        let reply = preferred(config, &["EHLO client.test"]);
        reply.lines.iter().any(|line| line.starts_with(b"AUTH SCRAM-SHA-256 "))
    };
    assert!(!lists(Config::default()) && lists(in_clear()));
    assert!(!lists(Config { users: Vec::new(), ..in_clear() }));
    assert!(!lists(Config { withheld: vec![KEYWORD.to_owned()], ..in_clear() }));
    let mut secured = Model::server(Config::default().into());
    answer(&mut secured, "EHLO client.test", &Reply::new(250, "mx"));
    secured.secure();
    assert!(Auth.is_available(&secured));
    assert_eq!(preferred(Config::default(), &["EHLO c.test", "AUTH PLAIN"]).code.get(), 500);
}

#[test]
fn where_a_login_is_wanted_nothing_goes_without() {
    let code = |lines: &[&str]| {
        let lines = [&["EHLO client.test"], lines].concat();
        preferred(Config { requires_login: true, ..in_clear() }, &lines).code.get()
    };
    for (line, expected) in [
        ("MAIL FROM:<>", 530),
        ("VRFY user", 530),
        ("EXPN list", 530),
        ("RCPT TO:<user@example.test>", 503),
        ("FOO", 500),
        ("NOOP", 250),
        ("RSET", 250),
        ("HELO client.test", 250),
        ("AUTH PLAIN", 334),
        ("STARTTLS", 220),
        ("QUIT", 221),
    ] {
        assert_eq!(code(&[line]), expected, "{line}");
    }
    assert_eq!(code(&[&format!("AUTH PLAIN {BOB}"), "MAIL FROM:<>"]), 250);
}

#[test]
fn each_reply_of_the_exchange_has_its_enhanced_code() {
    let model = extended(&["AUTH PLAIN", "ENHANCEDSTATUSCODES"]);
    let faults = |code: u16, text: &str| {
        let expectation = expect(&model, format!("AUTH PLAIN {BOB}"));
        expectation.text_breaches(&Reply::new(code, text)).len()
    };
    for (code, enhanced) in [
        (235, "2.7.0"),
        (432, "4.7.12"),
        (454, "4.7.0"),
        (534, "5.7.9"),
        (535, "5.7.8"),
        (538, "5.7.11"),
    ] {
        let class = code / 100;
        assert_eq!(faults(code, &format!("{enhanced} x")), 0, "{code}");
        assert_eq!(faults(code, &format!("{class}.3.5 x")), 1, "{code}");
    }
}
