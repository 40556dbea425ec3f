//! The sums of all domains.

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

    /// The sums of an owner, if there are any.
    pub(super) fn get(&self, owner: Owner) -> Option<Arc<SharedSum>> {
        self.table().get(&owner).cloned()
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

    /// Reads what waits for sums, unless another has them, who will.
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

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, KeyId, SpaceId};
    use base::scope::Domain;
    use base::source::Source;
    use base::time::Millis;

    fn sums(bytes_in_all: usize) -> Sums {
        let bound = |limit, allowed| AggregatorLimit { limit, allowed };
        Sums {
            settings: StatsdSettings {
                sums: statsd::Settings::default(),
                sanitize: true,
            },
            bounds: AggregatorLimits {
                series: bound(limit::STATSD_SERIES, 1000),
                bytes: bound(limit::STATSD_BYTES, 1 << 20),
            },
            memory: SumMemory::new(bytes_in_all, Shares::of(50, 25, 75)),
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
        let share = sums.memory.remaining(account(1)).bytes;
        let first = sums.sum(owner(0), account(1)).unwrap();
        let reading = sums.read(&mut first.lock(), b"a:1|c");
        assert_eq!(reading.rejects, []);
        let (mut opened, mut refused) = (0, None);
        for space in 0..40 {
            match sums.sum(owner(space), account(1)) {
                Ok(_) => opened += 1,
                Err(SumError::Full(exceeded)) => refused = Some(exceeded),
                Err(SumError::Settings) => panic!("the settings are the default ones"),
            }
        }
        assert_eq!(sums.all().len(), opened);
        assert!(opened > 1 && opened * EMPTY_BYTES < share, "{opened}");
        assert!(sums.memory.remaining(account(1)).bytes < EMPTY_BYTES);
        // What is there goes on.
        let reading = sums.read(&mut first.lock(), b"a:1|c");
        assert_eq!(reading.rejects, []);
        // Whose values have no sums is told why.
        let refused = refused.unwrap();
        assert_eq!(refused.limit.name, "account_share_percent");
        let reading = sums.refuse(b"a:1:2|c\nb:x|c", refused);
        let codes: Vec<_> = reading
            .rejects
            .iter()
            .map(|reject| (reject.reason.code(), reject.count))
            .collect();
        assert_eq!(codes, [("full", 2), ("value", 1)]);
        // Another has room as before.
        let other = sums.sum(owner(100), account(2)).unwrap();
        let reading = sums.read(&mut other.lock(), b"a:1|c\nb:1|ms");
        assert_eq!(reading.rejects, []);
        assert!(sums.memory.remaining(account(2)).bytes > 0);
        // All of it is given back.
        for (owner, sum) in sums.all() {
            assert!(sums.close(owner, &sum, &mut sum.lock()));
        }
        assert_eq!(sums.memory.remaining(account(1)).bytes, share);
    }

    fn credential() -> SenderCredential {
        SenderCredential::Source(KeyId(Guid::from_random([1; 16])))
    }

    fn sender() -> Sender {
        Sender {
            listener: "statsd.udp_listen",
            source: Source::client([127, 0, 0, 1].into()),
        }
    }

    /// A connection had the sums of its domain, and the one thread of the listener for all domains' datagrams waited for it.
    #[test]
    fn who_reads_for_all_waits_for_no_sums() {
        let sums = sums(1 << 20);
        let (busy, other) = (
            sums.sum(owner(1), account(1)).unwrap(),
            sums.sum(owner(2), account(2)).unwrap(),
        );
        let credential = credential();
        let datagram = |sum: &SharedSum, number, lines: &[u8]| {
            let outcome = sums.add(
                sum,
                account(number),
                (&credential, sender()),
                (lines, false),
            );
            let Some(LinesOutcome::Read(reading, waited)) = outcome else {
                panic!("{outcome:?}");
            };
            let waited = waited.iter();
            let waited = waited.map(|(_, reading)| (reading.received, reading.rejected()));
            (reading.received, waited.collect::<Vec<_>>())
        };
        let before = sums.memory.remaining(account(1)).bytes;
        // As a connection has them: waiting for them on this very thread would never end.
        let guard = busy.lock();
        assert_eq!(datagram(&busy, 1, b"heat:1|g\nbad"), (0, vec![]));
        assert_eq!(datagram(&busy, 1, b"heat:5|g"), (0, vec![]));
        assert_eq!(datagram(&other, 2, b"heat:9|g"), (1, vec![]));
        assert!(sums.memory.remaining(account(1)).bytes < before);
        drop(guard);
        // What waited comes before what follows it.
        assert_eq!(datagram(&busy, 1, b"heat:+2|g"), (1, vec![(2, 1), (1, 0)]));
        let batch = busy.lock().aggregator.flush(Millis(0));
        let values: Vec<_> = batch.iter().map(|sample| sample.value).collect();
        assert_eq!(values, [7.0]);
    }

    /// Datagrams that wait have a bound, are given back, and keep their sums from being forgotten.
    #[test]
    fn what_waits_for_sums_is_bounded_and_none_of_it_is_lost() {
        let sums = sums(1 << 20);
        let sum = sums.sum(owner(1), account(1)).unwrap();
        let before = sums.memory.remaining(account(1)).bytes;
        let credential = credential();
        let add = |lines: &[u8], waits: bool| {
            sums.add(&sum, account(1), (&credential, sender()), (lines, waits))
        };
        let packet = b"a:1|c\n".repeat(10_000);
        let mut held = sum.lock();
        let mut left = 0;
        while let Some(LinesOutcome::Read(..)) = add(&packet, false) {
            left += 1;
        }
        assert_eq!(left, 4);
        assert!(!sums.close(owner(1), &sum, &mut held));
        drop(held);
        // The thread that reads for all reads a part of it, and has to leave what comes after the rest.
        let Some(LinesOutcome::Read(reading, waited)) = add(b"a:1|c", false) else {
            panic!("it may wait");
        };
        assert_eq!((reading.received, waited.len()), (0, 2));
        // A connection reads all of it.
        let Some(LinesOutcome::Read(reading, waited)) = add(b"a:1|c", true) else {
            panic!("a connection waits");
        };
        assert_eq!((reading.received, waited.len()), (1, 3));
        let mut held = sum.lock();
        let batch = held.aggregator.flush(Millis(0));
        let values: Vec<_> = batch.iter().map(|sample| sample.value).collect();
        assert_eq!(values, [4000.2, 40_002.0]);
        assert!(sums.close(owner(1), &sum, &mut held));
        drop(held);
        assert!(add(b"a:1|c", false).is_none() && add(b"a:1|c", true).is_none());
        assert_eq!(
            sums.memory.remaining(account(1)).bytes,
            before + EMPTY_BYTES
        );
    }
}
