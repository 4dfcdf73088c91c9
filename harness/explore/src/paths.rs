//! Legal paths by chance, out of the grammar (RFC 5321 §4.1.2 and §4.1.3): reverse-paths of anybody,
//! and other spellings of mailboxes that the target takes.

use crate::dice::Dice;
use crate::walk::Ground;

/// `atext` of RFC 5322 §3.2.3.
const ATEXT: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";

/// What may stand in quotes as it is, and is no `atext`.
const QUOTED: &[u8] = b" ()<>[]:;@,.";

const LABEL: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A reverse-path that some server or other has, without its brackets.
pub(crate) fn reverse_path(dice: &mut Dice) -> String {
    let mailbox = format!("{}@{}", local_part(dice), host(dice));
    routed(mailbox, dice)
}

impl Ground {
    /// A forward-path to a mailbox that the target has, without its brackets, spelt in some way.
    pub(crate) fn forward_path(&self, dice: &mut Dice) -> String {
        let mailbox = if dice.once_in(2) { &self.names.recipient } else { &self.names.second };
        let Some((local, domain)) = mailbox.rsplit_once('@') else { return mailbox.clone() };
        // A local-part means what it is spelt to mean, and a domain is the same in any case.
        let local = match dice.below(4) {
            0 => format!("\"{local}\""),
            1 if local.len() > 1 => format!("\"{}\\{}\"", &local[..1], &local[1..]),
            _ => local.to_owned(),
        };
        let domain = match dice.below(3) {
            0 => domain.to_uppercase(),
            1 => letters_in_turn(domain),
            _ => domain.to_owned(),
        };
        routed(format!("{local}@{domain}"), dice)
    }
}

/// A source route in front, now and then (RFC 5321 §4.1.2, appendix C).
fn routed(mailbox: String, dice: &mut Dice) -> String {
    if !dice.once_in(6) {
        return mailbox;
    }
    let hosts: Vec<String> = (0..=dice.below(3)).map(|_| format!("@{}", domain(dice))).collect();
    format!("{}:{mailbox}", hosts.join(","))
}

/// ```abnf
/// Local-part     = Dot-string / Quoted-string
/// ```
fn local_part(dice: &mut Dice) -> String {
    match dice.below(7) {
        0 => "0123456789"[dice.below(10)..].to_owned(),
        1 => of(ATEXT, 64, dice),
        2 | 3 => {
            let atoms: Vec<String> = (0..2 + dice.below(4))
                .map(|_| {
                    let length = 1 + dice.below(8);
                    of(ATEXT, length, dice)
                })
                .collect();
            atoms.join(".")
        }
        4 | 5 => quoted(dice),
        _ => {
            let length = 1 + dice.below(16);
            of(ATEXT, length, dice)
        }
    }
}

/// ```abnf
/// Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
/// ```
fn quoted(dice: &mut Dice) -> String {
    let mut text = String::from("\"");
    for _ in 0..=dice.below(10) {
        match dice.below(4) {
            0 => text.push_str(&of(QUOTED, 1, dice)),
            1 => {
                text.push('\\');
                text.push(char::from(32 + (dice.below(95)) as u8));
            }
            _ => text.push_str(&of(ATEXT, 1, dice)),
        }
    }
    text.push('"');
    text
}

/// A mailbox with characters beyond ASCII in its local-part, its domain, or both (RFC 6531 §3.3).
pub(crate) fn utf8_mailbox(dice: &mut Dice) -> String {
    let word = |dice: &mut Dice| dice.pick(BEYOND).to_owned();
    let local = match dice.below(4) {
        0 => local_part(dice),
        1 => format!("\"{} {}\"", word(dice), of(ATEXT, 2, dice)),
        2 => format!("{}.{}", word(dice), of(ATEXT, 3, dice)),
        _ => word(dice),
    };
    let domain = match dice.below(3) {
        0 => domain(dice),
        _ => format!("{}.example", word(dice)),
    };
    format!("{local}@{domain}")
}

/// Words that are labels of internationalized domains as well (RFC 5891 §4.2).
const BEYOND: &[&str] = &[
    "j\u{fc}rgen",
    "b\u{fc}cher",
    "\u{3b4}\u{3bf}\u{3ba}\u{3b9}\u{3bc}\u{3ae}",
    "\u{4f8b}\u{3048}",
    "\u{43f}\u{43e}\u{447}\u{442}\u{430}",
];

/// ```abnf
/// ( Domain / address-literal )
/// ```
pub(crate) fn host(dice: &mut Dice) -> String {
    if dice.once_in(4) { literal(dice) } else { domain(dice) }
}

