//! A session being played, sans-IO: what to do next, what was seen. A runner gives it a socket, and
//! the reference in memory serves as well.

use std::time::Duration;

use smtpspec_judge::{Action, Due, Ending, Finding, Happening, Heard, Listener, Transcript};

use smtpspec_protocol::Protocol;
use smtpspec_reference::State;

use crate::access::Access;
use crate::session::{Move, PAUSE, Session, Then};

/// How long is waited, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a reply that is due; without it, the server hangs.
    pub reply: Duration,
    /// For what may come or not.
    pub perhaps: Duration,
    /// For what should not come, behind each reply that is due. Where it is not zero, no line goes out
    /// before all that the last one drew is there.
    pub settle: Duration,
    /// What is spoken, which says how many replies are due.
    pub protocol: Protocol,
}

/// A session while it is being played.
pub struct Drive<'s> {
    /// The moves that are not done.
    moves: &'s [Move],
    /// How many writes of the first of them went out.
    written: usize,
    /// What of the last of them is held back.
    held: Vec<u8>,
    /// When something came last.
    came: Duration,
    listener: Listener,
    patience: Patience,
    access: Access,
    stage: Stage,
    hangs: Option<State>,
    /// Whether TLS is to begin once what is due was heard, if the server is ready for it.
    handshake: bool,
}

/// What follows once the connection is open.
#[derive(Clone, Copy)]
enum Opening {
    /// The greeting is awaited.
    Patient,
    /// The first move goes out at once.
    Hasty,
}

enum Stage {
    /// The connection is to be opened.
    Opening(Opening),
    /// The next write of the first move is to go out, not before this time.
    Writing {
        not_before: Duration,
    },
    /// What is due is awaited; our side may have ended.
    Hearing {
        since: Duration,
        half_closed: bool,
    },
    /// The TLS handshake is under way, the one with which the connection begins or a later one.
    Securing {
        opening: Option<Opening>,
    },
    /// Nothing is left to do but to close.
    Closing(Ending),
    Over,
}

/// What came of a session.
#[derive(Debug, Clone)]
pub struct Trace {
    /// All that happened.
    pub transcript: Transcript,
    /// The replies, and what each answered.
    pub heard: Vec<Heard>,
    /// What the model found.
    pub findings: Vec<Finding>,
    /// Where the session stood when a reply that was due did not come.
    pub hangs: Option<State>,
    /// What was spoken.
    pub protocol: Protocol,
}

impl<'s> Drive<'s> {
    /// Begins a session. Nothing happens before the first call of [`Drive::next`].
    pub fn new(session: &'s Session, patience: Patience, access: &Access) -> Self {
        Self {
            moves: &session.moves,
            written: 0,
            held: Vec::new(),
            came: Duration::ZERO,
            listener: Listener::of(patience.protocol),
            patience,
            access: access.clone(),
            stage: Stage::Opening(if session.hasty { Opening::Hasty } else { Opening::Patient }),
            hangs: None,
            handshake: false,
        }
    }

    /// What to do next, at the time `now` since the session began. All on connection 0.
    pub fn next(&mut self, now: Duration) -> Action {
        loop {
            match self.stage {
                Stage::Opening(_) => return Action::Open { connection: 0 },
                Stage::Writing { not_before } => {
                    if !self.listener.is_open() {
                        self.stage = Stage::Closing(Ending::Close);
                        continue;
                    }
                    if self.moves.is_empty() {
                        self.stage = Stage::Closing(Ending::Close);
                        continue;
                    }
                    if now < not_before {
                        return Action::Pause { until: not_before };
                    }
                    match self.next_octets() {
                        Some(octets) => return Action::Send { connection: 0, octets },
                        None => self.turn(now),
                    }
                }
                Stage::Securing { .. } => return Action::Secure { connection: 0 },
                Stage::Hearing { .. } if self.is_ready_for_tls() => {
                    self.handshake = false;
                    self.stage = Stage::Securing { opening: None };
                }
                Stage::Hearing { since, half_closed } => {
                    let since = since.max(self.listener.last_sent());
                    let until = match self.listener.due() {
                        _ if half_closed => since + self.patience.perhaps,
                        Due::Nothing if !self.settles() => {
                            self.stage = Stage::Writing { not_before: now };
                            continue;
                        }
                        Due::Nothing => since.max(self.came) + self.patience.settle,
                        Due::Perhaps => since + self.patience.perhaps,
                        Due::Reply => since + self.patience.reply,
                    };
                    if self.listener.is_open() {
                        return Action::Receive { connection: 0, until };
                    }
                    self.stage = Stage::Closing(Ending::Close);
                }
                Stage::Closing(how) => {
                    self.stage = Stage::Over;
                    return Action::End { connection: 0, how };
                }
                Stage::Over => return Action::Done,
            }
        }
    }

