//! RFC 4954 §3 to §8 (AUTH): who the client is, shown by a SASL exchange.
//!
//! Here stand the keyword, the parameter of MAIL and the command that begins an exchange; what
//! becomes of the exchange is in `exchange.rs`, and the rules on texts are in `text.rs`. What the
//! mechanisms themselves say is in `sasl.rs`.

mod exchange;
mod text;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Grammar, Mailbox, Parameter, Reply, Request, Verb};

use self::exchange::Exchange;
pub(crate) use self::exchange::{Login, advance_response, expect_response, expect_too_long};
pub(crate) use self::text::{enhanced, of_ehlo, of_required_login};
use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::sasl::{self, Mechanism, Slip};
use crate::state::State;

/// The extension AUTH.
pub(crate) struct Auth;

const KEYWORD: &str = "AUTH";

/// Why a server may refuse to begin or to end an exchange, whatever the client says: passing
/// trouble, encryption that it wants first, a mechanism that is too weak, policy (§6).
const DECLINES: &str = "4yz 521 523 530 534 538 550 554";

impl Extension for Auth {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Not in the clear, unless the operator wants that (rfc4954-4-43).
    fn is_available(&self, model: &Model) -> bool {
        let allowed = |config: &Config| model.is_secured() || config.auth_in_clear;
        model.config().is_some_and(|config| !config.users.is_empty() && allowed(config))
    }

    fn arguments(&self, model: &Model, config: &Config) -> String {
        let protected = model.is_secured() || config.slips.contains(&Slip::NoTls);
        let fit = Mechanism::ALL.iter().filter(|one| protected || !one.needs_tls());
        fit.flat_map(|mechanism| [" ", mechanism.name()]).collect()
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &[KEYWORD]
    }

    fn on_mail(
        &self,
        _model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        let fits = parameter.value.is_some_and(names_a_submitter);
        expectation
            // Also of a client that has not logged in.
            .never_if(sole && fits, requirement!("rfc4954-5-3"), "500 501 502 504 555")
            .refuse_if(!fits, || Reply::new(501, "AUTH takes <> or a mailbox, as xtext"))
    }

    fn on_command(&self, model: &Model, request: &Request<'_>) -> Option<Expectation> {
        is_auth(request).then(|| expect(model, request))
    }
}

/// What AUTH may draw of a server that offers it.
fn expect(model: &Model, request: &Request<'_>) -> Expectation {
    let arguments = Arguments::of(request.line);
    if matches!(model.state(), State::AwaitReset | State::Unknown) {
        // Whether a transaction of which a chunk failed is still one, nothing says.
        return Expectation::of(Reply::new(503, "Bad sequence of commands: send RSET first"))
            .policy(DECLINES)
            .rule(requirement!("rfc4954-4-9"), &["235 334 4yz 5yz"]);
    }
    if model.login().authenticated || model.state().in_transaction() {
        return expect_out_of_place(model, &arguments);
    }
    let Some(name) = arguments.mechanism else {
        return Expectation::of(Reply::new(501, "Syntax: AUTH mechanism [initial-response]"))
            .policy(DECLINES)
            .rule(requirement!("rfc4954-8-3"), &["4yz 5yz"]);
    };
    let form = arguments.refusals();
    if !lists(model, name) {
        return Expectation::of(Reply::new(504, "Unrecognized authentication type"))
            .policy(DECLINES)
            .rule(requirement!("rfc4954-4-7"), &["504", form])
            .texts(text::of_unknown_mechanism(model));
    }
    let mechanism = Mechanism::named(name);
    let begun = Exchange::begin(model, name, arguments.initial);
    if name.iter().any(u8::is_ascii_lowercase) {
        // RFC 4422 §3.1 has names in upper case alone, so such a name may be known or not.
        return begun.expect_leniently(model);
    }
    match arguments.initial {
        Some(_) if begins_with_server(name) => {
            Expectation::of(Reply::new(501, "This mechanism has no initial response"))
                .policy(DECLINES)
                .rule(requirement!("rfc4954-4-18"), &["501"])
                .texts(text::of_superfluous_response(model))
        }
        Some(response) if !sasl::is_base64(response) => exchange::undecodable(model, true),
        // What is behind the initial response may be read or not.
        Some(_) if arguments.has_more => Expectation::of(Reply::new(501, "There is one response"))
            .policy(DECLINES)
            .rule(requirement!("rfc4954-8-3"), &["235 334 4yz 5yz"])
            .texts(text::of_exchange(model)),
        None if mechanism.is_some_and(begins_with_client) => begun
            .expect(model)
            .rule(requirement!("rfc4954-4-14"), &["334"])
            .texts([text::of_empty_challenge()]),
        _ => begun.expect(model),
    }
}

