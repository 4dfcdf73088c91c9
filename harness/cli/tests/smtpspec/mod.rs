//! The program under test, and peers for it to talk to.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::fmt;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// How a run of the program ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
}

/// Runs the program, without the variables of whoever runs the tests.
pub(crate) fn smtpspec(args: &[&str]) -> Ended {
    let output = command().args(args).output().expect("the program starts");
    Ended {
        code: output.status.code().expect("no signal ended it"),
        output: output.stdout,
        errors: output.stderr,
    }
}

/// The program, ready to be started.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtpspec"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SMTPSPEC_")) {
        command.env_remove(name);
    }
    command.env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

/// A listener on a free port of this machine, which does `serve` with each connection; it is gone
/// with the test.
pub(crate) fn peer(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = std::sync::Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = std::sync::Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

impl Ended {
    /// Whether the program wrote this, on either stream.
    pub(crate) fn says(&self, word: &str) -> bool {
        let find = |octets: &[u8]| String::from_utf8_lossy(octets).contains(word);
        find(&self.output) || find(&self.errors)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit code {}\n--- output\n{}\n--- errors\n{}",
            self.code,
            String::from_utf8_lossy(&self.output),
            String::from_utf8_lossy(&self.errors)
        )
    }
}