    /// What goes out next of the first move.
    fn next_octets(&mut self) -> Option<Vec<u8>> {
        let mut octets = std::mem::take(&mut self.held);
        if octets.is_empty() {
            octets = self.access.put_in(self.moves.first()?.write(self.written)?);
            self.written += 1;
        }
        // What is sent along with STARTTLS goes in the clear or not at all.
        let of_tls = octets.get(..8).is_some_and(|verb| verb.eq_ignore_ascii_case(b"STARTTLS"));
        if self.settles() && self.listener.takes_commands() && !of_tls {
            // What is behind the line may be its chunk or the text of a message: that is seen then.
            let line = octets.windows(2).position(|two| two == b"\r\n");
            self.held = octets.split_off(line.map_or(octets.len(), |at| at + 2));
        }
        Some(octets)
    }

    /// Whether no line goes out before all that the last one drew is there.
    fn settles(&self) -> bool {
        !self.patience.settle.is_zero()
    }

    /// Whether a handshake is wanted, and the server has just said that it awaits one.
    fn is_ready_for_tls(&self) -> bool {
        let last = self.listener.heard().last().filter(|heard| heard.asked == "STARTTLS");
        let ready = last.and_then(|heard| heard.reply.as_ref());
        self.handshake
            && self.listener.is_open()
            && ready.is_some_and(|reply| reply.code.get() == 220)
    }

    /// The writes of a move are out.
    fn turn(&mut self, now: Duration) {
        let Some((done, others)) = self.moves.split_first() else { return };
        (self.moves, self.written) = (others, 0);
        self.handshake = done.then == Then::Handshake;
        self.stage = match done.then {
            Then::Await | Then::Handshake => Stage::Hearing { since: now, half_closed: false },
            Then::GoOn => Stage::Writing { not_before: now },
            Then::Abort => Stage::Closing(Ending::Abort),
            Then::HalfClose => {
                self.moves = &[];
                Stage::Closing(Ending::Half)
            }
        };
    }

    /// Takes note of what happened.
    pub fn observe(&mut self, now: Duration, what: Happening) {
        let waited = matches!(what, Happening::Waited);
        let half = matches!(what, Happening::Ended { how: Ending::Half });
        let sent = matches!(what, Happening::Sent { .. });
        let failed = matches!(what, Happening::Refused { .. });
        let secured = matches!(what, Happening::Secured(_));
        let due = self.listener.due();
        if matches!(what, Happening::Received { .. }) {
            self.came = now;
        }
        self.listener.observe(now, what);
        match self.stage {
            _ if failed => self.stage = Stage::Over,
            Stage::Opening(opening) if self.access.within_tls => {
                self.stage = Stage::Securing { opening: Some(opening) };
            }
            Stage::Securing { .. } if !secured => self.stage = Stage::Closing(Ending::Close),
            Stage::Opening(Opening::Patient)
            | Stage::Securing { opening: Some(Opening::Patient) } => {
                self.stage = Stage::Hearing { since: now, half_closed: false };
            }
            Stage::Opening(Opening::Hasty) | Stage::Securing { .. } => {
                self.stage = Stage::Writing { not_before: now };
            }
            Stage::Writing { .. } if sent && self.settles() => {
                self.stage = Stage::Hearing { since: now, half_closed: false };
            }
            Stage::Writing { .. } if sent => {
                let more = self.moves.first().is_some_and(|one| one.write(self.written).is_some());
                let pause = if more { PAUSE } else { Duration::ZERO };
                self.stage = Stage::Writing { not_before: now + pause };
            }
            Stage::Hearing { half_closed, .. } if waited => self.waited(due, half_closed),
            // What our half-close makes the server say is still heard.
            Stage::Over if half => self.stage = Stage::Hearing { since: now, half_closed: true },
            _ => {}
        }
    }

    fn waited(&mut self, due: Due, half_closed: bool) {
        self.stage = match due {
            _ if half_closed => Stage::Closing(Ending::Close),
            Due::Reply => {
                self.listener.gave_up();
                self.hangs = Some(self.listener.state());
                Stage::Closing(Ending::Close)
            }
            _ => Stage::Writing { not_before: Duration::ZERO },
        };
    }

    /// What came of it, without what nobody may see.
    pub fn finish(self) -> Trace {
        let (transcript, heard, findings) = self.listener.end();
        let protocol = self.patience.protocol;
        let mut trace = Trace { transcript, heard, findings, hangs: self.hangs, protocol };
        self.access.hide_in(&mut trace);
        trace
    }
}
