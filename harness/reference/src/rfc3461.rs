//! RFC 3461 §4 and §5.1 (DSN): RET and ENVID on MAIL, NOTIFY and ORCPT on RCPT.
//!
//! What a parameter asks for changes no reply; where one is wrong the command is refused. Of what
//! then comes of the message, and who is told of it, stands in `rfc3461/fate.rs`.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Parameters, Reply, Request, limits};

use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::{grammar, keywords};
use crate::state::State;
use crate::text::TextRule;

pub(crate) mod fate;
mod value;

use value::Form;

/// The extension DSN.
pub(crate) struct Dsn;

const KEYWORD: &str = "DSN";

/// The longest line of RCPT: what RFC 5321 has, and 524 octets for the parameters with the spaces
/// before them (rfc3461-5.4-3).
const COMMAND_LINE: usize = 1036;

impl Extension for Dsn {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["RET", "ENVID"]
    }

    fn rcpt_parameters(&self) -> &'static [&'static str] {
        &["NOTIFY", "ORCPT"]
    }

    fn on_mail(
        &self,
        _model: &Model,
        parameter: &Parameter<'_>,
        _sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        expectation.refuse_if(of(parameter) != Some(Form::Valid), || refusal(parameter))
    }

    fn on_rcpt(
        &self,
        _model: &Model,
        parameter: &Parameter<'_>,
        _sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        expectation.refuse_if(of(parameter) != Some(Form::Valid), || refusal(parameter))
    }
}

/// What holds for the line of the keyword.
pub(crate) fn of_ehlo() -> TextRule {
    keywords::alone(requirement!("rfc3461-2-1"), KEYWORD)
}

/// What the parameters of a MAIL ask for, all together.
pub(crate) fn of_mail(
    model: &Model,
    request: &Request<'_>,
    parameters: &Parameters<'_>,
    expectation: Expectation,
) -> Expectation {
    let Some(set) = Set::read(model, parameters, &["RET", "ENVID"]) else { return expectation };
    let sole = set.alone && grammar::is_everyday(request) && *model.state() == State::Ready;
    let codes = if sole && set.has_one_fault() { "501" } else { "500 501 503 504 552 553 555" };
    expectation
        .rule_if(set.is_refused(), requirement!("rfc3461-5.1-3"), &[codes])
        .rule_if(set.repeated, requirement!("rfc3461-4.5-2"), &[codes])
        .never_if(sole && set.is_valid(), requirement!("rfc3461-5.1-2"), "504 555")
}

/// What the parameters of a RCPT ask for, all together.
pub(crate) fn of_rcpt(
    model: &Model,
    request: &Request<'_>,
    parameters: &Parameters<'_>,
    expectation: Expectation,
) -> Expectation {
    let Some(set) = Set::read(model, parameters, &["NOTIFY", "ORCPT"]) else { return expectation };
    let in_time = matches!(model.state(), State::AwaitRcpt | State::AwaitData);
    let sole = set.alone && grammar::is_everyday(request) && in_time;
    let codes = if sole && set.has_one_fault() { "501" } else { "500 501 503 504 552 553 555" };
    // The length of the line alone makes its form less than plain.
    let long = request.line.len() + b"\r\n".len() > limits::COMMAND_LINE;
    let without = request.line.len() - parameters.as_bytes().len();
    let fits = request.line.len() + b"\r\n".len() <= COMMAND_LINE && without < limits::PATH;
    expectation
        .rule_if(set.is_refused(), requirement!("rfc3461-5.1-6"), &[codes])
        .rule_if(set.repeated, requirement!("rfc3461-4.5-4"), &[codes])
        .never_if(sole && set.is_valid(), requirement!("rfc3461-5.1-5"), "504 555")
        .never_if(
            long && fits && set.alone && set.is_valid() && set.within_limits && in_time,
            requirement!("rfc3461-5.4-3"),
            "500",
        )
}

/// The parameters of one command, as far as they are of this extension.
struct Set {
    /// Whether there are no others.
    alone: bool,
    /// Whether one comes twice.
    repeated: bool,
    /// Whether each is as long at most as a server has to take (rfc3461-5.4-1).
    within_limits: bool,
    /// The worst form of their values; none where a value is missing.
    form: Option<Form>,
}

