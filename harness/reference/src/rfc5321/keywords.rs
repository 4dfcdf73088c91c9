//! RFC 5321 §4.1.1.1 (ehlo-line), with §3.2: the list of keywords, where it is due and where not.

use smtpspec_catalogue::{RequirementId, requirement};
use smtpspec_protocol::Reply;

use crate::text::{Fault, TextRule};

/// The line of a positive reply to EHLO that lists this keyword (RFC 5321 §4.1.1.1).
pub(crate) fn line_of(reply: &Reply, keyword: &str) -> Option<usize> {
    line_where(reply, keyword, |_| true)
}

/// The same where something stands behind the keyword.
pub(crate) fn line_with_parameter(reply: &Reply, keyword: &str) -> Option<usize> {
    line_where(reply, keyword, |behind| !behind.trim_ascii().is_empty())
}

/// That nothing stands behind the keyword, as most extensions want it of theirs.
pub(crate) fn alone(requirement: RequirementId, keyword: &'static str) -> TextRule {
    TextRule::of_keyword(
        requirement,
        "the keyword without a parameter",
        keyword,
        |reply, keyword| {
            let line = line_with_parameter(reply, keyword)?;
            Some(Fault::new("a parameter behind the keyword", line, keyword.len()))
        },
    )
}

/// The first line with the keyword where what stands behind it fits.
fn line_where(reply: &Reply, keyword: &str, fits: fn(&[u8]) -> bool) -> Option<usize> {
    let listed = |line: &[u8]| {
        let (word, behind) = line.split_at(line.len().min(keyword.len()));
        let whole = behind.first().is_none_or(|octet| *octet == b' ');
        word.eq_ignore_ascii_case(keyword.as_bytes()) && whole && fits(behind)
    };
    let mut lines = reply.lines.iter().enumerate().skip(1);
    let found = lines.find(|(_, line)| listed(line)).map(|(number, _)| number);
    found.filter(|_| reply.code.get() == 250)
}

/// The lines behind the first of a positive reply to EHLO.
///
/// ```abnf
/// ehlo-line      = ehlo-keyword *( SP ehlo-param )
/// ehlo-keyword   = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ehlo-param     = 1*(%d33-126)
/// ```
pub(crate) fn of_ehlo() -> [TextRule; 5] {
    [
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-12"),
            "a keyword on each line behind the first",
            |reply, _| each_line(reply, missing_keyword),
        ),
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-14"),
            "a letter or digit, then letters, digits and hyphens",
            |reply, _| each_line(reply, wrong_keyword),
        ),
        TextRule::new(
            requirement!("rfc5321-4.1.1.1-15"),
            "parameters of printable ASCII, with one space before each",
            |reply, _| each_line(reply, wrong_parameter),
        ),
        // What two extensions make of their own lines.
        TextRule::new(requirement!("rfc1870-3-1"), "SIZE alone, or with one number", |reply, _| {
            each_line(reply, wrong_size)
        }),
        TextRule::new(requirement!("rfc6152-2-1"), "8BITMIME alone", |reply, _| {
            each_line(reply, wrong_eight_bit)
        }),
    ]
}

/// The positive reply to HELO: it may have several lines, but they list no extensions.
pub(crate) fn of_helo() -> TextRule {
    TextRule::new(
        requirement!("rfc5321-3.2-2"),
        "no list of extensions, which only EHLO asks for",
        |reply, _| each_line(reply, is_offer),
    )
}

type LineCheck = fn(&[u8]) -> Option<(usize, &'static str)>;

/// The first line behind the first that does not pass.
fn each_line(reply: &Reply, check: LineCheck) -> Option<Fault> {
    if reply.code.get() != 250 {
        return None;
    }
    let mut lines = reply.lines.iter().enumerate().skip(1);
    lines.find_map(|(number, line)| check(line).map(|(at, what)| Fault::new(what, number, at)))
}

fn keyword(line: &[u8]) -> &[u8] {
    line.split(|&octet| octet == b' ').next().unwrap_or_default()
}

fn missing_keyword(line: &[u8]) -> Option<(usize, &'static str)> {
    keyword(line).is_empty().then_some((0, "a line of the EHLO reply has no keyword"))
}

fn wrong_keyword(line: &[u8]) -> Option<(usize, &'static str)> {
    let keyword = keyword(line);
    // The old form of the AUTH line, which servers add on purpose for the sake of old clients.
    if keyword.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH=")) {
        return None;
    }
    let fits =
        |(at, octet): (usize, &u8)| octet.is_ascii_alphanumeric() || (at > 0 && *octet == b'-');
    let at = keyword.iter().enumerate().position(|place| !fits(place))?;
    Some((at, "an EHLO keyword with a character that keywords do not have"))
}

/// ```abnf
/// size-param = [1*DIGIT]
/// ```
fn wrong_size(line: &[u8]) -> Option<(usize, &'static str)> {
    let parameters = parameters_of(line, b"SIZE")?;
    let number = parameters.trim_ascii();
    (!number.iter().all(u8::is_ascii_digit))
        .then_some((b"SIZE".len(), "SIZE with something else than a number"))
}

fn wrong_eight_bit(line: &[u8]) -> Option<(usize, &'static str)> {
    let parameters = parameters_of(line, b"8BITMIME")?;
    (!parameters.trim_ascii().is_empty())
        .then_some((b"8BITMIME".len(), "8BITMIME with a parameter"))
}

