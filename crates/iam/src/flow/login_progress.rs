//! How far the login of a request has come: once it has begun to write it goes on to its end, also when the request is given up, and its
//! caller must know before they send it again.

use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static CURRENT: LoginProgress;
}

/// Whether a request logs somebody in, and whether that can still be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoginStage {
    /// It does not, or has not come to it.
    #[default]
    NotYet,
    /// It waits for its turn: nothing is written if it is given up.
    Waits,
    /// It goes on to its end, whatever becomes of the request.
    Begun,
    /// It ends a login, or waits for its turn to do so. Ending it again does no harm.
    Ends,
}

/// The stage of the login of one request.
#[derive(Debug, Clone, Default)]
pub struct LoginProgress(Arc<Mutex<LoginStage>>);

impl LoginProgress {
    /// Runs the work of a request, whose login is noted here.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> LoginStage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the login of the current request has come so far; without a request nobody asks.
    pub(super) fn reach_in_current(stage: LoginStage) {
        if let Ok(progress) = CURRENT.try_with(Clone::clone) {
            *progress.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_login_is_noted_for_its_own_request() {
        LoginProgress::reach_in_current(LoginStage::Begun);
        let (first, second) = (LoginProgress::default(), LoginProgress::default());
        let work = async { LoginProgress::reach_in_current(LoginStage::Begun) };
        first.clone().scope(work).await;
        assert_eq!(first.stage(), LoginStage::Begun);
        assert_eq!(second.stage(), LoginStage::NotYet);
    }
}