/// AUTH within a transaction, and after a login. What is wrong with the command besides may be
/// noticed first.
fn expect_out_of_place(model: &Model, arguments: &Arguments<'_>) -> Expectation {
    let known = arguments.mechanism.is_some_and(|name| lists(model, name));
    let strange = if known { "" } else { "501 504" };
    let in_transaction = model.state().in_transaction();
    let (rule, hint) = if in_transaction {
        (requirement!("rfc4954-4-6"), "no AUTH within a transaction")
    } else {
        (requirement!("rfc4954-4-4"), "already authenticated")
    };
    Expectation::of(Reply::new(503, format!("Bad sequence of commands: {hint}")))
        .policy("530 538")
        .rule(rule, &["503", strange, arguments.refusals()])
}

/// Follows the reply to AUTH, whether it was offered or not.
pub(crate) fn advance(model: &mut Model, request: &Request<'_>, reply: &Reply) -> bool {
    if !is_auth(request) {
        return false;
    }
    let arguments = Arguments::of(request.line);
    let name = arguments.mechanism.unwrap_or_default();
    Exchange::begin(model, name, arguments.initial).follow(model, reply);
    true
}

/// The answer to a command that a server wants a login for, where it does and there is none
/// (rfc4954-6-12).
pub(crate) fn want_login(
    model: &Model,
    request: &Request<'_>,
    expectation: Expectation,
) -> Expectation {
    let free = matches!(
        request.verb,
        Verb::Ehlo | Verb::Helo | Verb::Noop | Verb::Rset | Verb::Quit | Verb::Help
    ) || is_auth(request)
        || request.verb.name().eq_ignore_ascii_case(b"STARTTLS");
    let wanted = model.config().is_some_and(|config| config.requires_login);
    expectation.refuse_if(wanted && !free && !model.login().authenticated, || {
        Reply::new(530, "Authentication required")
    })
}

/// What stands behind the verb.
///
/// ```abnf
/// auth-command    = "AUTH" SP sasl-mech [SP initial-response]
/// initial-response= base64 / "="
/// ```
struct Arguments<'a> {
    mechanism: Option<&'a [u8]>,
    /// The initial response, if there is one; `=` stands for an empty one.
    initial: Option<&'a [u8]>,
    /// Whether there is more than the grammar has.
    has_more: bool,
}

impl<'a> Arguments<'a> {
    fn of(line: &'a [u8]) -> Self {
        let mut words = line
            .get(KEYWORD.len()..)
            .unwrap_or_default()
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        Self {
            mechanism: words.next(),
            initial: words.next().map(|word| if word == b"=" { &b""[..] } else { word }),
            has_more: words.next().is_some(),
        }
    }

    /// The codes by which the command may be refused for its form alone.
    fn refusals(&self) -> &'static str {
        let named = self.mechanism.is_some_and(is_mechanism_name);
        let encoded = self.initial.is_none_or(sasl::is_base64);
        if named && encoded && !self.has_more { "" } else { "500 501" }
    }
}

/// ```abnf
/// sasl-mech    = 1*20mech-char
/// mech-char    = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
/// ```
fn is_mechanism_name(name: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    name.len() <= 20 && name.iter().all(fits)
}

/// Whether the server's EHLO reply lists the mechanism, also in the old form of its line.
fn lists(model: &Model, name: &[u8]) -> bool {
    let mut listed =
        model.offer(KEYWORD).unwrap_or_default().split(u8::is_ascii_whitespace).chain(
            model.extensions().filter_map(|keyword| keyword.strip_prefix(b"AUTH=".as_slice())),
        );
    listed.any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether the first message is the server's, and an initial response therefore wrong. LOGIN, which
/// no RFC has, is left aside: many servers take one.
fn begins_with_server(name: &[u8]) -> bool {
    [&b"CRAM-MD5"[..], b"DIGEST-MD5"].iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Whether the first message is the client's.
fn begins_with_client(mechanism: Mechanism) -> bool {
    !matches!(mechanism, Mechanism::CramMd5 | Mechanism::Login)
}

/// Whether the value is one of those that the parameter can have (§5, §8).
///
/// ```abnf
/// auth-param      = "AUTH=" xtext
/// ```
fn names_a_submitter(value: &[u8]) -> bool {
    from_xtext(value).is_some_and(|submitter| {
        submitter == b"<>" || Mailbox::parse(&submitter, Grammar::default()).is_ok()
    })
}

/// ```abnf
/// hexchar         = "+" HEXDIG HEXDIG
/// xchar           = %x21-2A / %x2C-3C / %x3E-7E
/// xtext           = *(xchar / hexchar)
/// ```
fn from_xtext(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'+' => {
                let (digits, behind) = rest.split_first_chunk::<2>()?;
                let upper = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
                let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
                octets.push(upper.then_some(value)?);
                rest = behind;
            }
            b'=' => return None,
            b'!'..=b'~' => octets.push(first),
            _ => return None,
        }
    }
    Some(octets)
}

fn is_auth(request: &Request<'_>) -> bool {
    request.verb.name().eq_ignore_ascii_case(KEYWORD.as_bytes())
}

#[cfg(test)]
mod tests;