/// What stands behind this keyword, if the line has it; keywords match in any case.
fn parameters_of<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let found = keyword(line);
    found.eq_ignore_ascii_case(wanted).then(|| &line[found.len()..])
}

fn wrong_parameter(line: &[u8]) -> Option<(usize, &'static str)> {
    let mut at = keyword(line).len();
    if at == 0 {
        return None;
    }
    while at < line.len() {
        // Here stands the space before a parameter.
        let parameter = keyword(&line[at + 1..]);
        if parameter.is_empty() {
            return Some((at, "a space in the EHLO reply with no parameter behind it"));
        }
        if let Some(odd) = parameter.iter().position(|octet| !octet.is_ascii_graphic()) {
            let what = "an EHLO parameter with a character that parameters do not have";
            return Some((at + 1 + odd, what));
        }
        at += 1 + parameter.len();
    }
    None
}

/// Whether the line can be nothing but the offer of an extension. `HELP` and its like may be words
/// for people, and so may any keyword inside a sentence.
fn is_offer(line: &[u8]) -> Option<(usize, &'static str)> {
    const ALONE: [&str; 9] = [
        "8BITMIME",
        "BINARYMIME",
        "CHUNKING",
        "DSN",
        "ENHANCEDSTATUSCODES",
        "PIPELINING",
        "SIZE",
        "SMTPUTF8",
        "STARTTLS",
    ];
    let line = line.trim_ascii_end();
    let alone = ALONE.iter().any(|keyword| line.eq_ignore_ascii_case(keyword.as_bytes()));
    let digits = line.get(5..).unwrap_or_default();
    let size = line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"SIZE "))
        && !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit);
    (alone || size).then_some((0, "HELO is answered with a list of extensions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(rule: &TextRule, line: &str) -> Option<(usize, usize)> {
        let reply = Reply::multiline(250, ["mx.test", line, "HELP"]);
        rule.fault(&reply, None).map(|fault| (fault.line, fault.at))
    }

    #[test]
    fn a_keyword_is_letters_digits_and_hyphens() {
        let [missing, keyword, ..] = of_ehlo();
        for line in ["SIZE 100", "8bitmime", "X-FOO a=b", "AUTH=LOGIN PLAIN", "auth=", "--"] {
            assert_eq!(place(&keyword, line).is_some(), line == "--", "{line}");
            assert_eq!(place(&missing, line), None, "{line}");
        }
        assert_eq!(place(&keyword, "-SIZE"), Some((1, 0)));
        assert_eq!(place(&keyword, "SIZE=100"), Some((1, 4)));
        assert_eq!(place(&keyword, "SI\tZE"), Some((1, 2)));
        assert_eq!(place(&keyword, "X_FOO"), Some((1, 1)));
        assert_eq!(place(&missing, ""), Some((1, 0)));
        assert_eq!(place(&missing, " SIZE"), Some((1, 0)));
    }

    #[test]
    fn parameters_are_printable_and_apart_by_one_space() {
        let [_, _, parameter, ..] = of_ehlo();
        assert_eq!(place(&parameter, "AUTH LOGIN PLAIN"), None);
        assert_eq!(place(&parameter, "AUTH "), Some((1, 4)));
        assert_eq!(place(&parameter, "AUTH  LOGIN"), Some((1, 4)));
        assert_eq!(place(&parameter, "AUTH LO\tGIN"), Some((1, 7)));
        assert_eq!(place(&parameter, ""), None);
    }

    #[test]
    fn only_what_lists_extensions_is_held_against_helo() {
        let rule = of_helo();
        for line in ["SIZE", "size 100", "PIPELINING", "8BITMIME "] {
            assert_eq!(place(&rule, line), Some((1, 0)), "{line}");
        }
        for line in ["Hello there", "HELP is at hand", "SIZE matters", "DSN for all", ""] {
            assert_eq!(place(&rule, line), None, "{line}");
        }
        let one = Reply::new(250, "SIZE");
        assert!(rule.fault(&one, None).is_none());
    }

    #[test]
    fn size_has_a_number_and_8bitmime_nothing() {
        let [.., size, eight_bit] = of_ehlo();
        let fault = |rule: &TextRule, line: &str| {
            rule.fault(&Reply::multiline(250, ["mx.test", line].map(str::to_owned)), None).is_some()
        };
        for (line, wrong) in [
            ("SIZE", false),
            ("size 1000", false),
            ("SIZE 10M", true),
            ("SIZE 1 2", true),
            ("SIZES 1 2", false),
        ] {
            assert_eq!(fault(&size, line), wrong, "{line}");
        }
        for (line, wrong) in [("8bitmime", false), ("8BITMIME YES", true), ("SIZE 1", false)] {
            assert_eq!(fault(&eight_bit, line), wrong, "{line}");
        }
    }

    #[test]
    fn a_keyword_is_found_in_its_line() {
        let reply = |code, keyword| Reply::multiline(code, ["SIZE", "HELP", keyword]);
        let found = |code, keyword| {
            let reply = reply(code, keyword);
            (line_of(&reply, "SIZE"), line_with_parameter(&reply, "SIZE"))
        };
        assert_eq!(found(250, "SIZE"), (Some(2), None));
        assert_eq!(found(250, "size "), (Some(2), None));
        assert_eq!(found(250, "Size 5"), (Some(2), Some(2)));
        assert_eq!(found(250, "SIZES 5"), (None, None));
        assert_eq!(found(250, "SIZ"), (None, None));
        assert_eq!(found(220, "SIZE 5"), (None, None));
    }
}
