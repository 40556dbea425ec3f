//! Shutdown: requests may finish, the store is flushed, and at the deadline the process exits, even if something is stuck.
//!
//! Acknowledged data does not depend on this: the log is on stable storage, and the next start recovers from it. The flush
//! only makes that start fast.

use anyhow::{Context, bail};
use base::store::SampleStore;
use signal_hook::consts::signal::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Extra time after the deadline before the process is ended from outside the runtime: the agent of a tour ends first, and a
/// log line is written.
const MARGIN: Duration = Duration::from_secs(5);

/// How long the line about the signal may take before the shutdown goes on without it.
const SIGNAL_LOG_TIMEOUT: Duration = Duration::from_millis(200);

/// The exit code of a process that was ended at its deadline from outside the runtime.
const CUT: i32 = 1;

/// How the time from the signal to the exit is divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    total: Duration,
}

impl Plan {
    pub(crate) const fn new(total: Duration) -> Self {
        Self { total }
    }

    /// Time for the open requests: two thirds, so that a slow client leaves time for the flush.
    pub(crate) fn drain(self) -> Duration {
        self.total * 2 / 3
    }
}

/// Watches for SIGTERM and Ctrl-C on its own thread, so that signals work even when the runtime is stuck. The future resolves at
/// the first signal; the second one ends the process at once, and so does the deadline.
pub(crate) fn signal(plan: Plan) -> anyhow::Result<impl Future<Output = ()>> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).context("cannot watch for SIGTERM")?;
    let (sender, mut receiver) = watch::channel(false);
    let (logger, mut logged) = watch::channel(false);
    let watching = move || {
        for signal in signals.forever() {
            if sender.send_replace(true) {
                // A second signal means at once: do not wait for a log line either.
                low_level::exit(128 + signal);
            }
            let name = if signal == SIGTERM {
                "SIGTERM"
            } else {
                "SIGINT"
            };
            // Log on another thread: the reader of the log may be stuck, and this thread must still receive the second signal.
            let logger = logger.clone();
            let logging = thread("log-signal").spawn(move || {
                tracing::info!(
                    seconds = plan.total.as_secs(),
                    "{name}: no new connections; the last requests are answered"
                );
                logger.send_replace(true);
            });
            drop(logging);
            let deadline = move || {
                std::thread::sleep(plan.total + MARGIN);
                let logging = std::thread::spawn(|| {
                    tracing::error!("the process did not end by itself within `shutdown_seconds`");
                });
                std::thread::sleep(Duration::from_millis(200));
                drop(logging);
                low_level::exit(CUT);
            };
            if let Err(error) = thread("deadline").spawn(deadline) {
                tracing::error!(%error, "cannot start a thread");
            }
        }
    };
    thread("signals")
        .spawn(watching)
        .context("cannot start a thread")?;
    Ok(async move {
        // The sender lives as long as the process.
        let _ = receiver.wait_for(|stopped| *stopped).await;
        // Keeps the lines of the log in order. A stuck reader of the log delays nothing.
        let _ = timeout_at(
            Instant::now() + SIGNAL_LOG_TIMEOUT,
            logged.wait_for(|logged| *logged),
        )
        .await;
    })
}

fn thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.to_owned())
}

/// Serves until `stop`, then drains for as long as the plan allows. Returns the deadline of the shutdown.
pub(crate) async fn drained<F: Future<Output = ()>>(
    plan: Plan,
    stop: impl Future<Output = ()>,
    serve: impl FnOnce(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> F,
) -> Instant {
    let (sender, mut receiver) = watch::channel(None);
    let mut stopped = receiver.clone();
    let stop_requested = async move {
        let _ = stopped.wait_for(Option::is_some).await;
    };
    let serving = serve(Box::pin(stop_requested));
    let stopping = async {
        stop.await;
        let now = Instant::now();
        sender.send_replace(Some(now));
        tokio::time::sleep_until(now + plan.drain()).await;
    };
    tokio::select! {
        () = serving => {}
        () = stopping => tracing::warn!(
            seconds = plan.drain().as_secs(),
            "requests that were still being answered are cut"
        ),
    }
    let begun = *receiver.borrow_and_update();
    begun.unwrap_or_else(Instant::now) + plan.total
}

/// Flushes the store, at most until the deadline.
pub(crate) async fn flush(store: Arc<dyn SampleStore>, deadline: Instant) -> anyhow::Result<()> {
    let kept = "nothing acknowledged is lost: the next start recovers it from the log";
    let (sender, mut receiver) = watch::channel(None);
    // Not on the blocking threads of the runtime: all of them may be stuck.
    let flushing = move || {
        let flushed = store.flush();
        drop(store);
        sender.send_replace(Some(Arc::new(flushed)));
    };
    thread("flush")
        .spawn(flushing)
        .context("cannot start a thread")?;
    let flushed = match timeout_at(deadline, receiver.wait_for(Option::is_some)).await {
        Ok(Ok(flushed)) => flushed.clone(),
        Ok(Err(_)) => None,
        Err(_) => bail!(
            "the store did not finish its flush within `shutdown_seconds`: {kept}, which takes longer"
        ),
    };
    match flushed.as_deref() {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => bail!("the store could not be flushed: {error}: {kept}"),
        None => bail!("the flush broke off: {kept}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stuck_store::Stuck;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_stuck_does_not_hold_up_the_end() {
        let stuck = Arc::new(Stuck::default());
        let store: Arc<dyn SampleStore> = Arc::<Stuck>::clone(&stuck);
        let deadline = Instant::now() + Duration::from_secs(8);
        let error = flush(store, deadline).await.unwrap_err().to_string();
        assert!(error.contains("nothing acknowledged is lost"), "{error}");
        assert!(Instant::now() >= deadline);
        stuck.release();
    }

    #[tokio::test]
    async fn a_store_that_flushes_is_waited_for() {
        let stuck = Arc::new(Stuck::default());
        let store: Arc<dyn SampleStore> = Arc::<Stuck>::clone(&stuck);
        let releasing = async {
            tokio::task::yield_now().await;
            stuck.release();
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        let (flushed, ()) = tokio::join!(flush(store, deadline), releasing);
        flushed.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_do_not_end_are_cut_and_the_flush_keeps_its_time() {
        let plan = Plan::new(Duration::from_secs(30));
        let begun = Instant::now();
        let deadline = drained(plan, async {}, |_| std::future::pending()).await;
        assert_eq!(begun.elapsed(), plan.drain());
        assert_eq!(deadline, begun + plan.total);
    }

    #[tokio::test(start_paused = true)]
    async fn the_drain_ends_with_the_last_request() {
        let begun = Instant::now();
        let stop = tokio::time::sleep(Duration::from_secs(3));
        let deadline = drained(
            Plan::new(Duration::from_secs(30)),
            stop,
            |stop_requested| async move {
                stop_requested.await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            },
        );
        let deadline = deadline.await;
        assert_eq!(begun.elapsed(), Duration::from_secs(4));
        assert_eq!(deadline, begun + Duration::from_secs(33));
    }
}
