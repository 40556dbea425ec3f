//! Runs work on the blocking threads: work that blocks, and work that computes for long between what it waits for.
//!
//! The work keeps the slot of its request until it ends, also after its client has disconnected or the request has timed out.
//! Otherwise a client could occupy any number of workers by sending requests and disconnecting.

use super::problem::Refusal;
use super::request_slots::RequestSlot;
use iam::audit::Origin;
use iam::progress::Progress;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use tokio::sync::Notify;
use tokio::task::JoinError;
use tracing::{Instrument as _, Span};
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
    task.await.map_err(|error| broke_off(&error))
}

/// The refusal of a request whose work panicked.
fn broke_off(error: &JoinError) -> Refusal {
    tracing::error!(%error, "work broke off");
    Refusal(code::INTERNAL.problem("the work broke off; the server's log says why"))
}

/// Says that work that waits can go on.
#[derive(Debug, Default)]
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// Work that keeps the slot, the origin, the progress and the span of its request, wherever it runs.
type OfRequest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn of_request<F>(work: F) -> OfRequest<F::Output>
where
    F: Future + Send + 'static,
{
    let work = Origin::current().scope(work).instrument(Span::current());
    let work = Progress::current().scope(work);
    match slot() {
        Some(slot) => Box::pin(SLOT.scope(slot, work)),
        None => Box::pin(work),
    }
}

/// Runs a request's `work` to its end, also if the request is given up: work that waits in the database holds a connection until it has
/// its answer, whether anybody still wants it or not.
pub(crate) async fn run_to_end<F>(work: F) -> Result<F::Output, Refusal>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let task = tokio::spawn(of_request(work));
    task.await.map_err(|error| broke_off(&error))
}

/// Runs a request's `work` on the blocking threads, each of its steps from one wait to the next: it holds no thread while it waits, for
/// the database or for other work there. It keeps the slot, the origin and the span of the request. If the request is given up, the
/// step that runs is the last.
pub(crate) async fn run_in_steps<F>(work: F) -> Result<F::Output, Refusal>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut work = of_request(work);
    let woken = Arc::new(Woken::default());
    loop {
        let waker = Waker::from(Arc::clone(&woken));
        let step = tokio::task::spawn_blocking(move || {
            let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
            (work, polled)
        });
        let (rest, polled) = step.await.map_err(|error| broke_off(&error))?;
        if let Poll::Ready(output) = polled {
            return Ok(output);
        }
        work = rest;
        woken.0.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fair_share::{ShareOwner, Shares};
    use crate::http::request_slots::RequestSlots;
    use base::source::Source;
    use iam::progress::Stage;
    use std::sync::mpsc;
    use std::thread::{self, ThreadId};
    use std::time::{Duration, Instant};
    use tokio::sync::oneshot;

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

    #[tokio::test]
    async fn work_that_goes_on_elsewhere_says_how_far_its_request_has_come() {
        let progress = Progress::default();
        let work = run_to_end(async { Progress::reach(Stage::ChangeBegun) });
        progress.clone().scope(work).await.unwrap();
        assert_eq!(progress.stage(), Stage::ChangeBegun);
    }

    #[test]
    fn work_that_waits_holds_no_thread() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (send, sent) = oneshot::channel();
            let waits = run_in_steps(sent);
            let sends = run_in_steps(async move { send.send(7) });
            let (waited, done) = tokio::join!(waits, sends);
            assert_eq!(waited.unwrap(), Ok(7));
            assert_eq!(done.unwrap(), Ok(()));
        });
    }

    /// The thread, the request and whether there is a slot.
    fn surroundings() -> (ThreadId, String, bool) {
        let request = Origin::current().transaction().to_owned();
        (thread::current().id(), request, slot().is_some())
    }

    #[tokio::test]
    async fn every_step_is_off_the_reactor_and_belongs_to_the_request() {
        let slots = one_slot();
        let steps = run_in_steps(async {
            let first = surroundings();
            tokio::task::yield_now().await;
            [first, surroundings()]
        });
        let slot = slots.take(ShareOwner::Proxy).unwrap();
        let origin = Origin::new(Source::here(), "asked");
        let steps = origin.scope(with_slot(slot, steps)).await.unwrap();
        for (thread, request, has_slot) in steps {
            assert_ne!(thread, thread::current().id());
            assert_eq!((request.as_str(), has_slot), ("asked", true));
        }
        // The work is done, and the slot with it.
        assert!(slots.take(ShareOwner::Proxy).is_ok());
    }

    #[tokio::test]
    async fn a_step_that_panics_is_an_error() {
        let answer = run_in_steps(async { panic!("as a bug would") }).await;
        assert_eq!(answer.unwrap_err().0.code, code::INTERNAL.code);
    }
}
