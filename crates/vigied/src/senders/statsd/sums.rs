//! The sums of all domains.

use super::super::credential::SenderCredential;
use super::super::shared::SenderContext;
use super::super::storing::Sender;
use super::memory::Memory;
use super::sum::{EMPTY_BYTES, LinesOutcome, Owner, Sum};
use crate::config::{Settings, StatsdSettings};
use crate::http::share::Shares;
use base::id::AccountId;
use base::limit;
use base::scope::{Action, Scope};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::ingest::statsd::{self, Aggregator, Bound, Bounds, DecodeSummary, SettingsError};

/// All of them.
#[derive(Debug)]
pub(in super::super) struct Sums {
    pub(super) settings: StatsdSettings,
    bounds: Bounds,
    pub(super) memory: Memory,
    table: Mutex<HashMap<Owner, Arc<Mutex<Sum>>>>,
    /// How many threads read values.
    readers: AtomicUsize,
}

/// A thread that reads values, until this is dropped.
#[derive(Debug)]
pub(in super::super) struct Reading1<'s>(&'s Sums);

impl Drop for Reading1<'_> {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sums {
    pub(in super::super) fn new(
        settings: &Settings,
        shares: Shares,
    ) -> Result<Self, SettingsError> {
        let bound = |limit| Bound {
            limit,
            allowed: settings.limit(limit),
        };
        let own = &settings.senders.statsd;
        own.sums.check()?;
        let most = settings.limit(limit::STATSD_BYTES_IN_ALL);
        Ok(Self {
            settings: own.clone(),
            bounds: Bounds {
                series: bound(limit::STATSD_SERIES),
                bytes: bound(limit::STATSD_BYTES),
            },
            memory: Memory::new(usize::try_from(most).unwrap_or(usize::MAX), shares),
            table: Mutex::default(),
            readers: AtomicUsize::new(0),
        })
    }

    /// Counts this thread as one that reads values, so that the last flush waits for it.
    pub(in super::super) fn reads(&self) -> Reading1<'_> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Reading1(self)
    }

    pub(super) fn has_readers(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Owner, Arc<Mutex<Sum>>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every owner, and its sums.
    pub(super) fn all(&self) -> Vec<(Owner, Arc<Mutex<Sum>>)> {
        let table = self.table();
        let all = table.iter().map(|(owner, sum)| (*owner, Arc::clone(sum)));
        all.collect()
    }

    /// The sums of an owner, if there are any.
    pub(super) fn get(&self, owner: Owner) -> Option<Arc<Mutex<Sum>>> {
        self.table().get(&owner).cloned()
    }

    /// Forgets sums, whose lock the caller holds.
    pub(super) fn close(&self, owner: Owner, sum: &mut Sum) {
        sum.is_closed = true;
        self.memory.rebook(sum.account, sum.booked, 0);
        sum.booked = 0;
        self.table().remove(&owner);
    }

    /// Adds the values of lines to the sums of their domain.
    pub(super) fn take(
        &self,
        shared: &SenderContext,
        sender: Sender,
        shown: &SenderCredential,
        scope: &Scope,
        lines: &[u8],
    ) -> LinesOutcome {
        let domain = scope.domain();
        let Some(account) = shared.app.iam.directory().account_of(domain) else {
            return LinesOutcome::NoDomain;
        };
        let owner = Owner {
            domain,
            key: shown
                .named_key()
                .filter(|_| !scope.reaches_all(Action::Write)),
        };
        loop {
            // The settings were checked at the start.
            let Ok(sum) = self.sum(owner, account) else {
                return LinesOutcome::NoDomain;
            };
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            if sum.is_closed {
                continue;
            }
            let reading = self.read(&mut sum, lines);
            sum.came(shown, sender);
            return LinesOutcome::Read(reading);
        }
    }

    /// The sums of an owner, new ones where there are none.
    fn sum(&self, owner: Owner, account: AccountId) -> Result<Arc<Mutex<Sum>>, SettingsError> {
        let mut table = self.table();
        if let Some(sum) = table.get(&owner) {
            return Ok(Arc::clone(sum));
        }
        let aggregator = Aggregator::new(self.settings.sums.clone(), self.bounds)?;
        let sum = Arc::new(Mutex::new(Sum::new(account, aggregator)));
        table.insert(owner, Arc::clone(&sum));
        Ok(sum)
    }

    fn read(&self, sum: &mut Sum, lines: &[u8]) -> DecodeSummary {
        let left = self.memory.left(sum.account);
        // What is booked for it already is its own.
        let most = (left.bytes + sum.booked).saturating_sub(EMPTY_BYTES) as u64;
        let own = self.bounds.bytes;
        sum.aggregator.limit_bytes(match most < own.allowed {
            true => Bound {
                limit: left.limit,
                allowed: most,
            },
            false => own,
        });
        let reading = statsd::packet(lines, self.settings.sanitize, |metric| {
            sum.aggregator.add(metric)
        });
        self.rebook(sum);
        reading
    }

    /// Counts what sums take now.
    pub(super) fn rebook(&self, sum: &mut Sum) {
        let bytes = sum.bytes();
        self.memory.rebook(sum.account, sum.booked, bytes);
        sum.booked = bytes;
    }
}
