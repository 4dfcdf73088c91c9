//! What silence and the end of a connection tell.

use std::time::Duration;

use smtpspec_catalogue::requirement;
use smtpspec_protocol::limits::COMMAND_LINE;
use smtpspec_protocol::{Request, Verb};

use super::{Phase, Watch};
use crate::verdict::{Evidence, Finding, Source};

/// A close so soon after the last octet was sent is no timeout of the server's.
const PROMPT: Duration = Duration::from_secs(2);

impl Watch {
    /// Nothing came in all the time that the profile gives to a reply, up to event number `event`.
    ///
    /// Only a command that needs no look at the world can be held against the server, and only
    /// if its reply does not come later: the RFC bounds the patience of clients, not the time of
    /// servers.
    pub(crate) fn silent(&mut self, event: usize) {
        let whole =
            self.conduct.blameless && self.doubt.is_none() && self.reader.pending().is_empty();
        let line = self.peek_line().filter(|_| whole && matches!(self.phase, Phase::Commands));
        let Some(line) = line.filter(|line| self.is_plain(line)) else { return };
        let request = Request::parse(line, self.model.grammar());
        if !matches!(request.verb, Verb::Noop | Verb::Rset | Verb::Help | Verb::Quit) {
            return;
        }
        let requirement = requirement!("rfc5321-4.2-1");
        self.unanswered = Some(Finding {
            requirement,
            level: requirement.requirement().level,
            what: "a command that draws no reply".to_owned(),
            wanted: "one reply to each command".to_owned(),
            source: Source::Oracle,
            evidence: Evidence { event, sent: line.to_vec(), ..Evidence::default() },
        });
    }

    /// The server ended the connection in event number `event`, so long after the last octet was
    /// sent to it.
    pub(crate) fn closed(&mut self, event: usize, after: Duration) {
        if matches!(self.phase, Phase::Commands) && self.doubt.is_none() {
            self.judge_close(event, after);
        }
        self.doubt_uneven_end();
        self.unanswered = None;
        self.phase = Phase::Lost;
    }

    /// RFC 5321 §3.8: a server closes after QUIT, after 421 or when it has waited too long. It may
    /// also defend itself (RFC 5321 §7.8), so nothing is said after an error, but for one command
    /// that was merely unknown, and nothing while the harness does strange things.
    fn judge_close(&mut self, event: usize, after: Duration) {
        let line = self.peek_line();
        let plain = line.as_ref().is_some_and(|line| self.is_plain(line));
        let idle = self.pending.is_empty() && after < PROMPT;
        let sent = line.unwrap_or_default().to_vec();
        let evidence = Evidence { event, sent, ..Evidence::default() };
        let wanted = "a connection that stays open until QUIT".to_owned();
        if self.conduct.blameless && plain {
            let what = "the server closed the connection instead of a reply".to_owned();
            self.find(requirement!("rfc5321-3.8-2"), what, wanted, evidence);
        } else if self.conduct.blameless && idle {
            let what = "the server closed the connection, unasked and without 421".to_owned();
            self.find(requirement!("rfc5321-3.8-2"), what, wanted, evidence);
        } else if self.conduct.only_unknown && idle {
            let what = "the server closed the connection after one unknown command".to_owned();
            self.find(requirement!("rfc5321-3.8-3"), what, wanted, evidence);
        }
    }

    /// The harness gave up its side, so a close by the server is only natural.
    pub(crate) fn ended(&mut self) {
        self.conduct.blameless = false;
        self.conduct.only_unknown = false;
        self.conduct.left = true;
    }

    /// Whether nothing in a command line is a reason for a server to do anything but answer it.
    fn is_plain(&self, line: &[u8]) -> bool {
        let request = Request::parse(line, self.model.grammar());
        let known = !matches!(request.verb, Verb::Other(_));
        let short = line.len() + 2 <= COMMAND_LINE;
        known && short && request.command.is_ok() && request.quirks.is_empty()
    }
}
