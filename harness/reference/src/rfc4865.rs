//! RFC 4865 §3 to §5 (FUTURERELEASE): a message that is kept until its time has come.
//!
//! Only a server of submission may offer it (rfc4865-4.2-2), and so our own does where it is one. It hands a
//! message over at once, with the time that it is to be kept ([`crate::Delivery::held`]): to wait is for who
//! has a clock.

use std::time::Duration;

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::{Parameter, Parameters, Reply};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc2034;
use crate::rfc2852::By;
use crate::rfc5321::keywords::line_of;
use crate::rfc6409;
use crate::rfc7293::date_time;
use crate::text::{Fault, TextRule};
use crate::transaction::{Parameter as Kept, Transaction, value_of};

/// The extension FUTURERELEASE.
pub(crate) struct FutureRelease;

const KEYWORD: &str = "FUTURERELEASE";

/// The longest time for which our own server keeps a message, in seconds: thirty days.
const INTERVAL: u64 = 30 * 24 * 60 * 60;

/// Up to when it keeps one.
const DATE_TIME: &str = "2099-12-31T23:59:59Z";

/// The codes by which a parameter that can't be is refused, where nothing else is wrong.
const REFUSED: &str = "501 503";

impl Extension for FutureRelease {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    /// Nowhere but where mail is posted (rfc4865-4.2-2).
    fn is_available(&self, model: &Model) -> bool {
        rfc6409::is_submission(model)
    }

    fn arguments(&self, _model: &Model, _config: &Config) -> String {
        format!(" {INTERVAL} {DATE_TIME}")
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![TextRule::new(
            requirement!("rfc4865-4.2-3"),
            "FUTURERELEASE, the longest time in seconds, and the latest date and time",
            |reply, _| {
                let line = line_of(reply, KEYWORD)?;
                let arguments = reply.lines[line].get(KEYWORD.len() + 1..).unwrap_or_default();
                let what = "FUTURERELEASE without a time in seconds and a date behind it";
                Limits::read(arguments).is_none().then(|| Fault::new(what, line, KEYWORD.len()))
            },
        )]
    }

    fn mail_parameters(&self) -> &'static [&'static str] {
        &["HOLDFOR", "HOLDUNTIL"]
    }

    fn on_mail(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        let limits = model.offer(KEYWORD).and_then(Limits::read);
        let hold = Hold::read(parameter);
        let fits = hold.is_some_and(|hold| limits.is_none_or(|limits| limits.allow(hold)));
        if fits {
            return expectation.never_if(sole, requirement!("rfc4865-4.2-4"), "500 501 504 555");
        }
        let rule = if parameter.keyword.eq_ignore_ascii_case(b"HOLDFOR") {
            requirement!("rfc4865-4.2-7")
        } else {
            requirement!("rfc4865-4.2-8")
        };
        refused(model, expectation, rule, sole, "The message can't be held so long, or not so")
    }

    fn on_mail_line(
        &self,
        model: &Model,
        parameters: &Parameters<'_>,
        expectation: Expectation,
    ) -> Expectation {
        let all = || parameters.iter();
        let holds: Vec<_> = all().filter(|one| Hold::is_asked(one.keyword)).collect();
        let expectation = match holds.as_slice() {
            [_, _, ..] => refused(
                model,
                expectation,
                requirement!("rfc4865-4.2-9"),
                all().count() == holds.len(),
                "There is one time at which a message is released",
            ),
            _ => expectation,
        };
        let by = parameters.get(b"BY").and_then(|by| by.value).and_then(By::read);
        let by = by.filter(|_| model.offers("DELIVERBY"));
        let late = match (holds.as_slice(), by) {
            ([hold], Some(by)) => matches!(Hold::read(hold),
                Some(Hold::For(seconds)) if i64::try_from(seconds).is_ok_and(|held| held > by.seconds)),
            _ => false,
        };
        if !late {
            return expectation;
        }
        expectation
            .rule(requirement!("rfc4865-5.2.2-1"), &["4yz 5yz"])
            .texts(
                model
                    .offers("ENHANCEDSTATUSCODES")
                    .then(|| rfc2034::of_arguments(requirement!("rfc4865-5.2.2-3"))),
            )
            .rule_if(all().count() == 2, requirement!("rfc4865-5.2.2-2"), &[REFUSED, "455 555"])
            .refuse_if(true, || {
                Reply::new(
                    501,
                    "The message would be held beyond the time it is to be delivered by",
                )
            })
    }
}

