//! What a client does on one connection, octet for octet.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use smtpspec_protocol::escape::{escape, unescape};

/// A session: moves, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Session {
    /// Whether the first move goes out before the greeting is there.
    pub hasty: bool,
    /// The moves.
    pub moves: Vec<Move>,
}

/// What is sent at once, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Move {
    /// The octets.
    pub octets: Vec<u8>,
    /// Where they are cut into several writes, with a short pause at each: places in `octets`,
    /// rising, never 0 and never the end.
    pub cuts: Vec<usize>,
    /// What happens then.
    pub then: Then,
}

/// What happens once a move has gone out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Then {
    /// Everything that is due is awaited.
    Await,
    /// The next move follows at once.
    GoOn,
    /// Our side is ended; what is due is awaited.
    HalfClose,
    /// The connection is cut.
    Abort,
    /// Everything that is due is awaited, and after a 220 to STARTTLS the TLS handshake follows
    /// (RFC 3207 §4).
    Handshake,
}

/// Between the writes of one move.
pub const PAUSE: Duration = Duration::from_millis(3);

impl Move {
    /// Octets that go out in one write, with the answer awaited.
    pub fn of(octets: impl Into<Vec<u8>>) -> Self {
        Self { octets: octets.into(), cuts: Vec::new(), then: Then::Await }
    }

    /// A line, with CRLF.
    pub fn line(line: impl AsRef<[u8]>) -> Self {
        Self::of([line.as_ref(), b"\r\n"].concat())
    }

    /// The writes.
    pub fn writes(&self) -> impl Iterator<Item = &[u8]> {
        (0..).map_while(|nth| self.write(nth))
    }

    /// One of the writes, by its number from zero.
    pub(crate) fn write(&self, nth: usize) -> Option<&[u8]> {
        let end = |nth: usize| self.cuts.get(nth).copied().unwrap_or(self.octets.len());
        let start = nth.checked_sub(1).map_or(0, end);
        (nth <= self.cuts.len()).then(|| self.octets.get(start..end(nth)).unwrap_or_default())
    }

    /// Forgets cuts that have no place any more.
    pub(crate) fn tidy(&mut self) {
        let length = self.octets.len();
        self.cuts.retain(|&cut| cut > 0 && cut < length);
        self.cuts.sort_unstable();
        self.cuts.dedup();
    }
}

impl Session {
    /// The same with another text, as long, wherever this one stands.
    #[must_use]
    pub fn renamed(&self, from: &str, to: &str) -> Self {
        debug_assert_eq!(from.len(), to.len(), "cuts keep their places");
        let mut renamed = self.clone();
        for one in &mut renamed.moves {
            let mut at = 0;
            while let Some(found) = memchr::memmem::find(&one.octets[at..], from.as_bytes()) {
                let place = at + found;
                one.octets[place..place + to.len()].copy_from_slice(to.as_bytes());
                at = place + to.len();
            }
        }
        renamed
    }

    /// How many octets it sends.
    pub fn octets(&self) -> usize {
        self.moves.iter().map(|one| one.octets.len()).sum()
    }
}

/// As people read it, and as a file of the corpus holds it: a line for each move, with the writes
/// escaped and parted by ` | `; `>` before it means that the next move follows at once, `/` that
/// our side ends then, `!` that the connection is cut, `*` that TLS begins. `hasty` comes first where that is so.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hasty {
            writeln!(f, "{HASTY}")?;
        }
        for one in &self.moves {
            let writes: Vec<String> =
                one.writes().map(|write| escape(write).to_string().replace('|', "\\x7c")).collect();
            writeln!(f, "{} {}", one.then.sign(), writes.join(PARTED))?;
        }
        Ok(())
    }
}

const HASTY: &str = "hasty";
const PARTED: &str = " | ";

/// Why a text is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSession {
    line: usize,
    why: String,
}

impl fmt::Display for NoSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NoSession {}

impl FromStr for Session {
    type Err = NoSession;

    fn from_str(text: &str) -> Result<Self, NoSession> {
        let hasty = text.lines().next() == Some(HASTY);
        let mut moves = Vec::new();
        for (number, line) in text.lines().enumerate().skip(usize::from(hasty)) {
            let wrong = |why: String| NoSession { line: number + 1, why };
            let (sign, writes) = line.split_once(' ').unwrap_or((line, ""));
            let then = Then::ALL
                .into_iter()
                .find(|then| then.sign().to_string() == sign)
                .ok_or_else(|| wrong(format!("`{sign}` is none of `-`, `>`, `/`, `!`, `*`")))?;
            let mut one = Move { octets: Vec::new(), cuts: Vec::new(), then };
            for write in writes.split(PARTED) {
                one.cuts.push(one.octets.len());
                one.octets.extend(unescape(write).map_err(|error| wrong(error.to_string()))?);
            }
            one.tidy();
            moves.push(one);
        }
        Ok(Self { hasty, moves })
    }
}

impl Then {
    pub(crate) const ALL: [Self; 5] =
        [Self::Await, Self::GoOn, Self::HalfClose, Self::Abort, Self::Handshake];

    const fn sign(self) -> char {
        match self {
            Self::Await => '-',
            Self::GoOn => '>',
            Self::HalfClose => '/',
            Self::Abort => '!',
            Self::Handshake => '*',
        }
    }
}
