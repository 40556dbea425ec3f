//! What each account has left of its series, samples and bytes. Asked before every write; what the store says is summed
//! up over an account's domains every few seconds at most (`left_behind.rs`), and what was written since is counted here.
//!
//! Room for new series is taken before a write and given back after it, so that many writes at once do not pass the limit
//! together. Of samples and bytes it is no ledger: writes at once may together exceed a quota by what they bring.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::left_behind::LeftBehind;
use base::id::{AccountId, TenantId};
use base::limit::{self, Limit};
use base::store::{Allowance, StoreError, Usage};
use base::time::Millis;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wire::code;

/// How long a sum over an account's domains holds.
const FRESH_MILLIS: i64 = 5000;

const HOUR_MILLIS: i64 = 3_600_000;

/// What is remembered of an account that has written.
#[derive(Debug, Clone, Copy)]
struct Account {
    used: Usage,
    summed_at: Millis,
    /// New series it may make now, in thousandths, so that a few per hour come back as well.
    new_series: u64,
    refilled_at: Millis,
    /// Room for new series that writes under way have taken.
    taken: u64,
}

/// Of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    accounts: Mutex<HashMap<AccountId, Account>>,
    left_behind: LeftBehind,
}

impl Quotas {
    fn all(&self) -> MutexGuard<'_, HashMap<AccountId, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account as it is now. The sum is made without the lock; of two who find it old both make it.
    fn account(&self, app: &App, id: AccountId, per_hour: u64) -> Result<Account, StoreError> {
        let now = app.clock.now();
        let known = self.all().get(&id).copied();
        let is_fresh =
            |own: &Account| (0..FRESH_MILLIS).contains(&now.0.saturating_sub(own.summed_at.0));
        let summed = match known.filter(is_fresh) {
            Some(_) => None,
            None => Some(self.left_behind.usage(app, id)?),
        };
        let mut all = self.all();
        let own = all.entry(id).or_insert_with(|| Account {
            used: Usage::default(),
            summed_at: now,
            new_series: per_hour.saturating_mul(1000),
            refilled_at: now,
            taken: 0,
        });
        if let Some(used) = summed {
            own.used = used;
            own.summed_at = now;
        }
        own.refill(now, per_hour);
        Ok(*own)
    }

    /// What the account may write now to one of its domains with a batch of so many samples.
    ///
    /// # Errors
    /// When it keeps as many samples or bytes as it may.
    pub(crate) fn allowance(
        &self,
        app: &App,
        id: AccountId,
        tenant: TenantId,
        batch: usize,
    ) -> Result<(Allowance, Taken<'_>), Refusal> {
        let allowed = |limit: &Limit| app.iam.account_limit(id, limit);
        let per_hour = allowed(&limit::NEW_SERIES_PER_HOUR);
        self.left_behind.saw(id, tenant);
        let own = self.account(app, id, per_hour)?;
        for (limit, used) in [
            (&limit::SAMPLES_PER_ACCOUNT, own.used.samples),
            (&limit::STORED_BYTES_PER_ACCOUNT, own.used.bytes),
        ] {
            let allowed = allowed(limit);
            if used >= allowed {
                return Err(full(id, limit, used, allowed));
            }
        }
        let series = allowed(&limit::SERIES_PER_ACCOUNT);
        let mut all = self.all();
        let own = all.entry(id).or_insert(own);
        let room = series.saturating_sub(own.used.series.saturating_add(own.taken));
        let soon = own.new_series / 1000;
        let (nearest, limit, allowed) = if room <= soon {
            (room, limit::SERIES_PER_ACCOUNT, series)
        } else {
            (soon, limit::NEW_SERIES_PER_HOUR, per_hour)
        };
        let taken = nearest.min(batch as u64);
        own.taken = own.taken.saturating_add(taken);
        own.new_series = own.new_series.saturating_sub(taken.saturating_mul(1000));
        let allowance = Allowance {
            new_series: taken,
            limit,
            allowed,
        };
        let quotas = self;
        Ok((allowance, Taken { quotas, id, taken }))
    }
}

/// Room for new series that a write has taken; what it did not use is given back.
#[derive(Debug)]
pub(crate) struct Taken<'q> {
    quotas: &'q Quotas,
    id: AccountId,
    taken: u64,
}

impl Taken<'_> {
    /// Counts what was written.
    pub(crate) fn wrote(mut self, samples: u64, series: u64) {
        if let Some(own) = self.quotas.all().get_mut(&self.id) {
            own.used.samples = own.used.samples.saturating_add(samples);
            own.used.series = own.used.series.saturating_add(series);
            own.taken = own.taken.saturating_sub(series);
        }
        self.taken = self.taken.saturating_sub(series);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(own) = self.quotas.all().get_mut(&self.id) {
            own.taken = own.taken.saturating_sub(self.taken);
            own.new_series = own
                .new_series
                .saturating_add(self.taken.saturating_mul(1000));
        }
    }
}

impl Account {
    /// Gives back what time has brought, up to an hour's worth. Time that has brought nothing whole yet is kept for the next
    /// time, so that a few per hour are not lost to rounding.
    fn refill(&mut self, now: Millis, per_hour: u64) {
        let hour = per_hour.saturating_mul(1000);
        let passed = now.0.saturating_sub(self.refilled_at.0);
        // A clock that went back gives nothing, and neither does a limit of 0.
        if passed < 0 || hour == 0 {
            self.new_series = self.new_series.min(hour);
            self.refilled_at = now;
            return;
        }
        let whole = u128::from(HOUR_MILLIS.unsigned_abs());
        let passed = u128::from(passed.unsigned_abs()).min(whole);
        let back = u128::from(hour) * passed / whole;
        let spent = (back * whole).div_ceil(u128::from(hour));
        let full = u128::from(self.new_series) + back >= u128::from(hour);
        self.new_series = u64::try_from(u128::from(self.new_series) + back)
            .unwrap_or(hour)
            .min(hour);
        self.refilled_at = if full {
            now
        } else {
            self.refilled_at
                .plus(i64::try_from(spent).unwrap_or(i64::MAX))
        };
    }
}

fn full(id: AccountId, limit: &'static Limit, used: u64, allowed: u64) -> Refusal {
    let problem = code::ACCOUNT_LIMIT.problem(format!(
        "the account keeps {used} {}, and may keep `{}` = {allowed}",
        limit.unit, limit.name
    ));
    let hint = format!(
        "delete metrics that nobody reads (they count until their days are rewritten, within a day), or let the operator run `vigied account limit {id} {}=NUMBER`",
        limit.name
    );
    Refusal(problem.hint(hint).limit(limit).retry_after(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_series_come_back_evenly_and_not_beyond_an_hours_worth() {
        let mut own = Account {
            used: Usage::default(),
            summed_at: Millis(0),
            new_series: 0,
            refilled_at: Millis(0),
            taken: 0,
        };
        own.refill(Millis(HOUR_MILLIS / 2), 10);
        assert_eq!(own.new_series, 5000);
        // A few per hour are not lost to rounding, however often it is asked.
        for second in 1..=60 {
            own.refill(Millis(HOUR_MILLIS / 2 + second * 1000), 10);
        }
        assert!((5160..=5170).contains(&own.new_series), "{own:?}");
        own.refill(Millis(HOUR_MILLIS * 9), 10);
        assert_eq!(own.new_series, 10_000);
        // A clock that goes back gives nothing, and takes nothing.
        own.refill(Millis(0), 10);
        assert_eq!(own.new_series, 10_000);
    }
}