/// Adds that a parameter can't be, and is refused.
fn refused(
    model: &Model,
    expectation: Expectation,
    rule: RequirementId,
    sole: bool,
    text: &'static str,
) -> Expectation {
    expectation
        .rule(rule, &["4yz 5yz"])
        .rule_if(sole, requirement!("rfc4865-4.2-10"), &[REFUSED])
        .texts(
            (sole && model.offers("ENHANCEDSTATUSCODES"))
                .then(|| rfc2034::of_arguments(requirement!("rfc4865-4.2-11"))),
        )
        .refuse_if(true, || Reply::new(501, text))
}

/// How long a message is to be kept (RFC 4865 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// So many seconds.
    For(u64),
    /// Up to this second since 1970 began.
    Until(i64),
}

impl Hold {
    fn is_asked(keyword: &[u8]) -> bool {
        ["HOLDFOR", "HOLDUNTIL"].iter().any(|one| keyword.eq_ignore_ascii_case(one.as_bytes()))
    }

    /// ```abnf
    /// hold-for-param = "HOLDFOR=" future-release-interval
    /// hold-until-param = "HOLDUNTIL=" future-release-date-time
    /// ```
    fn read(parameter: &Parameter<'_>) -> Option<Self> {
        let value = parameter.value?;
        if parameter.keyword.eq_ignore_ascii_case(b"HOLDFOR") {
            interval(value).map(Self::For)
        } else {
            instant(value).map(Self::Until)
        }
    }

    fn of(mail: &Transaction) -> Option<Self> {
        let of = |keyword: &str| value_of(&mail.parameters, keyword);
        let seconds = of("HOLDFOR").and_then(interval).map(Self::For);
        seconds.or_else(|| of("HOLDUNTIL").and_then(instant).map(Self::Until))
    }
}

