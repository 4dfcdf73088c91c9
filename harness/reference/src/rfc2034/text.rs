//! RFC 2034 §4 and RFC 3463 §2: what can be wrong with the code in front of a text.

use smtpspec_protocol::{EnhancedCode, Reply};

use crate::text::Fault;

/// What is wrong with one line: where, and what. The reply is there for what all lines share.
type Check = fn(&[u8], &Reply) -> Option<&'static str>;

/// The first line that does not pass; only 2yz, 4yz and 5yz bear codes (rfc2034-4-2).
pub(super) fn each_line(reply: &Reply, check: Check) -> Option<Fault> {
    if !matches!(reply.code.class(), 2 | 4 | 5) {
        return None;
    }
    let mut lines = reply.lines.iter().enumerate();
    lines.find_map(|(number, line)| check(line, reply).map(|what| Fault::new(what, number, 0)))
}

/// The same for the first line alone.
pub(super) fn first_line(reply: &Reply, check: Check) -> Option<Fault> {
    each_line(reply, check).filter(|fault| fault.line == 0)
}

pub(super) fn missing(line: &[u8], _: &Reply) -> Option<&'static str> {
    (shape(line).is_none() && spaced(line).is_none()).then_some("there is no enhanced status code")
}

pub(super) fn without_space(line: &[u8], _: &Reply) -> Option<&'static str> {
    let shape = shape(line)?;
    let end = shape.octets;
    (line.get(end) != Some(&b' ')).then_some("no space follows the enhanced status code")
}

pub(super) fn out_of_form(line: &[u8], _: &Reply) -> Option<&'static str> {
    let [class, subject, detail] = shape(line)?.numbers;
    let fits = matches!(class, b"2" | b"4" | b"5") && subject.len() <= 3 && detail.len() <= 3;
    (!fits).then_some("the enhanced status code has not the form of one")
}

pub(super) fn with_white_space(line: &[u8], _: &Reply) -> Option<&'static str> {
    spaced(line).map(|()| "white space stands within the enhanced status code")
}

pub(super) fn with_leading_zeros(line: &[u8], _: &Reply) -> Option<&'static str> {
    let padded = |number: &[u8]| number.len() > 1 && number[0] == b'0';
    let shape = shape(line)?;
    shape.numbers.iter().any(|number| padded(number)).then_some("a number has a leading zero")
}

pub(super) fn of_another_class(line: &[u8], reply: &Reply) -> Option<&'static str> {
    let class = code(line)?.class();
    (u16::from(class) != u16::from(reply.code.class()))
        .then_some("the enhanced status code is of another class than the reply")
}

pub(super) fn not_the_first(line: &[u8], reply: &Reply) -> Option<&'static str> {
    let first = code(reply.lines.first()?)?;
    (code(line)? != first).then_some("another enhanced status code than on the first line")
}

pub(super) fn not_registered(line: &[u8], _: &Reply) -> Option<&'static str> {
    let code = code(line)?;
    let last = usize::from(code.subject());
    let known = LAST_DETAIL.get(last).is_some_and(|&detail| code.detail() <= detail);
    (!known).then_some("the enhanced status code is not registered")
}

/// A code with 3yz, whose class it could not agree with.
pub(super) fn with_3yz(reply: &Reply) -> Option<Fault> {
    let bears =
        reply.code.class() == 3 && reply.lines.first().is_some_and(|line| code(line).is_some());
    bears.then(|| Fault::first("an enhanced status code stands in a 3yz reply"))
}

/// For each subject, the highest detail in the registry that RFC 5248 §2.1 founded: RFC 3463 §3,
/// RFC 3886, RFC 4468, RFC 4954, RFC 6531, RFC 6710, RFC 7293, RFC 7372, RFC 7505, RFC 8689 and
/// others. Below it the details have no gaps.
const LAST_DETAIL: [u16; 8] = [0, 10, 4, 6, 7, 6, 10, 30];

/// Three numbers with dots between, as a text begins with them.
struct Shape<'a> {
    numbers: [&'a [u8]; 3],
    octets: usize,
}

