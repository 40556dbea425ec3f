//! The remaining quota of each account: series, their names, samples and bytes. Checked before every write. The store's figures are summed
//! over an account's domains at most every few seconds, by one writer, and writes since then are counted ([`CountedUsage`]).
//! Deleted domains count as long as any of their data is stored: otherwise a caller could evade the quota by filling a space,
//! deleting it and making another.
//!
//! New series and the bytes of their names are counted when they are made, while no other write makes any, so that concurrent writes
//! neither exceed the limits together nor are refused for what another one might have made. What is made while the store is asked may
//! count twice for the moment until it is asked again.
//! Samples and bytes are counted after the write: concurrent writes may together exceed a quota by what they carry.

use crate::app::counted_usage::{self, CountedUsage};
use crate::http::problem::Refusal;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::rate_limit::{Rate, TokenBucket};
use base::sample::Appended;
use base::store::{Remaining, SampleStore, SeriesAllowance, SeriesQuota, StoreError, Usage};
use base::time::{Clock, Millis};
use iam::Iam;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::code;

const HOUR_MILLIS: u64 = 3_600_000;

/// Until there are so many accounts nobody looks for those that can be forgotten.
const WORTH_SWEEPING: usize = 1024;

/// The limits of an account for its new series.
#[derive(Debug, Clone, Copy)]
struct NewSeriesLimits {
    series: u64,
    name_bytes: u64,
    per_hour: u64,
}

impl NewSeriesLimits {
    const fn rate(self) -> Rate {
        Rate::per(self.per_hour, HOUR_MILLIS)
    }
}

/// The state of an account that has written.
#[derive(Debug, Clone, Copy, Default)]
struct Account {
    usage: CountedUsage,
    new_series: TokenBucket,
    /// Its writes in progress.
    writes: u64,
    /// When its last write came.
    wrote_at: Millis,
}

impl Account {
    /// Whether it is now as if it had never written: the store knows what it keeps, and all its new series of an hour have come back.
    fn is_idle(&self, now: Millis) -> bool {
        let silent_millis = now.0.saturating_sub(self.wrote_at.0);
        self.writes == 0
            && !self.usage.is_being_summed()
            && silent_millis > HOUR_MILLIS.cast_signed()
    }

    /// The rest of its limits.
    fn left(&mut self, limits: NewSeriesLimits, now: Millis) -> SeriesQuota {
        let used = self.usage.used();
        let rate = limits.rate();
        // The operator may have lowered the limit meanwhile.
        self.new_series.cap_debt_to_burst(rate);
        let soon = Remaining {
            left: self.new_series.left(rate, now),
            ..Remaining::of(&limit::NEW_SERIES_PER_HOUR, limits.per_hour, 0)
        };
        let of_series = Remaining::of(&limit::SERIES_PER_ACCOUNT, limits.series, used.series);
        let of_names = &limit::NAME_BYTES_PER_ACCOUNT;
        SeriesQuota {
            new_series: if of_series.left <= soon.left {
                of_series
            } else {
                soon
            },
            name_bytes: Remaining::of(of_names, limits.name_bytes, used.name_bytes),
            used_name_bytes: used.name_bytes,
        }
    }

    /// Counts series that were made.
    fn made(&mut self, limits: NewSeriesLimits, now: Millis, series: u64, name_bytes: u64) {
        self.usage.add_written(Usage {
            series,
            name_bytes,
            ..Usage::default()
        });
        self.new_series.spend(limits.rate(), now, series);
    }
}

/// The accounts that have written of late.
#[derive(Debug, Default)]
struct Accounts {
    by_id: HashMap<AccountId, Account>,
    /// With more accounts than this the idle ones are forgotten.
    sweep_at: usize,
}

impl Accounts {
    fn of(&mut self, id: AccountId) -> &mut Account {
        self.by_id.entry(id).or_default()
    }

