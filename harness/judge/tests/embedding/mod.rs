//! The suite of the repository, and what its cases are played with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use smtpspec_judge::{Segmentation, Setup};
use smtpspec_reference::{Config, Queued};
use smtpspec_scenario::{Outlet, Profile, Source, Suite, load};

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
    Setup {
        profile: Arc::new(profile),
        unique: "unique".to_owned(),
        segmentation,
        offered,
        shows_secrets: true,
    }
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
