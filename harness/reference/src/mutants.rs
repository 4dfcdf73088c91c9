//! Mutants: named deviations of the reference server, each of which breaks one requirement.
//!
//! They prove that the scenarios and the oracle can fail, and they let authors of clients meet a
//! server that misbehaves. The oracle knows nothing of them; how the server carries them out is in
//! `server/deviation.rs`, `mutants/framing.rs` and `mutants/reading.rs`.
//!
//! There is one file for each family:
//!
//! | what goes wrong | file |
//! |---|---|
//! | greeting, EHLO, HELO (RFC 5321 §3.1, §4.1.1.1) | `mutants/opening.rs` |
//! | order and state of commands (RFC 5321 §4.1.4) | `mutants/order.rs` |
//! | MAIL and RCPT (RFC 5321 §4.1.1.2, §4.1.1.3) | `mutants/envelope.rs` |
//! | paths, local-parts, domains (RFC 5321 §4.1.2) | `mutants/address.rs` |
//! | address literals (RFC 5321 §4.1.3) | `mutants/literal.rs` |
//! | parameters and strings (RFC 5321 §4.1.1.11, §4.1.2) | `mutants/parameter.rs` |
//! | DATA and its end (RFC 5321 §4.1.1.4, §4.5.2) | `mutants/data.rs` |
//! | RSET, NOOP, QUIT, TURN, unknown commands | `mutants/session.rs` |
//! | VRFY, EXPN, HELP (RFC 5321 §3.5) | `mutants/inquiry.rs` |
//! | SEND, SOML, SAML (RFC 821 §3.4) | `mutants/rfc821.rs` |
//! | the form of replies (RFC 5321 §4.2) | `mutants/reply.rs` |
//! | lines of commands, and sizes (RFC 5321 §2.3.8, §4.5.3) | `mutants/sizes.rs` |
//! | SIZE and 8BITMIME (RFC 1870, RFC 6152) | `mutants/extension.rs` |
//! | ETRN (RFC 1985) | `mutants/rfc1985.rs` |
//! | LMTP (RFC 2033) | `mutants/rfc2033.rs` |
//! | enhanced status codes (RFC 2034, RFC 3463) | `mutants/rfc2034.rs` |
//! | chunks (RFC 3030 §2) | `mutants/rfc3030.rs` |
//! | binary messages (RFC 3030 §3) | `mutants/binarymime.rs` |
//! | conversions for the next hop (RFC 6152 §3, RFC 3030 §3) | `mutants/conversion.rs` |
//! | STARTTLS (RFC 3207) | `mutants/rfc3207.rs` |
//! | the parameters of DSN (RFC 3461 §2 to §5.1) | `mutants/rfc3461.rs` |
//! | what becomes of them (RFC 3461 §5.2 to §6.1) | `mutants/dsn.rs` |
//! | the form of notices (RFC 3461 §6, RFC 3464) | `mutants/rfc3464.rs` |
//! | FUTURERELEASE (RFC 4865) | `mutants/rfc4865.rs` |
//! | AUTH (RFC 4954) | `mutants/rfc4954.rs` |
//! | challenges and responses (RFC 4954 §4) | `mutants/exchange.rs` |
//! | PLAIN, SCRAM, OAUTHBEARER (RFC 4616, RFC 5802, RFC 7628) | `mutants/sasl.rs` |
//! | submission (RFC 6409) | `mutants/rfc6409.rs` |
//! | SMTPUTF8 (RFC 6531, RFC 6532) | `mutants/rfc6531.rs` |
//! | 521, and null MX (RFC 7504, RFC 7505) | `mutants/rfc7504.rs` |
//! | LIMITS (RFC 9422) | `mutants/rfc9422.rs` |
//! | ATRN (RFC 2645) | `mutants/rfc2645.rs` |
//! | DELIVERBY (RFC 2852) | `mutants/rfc2852.rs` |
//! | MT-PRIORITY (RFC 6710) | `mutants/rfc6710.rs` |
//! | RRVS (RFC 7293) | `mutants/rfc7293.rs` |
//! | TLS for submission (RFC 8314) | `mutants/rfc8314.rs` |
//! | REQUIRETLS (RFC 8689) | `mutants/rfc8689.rs` |
//! | groups of commands (RFC 2920) | `mutants/pipelining.rs` |
//! | the envelope of the mail that is delivered (RFC 5321 §6.1) | `mutants/delivery.rs` |
//! | its text (RFC 5321 §3.6.3, §4.5.2) | `mutants/content.rs` |
//! | its trace information (RFC 5321 §4.4) | `mutants/trace.rs` |
//! | notices and lists (RFC 5321 §3.6.3, §3.9) | `mutants/notice.rs` |

