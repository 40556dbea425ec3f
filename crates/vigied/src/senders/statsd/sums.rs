//! The sums of all domains.

#[cfg(test)]
mod tests;

use super::super::credential::SenderCredential;
use super::super::shared::SenderContext;
use super::super::storing::Sender;
use super::memory::SumMemory;
use super::shared_sum::{CannotWait, Packet, SharedSum, WAITING_BYTES_MAX};
use super::sum::{DelayedReading, EMPTY_BYTES, LinesOutcome, Owner, Sum};
use crate::config::{Settings, StatsdSettings};
use crate::http::fair_share::Shares;
use crate::http::limit_exceeded::LimitExceeded;
use base::id::AccountId;
use base::limit;
use base::sample::RejectReason;
use base::scope::{Action, Scope};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::ingest::statsd::{
    self, Aggregator, AggregatorLimit, AggregatorLimits, DecodeSummary, SettingsError,
};

/// The maximum bytes of waiting datagrams that one datagram reads: the thread that reads for all does a bounded part of it.
const DELAYED_BYTES_MAX: usize = 64 * 1024;

/// The sums of all domains.
#[derive(Debug)]
pub(in super::super) struct Sums {
    pub(super) settings: StatsdSettings,
    bounds: AggregatorLimits,
    pub(super) memory: SumMemory,
    table: Mutex<HashMap<Owner, Arc<SharedSum>>>,
    /// How many threads read values.
    readers: AtomicUsize,
}

/// Why no sums can be made for an owner.
#[derive(Debug)]
enum SumError {
    /// The account may have no more of the memory.
    Full(LimitExceeded),
    /// The settings were checked at the start.
    Settings,
}

/// Counts a thread as a reader of values until dropped.
#[derive(Debug)]
pub(in super::super) struct ReaderGuard<'s>(&'s Sums);

