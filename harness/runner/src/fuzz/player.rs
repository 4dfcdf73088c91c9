//! One session on a connection of its own.

use std::net::SocketAddr;
use std::time::Duration;

use smtpspec_explore::{Access, Drive, Patience, Session, Trace};
use smtpspec_judge::{Action, Ending, Happening};
use smtpspec_protocol::Protocol;
use tokio::time::{Instant, sleep_until};

use crate::connection::{self, Connection};
use crate::session::{gone, later};

/// Who plays sessions on a server.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) address: SocketAddr,
    /// How long a connection may take to open.
    pub(super) connect: Duration,
    /// How long a reply may take that is due.
    pub(super) reply: Duration,
    /// How long is waited behind each reply for what should not come; nothing where it is zero.
    pub(super) settle: Duration,
    /// What the target speaks.
    pub(super) protocol: Protocol,
    /// What each connection begins with, and the login that goes into sessions.
    pub(super) access: Access,
}

impl Player {
    /// Plays a session; `perhaps` is waited where a reply may come or not.
    pub(super) async fn play(&self, session: &Session, perhaps: Duration) -> Trace {
        let began = Instant::now();
        let patience =
            Patience { reply: self.reply, perhaps, settle: self.settle, protocol: self.protocol };
        let mut drive = Drive::new(session, patience, &self.access);
        let mut open = None;
        loop {
            let action = drive.next(began.elapsed());
            if action == Action::Done {
                return drive.finish();
            }
            if let Some(what) = self.perform(action, &mut open, began).await {
                drive.observe(began.elapsed(), what);
            }
        }
    }

    async fn perform(
        &self,
        action: Action,
        open: &mut Option<Connection>,
        began: Instant,
    ) -> Option<Happening> {
        Some(match action {
            Action::Open { .. } => {
                match Connection::open(self.address, Instant::now() + self.connect).await {
                    Ok(connection) => {
                        *open = Some(connection);
                        Happening::Opened
                    }
                    Err(error) => Happening::Refused { reason: connection::reason(&error) },
                }
            }
            Action::Pause { until } => {
                sleep_until(later(began, until)).await;
                return None;
            }
            Action::End { how, .. } => {
                match (how, open.take()) {
                    (Ending::Half, Some(mut connection)) => {
                        connection.end_half().await;
                        *open = Some(connection);
                    }
                    (_, Some(connection)) => connection.end(how).await,
                    (_, None) => {}
                }
                Happening::Ended { how }
            }
            Action::Send { octets, .. } => match open {
                Some(open) => open.send(octets, Instant::now() + self.reply).await,
                None => gone(),
            },
            Action::Secure { .. } => match open {
                Some(open) => open.secure(Instant::now() + self.reply).await,
                None => gone(),
            },
            Action::Receive { until, .. } => match open {
                Some(open) => open.receive(later(began, until)).await,
                None => gone(),
            },
            // A session collects no mail.
            Action::Collect { .. } | Action::Done => return None,
        })
    }
}
