//! Whether the request for a login has begun to write for it: from then on it goes on to its end, also when the request is given up, and
//! its caller must know before they send it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    static CURRENT: LoginProgress;
}

/// How far the login of one request has come.
#[derive(Debug, Clone, Default)]
pub struct LoginProgress(Arc<AtomicBool>);

impl LoginProgress {
    /// Runs the work of a request, whose login is noted here.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Whether it has begun to write.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Notes that the login of the current request begins to write; without a request nobody asks.
    pub(super) fn begin_current() {
        if let Ok(progress) = CURRENT.try_with(Clone::clone) {
            progress.0.store(true, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_login_is_noted_for_its_own_request() {
        LoginProgress::begin_current();
        let (first, second) = (LoginProgress::default(), LoginProgress::default());
        let work = async { LoginProgress::begin_current() };
        first.clone().scope(work).await;
        assert!(first.has_begun());
        assert!(!second.has_begun());
    }
}