impl Set {
    /// Reads those with these keywords; `None` where there are none, or DSN is not offered.
    fn read(model: &Model, parameters: &Parameters<'_>, keywords: &[&str]) -> Option<Self> {
        let mut set =
            Self { alone: true, repeated: false, within_limits: true, form: Some(Form::Valid) };
        let mut counts = [0; 2];
        for parameter in parameters.iter() {
            let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(parameter.keyword);
            let Some(index) = keywords.iter().position(is) else {
                set.alone = false;
                continue;
            };
            counts[index] += 1;
            let octets = parameter.keyword.len() + parameter.value.map_or(0, |text| text.len() + 1);
            set.within_limits &= octets <= limit(parameter.keyword);
            // `Form` is ordered, and nothing is better than a value that is missing.
            set.form = set.form.zip(of(&parameter)).map(|(a, b)| a.max(b));
        }
        set.repeated = counts.iter().any(|&count| count > 1);
        (counts != [0; 2] && model.offers(KEYWORD)).then_some(set)
    }

    fn is_valid(&self) -> bool {
        self.form == Some(Form::Valid) && !self.repeated
    }

    /// Whether nothing is wrong, or one thing: of two, the server may name either.
    fn has_one_fault(&self) -> bool {
        !(self.repeated && self.form != Some(Form::Valid))
    }

    /// Whether the RFC asks for a refusal.
    fn is_refused(&self) -> bool {
        self.repeated || self.form == Some(Form::Wrong)
    }
}

/// The form of the value; none where there is no value. That binds the client alone
/// (rfc3461-4.1-1, rfc3461-4.2-1, rfc3461-4.3-1, rfc3461-4.4-1).
fn of(parameter: &Parameter<'_>) -> Option<Form> {
    let value = parameter.value?;
    Some(match parameter.keyword.to_ascii_uppercase().as_slice() {
        b"RET" => value::of_ret(value),
        b"ENVID" => value::of_envid(value),
        b"NOTIFY" => value::of_notify(value),
        _ => value::of_orcpt(value),
    })
}

/// How long a parameter is that every server takes (rfc3461-5.4-1).
fn limit(keyword: &[u8]) -> usize {
    match keyword.to_ascii_uppercase().as_slice() {
        b"RET" => 8,
        b"ENVID" => 100,
        b"NOTIFY" => 28,
        _ => 500,
    }
}

