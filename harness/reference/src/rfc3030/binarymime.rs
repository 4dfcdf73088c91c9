//! RFC 3030 §3 (BINARYMIME): a third value of BODY, and no DATA behind it.
//!
//! That all bits come out cannot be told from replies.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Reply};

use super::chunking;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords;
use crate::rfc6152;
use crate::text::{Fault, TextRule};

/// The extension BINARYMIME.
pub(crate) struct BinaryMime;

const KEYWORD: &str = "BINARYMIME";

impl Extension for BinaryMime {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Never without CHUNKING (rfc3030-3-1).
    fn is_available(&self, model: &Model) -> bool {
        let withheld = |config: &crate::Config| {
            config.withheld.iter().any(|keyword| keyword == chunking::KEYWORD)
        };
        !model.config().is_some_and(withheld)
    }

    /// The keyword has no parameter, and does not stand without CHUNKING.
    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![
            keywords::alone(requirement!("rfc3030-3-2"), KEYWORD),
            TextRule::new(
                requirement!("rfc3030-3-1"),
                "BINARYMIME and CHUNKING together",
                |reply, _| alone(reply),
            ),
        ]
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["BODY"]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        rfc6152::on_body(model, parameter, sole, expectation)
    }
}

/// Whether the server offers BINARYMIME and this is its value of BODY.
pub(crate) fn is_value(model: &Model, value: &[u8]) -> bool {
    model.offers(KEYWORD) && value.eq_ignore_ascii_case(KEYWORD.as_bytes())
}

/// Whether the message of the transaction was announced as binary.
pub(crate) fn is_binary(model: &Model) -> bool {
    let body = model.transaction().and_then(|open| open.parameter("BODY"));
    body.is_some_and(|value| is_value(model, value))
}

/// Whether the header of this message says that it is in the binary encoding, and MAIL did not
/// (rfc3030-3-20).
pub(crate) fn is_undeclared(model: &Model, text: &[u8]) -> bool {
    const FIELD: &[u8] = b"content-transfer-encoding:";
    let mut header = text
        .split(|&octet| octet == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .take_while(|line| !line.is_empty());
    let says_binary = |line: &[u8]| {
        line.split_at_checked(FIELD.len()).is_some_and(|(field, value)| {
            field.eq_ignore_ascii_case(FIELD) && value.trim_ascii().eq_ignore_ascii_case(b"binary")
        })
    };
    model.offers(KEYWORD) && !is_binary(model) && header.any(says_binary)
}

fn alone(reply: &Reply) -> Option<Fault> {
    let listed = |keyword: &str| {
        let first = |line: &Vec<u8>| {
            let word = line.split(|&octet| octet == b' ').next().unwrap_or_default();
            word.eq_ignore_ascii_case(keyword.as_bytes())
        };
        Some(reply.lines.iter().skip(1).position(first)? + 1)
    };
    let line = listed(KEYWORD).filter(|_| reply.code.get() == 250)?;
    listed(chunking::KEYWORD)
        .is_none()
        .then(|| Fault::new("BINARYMIME is listed without CHUNKING", line, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine};
    use crate::testing::{answer, check, extended, preferred};

    #[test]
    fn body_has_a_third_value_where_that_is_offered() {
        for offered in [&["CHUNKING", "BINARYMIME"][..], &["8BITMIME", "CHUNKING", "BINARYMIME"]] {
            check(
                &extended(offered),
                &[
                    ("MAIL FROM:<> BODY=BINARYMIME", 250, Fine),
                    ("MAIL FROM:<> body=binarymime", 501, Fails),
                    ("MAIL FROM:<> BODY=BINARYMIME", 555, Fails),
                ],
            );
        }
        check(&extended(&["8BITMIME"]), &[("MAIL FROM:<> BODY=BINARYMIME", 501, Fine)]);
    }

    #[test]
    fn a_binary_message_does_not_go_with_data() {
        let mut model = extended(&["CHUNKING", "BINARYMIME"]);
        answer(&mut model, "MAIL FROM:<> BODY=BinaryMime", &Reply::new(250, "OK"));
        check(&model, &[("DATA", 554, Fine), ("DATA", 354, Fails)]);
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        check(&model, &[("DATA", 503, Fine), ("DATA", 354, Fails), ("DATA", 554, Fails)]);
    }

    #[test]
    fn the_keyword_stands_alone_and_not_without_chunking() {
        let faults = |lines: &[&str]| {
            let reply = Reply::multiline(250, [&["mx.test"], lines].concat());
            BinaryMime
                .of_ehlo(false)
                .iter()
                .filter(|rule| rule.fault(&reply, None).is_some())
                .count()
        };
        assert_eq!(faults(&["BINARYMIME", "CHUNKING"]), 0);
        assert_eq!(faults(&["BINARYMIME"]), 1);
        assert_eq!(faults(&["binarymime yes", "chunking"]), 1);
        let without = Config { withheld: vec!["CHUNKING".to_owned()], ..Config::default() };
        let reply = preferred(without, &["EHLO client.test"]);
        assert!(!reply.lines.contains(&KEYWORD.as_bytes().to_vec()), "never without CHUNKING");
    }

    #[test]
    fn a_header_tells_of_the_binary_encoding() {
        let model = extended(&["CHUNKING", "BINARYMIME"]);
        let field = b"Subject: s\r\ncontent-transfer-encoding:  Binary \r\n\r\n";
        assert!(is_undeclared(&model, field));
        assert!(!is_undeclared(&model, b"Subject: s\r\n\r\nContent-Transfer-Encoding: binary\r\n"));
        assert!(!is_undeclared(&extended(&["CHUNKING"]), field));
    }
}
