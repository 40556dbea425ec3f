//! How many sources use the reactor threads at the same time: the more there are, the less each of them has before its tasks queue up.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For how long the time is counted that a source uses.
pub(super) const WINDOW: Duration = Duration::from_millis(5);

/// How much of each thread's time all sources together have in a [`WINDOW`] before their tasks queue up. One alone has no more.
pub(super) const UNQUEUED: Duration = Duration::from_millis(2);

/// How much a source has in any case, however many there are: a request costs less.
const UNQUEUED_MIN: Duration = Duration::from_micros(100);

/// The sources that use the threads.
#[derive(Debug)]
pub(super) struct ActiveSources {
    threads: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    window_began: Option<Instant>,
    /// Since then, and in the window before it.
    joined: usize,
    joined_before: usize,
    releasing: usize,
}

/// A source whose queue is being released, until this is dropped.
#[derive(Debug)]
pub(super) struct Releasing<'a>(&'a ActiveSources);

impl Default for ActiveSources {
    fn default() -> Self {
        Self::on(1)
    }
}

impl ActiveSources {
    /// Sources that share so many threads.
    pub(super) fn on(threads: usize) -> Self {
        Self {
            threads,
            counts: Mutex::default(),
        }
    }

    /// Sources that share the threads of this runtime.
    pub(super) fn of_runtime() -> Self {
        let runtime = tokio::runtime::Handle::try_current();
        Self::on(runtime.map_or(1, |runtime| runtime.metrics().num_workers()))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn threads(&self) -> usize {
        self.threads
    }

    /// A source begins a window of its own; returns what it has in that before its tasks queue up.
    pub(super) fn join(&self, now: Instant) -> Duration {
        let mut counts = self.counts();
        let age = counts
            .window_began
            .map(|began| now.saturating_duration_since(began));
        if age.is_none_or(|age| age >= WINDOW) {
            let is_the_last = age.is_some_and(|age| age < 2 * WINDOW);
            counts.joined_before = if is_the_last { counts.joined } else { 0 };
            counts.joined = 0;
            counts.window_began = Some(now);
        }
        counts.joined += 1;
        // And one that comes.
        let sources = counts.joined.max(counts.joined_before) + 1;
        let whole = UNQUEUED * u32::try_from(self.threads).unwrap_or(1);
        let share = whole / u32::try_from(sources).unwrap_or(u32::MAX);
        share.clamp(UNQUEUED_MIN, UNQUEUED)
    }

    /// A source's queue begins to be released.
    pub(super) fn begin_release(&self) -> Releasing<'_> {
        self.counts().releasing += 1;
        Releasing(self)
    }

    /// The number of sources whose queues are being released.
    pub(super) fn releasing(&self) -> usize {
        self.counts().releasing
    }
}

impl Drop for Releasing<'_> {
    fn drop(&mut self) {
        self.0.counts().releasing -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_sources_there_are_the_less_each_has() {
        let began = Instant::now();
        let sources = ActiveSources::on(2);
        let micros = |at: u64| {
            let at = began + Duration::from_micros(at);
            sources.join(at).as_micros()
        };
        assert_eq!([micros(0), micros(1), micros(2)], [2000, 1333, 1000]);
        for at in 3..30 {
            micros(at);
        }
        assert_eq!(micros(30), 125);
        // In the next window those of the last are remembered, and later no more.
        assert_eq!(micros(5000), 125);
        assert_eq!(micros(15_000), 2000);
        for at in 0..1000 {
            micros(15_000 + at);
        }
        assert_eq!(micros(16_000), 100);
    }
}
