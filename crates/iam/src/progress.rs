//! How far the work of a request has come when its time ends. What has begun to write goes on to its end, also when the request is given
//! up, and its caller must know before they send it again.
//!
//! As an origin of the audit it belongs to the running code: whatever goes on in another task for the request takes it along.

use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static CURRENT: Progress;
}

/// The stage of a request, which tells whether it can still be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// It changes nothing, or has not come to it.
    #[default]
    NoChange,
    /// It waits for its turn among the lists of its account.
    ListWaits,
    /// It waits for its turn among the changes of its account: nothing is changed if it is given up.
    ChangeWaits,
    /// Its change goes on to its end, whatever becomes of the request.
    ChangeBegun,
    /// It waits for its turn among the logins of its account: nothing is written if it is given up.
    LoginWaits,
    /// Its login goes on to its end, whatever becomes of the request.
    LoginBegun,
    /// It ends a login, or waits for its turn to do so. Ending it again does no harm.
    EndsLogin,
    /// It notes that a session is in use, or waits for its turn to do so. Noting it again does no harm.
    KeepsAlive,
}

impl Stage {
    /// Whether something may have been made of which a second one could be made.
    const fn has_begun(self) -> bool {
        matches!(self, Self::ChangeBegun | Self::LoginBegun)
    }
}

/// The stage of one request.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Stage>>);

impl Progress {
    /// The progress of the running request; a new one outside of a request.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_default()
    }

    /// Runs a part of the work of the request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the running code's request has come so far. One that has begun stays so, whatever it does or waits for after that.
    pub fn reach(stage: Stage) {
        let Self(current) = Self::current();
        let mut reached = current.lock().unwrap_or_else(PoisonError::into_inner);
        if !reached.has_begun() {
            *reached = stage;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stage_is_noted_for_its_own_request() {
        Progress::reach(Stage::LoginBegun);
        let (first, second) = (Progress::default(), Progress::default());
        let work = async { Progress::reach(Stage::LoginBegun) };
        first.clone().scope(work).await;
        assert_eq!(first.stage(), Stage::LoginBegun);
        assert_eq!(second.stage(), Stage::NoChange);
    }

    #[tokio::test]
    async fn a_task_of_the_request_takes_it_along() {
        let progress = Progress::default();
        let work = async {
            let further = Progress::current().scope(async { Progress::reach(Stage::ChangeBegun) });
            tokio::spawn(further).await.unwrap();
        };
        progress.clone().scope(work).await;
        assert_eq!(progress.stage(), Stage::ChangeBegun);
    }

    #[tokio::test]
    async fn what_has_begun_is_never_said_to_wait() {
        let progress = Progress::default();
        let work = async {
            for stage in [Stage::ChangeWaits, Stage::ChangeBegun, Stage::LoginWaits] {
                Progress::reach(stage);
            }
        };
        progress.clone().scope(work).await;
        assert_eq!(progress.stage(), Stage::ChangeBegun);
    }
}
