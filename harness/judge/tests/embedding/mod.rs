//! The interpreter and the reference server, face to face in memory: no socket, and a clock that
//! jumps to the next deadline.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use smtpspec_judge::{Action, Happening, Mail, Outcome, Play, Segmentation, Setup, Via};
use smtpspec_reference::{Config, Output, Queued, Server};
use smtpspec_scenario::{Case, Outlet, Profile, Source, Suite, load};

/// The suite of the repository.
pub(crate) fn suite() -> Suite {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files = Vec::new();
    collect(&root, &mut files).expect("the scenarios can be read");
    files.sort();
    let sources: Vec<_> = files
        .iter()
        .map(|file| Source::new(file.display().to_string(), fs::read(file).expect("it is there")))
        .collect();
    match load(&sources) {
        Ok(loaded) => loaded.suite,
        Err(found) => {
            let list: Vec<_> = found.iter().map(ToString::to_string).collect();
            panic!("{}", list.join("\n"));
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("requirements") && !path.ends_with("profiles") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|end| end == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// The set-up of every case: the default profile, with mail that waits for TURN.
pub(crate) fn setup(segmentation: Segmentation) -> Setup {
    let mut profile = Profile::default();
    profile.facts.insert("turn".to_owned());
    profile.outlet = Some(Outlet::Memory);
    let offered = ["SIZE", "8BITMIME", "EXPN", "HELP", "VRFY"].map(str::to_owned).to_vec();
    Setup { profile: Arc::new(profile), unique: "unique".to_owned(), segmentation, offered }
}

/// A reference server with mail for our client.
pub(crate) fn config() -> Arc<Config> {
    let waiting = Queued {
        reverse_path: b"someone@example.test".to_vec(),
        recipients: vec![b"us@client.example.org".to_vec()],
        message: b"Subject: waiting\r\n\r\n.Hello.\r\n".to_vec(),
    };
    let turn = [("client.example.org".to_owned(), vec![waiting])].into();
    Arc::new(Config { turn, ..Config::default() })
}

/// One server for each connection, and what it has said that was not read yet.
struct Far {
    server: Server,
    inbox: VecDeque<Vec<u8>>,
    closed: bool,
}

impl Far {
    fn collect(&mut self, delivered: &mut VecDeque<Mail>) {
        while let Some(output) = self.server.poll() {
            match output {
                Output::Deliver(delivery) => delivered.push_back(Mail {
                    via: Via::Memory,
                    from: Some(delivery.reverse_path),
                    to: Some(delivery.recipients),
                    octets: delivery.message,
                }),
                Output::Send(octets) => self.inbox.push_back(octets),
                Output::Close => self.closed = true,
                Output::Returned(_) => {}
            }
        }
    }
}

/// Plays a case against the reference.
pub(crate) fn play(case: Case, setup: Setup, config: &Arc<Config>) -> Outcome {
    let unique = setup.unique.clone();
    let mut play = Play::new(case, setup);
    let mut far: Vec<Far> = Vec::new();
    let mut delivered: VecDeque<Mail> = VecDeque::new();
    let mut now = Duration::ZERO;
    for _ in 0..1_000_000 {
        // Time passes, however little.
        now += Duration::from_micros(1);
        match play.next(now) {
            Action::Open { connection } => {
                let mut server = Server::new(Arc::clone(config));
                server.open(now);
                far.push(Far { server, inbox: VecDeque::new(), closed: false });
                far[connection].collect(&mut delivered);
                play.observe(now, connection, Happening::Opened);
            }
            Action::Send { connection, octets } => {
                far[connection].server.receive(now, &octets);
                far[connection].collect(&mut delivered);
                play.observe(now, connection, Happening::Sent { octets });
            }
            Action::Receive { connection, until } => {
                let peer = &mut far[connection];
                let what = match peer.inbox.pop_front() {
                    Some(octets) => Happening::Received { octets },
                    None if peer.closed => Happening::Closed,
                    None => {
                        now = now.max(until);
                        Happening::Waited
                    }
                };
                play.observe(now, connection, what);
            }
            Action::Collect { until } => {
                delivered.retain(|mail| mail.carries(&unique));
                let what = delivered.pop_front().map_or(Happening::Waited, Happening::Delivered);
                if what == Happening::Waited {
                    now = now.max(until);
                }
                play.observe(now, 0, what);
            }
            Action::Pause { until } => now = now.max(until),
            Action::End { connection, how } => {
                far[connection].server.peer_closed();
                far[connection].collect(&mut delivered);
                play.observe(now, connection, Happening::Ended { how });
            }
            Action::Done => return play.finish(),
        }
    }
    panic!("the case does not end");
}
