//! A Maildir: a folder in which every message is a file, and no file is ever seen half written.
//!
//! There is one for all recipients, because a test sink is read by whoever runs the test.

pub(crate) mod reader;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use smtpspec_reference::Delivery;

/// How many messages this process has put into any Maildir: part of every name.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A Maildir that messages are put into.
#[derive(Debug)]
pub struct Maildir {
    folder: PathBuf,
    /// The name of the server, as it may stand in a file name.
    host: String,
}

impl Maildir {
    /// Opens the Maildir in `folder`, and makes what is missing of it; `host` is the name of the
    /// server, which stands in the files' names.
    pub fn open(folder: impl Into<PathBuf>, host: &str) -> io::Result<Self> {
        let folder = folder.into();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(folder.join(part))?;
        }
        Ok(Self { folder, host: file_name(host) })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a message into `new/`: the Return-Path that final delivery adds (RFC 5321 §4.4), then
    /// the octets as they came, with their trace line. When this returns, the message is kept.
    pub(crate) fn keep(&self, delivery: &Delivery) -> io::Result<()> {
        let name = self.name();
        let unfinished = self.folder.join("tmp").join(&name);
        let kept = write(&unfinished, delivery)
            .and_then(|()| fs::rename(&unfinished, self.folder.join("new").join(&name)));
        if kept.is_err() {
            // The first error is the one to tell; readers ignore what stays in `tmp/`.
            let _ = fs::remove_file(&unfinished);
        }
        kept
    }

    /// A name that no other message has: the time, this process, its count, the host.
    fn name(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, micros) = (now.as_secs(), now.subsec_micros());
        let process = std::process::id();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("{seconds}.M{micros:06}P{process}Q{count}.{}", self.host)
    }
}

fn write(path: &Path, delivery: &Delivery) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let mut octets = Vec::with_capacity(delivery.message.len() + 64);
    octets.extend_from_slice(b"Return-Path: <");
    octets.extend_from_slice(&delivery.reverse_path);
    octets.extend_from_slice(b">\r\n");
    octets.extend_from_slice(&delivery.message);
    file.write_all(&octets)?;
    // RFC 5321 §6.1: once the client hears 250, the message must survive a crash.
    file.sync_all()
}

/// A host name with the octets spelt out that mean something in a Maildir's file names.
fn file_name(host: &str) -> String {
    let mut name = String::with_capacity(host.len());
    for character in host.chars() {
        if character.is_ascii_alphanumeric() || "-._".contains(character) {
            name.push(character);
        } else {
            // Writing to a String does not fail.
            let _ = write!(name, "\\{:03o}", u32::from(character));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            reverse_path: b"sender@example.org".to_vec(),
            recipients: vec![b"user@example.test".to_vec()],
            message: b"Received: from x\r\n\r\n\xff\0.\r\n".to_vec(),
            ..Delivery::default()
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_message_is_kept_octet_for_octet_behind_its_return_path() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path().join("new/er"), "mx/1.example.test").unwrap();
        maildir.keep(&delivery()).unwrap();
        let kept = files(&maildir.folder().join("new"));
        assert_eq!(
            fs::read(&kept[0]).unwrap(),
            b"Return-Path: <sender@example.org>\r\nReceived: from x\r\n\r\n\xff\0.\r\n"
        );
        let name = kept[0].file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with(".mx\\0571.example.test"), "{name}");
        assert_eq!(files(&maildir.folder().join("tmp")).len(), 0);
        assert_eq!(files(&maildir.folder().join("cur")).len(), 0);
    }

    #[test]
    fn no_two_messages_share_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path(), "mx").unwrap();
        for _ in 0..50 {
            maildir.keep(&delivery()).unwrap();
        }
        assert_eq!(files(&folder.path().join("new")).len(), 50);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(folder.path(), "mx").unwrap();
        fs::remove_dir(folder.path().join("new")).unwrap();
        maildir.keep(&delivery()).unwrap_err();
        assert_eq!(files(&folder.path().join("tmp")).len(), 0);
    }
}