/// ```abnf
/// future-release-integer = %x31-39 *8DIGIT
/// ```
fn interval(value: &[u8]) -> Option<u64> {
    let fits =
        (1..=9).contains(&value.len()) && value[0] != b'0' && value.iter().all(u8::is_ascii_digit);
    fits.then(|| value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// A date and time of RFC 3339 in Universal Time, of which the second may have a fraction.
///
/// ```abnf
/// time-secfrac = "." 1*DIGIT
/// ```
fn instant(value: &[u8]) -> Option<i64> {
    let [time @ .., zone @ (b'Z' | b'z')] = value else { return None };
    let mut parts = time.splitn(2, |octet| *octet == b'.');
    let (whole, fraction) = (parts.next()?, parts.next());
    let sound =
        fraction.is_none_or(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
    date_time(&[whole, &[*zone]].concat()).filter(|_| sound)
}

/// What the line of the EHLO reply allows.
#[derive(Debug, Clone, Copy)]
struct Limits {
    seconds: u64,
    until: i64,
}

impl Limits {
    /// ```abnf
    /// line = "250-FUTURERELEASE" SP max-future-release-interval
    ///                            SP max-future-release-date-time
    /// ```
    fn read(arguments: &[u8]) -> Option<Self> {
        let mut words = arguments.trim_ascii_end().split(|octet| *octet == b' ');
        let (seconds, until) = (interval(words.next()?)?, instant(words.next()?)?);
        words.next().is_none().then_some(Self { seconds, until })
    }

    fn allow(self, hold: Hold) -> bool {
        match hold {
            Hold::For(seconds) => seconds <= self.seconds,
            Hold::Until(until) => until <= self.until,
        }
    }
}

/// How long the message that has come is to be kept; `at` is now, in seconds since 1970 began.
pub(crate) fn held(model: &Model, at: u64) -> Option<Duration> {
    let hold = model.transaction().filter(|_| model.offers(KEYWORD)).and_then(Hold::of)?;
    let seconds = match hold {
        Hold::For(seconds) => seconds,
        Hold::Until(until) => u64::try_from(until).unwrap_or_default().saturating_sub(at),
    };
    Some(Duration::from_secs(seconds)).filter(|held| !held.is_zero())
}

/// What a notice says of the time that was asked for (rfc4865-5.1.2-2).
pub(crate) fn asked_for(parameters: &[Kept]) -> Option<Vec<u8>> {
    let named = |keyword: &str, word: &[u8]| {
        value_of(parameters, keyword).map(|value| [word, value].concat())
    };
    named("HOLDFOR", b"for;").or_else(|| named("HOLDUNTIL", b"until;"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Worth::{Fails, Fine, Policy, Warns};
    use crate::testing::{answer, check, expect, extended, preferred};

    fn offered() -> Model {
        extended(&["FUTURERELEASE 86400 2030-01-01T00:00:00Z", "DELIVERBY", "ENHANCEDSTATUSCODES"])
    }

    #[test]
    fn a_time_that_can_be_is_taken_and_another_is_not() {
        check(
            &offered(),
            &[
                ("MAIL FROM:<> HOLDFOR=86400", 250, Fine),
                ("MAIL FROM:<> HOLDFOR=86400", 501, Fails),
                ("MAIL FROM:<> HOLDFOR=86400", 452, Policy),
                ("MAIL FROM:<> HOLDFOR=86401", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=86401", 501, Fine),
                ("MAIL FROM:<> HOLDFOR=86401", 555, Warns),
                ("MAIL FROM:<> HOLDFOR=0", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=-1", 250, Fails),
                ("MAIL FROM:<> HOLDFOR", 250, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59Z", 250, Fine),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59Z", 504, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2030-01-01T00:00:01Z", 250, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59+00:00", 250, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59.125Z", 250, Fine),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59.125z", 501, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59.Z", 250, Fails),
                ("MAIL FROM:<> HOLDUNTIL=2029-12-31T23:59:59.1.2Z", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=60 HOLDFOR=60", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=60 HOLDUNTIL=2029-01-01T00:00:00Z", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=60 HOLDUNTIL=2029-01-01T00:00:00Z", 501, Fine),
                ("MAIL FROM:<> HOLDFOR=61 BY=60;N", 250, Fails),
                ("MAIL FROM:<> HOLDFOR=61 BY=60;N", 501, Fine),
                ("MAIL FROM:<> HOLDFOR=60 BY=60;N", 250, Fine),
            ],
        );
    }

    #[test]
    fn the_refusal_bears_the_code_for_arguments() {
        let broken = |text: &str| {
            let expected = expect(&offered(), "MAIL FROM:<> HOLDFOR=0");
            expected.text_breaches(&Reply::new(501, text)).len()
        };
        assert_eq!((broken("5.5.4 No"), broken("5.5.2 No")), (0, 1));
    }

    #[test]
    fn the_line_of_the_keyword_has_both_limits() {
        let fault = |line| {
            let rules = FutureRelease.of_ehlo(false);
            rules[0].fault(&Reply::multiline(250, ["mx.test", line]), None).is_some()
        };
        assert!(!fault("FUTURERELEASE 1 2030-01-01T00:00:00Z") && !fault("FUTURE"));
        assert!(!fault("FUTURERELEASE 1 2030-01-01T00:00:00.0Z"));
        for line in [
            "FUTURERELEASE",
            "futurerelease 86400",
            "FUTURERELEASE 2030-01-01T00:00:00Z 86400",
            "FUTURERELEASE 0 2030-01-01T00:00:00Z",
            "FUTURERELEASE 1 2030-01-01T00:00:00Z x",
        ] {
            assert!(fault(line), "{line}");
        }
    }

    #[test]
    fn only_where_mail_is_posted_it_is_offered_and_kept() {
        let config = |submission| Config { submission, ..Config::default() };
        let offers = |config| {
            let lines = preferred(config, &["EHLO client.test"]).lines;
            lines.iter().any(|line| line.starts_with(b"FUTURERELEASE "))
        };
        assert!(offers(config(true)) && !offers(config(false)));
        let lines = preferred(config(true), &["EHLO client.test"]).lines;
        assert!(lines.contains(&b"FUTURERELEASE 2592000 2099-12-31T23:59:59Z".to_vec()));
        let mut model = offered();
        answer(&mut model, "MAIL FROM:<> HOLDFOR=60", &Reply::new(250, "OK"));
        assert_eq!(held(&model, 0), Some(Duration::from_mins(1)));
        answer(&mut model, "RSET", &Reply::new(250, "OK"));
        answer(&mut model, "MAIL FROM:<> HOLDUNTIL=2000-01-01T00:00:00Z", &Reply::new(250, "OK"));
        assert_eq!(held(&model, 946_684_790), Some(Duration::from_secs(10)));
        assert_eq!(held(&model, 946_684_800), None);
        assert_eq!(held(&extended(&["FUTURERELEASE 1 x"]), 0), None);
    }

    #[test]
    fn a_notice_tells_what_was_asked_for() {
        let told = |keyword: &str, value: &str| {
            let parameter = (keyword.as_bytes().to_vec(), Some(value.as_bytes().to_vec()));
            asked_for(&[parameter]).map(|told| String::from_utf8(told).unwrap())
        };
        assert_eq!(told("HOLDFOR", "60").as_deref(), Some("for;60"));
        let instant = "2030-01-01T00:00:00Z";
        assert_eq!(told("HOLDUNTIL", instant), Some(format!("until;{instant}")));
        assert_eq!(told("SIZE", "60"), None);
    }
}
