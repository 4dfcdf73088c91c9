//! RFC 5321 §4.1.1.1 (EHLO, HELO), with §3.2, §4.1.4 and §4.3.2.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Reply, Request, Verb, limits};

use super::form::{Form, syntax_error};
use super::{grammar, keywords, minimum, naming};
use crate::config::Config;
use crate::expectation::{ANY_COMMAND, DECLINES_MAIL, Expectation};
use crate::extension;
use crate::model::{Hello, Model, Offer};
use crate::{rfc2033, rfc2034, rfc2920, rfc3207, rfc3461, rfc4954};

/// What EHLO may draw.
pub(crate) fn expect_ehlo(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    Expectation::of(accept_ehlo(model, request))
        .policy(DECLINES_MAIL)
        // §4.1.4 lists 500 and 502 for an EHLO that is not acceptable, while §2.2.1 wants EHLO
        // known everywhere. We hold the server to the former as a MUST; the reply table, which
        // keeps 502 for servers older than EHLO, makes both a warning.
        .rule(requirement!("rfc5321-4.1.4-5"), &["250 500 501 502 504 550 553"])
        .rule(requirement!("rfc5321-4.3.2-11"), &["250 501 504 550", form.refusals()])
        .texts(naming::of_ehlo())
        .texts(keywords::of_ehlo())
        .texts(rfc3207::of_ehlo(model.is_secured()))
        .texts(extension::of_ehlo(model.is_secured()))
        .texts(grammar::of_argument(request))
        .texts([rfc2920::of_ehlo(), rfc2034::of_ehlo(), rfc3461::of_ehlo()])
        .texts([rfc4954::of_ehlo()])
        .texts(rfc2033::of_lhlo(model.protocol()))
        .refuse_if(form.is_refused(), || syntax_error(request))
}

/// What HELO may draw.
pub(crate) fn expect_helo(model: &Model, request: &Request<'_>) -> Expectation {
    let form = Form::of(request);
    let expectation = Expectation::of(Reply::new(250, model.name()))
        .policy(DECLINES_MAIL)
        .rule(requirement!("rfc5321-4.1.1.1-7"), &["250 4yz 5yz"])
        .rule(requirement!("rfc5321-4.3.2-11"), &["250 504 550", ANY_COMMAND, form.refusals()])
        .texts([naming::of_helo(), keywords::of_helo()])
        .texts(grammar::of_argument(request))
        .refuse_if(form.is_refused(), || syntax_error(request));
    minimum::required(expectation, form)
}

/// The positive reply: our name, then a line for each extension (rfc5321-4.1.1.1-12).
fn accept_ehlo(model: &Model, request: &Request<'_>) -> Reply {
    let Some(config) = model.config() else {
        return Reply::new(250, model.name());
    };
    let client = name_given(request);
    let mut lines = vec![config.name.clone().into_bytes()];
    if client.len() <= limits::DOMAIN {
        lines[0].extend_from_slice(b" greets ");
        lines[0].extend_from_slice(client);
    }
    lines.extend(offers(model, config).map(String::into_bytes));
    Reply::multiline(250, lines)
}

/// The keywords that this server offers, with their arguments.
fn offers<'a>(model: &'a Model, config: &'a Config) -> impl Iterator<Item = String> + 'a {
    // rfc5321-4.1.1.1-17: a keyword for each command beyond the required set. VRFY is required
    // and may be listed all the same (rfc5321-3.5.2-10).
    let commands = [
        ("VRFY", config.vrfy),
        ("EXPN", config.expn),
        ("HELP", config.help),
        ("TURN", !config.turn.is_empty()),
        ("SEND", config.rfc821),
        ("SOML", config.rfc821),
        ("SAML", config.rfc821),
    ];
    extension::lines(model, config).chain(
        commands.into_iter().filter(|(_, offered)| *offered).map(|(name, _)| name.to_owned()),
    )
}

/// Follows the reply. A refused EHLO leaves everything as it was (rfc5321-4.1.4-6).
pub(crate) fn advance(model: &mut Model, request: &Request<'_>, reply: &Reply) {
    if reply.code.class() != 2 {
        return;
    }
    let extended = request.verb == Verb::Ehlo;
    let offered = if extended {
        reply.lines.iter().skip(1).map(|line| offer(line)).collect()
    } else {
        Vec::new()
    };
    model.greet(Hello { name: name_given(request).to_vec(), extended }, offered);
}

/// One line of an EHLO reply; keywords are compared without case (rfc5321-4.1.1.1-16).
///
/// ```abnf
/// ehlo-line      = ehlo-keyword *( SP ehlo-param )
/// ```
fn offer(line: &[u8]) -> Offer {
    let (keyword, arguments) = match line.iter().position(|&octet| octet == b' ') {
        Some(space) => (&line[..space], line[space..].trim_ascii()),
        None => (line, &b""[..]),
    };
    Offer { keyword: keyword.to_ascii_uppercase(), arguments: arguments.to_vec() }
}

/// What the client calls itself: the first word behind the verb.
fn name_given<'a>(request: &Request<'a>) -> &'a [u8] {
    request
        .line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .nth(1)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, extended, preferred, session, transaction};

    #[test]
    fn hello_is_accepted_or_refused_by_the_table() {
        check(
            &session(&[]),
            &[
                ("EHLO client.test", 250, Fine),
                ("EHLO client.test", 504, Fine),
                ("EHLO client.test", 550, Policy),
                ("EHLO client.test", 502, Warns),
                ("EHLO client.test", 220, Fails),
                ("EHLO client.test", 354, Fails),
                ("EHLO", 501, Fine),
                ("EHLO my_host", 250, Fine),
                ("EHLO \u{e9}.test", 250, Fails),
                ("EHLO \u{e9}.test", 500, Fine),
                ("HELO client.test", 250, Fine),
                ("HELO client.test", 502, Fails),
                ("HELO [192.0.2.1]", 250, Fine),
                ("HELO [192.0.2.1]", 501, Fine),
                ("EHLO [192.0.2.1] my laptop", 250, Fine),
                ("EHLO [192.0.2.1] my laptop", 501, Fine),
            ],
        );
    }

    #[test]
    fn the_reply_lists_what_is_offered() {
        let reply = preferred(Config::default(), &["EHLO client.test"]);
        assert_eq!(reply.lines[0], b"mx.example.test greets client.test");
        let lines: Vec<_> =
            reply.lines[1..].iter().map(|line| line.escape_ascii().to_string()).collect();
        assert_eq!(lines[..3], ["SIZE 10485760", "8BITMIME", "PIPELINING"]);
        assert_eq!(lines[lines.len() - 3..], ["VRFY", "EXPN", "HELP"]);
        assert_eq!(preferred(Config::default(), &["HELO client.test"]).lines.len(), 1);
    }

    #[test]
    fn keywords_are_heard_in_any_case() {
        let model = extended(&["size 1000", "8bitmime"]);
        assert!(model.offers("SIZE") && model.offers("8BITMIME") && !model.offers("DSN"));
        assert_eq!(model.offer("SIZE"), Some(&b"1000"[..]));
    }

    #[test]
    fn a_new_hello_ends_the_transaction_and_a_refused_one_does_not() {
        let mut model = transaction(1);
        answer(&mut model, "EHLO again.test", &Reply::new(504, "No"));
        assert_eq!(*model.state(), State::AwaitData);
        answer(&mut model, "HELO again.test", &Reply::new(250, "OK"));
        assert_eq!(*model.state(), State::Ready);
        assert!(model.transaction().is_none());
    }
}
