//! How an extension plugs into the model: its EHLO line, its parameters, its commands.
//!
//! Each extension is one file named after its RFC, and one entry of [`EXTENSIONS`]. RFC 5321 §2.2.

use smtpspec_protocol::{Parameter, Parameters, Reply, Request};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::measure::MessageFacts;
use crate::model::{Model, Offer};
use crate::rfc1870::Size;
use crate::rfc1985::Etrn;
use crate::rfc2034::EnhancedStatusCodes;
use crate::rfc2645::Atrn;
use crate::rfc2852::DeliverBy;
use crate::rfc2920::Pipelining;
use crate::rfc3030::{BinaryMime, Chunking};
use crate::rfc3207::StartTls;
use crate::rfc3461::Dsn;
use crate::rfc4865::FutureRelease;
use crate::rfc4954::Auth;
use crate::rfc6152::EightBitMime;
use crate::rfc6531::SmtpUtf8;
use crate::rfc6710::MtPriority;
use crate::rfc7293::Rrvs;
use crate::rfc8689::RequireTls;
use crate::rfc9422::Limits;
use crate::text::TextRule;

/// A service extension, as far as it changes what a session is (RFC 5321 §2.2.2).
///
/// The methods with a default are for what an extension lacks. Those that take an expectation
/// add their rules to it; they are called only while the extension is offered.
pub(crate) trait Extension: Sync {
    /// The EHLO keyword, in upper case (RFC 5321 §4.1.1.1).
    fn keyword(&self) -> &'static str;

    /// Whether our own server offers it at this point of the session.
    fn is_available(&self, _model: &Model) -> bool {
        true
    }

    /// The parameters that follow the keyword in our own EHLO reply, with a leading space.
    fn arguments(&self, _model: &Model, _config: &Config) -> String {
        String::new()
    }

    /// What holds for its own line in the reply to EHLO, inside TLS if `secured`; asked whether
    /// or not it is offered.
    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        Vec::new()
    }

    /// The keywords of the parameters that it adds to MAIL, in upper case.
    fn mail_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// The keywords of the parameters that it adds to RCPT, in upper case.
    fn rcpt_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// What it says of one of its parameters on MAIL. `sole` means that nothing else about the
    /// command can be what a server refuses: no other parameter, and no fault of form.
    fn on_mail(
        &self,
        _model: &Model,
        _parameter: &Parameter<'_>,
        _sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        expectation
    }

    /// What it says of one of its parameters on RCPT, with `sole` as for MAIL.
    fn on_rcpt(
        &self,
        _model: &Model,
        _parameter: &Parameter<'_>,
        _sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        expectation
    }

    /// What it says of all parameters of a MAIL together, once each was looked at.
    fn on_mail_line(
        &self,
        _model: &Model,
        _parameters: &Parameters<'_>,
        expectation: Expectation,
    ) -> Expectation {
        expectation
    }

    /// What it says of a RCPT as a whole, once each parameter was looked at.
    fn on_rcpt_line(&self, _: &Model, _: &Request<'_>, expectation: Expectation) -> Expectation {
        expectation
    }

    /// What it says of a message that has come to its end.
    fn on_message(&self, _: &Model, _: &MessageFacts, expectation: Expectation) -> Expectation {
        expectation
    }

    /// The answer to a command of its own; `None` for the commands of others.
    fn on_command(&self, _model: &Model, _request: &Request<'_>) -> Option<Expectation> {
        None
    }

    /// Follows the reply to a command of its own; `false` for the commands of others.
    fn advance(&self, _model: &mut Model, _request: &Request<'_>, _reply: &Reply) -> bool {
        false
    }
}

/// Every extension that the model knows, in the order of its EHLO reply.
pub(crate) static EXTENSIONS: &[&dyn Extension] = &[
    &Size,                // RFC 1870
    &EightBitMime,        // RFC 6152
    &Pipelining,          // RFC 2920
    &EnhancedStatusCodes, // RFC 2034
    &StartTls,            // RFC 3207
    &Dsn,                 // RFC 3461
    &Auth,                // RFC 4954
    &Etrn,                // RFC 1985
    &SmtpUtf8,            // RFC 6531
    &Limits,              // RFC 9422
    &Chunking,            // RFC 3030 §2
    &BinaryMime,          // RFC 3030 §3
    &RequireTls,          // RFC 8689
    &DeliverBy,           // RFC 2852
    &MtPriority,          // RFC 6710
    &Rrvs,                // RFC 7293
    &FutureRelease,       // RFC 4865
    &Atrn,                // RFC 2645
];