mod address;
mod binarymime;
pub(crate) mod content;
mod conversion;
mod data;
mod delivery;
mod dsn;
mod envelope;
mod exchange;
mod extension;
pub(crate) mod framing;
mod inquiry;
mod literal;
mod notice;
mod opening;
mod order;
mod parameter;
mod pipelining;
pub(crate) mod reading;
mod reply;
mod rfc1985;
mod rfc2033;
mod rfc2034;
mod rfc2645;
mod rfc2852;
mod rfc3030;
mod rfc3207;
mod rfc3461;
mod rfc3464;
mod rfc4865;
mod rfc4954;
mod rfc6409;
mod rfc6531;
mod rfc6710;
mod rfc7293;
mod rfc7504;
mod rfc821;
mod rfc8314;
mod rfc8689;
mod rfc9422;
mod sasl;
mod session;
mod shows;
mod sizes;
pub(crate) mod trace;

use std::fmt;

use smtpspec_catalogue::RequirementId;
use smtpspec_protocol::{Command, Reply, Request, Verb};

use crate::config::Config;
use crate::delivery::Delivery;
use crate::model::{Model, Stimulus};
use crate::rfc3030::chunking::Chunk;
use crate::state::State;

/// A deviation of the reference server (RFC 5321 §4.2: what a server may not do).
pub struct Mutant {
    /// Its name: words of lower-case letters and digits, with hyphens.
    pub name: &'static str,
    /// What the server does, in one line.
    pub about: &'static str,
    /// The requirement that it breaks.
    pub breaks: RequirementId,
    pub(crate) fault: Fault,
}

/// Where a deviation can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// In a reply: its code, its text or its octets are others.
    Reply,
    /// In what is not said, or said to nobody's question: replies are missing, come at another
    /// time or in another order, since commands end elsewhere or are lost.
    Pairing,
    /// In the end of the connection.
    Close,
    /// In the state of the session: each reply may be given in another state, and what later
    /// replies or the mail say does not fit to it.
    State,
    /// In a reply that a server may give at that place: that it is wrong here shows only to who
    /// knows more of the server than it says, its mailboxes, its limits, its configuration.
    Fact,
    /// In the mail that comes out, and nowhere else.
    Mail,
}

impl Mutant {
    /// Where its deviation can be seen: for several at the first of their places.
    pub fn shows(&self) -> Shows {
        let elsewhere = shows::ELSEWHERE.iter().find(|(_, names)| names.contains(&self.name));
        elsewhere.map_or_else(|| self.fault.shows(), |(place, _)| *place)
    }
}

impl Mutant {
    /// Whether nothing that the server says is otherwise than that of a careful one.
    pub fn spoils_mail_alone(&self) -> bool {
        self.fault.shows() == Shows::Mail
    }
}

impl Fault {
    fn shows(&self) -> Shows {
        match self {
            Self::Answer { say: Say::This(..) | Say::Reworded(_), .. }
            | Self::Config(_)
            | Self::Octets(_) => Shows::Reply,
            Self::Answer { say: Say::Nothing, .. }
            | Self::Group(_)
            | Self::Lines(_)
            | Self::Deaf(_)
            | Self::Flush(_)
            | Self::Data(_)
            | Self::Chunk(_)
            | Self::AnswersForNobody(_)
            | Self::Plaintext => Shows::Pairing,
            Self::Secured(_) | Self::Answer { say: Say::AsUsual, .. } => Shows::State,
            Self::Close(_) | Self::Truncates => Shows::Close,
            Self::Deliveries(_)
            | Self::Each(_)
            | Self::EachOf(..)
            | Self::Text(_)
            | Self::Trace(_)
            | Self::KeptChunks
            | Self::Unfinished => Shows::Mail,
            Self::All(faults) => faults.iter().map(Self::shows).min().unwrap_or(Shows::Mail),
        }
    }
}

impl Shows {
    /// One word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Pairing => "pairing",
            Self::Close => "close",
            Self::State => "state",
            Self::Fact => "fact",
            Self::Mail => "mail",
        }
    }
}

