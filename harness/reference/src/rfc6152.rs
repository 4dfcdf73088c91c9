//! RFC 6152 §2 and §3 (8BITMIME): the parameter BODY.
//!
//! What becomes of the eighth bit cannot be told from replies; so there is no rule here on the
//! end of data.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Reply};

use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc3030;

/// The extension 8BITMIME.
pub(crate) struct EightBitMime;

impl Extension for EightBitMime {
    fn keyword(&self) -> &'static str {
        "8BITMIME"
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
        on_body(model, parameter, sole, expectation)
    }
}

/// What is said of BODY, which two extensions share; the third value is that of BINARYMIME
/// (RFC 3030 §3).
pub(crate) fn on_body(
    model: &Model,
    parameter: &Parameter<'_>,
    sole: bool,
    expectation: Expectation,
) -> Expectation {
    let value = parameter.value.unwrap_or_default();
    let known = [&b"7BIT"[..], b"8BITMIME"].iter().any(|body| value.eq_ignore_ascii_case(body));
    let binary = rfc3030::is_value(model, value);
    let rule = if binary { requirement!("rfc3030-3-3") } else { requirement!("rfc6152-3-2") };
    expectation
        // For a value that nobody has, no code is prescribed.
        .never_if(sole && (binary || (known && model.offers("8BITMIME"))), rule, "504 555")
        .never_if(sole && binary, rule, "500 501")
        .refuse_if(!known && !binary, || Reply::new(501, "BODY is 7BIT or 8BITMIME"))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine};
    use crate::testing::{check, extended, preferred};

    #[test]
    fn body_is_known_where_it_is_offered() {
        check(
            &extended(&["8BITMIME"]),
            &[
                ("MAIL FROM:<> BODY=8BITMIME", 250, Fine),
                ("MAIL FROM:<> body=7bit", 555, Fails),
                ("MAIL FROM:<> BODY=BINARYMIME", 555, Fine),
                ("MAIL FROM:<> BODY=BINARYMIME", 501, Fine),
            ],
        );
    }

    #[test]
    fn the_server_takes_both_bodies_and_no_other() {
        let code = |line| preferred(Config::default(), &["EHLO client.test", line]).code.get();
        assert_eq!(code("MAIL FROM:<> BODY=8BITMIME"), 250);
        assert_eq!(code("MAIL FROM:<> BODY=7BIT"), 250);
        assert_eq!(code("MAIL FROM:<> BODY=9BIT"), 501);
        let without = Config {
            withheld: vec!["8BITMIME".to_owned(), "BINARYMIME".to_owned()],
            ..Config::default()
        };
        let lines = ["EHLO client.test", "MAIL FROM:<> BODY=8BITMIME"];
        assert_eq!(preferred(without, &lines).code.get(), 555);
    }
}
