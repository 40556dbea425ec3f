//! The registry in memory: a table of keyed fingerprints for the write path, and the sorted names for the index.
//!
//! Fingerprints are keyed with a secret of the data folder, so that a sender cannot choose names that collide. A hit is still compared
//! with the stored name: two names with one fingerprint are two series.

use super::entries::{Cursor, Entries, Entry};
use crate::created_series::CreatedSeries;
use crate::index::names::{Names, TenantNames};
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use hashbrown::HashTable;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use roaring::RoaringBitmap;
use std::collections::HashMap;
use std::sync::Arc;

/// The secret of a data folder.
pub(crate) type FingerprintKey = [u64; 2];

/// A name's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

/// All series of all tenants.
#[derive(Debug)]
pub(crate) struct Registry {
    secrets: RapidSecrets,
    /// The salt that tells tenants apart.
    salt: u64,
    table: HashTable<(u64, SeriesRef)>,
    series: Entries,
    names: Names,
    next: u32,
    /// Dropped tenants whose series are not all removed yet, each with the number below which its series are dropped.
    dropped: HashMap<TenantId, SeriesRef>,
}

/// Compares the names of series that are mostly neighbours, and looks the page of neighbours up once.
#[derive(Debug)]
pub(crate) struct NameCursor<'r> {
    registry: &'r Registry,
    entries: Cursor<'r>,
}

impl NameCursor<'_> {
    /// Whether the series is the tenant's of this name.
    pub(crate) fn has_name(&mut self, series: SeriesRef, tenant: TenantId, name: &str) -> bool {
        let entry = self.entries.get(series);
        entry.is_some_and(|entry| entry.is_named(tenant, name))
            && !self.registry.is_dropped(tenant, series)
    }
}

impl Registry {
    pub(crate) fn new([seed, salt]: FingerprintKey) -> Self {
        Self {
            secrets: RapidSecrets::seed(seed),
            salt: salt | 1,
            table: HashTable::new(),
            series: Entries::default(),
            names: Names::default(),
            next: 0,
            dropped: HashMap::new(),
        }
    }

    /// The fingerprint of a name. Pure: all names of a batch are asked for first, so that one look-up in the table does
    /// not wait for the other.
    pub(crate) fn fingerprint(&self, tenant: TenantId, name: &str) -> Fingerprint {
        let hash = rapidhash_v3_seeded(name.as_bytes(), &self.secrets);
        // A tenant's names are spread by a hash with a secret already; the tenant only has to move them.
        let tenant = u64::from(tenant.0).wrapping_mul(self.salt);
        Fingerprint(hash ^ tenant.rotate_left(17))
    }

    /// A series with this fingerprint, whose name is still to be compared.
    pub(crate) fn candidate(&self, Fingerprint(hash): Fingerprint) -> Option<SeriesRef> {
        let found = self.table.find(hash, |(other, _)| *other == hash);
        found.map(|(_, series)| *series)
    }

    /// A byte of the series' name, to [`crate::prefetch`].
    pub(crate) fn prefetch_byte(&self, series: SeriesRef) -> Option<u8> {
        self.series.get(series)?.name.bytes().next()
    }

    /// Whether the series is the tenant's of this name.
    pub(crate) fn has_name(&self, series: SeriesRef, tenant: TenantId, name: &str) -> bool {
        let entry = self.get(series);
        entry.is_some_and(|entry| entry.is_named(tenant, name))
    }