/// What holds for the lines of the reply to EHLO.
pub(crate) fn of_ehlo(secured: bool) -> impl Iterator<Item = TextRule> {
    EXTENSIONS.iter().flat_map(move |extension| extension.of_ehlo(secured))
}

/// The keywords and arguments of the extensions that this server offers.
pub(crate) fn lines<'a>(model: &'a Model, config: &'a Config) -> impl Iterator<Item = String> + 'a {
    EXTENSIONS
        .iter()
        .filter(|extension| extension.is_available(model))
        .filter(|extension| !config.withheld.iter().any(|no| no == extension.keyword()))
        .map(|extension| format!("{}{}", extension.keyword(), extension.arguments(model, config)))
}

/// The extension that the model knows, the server offers and this parameter of MAIL belongs to.
pub(crate) fn of_mail_parameter(model: &Model, keyword: &[u8]) -> Option<&'static dyn Extension> {
    offered(model).find(|extension| holds(extension.mail_parameters(), keyword))
}

/// The extension that the model knows, the server offers and this parameter of RCPT belongs to.
pub(crate) fn of_rcpt_parameter(model: &Model, keyword: &[u8]) -> Option<&'static dyn Extension> {
    offered(model).find(|extension| holds(extension.rcpt_parameters(), keyword))
}

/// The extensions that the model knows and the server offers.
pub(crate) fn offered(model: &Model) -> impl Iterator<Item = &'static dyn Extension> + use<> {
    model.known().iter()
}

/// Some of [`EXTENSIONS`], a bit for each by its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known(u32);

impl Known {
    /// Those that an EHLO reply lists.
    pub(crate) fn among(offered: &[Offer]) -> Self {
        let is_offered = |extension: &dyn Extension| {
            let keyword = extension.keyword().as_bytes();
            offered.iter().any(|offer| offer.keyword.eq_ignore_ascii_case(keyword))
        };
        let bits = EXTENSIONS.iter().enumerate();
        let bits = bits.filter(|(_, one)| is_offered(**one)).map(|(place, _)| 1 << place);
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// In the order of the list.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static dyn Extension> + use<> {
        let places = EXTENSIONS.iter().enumerate();
        places.filter(move |(place, _)| self.0 >> place & 1 == 1).map(|(_, one)| *one)
    }
}

/// Whether the parameter belongs to a registered extension that the server offers and the model
/// has no file for: then no rule of ours can judge what becomes of it.
pub(crate) fn is_beyond_us(model: &Model, keyword: &[u8]) -> bool {
    REGISTERED.iter().any(|(extension, parameters)| {
        model.offers(extension)
            && holds(parameters, keyword)
            && !EXTENSIONS.iter().any(|known| known.keyword() == *extension)
    })
}

/// Whether the parameter belongs to a registered extension that the server does not offer.
pub(crate) fn is_of_unoffered(model: &Model, keyword: &[u8]) -> bool {
    let known = EXTENSIONS.iter().any(|one| {
        let of_it = [one.mail_parameters(), one.rcpt_parameters()];
        !model.offers(one.keyword()) && of_it.iter().any(|all| holds(all, keyword))
    });
    let registered = |(extension, parameters): &(&str, &[&str])| {
        !model.offers(extension) && holds(parameters, keyword)
    };
    known || REGISTERED.iter().any(registered)
}

/// Whether the verb is that of a registered extension that the model has no file for.
pub(crate) fn is_registered_verb(verb: &[u8]) -> bool {
    holds(&["ATRN", "AUTH", "BDAT", "BURL", "ETRN", "STARTTLS", "XCLIENT", "XFORWARD"], verb)
}

