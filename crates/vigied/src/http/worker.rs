//! Runs blocking work on the blocking threads.
//!
//! The work keeps the place of its request until it ends, also after its client has disconnected or the request has timed out.
//! Otherwise a client could occupy any number of workers by sending requests and disconnecting.

use super::places::Place;
use super::problem::Refusal;
use std::sync::Arc;
use wire::code;

tokio::task_local! {
    static PLACE: Arc<Place>;
}

/// Runs `answer` as the work of a request with this `place`.
pub(crate) async fn with_place<F: Future>(place: Place, answer: F) -> F::Output {
    PLACE.scope(Arc::new(place), answer).await
}

/// The place of this request, for work on another thread; `None` for status requests, which are answered even when the server is
/// full.
pub(crate) fn place() -> Option<Arc<Place>> {
    PLACE.try_with(Arc::clone).ok()
}

/// Runs `work` on a blocking thread.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let place = place();
    let task = tokio::task::spawn_blocking(move || {
        let _place = place;
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
    use crate::http::places::Places;
    use crate::http::share::{ShareOwner, Shares};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    fn one_place() -> Arc<Places> {
        Arc::new(Places::new(
            &base::limit::CONCURRENT_REQUESTS,
            1,
            Shares::whole(),
        ))
    }

    #[tokio::test]
    async fn the_place_is_free_when_the_work_ends_and_not_when_its_caller_goes() {
        let places = one_place();
        let (end, ended) = mpsc::channel::<()>();
        let place = places.take(ShareOwner::Proxy).unwrap();
        let mut answer = Box::pin(with_place(place, run(move || ended.recv())));
        let polled = answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        drop(answer);
        assert!(places.take(ShareOwner::Proxy).is_err());
        end.send(()).unwrap();
        let begun = Instant::now();
        while places.take(ShareOwner::Proxy).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_frees_its_place() {
        let places = one_place();
        let place = places.take(ShareOwner::Proxy).unwrap();
        let answer = with_place(place, run(|| panic!("as a bug would"))).await;
        assert_eq!(answer.unwrap_err().0.code, code::INTERNAL.code);
        assert!(places.take(ShareOwner::Proxy).is_ok());
    }
}
