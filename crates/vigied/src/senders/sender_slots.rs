//! Slots for connections of senders. An unauthenticated connection gives way to a new one, the oldest first; an authenticated one
//! keeps its slot. One in eight slots is never kept, so that a sender with a credential always gets in to present it; each account
//! has a share of the others.

use crate::http::fair_share::{ShareOwner, Shares, Tally};
use base::limit::{self, Limit};
use base::scope::Domain;
use base::source::SourceKey;
use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One in this many slots is for senders that have not authenticated yet.
const NEWCOMERS: usize = 8;

#[derive(Debug)]
struct Entry {
    stream: Arc<TcpStream>,
    /// `None` for a trusted proxy, which is no source.
    source: Option<SourceKey>,
    /// The domain and the owner, if the sender has authenticated.
    known: Option<(Domain, ShareOwner)>,
}

#[derive(Debug)]
struct SenderTable {
    /// By number: the oldest first.
    all: BTreeMap<u64, Entry>,
    next: u64,
    /// The number of kept slots by account.
    kept: Tally,
}

impl SenderTable {
    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.all.remove(&number)?;
        if let Some((_, owner)) = entry.known {
            self.kept.subtract(owner, 1);
        }
        Some(entry)
    }

    /// Ends the oldest unauthenticated one of those connections; whether there is one.
    fn evict(&mut self, is_one: impl Fn(&Entry) -> bool) -> bool {
        let mut all = self.all.iter();
        let oldest = all.find(|(_, entry)| entry.known.is_none() && is_one(entry));
        let Some(number) = oldest.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(entry) = self.remove(number) {
            // Its thread reads the end, and finds its slot gone.
            let _ = entry.stream.shutdown(Shutdown::Both);
        }
        true
    }
}

/// The slots for connections of senders.
#[derive(Debug)]
pub(super) struct SenderSlots {
    most: usize,
    per_source: usize,
    per_domain: usize,
    table: Mutex<SenderTable>,
}

/// A slot, freed when dropped.
#[derive(Debug)]
pub(super) struct SenderSlot<'p> {
    of: &'p SenderSlots,
    number: u64,
}

