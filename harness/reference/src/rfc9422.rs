//! RFC 9422 §3 and §4 (LIMITS): what the server tells of its limits, and that it keeps to it.
//!
//! A server may refuse below its limits for many reasons; only the refusal that says that there are
//! too many, where there are not, shows that what was told is untrue.

use std::collections::BTreeSet;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::{Command, ForwardPath, Host, Rcpt, Reply, Request, Verb};

use crate::config::Config;
use crate::expectation::Expectation;
use crate::extension::Extension;
use crate::model::{Model, Stimulus};
use crate::text::{Fault, TextRule};

/// The extension LIMITS.
pub(crate) struct Limits;

const KEYWORD: &str = "LIMITS";

impl Extension for Limits {
    fn keyword(&self) -> &'static str {
        KEYWORD
    }

    fn of_ehlo(&self, _secured: bool) -> Vec<TextRule> {
        of_ehlo().into()
    }

    fn arguments(&self, _model: &Model, config: &Config) -> String {
        let limits = [
            ("MAILMAX", config.max_transactions),
            ("RCPTMAX", Some(config.max_recipients)),
            ("RCPTDOMAINMAX", config.max_domains),
        ];
        let told = limits.into_iter().filter_map(|(name, limit)| {
            // What six digits can't say is too much to be told.
            let limit = limit.filter(|limit| (1..=999_999).contains(limit))?;
            Some(format!(" {name}={limit}"))
        });
        told.collect()
    }

    /// Never without any limit (rfc9422-3-1).
    fn is_available(&self, model: &Model) -> bool {
        model.config().is_none_or(|config| !self.arguments(model, config).is_empty())
    }
}

/// What counts against the limits, whatever the server answered: its own count is no higher.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// MAIL commands in this session (RFC 9422 §4.1).
    mails: usize,
    /// RCPT commands in this transaction (RFC 9422 §4.2).
    rcpts: usize,
    /// Domains of RCPT commands in this session, in lower case (RFC 9422 §4.3).
    domains: BTreeSet<Vec<u8>>,
}

/// Domains beyond this many are not kept; nobody tells a limit as high.
const DOMAINS: usize = 1_000;

impl Counts {
    pub(crate) fn follow(&mut self, stimulus: &Stimulus<'_>, reply: &Reply) {
        match stimulus {
            Stimulus::Request(request) => match request.verb {
                Verb::Mail => {
                    self.mails = self.mails.saturating_add(1);
                    if reply.code.class() == 2 {
                        self.rcpts = 0;
                    }
                }
                Verb::Rcpt => {
                    self.rcpts = self.rcpts.saturating_add(1);
                    let domain = domain_of(request);
                    self.domains.extend(domain.filter(|_| self.domains.len() < DOMAINS));
                }
                _ => {}
            },
            // It may have been anything.
            Stimulus::Overlong { .. } => {
                self.mails = self.mails.saturating_add(1);
                self.rcpts = self.rcpts.saturating_add(1);
            }
            Stimulus::Connected | Stimulus::Message(_) | Stimulus::Chunk(..) => {}
        }
    }

    /// The MAIL commands in this session, refused ones included.
    pub(crate) fn mails(&self) -> usize {
        self.mails
    }

    /// How many domains there are with this one.
    fn domains_with(&self, domain: Option<&Vec<u8>>) -> usize {
        let new = domain.is_some_and(|domain| !self.domains.contains(domain));
        self.domains.len() + usize::from(new)
    }
}

fn domain_of(request: &Request<'_>) -> Option<Vec<u8>> {
    match &request.command {
        Ok(Command::Rcpt(rcpt)) => domain_of_recipient(rcpt),
        // What can't be read may have had one of its own.
        _ => Some(request.line.to_vec()),
    }
}

fn domain_of_recipient(rcpt: &Rcpt<'_>) -> Option<Vec<u8>> {
    match &rcpt.forward_path {
        ForwardPath::Path(path) => Some(match &path.mailbox.host {
            Host::Domain(domain) => domain.to_ascii_lowercase(),
            literal @ Host::Literal(_) => {
                let mut text = Vec::new();
                literal.write_to(&mut text);
                text
            }
        }),
        ForwardPath::Postmaster(_) => None,
    }
}

