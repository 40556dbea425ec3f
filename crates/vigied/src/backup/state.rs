//! The state of the backup of a running server, for its caller to poll. There is one backup at a time.

use super::audited;
use super::make::{BackupSummary, Source};
use crate::failure::Report;
use base::store::SampleStore;
use iam::Iam;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Running,
    Done(PathBuf, BackupSummary),
    Failed(Report),
}

/// The backups of this server.
#[derive(Debug)]
pub(crate) struct Backups {
    data: PathBuf,
    encryption_key_file: Option<PathBuf>,
    state: Mutex<State>,
    /// See [`Backups::guard_removal`].
    removals: Arc<tokio::sync::Mutex<()>>,
}

/// Blocks the copying of backups until dropped.
pub(crate) type RemovalGuard = OwnedMutexGuard<()>;

/// Another backup is running.
#[derive(Debug)]
pub(crate) struct Busy;

impl Backups {
    pub(crate) fn new(data: &Path, encryption_key_file: Option<&Path>) -> Self {
        Self {
            data: data.to_owned(),
            encryption_key_file: encryption_key_file.map(Path::to_owned),
            state: Mutex::default(),
            removals: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks backups from copying while deleted data is removed; `None` while one copies. A backup copies first the store and
    /// then the database, and the two copies must be consistent.
    pub(crate) fn guard_removal(&self) -> Option<RemovalGuard> {
        Arc::clone(&self.removals).try_lock_owned().ok()
    }

    /// Runs a backup as soon as no removal is in progress, and keeps its outcome.
    async fn run(&self, work: impl Future<Output = State>) {
        let _clear = ClearOnDrop(self);
        let _guard = self.removals.lock().await;
        let ended = work.await;
        *self.state() = ended;
    }

    /// Starts a backup for this user of the operating system. It continues if the client disconnects.
    pub(crate) fn begin(
        self: &Arc<Self>,
        (iam, store): (Iam, Arc<dyn SampleStore>),
        target: PathBuf,
        uid: Option<u32>,
    ) -> Result<(), Busy> {
        let mut state = self.state();
        if matches!(*state, State::Running) {
            return Err(Busy);
        }
        *state = State::Running;
        drop(state);
        let backups = Arc::clone(self);
        tokio::spawn(async move {
            let source = Source {
                data: &backups.data,
                store: &store,
                iam: &iam,
                encryption_key_file: backups.encryption_key_file.as_deref(),
            };
            let work = async {
                match audited::make_audited(&source, &target, uid).await {
                    Ok(made) => {
                        let (files, bytes) = (made.files, made.bytes);
                        tracing::info!(target = %target.display(), files, bytes, "a backup was made");
                        State::Done(target, made)
                    }
                    Err(error) => {
                        tracing::warn!(target = %target.display(), "no backup was made: {error:#}");
                        State::Failed(Report::of(&error))
                    }
                }
            };
            backups.run(work).await;
        });
        Ok(())
    }

    /// The state, for the caller that started it.
    pub(crate) fn json(&self) -> Value {
        match &*self.state() {
            State::None => json!({"state": "none"}),
            State::Running => json!({"state": "running"}),
            State::Failed(report) => {
                json!({"state": "failed", "code": report.code, "error": report.text()})
            }
            State::Done(target, made) => {
                let mut value = made.json(target);
                if let Some(object) = value.as_object_mut() {
                    object.insert("state".to_owned(), "done".into());
                }
                value
            }
        }
    }
}

/// Clears the running state however the backup ends; otherwise no other backup could start.
#[derive(Debug)]
struct ClearOnDrop<'b>(&'b Backups);

impl Drop for ClearOnDrop<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if matches!(*state, State::Running) {
            let error = anyhow::anyhow!("it broke off: the log says why");
            *state = State::Failed(Report::of(&error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Arc<Backups> {
        let backups = Backups::new(Path::new("data"), None);
        *backups.state() = State::Running;
        Arc::new(backups)
    }

    #[tokio::test]
    async fn a_backup_whose_work_panics_has_failed_and_holds_up_nothing() {
        let backups = running();
        let shared = Arc::clone(&backups);
        let task = tokio::spawn(async move { shared.run(async { panic!("work broke") }).await });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(backups.json()["state"], "failed");
        assert!(backups.guard_removal().is_some());
    }

    #[tokio::test]
    async fn a_backup_copies_nothing_while_something_is_removed() {
        let backups = running();
        let removing = backups.guard_removal().unwrap();
        let (shared, (began, mut begins)) = (Arc::clone(&backups), tokio::sync::oneshot::channel());
        let task = tokio::spawn(async move {
            let work = async {
                let sent = began.send(shared.guard_removal().is_none());
                sent.map_or(State::None, |()| State::Running)
            };
            shared.run(work).await;
        });
        tokio::task::yield_now().await;
        assert!(begins.try_recv().is_err(), "it has begun");
        drop(removing);
        assert_eq!(begins.await, Ok(true), "nothing is removed meanwhile");
        task.await.unwrap();
        assert!(backups.guard_removal().is_some());
    }
}
