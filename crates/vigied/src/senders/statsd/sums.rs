//! The sums of all domains.

use super::super::credential::SenderCredential;
use super::super::shared::SenderContext;
use super::super::storing::Sender;
use super::memory::Memory;
use super::sum::{EMPTY_BYTES, LinesOutcome, Owner, Sum};
use crate::config::{Settings, StatsdSettings};
use crate::http::limit_exceeded::LimitExceeded;
use crate::http::share::Shares;
use base::id::AccountId;
use base::limit;
use base::sample::RejectReason;
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

/// Why an owner has no sums.
#[derive(Debug)]
enum NoSum {
    /// The account may have no more of the memory.
    Full(LimitExceeded),
    /// The settings were checked at the start.
    Settings,
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
            let sum = match self.sum(owner, account) {
                Ok(sum) => sum,
                Err(NoSum::Full(exceeded)) => {
                    return LinesOutcome::Read(self.refuse(lines, exceeded));
                }
                Err(NoSum::Settings) => return LinesOutcome::NoDomain,
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

    /// The sums of an owner, new ones where there are none: empty ones take memory too, and an account may have many domains and keys.
    fn sum(&self, owner: Owner, account: AccountId) -> Result<Arc<Mutex<Sum>>, NoSum> {
        let mut table = self.table();
        if let Some(sum) = table.get(&owner) {
            return Ok(Arc::clone(sum));
        }
        self.memory
            .book(account, EMPTY_BYTES)
            .map_err(NoSum::Full)?;
        let Ok(aggregator) = Aggregator::new(self.settings.sums.clone(), self.bounds) else {
            self.memory.rebook(account, EMPTY_BYTES, 0);
            return Err(NoSum::Settings);
        };
        let sum = Arc::new(Mutex::new(Sum::new(account, aggregator)));
        table.insert(owner, Arc::clone(&sum));
        Ok(sum)
    }

    /// Counts the values of lines for which there are no sums, by the limit that says so.
    fn refuse(&self, lines: &[u8], exceeded: LimitExceeded) -> DecodeSummary {
        statsd::packet(lines, self.settings.sanitize, |_| {
            Err(RejectReason::Full {
                limit: *exceeded.limit,
                allowed: exceeded.allowed,
            })
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};
    use base::scope::Domain;

    fn sums(bytes_in_all: usize) -> Sums {
        let bound = |limit, allowed| Bound { limit, allowed };
        Sums {
            settings: StatsdSettings {
                sums: statsd::Settings::default(),
                sanitize: true,
            },
            bounds: Bounds {
                series: bound(limit::STATSD_SERIES, 1000),
                bytes: bound(limit::STATSD_BYTES, 1 << 20),
            },
            memory: Memory::new(bytes_in_all, Shares::of(50, 25, 75)),
            table: Mutex::default(),
            readers: AtomicUsize::new(0),
        }
    }

    fn account(number: u8) -> AccountId {
        AccountId(Guid::from_random([number; 16]))
    }

    fn owner(number: u8) -> Owner {
        Owner {
            domain: Domain::Space(SpaceId(Guid::from_random([number; 16]))),
            key: None,
        }
    }

    /// Empty sums were counted, but nobody asked whether there was room for them: with spaces enough, one account had all.
    #[test]
    fn empty_sums_of_many_spaces_leave_room_for_another_account() {
        let sums = sums(256 << 10);
        let share = sums.memory.left(account(1)).bytes;
        let first = sums.sum(owner(0), account(1)).unwrap();
        let reading = sums.read(&mut first.lock().unwrap(), b"a:1|c");
        assert_eq!(reading.rejects, []);
        let (mut opened, mut refused) = (0, None);
        for space in 0..40 {
            match sums.sum(owner(space), account(1)) {
                Ok(_) => opened += 1,
                Err(NoSum::Full(exceeded)) => refused = Some(exceeded),
                Err(NoSum::Settings) => panic!("the settings are the default ones"),
            }
        }
        assert_eq!(sums.all().len(), opened);
        assert!(opened > 1 && opened * EMPTY_BYTES < share, "{opened}");
        assert!(sums.memory.left(account(1)).bytes < EMPTY_BYTES);
        // What is there goes on.
        let reading = sums.read(&mut first.lock().unwrap(), b"a:1|c");
        assert_eq!(reading.rejects, []);
        // Whose values have no sums is told why.
        let refused = refused.unwrap();
        assert_eq!(refused.limit.name, "account_share_percent");
        let reading = sums.refuse(b"a:1:2|c\nb:x|c", refused);
        let codes: Vec<_> = reading
            .rejects
            .iter()
            .map(|own| (own.reason.code(), own.count))
            .collect();
        assert_eq!(codes, [("full", 2), ("value", 1)]);
        // Another has room as before.
        let other = sums.sum(owner(100), account(2)).unwrap();
        let reading = sums.read(&mut other.lock().unwrap(), b"a:1|c\nb:1|ms");
        assert_eq!(reading.rejects, []);
        assert!(sums.memory.left(account(2)).bytes > 0);
        // All of it is given back.
        for (owner, sum) in sums.all() {
            sums.close(owner, &mut sum.lock().unwrap());
        }
        assert_eq!(sums.memory.left(account(1)).bytes, share);
    }
}
