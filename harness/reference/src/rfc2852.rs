//! RFC 2852 §2 to §4 (DELIVERBY): a time within which a message is to be delivered.
//!
//! Our own server delivers at once to those who have a mailbox here, and so in time. What it would
//! have to pass on with `R` ends here with a notice where the next host has not the extension
//! ([`crate::relaying`]).

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Parameter, Reply};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc2034;
use crate::rfc5321::keywords::line_with_parameter;
use crate::text::{Fault, TextRule};

/// The extension DELIVERBY.
pub(crate) struct DeliverBy;

const KEYWORD: &str = "DELIVERBY";

/// The least time that our own server takes with `R`, in seconds (RFC 2852 §2).
const MINIMUM: i64 = 60;

impl Extension for DeliverBy {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn arguments(&self, _model: &Model, _config: &Config) -> String {
        format!(" {MINIMUM}")
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![TextRule::new(
            requirement!("rfc2852-2-1"),
            "DELIVERBY alone, or with one list of options that begins with a number or a comma",
            |reply, _| {
                let line = line_with_parameter(reply, KEYWORD)?;
                let options = reply.lines[line][KEYWORD.len()..].trim_ascii();
                let what = "DELIVERBY with something else than options";
                (!are_options(options)).then(|| Fault::new(what, line, KEYWORD.len()))
            },
        )]
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["BY"]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        const WANTED: &str = "BY takes seconds, a semicolon, N or R, and T if wanted";
        let Some(by) = parameter.value.and_then(By::read) else {
            return expectation.refuse_if(true, || Reply::new(501, WANTED));
        };
        let codes = if sole { "501 503" } else { "500 501 503 504 552 553 555" };
        if by.returns && by.seconds <= 0 {
            return expectation
                .rule(requirement!("rfc2852-4-4"), &[codes])
                .texts(
                    (sole && model.offers("ENHANCEDSTATUSCODES"))
                        .then(|| rfc2034::of_arguments(requirement!("rfc2852-4-5"))),
                )
                .refuse_if(true, || Reply::new(501, "There is no time left to return it in"));
        }
        let minimum = minimum(model).filter(|&minimum| by.returns && by.seconds < minimum);
        if minimum.is_some() {
            return expectation
                .rule(requirement!("rfc2852-3-2"), &["55z 503", if sole { "" } else { "5yz" }])
                .refuse_if(true, || Reply::new(555, "It takes longer than that"));
        }
        expectation
            // 555 is for a time that the server can't keep (rfc2852-4-6).
            .never_if(sole, requirement!("rfc2852-3-3"), "504")
            .never_if(sole && by.seconds > 0, requirement!("rfc2852-3-3"), "501")
            .never_if(sole && by.seconds <= 0, requirement!("rfc2852-4-3"), "501 504")
    }
}

/// What a message asks for with BY (RFC 2852 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// The seconds within which it is to be delivered.
    pub seconds: i64,
    /// Whether it comes back if that can't be.
    pub returns: bool,
    /// Whether the sender is told of each host that it is passed on to (RFC 2852 §4.1.4).
    pub traces: bool,
}

impl By {
    /// What the value of the parameter says, if it is one.
    ///
    /// ```abnf
    /// by-value     = by-time";"by-mode[by-trace]
    /// by-time      = ["-" / "+"]1*9digit
    /// by-mode      = "N" / "R"
    /// by-trace     = "T"
    /// ```
    pub fn read(value: &[u8]) -> Option<Self> {
        let semicolon = value.iter().position(|&octet| octet == b';')?;
        let (time, mode) = (&value[..semicolon], &value[semicolon + 1..]);
        let (negative, digits) = match time {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] | digits => (false, digits),
        };
        let seconds = number(digits)?;
        let (returns, traces) = match mode.to_ascii_uppercase().as_slice() {
            b"N" => (false, false),
            b"NT" => (false, true),
            b"R" => (true, false),
            b"RT" => (true, true),
            _ => return None,
        };
        Some(Self { seconds: if negative { -seconds } else { seconds }, returns, traces })
    }
}