impl SenderSlots {
    pub(super) fn new(most: usize, per_source: usize, per_domain: usize, shares: Shares) -> Self {
        let most = most.max(1);
        let kept = (most - most / NEWCOMERS) as u64;
        Self {
            most,
            per_source: per_source.max(1),
            per_domain: per_domain.max(1),
            table: Mutex::new(SenderTable {
                all: BTreeMap::new(),
                next: 0,
                kept: Tally::new(&limit::SENDER_CONNECTIONS, kept, shares),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, SenderTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a new connection; the limit that leaves none. `on_limit` is also called for a slot that another connection gave
    /// up.
    pub(super) fn acquire(
        &self,
        source: Option<SourceKey>,
        stream: &Arc<TcpStream>,
        on_limit: impl Fn(&'static Limit),
    ) -> Option<u64> {
        let mut table = self.lock();
        let is_own = |entry: &Entry| source.is_some() && entry.source == source;
        let of_source = table.all.values().filter(|entry| is_own(entry));
        if of_source.count() >= self.per_source {
            on_limit(&limit::SENDER_CONNECTIONS_PER_SOURCE);
            // Else a silent client would keep out all others that share its address.
            if !table.evict(is_own) {
                return None;
            }
        }
        if table.all.len() >= self.most {
            on_limit(&limit::SENDER_CONNECTIONS);
            if !table.evict(|_| true) {
                return None;
            }
        }
        let number = table.next;
        table.next += 1;
        let entry = Entry {
            stream: Arc::clone(stream),
            source,
            known: None,
        };
        table.all.insert(number, entry);
        Some(number)
    }

    /// The slot with this number.
    pub(super) const fn slot(&self, number: u64) -> SenderSlot<'_> {
        SenderSlot { of: self, number }
    }
}

impl SenderSlot<'_> {
    /// Keeps the slot for a sender to this domain, of this account.
    ///
    /// # Errors
    /// The limit that it would exceed.
    pub(super) fn keep(&self, domain: Domain, owner: ShareOwner) -> Result<(), &'static Limit> {
        let mut table = self.of.lock();
        let number = self.number;
        let others = table.all.iter().filter(|(other, _)| **other != number);
        let to_domain =
            others.filter(|(_, entry)| entry.known.is_some_and(|known| known.0 == domain));
        if to_domain.count() >= self.of.per_domain {
            return Err(&limit::SENDER_CONNECTIONS_PER_DOMAIN);
        }
        let Some(before) = table.all.get(&number).map(|entry| entry.known) else {
            // Another has it, and the connection is about to end.
            return Ok(());
        };
        if let Some((_, before)) = before {
            table.kept.subtract(before, 1);
        }
        // Who has one needs no other.
        let has_one = before.is_some_and(|(_, before)| before == owner);
        let over = table.kept.over(owner, 1).filter(|_| !has_one);
        let (known, answer) = match over {
            None => (Some((domain, owner)), Ok(())),
            Some(over) => (before, Err(over.limit)),
        };
        if let Some((_, owner)) = known {
            table.kept.add(owner, 1);
        }
        if let Some(entry) = table.all.get_mut(&number) {
            entry.known = known;
        }
        answer
    }

    /// Counts the slot for a source that a proxy has named; `false` where that has too many, or another has the slot.
    pub(super) fn count_for(
        &self,
        source: Option<SourceKey>,
        on_limit: impl Fn(&'static Limit),
    ) -> bool {
        let mut table = self.of.lock();
        let is_own = |entry: &Entry| source.is_some() && entry.source == source;
        let of_source = table.all.values().filter(|entry| is_own(entry));
        if of_source.count() >= self.of.per_source {
            on_limit(&limit::SENDER_CONNECTIONS_PER_SOURCE);
            if !table.evict(is_own) {
                return false;
            }
        }
        let Some(entry) = table.all.get_mut(&self.number) else {
            return false;
        };
        entry.source = source;
        true
    }

    /// Whether another has not got it.
    pub(super) fn is_held(&self) -> bool {
        self.of.lock().all.contains_key(&self.number)
    }
}

impl Drop for SenderSlot<'_> {
    fn drop(&mut self) {
        self.of.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid, SpaceId};

    fn account(number: u8) -> ShareOwner {
        ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
    }

    fn stream() -> Arc<TcpStream> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap())
    }

    fn source(number: u8) -> Option<SourceKey> {
        Some(SourceKey::of([192, 0, 2, number].into()))
    }

    fn space(number: u8) -> Domain {
        Domain::Space(SpaceId(Guid::from_random([number; 16])))
    }

    #[test]
    fn unidentified_senders_are_evicted_and_identified_ones_are_not() {
        let (slots, stream) = (SenderSlots::new(3, 3, 3, Shares::whole()), stream());
        let acquire = |from| {
            slots
                .acquire(source(from), &stream, |_| {})
                .map(|acquired| slots.slot(acquired))
        };
        let known = acquire(1).unwrap();
        known.keep(space(1), account(1)).unwrap();
        let silent: Vec<_> = (0..4).map(|_| acquire(2).unwrap()).collect();
        assert_eq!(slots.lock().all.len(), 3);
        let numbers: Vec<u64> = slots.lock().all.keys().copied().collect();
        assert_eq!(numbers, [0, 3, 4]);
        for slot in silent.get(2..).unwrap() {
            slot.keep(space(2), account(1)).unwrap();
        }
        assert!(acquire(3).is_none());
    }