/// Our own server takes no MAIL beyond its limit (rfc9422-4.1-2).
pub(crate) fn on_mail(model: &Model, expectation: Expectation) -> Expectation {
    let limit = model.config().and_then(|config| config.max_transactions);
    let exceeded = limit.is_some_and(|limit| model.counts().mails >= limit);
    expectation.refuse_if(exceeded, || Reply::new(452, "Too many transactions in this session"))
}

/// Whether this recipient is in one domain more than our own server has in a session
/// (rfc9422-4.3-2).
pub(crate) fn has_too_many_domains(model: &Model, rcpt: &Rcpt<'_>) -> bool {
    let limit = model.config().and_then(|config| config.max_domains);
    let domain = domain_of_recipient(rcpt);
    limit.is_some_and(|limit| model.counts().domains_with(domain.as_ref()) > limit)
}

/// The rules on the refusal of MAIL or RCPT within the limit that the server told.
pub(crate) fn of_answer(model: &Model, stimulus: &Stimulus<'_>) -> Vec<TextRule> {
    let (Stimulus::Request(request), Some(limits)) = (stimulus, model.offer(KEYWORD)) else {
        return Vec::new();
    };
    let within = |name, used: usize| limit(limits, name).is_some_and(|limit| used <= limit);
    let counts = model.counts();
    let mut rules = Vec::new();
    match request.verb {
        Verb::Mail if within("MAILMAX", counts.mails + 1) => rules.push(TextRule::new(
            requirement!("rfc9422-4.1-2"),
            "no refusal for the number of transactions below MAILMAX",
            |reply, _| {
                says_too_many(reply, |text| has(text, b"session") || has(text, b"connection"))
            },
        )),
        Verb::Rcpt => {
            if within("RCPTMAX", counts.rcpts + 1) {
                rules.push(TextRule::new(
                    requirement!("rfc9422-4.2-2"),
                    "no refusal for the number of recipients below RCPTMAX",
                    |reply, _| {
                        says_too_many(reply, |text| {
                            has(text, b"many recipients") && !has(text, b"domain")
                        })
                    },
                ));
            }
            if within("RCPTDOMAINMAX", counts.domains_with(domain_of(request).as_ref())) {
                rules.push(TextRule::new(
                    requirement!("rfc9422-4.3-2"),
                    "no refusal for the number of domains below RCPTDOMAINMAX",
                    |reply, _| says_too_many(reply, |text| has(text, b"domains")),
                ));
            }
        }
        _ => {}
    }
    rules
}

/// Whether a refusal says that there are too many, and of what. X.7.Z is policy: there a server
/// counts what a client does over a longer time.
fn says_too_many(reply: &Reply, of_what: fn(&[u8]) -> bool) -> Option<Fault> {
    let text = reply.text().to_ascii_lowercase();
    let of_policy = text.get(1..).is_some_and(|rest| rest.starts_with(b".7."));
    let refused = matches!(reply.code.class(), 4 | 5) && !of_policy;
    (refused && has(&text, b"too many") && of_what(&text))
        .then(|| Fault::first("a refusal for a number that is within the limit that was told"))
}

