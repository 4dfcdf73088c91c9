//! Reads a Maildir that a target delivers into: what comes new into it goes into the postbox.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use smtpspec_judge::{Mail, Via};
use tokio::time::sleep;

use crate::postbox::Postbox;
use crate::stop::Stop;

/// How often the folder is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// The largest message that is read.
const MESSAGE: u64 = 64 << 20;

/// A Maildir and what was seen in it.
#[derive(Debug)]
pub(crate) struct Reader {
    folder: PathBuf,
    seen: BTreeSet<OsString>,
}

impl Reader {
    /// Opens a Maildir; what is in it already is left alone.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut reader = Self { folder: folder.to_owned(), seen: BTreeSet::new() };
        reader.unseen()?;
        Ok(reader)
    }

    /// Reads what comes, until it is told to stop.
    pub(crate) async fn watch(mut self, postbox: Postbox, stop: Stop) {
        let mut stopped = std::pin::pin!(stop.stopped());
        loop {
            // A disk can take its time; the cases go on meanwhile.
            let looked = tokio::task::spawn_blocking(move || {
                // A folder that can't be read for a moment is read at the next look.
                let mails = self.look().unwrap_or_default();
                (self, mails)
            });
            let Ok((reader, mails)) = looked.await else { return };
            self = reader;
            for mail in mails {
                postbox.put(mail);
            }
            tokio::select! {
                () = sleep(PAUSE) => {}
                () = &mut stopped => return,
            }
        }
    }

    fn look(&mut self) -> io::Result<Vec<Mail>> {
        let unseen = self.unseen()?;
        // One that was moved or taken away meanwhile is gone; nothing else is to suffer for it.
        Ok(unseen.iter().filter_map(|path| read(path).ok()).collect())
    }

    /// The files that were not there before. A message keeps its name when it is moved from
    /// `new/` to `cur/`, up to a colon and its flags.
    fn unseen(&mut self) -> io::Result<Vec<PathBuf>> {
        let mut unseen = Vec::new();
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.folder.join(part))? {
                let entry = entry?;
                let name = entry.file_name();
                let octets = name.as_encoded_bytes();
                let own = octets.split(|&octet| octet == b':').next().unwrap_or_default();
                let own = String::from_utf8_lossy(own).into_owned();
                if !octets.starts_with(b".") && self.seen.insert(own.into()) {
                    unseen.push(entry.path());
                }
            }
        }
        unseen.sort();
        Ok(unseen)
    }
}

fn read(path: &Path) -> io::Result<Mail> {
    let mut octets = Vec::new();
    File::open(path)?.take(MESSAGE).read_to_end(&mut octets)?;
    Ok(mail(octets))
}

/// What a file says of its envelope. Return-Path is the reverse-path (RFC 5321 §4.4); for the
/// recipients there is no standard, and many put none.
fn mail(octets: Vec<u8>) -> Mail {
    let mut mail = Mail {
        via: Via::Maildir,
        from: None,
        to: None,
        mail_parameters: None,
        rcpt_parameters: None,
        octets,
    };
    let path = |value: &[u8]| {
        let value = value.trim_ascii();
        let bare = value.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
        bare.unwrap_or(value).to_vec()
    };
    let on_top = |names: &[&str]| names.iter().find_map(|name| mail.field_of_delivery(name));
    // aiosmtpd writes behind the header what others write in front of it.
    let from = on_top(&["Return-Path"]).or_else(|| mail.last_field("X-MailFrom"));
    let from = from.map(|value| path(&value));
    let to = on_top(&["X-Original-To", "Envelope-To", "Delivered-To"])
        .or_else(|| mail.last_field("X-RcptTo"));
    mail.from = from;
    mail.to = to.map(|value| value.split(|&octet| octet == b',').map(path).collect());
    mail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_read_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("new/1", "old");
        let mut reader = Reader::open(folder.path()).unwrap();
        put("new/2", "Return-Path: <a@b.example>\nDelivered-To: c@d.example\n\ntext\n");
        put("tmp/3", "half");
        let mails = reader.look().unwrap();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].from.as_deref(), Some(&b"a@b.example"[..]));
        assert_eq!(mails[0].to, Some(vec![b"c@d.example".to_vec()]));
        fs::rename(folder.path().join("new/2"), folder.path().join("cur/2:2,S")).unwrap();
        assert_eq!(reader.look().unwrap(), []);
        put("cur/4:2,", "no header at all");
        let mails = reader.look().unwrap();
        assert_eq!((mails.len(), &mails[0].from, &mails[0].to), (1, &None, &None));
    }

    #[test]
    fn what_the_client_wrote_tells_nothing_of_the_envelope() {
        let text = b"Return-Path: <a@b.example>\nReceived: from x\nDelivered-To: <y@z.example>\n\n";
        let mail = mail(text.to_vec());
        assert_eq!((mail.from.as_deref(), &mail.to), (Some(&b"a@b.example"[..]), &None));
    }

    #[test]
    fn what_is_written_behind_the_header_is_read_there() {
        let text = b"X-RcptTo: no@b.example\nX-MailFrom: a@b.example\nX-RcptTo: c@d.example\n\n";
        let mail = mail(text.to_vec());
        assert_eq!(mail.from.as_deref(), Some(&b"a@b.example"[..]));
        assert_eq!(mail.to, Some(vec![b"c@d.example".to_vec()]));
    }

    #[test]
    fn what_is_no_maildir_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        Reader::open(folder.path()).unwrap_err();
    }
}
