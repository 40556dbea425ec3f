//! The backup that a running server makes: one at a time, told to whoever asks.

use super::entered;
use super::make::{Made, Source};
use crate::app::App;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Running,
    Done(PathBuf, Made),
    Failed(String),
}

/// Of this server.
#[derive(Debug)]
pub(crate) struct Backups {
    data: PathBuf,
    state: Mutex<State>,
}

/// Another one is under way.
#[derive(Debug)]
pub(crate) struct Busy;

impl Backups {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one is under way.
    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.state(), State::Running)
    }

    /// How it is, for whoever asked for it.
    pub(crate) fn json(&self) -> Value {
        match &*self.state() {
            State::None => json!({"state": "none"}),
            State::Running => json!({"state": "running"}),
            State::Failed(error) => json!({"state": "failed", "error": error}),
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

/// Begins a backup that this user of the operating system asks for; it goes on though nobody waits for it.
pub(crate) fn begin(app: &Arc<App>, target: PathBuf, uid: Option<u32>) -> Result<(), Busy> {
    let mut state = app.backups.state();
    if matches!(*state, State::Running) {
        return Err(Busy);
    }
    *state = State::Running;
    drop(state);
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let source = Source {
            data: &app.backups.data,
            store: &app.store,
            iam: &app.iam,
        };
        let made = entered::make(&source, &target, uid).await;
        let ended = match made {
            Ok(made) => {
                let (files, bytes) = (made.files, made.bytes);
                tracing::info!(target = %target.display(), files, bytes, "a backup was made");
                State::Done(target, made)
            }
            Err(error) => {
                tracing::warn!(target = %target.display(), "no backup was made: {error:#}");
                State::Failed(crate::told(&error))
            }
        };
        *app.backups.state() = ended;
    });
    Ok(())
}