    #[test]
    fn a_source_and_a_domain_have_their_bound() {
        let (slots, stream) = (SenderSlots::new(100, 2, 1, Shares::whole()), stream());
        let acquire = |from| {
            slots
                .acquire(source(from), &stream, |_| {})
                .map(|acquired| slots.slot(acquired))
        };
        let (one, two) = (acquire(1).unwrap(), acquire(1).unwrap());
        two.keep(space(2), account(1)).unwrap();
        one.keep(space(1), account(1)).unwrap();
        assert!(acquire(1).is_none());
        one.keep(space(1), account(1)).unwrap();
        let limit = two.keep(space(1), account(1)).unwrap_err();
        assert_eq!(limit.name, "sender_connections_per_domain");
        drop(one);
        two.keep(space(1), account(1)).unwrap();
        assert!(acquire(1).is_some());
        // A trusted proxy has the connections of many.
        let of_proxy: Vec<_> = (0..9)
            .map(|_| slots.acquire(None, &stream, |_| {}))
            .collect();
        assert!(of_proxy.iter().all(Option::is_some));
        assert_eq!(slots.lock().all.len(), 10);
    }

    /// Silent unauthenticated connections kept everybody out who has the same address.
    #[test]
    fn a_silent_stranger_gives_way_to_the_next_of_its_source() {
        let (slots, stream) = (SenderSlots::new(100, 2, 2, Shares::whole()), stream());
        let acquire = |from| {
            slots
                .acquire(source(from), &stream, |_| {})
                .map(|acquired| slots.slot(acquired))
        };
        let other = acquire(2).unwrap();
        let (one, two) = (acquire(1).unwrap(), acquire(1).unwrap());
        let three = acquire(1).unwrap();
        assert!(other.is_held() && !one.is_held() && two.is_held());
        two.keep(space(1), account(1)).unwrap();
        three.keep(space(1), account(1)).unwrap();
        assert!(acquire(1).is_none());
    }

    /// All who came by one proxy were one source, or none.
    #[test]
    fn whom_a_proxy_names_counts_as_a_source_of_their_own() {
        let (slots, stream) = (SenderSlots::new(100, 2, 9, Shares::whole()), stream());
        let acquire = || slots.slot(slots.acquire(None, &stream, |_| {}).unwrap());
        let (one, two, three, other) = (acquire(), acquire(), acquire(), acquire());
        let hit = std::cell::Cell::new(0);
        let counts =
            |slot: &SenderSlot<'_>, from| slot.count_for(source(from), |_| hit.set(hit.get() + 1));
        assert!(counts(&one, 1) && counts(&two, 1) && counts(&other, 2));
        two.keep(space(1), account(1)).unwrap();
        assert_eq!(hit.get(), 0);
        // The one that has not said who it is gives way.
        assert!(counts(&three, 1) && hit.get() == 1);
        assert!(!one.is_held() && two.is_held() && three.is_held() && other.is_held());
        three.keep(space(1), account(1)).unwrap();
        assert!(!counts(&acquire(), 1));
        // A connection without its slot counts for no account.
        assert!(!counts(&one, 3));
    }

    /// With enough spaces one account had every slot that a sender can keep.
    #[test]
    fn an_account_has_a_share_however_many_spaces_it_has() {
        let (slots, stream) = (
            SenderSlots::new(64, 64, 64, Shares::of(50, 25, 75)),
            stream(),
        );
        let acquire = || slots.slot(slots.acquire(source(1), &stream, |_| {}).unwrap());
        let keep = |owner, count: u8| -> Vec<SenderSlot<'_>> {
            let kept = (0..count).filter_map(|number| {
                let slot = acquire();
                slot.keep(space(number), owner).is_ok().then_some(slot)
            });
            kept.collect()
        };
        // Of 56 slots.
        let first = keep(account(1), 60);
        assert_eq!(first.len(), 28);
        let further = acquire();
        let over = further.keep(space(99), account(1)).unwrap_err();
        assert_eq!(over.name, "account_share_percent");
        let second = keep(account(2), 60);
        let third = keep(account(3), 60);
        assert!(second.len() > 15 && !third.is_empty());
        // A sender who moves within the account needs no further slot.
        first.first().unwrap().keep(space(98), account(1)).unwrap();
        drop((first, further, second, third));
        assert!(slots.lock().all.is_empty() && slots.lock().kept.used() == 0);
    }
}
