//! RFC 3461 §4.2 to §6.1: what becomes of the parameters of DSN, which shows in the mail that comes
//! out.

use smtpspec_catalogue::requirement;
use smtpspec_protocol::Verb;

use super::content::find;
use super::notice::{is_from_list, on_notice};
use super::{Asked, Fault, Mutant, Say, Then, When, mutant};
use crate::delivery::Delivery;
use crate::model::Model;
use crate::transaction::{Parameter, Transaction};

pub(super) static MUTANTS: &[Mutant] = &[
    mutant(
        "envid-not-passed-on",
        "keeps ENVID to itself",
        requirement!("rfc3461-5.2.1-1"),
        Fault::Each(|_, mail| drop_of_mail(mail, b"ENVID")),
    ),
    mutant(
        "envid-in-lower-case",
        "passes ENVID on in lower case",
        requirement!("rfc3461-5.2.1-1"),
        Fault::Each(|_, mail| {
            for (keyword, value) in &mut mail.parameters {
                if let (b"ENVID", Some(value)) = (keyword.as_slice(), value) {
                    value.make_ascii_lowercase();
                }
            }
        }),
    ),
    mutant(
        "envid-added",
        "adds an ENVID of its own",
        requirement!("rfc3461-5.2.1-2"),
        Fault::Each(|_, mail| add_to_mail(mail, "ENVID", "own")),
    ),
    mutant(
        "ret-not-passed-on",
        "keeps RET to itself",
        requirement!("rfc3461-5.2.1-3"),
        Fault::Each(|_, mail| drop_of_mail(mail, b"RET")),
    ),
    mutant(
        "ret-added",
        "adds RET where the sender gave none",
        requirement!("rfc3461-5.2.1-4"),
        Fault::Each(|_, mail| add_to_mail(mail, "RET", "HDRS")),
    ),
    mutant(
        "notify-not-passed-on",
        "keeps NOTIFY to itself",
        requirement!("rfc3461-5.2.1-5"),
        Fault::Each(|_, mail| drop_of_rcpt(mail, b"NOTIFY")),
    ),
    mutant(
        "notify-added",
        "adds NOTIFY where the sender gave none",
        requirement!("rfc3461-5.2.1-6"),
        Fault::Each(|_, mail| add_to_rcpt(mail, "NOTIFY", "FAILURE")),
    ),
    mutant(
        "orcpt-not-passed-on",
        "keeps ORCPT to itself",
        requirement!("rfc3461-5.2.1-7"),
        Fault::Each(|_, mail| drop_of_rcpt(mail, b"ORCPT")),
    ),
    mutant(
        "orcpt-in-lower-case",
        "passes ORCPT on in lower case",
        requirement!("rfc3461-5.2.1-8"),
        Fault::Each(|_, mail| on_rcpt(mail, b"ORCPT", |value| value.make_ascii_lowercase())),
    ),
    mutant(
        "orcpt-of-another-added",
        "adds an ORCPT that is not the recipient",
        requirement!("rfc3461-5.2.1-10"),
        Fault::Each(|_, mail| add_to_rcpt(mail, "ORCPT", "rfc822;postmaster@mx.example.test")),
    ),
    mutant(
        "parameters-sent-unasked",
        "sends the parameters of DSN to a host that does not offer it",
        requirement!("rfc3461-5.2.2-1"),
        Fault::Each(|on, mail| {
            if let (true, Some(open)) = (on.hop_lacks("DSN"), on.model.transaction()) {
                mail.parameters.clone_from(&open.parameters);
                mail.recipient_parameters.clone_from(&open.recipient_parameters);
            }
        }),
    ),
    mutant(
        "relayed-not-told",
        "does not tell that mail went on to a host without DSN",
        requirement!("rfc3461-5.2.2-2"),
        Fault::Deliveries(|_, all| all.retain(|mail| !tells(mail, b"relayed"))),
    ),
    mutant(
        "delivered-not-told",
        "does not tell that mail was delivered",
        requirement!("rfc3461-5.2.3-1"),
        Fault::Deliveries(|_, all| all.retain(|mail| !tells(mail, b"delivered"))),
    ),
    mutant(
        "list-delivery-not-told",
        "does not tell that mail was delivered to a list",
        requirement!("rfc3461-5.2.7.1-1"),
        Fault::Deliveries(|_, all| {
            if all.iter().any(is_from_list) {
                all.retain(|mail| !tells(mail, b"delivered"));
            }
        }),
    ),
    mutant(
        "failure-not-told-if-asked",
        "does not tell of failure where NOTIFY has FAILURE",
        requirement!("rfc3461-5.2.6-1"),
        Fault::Deliveries(|on, all| {
            if asked(on, b"FAILURE") {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "failure-not-told-unasked",
        "does not tell of failure where there is no NOTIFY",
        requirement!("rfc3461-5.2.6-4"),
        Fault::Deliveries(|on, all| {
            if on.model.transaction().is_some_and(|open| open.recipient_parameters.is_empty()) {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "refusal-of-next-hop-not-told",
        "does not tell of a refusal by a host without DSN",
        requirement!("rfc3461-5.2.2-3"),
        Fault::Deliveries(|on, all| {
            if on.hop_lacks("DSN") {
                all.retain(|mail| !tells(mail, b"failed"));
            }
        }),
    ),
    mutant(
        "notify-ignored",
        "tells of failure whatever NOTIFY says",
        requirement!("rfc3461-5.2.6-2"),
        on_command(
            |on| on.is(Verb::Rcpt),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(keyword, _)| keyword != b"NOTIFY");
                    }
                });
            },
        ),
    ),
    mutant(
        "never-ignored-by-relay",
        "tells of a refusal by a host without DSN where NOTIFY is NEVER",
        requirement!("rfc3461-5.2.2-4"),
        on_command(
            |on| on.is(Verb::Rcpt) && on.hop_lacks("DSN"),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(_, value)| value.as_deref() != Some(b"NEVER"));
                    }
                });
            },
        ),
    ),
    mutant(
        "relayed-told-unasked",
        "tells that mail went on though nobody asked",
        requirement!("rfc3461-5.2.2-7"),
        on_command(
            |on| on.is(Verb::Rcpt) && !on.line().contains(&b'=') && on.hop_lacks("DSN"),
            |model| {
                change(model, |open| {
                    if let Some(last) = open.recipients.last().cloned() {
                        let both = vec![parameter("NOTIFY", "SUCCESS,FAILURE")];
                        open.recipient_parameters.push((last, both));
                    }
                });
            },
        ),
    ),
    mutant(
        "delivered-told-unasked",
        "tells that mail was delivered though nobody asked",
        requirement!("rfc3461-5.2.3-3"),
        on_command(
            |on| on.is(Verb::Rcpt) && !on.line().contains(&b'=') && delivers(on),
            |model| {
                change(model, |open| {
                    if let Some(last) = open.recipients.last().cloned() {
                        let both = vec![parameter("NOTIFY", "SUCCESS,FAILURE")];
                        open.recipient_parameters.push((last, both));
                    }
                });
            },
        ),
    ),
    mutant(
        "delivered-told-against-wish",
        "tells that mail was delivered though NOTIFY lacks SUCCESS",
        requirement!("rfc3461-5.2.3-2"),
        on_command(
            |on| on.is(Verb::Rcpt) && delivers(on),
            |model| {
                change(model, |open| {
                    for (_, parameters) in &mut open.recipient_parameters {
                        parameters.retain(|(keyword, _)| keyword != b"NOTIFY");
                        parameters.push(parameter("NOTIFY", "SUCCESS,FAILURE"));
                    }
                });
            },
        ),
    ),
    mutant(
        "null-reverse-path-told",
        "tells the sender in the header what became of mail with the null reverse-path",
        requirement!("rfc3461-5.2-1"),
        Fault::Deliveries(|on, all| {
            let asks = asked(on, b"SUCCESS");
            if asks && all.iter().any(|mail| mail.reverse_path.is_empty()) {
                all.push(Delivery {
                    recipients: vec![b"sender@example.org".to_vec()],
                    message: on.text.to_vec(),
                    ..Delivery::default()
                });
            }
        }),
    ),
    mutant(
        "list-passes-parameters-on",
        "passes on to the members of a list what its sender asked for",
        requirement!("rfc3461-5.2.7.1-7"),
        Fault::EachOf(is_from_list, |on, mail| {
            let Some(open) = on.model.transaction() else { return };
            mail.parameters.clone_from(&open.parameters);
            if let Some((_, asked)) = open.recipient_parameters.first() {
                let members = mail.recipients.iter().cloned();
                mail.recipient_parameters = members.map(|member| (member, asked.clone())).collect();
            }
        }),
    ),
    mutant(
        "list-names-itself-in-orcpt",
        "names itself in ORCPT where it sends to its members",
        requirement!("rfc3461-4.2-5"),
        Fault::EachOf(is_from_list, |_, mail| {
            add_to_rcpt(mail, "ORCPT", "rfc822;list@example.test");
        }),
    ),
    mutant(
        "notice-tells-of-silent-recipients",
        "names in a notice the recipients of whom nothing was to be told",
        requirement!("rfc3461-5.2.8-1"),
        on_notice(|on, notice| {
            let Some(open) = on.model.transaction() else { return };
            for (_, value) in open.recipient_parameters.iter().flat_map(|(_, all)| all) {
                notice.message.extend_from_slice(value.as_deref().unwrap_or_default());
            }
        }),
    ),
];

