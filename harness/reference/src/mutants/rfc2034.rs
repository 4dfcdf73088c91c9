//! RFC 2034 §3 and §4, RFC 3463 §2: what is wrong with enhanced status codes.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::{Fault, Mutant, is_unknown, mutant, reword};
use crate::text::behind_enhanced_code;

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "enhanced-keyword-with-parameter",
        "lists ENHANCEDSTATUSCODES with a parameter",
        requirement!("rfc2034-3-1"),
        reword(
            |on| on.is(Verb::Ehlo),
            |_, reply| {
                for line in reply.lines.iter_mut().filter(|line| line.starts_with(b"ENHANCED")) {
                    line.extend_from_slice(b" 1893");
                }
            },
        ),
    ),
    mutant(
        "enhanced-code-missing-on-success",
        "accepts without an enhanced code",
        requirement!("rfc2034-3-2"),
        Fault::Octets(|on, octets| {
            if on.accepted() {
                recode(octets, "", |line| line == 0);
            }
        }),
    ),
    mutant(
        "enhanced-code-missing-on-refusal",
        "refuses without an enhanced code",
        requirement!("rfc2034-4-2"),
        Fault::Octets(|on, octets| {
            if !on.accepted() {
                recode(octets, "", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-on-first-line-only",
        "puts the enhanced code on the first line of several",
        requirement!("rfc2034-4-2"),
        Fault::Octets(|_, octets| recode(octets, "", |line| line > 0)),
    ),
    mutant(
        "enhanced-code-without-space",
        "sets a colon behind the enhanced code",
        requirement!("rfc2034-3-3"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Noop) {
                recode(octets, "2.0.0:", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-of-class-3",
        "answers NOOP with 3.0.0",
        requirement!("rfc2034-4-1"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Noop) {
                recode(octets, "3.0.0 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-of-four-digits",
        "answers RSET with 2.0.1000",
        requirement!("rfc3463-2-1"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Rset) {
                recode(octets, "2.0.1000 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-on-354",
        "puts an enhanced code into its call for mail",
        requirement!("rfc2034-4-3"),
        reword(
            |on| on.is(Verb::Data) && on.usually() == 354,
            |_, reply| {
                reply.lines[0].splice(..0, *b"2.0.0 ");
            },
        ),
    ),
    mutant(
        "enhanced-code-of-failure-on-success",
        "accepts with the code 5.0.0",
        requirement!("rfc3463-2-11"),
        Fault::Octets(|on, octets| {
            if on.accepted() {
                recode(octets, "5.0.0 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-of-success-on-failure",
        "refuses with the code 2.0.0",
        requirement!("rfc3463-2-9"),
        Fault::Octets(|on, octets| {
            if !on.accepted() {
                recode(octets, "2.0.0 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-passing-on-lasting-failure",
        "answers commands that it does not know with 4.5.2",
        requirement!("rfc2034-4-4"),
        Fault::Octets(|on, octets| {
            if is_unknown(on) {
                recode(octets, "4.5.2 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-changes-in-multiline",
        "changes the enhanced code from line to line",
        requirement!("rfc2034-4-5"),
        Fault::Octets(|_, octets| recode(octets, "2.7.0 ", |line| line > 0)),
    ),
    mutant(
        "enhanced-codes-after-ehlo-only",
        "sends enhanced codes only to clients that said EHLO",
        requirement!("rfc2034-4-6"),
        Fault::Octets(|on, octets| {
            if !on.model.hello().is_some_and(|hello| hello.extended) {
                recode(octets, "", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-with-white-space",
        "puts a space behind each dot of the enhanced code",
        requirement!("rfc3463-2-2"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Noop) {
                recode(octets, "2. 0. 0 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-with-leading-zeros",
        "answers NOOP with 2.00.00",
        requirement!("rfc3463-2-3"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Noop) {
                recode(octets, "2.00.00 ", |_| true);
            }
        }),
    ),
    mutant(
        "enhanced-code-not-registered",
        "answers NOOP with 2.9.99",
        requirement!("rfc3463-2-6"),
        Fault::Octets(|on, octets| {
            if on.is(Verb::Noop) {
                recode(octets, "2.9.99 ", |_| true);
            }
        }),
    ),
];

/// Puts another code in the place of the enhanced code, on the lines of these numbers.
fn recode(octets: &mut Vec<u8>, code: &str, on_line: fn(usize) -> bool) {
    let mut spoilt = Vec::new();
    for (number, line) in octets.split_inclusive(|&octet| octet == b'\n').enumerate() {
        let (reply_code, text) = line.split_at(line.len().min(4));
        let (before, rest) = behind_enhanced_code(text);
        spoilt.extend_from_slice(reply_code);
        if before > 0 && on_line(number) {
            spoilt.extend_from_slice(code.as_bytes());
            spoilt.extend_from_slice(rest);
        } else {
            spoilt.extend_from_slice(text);
        }
    }
    *octets = spoilt;
}
