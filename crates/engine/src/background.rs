//! The background threads: what wakes them, and what they do.

use crate::compact::Purge;
use crate::core::Core;
use crate::error;
use crate::events::Event;
use crate::purge_schedule::PURGE_SOON;
use base::scope::Owner;
use base::store::StoreError;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Core {
    /// Wakes the flusher; when it lags, flushes here, so that memory stays bounded and senders slow down.
    ///
    /// Of several owners those flush, and wait for a flush that is under way, who have made it due.
    pub(crate) fn flush_if_due(&self, owner: Owner, in_head: u64) {
        if self.is_lagging(in_head) && self.has_share(owner) {
            // Others may have waited for the same: whoever comes second finds it done.
            self.run_flush(|core| {
                core.flush_shortage.check_retry()?;
                core.flush_if(|| core.is_lagging(core.state.version().head.samples()))
            });
        } else if in_head >= self.config.flush_samples
            || self.wal.bytes_in_file() >= self.config.flush_wal_bytes
            || self.is_head_large()
        {
            self.ask_for_flush();
        }
    }

    const fn is_lagging(&self, in_head: u64) -> bool {
        in_head >= self.config.flush_samples.saturating_mul(2)
    }

    /// Runs until told to stop: brings what was appended without waiting to stable storage every so often.
    pub(crate) fn commit_loop(&self) {
        let interval = std::time::Duration::from_millis(self.config.commit_interval_ms.max(1));
        let mut wanted = self.requests();
        loop {
            let stop = wanted.stop;
            drop(wanted);
            // A failure poisons the log, where every writer finds it; what found no room is tried again.
            let is_new = !self.poison.is_set();
            if let Err(error) = self.wal.commit(self.wal.last_sequence()) {
                self.counters
                    .commit_failures
                    .fetch_add(1, Ordering::Relaxed);
                if is_new {
                    self.failed_at("commit", &error);
                }
            }
            if stop {
                return;
            }
            wanted = self.requests();
            wanted = self
                .wake
                .wait_timeout_while(wanted, interval, |wanted| !wanted.stop)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Runs until told to stop: flushes when asked to, and every so often.
    pub(crate) fn flush_loop(&self) {
        let mut last = Instant::now();
        loop {
            // What found no room holds up everything after it.
            let interval = if self.flush_shortage.is_present() {
                self.config.disk_full_retry_ms
            } else {
                self.config.flush_interval_ms
            };
            let interval = std::time::Duration::from_millis(interval.max(1));
            let mut wanted = self.requests();
            loop {
                let remaining = interval.saturating_sub(last.elapsed());
                if wanted.stop || wanted.flush || remaining.is_zero() {
                    break;
                }
                let woken = self.wake.wait_timeout(wanted, remaining);
                wanted = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            if wanted.stop {
                return;
            }
            wanted.flush = false;
            drop(wanted);
            last = Instant::now();
            if self.flush_shortage.check_retry().is_err() {
                continue;
            }
            self.run_flush(Self::flush);
            last = Instant::now();
            self.requests().merge = true;
            self.wake.notify_all();
        }
    }

    /// Runs until told to stop: merges after flushes, and soon when deletions have become many.
    pub(crate) fn merge_loop(&self) {
        let mut last = None::<Instant>;
        loop {
            let mut wanted = self.requests();
            loop {
                let remaining = last.map(|last| PURGE_SOON.saturating_sub(last.elapsed()));
                let purge = wanted.purge && remaining.is_none_or(|remaining| remaining.is_zero());
                if wanted.stop || wanted.merge || purge {
                    break;
                }
                let pause = remaining.filter(|_| wanted.purge).unwrap_or(PURGE_SOON);
                let woken = self.wake.wait_timeout(wanted, pause);
                wanted = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
            if wanted.stop {
                return;
            }
            if wanted.purge {
                // What was deleted is in the head's records still, and its days may be in the head.
                last = Some(Instant::now());
            }
            (wanted.merge, wanted.purge) = (false, false);
            drop(wanted);
            let is_new = !self.poison.is_set();
            if let Err(error) = self.compact(Purge::WhenWorthIt) {
                self.merge_failed(&error, is_new);
            }
        }
    }

    /// Counts a failed merge, and tells of it if it `is_new`.
    pub(crate) fn merge_failed(&self, error: &StoreError, is_new: bool) {
        self.counters.merge_failures.fetch_add(1, Ordering::Relaxed);
        if is_new {
            self.failed_at("merge", error);
        }
    }

    /// A flush that nobody waits for: its failure is counted and reported, and poisons the store when it matters to writers.
    fn run_flush(&self, flush: impl FnOnce(&Self) -> Result<(), StoreError>) {
        let is_new = !self.poison.is_set();
        if let Err(error) = flush(self) {
            self.counters.flush_failures.fetch_add(1, Ordering::Relaxed);
            if is_new {
                self.failed_at("flush", &error);
            }
        }
    }

    /// Tells of a failure, unless something was short: that is asked for ([`Self::check_resources`]), and every try would tell of
    /// it.
    fn failed_at(&self, work: &'static str, error: &StoreError) {
        if work == "merge" || !error::is_retryable(error) {
            self.events.on_event(Event::Failed { work, error });
        }
    }
}