/// What looks like a code: digits, a dot, digits, a dot, digits, and no dot and digit behind.
fn shape(line: &[u8]) -> Option<Shape<'_>> {
    let octets = line
        .iter()
        .position(|octet| !octet.is_ascii_digit() && *octet != b'.')
        .unwrap_or(line.len());
    let mut parts = line[..octets].split(|&octet| octet == b'.');
    let numbers = [parts.next()?, parts.next()?, parts.next()?];
    let whole = parts.next().is_none() && numbers.iter().all(|number| !number.is_empty());
    whole.then_some(Shape { numbers, octets })
}

/// Whether the line begins with a code that has spaces about its dots.
fn spaced(line: &[u8]) -> Option<()> {
    let start = line.get(..line.len().min(16))?;
    let end = start
        .iter()
        .position(|octet| !octet.is_ascii_digit() && !matches!(octet, b'.' | b' ' | b'\t'))
        .unwrap_or(start.len());
    let mut parts = start[..end].split(|&octet| octet == b'.').map(<[u8]>::trim_ascii);
    let class = parts.next()?;
    let rest = [parts.next()?, parts.next()?];
    let digits = |number: &[u8]| !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let looks = matches!(class, b"2" | b"4" | b"5")
        && digits(rest[0])
        && rest[1].split(|&octet| octet == b' ').next().is_some_and(digits)
        && parts.next().is_none();
    (looks && shape(line).is_none()).then_some(())
}

fn code(line: &[u8]) -> Option<EnhancedCode> {
    EnhancedCode::read(&line[..shape(line)?.octets])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(check: Check, reply: u16, line: &str) -> bool {
        each_line(&Reply::new(reply, line), check).is_some()
    }

    #[test]
    fn a_code_is_missed_where_there_is_none() {
        for line in ["OK", "", "2.1 OK", "2.1.", "192.0.2.1 is yours", "-2.0.0 OK"] {
            assert!(wrong(missing, 250, line), "{line}");
        }
        for line in ["2.0.0 OK", "3.0.0 OK", "2.0.0", "2. 0.0 OK"] {
            assert!(!wrong(missing, 250, line), "{line}");
        }
        assert!(!wrong(missing, 354, "OK"));
    }

    #[test]
    fn a_code_has_its_form() {
        for (check, right, broken) in [
            (without_space as Check, "2.0.0 OK", "2.0.0: OK"),
            (without_space, "2.0.0  OK", "2.0.0"),
            (out_of_form, "2.100.100 OK", "2.1000.1 OK"),
            (out_of_form, "2.0.0 OK", "3.0.0 OK"),
            (with_white_space, "2.0.0 OK", "2. 0. 0 OK"),
            (with_white_space, "OK 2. 0", "2 .0.0 OK"),
            (with_leading_zeros, "2.0.10 OK", "2.0.05 OK"),
            (of_another_class, "2.0.0 OK", "5.0.0 OK"),
            (not_registered, "2.1.10 OK", "2.1.11 OK"),
            (not_registered, "2.7.0 OK", "2.8.0 OK"),
        ] {
            assert!(!wrong(check, 250, right), "{right}");
            assert!(wrong(check, 250, broken), "{broken}");
        }
    }

    #[test]
    fn all_lines_bear_the_code_of_the_first() {
        let place = |check, lines: [&str; 2]| {
            each_line(&Reply::multiline(214, lines), check).map(|fault| fault.line)
        };
        assert_eq!(place(not_the_first, ["2.0.0 a", "2.0.0 b"]), None);
        assert_eq!(place(not_the_first, ["2.0.0 a", "2.0.1 b"]), Some(1));
        assert_eq!(place(missing, ["2.0.0 a", "b"]), Some(1));
    }

    #[test]
    fn no_code_comes_with_3yz() {
        assert!(with_3yz(&Reply::new(354, "2.0.0 Go ahead")).is_some());
        assert!(with_3yz(&Reply::new(354, "Go ahead")).is_none());
        assert!(with_3yz(&Reply::new(250, "2.0.0 OK")).is_none());
    }
}
