//! Legal walks: to every place of a session equally often, however hard it is to reach, and from
//! there to an end that shows what the server has kept (RFC 5321 §4.1.4).

use smtpspec_protocol::Protocol;
use smtpspec_scenario::{Profile, Tls};

use crate::dice::Dice;
use crate::extensions::Parameters;
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
    /// The lines of the server's reply to EHLO behind the first, each a keyword and what it says
    /// of it (RFC 5321 §4.1.1.1).
    pub offered: Vec<String>,
    /// What it speaks.
    pub protocol: Protocol,
    /// How often sessions begin TLS and log in.
    pub entry: Entry,
}

/// How often sessions do what a server may want of them before it takes mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// STARTTLS nearly always (RFC 3207 §4); otherwise now and then, where it is offered.
    pub by_tls: bool,
    /// A login (RFC 4954 §4).
    pub login: Login,
}

/// How often sessions log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Login {
    /// Never: there is no name and password.
    #[default]
    Never,
    /// Now and then.
    Sometimes,
    /// Nearly always: the profile wants it.
    Usually,
}

impl Ground {
    /// For a server of this profile that offers this.
    pub fn of(profile: &Profile, offered: Vec<String>) -> Self {
        let login = match (crate::Access::of(profile).can_log_in(), profile.login) {
            (false, _) => Login::Never,
            (true, false) => Login::Sometimes,
            (true, true) => Login::Usually,
        };
        let entry = Entry { by_tls: profile.tls == Tls::StartTls, login };
        Self { names: Names::of(profile), offered, protocol: profile.protocol, entry }
    }

    pub(crate) fn offers(&self, keyword: &str) -> bool {
        let mut keywords = self.offered.iter().filter_map(|line| line.split(' ').next());
        // Inside TLS more is offered than in the clear, and our sessions go there.
        let inside = ["AUTH", "REQUIRETLS"].contains(&keyword);
        keywords.any(|offered| {
            offered.eq_ignore_ascii_case(keyword)
                || inside && offered.eq_ignore_ascii_case("STARTTLS")
        })
    }

    /// How large a message the server takes, in octets, where it says so and it is not too much to
    /// try (RFC 1870 §3).
    pub(crate) fn size(&self) -> Option<usize> {
        let words = |line: &String| {
            let (keyword, value) = line.split_once(' ')?;
            keyword.eq_ignore_ascii_case("SIZE").then(|| value.trim().parse().ok())?
        };
        self.offered.iter().find_map(words).filter(|&size| size > 0)
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
            let beyond_ascii = moves.last().is_some_and(is_beyond_ascii);
            if step == Place::Recipient && beyond_ascii && dice.once_in(2) {
                // Only behind such a MAIL may these be (RFC 6531 §3.4).
                moves.push(Move::line(format!("RCPT TO:<{}>", self.other_mailbox(dice))));
            }
            moves.push(self.step_to(step, dice));
            if step == Place::Greeted {
                moves.extend(self.enter(dice));
            }
            if step == Place::Recipient {
                while dice.once_in(3) {
                    moves.push(self.step_to(step, dice));
                }
            }
        }
        moves
    }

    /// What comes between EHLO and the first transaction: TLS, a login, or nothing.
    fn enter(&self, dice: &mut Dice) -> Vec<Move> {
        let mut moves = Vec::new();
        let begins_tls = if self.entry.by_tls { !dice.once_in(8) } else { dice.once_in(5) };
        let begins_tls = begins_tls && self.offers("STARTTLS");
        if begins_tls {
            moves.extend([self.starttls(), self.line(&format!("{} {{client}}", self.hello()))]);
        }
        let logs_in = self.offers("AUTH")
            && match self.entry.login {
                Login::Never => false,
                Login::Sometimes => dice.once_in(6),
                Login::Usually => !dice.once_in(8),
            };
        if logs_in {
            moves.extend(dice.pick(words::LOGINS).iter().map(|line| self.line(line)));
        }
        // Inside TLS more is offered than in the clear: AUTH, as a rule.
        if self.offers("AUTH") && dice.once_in(if begins_tls && !logs_in { 2 } else { 8 }) {
            moves.extend(self.exchange(dice));
        }
        moves
    }

    /// A way through an exchange of AUTH.
    pub(crate) fn exchange(&self, dice: &mut Dice) -> Vec<Move> {
        let known = self.entry.login != Login::Never && dice.once_in(4);
        let lines = dice.pick(if known { words::LOGINS } else { words::EXCHANGES });
        lines.iter().map(|line| self.line(line)).collect()
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
            // Lists, domains and mailboxes of which the profile tells, and what it says of them may
            // make each another case.
            Place::Mail | Place::Recipient if dice.once_in(12) => {
                let command = if place == Place::Mail { "MAIL FROM" } else { "RCPT TO" };
                Move::line(format!("{command}:<{}>", self.other_mailbox(dice)))
            }
            Place::Mail if self.offers("SMTPUTF8") && dice.once_in(10) => {
                let command = self.phrase("MAIL FROM:<{utf8}> SMTPUTF8", dice);
                Move::line(command)
            }
            Place::Mail if dice.once_in(3) => {
                let command = format!("MAIL FROM:<{}>", paths::reverse_path(dice));
                self.with_parameters(&command, Parameters::Mail, dice)
            }
            Place::Mail => {
                let command = self.names.fill(dice.pick(words::MAILS));
                let command = String::from_utf8_lossy(&command);
                self.with_parameters(&command, Parameters::Mail, dice)
            }
            Place::Recipient if dice.once_in(2) => {
                let command = format!("RCPT TO:<{}>", self.forward_path(dice));
                self.with_parameters(&command, Parameters::Rcpt, dice)
            }
            Place::Recipient => {
                let command = self.names.fill(dice.pick(words::RCPTS));
                let command = String::from_utf8_lossy(&command);
                self.with_parameters(&command, Parameters::Rcpt, dice)
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
            moves.push(chunk(&size_of(first, dice), first));
        }
        if whole {
            let last = dice.pick(&["LAST", "LAST", "LAST", "last", "Last"]);
            moves.push(chunk(&format!("{} {last}", size_of(rest, dice)), rest));
        }
        moves
    }

    fn with_parameters(&self, command: &str, of: Parameters, dice: &mut Dice) -> Move {
        // The command has its names already, and may have braces of its own.
        Move::line(format!("{command}{}", self.parameters(of, dice)))
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

/// How large a chunk is, now and then with zeros before it (RFC 3030 §2).
fn size_of(chunk: &[u8], dice: &mut Dice) -> String {
    let zeros = if dice.once_in(8) { "00" } else { "" };
    format!("{zeros}{}", chunk.len())
}

/// Whether this is a MAIL behind which mailboxes beyond ASCII may stand (RFC 6531 §3.4).
fn is_beyond_ascii(one: &Move) -> bool {
    one.octets.to_ascii_uppercase().windows(10).any(|part| part.starts_with(b" SMTPUTF8"))
}

/// A BDAT that says this of its octets.
pub(crate) fn chunk(says: &str, octets: &[u8]) -> Move {
    Move::of([b"BDAT ", says.as_bytes(), b"\r\n", octets].concat())
}
