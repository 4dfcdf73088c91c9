//! RFC 8689 §2 and §4 (REQUIRETLS): a message that is to go on inside TLS, or not at all.
//!
//! Our own server offers it inside TLS alone, where it may be used. Since it sends nothing inside TLS
//! itself, a message with REQUIRETLS ends here: with those who have a mailbox here, and with a notice
//! about all others ([`crate::relaying`]).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Reply};

use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords;
use crate::text::TextRule;

/// The extension REQUIRETLS.
pub(crate) struct RequireTls;

pub(crate) const KEYWORD: &str = "REQUIRETLS";

impl Extension for RequireTls {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Only inside TLS may it be used (rfc8689-2-5).
    fn is_available(&self, model: &Model) -> bool {
        model.is_secured()
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![keywords::alone(requirement!("rfc8689-7-2"), KEYWORD)]
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &[KEYWORD]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        let alone = parameter.value.is_none();
        expectation
            // In the clear it is the client's fault, and a server may refuse it for that.
            .never_if(
                sole && alone && model.is_secured(),
                requirement!("rfc8689-2-1"),
                "501 504 555",
            )
            .refuse_if(!alone, || Reply::new(501, "REQUIRETLS takes no value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy};
    use crate::testing::{answer, check, extended, preferred};
    use smtpspec_protocol::Request;

    fn secured(model: &mut Model, lines: &[&str]) {
        model.secure();
        let lines = lines.iter().map(|line| line.as_bytes().to_vec());
        answer(model, "EHLO client.test", &Reply::multiline(250, lines));
    }

    #[test]
    fn the_parameter_is_known_where_it_is_offered() {
        let mut model = extended(&["STARTTLS"]);
        secured(&mut model, &["mx.test", "REQUIRETLS"]);
        check(
            &model,
            &[
                ("MAIL FROM:<> REQUIRETLS", 250, Fine),
                ("MAIL FROM:<> requiretls", 555, Fails),
                ("MAIL FROM:<> REQUIRETLS", 501, Fails),
                ("MAIL FROM:<> REQUIRETLS", 550, Policy),
                ("MAIL FROM:<> REQUIRETLS=1", 501, Fine),
                ("MAIL FROM:<> REQUIRETLS=1", 250, Fine),
                ("MAIL FROM:<> REQUIRETLS FOO=1", 555, Fine),
            ],
        );
        check(&extended(&["REQUIRETLS"]), &[("MAIL FROM:<> REQUIRETLS", 555, Fine)]);
    }

    #[test]
    fn the_server_offers_and_takes_it_inside_tls_only() {
        let lines = ["EHLO client.test", "MAIL FROM:<> REQUIRETLS"];
        assert_eq!(preferred(Config::default(), &lines).code.get(), 555);
        let mut model = Model::server(Config::default().into());
        model.secure();
        let mut said = Vec::new();
        for line in ["EHLO client.test", "MAIL FROM:<> REQUIRETLS=1", "MAIL FROM:<> REQUIRETLS"] {
            let request = Request::parse(line.as_bytes(), model.grammar());
            let reply = model.expect(&Stimulus::Request(&request)).preferred;
            model.advance(&Stimulus::Request(&request), &reply);
            said.push(reply);
        }
        assert!(said[0].lines.iter().any(|line| line == b"REQUIRETLS"));
        assert_eq!((said[1].code.get(), said[2].code.get()), (501, 250));
    }

    #[test]
    fn the_keyword_stands_alone() {
        let rules = RequireTls.of_ehlo(true);
        let fault = |line: &str| {
            let reply = Reply::multiline(250, ["mx.test", line].map(str::to_owned));
            rules.iter().any(|rule| rule.fault(&reply, None).is_some())
        };
        assert!(!fault("REQUIRETLS") && fault("REQUIRETLS now"));
    }
}
