//! Waits for a database for as long as it keeps answering: reading many rows may take long, but a silent database counts as
//! unreachable.

use crate::error::IamError;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// Tells whether the database woke the task, and not the timer.
struct WakeFlag {
    is: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.is.store(true, Ordering::Release);
        let guard = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let task = guard.clone();
        drop(guard);
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// Does the work, unless nothing is heard of the database for `silence_max`: then it counts as unreachable.
///
/// # Errors
/// [`IamError::Silent`], and those of the work.
pub(super) async fn while_answering<T>(
    silence_max: Duration,
    work: impl Future<Output = Result<T, IamError>>,
) -> Result<T, IamError> {
    let mut work = pin!(work);
    let mut silence = pin!(tokio::time::sleep(silence_max));
    let woken = Arc::new(WakeFlag {
        is: AtomicBool::new(true),
        task: Mutex::new(None),
    });
    let waker = Waker::from(Arc::clone(&woken));
    poll_fn(|task_context| {
        // Before the look at `is`, so that no wake is lost.
        *(woken.task.lock()).unwrap_or_else(PoisonError::into_inner) =
            Some(task_context.waker().clone());
        if woken.is.swap(false, Ordering::AcqRel) {
            if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(done);
            }
            silence.as_mut().reset(Instant::now() + silence_max);
        }
        silence
            .as_mut()
            .poll(task_context)
            .map(|()| Err(IamError::Silent))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(50);
    const SILENCE_MAX: Duration = Duration::from_millis(1000);

    #[tokio::test]
    async fn rows_may_come_for_longer_than_the_database_may_be_silent() {
        let begun = Instant::now();
        let rows = while_answering(SILENCE_MAX, async {
            let mut rows = 0;
            while begun.elapsed() < SILENCE_MAX * 2 {
                tokio::time::sleep(STEP).await;
                rows += 1;
            }
            Ok(rows)
        });
        assert!(rows.await.unwrap() > 0);
    }

    #[tokio::test]
    async fn a_database_that_falls_silent_is_given_up() {
        let hangs = while_answering(STEP, async {
            tokio::task::yield_now().await;
            std::future::pending::<Result<(), IamError>>().await
        });
        assert!(matches!(hangs.await, Err(IamError::Silent)));
        let refused = while_answering(STEP, async { Err::<(), _>(IamError::LastKey) });
        assert!(matches!(refused.await, Err(IamError::LastKey)));
    }
}
