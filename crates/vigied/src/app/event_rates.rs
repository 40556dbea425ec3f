//! Limits the events that an account may create per minute: each is a write to the identity database.

use crate::http::problem::Refusal;
use base::id::AccountId;
use base::limit;
use base::rate_limit::{Rate, Table, TokenBucket};
use base::time::Millis;
use std::sync::{Mutex, PoisonError};
use wire::code;

const MINUTE_MILLIS: u64 = 60_000;

/// Accounts that are counted apart; of those longest without an event the count starts again.
const ACCOUNTS: usize = 65_536;

/// The events of the last minute, by account.
#[derive(Debug)]
pub(crate) struct EventRates {
    per_minute: u64,
    spent: Mutex<Table<Option<AccountId>, TokenBucket>>,
}

impl EventRates {
    pub(crate) fn new(per_minute: u64) -> Self {
        Self {
            per_minute,
            spent: Mutex::new(Table::new(ACCOUNTS)),
        }
    }

    /// Takes one event of the account's allowance.
    ///
    /// # Errors
    /// When it makes them too fast.
    pub(crate) fn take(&self, account: Option<AccountId>, now: Millis) -> Result<(), Refusal> {
        let rate = Rate::per(self.per_minute, MINUTE_MILLIS);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = spent.entry(account).take(rate, now);
        drop(spent);
        taken.map_err(|wait| {
            let limit = &limit::EVENTS_PER_MINUTE;
            let message = format!(
                "the account makes more events than `{}` = {}",
                limit.name, self.per_minute
            );
            let problem = code::EVENTS_FULL.problem(message).limit(limit);
            let seconds = wait.div_ceil(1000).clamp(1, 60);
            let hint = "send again after `Retry-After` seconds";
            Refusal(problem.hint(hint).retry_after(seconds))
        })
    }
}
