//! RFC 1870 §3 to §7 (SIZE): the size that the client declares, and the size that comes.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::limits::TEXT_LINE;
use smtpspec_protocol::{Parameter, Reply};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::measure::MessageFacts;
use crate::model::Model;

/// The extension SIZE.
pub(crate) struct Size;

impl Extension for Size {
    fn keyword(&self) -> &'static str {
        "SIZE"
    }

    fn arguments(&self, _model: &Model, config: &Config) -> String {
        format!(" {}", config.max_message_octets)
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["SIZE"]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        let Some(declared) = parameter.value.and_then(size) else {
            return expectation.refuse_if(true, || Reply::new(501, "SIZE takes 1 to 20 digits"));
        };
        if maximum(model).is_some_and(|maximum| declared > maximum) {
            return expectation
                // The order and the other parameters may be at fault as well.
                .rule(requirement!("rfc1870-7-2"), &["500 501 503 504 552 555"])
                .refuse_if(true, too_large);
        }
        // No integer that anybody counts with overflows below this.
        let plain = declared <= i32::MAX as u128;
        expectation.never_if(sole, requirement!("rfc1870-4-2"), "504 555").never_if(
            sole && plain && model.offer("SIZE") == Some(b"0"),
            requirement!("rfc1870-3-2"),
            "552",
        )
    }

    fn on_message(
        &self,
        model: &Model,
        facts: &MessageFacts,
        expectation: Expectation,
    ) -> Expectation {
        let octets = u128::from(facts.octets);
        // §6 itself calls the counting of dots academic. A server that counts a line end as one
        // octet is let pass, so near the limit there is no rule.
        let at_least = octets - u128::from(facts.lines).min(octets);
        if maximum(model).is_some_and(|maximum| octets > maximum) {
            // A text line may be too long besides, which is another reason to refuse.
            let certain = maximum(model).is_some_and(|maximum| at_least > maximum)
                && facts.longest_line <= TEXT_LINE;
            return expectation
                // A chunk may come in no order besides.
                .rule_if(certain, requirement!("rfc1870-4-1"), &["503 552"])
                .refuse_if(true, too_large);
        }
        let declared = model.transaction().and_then(|open| open.parameter("SIZE")).and_then(size);
        expectation.rule_if(
            declared.is_some_and(|declared| octets <= declared),
            requirement!("rfc1870-6.3-1"),
            &["2yz 3yz 4yz 50z 51z 52z 53z 54z 550 551 553 554 555 556 557 558 559"],
        )
    }
}

/// The largest message that the server's EHLO reply allows; none when it gave 0 or no number
/// (rfc1870-3-2, rfc1870-3-3).
pub(crate) fn maximum(model: &Model) -> Option<u128> {
    model.offer("SIZE").and_then(size).filter(|&maximum| maximum > 0)
}

/// Reads a size; twenty digits are more than 64 bits can hold (RFC 1870 §3).
///
/// ```abnf
/// size-value = 1*20DIGIT
/// ```
pub(crate) fn size(digits: &[u8]) -> Option<u128> {
    let fits = (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |size, digit| size * 10 + u128::from(digit - b'0')))
}

fn too_large() -> Reply {
    Reply::new(552, "Message size exceeds fixed maximum message size")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, extended, preferred, worth};

    #[test]
    fn a_declared_size_over_the_maximum_draws_552() {
        check(
            &extended(&["SIZE 1000"]),
            &[
                ("MAIL FROM:<> SIZE=1000", 250, Fine),
                ("MAIL FROM:<> SIZE=1000", 555, Fails),
                ("MAIL FROM:<> SIZE=1001", 552, Fine),
                ("MAIL FROM:<> SIZE=1001", 250, Fails),
                ("MAIL FROM:<> SIZE=1 size=1001", 250, Fine),
                ("MAIL FROM:<> SIZE=1001", 452, Policy),
                ("MAIL FROM:<> SIZE=99999999999999999999", 552, Fine),
                ("MAIL FROM:<> SIZE=", 501, Fine),
            ],
        );
        check(
            &extended(&["SIZE 0"]),
            &[
                ("MAIL FROM:<> SIZE=1073741824", 552, Fails),
                ("MAIL FROM:<> SIZE=1073741824", 452, Policy),
                ("MAIL FROM:<> SIZE=99999999999999999999", 552, Fine),
            ],
        );
        for keyword in ["SIZE", "SIZE 0"] {
            check(&extended(&[keyword]), &[("MAIL FROM:<> SIZE=99999999999", 250, Fine)]);
        }
    }

    #[test]
    fn a_message_over_the_maximum_draws_552() {
        let mut model = extended(&["SIZE 1000"]);
        answer(&mut model, "MAIL FROM:<> SIZE=500", &Reply::new(250, "OK"));
        answer(&mut model, "RCPT TO:<b@example.test>", &Reply::new(250, "OK"));
        answer(&mut model, "DATA", &Reply::new(354, "Go ahead"));
        let of = |octets| {
            let facts = MessageFacts { octets, lines: 10, ..MessageFacts::default() };
            model.expect(&Stimulus::Message(facts))
        };
        assert_eq!(worth(&of(1011), 250), Fails);
        assert_eq!(worth(&of(1011), 552), Fine);
        assert_eq!(worth(&of(1010), 250), Fine);
        assert_eq!(worth(&of(1001), 552), Fine);
        assert_eq!(worth(&of(1000), 250), Fine);
        assert_eq!(worth(&of(501), 552), Fine);
        assert_eq!(worth(&of(500), 552), Warns);
    }

    #[test]
    fn the_server_reads_the_declared_size() {
        let code = |line| preferred(Config::default(), &["EHLO client.test", line]).code.get();
        assert_eq!(code("MAIL FROM:<> SIZE=1000"), 250);
        assert_eq!(code("MAIL FROM:<> SIZE=99999999"), 552);
        assert_eq!(code("MAIL FROM:<> SIZE=1x"), 501);
        assert_eq!(code("MAIL FROM:<> SIZE"), 501);
    }
}