    /// Compares the names of series that are mostly neighbours.
    pub(crate) const fn cursor(&self) -> NameCursor<'_> {
        NameCursor {
            registry: self,
            entries: self.series.cursor(),
        }
    }

    /// The series of a name.
    pub(crate) fn lookup(
        &self,
        fingerprint: Fingerprint,
        tenant: TenantId,
        name: &str,
    ) -> Option<SeriesRef> {
        let Fingerprint(hash) = fingerprint;
        let same = |(other, series): &(u64, SeriesRef)| {
            *other == hash && self.has_name(*series, tenant, name)
        };
        self.table.find(hash, same).map(|(_, series)| *series)
    }

    /// Gives a new series the next number; `None` when there are no more.
    #[cfg(test)]
    pub(crate) fn create(&mut self, tenant: TenantId, name: &str) -> Option<SeriesRef> {
        let series = Some(SeriesRef(self.next)).filter(|series| series.0 != u32::MAX)?;
        let fingerprint = self.fingerprint(tenant, name);
        self.insert(fingerprint, series, tenant, name.into());
        Some(series)
    }

    /// Adds a new series.
    pub(crate) fn insert(
        &mut self,
        fingerprint: Fingerprint,
        series: SeriesRef,
        tenant: TenantId,
        name: Arc<str>,
    ) {
        self.names.insert(tenant, Arc::clone(&name), series);
        self.put(fingerprint, series, Entry { tenant, name });
    }

    /// Takes in a series whose number is known, all but its place among the sorted names: a start makes these at one time,
    /// once it knows all that there are ([`Self::index_names`]).
    pub(crate) fn register(&mut self, series: SeriesRef, tenant: TenantId, name: Arc<str>) {
        let fingerprint = self.fingerprint(tenant, &name);
        self.put(fingerprint, series, Entry { tenant, name });
    }

    fn put(&mut self, Fingerprint(hash): Fingerprint, series: SeriesRef, entry: Entry) {
        self.table
            .insert_unique(hash, (hash, series), |(hash, _)| *hash);
        self.series.insert(series, entry);
        self.reserve_numbers_below(series.0.saturating_add(1));
    }

    /// Makes room for so many more series.
    pub(crate) fn reserve_capacity(&mut self, series: usize) {
        self.table.reserve(series, |(hash, _)| *hash);
    }

    /// Makes the sorted names. `all`: everything that was taken in, also what has ended since, preferably in runs that are
    /// sorted already.
    pub(crate) fn index_names(&mut self, mut all: Vec<CreatedSeries>) {
        all.retain(|created| self.contains(created.series));
        // It merges runs, which is what name files are.
        all.sort();
        self.names = Names::of_sorted(all);
    }

    /// From here on, no new series gets a number below `next`.
    pub(crate) fn reserve_numbers_below(&mut self, next: u32) {
        self.next = self.next.max(next);
    }

    /// Drops all present series of a tenant, which are those below a number; they are removed later. Returns their names.
    pub(crate) fn drop_tenant(&mut self, tenant: TenantId, below: SeriesRef) -> TenantNames {
        let ended = self.dropped.entry(tenant).or_insert(below);
        *ended = below.max(*ended);
        self.names.remove_tenant(tenant)
    }

    /// All series of the dropped tenants are removed.
    pub(crate) fn forget_dropped_tenants(&mut self) {
        self.dropped.clear();
    }

    /// Whether the series was dropped with its tenant.
    pub(crate) fn is_dropped(&self, tenant: TenantId, series: SeriesRef) -> bool {
        // Called for each sample, and nearly always no tenant is being dropped.
        if self.dropped.is_empty() {
            return false;
        }
        let below = self.dropped.get(&tenant);
        below.is_some_and(|below| series < *below)
    }

    /// Removes a series. Its number is never used again.
    pub(crate) fn remove(&mut self, series: SeriesRef) -> Option<Entry> {
        let entry = self.series.remove(series)?;
        let is_dropped = self.is_dropped(entry.tenant, series);
        let Fingerprint(fingerprint) = self.fingerprint(entry.tenant, &entry.name);
        let place = self
            .table
            .find_entry(fingerprint, |(_, other)| *other == series);
        if let Ok(slot) = place {
            slot.remove();
        }
        // The name of a series that was dropped with its tenant may belong to a new series by now.
        if !is_dropped {
            self.names.remove(entry.tenant, &entry.name);
        }
        Some(entry)
    }

    pub(crate) fn get(&self, series: SeriesRef) -> Option<&Entry> {
        let entry = self.series.get(series)?;
        (!self.is_dropped(entry.tenant, series)).then_some(entry)
    }

    /// The tenant of these series, of which some may have ended; all are one tenant's.
    pub(crate) fn tenant_of(&self, series: &RoaringBitmap) -> Option<TenantId> {
        let mut entries = series
            .iter()
            .filter_map(|series| self.get(SeriesRef(series)));
        entries.next().map(|entry| entry.tenant)
    }

    pub(crate) fn contains(&self, series: SeriesRef) -> bool {
        self.get(series).is_some()
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
    }

    /// The number the next new series would get.
    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    pub(crate) const fn len(&self) -> usize {
        self.series.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(registry: &Registry, tenant: TenantId, name: &str) -> Option<SeriesRef> {
        let fingerprint = registry.fingerprint(tenant, name);
        registry.lookup(fingerprint, tenant, name)
    }

    #[test]
    fn names_of_tenants_are_apart_and_numbers_never_come_back() {
        let mut registry = Registry::new([1, 2]);
        let (one, two) = (TenantId(1), TenantId(2));
        let first = registry.create(one, "a.b").unwrap();
        let second = registry.create(two, "a.b").unwrap();
        assert_ne!(first, second);
        assert_eq!(find(&registry, one, "a.b"), Some(first));
        assert_eq!(find(&registry, two, "a.b"), Some(second));
        registry.remove(first);
        assert_eq!(find(&registry, one, "a.b"), None);
        assert_eq!(find(&registry, two, "a.b"), Some(second));
        assert_eq!(registry.create(one, "a.b"), Some(SeriesRef(2)));
        assert_eq!(registry.len(), 2);
    }

    #[test]
    fn the_last_number_is_found_and_none_comes_after_it() {
        let mut registry = Registry::new([1, 2]);
        registry.reserve_numbers_below(u32::MAX - 1);
        let last = registry.create(TenantId(1), "a").unwrap();
        assert_eq!(last, SeriesRef(u32::MAX - 1));
        assert_eq!(registry.next(), u32::MAX);
        assert_eq!(find(&registry, TenantId(1), "a"), Some(last));
        registry.remove(last);
        assert_eq!((registry.len(), registry.get(last).is_none()), (0, true));
    }

    #[test]
    fn names_that_share_a_fingerprint_are_two_series() {
        let mut registry = Registry::new([1, 2]);
        let one = TenantId(1);
        let first = registry.create(one, "a.b").unwrap();
        let shared = registry.fingerprint(one, "a.b");
        assert_eq!(registry.lookup(shared, one, "c.d"), None);
        let Fingerprint(hash) = shared;
        registry.series.insert(
            SeriesRef(7),
            Entry {
                tenant: one,
                name: "c.d".into(),
            },
        );
        registry
            .table
            .insert_unique(hash, (hash, SeriesRef(7)), |(hash, _)| *hash);
        assert_eq!(registry.lookup(shared, one, "c.d"), Some(SeriesRef(7)));
        assert_eq!(registry.lookup(shared, one, "a.b"), Some(first));
    }
}