/// The IANA registry of SMTP service extensions, as far as it adds parameters.
const REGISTERED: &[(&str, &[&str])] = &[
    ("BINARYMIME", &["BODY"]),
    ("CHECKPOINT", &["TRANSID"]),
    ("CONNEG", &["CONNEG"]),
    ("CONPERM", &["CONPERM"]),
    ("DELIVERBY", &["BY"]),
    ("DSN", &["RET", "ENVID", "NOTIFY", "ORCPT"]),
    ("FUTURERELEASE", &["HOLDFOR", "HOLDUNTIL"]),
    ("MT-PRIORITY", &["MT-PRIORITY"]),
    ("MTRK", &["MTRK"]),
    ("NO-SOLICITING", &["SOLICIT"]),
    ("REQUIRETLS", &["REQUIRETLS"]),
    ("RRVS", &["RRVS"]),
    ("SMTPUTF8", &["SMTPUTF8"]),
    ("SUBMITTER", &["SUBMITTER"]),
    ("UTF8SMTP", &["ALT-ADDRESS"]),
    ("XVERP", &["XVERP"]),
];

fn holds(keywords: &[&str], keyword: &[u8]) -> bool {
    keywords.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fine, Warns};
    use crate::testing::{check, extended, session};

    #[test]
    fn each_extension_has_a_bit_and_is_known_by_its_keyword() {
        assert!(EXTENSIONS.len() <= u32::BITS as usize);
        let offer = |keyword: &str| Offer { keyword: keyword.into(), arguments: Vec::new() };
        let offered = [offer("X-OWN"), offer("DSN"), offer("ATRN"), offer("SIZE")];
        let known: Vec<_> = Known::among(&offered).iter().map(Extension::keyword).collect();
        assert_eq!(known, ["SIZE", "DSN", "ATRN"]);
        let all: Vec<_> = EXTENSIONS.iter().map(|one| offer(one.keyword())).collect();
        assert_eq!(Known::among(&all).iter().count(), EXTENSIONS.len());
    }

    #[test]
    fn a_parameter_is_judged_by_the_extension_that_is_offered_with_it() {
        let conperm = extended(&["CONPERM", "SIZE"]);
        assert!(is_beyond_us(&conperm, b"conperm") && !is_beyond_us(&conperm, b"BY"));
        assert!(!is_beyond_us(&conperm, b"SIZE"), "we have a file for that");
        assert!(!is_beyond_us(&session(&[]), b"CONPERM"), "it was not offered");
        check(
            &conperm,
            &[("MAIL FROM:<> CONPERM=A", 501, Fine), ("MAIL FROM:<> CONPERM=A", 552, Fine)],
        );
        check(&extended(&["SIZE"]), &[("MAIL FROM:<> CONPERM=A", 552, Warns)]);
        assert!(of_mail_parameter(&extended(&["PIPELINING", "HELP"]), b"").is_none());
        assert!(of_rcpt_parameter(&extended(&["PIPELINING", "HELP"]), b"").is_none());
        let of = |keyword: &[u8]| of_mail_parameter(&conperm, keyword).map(Extension::keyword);
        assert_eq!((of(b"size"), of(b"CONPERM"), of(b"BODY")), (Some("SIZE"), None, None));
    }

    #[test]
    fn the_verbs_of_extensions_are_known_in_any_case() {
        for verb in ["AUTH", "auth", "STARTTLS", "BDAT", "ETRN"] {
            assert!(is_registered_verb(verb.as_bytes()), "{verb}");
        }
        assert!(!is_registered_verb(b"FOO") && !is_registered_verb(b""));
    }

    #[test]
    fn what_is_withheld_is_not_listed() {
        let listed = |withheld: &[&str]| {
            let withheld = withheld.iter().map(|one| (*one).to_owned()).collect();
            lines(&Model::oracle(), &Config { withheld, ..Config::default() }).collect::<Vec<_>>()
        };
        let all = listed(&[]);
        assert_eq!(all[..2], ["SIZE 10485760", "8BITMIME"]);
        assert_eq!(listed(&["SIZE", "8BITMIME"]), all[2..]);
    }
}