/// Once such a command is accepted, this happens.
pub(super) const fn on_command(when: When, then: fn(&mut Model)) -> Fault {
    Fault::Answer { when, say: Say::AsUsual, then: Then::Also(then) }
}

pub(super) fn change(model: &mut Model, how: impl FnOnce(&mut Transaction)) {
    let mut open = model.transaction().cloned();
    if let Some(open) = &mut open {
        how(open);
    }
    model.keep(open);
}
/// Whether mail ends here.
fn delivers(on: &Asked<'_>) -> bool {
    on.model.config().is_some_and(|config| config.next_hop.is_none())
}

/// Whether a recipient came with a NOTIFY that has this word.
fn asked(on: &Asked<'_>, word: &[u8]) -> bool {
    let open = on.model.transaction();
    let of = |(keyword, value): &Parameter| {
        let value = value.as_deref().unwrap_or_default().to_ascii_uppercase();
        keyword == b"NOTIFY" && find(&value, word).is_some()
    };
    open.is_some_and(|open| open.recipient_parameters.iter().flat_map(|(_, all)| all).any(of))
}

/// Whether it is a notice with this action.
pub(super) fn tells(mail: &Delivery, action: &[u8]) -> bool {
    mail.reverse_path.is_empty()
        && find(&mail.message, &[b"\r\nAction: ", action, b"\r\n"].concat()).is_some()
}

