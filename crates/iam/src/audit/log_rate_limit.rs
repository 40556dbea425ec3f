//! Limits how many audit entries of one account the log repeats each minute, so that nobody fills the log by repeating what they
//! may do. The audit itself has every entry.

use base::id::AccountId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one account in [`SPAN`]; the rest are counted.
const LINES_MAX: u64 = 120;

const SPAN: Duration = Duration::from_secs(60);

/// Accounts that are counted one by one. Those beyond have a span together.
const ACCOUNTS_MAX: usize = 4096;

/// The repetitions in the log of this process.
pub(super) static LOG_RATE_LIMIT: LogRateLimit = LogRateLimit(Mutex::new(None));

/// Lines by account; `None` is for entries of no account, and of accounts beyond [`ACCOUNTS_MAX`].
#[derive(Debug)]
pub(super) struct LogRateLimit(Mutex<Option<HashMap<Option<AccountId>, Span>>>);

#[derive(Debug, Clone, Copy)]
struct Span {
    since: Instant,
    written: u64,
    left_out: u64,
}

impl LogRateLimit {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<Option<AccountId>, Span>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many lines of this account were left out before the next one; `None` if the account has had its lines for now.
    pub(super) fn allow(&self, account: Option<AccountId>, now: Instant) -> Option<u64> {
        let mut accounts = self.lock();
        let spans = accounts.get_or_insert_default();
        let is_over = |span: &Span| now.saturating_duration_since(span.since) >= SPAN;
        if spans.len() >= ACCOUNTS_MAX && !spans.contains_key(&account) {
            // What was left out is written with the next line of its account, if there is one.
            spans.retain(|_, span| !is_over(span) || span.left_out > 0);
        }
        let is_full = spans.len() >= ACCOUNTS_MAX && !spans.contains_key(&account);
        let span = spans
            .entry(account.filter(|_| !is_full))
            .or_insert_with(|| Span {
                since: now,
                written: 0,
                left_out: 0,
            });
        if is_over(span) {
            (span.since, span.written) = (now, 0);
        }
        if span.written >= LINES_MAX {
            span.left_out += 1;
            return None;
        }
        span.written += 1;
        Some(std::mem::take(&mut span.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    fn account(number: u64) -> Option<AccountId> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Some(AccountId(Guid::from_random(bytes)))
    }

    /// Five hundred writes and deletions were a thousand lines.
    #[test]
    fn the_log_repeats_so_many_entries_of_one_account_and_says_how_many_it_left_out() {
        let (limit, begun) = (LogRateLimit(Mutex::new(None)), Instant::now());
        let lines = (0..1000).filter(|_| limit.allow(account(1), begun).is_some());
        assert_eq!(lines.count() as u64, LINES_MAX);
        assert_eq!(
            limit.allow(account(2), begun),
            Some(0),
            "another has its own"
        );
        assert_eq!(limit.allow(None, begun), Some(0));
        let later = begun + SPAN;
        assert_eq!(limit.allow(account(1), later), Some(1000 - LINES_MAX));
        assert_eq!(limit.allow(account(1), later), Some(0));
    }

    #[test]
    fn many_accounts_take_bounded_memory() {
        let (limit, begun) = (LogRateLimit(Mutex::new(None)), Instant::now());
        for number in 0..2 * ACCOUNTS_MAX as u64 {
            limit.allow(account(number), begun);
        }
        assert!(limit.lock().as_ref().unwrap().len() <= ACCOUNTS_MAX + 1);
        for number in 0..ACCOUNTS_MAX as u64 {
            limit.allow(account(10_000 + number), begun + SPAN);
        }
        assert!(limit.lock().as_ref().unwrap().len() <= ACCOUNTS_MAX + 1);
    }
}
