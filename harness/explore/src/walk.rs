//! Legal walks: to every place of a session equally often, however hard it is to reach, and from
//! there to an end that shows what the server has kept (RFC 5321 §4.1.4).

use smtpspec_protocol::Protocol;

use crate::dice::Dice;
use crate::lexicon as words;
use crate::names::Names;
use crate::paths;
use crate::session::{Move, Then};

/// Where a walk has come to, if the server took all that was legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The connection is open; the greeting may not be there yet.
    Connected,
    /// EHLO or HELO was said.
    Greeted,
    /// MAIL was said.
    Mail,
    /// RCPT was said, once or more.
    Recipient,
    /// DATA was said: what comes is the message.
    Data,
    /// The message has ended.
    Delivered,
}

impl Place {
    /// Every place, in a session's order.
    pub const ALL: [Self; 6] =
        [Self::Connected, Self::Greeted, Self::Mail, Self::Recipient, Self::Data, Self::Delivered];
}

/// What a walk is made of: names, and what the server offers.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The profile's names.
    pub names: Names,
    /// The EHLO keywords that the server offers, in upper case.
    pub offered: Vec<String>,
    /// What it speaks.
    pub protocol: Protocol,
}

impl Ground {
    pub(crate) fn offers(&self, keyword: &str) -> bool {
        self.offered.iter().any(|offered| offered.eq_ignore_ascii_case(keyword))
    }

