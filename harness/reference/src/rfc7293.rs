//! RFC 7293 §3.1 and §5.1 (RRVS): mail for who had a mailbox at some time, and for nobody else.
//!
//! Our own server knows since when a mailbox has its owner ([`crate::Config`]). What it passes on
//! goes to hosts without the extension, so there it refuses what may not go on without it.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ForwardPath, Parameter, Reply, Request};

use crate::config::Standing;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::Model;
use crate::rfc5321::keywords;
use crate::text::TextRule;

/// The extension RRVS.
pub(crate) struct Rrvs;

const KEYWORD: &str = "RRVS";

impl Extension for Rrvs {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        vec![keywords::alone(requirement!("rfc7293-3.1-1"), KEYWORD)]
    }

    fn rcpt_parameters(&self) -> &'static [&'static str] {
        &[KEYWORD]
    }

    fn on_rcpt(
        &self,
        model: &Model,
        parameter: &Parameter<'_>,
        sole: bool,
        expectation: Expectation,
    ) -> Expectation {
        if parameter.value.and_then(Since::read).is_none() {
            let wanted = "RRVS takes a date and time, and ;C or ;R if wanted";
            return expectation.refuse_if(true, || Reply::new(501, wanted));
        }
        let known = sole && model.state().in_transaction();
        expectation.never_if(known, requirement!("rfc7293-3.1-2"), "501 504 555")
    }

    fn on_rcpt_line(
        &self,
        model: &Model,
        request: &Request<'_>,
        expectation: Expectation,
    ) -> Expectation {
        let refusal = refusal(model, request);
        expectation.refuse_if(refusal.is_some(), || Reply::new(550, refusal.unwrap_or_default()))
    }
}

/// Why our own server refuses a recipient for the time that was given, if it does.
fn refusal(model: &Model, request: &Request<'_>) -> Option<&'static str> {
    let (config, Ok(Command::Rcpt(rcpt))) = (model.config()?, &request.command) else {
        return None;
    };
    let since = Since::read(rcpt.parameters.get(KEYWORD.as_bytes())?.value?)?;
    // Postmaster, which stands for a role, has no owner (rfc7293-5.1-1).
    let ForwardPath::Path(path) = &rcpt.forward_path else { return None };
    if path.mailbox.local_part.content().eq_ignore_ascii_case(b"postmaster") {
        return None;
    }
    if config.standing_of(&path.mailbox) == Standing::Relayed {
        return (!since.goes_on).then_some("5.7.19 The next host does not know RRVS");
    }
    let owned = config.owned_since(&path.mailbox);
    (owned > since.seconds).then_some("5.7.17 The mailbox has changed its owner")
}

/// What a recipient is given with RRVS (RFC 7293 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    /// When the mailbox was known to be the recipient's, in seconds since 1970 began.
    pub(crate) seconds: i64,
    /// Whether the message may go on to hosts that do not know of it.
    pub(crate) goes_on: bool,
}

impl Since {
    /// The date and time are those of RFC 3339, without a fraction of the second.
    ///
    /// ```abnf
    /// rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]
    /// ```
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let (time, goes_on) = match value {
            [time @ .., b';', b'C' | b'c'] => (time, true),
            [time @ .., b';', b'R' | b'r'] | time => (time, false),
        };
        Some(Self { seconds: date_time(time)?, goes_on })
    }
}