fn refusal(parameter: &Parameter<'_>) -> Reply {
    let text = match parameter.keyword.to_ascii_uppercase().as_slice() {
        b"RET" => "RET is FULL or HDRS",
        b"ENVID" => "ENVID is xtext",
        b"NOTIFY" => "NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY",
        _ => "ORCPT is a type, a semicolon and xtext",
    };
    Reply::new(501, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, expect, extended, preferred};

    fn in_transaction() -> Model {
        let mut model = extended(&["DSN"]);
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        model
    }

    #[test]
    fn what_mail_asks_for_is_taken_or_refused_with_501() {
        check(
            &extended(&["DSN"]),
            &[
                ("MAIL FROM:<> RET=FULL", 250, Fine),
                ("MAIL FROM:<> ret=hdrs ENVID=QQ314159", 555, Fails),
                ("MAIL FROM:<> ENVID=a+2Bb", 504, Fails),
                ("MAIL FROM:<> ENVID=a+2Bb", 550, Policy),
                ("MAIL FROM:<> RET=SOME", 501, Fine),
                ("MAIL FROM:<> RET=SOME", 250, Fails),
                ("MAIL FROM:<> RET=SOME", 555, Fails),
                ("MAIL FROM:<> ENVID=a+", 501, Fine),
                ("MAIL FROM:<> ENVID=a+", 250, Fails),
                ("MAIL FROM:<> ENVID=a+2b", 250, Fine),
                ("MAIL FROM:<> ENVID=a+2b", 501, Fine),
                ("MAIL FROM:<> RET", 250, Fine),
                ("MAIL FROM:<> RET", 501, Fine),
                ("MAIL FROM:<> RET=FULL RET=FULL", 501, Fine),
                ("MAIL FROM:<> RET=FULL RET=FULL", 250, Fails),
                ("MAIL FROM:<> RET=SOME FOO=1", 555, Fine),
                ("MAIL FROM:<> RET=SOME FOO=1", 250, Fails),
                ("MAIL FROM:<> NOTIFY=NEVER", 555, Fine),
                ("MAIL FROM:<> NOTIFY=NEVER", 501, Warns),
            ],
        );
        check(&extended(&[]), &[("MAIL FROM:<> RET=SOME", 555, Fine)]);
        check(&in_transaction(), &[("MAIL FROM:<> RET=SOME", 503, Fine)]);
    }

    #[test]
    fn what_rcpt_asks_for_is_taken_and_a_refusal_should_be_501() {
        check(
            &in_transaction(),
            &[
                ("RCPT TO:<b@example.test> NOTIFY=NEVER", 250, Fine),
                ("RCPT TO:<b@example.test> NOTIFY=SUCCESS ORCPT=rfc822;b@c.test", 555, Fails),
                ("RCPT TO:<b@example.test> NOTIFY=SUCCESS ORCPT=rfc822;b@c.test", 550, Policy),
                ("RCPT TO:<b@example.test> NOTIFY=NEVER,DELAY", 501, Fine),
                ("RCPT TO:<b@example.test> NOTIFY=NEVER,DELAY", 250, Warns),
                ("RCPT TO:<b@example.test> NOTIFY=NEVER NOTIFY=NEVER", 250, Warns),
                ("RCPT TO:<b@example.test> ORCPT=rfc822", 501, Fine),
                ("RCPT TO:<b@example.test> ORCPT=rfc822", 250, Warns),
                ("RCPT TO:<b@example.test> RET=FULL", 555, Fine),
            ],
        );
        check(&extended(&["DSN"]), &[("RCPT TO:<b@example.test> NOTIFY=FOO", 503, Fine)]);
    }

    #[test]
    fn lines_of_1036_octets_are_not_too_long() {
        let line = |octets: usize| {
            format!("RCPT TO:<b@example.test> NOTIFY=NEVER ORCPT=rfc822;{}", "x".repeat(octets))
        };
        let model = in_transaction();
        check(&model, &[(&line(487), 250, Fine), (&line(487), 500, Fails)]);
        check(&model, &[(&line(488), 500, Fine)]);
        check(&extended(&["SIZE"]), &[(&line(487), 500, Fine)]);
    }

    #[test]
    fn the_keyword_stands_alone() {
        let ehlo = expect(&extended(&[]), "EHLO client.test");
        let breaches = |line: &str| {
            let lines = ["mx.example.test", line].map(|line| line.as_bytes().to_vec());
            ehlo.text_breaches(&Reply::multiline(250, lines)).len()
        };
        assert_eq!((breaches("DSN"), breaches("dsn yes")), (0, 1));
    }

    #[test]
    fn the_server_refuses_what_it_can_not_read() {
        let code = |line| {
            let lines = ["EHLO client.test", "MAIL FROM:<>", line];
            preferred(Config::default(), &lines).code.get()
        };
        assert_eq!(code("RCPT TO:<user@example.test> NOTIFY=success"), 250);
        assert_eq!(code("RCPT TO:<user@example.test> NOTIFY=FAILURE,,DELAY"), 501);
        assert_eq!(code("RCPT TO:<user@example.test> NOTIFY"), 501);
        assert_eq!(code("RCPT TO:<nobody@example.test> ORCPT=rfc822;x"), 550);
        let mail = |line| preferred(Config::default(), &["EHLO client.test", line]).code.get();
        assert_eq!(mail("MAIL FROM:<> RET=Full ENVID=x"), 250);
        assert_eq!(mail("MAIL FROM:<> RET=FOO"), 501);
        assert_eq!(mail("MAIL FROM:<> ENVID=+zz"), 501);
    }
}