/// In which way a server deviates.
pub(crate) enum Fault {
    /// Other facts or limits than it was configured with.
    Config(fn(&mut Config)),
    /// On some stimuli another answer, or another state after it.
    Answer {
        /// Which stimuli.
        when: When,
        /// What is answered.
        say: Say,
        /// What becomes of the state.
        then: Then,
    },
    /// On some stimuli the connection is closed once the answer is out.
    Close(When),
    /// The replies as octets are spoilt.
    Octets(fn(&Asked<'_>, &mut Vec<u8>)),
    /// The replies to what came in one piece are confused.
    Group(fn(&mut Vec<Vec<u8>>)),
    /// Command lines end somewhere else.
    Lines(framing::Cut),
    /// What follows a command in the same piece is thrown away.
    Deaf(fn(&[u8]) -> bool),
    /// Once a stimulus is answered, what came with it in the same piece is thrown away.
    Flush(When),
    /// Message data ends somewhere else, or its dots are treated otherwise.
    Data(reading::Rules),
    /// Mail is lost, or invented.
    Deliveries(fn(&Asked<'_>, &mut Vec<Delivery>)),
    /// Each mail that is delivered is spoilt.
    Each(fn(&Asked<'_>, &mut Delivery)),
    /// Each mail of a kind is spoilt.
    EachOf(fn(&Delivery) -> bool, fn(&Asked<'_>, &mut Delivery)),
    /// The text of each mail is spoilt, behind the trace field.
    Text(fn(&mut Vec<u8>)),
    /// The trace field of each mail is spoilt.
    Trace(fn(&str) -> String),
    /// A message that the client broke off is delivered.
    Unfinished,
    /// A BDAT is read otherwise: in that state, this request, with this for its chunk.
    Chunk(fn(&Model, &Request<'_>, Option<Chunk>) -> Option<Chunk>),
    /// The chunks of a transaction that is over are kept for the next.
    KeptChunks,
    /// The end of a message without recipients, which draws no reply in LMTP, is answered.
    AnswersForNobody(fn(&Model, &Stimulus<'_>) -> bool),
    /// What came in the clear behind STARTTLS is obeyed inside TLS.
    Plaintext,
    /// The connection is closed without the alert that ends TLS.
    Truncates,
    /// After the handshake something of the session before it is known: that session, and the
    /// new one.
    Secured(fn(&Model, &mut Model)),
    /// Several of these.
    All(&'static [Fault]),
}

/// Whether a fault shows on a stimulus.
pub(crate) type When = fn(&Asked<'_>) -> bool;

/// What is answered.
#[derive(Clone, Copy)]
pub(crate) enum Say {
    /// What a careful server says.
    AsUsual,
    /// Nothing.
    Nothing,
    /// This.
    This(u16, &'static str),
    /// What a careful server says, changed.
    Reworded(fn(&Asked<'_>, &mut Reply)),
}

/// What becomes of the state.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// It follows what was said.
    AsSaid,
    /// It follows what a careful server would have said.
    AsUsual,
    /// It stays.
    Nothing,
    /// It follows what a careful server would have said, and then this happens.
    Also(fn(&mut Model)),
    /// Only this happens.
    Only(fn(&mut Model, &Asked<'_>)),
}

/// What a server is asked, and what a careful one would say.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The session before the answer.
    pub(crate) model: &'a Model,
    /// What came.
    pub(crate) stimulus: &'a Stimulus<'a>,
    /// The careful server's answer.
    pub(crate) usual: &'a Reply,
    /// The message, where its end has come.
    pub(crate) text: &'a [u8],
}

/// Every mutant, family by family.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    FAMILIES.iter().copied().flatten()
}

/// The mutant with this name.
pub fn by_name(name: &str) -> Option<&'static Mutant> {
    all().find(|mutant| mutant.name == name)
}

static FAMILIES: &[&[Mutant]] = &[
    address::MUTANTS,
    binarymime::MUTANTS,
    conversion::MUTANTS,
    content::MUTANTS,
    data::MUTANTS,
    delivery::MUTANTS,
    envelope::MUTANTS,
    exchange::MUTANTS,
    extension::MUTANTS,
    inquiry::MUTANTS,
    literal::MUTANTS,
    notice::MUTANTS,
    opening::MUTANTS,
    order::MUTANTS,
    parameter::MUTANTS,
    pipelining::MUTANTS,
    reply::MUTANTS,
    rfc1985::MUTANTS,
    rfc2033::MUTANTS,
    rfc2034::MUTANTS,
    rfc3030::MUTANTS,
    rfc2645::MUTANTS,
    rfc2852::MUTANTS,
    rfc3207::MUTANTS,
    rfc3461::MUTANTS,
    dsn::MUTANTS,
    rfc3464::MUTANTS,
    rfc4865::MUTANTS,
    rfc4954::MUTANTS,
    sasl::MUTANTS,
    rfc6409::MUTANTS,
    rfc6531::MUTANTS,
    rfc7504::MUTANTS,
    rfc821::MUTANTS,
    rfc9422::MUTANTS,
    rfc6710::MUTANTS,
    rfc7293::MUTANTS,
    rfc8314::MUTANTS,
    rfc8689::MUTANTS,
    session::MUTANTS,
    sizes::MUTANTS,
    trace::MUTANTS,
];

/// The single faults of these mutants.
pub(crate) fn faults(mutants: &[&'static Mutant]) -> impl Iterator<Item = &'static Fault> {
    mutants.iter().flat_map(|mutant| match &mutant.fault {
        Fault::All(faults) => faults.iter(),
        single => std::slice::from_ref(single).iter(),
    })
}

const fn mutant(
    name: &'static str,
    about: &'static str,
    breaks: RequirementId,
    fault: Fault,
) -> Mutant {
    Mutant { name, about, breaks, fault }
}

/// Another answer, by which the server then goes on.
const fn answer(when: When, code: u16, text: &'static str) -> Fault {
    Fault::Answer { when, say: Say::This(code, text), then: Then::AsSaid }
}

/// Another answer, though the server does what a careful one does.
const fn misreport(when: When, code: u16, text: &'static str) -> Fault {
    Fault::Answer { when, say: Say::This(code, text), then: Then::AsUsual }
}

/// The usual answer, and the state does not follow.
const fn forget(when: When) -> Fault {
    Fault::Answer { when, say: Say::AsUsual, then: Then::Nothing }
}

/// The usual answer and what usually follows, and then something more.
const fn also(when: When, then: fn(&mut Model)) -> Fault {
    Fault::Answer { when, say: Say::AsUsual, then: Then::Also(then) }
}

/// No answer, though the server does what a careful one does.
const fn silence(when: When) -> Fault {
    Fault::Answer { when, say: Say::Nothing, then: Then::AsUsual }
}

/// The usual answer in other words.
const fn reword(when: When, how: fn(&Asked<'_>, &mut Reply)) -> Fault {
    Fault::Answer { when, say: Say::Reworded(how), then: Then::AsUsual }
}

impl<'a> Asked<'a> {
    /// Whether mail goes on to a next hop that does not offer this.
    fn hop_lacks(&self, keyword: &str) -> bool {
        let hop = self.model.config().and_then(|config| config.next_hop.as_ref());
        hop.is_some_and(|hop| !hop.offers(keyword))
    }

    /// The request, where there is one.
    fn request(&self) -> Option<&'a Request<'a>> {
        match self.stimulus {
            Stimulus::Request(request) => Some(request),
            _ => None,
        }
    }

    /// Whether it is a command with this verb.
    fn is(&self, verb: Verb<'_>) -> bool {
        self.request().is_some_and(|request| request.verb == verb)
    }

    /// Whether it is a command with one of these verbs.
    fn is_any(&self, verbs: &[Verb<'_>]) -> bool {
        verbs.iter().any(|verb| self.is(*verb))
    }

    /// The command, where it can be read.
    fn command(&self) -> Option<&'a Command<'a>> {
        self.request().and_then(|request| request.command.as_ref().ok())
    }

    /// The command line, or nothing.
    fn line(&self) -> &'a [u8] {
        self.request().map_or(&[], |request| request.line)
    }

    fn state(&self) -> State {
        *self.model.state()
    }

    /// The careful server's code.
    fn usually(&self) -> u16 {
        self.usual.code.get()
    }

    /// Whether the careful server accepts.
    fn accepted(&self) -> bool {
        matches!(self.usual.code.class(), 2 | 3)
    }
}

/// Whether the connection was just made.
fn is_connection(on: &Asked<'_>) -> bool {
    matches!(on.stimulus, Stimulus::Connected)
}

/// Whether the end of data has come.
fn is_message(on: &Asked<'_>) -> bool {
    matches!(on.stimulus, Stimulus::Message(_))
}

/// Whether it is a command that nobody knows.
fn is_unknown(on: &Asked<'_>) -> bool {
    on.request().is_some_and(|request| matches!(request.verb, Verb::Other(_)))
}

/// By its name: a mutant is what it is called.
impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests;
