//! RFC 7505 §4.1 (null MX): what is said of a domain that takes no mail.
//!
//! Which domains these are is in the DNS, of which nothing is known here: our own server is told,
//! and of others only the enhanced codes say that this was the reason.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ForwardPath, Host, Reply, Request, ReversePath, Verb};

use crate::config::{Config, is_same_domain};
use crate::expectation::Expectation;
use crate::model::{Model, Stimulus};
use crate::text::{Fault, TextRule, behind_enhanced_code};

/// Whether the recipient is in a domain that takes no mail.
pub(crate) fn has_null_mx(config: &Config, path: &ForwardPath<'_>) -> bool {
    match path {
        ForwardPath::Path(path) => is_known(config, &path.mailbox.host),
        ForwardPath::Postmaster(_) => false,
    }
}

fn is_known(config: &Config, host: &Host<'_>) -> bool {
    matches!(host, Host::Domain(domain)
        if config.null_mx.iter().any(|known| is_same_domain(known.as_bytes(), domain)))
}

/// What is said of such a recipient (rfc7505-4.1-1).
pub(crate) fn refusal() -> Reply {
    Reply::new(556, OF_RECIPIENT)
}

const OF_RECIPIENT: &str = "Domain does not accept mail";

const OF_SENDER: &str = "The sender's domain does not accept mail";

/// What our own server says of a sender to whom nothing can be sent back (rfc7505-4.1-3).
pub(crate) fn on_mail(
    model: &Model,
    request: &Request<'_>,
    expectation: Expectation,
) -> Expectation {
    let (Some(config), Ok(Command::Mail(mail))) = (model.config(), &request.command) else {
        return expectation;
    };
    let known = match &mail.reverse_path {
        ReversePath::Path(path) => is_known(config, &path.mailbox.host),
        ReversePath::Null => false,
    };
    expectation.refuse_if(known, || Reply::new(550, OF_SENDER))
}

/// Subject and detail of the enhanced code (rfc7505-4.1-2, rfc7505-4.1-4).
pub(crate) fn detail(reply: &Reply) -> Option<(u16, u16)> {
    match reply.code.get() {
        556 => Some((1, 10)),
        550 if reply.text() == OF_SENDER.as_bytes() => Some((7, 27)),
        _ => None,
    }
}

/// The rules on what answers MAIL and RCPT: the reply code beside the enhanced code that names the
/// null MX as the reason.
pub(crate) fn of_answer(stimulus: &Stimulus<'_>) -> Option<TextRule> {
    let Stimulus::Request(request) = stimulus else { return None };
    match request.verb {
        Verb::Rcpt => {
            Some(TextRule::new(requirement!("rfc7505-4.1-1"), "556 beside 5.1.10", |reply, _| {
                beside(reply, b"5.1.10", 556)
            }))
        }
        Verb::Mail => {
            Some(TextRule::new(requirement!("rfc7505-4.1-3"), "550 beside 5.7.27", |reply, _| {
                beside(reply, b"5.7.27", 550)
            }))
        }
        _ => None,
    }
}

fn beside(reply: &Reply, enhanced: &[u8], code: u16) -> Option<Fault> {
    let line = reply.lines.first()?;
    let (before, _) = behind_enhanced_code(line);
    (line[..before].trim_ascii_end() == enhanced && reply.code.get() != code)
        .then(|| Fault::first("a null MX is the reason, and another code says so"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{expect, preferred, session, transaction};

    #[test]
    fn a_relay_refuses_whom_it_can_never_reach() {
        let config = |relays| Config {
            relays,
            null_mx: vec!["nullmx.example".to_owned()],
            ..Config::default()
        };
        let code = |relays, lines: &[&str]| preferred(config(relays), lines).code.get();
        let rcpt = ["EHLO c.test", "MAIL FROM:<>", "RCPT TO:<a@NullMX.example>"];
        assert_eq!((code(true, &rcpt), code(false, &rcpt)), (556, 550));
        let other = ["EHLO c.test", "MAIL FROM:<>", "RCPT TO:<a@mx.nullmx.example>"];
        assert_eq!(code(true, &other), 250);
        assert_eq!(code(false, &["EHLO c.test", "MAIL FROM:<a@nullmx.example>"]), 550);
        assert_eq!(code(false, &["EHLO c.test", "MAIL FROM:<>"]), 250);
    }

    #[test]
    fn who_names_the_null_mx_uses_its_code() {
        let breaches = |model: &Model, line, code, text: &str| {
            expect(model, line).text_breaches(&Reply::new(code, text)).len()
        };
        let (mail, rcpt) = ("MAIL FROM:<a@b.test>", "RCPT TO:<a@b.test>");
        let (greeted, open) = (session(&[("EHLO client.test", 250)]), transaction(0));
        assert_eq!(breaches(&open, rcpt, 556, "5.1.10 null MX"), 0);
        assert_eq!(breaches(&open, rcpt, 550, "5.1.10 null MX"), 1);
        assert_eq!(breaches(&open, rcpt, 550, "5.1.1 nobody"), 0);
        assert_eq!(breaches(&greeted, mail, 550, "5.7.27 null MX"), 0);
        assert_eq!(breaches(&greeted, mail, 554, "5.7.27 null MX"), 1);
    }
}