impl Drop for ReaderGuard<'_> {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Sums {
    pub(in super::super) fn new(
        settings: &Settings,
        shares: Shares,
    ) -> Result<Self, SettingsError> {
        let bound = |limit| AggregatorLimit {
            limit,
            allowed: settings.limit(limit),
        };
        let statsd = &settings.senders.statsd;
        statsd.sums.check()?;
        let most = settings.limit(limit::STATSD_BYTES_IN_ALL);
        Ok(Self {
            settings: statsd.clone(),
            bounds: AggregatorLimits {
                series: bound(limit::STATSD_SERIES),
                bytes: bound(limit::STATSD_BYTES),
            },
            memory: SumMemory::new(usize::try_from(most).unwrap_or(usize::MAX), shares),
            table: Mutex::default(),
            readers: AtomicUsize::new(0),
        })
    }

    /// Counts this thread as one that reads values, so that the last flush waits for it.
    pub(in super::super) fn reads(&self) -> ReaderGuard<'_> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        ReaderGuard(self)
    }

    pub(super) fn has_readers(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Owner, Arc<SharedSum>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every owner, and its sums.
    pub(super) fn all(&self) -> Vec<(Owner, Arc<SharedSum>)> {
        let table = self.table();
        let all = table.iter().map(|(owner, sum)| (*owner, Arc::clone(sum)));
        all.collect()
    }

    /// Forgets sums, whose lock the caller holds; `false` where datagrams wait for them.
    pub(super) fn close(&self, owner: Owner, shared: &SharedSum, sum: &mut Sum) -> bool {
        if !shared.close() {
            return false;
        }
        sum.is_closed = true;
        self.memory.resize(sum.account, sum.reserved_bytes, 0);
        sum.reserved_bytes = 0;
        self.table().remove(&owner);
        true
    }

    /// Adds the values of lines to the sums of their domain. Who does not wait leaves them where another has the sums.
    pub(super) fn take(
        &self,
        shared: &SenderContext,
        origin: (&SenderCredential, Sender),
        scope: &Scope,
        lines: (&[u8], bool),
    ) -> LinesOutcome {
        let domain = scope.domain();
        let Some(account) = shared.app.iam.directory().account_of(domain) else {
            return LinesOutcome::NoDomain;
        };
        let owner = Owner {
            domain,
            key: origin
                .0
                .named_key()
                .filter(|_| !scope.reaches_all(Action::Write)),
        };
        loop {
            let sum = match self.sum(owner, account) {
                Ok(sum) => sum,
                Err(SumError::Full(exceeded)) => {
                    return LinesOutcome::Read(self.refuse(lines.0, exceeded), Vec::new());
                }
                Err(SumError::Settings) => return LinesOutcome::NoDomain,
            };
            if let Some(outcome) = self.add(&sum, account, origin, lines) {
                return outcome;
            }
        }
    }

    /// Adds the values of lines to sums; `None` where these are forgotten.
    fn add(
        &self,
        shared: &SharedSum,
        account: AccountId,
        (credential, sender): (&SenderCredential, Sender),
        (lines, waits): (&[u8], bool),
    ) -> Option<LinesOutcome> {
        // Who waits reads as much as may wait, and not what comes meanwhile.
        let most = if waits {
            WAITING_BYTES_MAX
        } else {
            DELAYED_BYTES_MAX
        };
        let mut waited = Vec::new();
        let free = if waits {
            Some(shared.lock())
        } else {
            shared.try_lock()
        };
        if let Some(mut sum) = free {
            if sum.is_closed {
                return None;
            }
            // What came before is read before: of a gauge the last value counts.
            self.read_waiting(shared, &mut sum, most, &mut waited);
            if waits || !shared.has_waiting() {
                let reading = self.read(&mut sum, lines);
                sum.add_origin(credential, sender);
                drop(sum);
                self.read_waiting_if_free(shared, most, &mut waited);
                return Some(LinesOutcome::Read(reading, waited));
            }
        }
        let left = match Packet::new(lines, credential, sender) {
            Some(packet) => self.leave(shared, account, packet),
            None => Err(CannotWait::Full),
        };
        if left == Err(CannotWait::Closed) {
            return None;
        }
        // The last thread that had the sums may have looked for what waits just before. A thread that had them here has done its part.
        if waited.is_empty() {
            self.read_waiting_if_free(shared, most, &mut waited);
        }
        Some(match left {
            Ok(()) => LinesOutcome::Read(DecodeSummary::default(), waited),
            Err(_) => LinesOutcome::Busy(waited),
        })
    }

    /// Has a datagram wait, where the account has room for it.
    fn leave(
        &self,
        shared: &SharedSum,
        account: AccountId,
        packet: Packet,
    ) -> Result<(), CannotWait> {
        let bytes = packet.bytes();
        if self.memory.reserve(account, bytes).is_err() {
            return Err(CannotWait::Full);
        }
        let left = shared.leave(packet);
        if left.is_err() {
            self.memory.resize(account, bytes, 0);
        }
        left
    }

    /// Reads the datagrams that wait for sums, unless another thread has the sums, which reads them then.
    fn read_waiting_if_free(
        &self,
        shared: &SharedSum,
        most: usize,
        waited: &mut Vec<DelayedReading>,
    ) {
        if shared.has_waiting()
            && let Some(mut sum) = shared.try_lock()
        {
            self.read_waiting(shared, &mut sum, most, waited);
        }
    }

    /// Reads what waits for sums, no more when so many bytes have been read.
    pub(super) fn read_waiting(
        &self,
        shared: &SharedSum,
        sum: &mut Sum,
        most: usize,
        waited: &mut Vec<DelayedReading>,
    ) {
        let mut bytes = 0;
        while bytes < most
            && let Some(packet) = shared.next()
        {
            bytes += packet.bytes();
            // It is read in the memory that it took.
            self.memory.resize(sum.account, packet.bytes(), 0);
            let reading = self.read(sum, &packet.lines);
            sum.add_origin(&packet.origin.credential, packet.origin.sender);
            waited.push((packet.origin, reading));
        }
    }

    /// The sums of an owner, new ones where there are none: empty ones take memory too, and an account may have many domains and
    /// keys.
    fn sum(&self, owner: Owner, account: AccountId) -> Result<Arc<SharedSum>, SumError> {
        let mut table = self.table();
        if let Some(sum) = table.get(&owner) {
            return Ok(Arc::clone(sum));
        }
        self.memory
            .reserve(account, EMPTY_BYTES)
            .map_err(SumError::Full)?;
        let Ok(aggregator) = Aggregator::new(self.settings.sums.clone(), self.bounds) else {
            self.memory.resize(account, EMPTY_BYTES, 0);
            return Err(SumError::Settings);
        };
        let sum = Arc::new(SharedSum::new(Sum::new(account, aggregator)));
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
        let left = self.memory.remaining(sum.account);
        // What is reserved for it already is its own.
        let most = (left.bytes + sum.reserved_bytes).saturating_sub(EMPTY_BYTES) as u64;
        let bytes = self.bounds.bytes;
        sum.aggregator.limit_bytes(match most < bytes.allowed {
            true => AggregatorLimit {
                limit: left.limit,
                allowed: most,
            },
            false => bytes,
        });
        let reading = statsd::packet(lines, self.settings.sanitize, |metric| {
            sum.aggregator.add(metric)
        });
        self.resize(sum);
        reading
    }

    /// Counts what sums take now.
    pub(super) fn resize(&self, sum: &mut Sum) {
        let bytes = sum.bytes();
        self.memory.resize(sum.account, sum.reserved_bytes, bytes);
        sum.reserved_bytes = bytes;
    }
}
