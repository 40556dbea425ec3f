//! Counts what has come in by a listener, and what of it was refused and why.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often refusals are reported: a sender that does everything wrong is not reported at every line.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// How much has come in since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenerTotals {
    /// Samples or values, taken or refused.
    pub received: u64,
    /// The refused ones.
    pub refused: u64,
}

/// The rejects since the last report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// How many samples or values.
    pub count: u64,
    /// The reason of the first of them. It repeats input from unknown senders.
    pub first: String,
}

#[derive(Debug, Default)]
struct PendingRefusals {
    count: u64,
    first: String,
    reported_at: Option<Instant>,
}

/// Counts for one listener.
#[derive(Debug, Default)]
pub(super) struct Counts {
    received: AtomicU64,
    refused: AtomicU64,
    pending: Mutex<PendingRefusals>,
}

impl Counts {
    // A panic never leaves these plain fields half-changed.
    fn pending(&self) -> MutexGuard<'_, PendingRefusals> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many have come, whatever becomes of them.
    pub(super) fn receive(&self, count: u64) {
        self.received.fetch_add(count, Ordering::Relaxed);
    }

    /// Of those that have come, so many are refused.
    pub(super) fn refuse(&self, count: u64, why: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        self.refused.fetch_add(count, Ordering::Relaxed);
        let mut pending = self.pending();
        if pending.count == 0 {
            pending.first = why();
        }
        pending.count = pending.count.saturating_add(count);
    }

    pub(super) fn counted(&self) -> ListenerTotals {
        ListenerTotals {
            received: self.received.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// The report that is due now, if any; at the end, at once.
    pub(super) fn due_report(&self, now: Instant, is_last: bool) -> Option<Refusals> {
        let mut pending = self.pending();
        let is_due = |at: Instant| is_last || now.saturating_duration_since(at) >= REPORT_INTERVAL;
        if pending.count == 0 || !pending.reported_at.is_none_or(is_due) {
            return None;
        }
        let refusals = std::mem::take(&mut *pending);
        pending.reported_at = Some(now);
        Some(Refusals {
            count: refusals.count,
            first: refusals.first,
        })
    }
}

/// A line that was refused, in words.
pub(super) fn described(name: Option<&str>, reason: &impl std::fmt::Display) -> String {
    match name {
        Some(name) => format!("`{name}`: {reason}"),
        None => reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_at_once_and_then_once_a_minute() {
        let (counts, begun) = (Counts::default(), Instant::now());
        assert_eq!(counts.due_report(begun, true), None);
        let report = |count, first: &str| {
            let first = first.to_owned();
            Some(Refusals { count, first })
        };
        counts.receive(3);
        counts.refuse(0, || panic!("nothing was refused"));
        counts.refuse(1, || "one".to_owned());
        counts.refuse(1, || "two".to_owned());
        assert_eq!(counts.due_report(begun, false), report(2, "one"));
        counts.refuse(5, || "three".to_owned());
        assert_eq!(counts.due_report(begun + REPORT_INTERVAL / 2, false), None);
        assert_eq!(
            counts.due_report(begun + REPORT_INTERVAL, false),
            report(5, "three")
        );
        counts.refuse(1, || "four".to_owned());
        assert_eq!(
            counts.due_report(begun + REPORT_INTERVAL, true),
            report(1, "four")
        );
        let counted = ListenerTotals {
            received: 3,
            refused: 8,
        };
        assert_eq!(counts.counted(), counted);
    }
}
