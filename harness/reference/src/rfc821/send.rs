//! RFC 821 §3.4 (SEND, SOML, SAML), with RFC 5321 appendix F.6: delivery to a terminal.
//!
//! A server that has them treats them as MAIL. The reference server has them where its
//! configuration says so; nobody is at a terminal there, so each means the mailbox.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, Verb};

use crate::expectation::{DECLINES_MAIL, Expectation};
use crate::model::Model;
use crate::rfc5321::form::{Form, syntax_error};
use crate::rfc5321::order;
use crate::state::State;

/// What SEND, SOML or SAML may draw: what MAIL may, or that it is not implemented.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let (row, keyword) = match request.verb {
        Verb::Soml => (requirement!("rfc821-4.3-16"), "SOML"),
        Verb::Saml => (requirement!("rfc821-4.3-17"), "SAML"),
        _ => (requirement!("rfc821-4.3-15"), "SEND"),
    };
    let implemented = model.config().is_some_and(|config| config.rfc821);
    let preferred = if implemented {
        Reply::new(250, "OK")
    } else {
        Reply::new(502, "Command not implemented")
    };
    // RFC 5321 adds to the row of RFC 821: a server of today says 503, 504, 550, 553 or 555 here
    // as it does for MAIL.
    Expectation::of(preferred)
        .policy(DECLINES_MAIL)
        .rule(row, &["250 451 452 455 500 501 502 503 504 550 552 553 555"])
        .rule_if(
            model.knows_offers() && !model.offers(keyword),
            requirement!("rfc5321-F.6-4"),
            &["4yz 5yz"],
        )
        .refuse_if(*model.state() == State::AwaitHello, || order::out_of_order("send HELO first"))
        // rfc821-4.1.1-50: a transaction has one command that begins it.
        .refuse_if(model.state().in_transaction(), || order::out_of_order("a transaction is open"))
        .refuse_if(*model.state() == State::AwaitReset, || order::out_of_order("send RSET first"))
        .refuse_if(Form::of(request).is_refused(), || syntax_error(request))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine};
    use crate::testing::{check, extended, preferred, session};

    #[test]
    fn what_is_obsolete_need_not_be_implemented() {
        for line in ["SEND FROM:<a@client.test>", "SOML FROM:<>", "SAML FROM:<a@client.test>"] {
            check(
                &session(&[("HELO client.test", 250)]),
                &[(line, 502, Fine), (line, 500, Fine), (line, 250, Fine), (line, 354, Fails)],
            );
            check(&extended(&[]), &[(line, 250, Fails), (line, 502, Fine)]);
            let reply = preferred(Config::default(), &["EHLO client.test", line]);
            assert_eq!(reply.code.get(), 502);
        }
    }

    #[test]
    fn where_they_are_implemented_they_are_as_mail_is() {
        let code = |lines: &[&str]| {
            preferred(Config { rfc821: true, ..Config::default() }, lines).code.get()
        };
        assert_eq!(code(&["HELO c.test", "SEND FROM:<a@c.test>"]), 250);
        assert_eq!(code(&["HELO c.test", "SOML FROM:<>", "RCPT TO:<user@example.test>"]), 250);
        assert_eq!(code(&["HELO c.test", "SAML FROM:<a@c.test>", "MAIL FROM:<>"]), 503);
        assert_eq!(code(&["HELO c.test", "MAIL FROM:<>", "SEND FROM:<>"]), 503);
        assert_eq!(code(&["HELO c.test", "SEND TO:<a@c.test>"]), 501);
        assert_eq!(code(&["SEND FROM:<a@c.test>"]), 503);
    }
}
