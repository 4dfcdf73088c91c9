//! RFC 821 §3.4 (SEND, SOML, SAML), with RFC 5321 appendix F.6: delivery to a terminal.
//!
//! The reference server does not implement them; a server that does treats them as MAIL.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, Verb};

use crate::expectation::{DECLINES_MAIL, Expectation};
use crate::model::Model;

/// What SEND, SOML or SAML may draw: what MAIL may, or that it is not implemented.
pub(crate) fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let (row, keyword) = match request.verb {
        Verb::Soml => (requirement!("rfc821-4.3-16"), "SOML"),
        Verb::Saml => (requirement!("rfc821-4.3-17"), "SAML"),
        _ => (requirement!("rfc821-4.3-15"), "SEND"),
    };
    // RFC 5321 adds to the row of RFC 821: a server of today says 503, 504, 550, 553 or 555 here
    // as it does for MAIL.
    Expectation::of(Reply::new(502, "Command not implemented"))
        .policy(DECLINES_MAIL)
        .rule(row, &["250 451 452 455 500 501 502 503 504 550 552 553 555"])
        .rule_if(
            model.knows_offers() && !model.offers(keyword),
            requirement!("rfc5321-F.6-4"),
            &["4yz 5yz"],
        )
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
}