/// One to nine digits.
fn number(digits: &[u8]) -> Option<i64> {
    let fits = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// The least time with `R` that the EHLO reply allows, if it tells one (rfc2852-3-1).
fn minimum(model: &Model) -> Option<i64> {
    number(model.offer(KEYWORD)?.split(|&octet| octet == b',').next()?)
}

/// ```abnf
/// deliverby-param = min-by-time *( ',' extension-token )
/// min-by-time     = [1*9DIGIT]
/// extension-token = 1*<any CHAR excluding SP, COMMA and all control characters>
/// ```
fn are_options(options: &[u8]) -> bool {
    let mut options = options.split(|&octet| octet == b',');
    let minimum = options.next().unwrap_or_default();
    (minimum.is_empty() || number(minimum).is_some())
        && options.all(|token| !token.is_empty() && token.iter().all(u8::is_ascii_graphic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{check, extended, preferred};

    #[test]
    fn a_time_has_one_to_nine_digits_and_a_mode() {
        let read = |value: &str| By::read(value.as_bytes()).map(|by| (by.seconds, by.returns));
        for (value, expected) in [
            ("120;R", Some((120, true))),
            ("+0;n", Some((0, false))),
            ("-999999999;NT", Some((-999_999_999, false))),
            ("1;rt", Some((1, true))),
            ("1000000000;N", None),
            (";N", None),
            ("-;N", None),
            ("1", None),
            ("1;", None),
            ("1;T", None),
            ("1;NR", None),
            ("1;N;T", None),
            ("1.5;N", None),
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
    }

    #[test]
    fn no_time_to_return_in_is_an_error_and_no_time_to_tell_in_is_none() {
        check(
            &extended(&["DELIVERBY 60"]),
            &[
                ("MAIL FROM:<> BY=120;R", 250, Fine),
                ("MAIL FROM:<> BY=120;R", 501, Fails),
                ("MAIL FROM:<> BY=120;R", 504, Fails),
                ("MAIL FROM:<> BY=120;R", 555, Fine),
                ("MAIL FROM:<> BY=120;R", 455, Policy),
                ("MAIL FROM:<> BY=0;R", 501, Fine),
                ("MAIL FROM:<> BY=-1;R", 250, Warns),
                ("MAIL FROM:<> BY=0;N", 501, Warns),
                ("MAIL FROM:<> BY=-1;NT", 250, Fine),
                ("MAIL FROM:<> BY=59;R", 555, Fine),
                ("MAIL FROM:<> BY=59;R", 250, Fails),
                ("MAIL FROM:<> BY=59;R", 501, Fails),
                ("MAIL FROM:<> BY=59;N", 250, Fine),
                ("MAIL FROM:<> BY=x", 250, Fine),
                ("MAIL FROM:<> BY", 501, Fine),
            ],
        );
        check(&extended(&["DELIVERBY"]), &[("MAIL FROM:<> BY=1;R", 250, Fine)]);
    }

    #[test]
    fn the_server_takes_what_it_says() {
        let code = |line| preferred(Config::default(), &["EHLO client.test", line]).code.get();
        for (line, expected) in [
            ("MAIL FROM:<> BY=60;R", 250),
            ("MAIL FROM:<> by=-5;nt", 250),
            ("MAIL FROM:<> BY=59;R", 555),
            ("MAIL FROM:<> BY=0;R", 501),
            ("MAIL FROM:<> BY=1;N BY=2;N", 501),
            ("MAIL FROM:<> BY", 501),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
    }

    #[test]
    fn the_keyword_has_a_number_and_further_options() {
        let rules = DeliverBy.of_ehlo(false);
        let fault = |line: &str| {
            let reply = Reply::multiline(250, ["mx.test", line].map(str::to_owned));
            rules.iter().any(|rule| rule.fault(&reply, None).is_some())
        };
        for line in ["DELIVERBY", "DELIVERBY 60", "deliverby 60,x", "DELIVERBY ,x"] {
            assert!(!fault(line), "{line}");
        }
        for line in ["DELIVERBY x", "DELIVERBY 1234567890", "DELIVERBY 60 x", "DELIVERBY 60,"] {
            assert!(fault(line), "{line}");
        }
    }
}
