//! Mail that may not go on from here as it is, or that its sender is told of as it goes: what asks for
//! TLS on its way (RFC 8689 §4.2.1), for a time (RFC 2852 §4.1.3, §4.1.4), or for more bits than the
//! next host takes (RFC 6152 §3, RFC 3030 §3, RFC 6531 §3.2).

use smtpspec_protocol::rfc2045::{Entity, in_seven_bits, is_seven_bit};
use smtpspec_protocol::{Grammar, Mailbox};

use crate::config::{Config, NextHopFacts, Standing};
use crate::delivery::Delivery;
use crate::rfc2852::By;
use crate::rfc3461::fate;
use crate::rfc5321::notice::Action;
use crate::transaction::{Parameter, ParameterList, carries, value_of};
use crate::{rfc6531, rfc8689};

/// Why a message that came with these parameters of MAIL is not passed on to the next host, as its
/// sender is told.
pub(crate) fn obstacle(config: &Config, parameters: &[Parameter]) -> Option<Action> {
    if carries(parameters, rfc8689::KEYWORD) {
        // rfc8689-4.2.1-15: there is no TLS to be had.
        return Some(Action::NoTls);
    }
    // rfc2852-4.1.4.1-3.
    let knows = config.next_hop.as_ref().is_some_and(|hop| hop.offers("DELIVERBY"));
    by(parameters).is_some_and(|by| by.returns && !knows).then_some(Action::NotByTime)
}

/// Parts those whom a message would have to be passed on to, but may not, from all others. Notices
/// go their way (rfc8689-5-6).
pub(crate) fn kept_back(config: &Config, mail: &mut Delivery) -> Vec<Vec<u8>> {
    if mail.reverse_path.is_empty() {
        return Vec::new();
    }
    let (kept, near) = mail.recipients.drain(..).partition(|mailbox| is_relayed(config, mailbox));
    mail.recipients = near;
    kept
}

/// What the sender of a message with BY is told of those whom it is passed on to, and of whom: that
/// it is late (rfc2852-4.1.3-4), or where it went (rfc2852-4.1.4-2, rfc2852-4.1.4.2-2).
pub(crate) fn told_of_time(config: &Config, mail: &Delivery) -> Vec<(Action, Vec<Vec<u8>>)> {
    let (Some(by), Some(hop)) = (by(&mail.parameters), &config.next_hop) else {
        return Vec::new();
    };
    let far = |wants: fn(&Delivery, &[u8]) -> bool| -> Vec<Vec<u8>> {
        let all = mail.recipients.iter().filter(|mailbox| is_relayed(config, mailbox));
        all.filter(|mailbox| wants(mail, mailbox)).cloned().collect()
    };
    let late = by.seconds <= 0;
    let mut told = Vec::new();
    if late {
        told.push((Action::Delayed, far(fate::wants_delay)));
    }
    if by.traces || (!late && !hop.offers("DELIVERBY")) {
        let mut relayed = far(fate::wants_anything);
        // Who asked for success is told the same already.
        let is_told = fate::of_success(config) == Some(Action::Relayed);
        relayed.retain(|mailbox| !(is_told && fate::wants_success(mail, mailbox)));
        told.push((Action::Relayed, relayed));
    }
    told
}

/// The NOTIFY that asks a next host without DELIVERBY to tell of delays, for each mailbox that the
/// message is passed on to in time (rfc2852-4.1.4.2-3).
pub(crate) fn ask_for_delays(config: &Config, mail: &mut Delivery) {
    let knows = |hop: &NextHopFacts| hop.offers("DELIVERBY") || !hop.offers("DSN");
    if config.next_hop.as_ref().is_none_or(knows)
        || by(&mail.parameters).is_none_or(|by| by.seconds <= 0)
    {
        return;
    }
    for mailbox in mail.recipients.clone() {
        if !is_relayed(config, &mailbox) || !fate::wants_anything(mail, &mailbox) {
            continue;
        }
        let asks = fate::wants_delay(mail, &mailbox);
        let parameters = parameters_of(mail, mailbox);
        match parameters.iter_mut().find(|(keyword, _)| keyword == b"NOTIFY") {
            None => parameters.push((b"NOTIFY".to_vec(), Some(b"FAILURE,DELAY".to_vec()))),
            Some((_, Some(value))) if !asks => value.extend_from_slice(b",DELAY"),
            Some(_) => {}
        }
    }
}

fn parameters_of(mail: &mut Delivery, mailbox: Vec<u8>) -> &mut ParameterList {
    let all = &mut mail.recipient_parameters;
    let at = all.iter().position(|(of, _)| *of == mailbox).unwrap_or(all.len());
    if at == all.len() {
        all.push((mailbox, Vec::new()));
    }
    &mut all[at].1
}

/// Makes a message such that the next host takes all octets of it, or says why that can't be.
pub(crate) fn fit(config: &Config, mail: &mut Delivery) -> Result<(), Action> {
    let Some(hop) = &config.next_hop else { return Ok(()) };
    let mut names = vec![Entity::of(&mail.message).header, &mail.reverse_path];
    names.extend(mail.recipients.iter().map(Vec::as_slice));
    // rfc6531-3.2-8, rfc6531-3.2-9.
    if carries(&mail.parameters, rfc6531::KEYWORD) && !hop.offers(rfc6531::KEYWORD) {
        if !names.iter().all(|name| name.is_ascii()) {
            return Err(Action::NoUtf8);
        }
        mail.parameters.retain(|(keyword, _)| keyword != rfc6531::KEYWORD.as_bytes());
    }
    let is_binary = value_of(&mail.parameters, "BODY")
        .is_some_and(|value| value.eq_ignore_ascii_case(b"BINARYMIME"));
    let has_high_bits = !mail.message.is_ascii();
    let fits = (!is_binary || hop.offers("BINARYMIME"))
        && (!has_high_bits || hop.offers("8BITMIME") || (is_binary && hop.offers("BINARYMIME")));
    if fits {
        return Ok(());
    }
    // rfc6152-3-13, rfc3030-3-14.
    mail.message = in_seven_bits(&mail.message)
        .filter(|message| is_seven_bit(message))
        .ok_or(Action::NotConverted)?;
    mail.parameters.retain(|(keyword, _)| keyword != b"BODY");
    Ok(())
}

fn by(parameters: &[Parameter]) -> Option<By> {
    value_of(parameters, "BY").and_then(By::read)
}

fn is_relayed(config: &Config, mailbox: &[u8]) -> bool {
    Mailbox::parse(mailbox, Grammar { smtputf8: true, ..Grammar::default() })
        .is_ok_and(|mailbox| config.standing_of(&mailbox) == Standing::Relayed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_another_domain_is_passed_on_also_in_utf8() {
        let config = Config { relays: true, ..Config::default() };
        let is_relayed = |mailbox: &str| is_relayed(&config, mailbox.as_bytes());
        assert!(is_relayed("a@elsewhere.example") && is_relayed("a@b\u{fc}cher.example"));
        assert!(!is_relayed("user@example.test") && !is_relayed("no mailbox"));
    }
}
