//! Places for connections of senders. A connection that has not said who it is gives way to a new one, the oldest first; one that
//! has keeps its place. One in eight places is never kept, so that a sender with a credential always gets in to show it.

use base::limit::{self, Limit};
use base::scope::Domain;
use base::source::SourceKey;
use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One in this many places is for those who have yet to say who they are.
const NEWCOMERS: usize = 8;

#[derive(Debug)]
struct Entry {
    stream: Arc<TcpStream>,
    source: SourceKey,
    domain: Option<Domain>,
}

#[derive(Debug, Default)]
struct Taken {
    /// By number: the oldest first.
    all: BTreeMap<u64, Entry>,
    next: u64,
}

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    per_source: usize,
    per_domain: usize,
    taken: Mutex<Taken>,
}

/// A place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place<'p> {
    of: &'p Places,
    number: u64,
}

impl Places {
    pub(super) fn new(most: usize, per_source: usize, per_domain: usize) -> Self {
        Self {
            most: most.max(1),
            per_source: per_source.max(1),
            per_domain: per_domain.max(1),
            taken: Mutex::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; the limit that leaves none. `on_limit` also hears of a place that another gave up.
    pub(super) fn admit(
        &self,
        source: SourceKey,
        stream: &Arc<TcpStream>,
        on_limit: impl Fn(&'static Limit),
    ) -> Option<u64> {
        let mut taken = self.taken();
        let own = taken.all.values().filter(|own| own.source == source);
        if own.count() >= self.per_source {
            on_limit(&limit::SENDER_CONNECTIONS_PER_SOURCE);
            return None;
        }
        if taken.all.len() >= self.most {
            on_limit(&limit::SENDER_CONNECTIONS);
            let unknown = taken.all.iter().find(|(_, own)| own.domain.is_none());
            let number = unknown.map(|(number, _)| *number)?;
            if let Some(entry) = taken.all.remove(&number) {
                // Its thread reads the end, and finds its place gone.
                let _ = entry.stream.shutdown(Shutdown::Both);
            }
        }
        let number = taken.next;
        taken.next += 1;
        let entry = Entry {
            stream: Arc::clone(stream),
            source,
            domain: None,
        };
        taken.all.insert(number, entry);
        Some(number)
    }

    /// The place with this number.
    pub(super) const fn place(&self, number: u64) -> Place<'_> {
        Place { of: self, number }
    }
}

impl Place<'_> {
    /// Keeps the place for a sender to this domain.
    ///
    /// # Errors
    /// The limit that it would exceed.
    pub(super) fn keep(&self, domain: Domain) -> Result<(), &'static Limit> {
        let mut taken = self.of.taken();
        let count = |of: &dyn Fn(Domain) -> bool| {
            let others = taken
                .all
                .iter()
                .filter(|(number, _)| **number != self.number);
            others.filter(|(_, own)| own.domain.is_some_and(of)).count()
        };
        if count(&|own| own == domain) >= self.of.per_domain {
            return Err(&limit::SENDER_CONNECTIONS_PER_DOMAIN);
        }
        if count(&|_| true) >= (self.of.most - self.of.most / NEWCOMERS).max(1) {
            return Err(&limit::SENDER_CONNECTIONS);
        }
        if let Some(own) = taken.all.get_mut(&self.number) {
            own.domain = Some(domain);
        }
        Ok(())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.of.taken().all.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    fn stream() -> Arc<TcpStream> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap())
    }

    fn source(number: u8) -> SourceKey {
        SourceKey::of(std::net::IpAddr::from([192, 0, 2, number]))
    }

    fn space(number: u8) -> Domain {
        Domain::Space(SpaceId(Guid::from_random([number; 16])))
    }

    #[test]
    fn who_has_not_said_who_they_are_gives_way_and_who_has_does_not() {
        let (places, stream) = (Places::new(3, 3, 3), stream());
        let admit = |from| {
            places
                .admit(source(from), &stream, |_| {})
                .map(|own| places.place(own))
        };
        let known = admit(1).unwrap();
        known.keep(space(1)).unwrap();
        let silent: Vec<_> = (0..4).map(|_| admit(2).unwrap()).collect();
        assert_eq!(places.taken().all.len(), 3);
        let numbers: Vec<u64> = places.taken().all.keys().copied().collect();
        assert_eq!(numbers, [0, 3, 4]);
        for own in silent.get(2..).unwrap() {
            own.keep(space(2)).unwrap();
        }
        assert!(admit(3).is_none());
    }

    #[test]
    fn a_source_and_a_domain_have_their_bound() {
        let (places, stream) = (Places::new(100, 2, 1), stream());
        let admit = |from| {
            places
                .admit(source(from), &stream, |_| {})
                .map(|own| places.place(own))
        };
        let (one, two) = (admit(1).unwrap(), admit(1).unwrap());
        assert!(admit(1).is_none());
        one.keep(space(1)).unwrap();
        one.keep(space(1)).unwrap();
        let limit = two.keep(space(1)).unwrap_err();
        assert_eq!(limit.name, "sender_connections_per_domain");
        drop(one);
        two.keep(space(1)).unwrap();
        assert!(admit(1).is_some());
    }
}
