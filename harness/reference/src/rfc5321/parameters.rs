//! RFC 5321 §4.1.1.11 (MAIL and RCPT parameters), with §2.2: whose parameter it is, and what
//! happens to one that is nobody's.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, Parameter, Parameters, Reply, Request};

use super::form::Form;
use super::grammar;
use crate::expectation::Expectation;
use crate::extension;
use crate::model::Model;
use crate::rfc3461;
use crate::state::State;

/// Adds what the parameters of MAIL ask for.
pub(crate) fn on_mail(
    model: &Model,
    request: &Request<'_>,
    mut expectation: Expectation,
) -> Expectation {
    let Ok(Command::Mail(mail)) = &request.command else { return expectation };
    let form = Form::of(request);
    let sole_path = grammar::is_everyday(request);
    let sole = sole_path && mail.parameters.iter().count() == 1;
    let others = mail.parameters.iter().any(|parameter| {
        extension::of_mail_parameter(model, parameter.keyword).is_some()
            || extension::is_beyond_us(model, parameter.keyword)
    });
    for parameter in mail.parameters.iter() {
        let repeated = is_repeated(&mail.parameters, parameter.keyword);
        expectation = match extension::of_mail_parameter(model, parameter.keyword) {
            // A server may have read either.
            Some(_) if repeated => expectation,
            Some(extension) => extension.on_mail(model, &parameter, sole, expectation),
            None => unclaimed(model, parameter.keyword, form, others || !sole_path, expectation),
        };
    }
    let offered = are_offered(model, request);
    let expectation = refuse_repeated(&mail.parameters, expectation);
    let expectation = rfc3461::of_mail(model, request, &mail.parameters, expectation);
    let expectation = extension::offered(model).fold(expectation, |expectation, extension| {
        extension.on_mail_line(model, &mail.parameters, expectation)
    });
    // What a careful server takes, offered parameters included, is no error of syntax.
    let taken =
        offered && *model.state() == State::Ready && expectation.preferred.code.class() == 2;
    expectation.texts(grammar::of_parameters(request).filter(|_| taken))
}

/// Adds what the parameters of RCPT ask for.
pub(crate) fn on_rcpt(
    model: &Model,
    request: &Request<'_>,
    mut expectation: Expectation,
) -> Expectation {
    let Ok(Command::Rcpt(rcpt)) = &request.command else { return expectation };
    let form = Form::of(request);
    let sole_path = grammar::is_everyday(request);
    let sole = sole_path && rcpt.parameters.iter().count() == 1;
    let others = rcpt.parameters.iter().any(|parameter| {
        extension::of_rcpt_parameter(model, parameter.keyword).is_some()
            || extension::is_beyond_us(model, parameter.keyword)
    });
    for parameter in rcpt.parameters.iter() {
        let repeated = is_repeated(&rcpt.parameters, parameter.keyword);
        expectation = match extension::of_rcpt_parameter(model, parameter.keyword) {
            Some(_) if repeated => expectation,
            Some(extension) => extension.on_rcpt(model, &parameter, sole, expectation),
            None => unclaimed(model, parameter.keyword, form, others || !sole_path, expectation),
        };
    }
    let expectation = refuse_repeated(&rcpt.parameters, expectation);
    let expectation = rfc3461::of_rcpt(model, request, &rcpt.parameters, expectation);
    extension::offered(model).fold(expectation, |expectation, extension| {
        extension.on_rcpt_line(model, request, expectation)
    })
}

/// A parameter that no offered extension has: a server may know it without having offered it,
/// and if it does not, 555 is due. 504 is the older code for the same (rfc5321-4.2.1-9). Where
/// `others` of extensions stand beside it, the server may refuse for one of those.
fn unclaimed(
    model: &Model,
    keyword: &[u8],
    form: Form,
    others: bool,
    expectation: Expectation,
) -> Expectation {
    let rule = requirement!("rfc5321-4.1.1.11-1");
    let judged = expectation.because().any(|requirement| requirement == rule);
    if judged || extension::is_beyond_us(model, keyword) {
        return expectation;
    }
    // Who has the extension without having offered it may find its value at fault.
    let fault = if extension::is_of_unoffered(model, keyword) { "501" } else { "" };
    expectation
        // Without EHLO there are no extensions, and a parameter is a fault of syntax
        // (RFC 5321 §2.2.1).
        .rule_if(
            model.knows_offers(),
            rule,
            &["250 251 503 504 555", form.refusals(), fault, if others { "5yz" } else { "" }],
        )
        .refuse_if(true, || Reply::new(555, "MAIL FROM/RCPT TO parameters not recognized"))
}

