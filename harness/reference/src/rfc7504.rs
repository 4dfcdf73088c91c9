//! RFC 7504 §3 and §4 (521 and 556): a server that takes no mail at all, and what is not to be
//! said with its code.
//!
//! That a greeting of 521 is a refusal, and what may follow it, is in `rfc5321/greeting.rs`.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Verb};

use crate::model::{Model, Stimulus};
use crate::text::{Fault, TextRule};

/// Whether our own server takes no mail.
pub(crate) fn takes_no_mail(model: &Model) -> bool {
    model.config().is_some_and(|config| config.takes_no_mail)
}

/// The greeting of a server that takes no mail (rfc7504-3-2).
pub(crate) fn greeting(name: &str) -> Reply {
    Reply::new(521, format!("{name} Host does not accept mail"))
}

/// What it says to commands after that (rfc7504-3-7).
pub(crate) fn again() -> Reply {
    Reply::new(521, "Host does not accept mail")
}

/// Subject and detail of the enhanced code (rfc7504-6-1).
pub(crate) fn detail(reply: &Reply) -> Option<(u16, u16)> {
    (reply.code.get() == 521).then_some((3, 2))
}

/// 521 speaks of the host, and of no sender or recipient: where the server has taken a recipient,
/// it takes mail (rfc7504-3-4).
pub(crate) fn of_answer(model: &Model, stimulus: &Stimulus<'_>) -> Option<TextRule> {
    let taken = model.transaction().is_some_and(|open| !open.recipients.is_empty());
    let of_envelope = match stimulus {
        Stimulus::Request(request) => matches!(request.verb, Verb::Rcpt | Verb::Data),
        Stimulus::Message(_) => true,
        _ => false,
    };
    (taken && of_envelope).then(|| {
        TextRule::new(
            requirement!("rfc7504-3-4"),
            "another code than 521, since the host does take mail",
            |reply, _| {
                (reply.code.get() == 521)
                    .then(|| Fault::first("a host that takes mail says that it takes none"))
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::{expect, preferred, transaction};

    #[test]
    fn a_server_that_takes_no_mail_says_so_and_ends_in_peace() {
        let config = || Config { takes_no_mail: true, ..Config::default() };
        let greeting = preferred(config(), &[]);
        assert_eq!(greeting.code.get(), 521);
        assert!(greeting.lines[0].starts_with(b"mx.example.test "));
        for (lines, code) in [
            (&["EHLO client.test"][..], 521),
            (&["EHLO client.test", "MAIL FROM:<>"], 521),
            (&["NOOP"], 521),
            (&["NOOP", "QUIT"], 221),
        ] {
            assert_eq!(preferred(config(), lines).code.get(), code, "{lines:?}");
        }
    }

    #[test]
    fn the_code_is_not_for_a_host_that_takes_mail() {
        let breaks = |recipients, line| {
            let expectation = expect(&transaction(recipients), line);
            let breaches = expectation.text_breaches(&Reply::new(521, "No"));
            breaches.iter().any(|breach| breach.rule.requirement == requirement!("rfc7504-3-4"))
        };
        assert!(breaks(1, "RCPT TO:<b@example.test>") && breaks(1, "DATA"));
        assert!(!breaks(0, "RCPT TO:<b@example.test>") && !breaks(1, "NOOP"));
    }
}