/// ```abnf
/// Domain         = sub-domain *("." sub-domain)
/// ```
fn domain(dice: &mut Dice) -> String {
    let labels = match dice.below(6) {
        0 => 1,
        1 => 8,
        2 if dice.once_in(4) => return longest_domain(dice),
        _ => 2 + dice.below(3),
    };
    let mut domain: Vec<String> = Vec::new();
    for _ in 0..labels {
        let length = if dice.once_in(8) { 63 } else { 1 + dice.below(12) };
        // No longer than a domain may be (RFC 5321 §4.5.3.1.2).
        if domain.iter().map(|label| label.len() + 1).sum::<usize>() + length > 240 {
            break;
        }
        domain.push(label(length, dice));
    }
    domain.join(".")
}

/// One of 255 octets, which is the most (RFC 5321 §4.5.3.1.2).
fn longest_domain(dice: &mut Dice) -> String {
    let labels = [63, 63, 63, 63].map(|length| label(length, dice));
    labels.join(".")
}

fn label(length: usize, dice: &mut Dice) -> String {
    let mut label = of(LABEL, length, dice).into_bytes();
    if length > 3 && dice.once_in(3) {
        let at = 1 + dice.below(length - 3);
        label[at] = b'-';
        if dice.once_in(2) {
            label[at + 1] = b'-';
        }
    }
    String::from_utf8_lossy(&label).into_owned()
}

/// An address in one of its spellings (RFC 5321 §4.1.3).
pub(crate) fn literal(dice: &mut Dice) -> String {
    if dice.once_in(2) {
        return format!("[{}]", v4(dice));
    }
    let tag = dice.pick(&["IPv6", "IPv6", "ipv6", "IPV6"]);
    let group = |dice: &mut Dice| {
        let number = dice.below(0x1_0000);
        match dice.below(4) {
            0 => "0".to_owned(),
            1 => format!("{number:X}"),
            2 => format!("{number:04x}"),
            _ => format!("{number:x}"),
        }
    };
    let groups = |count: usize, dice: &mut Dice| -> String {
        (0..count).map(|_| group(dice)).collect::<Vec<_>>().join(":")
    };
    let address = match dice.below(5) {
        0 => groups(8, dice),
        1 => format!("{}:{}", groups(6, dice), v4(dice)),
        2 => {
            let (before, behind) = (dice.below(4), dice.below(3));
            format!("{}::{}", groups(before, dice), groups(behind, dice))
        }
        3 => {
            // At most four groups beside the gap and the four octets.
            let before = dice.below(3);
            format!("{}::{}", groups(before, dice), v4(dice))
        }
        _ => "::1".to_owned(),
    };
    format!("[{tag}:{address}]")
}

/// ```abnf
/// IPv4-address-literal  = Snum 3("."  Snum)
/// Snum           = 1*3DIGIT
/// ```
fn v4(dice: &mut Dice) -> String {
    let number = |dice: &mut Dice| match dice.below(6) {
        0 => "0".to_owned(),
        1 => "255".to_owned(),
        2 => format!("{:03}", dice.below(256)),
        _ => dice.below(256).to_string(),
    };
    let numbers: Vec<String> = (0..4).map(|_| number(dice)).collect();
    numbers.join(".")
}

fn of(letters: &[u8], count: usize, dice: &mut Dice) -> String {
    (0..count).map(|_| char::from(dice.pick(letters))).collect()
}

pub(crate) fn letters_in_turn(text: &str) -> String {
    let turned = text.char_indices().map(|(at, letter)| {
        if at % 2 == 0 { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    });
    turned.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smtpspec_protocol::{Command, Grammar, Request};
    use smtpspec_reference::Config;
    use smtpspec_scenario::Profile;

    use super::*;
    use crate::access::Access;
    use crate::memory::play;
    use crate::session::{Move, Session};

    fn ground() -> Ground {
        Ground::of(&Profile::default(), Vec::new())
    }

    #[test]
    fn every_reverse_path_is_strictly_legal() {
        for index in 0..5000 {
            let line = format!("MAIL FROM:<{}>", reverse_path(&mut Dice::of(1, index)));
            let request = Request::parse(line.as_bytes(), Grammar::default());
            assert!(matches!(request.command, Ok(Command::Mail(_))), "{line}");
            assert!(request.is_strict(), "{line}");
        }
    }

    #[test]
    fn every_spelling_of_a_recipient_is_taken() {
        let config = Arc::new(Config::default());
        for index in 0..300 {
            let line = format!("RCPT TO:<{}>", ground().forward_path(&mut Dice::of(1, index)));
            let moves = ["EHLO c.test", "MAIL FROM:<>", &line].map(Move::line).to_vec();
            let trace = play(&Session { hasty: false, moves }, &config, &Access::default());
            let reply = trace.heard.last().and_then(|heard| heard.reply.as_ref());
            assert_eq!(reply.map(|reply| reply.code.get()), Some(250), "{line}");
        }
    }
}
