//! `smtpspec serve`: the reference server on a socket, until Ctrl-C.

use std::io;
use std::sync::Arc;

use smtpspec_reference::Config;
use smtpspec_runner::{Listener, Maildir, Memory, Notice, Sink, Stop, config_of};

use super::prove::named;
use crate::args::Serve;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::profile;

/// What is kept in memory, where no Maildir is given: so many messages, so many octets.
const KEPT: (usize, usize) = (1000, 64 << 20);

pub(crate) fn serve(serve: &Serve, console: &Console) -> Exit {
    let mutants = match named(&serve.mutants, console) {
        Ok(mutants) => mutants,
        Err(exit) => return exit,
    };
    let profile = match profile::read(serve.profile.as_deref(), console) {
        Ok(profile) => profile,
        Err(exit) => return exit,
    };
    let config = Config { mutants, ..config_of(&profile) };
    let sink = match &serve.maildir {
        None => Sink::Memory(Memory::new(KEPT.0, KEPT.1)),
        Some(folder) => match Maildir::open(folder, &config.name) {
            Ok(maildir) => Sink::Maildir(Arc::new(maildir)),
            Err(error) => {
                console.error(&format!("--maildir {}: {error}", folder.display()));
                return Exit::Usage;
            }
        },
    };
    let served = interrupt::block_on(async {
        let listener = Listener::bind(serve.listen, Arc::new(config), sink).await?;
        let address = listener.local_addr()?;
        // Whoever reads where it listens may ask it to stop at once.
        let stop = Stop::new();
        interrupt::stops(&stop)?;
        Console::print(format!("listening {address}\n").as_bytes())?;
        let console = console.clone();
        listener.telling(move |notice| tell(&console, &notice)).serve(stop).await;
        Ok(())
    });
    match served {
        Ok(()) => Exit::Clean,
        Err(error) => {
            let address = serve.listen;
            let help = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "; another program listens there: take --listen with another port, or 0"
                }
                io::ErrorKind::PermissionDenied => {
                    "; ports below 1024 need more rights: take --listen with another one"
                }
                _ => "",
            };
            console.error(&format!("the server can't listen on {address}: {error}{help}"));
            Exit::Failed
        }
    }
}

/// What an operator wants to know of; sessions that come and go are none of it.
fn tell(console: &Console, notice: &Notice) {
    match notice {
        Notice::Delivered { peer, recipients, octets } => {
            console.note(&format!("{peer} delivered {octets} octets to {recipients} recipients"));
        }
        Notice::NotKept { peer, reason } => {
            console.error(&format!("a message of {peer} could not be kept: {reason}"));
        }
        Notice::NotAccepted(reason) => {
            console.warn(&format!("a connection could not be accepted: {reason}"));
        }
        Notice::TurnedAway(peer) => {
            console.warn(&format!("{peer} was turned away: too many sessions"));
        }
        Notice::Returned { peer, .. } => {
            console.note(&format!("{peer} took its mail with TURN"));
        }
        Notice::Opened(_) | Notice::Closed { .. } => {}
    }
}
