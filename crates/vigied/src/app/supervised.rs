//! Background tasks that survive a panic: it is logged and counted, and the task starts again.

use crate::self_metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The pause before work that panicked begins again, so that a lasting fault does not fill the log.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs the work until it returns; begins it again whenever it panics. Dropping this ends the work.
pub(crate) async fn supervised<F>(
    work: &'static str,
    metrics: Arc<Metrics>,
    begin: impl Fn() -> F + Send,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set of one: its task ends when it is dropped.
        let mut tasks = JoinSet::new();
        tasks.spawn(begin());
        match tasks.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                metrics.panicked(work);
                tracing::error!(work, error = %error, "background work has panicked and is restarted");
            }
            _ => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_begins_again_and_is_counted() {
        let (metrics, begun) = (Arc::<Metrics>::default(), Arc::<AtomicU32>::default());
        let begin = || {
            let begun = Arc::clone(&begun);
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert!(begun.fetch_add(1, Ordering::Relaxed) >= 2, "a fault");
            }
        };
        supervised("counting", Arc::clone(&metrics), begin).await;
        assert_eq!(begun.load(Ordering::Relaxed), 3);
        let text = metrics.render(&crate::self_metrics::Facts::default());
        let line = "vigie_background_panics_total{work=\"counting\"} 2";
        assert!(text.contains(line), "{text}");
    }

    #[tokio::test]
    async fn work_ends_with_its_supervision() {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let begin = move || {
            let held = Arc::clone(&held);
            async move {
                std::future::pending::<()>().await;
                drop(held);
            }
        };
        let task = tokio::spawn(supervised("waiting", Arc::default(), begin));
        while Arc::strong_count(&alive) < 3 {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
