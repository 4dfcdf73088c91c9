//! Changes below a path: what a run in watch mode waits for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// How long nothing may change before a change counts as complete: an editor writes a file in
/// several steps, a compiler many files.
const CALM: Duration = Duration::from_millis(300);

/// Something below a path changes.
#[derive(Debug)]
pub struct Changes {
    changed: UnboundedReceiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Begins to watch a file, or a folder and all below it. What is in `ignored`, such as a report
    /// that is written there, is no change.
    pub fn below(path: &Path, ignored: Vec<PathBuf>) -> Result<Self, notify::Error> {
        let (tell, changed) = unbounded_channel();
        let heard = move |event: Result<Event, notify::Error>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_) | EventKind::Other) {
                return;
            }
            let mut paths = event.paths.into_iter();
            if let Some(path) = paths.find(|path| !ignored.iter().any(|one| path.ends_with(one))) {
                // Nobody waits any more when the program ends.
                let _ = tell.send(path);
            }
        };
        let mut watcher = notify::recommended_watcher(heard)?;
        watcher.watch(path, RecursiveMode::Recursive)?;
        Ok(Self { changed, _watcher: watcher })
    }

    /// Waits for a change, and until all is calm again; what changed first.
    pub async fn next(&mut self) -> Option<PathBuf> {
        let first = self.changed.recv().await?;
        while let Ok(Some(_)) = timeout(CALM, self.changed.recv()).await {}
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_told_once_and_what_is_ignored_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut changes = Changes::below(folder.path(), vec!["out.json".into()]).unwrap();
        std::fs::write(folder.path().join("out.json"), "ours").unwrap();
        for _ in 0..3 {
            std::fs::write(folder.path().join("server.py"), "theirs").unwrap();
        }
        let first = timeout(Duration::from_secs(30), changes.next()).await.unwrap().unwrap();
        assert!(first.ends_with("server.py"), "{}", first.display());
        assert!(timeout(CALM, changes.next()).await.is_err(), "there is no second change");
    }
}