/// Whether all parameters of a MAIL or RCPT are those of extensions that are offered.
pub(crate) fn are_offered(model: &Model, request: &Request<'_>) -> bool {
    match &request.command {
        Ok(Command::Mail(mail)) => mail
            .parameters
            .iter()
            .all(|parameter| extension::of_mail_parameter(model, parameter.keyword).is_some()),
        Ok(Command::Rcpt(rcpt)) => rcpt
            .parameters
            .iter()
            .all(|parameter| extension::of_rcpt_parameter(model, parameter.keyword).is_some()),
        _ => true,
    }
}

fn is_repeated(parameters: &Parameters<'_>, keyword: &[u8]) -> bool {
    let same = |parameter: &Parameter<'_>| parameter.keyword.eq_ignore_ascii_case(keyword);
    parameters.iter().filter(same).count() > 1
}

/// Extensions forbid their parameters to come twice (rfc1870-6-3, rfc6152-3-4); that binds the
/// client, and a careful server does not choose between two values.
fn refuse_repeated(parameters: &Parameters<'_>, expectation: Expectation) -> Expectation {
    let repeated = parameters.iter().any(|parameter| is_repeated(parameters, parameter.keyword));
    expectation.refuse_if(repeated, || Reply::new(501, "A parameter comes twice"))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::testing::Worth::{Fine, Warns};
    use crate::testing::{check, extended, preferred, session};

    #[test]
    fn a_parameter_that_nobody_has_draws_555() {
        check(
            &extended(&["DSN"]),
            &[
                ("MAIL FROM:<> FOO=1", 555, Fine),
                ("MAIL FROM:<> FOO=1", 504, Fine),
                ("MAIL FROM:<> FOO=1", 250, Fine),
                ("MAIL FROM:<> FOO=1", 501, Warns),
                ("MAIL FROM:<> SIZE=1", 555, Fine),
                ("MAIL FROM:<> RET=FULL", 250, Fine),
                ("MAIL FROM:<> RET=FULL", 501, Fine),
            ],
        );
    }

    #[test]
    fn without_ehlo_a_parameter_may_be_a_fault_of_syntax() {
        check(
            &session(&[("HELO client.test", 250)]),
            &[("MAIL FROM:<> SIZE=1x", 501, Fine), ("MAIL FROM:<> FOO=1", 501, Fine)],
        );
    }

    #[test]
    fn beside_the_parameters_of_extensions_it_need_not_be_the_reason() {
        check(
            &extended(&["SIZE 100", "DSN"]),
            &[
                ("MAIL FROM:<> SIZE=101 FOO=1", 552, Fine),
                ("MAIL FROM:<> FOO=1 RET=FULL", 501, Fine),
                ("MAIL FROM:<> FOO=1 BAR=1", 552, Warns),
                ("MAIL FROM:<> FOO=1 SIZE=1", 252, Warns),
            ],
        );
    }

    #[test]
    fn the_server_refuses_what_it_did_not_offer_and_what_comes_twice() {
        let code = |line| preferred(Config::default(), &["EHLO client.test", line]).code.get();
        assert_eq!(code("MAIL FROM:<> FOO"), 555);
        let helo = ["HELO client.test", "MAIL FROM:<> FOO"];
        assert_eq!(preferred(Config::default(), &helo).code.get(), 555);
        assert_eq!(code("MAIL FROM:<> SIZE=1 BODY=7BIT"), 250);
        assert_eq!(code("MAIL FROM:<> SIZE=1 size=2"), 501);
    }
}