    /// The verb that opens a session.
    pub(crate) fn hello(&self) -> &'static str {
        match self.protocol {
            Protocol::Smtp => "EHLO",
            Protocol::Lmtp => "LHLO",
        }
    }

    pub(crate) fn line(&self, text: &str) -> Move {
        Move::line(self.names.fill(text))
    }

    pub(crate) fn text(&self, text: &str) -> Move {
        Move::of(self.names.fill(text))
    }

    /// The moves that need no explanation, one for each verb.
    pub fn plain(&self) -> Vec<Move> {
        words::PLAIN.iter().map(|line| self.line(line)).collect()
    }

    /// The shortest way to a place, with now and then something that is legal anywhere.
    pub(crate) fn way_to(&self, place: Place, dice: &mut Dice) -> Vec<Move> {
        let mut moves = Vec::new();
        for step in Place::ALL.into_iter().skip(1).take_while(|step| *step <= place) {
            if dice.once_in(8) && step != Place::Delivered {
                moves.push(self.line(dice.pick(words::ANY_TIME)));
            }
            if step == Place::Data && self.offers("CHUNKING") && dice.once_in(3) {
                // The chunks that are both the command and the message; where DATA is the end of the
                // way, one that is not the last.
                moves.extend(self.chunks(place == Place::Delivered, dice));
                break;
            }
            moves.push(self.step_to(step, dice));
            if step == Place::Greeted && self.offers("STARTTLS") && dice.once_in(8) {
                moves.extend([self.starttls(), self.line(&format!("{} {{client}}", self.hello()))]);
                // Inside TLS more is offered than in the clear: AUTH, as a rule.
                if dice.once_in(2) {
                    let lines = dice.pick(words::EXCHANGES);
                    moves.extend(lines.iter().map(|line| self.line(line)));
                }
            }
            if step == Place::Greeted && self.offers("AUTH") && dice.once_in(8) {
                let lines = dice.pick(words::EXCHANGES);
                moves.extend(lines.iter().map(|line| self.line(line)));
            }
            if step == Place::Recipient {
                while dice.once_in(3) {
                    moves.push(self.step_to(step, dice));
                }
            }
        }
        moves
    }

    /// The legal move that leads to a place from the one before it.
    pub(crate) fn step_to(&self, place: Place, dice: &mut Dice) -> Move {
        match place {
            Place::Connected => self.line("NOOP"),
            Place::Greeted if dice.once_in(4) => {
                Move::line(format!("{} {}", self.hello(), paths::host(dice)))
            }
            Place::Greeted if self.protocol == Protocol::Lmtp => self.line("LHLO {client}"),
            Place::Greeted => self.line(dice.pick(words::HELLOS)),
            Place::Mail if dice.once_in(3) => {
                let command = format!("MAIL FROM:<{}>", paths::reverse_path(dice));
                self.with_parameters(&command, words::MAIL_PARAMETERS, dice)
            }
            Place::Mail => {
                let command = self.names.fill(dice.pick(words::MAILS));
                let command = String::from_utf8_lossy(&command);
                self.with_parameters(&command, words::MAIL_PARAMETERS, dice)
            }
            Place::Recipient if dice.once_in(2) => {
                let command = format!("RCPT TO:<{}>", self.forward_path(dice));
                self.with_parameters(&command, words::RCPT_PARAMETERS, dice)
            }
            Place::Recipient => {
                let command = self.names.fill(dice.pick(words::RCPTS));
                let command = String::from_utf8_lossy(&command);
                self.with_parameters(&command, words::RCPT_PARAMETERS, dice)
            }
            Place::Data => self.line(if dice.once_in(8) { "data" } else { "DATA" }),
            Place::Delivered => self.text(dice.pick(words::MESSAGES)),
        }
    }

    /// STARTTLS and the handshake.
    pub(crate) fn starttls(&self) -> Move {
        Move { then: Then::Handshake, ..self.line("STARTTLS") }
    }

    /// A message in chunks, with or without the last.
    pub(crate) fn chunks(&self, whole: bool, dice: &mut Dice) -> Vec<Move> {
        let message = self.names.fill(dice.pick(words::CHUNKED));
        let at = dice.below(message.len() + 1);
        let (first, rest) = message.split_at(if dice.once_in(2) { at } else { 0 });
        let mut moves = Vec::new();
        if !first.is_empty() || !whole {
            moves.push(chunk(&first.len().to_string(), first));
        }
        if whole {
            moves.push(chunk(&format!("{} LAST", rest.len()), rest));
        }
        moves
    }

    fn with_parameters(&self, command: &str, known: &[(&str, &str)], dice: &mut Dice) -> Move {
        let (keyword, parameter) = dice.pick(known);
        let with = dice.once_in(3) && self.offers(keyword);
        // The command has its names already, and may have braces of its own.
        Move::line(format!("{command}{}", if with { parameter } else { "" }))
    }

    /// An end from this place on, which shows what the server made of all before it.
    pub(crate) fn end_from(&self, place: Place, dice: &mut Dice) -> Vec<Move> {
        let mut moves = Vec::new();
        if place == Place::Data {
            moves.push(self.text(dice.pick(words::MESSAGES)));
        }
        let lines: &[&str] = match dice.below(9) {
            0 => &["NOOP"],
            7 => &["RSET", "MAIL FROM:<{sender}>", "DATA", ".", "NOOP"],
            8 => &["EHLO {client}", "MAIL FROM:<{sender}>", "DATA", ".", "NOOP"],
            1 => &["DATA", ".", "NOOP"],
            2 => &["RCPT TO:<{second}>", "DATA", ".", "NOOP"],
            3 => &["MAIL FROM:<{sender}>", "RCPT TO:<{recipient}>", "DATA", "."],
            4 => &[
                "RSET",
                "RCPT TO:<{recipient}>",
                "MAIL FROM:<>",
                "RCPT TO:<{second}>",
                "DATA",
                ".",
            ],
            5 => &[
                "EHLO {client}",
                "DATA",
                "MAIL FROM:<{sender}>",
                "RCPT TO:<{recipient}>",
                "DATA",
                ".",
            ],
            _ => &["RSET", "MAIL FROM:<{sender}>", "RCPT TO:<{recipient}>", "RSET", "DATA", "NOOP"],
        };
        let hello = format!("{} ", self.hello());
        moves.extend(lines.iter().map(|line| self.line(&line.replace("EHLO ", &hello))));
        if self.offers("PIPELINING") && dice.once_in(4) {
            // In a group, EHLO, DATA, VRFY, EXPN, QUIT and NOOP come last (RFC 2920 §3.1).
            let ends_group = |one: &Move| {
                let verb = one.octets.get(..4).unwrap_or_default();
                !["MAIL", "RCPT", "RSET"]
                    .iter()
                    .any(|may| may.as_bytes().eq_ignore_ascii_case(verb))
            };
            let last = moves.len().saturating_sub(1);
            for one in moves[..last].iter_mut().filter(|one| !ends_group(one)) {
                one.then = Then::GoOn;
            }
        }
        moves.push(self.line("QUIT"));
        moves
    }
}

/// A BDAT that says this of its octets.
pub(crate) fn chunk(says: &str, octets: &[u8]) -> Move {
    Move::of([b"BDAT ", says.as_bytes(), b"\r\n", octets].concat())
}
