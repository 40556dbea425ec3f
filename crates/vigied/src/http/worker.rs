//! Runs blocking work on the blocking threads.
//!
//! The work keeps the slot of its request until it ends, also after its client has disconnected or the request has timed out.
//! Otherwise a client could occupy any number of workers by sending requests and disconnecting.

use super::problem::Refusal;
use super::request_slots::RequestSlot;
use std::sync::Arc;
use wire::code;

tokio::task_local! {
    static SLOT: Arc<RequestSlot>;
}

/// Runs `answer` as the work of a request with this `slot`.
pub(crate) async fn with_slot<F: Future>(slot: RequestSlot, answer: F) -> F::Output {
    SLOT.scope(Arc::new(slot), answer).await
}

/// The slot of this request, for work on another thread; `None` for status requests, which are answered even when the server is
/// full.
pub(crate) fn slot() -> Option<Arc<RequestSlot>> {
    SLOT.try_with(Arc::clone).ok()
}

/// Runs `work` on a blocking thread.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let slot = slot();
    let task = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        work()
    });
    task.await.map_err(|error| {
        tracing::error!(%error, "work broke off");
        Refusal(code::INTERNAL.problem("the work broke off; the server's log says why"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fair_share::{ShareOwner, Shares};
    use crate::http::request_slots::RequestSlots;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    fn one_slot() -> Arc<RequestSlots> {
        Arc::new(RequestSlots::new(
            &base::limit::CONCURRENT_REQUESTS,
            1,
            Shares::whole(),
        ))
    }

    #[tokio::test]
    async fn the_slot_is_free_when_the_work_ends_and_not_when_its_caller_goes() {
        let slots = one_slot();
        let (end, ended) = mpsc::channel::<()>();
        let slot = slots.take(ShareOwner::Proxy).unwrap();
        let mut answer = Box::pin(with_slot(slot, run(move || ended.recv())));
        let polled = answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        drop(answer);
        assert!(slots.take(ShareOwner::Proxy).is_err());
        end.send(()).unwrap();
        let begun = Instant::now();
        while slots.take(ShareOwner::Proxy).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_frees_its_slot() {
        let slots = one_slot();
        let slot = slots.take(ShareOwner::Proxy).unwrap();
        let answer = with_slot(slot, run(|| panic!("as a bug would"))).await;
        assert_eq!(answer.unwrap_err().0.code, code::INTERNAL.code);
        assert!(slots.take(ShareOwner::Proxy).is_ok());
    }
}