/// Seconds since 1970 began.
///
/// ```abnf
/// date-time       = full-date "T" full-time
/// full-date       = 4DIGIT "-" 2DIGIT "-" 2DIGIT
/// full-time       = 2DIGIT ":" 2DIGIT ":" 2DIGIT ("Z" / (("+" / "-") 2DIGIT ":" 2DIGIT))
/// ```
pub(crate) fn date_time(text: &[u8]) -> Option<i64> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let (time, zone) = text.split_at_checked(FORM.len())?;
    let fits = |(octet, form): (&u8, &u8)| match form {
        b'0' => octet.is_ascii_digit(),
        form => octet.eq_ignore_ascii_case(form),
    };
    if !time.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| -> i64 {
        time[from..to].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let possible = (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let offset = offset(zone).filter(|_| possible)?;
    Some(((day_number(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second)
}

/// Minutes before Greenwich.
fn offset(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d]
            if [a, b, c, d].iter().all(|o| o.is_ascii_digit()) =>
        {
            let two = |a: &u8, b: &u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
            let (hours, minutes) = (two(a, b), two(c, d));
            let minutes = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 began.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let before = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let months: i64 = (1..month).map(|month| days(year, month)).sum();
    before + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Account, Config};
    use crate::testing::Worth::{Fails, Fine, Policy};
    use crate::testing::{answer, check, extended, preferred};

    #[test]
    fn a_time_is_read_to_the_second() {
        let read = |value: &str| Since::read(value.as_bytes()).map(|since| since.seconds);
        for (value, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00z", 951_825_600),
            ("2014-04-03t23:01:00Z", 1_396_566_060),
            ("2014-04-04T01:01:00+02:00;C", 1_396_566_060),
            ("1969-12-31T23:59:59-00:00;r", -1),
        ] {
            assert_eq!(read(value), Some(expected), "{value}");
        }
        for value in [
            "",
            "2014-04-03",
            "2014-04-03T23:01:00",
            "2014-04-03T23:01:00.5Z",
            "2014-04-03T23:01:00Z;",
            "2014-04-03T23:01:00Z;X",
            "2014-04-03T23:01:00Z;C;R",
            "2014-02-29T23:01:00Z",
            "2014-13-01T23:01:00Z",
            "2014-04-03T24:00:00Z",
            "2014-04-03T23:01:00+2:00",
            "2014-04-03T23:01:00+24:00",
            "03 Apr 2014 23:01:00 Z",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
        let (goes_on, stays) = (b"2014-04-03T23:01:00Z;C", b"2014-04-03T23:01:00Z");
        assert!(Since::read(goes_on).unwrap().goes_on && !Since::read(stays).unwrap().goes_on);
    }

    #[test]
    fn the_parameter_is_known_where_it_is_offered() {
        let mut model = extended(&["RRVS"]);
        answer(&mut model, "MAIL FROM:<>", &Reply::new(250, "OK"));
        check(
            &model,
            &[
                ("RCPT TO:<user@example.test> RRVS=2014-04-03T23:01:00Z", 250, Fine),
                ("RCPT TO:<user@example.test> RRVS=2014-04-03T23:01:00Z", 550, Policy),
                ("RCPT TO:<user@example.test> RRVS=2014-04-03T23:01:00Z", 501, Fails),
                ("RCPT TO:<user@example.test> rrvs=2014-04-03T23:01:00Z;C", 504, Fails),
                ("RCPT TO:<user@example.test> RRVS=now", 501, Fine),
                ("RCPT TO:<user@example.test> RRVS=now", 250, Fine),
            ],
        );
    }

    #[test]
    fn the_server_knows_its_owners() {
        let mut config = Config { relays: true, ..Config::default() };
        config.reassigned = vec![(Account::new("new", "example.test"), 1_400_000_000)];
        let code = |line| {
            let lines = ["EHLO client.test", "MAIL FROM:<>", line];
            preferred(config.clone(), &lines).code.get()
        };
        for (line, expected) in [
            ("RCPT TO:<new@example.test> RRVS=2014-04-03T23:01:00Z", 550),
            ("RCPT TO:<new@example.test> RRVS=2015-04-03T23:01:00Z", 250),
            ("RCPT TO:<new@example.test>", 250),
            ("RCPT TO:<user@example.test> RRVS=2014-04-03T23:01:00Z", 250),
            ("RCPT TO:<postmaster> RRVS=1999-04-03T23:01:00Z", 250),
            ("RCPT TO:<Postmaster@example.test> RRVS=1999-04-03T23:01:00Z", 250),
            ("RCPT TO:<a@far.example> RRVS=2014-04-03T23:01:00Z", 550),
            ("RCPT TO:<a@far.example> RRVS=2014-04-03T23:01:00Z;C", 250),
            ("RCPT TO:<user@example.test> RRVS=yesterday", 501),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
    }
}
