//! RFC 6710 §3, §4.1 and §7 (MT-PRIORITY): which messages are to go first.
//!
//! Our own server has one level for all: it delivers each message at once, and says in its trace
//! line which priority it has. Who did not log in may lower it, and not raise it.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Parameters, Reply, Request};

use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords::line_with_parameter;
use crate::text::{Fault, TextRule};
use crate::transaction::Transaction;

/// The extension MT-PRIORITY.
pub(crate) struct MtPriority;

const KEYWORD: &str = "MT-PRIORITY";

impl Extension for MtPriority {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![TextRule::new(
            requirement!("rfc6710-7-2"),
            "MT-PRIORITY alone, or with the name of one policy",
            |reply, _| {
                let line = line_with_parameter(reply, KEYWORD)?;
                let policy = reply.lines[line][KEYWORD.len()..].trim_ascii();
                let what = "MT-PRIORITY with something else than the name of a policy";
                (!is_policy(policy)).then(|| Fault::new(what, line, KEYWORD.len()))
            },
        )]
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
        match parameter.value.and_then(priority) {
            None => expectation
                .rule(requirement!("rfc6710-4.1-1"), &["4yz 5yz"])
                .refuse_if(true, || Reply::new(501, "MT-PRIORITY is a number from -9 to 9")),
            Some(priority) => {
                let mut expectation =
                    expectation.never_if(sole, requirement!("rfc6710-3-3"), "501 504 555");
                if is_lowered(model, priority) && expectation.preferred.code.get() == 250 {
                    // The new priority comes first in the text (rfc6710-4.1-8).
                    expectation.preferred =
                        Reply::new(250, "0 is the priority, who raises it logs in");
                }
                expectation
            }
        }
    }

    fn on_mail_line(
        &self,
        _model: &Model,
        parameters: &Parameters<'_>,
        expectation: Expectation,
    ) -> Expectation {
        let ours =
            |parameter: &Parameter<'_>| parameter.keyword.eq_ignore_ascii_case(KEYWORD.as_bytes());
        let twice = parameters.iter().filter(ours).count() > 1;
        expectation.rule_if(twice, requirement!("rfc6710-4.1-2"), &["4yz 5yz"])
    }
}

/// The priority that a transaction has with our own server, where one was asked for.
pub(crate) fn of_transaction(model: &Model, transaction: &Transaction) -> Option<i8> {
    let asked =
        transaction.parameter(KEYWORD).and_then(priority).filter(|_| model.offers(KEYWORD))?;
    Some(if is_lowered(model, asked) { 0 } else { asked })
}

/// Whether this MAIL asks for a priority that our own server lowers.
pub(crate) fn lowers(model: &Model, request: &Request<'_>) -> bool {
    let Ok(Command::Mail(mail)) = &request.command else { return false };
    let asked = mail.parameters.get(KEYWORD.as_bytes()).and_then(|one| one.value);
    model.offers(KEYWORD)
        && asked.and_then(priority).is_some_and(|priority| is_lowered(model, priority))
}

/// Whether our own server makes 0 of it: only whom it knows may raise a priority (rfc6710-4.1-6).
fn is_lowered(model: &Model, priority: i8) -> bool {
    priority > 0 && !model.login().authenticated
}

/// ```abnf
/// priority-value = (["-"] NZDIGIT) / "0"
/// ```
pub(crate) fn priority(value: &[u8]) -> Option<i8> {
    let of_digit = |digit: u8| i8::try_from(digit - b'0').ok();
    match value {
        b"0" => Some(0),
        [digit @ b'1'..=b'9'] => of_digit(*digit),
        [b'-', digit @ b'1'..=b'9'] => of_digit(*digit).map(|number| -number),
        _ => None,
    }
}

/// ```abnf
/// priority-profile = 1*20(ALPHA / DIGIT / "-" / "_" / ".")
/// ```
fn is_policy(name: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    (1..=20).contains(&name.len()) && name.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine, Policy};
    use crate::testing::{check, extended, preferred};

    #[test]
    fn a_priority_is_a_number_from_minus_nine_to_nine() {
        let rows = [("0", Some(0)), ("9", Some(9)), ("-9", Some(-9)), ("1", Some(1))];
        for (value, expected) in rows {
            assert_eq!(priority(value.as_bytes()), expected, "{value}");
        }
        for value in ["", "-", "10", "-10", "+1", "-0", "00", "01", "a", "1.5"] {
            assert_eq!(priority(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn what_is_no_priority_is_refused_and_so_are_two() {
        check(
            &extended(&["MT-PRIORITY MIXER"]),
            &[
                ("MAIL FROM:<> MT-PRIORITY=3", 250, Fine),
                ("MAIL FROM:<> mt-priority=-9", 250, Fine),
                ("MAIL FROM:<> MT-PRIORITY=3", 550, Policy),
                ("MAIL FROM:<> MT-PRIORITY=3", 501, Fails),
                ("MAIL FROM:<> MT-PRIORITY=3", 555, Fails),
                ("MAIL FROM:<> MT-PRIORITY=10", 501, Fine),
                ("MAIL FROM:<> MT-PRIORITY=10", 250, Fails),
                ("MAIL FROM:<> MT-PRIORITY", 250, Fails),
                ("MAIL FROM:<> MT-PRIORITY=1 MT-PRIORITY=1", 250, Fails),
                ("MAIL FROM:<> MT-PRIORITY=1 MT-PRIORITY=1", 501, Fine),
            ],
        );
    }

    #[test]
    fn the_server_lets_strangers_lower_it() {
        let say = |line| preferred(Config::default(), &["EHLO client.test", line]);
        assert_eq!(say("MAIL FROM:<> MT-PRIORITY=-3").code.get(), 250);
        let raised = say("MAIL FROM:<> MT-PRIORITY=3");
        assert_eq!(raised.code.get(), 250);
        assert!(raised.lines[0].starts_with(b"0 "));
        assert_eq!(say("MAIL FROM:<> MT-PRIORITY=+3").code.get(), 501);
        assert_eq!(say("MAIL FROM:<> MT-PRIORITY=1 MT-PRIORITY=2").code.get(), 501);
    }

    #[test]
    fn the_keyword_has_the_name_of_one_policy() {
        let rules = MtPriority.of_ehlo(false);
        let fault = |line: &str| {
            let reply = Reply::multiline(250, ["mx.test", line].map(str::to_owned));
            rules.iter().any(|rule| rule.fault(&reply, None).is_some())
        };
        for line in ["MT-PRIORITY", "mt-priority MIXER", "MT-PRIORITY a.b_c-1"] {
            assert!(!fault(line), "{line}");
        }
        for line in ["MT-PRIORITY a b", "MT-PRIORITY a,b", "MT-PRIORITY 123456789012345678901"] {
            assert!(fault(line), "{line}");
        }
    }
}
