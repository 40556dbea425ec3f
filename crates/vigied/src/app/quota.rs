//! The remaining quota of each account: series, samples and bytes. Checked before every write. The store's figures are summed
//! over an account's domains at most every few seconds, and writes since then are counted here. Deleted domains count as long as
//! any of their data is stored: otherwise a caller could evade the quota by filling a space, deleting it and making another.
//!
//! New series are reserved before a write and released after it, so that concurrent writes cannot exceed the limit together.
//! Samples and bytes are not reserved: concurrent writes may together exceed a quota by what they carry.

use crate::http::problem::Refusal;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::rate_limit::{Rate, TokenBucket};
use base::store::{SampleStore, SeriesQuota, StoreError, Usage};
use base::time::{Clock, Millis};
use iam::Iam;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::code;

/// How long a sum over an account's domains stays valid.
const FRESH_MILLIS: i64 = 5000;

const HOUR_MILLIS: u64 = 3_600_000;

/// The state of an account that has written.
#[derive(Debug, Clone, Copy)]
struct Account {
    used: Usage,
    summed_at: Millis,
    new_series: TokenBucket,
    /// New series reserved by writes in progress.
    taken: u64,
}

/// The quotas of all accounts.
#[derive(Debug)]
pub(crate) struct Quotas {
    iam: Iam,
    store: Arc<dyn SampleStore>,
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<AccountId, Account>>,
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

    fn all(&self) -> MutexGuard<'_, HashMap<AccountId, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current state of the account. The sum is computed without the lock, so two callers may both compute it.
    fn account(&self, id: AccountId) -> Result<Account, StoreError> {
        let now = self.clock.now();
        let known = self.all().get(&id).copied();
        let is_fresh = |account: &Account| {
            (0..FRESH_MILLIS).contains(&now.0.saturating_sub(account.summed_at.0))
        };
        let summed = match known.filter(is_fresh) {
            Some(_) => None,
            None => Some(self.usage(id)?),
        };
        let mut all = self.all();
        let account = all.entry(id).or_insert_with(|| Account {
            used: Usage::default(),
            summed_at: now,
            new_series: TokenBucket::default(),
            taken: 0,
        });
        if let Some(used) = summed {
            account.used = used;
            account.summed_at = now;
        }
        Ok(*account)
    }

    /// The store's usage by all domains of the account, including deleted ones whose data is still stored.
    fn usage(&self, account: AccountId) -> Result<Usage, StoreError> {
        let mut sum = Usage::default();
        for metering in self.iam.directory().tenants_of(account) {
            let used = self.store.usage(&metering)?;
            sum.series = sum.series.saturating_add(used.series);
            sum.samples = sum.samples.saturating_add(used.samples);
            sum.bytes = sum.bytes.saturating_add(used.bytes);
        }
        Ok(sum)
    }

    /// The account's allowance for a batch of so many samples in one of its domains. A caller who does not reach all of
    /// the domain is not told how much is stored.
    ///
    /// # Errors
    /// If the account has reached its quota of samples or bytes.
    pub(crate) fn allowance(
        &self,
        id: AccountId,
        batch: usize,
        reaches_all: bool,
    ) -> Result<(SeriesQuota, SeriesReservation<'_>), Refusal> {
        let allowed = |limit: &Limit| self.iam.account_limit(id, limit);
        let per_hour = allowed(&limit::NEW_SERIES_PER_HOUR);
        let rate = Rate::per(per_hour, HOUR_MILLIS);
        let account = self.account(id)?;
        for (limit, used) in [
            (&limit::SAMPLES_PER_ACCOUNT, account.used.samples),
            (&limit::STORED_BYTES_PER_ACCOUNT, account.used.bytes),
        ] {
            let allowed = allowed(limit);
            if used >= allowed {
                return Err(full(id, limit, reaches_all.then_some(used), allowed));
            }
        }
        let series = allowed(&limit::SERIES_PER_ACCOUNT);
        let mut all = self.all();
        let account = all.entry(id).or_insert(account);
        let room = series.saturating_sub(account.used.series.saturating_add(account.taken));
        let now = self.clock.now();
        // The operator may have lowered the limit meanwhile.
        account.new_series.cap_debt_to_burst(rate);
        let soon = account.new_series.left(rate, now);
        let (nearest, limit, allowed) = if room <= soon {
            (room, limit::SERIES_PER_ACCOUNT, series)
        } else {
            (soon, limit::NEW_SERIES_PER_HOUR, per_hour)
        };
        let taken = nearest.min(batch as u64);
        account.taken = account.taken.saturating_add(taken);
        account.new_series.spend(rate, now, taken);
        let allowance = SeriesQuota {
            new_series: taken,
            limit,
            allowed,
        };
        let quotas = self;
        let taken = SeriesReservation {
            quotas,
            id,
            rate,
            taken,
        };
        Ok((allowance, taken))
    }
}

/// Reserved room for new series; the unused part is released on drop.
#[derive(Debug)]
pub(crate) struct SeriesReservation<'q> {
    quotas: &'q Quotas,
    id: AccountId,
    rate: Rate,
    taken: u64,
}

impl SeriesReservation<'_> {
    /// Counts what was written.
    pub(crate) fn wrote(mut self, samples: u64, series: u64) {
        if let Some(account) = self.quotas.all().get_mut(&self.id) {
            account.used.samples = account.used.samples.saturating_add(samples);
            account.used.series = account.used.series.saturating_add(series);
            account.taken = account.taken.saturating_sub(series);
        }
        self.taken = self.taken.saturating_sub(series);
    }
}

impl Drop for SeriesReservation<'_> {
    fn drop(&mut self) {
        if let Some(account) = self.quotas.all().get_mut(&self.id) {
            account.taken = account.taken.saturating_sub(self.taken);
            account.new_series.give_back(self.rate, self.taken);
        }
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
        "delete metrics that nobody reads (they count until their days are rewritten, within a day), or let the operator run `vigied account limit {id} {}=NUMBER`",
        limit.name
    );
    Refusal(problem.hint(hint).limit(limit).retry_after(60))
}
