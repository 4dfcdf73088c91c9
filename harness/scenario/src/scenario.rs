//! What a scenario is: its name, what it checks, what it needs, and its dialogue.

use std::sync::Arc;
use std::time::Duration;

use smtpspec_catalogue::{Grade, RequirementId};
use smtpspec_protocol::Protocol;

use crate::dialogue::Step;
use crate::template::Template;

/// Every scenario that was loaded, in the order of the files and of the places in them.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The scenarios, each with an id that no other has.
    pub scenarios: Vec<Arc<Scenario>>,
}

/// One scenario of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The full id: `rfc5321/4.1.1.3/before-mail`.
    pub id: String,
    /// What it shows, in one line.
    pub title: String,
    /// The specification, as the file names it: `rfc5321`.
    pub spec: String,
    /// The section: `4.1.1.3`.
    pub section: String,
    /// The section's title.
    pub section_title: String,
    /// Former ids, which still select it.
    pub aliases: Vec<String>,
    /// The requirements that it checks; at least one.
    pub checks: Vec<RequirementId>,
    /// The state that the standard prelude reaches first.
    pub given: Given,
    /// Which party the harness is when the dialogue begins.
    pub plays: Party,
    /// What must be there; without it the scenario is skipped.
    pub requires: Requires,
    /// How much it bothers the target.
    pub safety: Safety,
    /// The argument for a disputed reading.
    pub rationale: Option<String>,
    /// The rows of `each:`; none means one case without a row.
    pub rows: Vec<Row>,
    /// The steps, with every `use:` already put in.
    pub dialogue: Vec<Step>,
    /// Where it is written.
    pub place: Place,
}

/// A row of `each:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row's slug, which ends the case's id: `[lower-case]`.
    pub name: String,
    /// Its fields, which are variables in the dialogue and may themselves name the profile's.
    pub fields: Vec<(String, Template)>,
}

/// A scenario with one of its rows: what is run and what has a verdict.
#[derive(Debug, Clone)]
pub struct Case {
    /// The scenario's id, and the row's name in brackets where there is one.
    pub id: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Which of its rows.
    pub row: Option<usize>,
}

/// The states that the standard prelude can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Given {
    /// The connection is open; nothing was read, the greeting is the dialogue's to expect.
    Connected,
    /// The greeting and EHLO went well.
    Greeted,
    /// After STARTTLS, the handshake and a new EHLO (RFC 3207 §4.2).
    Secured,
    /// After EHLO, the user of the profile has logged in (RFC 4954 §4).
    Authenticated,
    /// MAIL was accepted.
    Mail,
    /// RCPT was accepted.
    Recipient,
    /// DATA was answered 354.
    Data,
}

/// A party of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The one that sends commands; `C:`.
    Client,
    /// The one that answers; `S:`.
    Server,
}

/// How much a scenario bothers the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// What any client does in a day.
    Quiet,
    /// Many errors, many connections or large messages.
    Noisy,
    /// What only an attacker sends.
    Hostile,
}

/// What must be there, or the scenario is skipped with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requires {
    /// EHLO keywords that the target must offer.
    pub ehlo: Vec<String>,
    /// Facts that the profile must state, or variables that it must set.
    pub profile: Vec<String>,
    /// Whether the place where mail comes out must be known.
    pub next_hop: bool,
    /// What the target must speak.
    pub protocol: Speaks,
}

/// Which targets a scenario is for, by what they speak (RFC 2033 §4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speaks {
    /// Servers of SMTP.
    #[default]
    Smtp,
    /// Servers of LMTP.
    Lmtp,
    /// Either: it says nothing in which the two differ.
    Either,
}

impl Speaks {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Smtp, Self::Lmtp, Self::Either];

    /// The words of the language, in the same order.
    pub(crate) const WORDS: [&str; 3] = ["smtp", "lmtp", "either"];

    /// The word of the language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => Self::WORDS[0],
            Self::Lmtp => Self::WORDS[1],
            Self::Either => Self::WORDS[2],
        }
    }

    /// Whether it is for a target that speaks this.
    pub const fn holds(self, protocol: Protocol) -> bool {
        match self {
            Self::Either => true,
            Self::Smtp => matches!(protocol, Protocol::Smtp),
            Self::Lmtp => matches!(protocol, Protocol::Lmtp),
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The path, as it was given.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Suite {
    /// Every case of every scenario, in order.
    pub fn cases(&self) -> Vec<Case> {
        self.scenarios.iter().flat_map(Scenario::cases).collect()
    }
}

impl Scenario {
    /// The cases that a scenario stands for: one for each row, or itself.
    pub fn cases(self: &Arc<Self>) -> Vec<Case> {
        if self.rows.is_empty() {
            return vec![Case { id: self.id.clone(), scenario: Arc::clone(self), row: None }];
        }
        self.rows
            .iter()
            .enumerate()
            .map(|(index, row)| Case {
                id: format!("{}[{}]", self.id, row.name),
                scenario: Arc::clone(self),
                row: Some(index),
            })
            .collect()
    }

    /// How long it waits for nothing, or between writes, at the least: what makes it slow on the
    /// fastest server.
    pub fn waits(&self) -> Duration {
        self.dialogue.iter().map(Step::waits).sum()
    }

    /// Whether it waits so long that it is only run on request.
    pub fn is_slow(&self) -> bool {
        self.waits() >= SLOW
    }

    /// How long it waits of its own will on a target with this clock, at the least. Only what is
    /// slow by the real clock follows another one (RFC 5321 §4.5.3.2).
    pub fn waits_by(&self, clock: u32) -> Duration {
        if self.is_slow() { self.waits() / clock } else { self.waits() }
    }

    /// The strongest of the requirements that it checks: what a failed expectation counts as.
    pub fn grade(&self) -> Grade {
        self.checks.iter().map(|id| id.requirement().level.grade()).max().unwrap_or(Grade::May)
    }
}

/// From here on a wait is long: nobody wants it in each run.
pub const SLOW: Duration = Duration::from_secs(10);

impl Case {
    /// The fields of the case's row; none where it has no row.
    pub fn fields(&self) -> &[(String, Template)] {
        self.row.map_or(&[], |row| &self.scenario.rows[row].fields)
    }
}

impl Given {
    /// The word of the language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Greeted => "greeted",
            Self::Secured => "secured",
            Self::Authenticated => "authenticated",
            Self::Mail => "mail",
            Self::Recipient => "recipient",
            Self::Data => "data",
        }
    }
}

impl Party {
    /// The party on the other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The letter of the language.
    pub const fn letter(self) -> char {
        match self {
            Self::Client => 'C',
            Self::Server => 'S',
        }
    }
}

impl Safety {
    /// The word of the language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Noisy => "noisy",
            Self::Hostile => "hostile",
        }
    }
}
