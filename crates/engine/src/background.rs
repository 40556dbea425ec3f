//! The background threads: what wakes them, and what they do.

use crate::compact::Purge;
use crate::core::Core;
use crate::error;
use crate::events::{Event, Work};
use crate::purge_schedule::PURGE_SOON;
use base::scope::Owner;
use base::store::StoreError;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

impl Core {
    /// Wakes the flusher; when it lags, flushes here, so that memory stays bounded and senders slow down.
    ///
    /// Only owners that have at least their share in memory flush here, or wait for a flush that is under way.
    pub(crate) fn flush_if_due(&self, owner: Owner, in_head: u64) {
        if self.is_lagging(in_head) && self.has_share(owner) {
            // Several senders may wait here: the first one flushes, and the others find that done.
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

    /// Runs until it is stopped: syncs the log at an interval, for appends that did not wait for that.
    pub(crate) fn commit_loop(&self) {
        let interval = std::time::Duration::from_millis(self.config.commit_interval_ms.max(1));
        let mut wanted = self.requests();
        loop {
            let stop = wanted.stop;
            drop(wanted);
            // A failure poisons the log, which every writer checks; a lack of room is tried again.
            let is_new = !self.poison.is_set();
            if let Err(error) = self.wal.commit(self.wal.last_sequence()) {
                self.counters
                    .commit_failures
                    .fetch_add(1, Ordering::Relaxed);
                if is_new {
                    self.failed_at(Work::Commit, &error);
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

    /// Runs until it is stopped: flushes at an interval, and when asked to.
    pub(crate) fn flush_loop(&self) {
        let mut last = Instant::now();
        loop {
            // A flush that found no room is tried again sooner, because it holds up everything after it.
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
            self.run_flush(|core| core.flush_if(|| true));
            self.run_expiry();
            last = Instant::now();
            self.requests().merge = true;
            self.wake.notify_all();
        }
    }

    /// Runs until it is stopped: merges after flushes, and soon when many deletions are pending.
    pub(crate) fn merge_loop(&self) {
        let mut last = None::<Instant>;
        let mut shortage = None;
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
                // Deletions come in bursts: the next purge waits for `PURGE_SOON`.
                last = Some(Instant::now());
            }
            (wanted.merge, wanted.purge) = (false, false);
            drop(wanted);
            let is_new = !self.poison.is_set();
            match self.compact(Purge::WhenWorthIt) {
                Ok(()) => shortage = None,
                Err(error) => {
                    // A shortage stays for a while, and every try meets it.
                    let met = error.outage().filter(|_| error::is_retryable(&error));
                    let is_met_again = met.is_some() && met == shortage;
                    shortage = met;
                    self.merge_failed(&error, is_new && !is_met_again);
                }
            }
        }
    }

    /// Counts a failed merge, and reports it as an event if it `is_new`.
    pub(crate) fn merge_failed(&self, error: &StoreError, is_new: bool) {
        self.counters.merge_failures.fetch_add(1, Ordering::Relaxed);
        if is_new {
            self.failed_at(Work::Merge, error);
        }
    }

    /// A flush in the background: its failure is counted and reported, and poisons the store where writers are concerned.
    fn run_flush(&self, flush: impl FnOnce(&Self) -> Result<(), StoreError>) {
        let is_new = !self.poison.is_set();
        if let Err(error) = flush(self) {
            self.counters.flush_failures.fetch_add(1, Ordering::Relaxed);
            if is_new {
                self.failed_at(Work::Flush, &error);
            }
        }
    }

    /// An expiry in the background, after a flush: its failure is counted and reported.
    fn run_expiry(&self) {
        if self.poison.is_set() {
            return;
        }
        if let Err(error) = self.expire_after_flush() {
            self.counters
                .expiry_failures
                .fetch_add(1, Ordering::Relaxed);
            self.failed_at(Work::Expiry, &error);
        }
    }

    /// Reports a failure as an event. A shortage of resources is not reported, because every try would report it again: the program
    /// asks for it with [`Self::check_resources`].
    fn failed_at(&self, work: Work, error: &StoreError) {
        if work == Work::Merge || !error::is_retryable(error) {
            self.events.on_event(Event::Failed { work, error });
        }
    }
}
