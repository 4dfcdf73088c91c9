//! `smtpspec serve`: the reference server on a socket, until Ctrl-C.

use std::io;
use std::sync::Arc;

use smtpspec_protocol::Protocol;
use smtpspec_reference::Config;
use smtpspec_runner::{Identity, Listener, Maildir, Memory, Notice, Sink, Stop, config_of};

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
    let mut profile = match profile::read(serve.profile.as_deref(), console) {
        Ok(profile) => profile,
        Err(exit) => return exit,
    };
    if serve.lmtp {
        profile.protocol = Protocol::Lmtp;
    }
    // What is accepted stays here, in memory or in the Maildir.
    let mut config = Config { mutants, next_hop: None, ..config_of(&profile) };
    config.withheld.extend(serve.without.iter().map(|keyword| keyword.to_ascii_uppercase()));
    let identity = match identity(serve) {
        Ok(identity) => identity,
        Err(error) => {
            console.error(&format!("--cert, --key: {error}"));
            return Exit::Usage;
        }
    };
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
        let config = Arc::new(config);
        let with = |listener: Listener| match &identity {
            Some(identity) => listener.with_identity(identity.clone()),
            None => listener,
        };
        let listener = with(Listener::bind(serve.listen, Arc::clone(&config), sink.clone()).await?);
        let address = listener.local_addr()?;
        let implicit = match serve.tls_listen {
            Some(address) => Some(with(Listener::bind(address, config, sink).await?.within_tls())),
            None => None,
        };
        // Whoever reads where it listens may ask it to stop at once.
        let stop = Stop::new();
        interrupt::stops(&stop)?;
        Console::print(format!("listening {address}\n").as_bytes())?;
        let telling = |listener: Listener| {
            let console = console.clone();
            listener.telling(move |notice| tell(&console, &notice))
        };
        if let Some(implicit) = implicit {
            let address = implicit.local_addr()?;
            Console::print(format!("listening with TLS {address}\n").as_bytes())?;
            let both = (telling(listener).serve(stop.clone()), telling(implicit).serve(stop));
            tokio::join!(both.0, both.1);
        } else {
            telling(listener).serve(stop).await;
        }
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

/// The certificate that was given, if one was.
fn identity(serve: &Serve) -> io::Result<Option<Identity>> {
    let (Some(cert), Some(key)) = (&serve.cert, &serve.key) else { return Ok(None) };
    Identity::from_pem(&std::fs::read(cert)?, &std::fs::read(key)?).map(Some)
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
