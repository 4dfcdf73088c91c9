//! The parameters of an envelope against what a scenario wants of them (RFC 5321 §4.1.1.11).

use smtpspec_protocol::escape::escape;
use smtpspec_reference::By;

use super::{Came, Fit, Wanted, same_path, wrong};

/// What is wanted of the parameters of one command, with the variables put in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    /// These are there, with these values.
    pub(crate) has: Vec<Vec<u8>>,
    /// These may be missing, and have these values where they are there.
    pub(crate) may: Vec<Vec<u8>>,
    /// These are not there.
    pub(crate) lacks: Vec<Vec<u8>>,
}

const UNTOLD: &str = "the place of delivery does not tell the parameters of the envelope";

/// Compares the parameters of each copy with what is wanted.
pub(super) fn compare(came: &Came<'_>, wanted: &Wanted) -> Fit {
    if let Some(of_mail) = &wanted.mail {
        for copy in &came.copies {
            let Some(seen) = &copy.mail_parameters else { return Fit::Unknown(UNTOLD) };
            if let Some(difference) = of_mail.difference(seen) {
                return wrong(format!("MAIL with `{}`", escape(seen)), difference, None);
            }
        }
    }
    for (mailbox, of_rcpt) in &wanted.rcpt {
        let mut named = false;
        for copy in &came.copies {
            let Some((to, all)) = copy.to.as_ref().zip(copy.rcpt_parameters.as_ref()) else {
                return Fit::Unknown(UNTOLD);
            };
            for (_, seen) in to.iter().zip(all).filter(|(to, _)| same_path(to, mailbox)) {
                named = true;
                if let Some(difference) = of_rcpt.difference(seen) {
                    let what = format!("RCPT of <{}> with `{}`", escape(mailbox), escape(seen));
                    return wrong(what, difference, None);
                }
            }
        }
        if !named {
            let what = format!("a message that is not for <{}>", escape(mailbox));
            return wrong(what, "one that is".to_owned(), None);
        }
    }
    Fit::Right
}

impl Parameters {
    /// What is missing, or should be.
    fn difference(&self, seen: &[u8]) -> Option<String> {
        let of = |keyword: &[u8]| {
            let mut words = seen.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
            words.find(|word| split(word).0.eq_ignore_ascii_case(keyword))
        };
        let missing = |wanted: &&Vec<u8>| !of(split(wanted).0).is_some_and(|it| same(it, wanted));
        let other = |wanted: &&Vec<u8>| of(split(wanted).0).is_some_and(|it| !same(it, wanted));
        let there = |wanted: &&Vec<u8>| !missing(wanted);
        let has = || self.has.iter().find(missing).map(|it| format!("`{}`", escape(it)));
        let may = || self.may.iter().find(other).map(|it| format!("`{}` or none", escape(it)));
        let lacks = || self.lacks.iter().find(there).map(|it| format!("no `{}`", escape(it)));
        has().or_else(may).or_else(lacks)
    }
}

/// The keyword and the value, if there is one.
fn split(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', word) {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    }
}

/// Whether it is the same parameter. A keyword that is wanted alone may have any value. The words
/// of RET, NOTIFY and BODY are the same in any case, and those of NOTIFY in any order
/// (RFC 3461 §4.1, §4.3, RFC 6152 §2); of BY there may be some seconds less (RFC 2852 §4.1.4).
fn same(seen: &[u8], wanted: &[u8]) -> bool {
    let ((keyword, seen), (_, wanted)) = (split(seen), split(wanted));
    let (seen, wanted) = match (seen, wanted) {
        (_, None) => return true,
        (None, Some(_)) => return false,
        (Some(seen), Some(wanted)) => (seen, wanted),
    };
    match keyword.to_ascii_uppercase().as_slice() {
        b"RET" | b"BODY" => seen.eq_ignore_ascii_case(wanted),
        b"NOTIFY" => {
            let words = |value: &[u8]| {
                let value = value.to_ascii_uppercase();
                let mut words: Vec<_> =
                    value.split(|&octet| octet == b',').map(<[u8]>::to_vec).collect();
                words.sort();
                words.dedup();
                words
            };
            words(seen) == words(wanted)
        }
        b"BY" => match (By::read(seen), By::read(wanted)) {
            (Some(seen), Some(wanted)) => {
                (seen.returns, seen.traces) == (wanted.returns, wanted.traces)
                    && (wanted.seconds - ON_THE_WAY..=wanted.seconds).contains(&seen.seconds)
            }
            _ => false,
        },
        _ => seen == wanted,
    }
}

/// The most seconds of BY that a message loses in the target.
const ON_THE_WAY: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(seen: &str, has: &[&str], may: &[&str], lacks: &[&str]) -> Option<String> {
        let octets = |words: &[&str]| words.iter().map(|word| (*word).into()).collect();
        let wanted = Parameters { has: octets(has), may: octets(may), lacks: octets(lacks) };
        wanted.difference(seen.as_bytes())
    }

    #[test]
    fn parameters_are_compared_by_what_their_values_mean() {
        let seen = "RET=full ENVID=aB NOTIFY=delay,SUCCESS ORCPT=rfc822;A@b";
        let fine = ["ret=FULL", "ENVID=aB", "NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;A@b", "ENVID"];
        assert_eq!(difference(seen, &fine, &["BODY=8BITMIME"], &["SIZE"]), None);
        assert_eq!(difference(seen, &["ENVID=ab"], &[], &[]).unwrap(), "`ENVID=ab`");
        assert_eq!(difference(seen, &["NOTIFY=DELAY"], &[], &[]).unwrap(), "`NOTIFY=DELAY`");
        assert_eq!(difference(seen, &["BODY"], &[], &[]).unwrap(), "`BODY`");
        assert_eq!(difference(seen, &[], &["RET=HDRS"], &[]).unwrap(), "`RET=HDRS` or none");
        assert_eq!(difference(seen, &[], &[], &["ret"]).unwrap(), "no `ret`");
        assert_eq!(difference(seen, &[], &[], &["ENVID=aB"]).unwrap(), "no `ENVID=aB`");
        assert_eq!(difference(seen, &[], &[], &["ENVID=ab"]), None);
        assert_eq!(difference("", &[], &["RET=HDRS"], &["RET"]), None);
        for (seen, fits) in
            [("100;n", true), ("40;N", true), ("39;N", false), ("101;N", false), ("99;R", false)]
        {
            let difference = difference(&format!("BY={seen}"), &["BY=100;N"], &[], &[]);
            assert_eq!(difference.is_none(), fits, "{seen}");
        }
    }
}
