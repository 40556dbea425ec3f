//! What the log hears of lines that were not stored: at most one line a minute for each sender, with how many there were since the
//! last. No name and no text of a sender is in it.

use base::allowance::Table;
use base::source::Source;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pause between two lines about one sender.
const PAUSE: Duration = Duration::from_mins(1);

/// How many senders are remembered.
const REMEMBERED: usize = 4096;

#[derive(Debug, Default, Clone, Copy)]
struct Told {
    last: Option<Instant>,
    since: u64,
}

/// When each sender was last told of.
#[derive(Debug)]
pub(super) struct Reports(Mutex<Table<(IpAddr, &'static str), Told>>);

impl Default for Reports {
    fn default() -> Self {
        Self(Mutex::new(Table::new(REMEMBERED)))
    }
}

impl Reports {
    /// Logs it, or keeps it for the next line.
    pub(super) fn refused(&self, door: &'static str, source: Source, reason: &str, count: u64) {
        if let Some(count) = self.due(door, source, count, Instant::now()) {
            tracing::warn!(door, %source, reason, count, "samples of a sender are not stored");
        }
    }

    fn due(&self, door: &'static str, source: Source, count: u64, now: Instant) -> Option<u64> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = table.entry((source.address(), door));
        own.since = own.since.saturating_add(count);
        if own
            .last
            .is_some_and(|last| now.duration_since(last) < PAUSE)
        {
            return None;
        }
        own.last = Some(now);
        Some(std::mem::take(&mut own.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_told_of_once_a_minute_with_the_sum() {
        let (reports, now) = (Reports::default(), Instant::now());
        let source = Source::client([192, 0, 2, 1].into());
        let due = |seconds| reports.due("a", source, 2, now + Duration::from_secs(seconds));
        assert_eq!(
            [due(0), due(1), due(59), due(60), due(61)],
            [Some(2), None, None, Some(6), None]
        );
        assert_eq!(reports.due("b", source, 1, now), Some(1));
    }
}