pub(super) fn parameter(keyword: &str, value: &str) -> Parameter {
    (keyword.into(), Some(value.into()))
}

fn drop_of_mail(mail: &mut Delivery, keyword: &[u8]) {
    mail.parameters.retain(|(name, _)| name != keyword);
}

fn drop_of_rcpt(mail: &mut Delivery, keyword: &[u8]) {
    for (_, parameters) in &mut mail.recipient_parameters {
        parameters.retain(|(name, _)| name != keyword);
    }
}

/// Adds a parameter of MAIL that is not there.
pub(super) fn add_to_mail(mail: &mut Delivery, keyword: &str, value: &str) {
    if !mail.parameters.iter().any(|(name, _)| name == keyword.as_bytes()) {
        mail.parameters.push(parameter(keyword, value));
    }
}

/// Adds a parameter of RCPT for those that have none.
pub(super) fn add_to_rcpt(mail: &mut Delivery, keyword: &str, value: &str) {
    for mailbox in &mail.recipients {
        let has = |(name, _): &Parameter| name == keyword.as_bytes();
        if mail.parameters_of(mailbox).iter().any(has) {
            continue;
        }
        let mut all = mail.recipient_parameters.iter_mut();
        if let Some((_, parameters)) = all.find(|(of, _)| of == mailbox) {
            parameters.push(parameter(keyword, value));
        } else {
            let added = (mailbox.clone(), vec![parameter(keyword, value)]);
            mail.recipient_parameters.push(added);
        }
    }
}

/// Changes the values of a parameter of RCPT.
fn on_rcpt(mail: &mut Delivery, keyword: &[u8], how: fn(&mut Vec<u8>)) {
    for (name, value) in mail.recipient_parameters.iter_mut().flat_map(|(_, all)| all) {
        if name == keyword {
            value.iter_mut().for_each(how);
        }
    }
}