    /// The account of a write that comes now.
    fn writing(&mut self, id: AccountId, now: Millis) -> &mut Account {
        // At twice as many as were left the last time, so that it costs each write little.
        if self.by_id.len() > self.sweep_at.max(WORTH_SWEEPING) {
            self.by_id.retain(|_, account| !account.is_idle(now));
            self.sweep_at = self.by_id.len().saturating_mul(2);
        }
        let account = self.of(id);
        account.wrote_at = now;
        account
    }
}

/// The quotas of all accounts.
#[derive(Debug)]
pub(crate) struct Quotas {
    iam: Iam,
    store: Arc<dyn SampleStore>,
    clock: Arc<dyn Clock>,
    accounts: Mutex<Accounts>,
}

impl Quotas {
    pub(crate) fn new(iam: Iam, store: Arc<dyn SampleStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            iam,
            store,
            clock,
            accounts: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The usage of the account. A new sum is computed without the lock.
    fn used(&self, id: AccountId) -> Result<Usage, StoreError> {
        let now = self.clock.now();
        let begun = self.all().writing(id, now).usage.begin_sum(now);
        if let Some(begun) = begun {
            let summing = Summing { quotas: self, id };
            let sum = self.usage(id)?;
            self.all().of(id).usage.set_sum(sum, begun);
            drop(summing);
        }
        Ok(self.all().of(id).usage.used())
    }

    /// Something that the account keeps was deleted, perhaps.
    pub(crate) fn deleted(&self, id: AccountId) {
        if let Some(account) = self.all().by_id.get_mut(&id) {
            account.usage.make_due();
        }
    }

    /// The store's usage by all domains of the account, including deleted ones whose data is still stored.
    fn usage(&self, account: AccountId) -> Result<Usage, StoreError> {
        let mut sum = Usage::default();
        for metering in self.iam.directory().tenants_of(account) {
            counted_usage::add(&mut sum, self.store.usage(&metering)?);
        }
        Ok(sum)
    }

    /// The allowance of the account for a write to one of its domains. A caller who does not reach all of the domain
    /// is not told how much is stored.
    ///
    /// # Errors
    /// If the account has reached its quota of samples or bytes.
    pub(crate) fn allowance(
        &self,
        id: AccountId,
        reaches_all: bool,
    ) -> Result<AccountAllowance<'_>, Refusal> {
        let allowed = |limit: &Limit| self.iam.account_limit(id, limit);
        let used = self.used(id)?;
        for (limit, used) in [
            (&limit::SAMPLES_PER_ACCOUNT, used.samples),
            (&limit::STORED_BYTES_PER_ACCOUNT, used.bytes),
        ] {
            let allowed = allowed(limit);
            if used >= allowed {
                return Err(full(id, limit, reaches_all.then_some(used), allowed));
            }
        }
        let limits = NewSeriesLimits {
            series: allowed(&limit::SERIES_PER_ACCOUNT),
            name_bytes: allowed(&limit::NAME_BYTES_PER_ACCOUNT),
            per_hour: allowed(&limit::NEW_SERIES_PER_HOUR),
        };
        self.all().of(id).writes += 1;
        let quotas = self;
        Ok(AccountAllowance { quotas, id, limits })
    }
}

/// A sum over the account's domains under way.
struct Summing<'q> {
    quotas: &'q Quotas,
    id: AccountId,
}

impl Drop for Summing<'_> {
    fn drop(&mut self) {
        self.quotas.all().of(self.id).usage.end_sum();
    }
}

/// The allowance of an account for a write, by the limits at its beginning.
#[derive(Debug)]
pub(crate) struct AccountAllowance<'q> {
    quotas: &'q Quotas,
    id: AccountId,
    limits: NewSeriesLimits,
}

impl AccountAllowance<'_> {
    /// Counts the samples that were written; their series were counted when they were made.
    pub(crate) fn wrote(self, appended: &Appended) {
        let written = Usage {
            samples: appended.stored,
            ..Usage::default()
        };
        self.quotas.all().of(self.id).usage.add_written(written);
    }
}

