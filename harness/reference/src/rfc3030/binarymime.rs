//! RFC 3030 §3 (BINARYMIME): a third value of BODY, and no DATA behind it.
//!
//! That all bits come out cannot be told from replies.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Reply};

use super::chunking;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords::line_with_parameter;
use crate::rfc6152;
use crate::text::{Fault, TextRule};

/// The extension BINARYMIME.
pub(crate) struct BinaryMime;

const KEYWORD: &str = "BINARYMIME";

impl Extension for BinaryMime {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Never without CHUNKING (rfc3030-3-1).
    fn is_available(&self, model: &Model) -> bool {
        let withheld = |config: &crate::Config| {
            config.withheld.iter().any(|keyword| keyword == chunking::KEYWORD)
        };
        !model.config().is_some_and(withheld)
    }

    /// The keyword has no parameter, and does not stand without CHUNKING.
    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![
            TextRule::new(
                requirement!("rfc3030-3-2"),
                "the keyword BINARYMIME without a parameter",
                |reply, _| {
                    let line = line_with_parameter(reply, KEYWORD)?;
                    Some(Fault::new("a parameter behind BINARYMIME", line, KEYWORD.len()))
                },
            ),
            TextRule::new(
                requirement!("rfc3030-3-1"),
                "BINARYMIME and CHUNKING together",
                |reply, _| alone(reply),
            ),
        ]
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["BODY"]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        rfc6152::on_body(model, parameter, sole, expectation)
    }
}

/// Whether the server offers BINARYMIME and this is its value of BODY.
pub(crate) fn is_value(model: &Model, value: &[u8]) -> bool {
    model.offers(KEYWORD) && value.eq_ignore_ascii_case(KEYWORD.as_bytes())
}

/// Whether the message of the transaction was announced as binary.
pub(crate) fn is_binary(model: &Model) -> bool {
    let body = model.transaction().and_then(|open| open.parameter("BODY"));
    body.is_some_and(|value| is_value(model, value))
}

/// Whether the header of this message says that it is in the binary encoding, and MAIL did not
/// (rfc3030-3-20).
pub(crate) fn is_undeclared(model: &Model, text: &[u8]) -> bool {
    const FIELD: &[u8] = b"content-transfer-encoding:";
    let mut header = text
        .split(|&octet| octet == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .take_while(|line| !line.is_empty());
    let says_binary = |line: &[u8]| {
        line.split_at_checked(FIELD.len()).is_some_and(|(field, value)| {
            field.eq_ignore_ascii_case(FIELD) && value.trim_ascii().eq_ignore_ascii_case(b"binary")
        })
    };
    model.offers(KEYWORD) && !is_binary(model) && header.any(says_binary)
}

fn alone(reply: &Reply) -> Option<Fault> {
    let listed = |keyword: &str| {
        let first = |line: &Vec<u8>| {
            let word = line.split(|&octet| octet == b' ').next().unwrap_or_default();
            word.eq_ignore_ascii_case(keyword.as_bytes())
        };
        Some(reply.lines.iter().skip(1).position(first)? + 1)
    };
    let line = listed(KEYWORD).filter(|_| reply.code.get() == 250)?;
    listed(chunking::KEYWORD)
        .is_none()
        .then(|| Fault::new("BINARYMIME is listed without CHUNKING", line, 0))
}