fn has(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

/// The limit of this name that the keyword's line tells, if its value is one (RFC 9422 §4).
pub(crate) fn limit(limits: &[u8], name: &str) -> Option<usize> {
    let mut values = limits.split(|&octet| octet == b' ').filter_map(|limit| {
        let (told, value) = parts(limit);
        value.filter(|_| told.eq_ignore_ascii_case(name.as_bytes()))
    });
    let value = values.next().filter(|value| is_number(value))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The name of a limit, and its value if it has one.
fn parts(limit: &[u8]) -> (&[u8], Option<&[u8]>) {
    match limit.iter().position(|&octet| octet == b'=') {
        Some(at) => (&limit[..at], Some(&limit[at + 1..])),
        None => (limit, None),
    }
}

/// ```abnf
/// %x31-39 0*5DIGIT
/// ```
fn is_number(value: &[u8]) -> bool {
    (1..=6).contains(&value.len())
        && value.iter().all(u8::is_ascii_digit)
        && !value.starts_with(b"0")
}

/// The keyword's line in the reply to EHLO.
///
/// ```abnf
/// limits-param  =  limit-name-value 0*[SP limit-name-value]
/// limit-name-value = limit-name ["=" limit-value]
/// limit-name    = 1*(ALPHA / DIGIT / "-" / "_")
/// limit-value   = 1*(%x21-3A / %x3C-7E)
/// ```
fn of_ehlo() -> [TextRule; 6] {
    [
        TextRule::new(requirement!("rfc9422-3-1"), "at least one limit", |reply, _| {
            let (number, limits) = line(reply)?;
            limits
                .trim_ascii()
                .is_empty()
                .then(|| Fault::new("LIMITS with no limit", number, KEYWORD.len()))
        }),
        TextRule::new(
            requirement!("rfc9422-3-2"),
            "names of letters, digits, `-` and `_`, each with a value behind `=` or none",
            |reply, _| {
                let wrong = |limit: &[u8]| {
                    let (name, value) = parts(limit);
                    let in_name =
                        |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
                    let in_value = |octet: &u8| octet.is_ascii_graphic() && *octet != b';';
                    name.is_empty()
                        || !name.iter().all(in_name)
                        || value
                            .is_some_and(|value| value.is_empty() || !value.iter().all(in_value))
                };
                each_limit(reply, "a limit out of the grammar", wrong)
            },
        ),
        TextRule::new(requirement!("rfc9422-3.1-1"), "limits that are registered", |reply, _| {
            let unknown = |limit: &[u8]| {
                let name = parts(limit).0;
                !NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
            };
            each_limit(reply, "a limit that the extension does not have", unknown)
        })
        .softened(),
        TextRule::new(requirement!("rfc9422-4.1-1"), ONE_TO_SIX_DIGITS, |reply, _| {
            each_limit(reply, "MAILMAX without a number", |limit| is_wrong(limit, NAMES[0]))
        }),
        TextRule::new(requirement!("rfc9422-4.2-1"), ONE_TO_SIX_DIGITS, |reply, _| {
            each_limit(reply, "RCPTMAX without a number", |limit| is_wrong(limit, NAMES[1]))
        }),
        TextRule::new(requirement!("rfc9422-4.3-1"), ONE_TO_SIX_DIGITS, |reply, _| {
            each_limit(reply, "RCPTDOMAINMAX without a number", |limit| is_wrong(limit, NAMES[2]))
        }),
    ]
}

/// The limits that RFC 9422 §4 registers.
const NAMES: [&str; 3] = ["MAILMAX", "RCPTMAX", "RCPTDOMAINMAX"];

const ONE_TO_SIX_DIGITS: &str = "one to six digits, the first of them no zero";

/// Whether it is the limit of this name, with something else than a number.
fn is_wrong(limit: &[u8], name: &str) -> bool {
    let (told, value) = parts(limit);
    told.eq_ignore_ascii_case(name.as_bytes()) && !value.is_some_and(is_number)
}

/// The number of the line with the keyword, and what stands behind it.
fn line(reply: &Reply) -> Option<(usize, &[u8])> {
    if reply.code.get() != 250 {
        return None;
    }
    let mut lines = reply.lines.iter().enumerate().skip(1);
    lines.find_map(|(number, line)| {
        let (word, rest) = line.split_at_checked(KEYWORD.len())?;
        let whole = rest.first().is_none_or(|&octet| octet == b' ');
        (whole && word.eq_ignore_ascii_case(KEYWORD.as_bytes())).then_some((number, rest))
    })
}

/// The first limit that is wrong; empty ones are spaces too many, of which RFC 5321 speaks.
fn each_limit(reply: &Reply, what: &'static str, is_wrong: fn(&[u8]) -> bool) -> Option<Fault> {
    let (number, limits) = line(reply)?;
    let mut at = KEYWORD.len();
    for limit in limits.split(|&octet| octet == b' ') {
        if !limit.is_empty() && is_wrong(limit) {
            return Some(Fault::new(what, number, at));
        }
        at += limit.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests;