impl SeriesAllowance for AccountAllowance<'_> {
    fn left(&self) -> SeriesQuota {
        let now = self.quotas.clock.now();
        self.quotas.all().of(self.id).left(self.limits, now)
    }

    fn made(&self, series: u64, name_bytes: u64) {
        let now = self.quotas.clock.now();
        let mut all = self.quotas.all();
        all.of(self.id).made(self.limits, now, series, name_bytes);
    }
}

impl Drop for AccountAllowance<'_> {
    fn drop(&mut self) {
        let mut all = self.quotas.all();
        let account = all.of(self.id);
        account.writes = account.writes.saturating_sub(1);
    }
}

fn full(id: AccountId, limit: &'static Limit, used: Option<u64>, allowed: u64) -> Refusal {
    let (name, unit) = (limit.name, limit.unit);
    let message = match used {
        Some(used) => format!("the account keeps {used} {unit}, and may keep `{name}` = {allowed}"),
        None => format!("the account keeps all the {unit} that it may: `{name}` = {allowed}"),
    };
    let problem = code::ACCOUNT_LIMIT.problem(message);
    let hint = format!(
        "delete metrics that nobody reads (they count until their days are rewritten, within a day or two), or let the operator run `vigied account limit {id} {}=NUMBER`",
        limit.name
    );
    Refusal(problem.hint(hint).limit(limit).retry_after(60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    const HOUR: i64 = HOUR_MILLIS.cast_signed();

    fn id(number: usize) -> AccountId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        AccountId(Guid::from_random(bytes))
    }

    /// Whoever had written once was kept until the next start.
    #[test]
    fn accounts_that_no_longer_write_are_forgotten_and_nothing_that_is_under_way() {
        let mut accounts = Accounts::default();
        let begun = Millis(1_000_000);
        for number in 0..WORTH_SWEEPING {
            accounts.writing(id(number), begun);
        }
        let (writing, summed, late) = (id(3), id(4), id(5));
        accounts.of(writing).writes = 1;
        assert!(accounts.of(summed).usage.begin_sum(begun).is_some());
        accounts.writing(late, begun.plus(1));
        let new = id(WORTH_SWEEPING);
        accounts.writing(new, begun.plus(HOUR));
        assert_eq!(accounts.by_id.len(), WORTH_SWEEPING + 1);
        // What the late one has spent comes back with the end of this hour only.
        accounts.writing(new, begun.plus(HOUR + 1));
        let mut kept: Vec<AccountId> = accounts.by_id.keys().copied().collect();
        kept.sort_unstable();
        let mut expected = [writing, summed, late, new];
        expected.sort_unstable();
        assert_eq!(kept, expected);
        assert_eq!(accounts.of(writing).writes, 1);
    }

    /// A batch held what it might need, and another one at the same time was refused what fitted.
    #[test]
    fn only_what_is_made_is_missing_from_what_is_left() {
        let limits = NewSeriesLimits {
            series: 10,
            name_bytes: 100,
            per_hour: 4,
        };
        let mut account = Account::default();
        let mut left = |made: Option<(u64, u64)>| {
            if let Some((series, name_bytes)) = made {
                account.made(limits, Millis(HOUR), series, name_bytes);
            }
            let quota = account.left(limits, Millis(HOUR));
            (
                quota.new_series.left,
                quota.name_bytes.left,
                quota.used_name_bytes,
            )
        };
        assert_eq!(left(None), (4, 100, 0));
        assert_eq!(left(None), (4, 100, 0));
        assert_eq!(left(Some((1, 30))), (3, 70, 30));
        assert_eq!(left(Some((3, 70))), (0, 0, 100));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_idle() {
        let account = Account {
            wrote_at: Millis(10 * HOUR),
            ..Account::default()
        };
        assert!(!account.is_idle(Millis(0)));
        assert!(account.is_idle(Millis(12 * HOUR)));
    }
}
