//! The registry in memory: a table of keyed 128-bit fingerprints for the write path, and the sorted names for the index.
//!
//! Fingerprints are keyed with a secret of the data folder, so that nobody can send names that crowd into one slot. A
//! hit is compared with the stored name all the same: a collision is refused, never silently another's series.

use crate::index::names::Names;
use base::id::{SeriesRef, TenantId};
use hashbrown::HashTable;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use std::collections::HashMap;
use std::sync::Arc;

/// The secret of a data folder.
pub(crate) type FingerprintKey = [u64; 2];

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A series has it.
    Known(SeriesRef),
    /// No series has it.
    Unknown,
    /// Another name has its fingerprint.
    Collision,
}

/// A series that exists.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) tenant: TenantId,
    pub(crate) name: Arc<str>,
}

/// All series of all tenants.
#[derive(Debug)]
pub(crate) struct Registry {
    secrets: [RapidSecrets; 2],
    table: HashTable<(u128, SeriesRef)>,
    series: HashMap<SeriesRef, Entry>,
    names: Names,
    next: u32,
    scratch: Vec<u8>,
}

impl Registry {
    pub(crate) fn new(key: FingerprintKey) -> Self {
        Self {
            secrets: key.map(RapidSecrets::seed),
            table: HashTable::new(),
            series: HashMap::new(),
            names: Names::default(),
            next: 0,
            scratch: Vec::new(),
        }
    }

    fn fingerprint(&mut self, tenant: TenantId, name: &str) -> u128 {
        self.scratch.clear();
        self.scratch.extend_from_slice(&tenant.0.to_be_bytes());
        self.scratch.extend_from_slice(name.as_bytes());
        let [high, low] = &self.secrets;
        u128::from(rapidhash_v3_seeded(&self.scratch, high)) << 64
            | u128::from(rapidhash_v3_seeded(&self.scratch, low))
    }

    pub(crate) fn lookup(&mut self, tenant: TenantId, name: &str) -> Lookup {
        let fingerprint = self.fingerprint(tenant, name);
        let Some((_, series)) = self
            .table
            .find(fingerprint as u64, |(own, _)| *own == fingerprint)
        else {
            return Lookup::Unknown;
        };
        match self.series.get(series) {
            Some(entry) if entry.tenant == tenant && *entry.name == *name => Lookup::Known(*series),
            _ => Lookup::Collision,
        }
    }

    /// Gives a new series the next number; `None` when there are no more.
    pub(crate) fn create(&mut self, tenant: TenantId, name: &str) -> Option<SeriesRef> {
        if self.next == u32::MAX {
            return None;
        }
        let series = SeriesRef(self.next);
        self.insert(series, tenant, name);
        Some(series)
    }

    /// Takes in a series whose number is known.
    pub(crate) fn insert(&mut self, series: SeriesRef, tenant: TenantId, name: &str) {
        let fingerprint = self.fingerprint(tenant, name);
        self.table
            .insert_unique(fingerprint as u64, (fingerprint, series), |(own, _)| {
                *own as u64
            });
        let name: Arc<str> = name.into();
        self.names.insert(tenant, Arc::clone(&name), series);
        self.series.insert(series, Entry { tenant, name });
        self.reserve(series.0.saturating_add(1));
    }

    /// Gives no number below `next` from now on.
    pub(crate) fn reserve(&mut self, next: u32) {
        self.next = self.next.max(next);
    }

    /// Forgets a series. Its number is never given again.
    pub(crate) fn remove(&mut self, series: SeriesRef) {
        if let Some(Entry { tenant, name }) = self.series.remove(&series) {
            let fingerprint = self.fingerprint(tenant, &name);
            if let Ok(slot) = self
                .table
                .find_entry(fingerprint as u64, |(_, own)| *own == series)
            {
                slot.remove();
            }
            self.names.remove(tenant, &name);
        }
    }

    pub(crate) fn get(&self, series: SeriesRef) -> Option<&Entry> {
        self.series.get(&series)
    }

    pub(crate) fn contains(&self, series: SeriesRef) -> bool {
        self.series.contains_key(&series)
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// The number the next new series would get.
    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tenants_are_apart_and_numbers_never_come_back() {
        let mut registry = Registry::new([1, 2]);
        let (one, two) = (TenantId(1), TenantId(2));
        let first = registry.create(one, "a.b").unwrap();
        let second = registry.create(two, "a.b").unwrap();
        assert_ne!(first, second);
        assert_eq!(registry.lookup(one, "a.b"), Lookup::Known(first));
        assert_eq!(registry.lookup(two, "a.b"), Lookup::Known(second));
        registry.remove(first);
        assert_eq!(registry.lookup(one, "a.b"), Lookup::Unknown);
        assert_eq!(registry.lookup(two, "a.b"), Lookup::Known(second));
        assert_eq!(registry.create(one, "a.b"), Some(SeriesRef(2)));
        assert_eq!(registry.len(), 2);
    }
}
