//! RFC 3207 §2 to §4.2 (STARTTLS): from a session in the clear to one inside TLS.
//!
//! The handshake itself is the caller's; here stands what may be answered to the command, and
//! what is left of a session once the handshake is over: nothing ([`Model::secure`]).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request};

use crate::expectation::{DECLINES_MAIL, Expectation};
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords::{self, line_of};
use crate::state::State;
use crate::text::{Fault, TextRule};

/// The extension STARTTLS.
pub(crate) struct StartTls;

impl Extension for StartTls {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Never a second time (rfc3207-4.2-8).
    fn is_available(&self, model: &Model) -> bool {
        !model.is_secured()
    }

    fn on_command(&self, _model: &Model, request: &Request<'_>) -> Option<Expectation> {
        if !is_starttls(request) {
            return None;
        }
        let bare = argument(request).is_empty();
        // Where a transaction is open, or a login was given, the RFC is silent: 503 may be said.
        let expectation = Expectation::of(Reply::new(220, "Ready to start TLS"))
            .policy(DECLINES_MAIL)
            .rule_if(bare, requirement!("rfc3207-4-2"), &["220 454 503"])
            .rule_if(!bare, requirement!("rfc3207-4-1"), &["4yz 5yz"])
            .rule_if(!bare, requirement!("rfc3207-4-3"), &["500 501 503 454 220"])
            .refuse_if(!bare, || Reply::new(501, "Syntax error (no parameters allowed)"));
        Some(expectation)
    }

    fn advance(&self, model: &mut Model, request: &Request<'_>, reply: &Reply) -> bool {
        let ours = is_starttls(request);
        if ours && reply.code.class() == 2 {
            model.enter(State::AwaitHandshake);
        } else if ours && reply.code.class() == 3 {
            model.lose_track();
        }
        ours
    }
}

/// What holds for the list of keywords: STARTTLS stands alone, and inside TLS it is not there.
pub(crate) fn of_ehlo(secured: bool) -> impl Iterator<Item = TextRule> {
    let alone = keywords::alone(requirement!("rfc3207-2-1"), KEYWORD);
    let never_twice =
        TextRule::new(requirement!("rfc3207-4.2-8"), "no STARTTLS inside TLS", |reply, _| {
            let line = line_of(reply, KEYWORD)?;
            Some(Fault::new("STARTTLS is offered inside TLS", line, 0))
        });
    [alone].into_iter().chain(secured.then_some(never_twice))
}

const KEYWORD: &str = "STARTTLS";

fn is_starttls(request: &Request<'_>) -> bool {
    request.verb.name().eq_ignore_ascii_case(KEYWORD.as_bytes())
}

/// What follows the verb; white space at the end of a line is no parameter (RFC 5321 §4.1.1).
fn argument<'a>(request: &Request<'a>) -> &'a [u8] {
    request.line.get(KEYWORD.len()..).unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::Stimulus;
    use crate::testing::Worth::{Fails, Fine, Policy};
    use crate::testing::{answer, check, extended, preferred};

    #[test]
    fn starttls_is_answered_by_the_list() {
        check(
            &extended(&["STARTTLS"]),
            &[
                ("STARTTLS", 220, Fine),
                ("starttls", 220, Fine),
                ("STARTTLS", 454, Policy),
                ("STARTTLS", 554, Policy),
                ("STARTTLS", 503, Fine),
                ("STARTTLS", 250, Fails),
                ("STARTTLS", 502, Fails),
                ("STARTTLS now", 501, Fine),
                ("STARTTLS now", 220, Fails),
                ("STARTTLS now", 502, Fails),
            ],
        );
    }

    #[test]
    fn nothing_is_left_of_the_session_in_the_clear() {
        let mut model = extended(&["STARTTLS", "SIZE 1000"]);
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        answer(&mut model, "STARTTLS", &Reply::new(220, "Go"));
        assert_eq!(*model.state(), State::AwaitHandshake);
        model.secure();
        assert_eq!(*model.state(), State::AwaitHello);
        assert!(model.hello().is_none() && model.transaction().is_none() && !model.offers("SIZE"));
        assert!(model.is_secured());
    }

    #[test]
    fn inside_tls_it_is_not_offered_and_not_known() {
        let mut model = Model::server(Config::default().into());
        answer(&mut model, "EHLO client.test", &Reply::new(250, "mx.example.test"));
        answer(&mut model, "STARTTLS", &Reply::new(220, "Go"));
        model.secure();
        let grammar = model.grammar();
        let request = Request::parse(b"EHLO client.test", grammar);
        let reply = model.expect(&Stimulus::Request(&request)).preferred;
        assert!(!reply.lines.iter().any(|line| line.starts_with(b"STARTTLS")));
        let breaches = |lines: &[&str]| {
            let reply = Reply::multiline(250, lines.iter().map(|line| line.as_bytes().to_vec()));
            model.expect(&Stimulus::Request(&request)).text_breaches(&reply).len()
        };
        assert_eq!(breaches(&["mx.example.test", "SIZE"]), 0);
        assert_eq!(breaches(&["mx.example.test", "starttls"]), 1);
        assert_eq!(breaches(&["mx.example.test", "STARTTLS NOW"]), 2);
        assert_eq!(breaches(&["mx.example.test", "STARTTLSX"]), 0);
    }

    #[test]
    fn a_parameter_is_refused() {
        let lines = ["EHLO client.test", "STARTTLS now"];
        assert_eq!(preferred(Config::default(), &lines).code.get(), 501);
        let lines = ["EHLO client.test", "STARTTLS"];
        assert_eq!(preferred(Config::default(), &lines).code.get(), 220);
        let withheld = Config { withheld: vec!["STARTTLS".to_owned()], ..Config::default() };
        assert_eq!(preferred(withheld, &lines).code.get(), 500);
    }
}
