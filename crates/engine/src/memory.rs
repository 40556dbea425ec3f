//! What the engine holds in memory, behind one lock: who holds it sees one state of everything.
//!
//! The methods here are the effects of the log's records. Live writes and replay go through the same ones, so that a
//! restart ends where the crash began.

use crate::day::Day;
use crate::guard;
use crate::head::Head;
use crate::head::series::{HeadSeries, Removed};
use crate::index::days::Days;
use crate::index::names::{Names, Owned};
use crate::registry::file::Birth;
use crate::registry::table::Registry;
use crate::segment::reader::Segment;
use crate::stored::Stored;
use crate::tombstone::Tombstone;
use base::id::{SeriesRef, TenantId};
use base::time::{Millis, TimeRange};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// A head that is being flushed: read, but never changed.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) head: Head,
    /// The last record whose effect is in it.
    pub(crate) sequence: u64,
}

/// What a deletion has taken out of the head. Freeing it takes time: drop it when the lock is free again.
#[derive(Debug, Default)]
pub(crate) struct Garbage {
    chunks: Removed,
    series: Vec<Arc<HeadSeries>>,
}

/// The whole state.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) registry: Registry,
    pub(crate) days: Days,
    pub(crate) head: Head,
    pub(crate) frozen: Option<Arc<Frozen>>,
    /// Ascending by day, then by sequence.
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    /// What tenants occupy in `segments`.
    pub(crate) stored: Arc<Stored>,
    /// Ascending by sequence.
    pub(crate) tombstones: Arc<Vec<Tombstone>>,
    /// Since the last flush.
    pub(crate) births: Vec<Birth>,
    pub(crate) deaths: Vec<SeriesRef>,
    /// The last record whose effect is in a source older than the head.
    pub(crate) frozen_through: u64,
    /// Segments may hold samples that were deleted.
    pub(crate) purge: bool,
    /// When they last held none for sure.
    pub(crate) purged: Option<Millis>,
}

impl Memory {
    pub(crate) fn new(registry: Registry) -> Self {
        Self {
            registry,
            days: Days::default(),
            head: Head::default(),
            frozen: None,
            segments: Arc::default(),
            stored: Arc::default(),
            tombstones: Arc::default(),
            births: Vec::new(),
            deaths: Vec::new(),
            frozen_through: 0,
            purge: false,
            purged: None,
        }
    }

    /// Writes a sample; false when there is no such series.
    pub(crate) fn write(&mut self, series: SeriesRef, at: i64, value: f64) -> bool {
        let Some(entry) = self.registry.get(series) else {
            return false;
        };
        self.head.append(entry.tenant, series, at, value);
        self.days.set(Day::of(Millis(at)), series);
        true
    }

    /// A series was born: in the registry, and in the next name file.
    pub(crate) fn bear(&mut self, series: SeriesRef) {
        if let Some(entry) = self.registry.get(series) {
            let name = Arc::clone(&entry.name);
            self.births.push((entry.tenant, name, series));
        }
    }

    /// The series end to exist. Their days are cleared by the caller, in whatever pieces: nothing asks for the activity
    /// of a series that has no name.
    pub(crate) fn delete_series(&mut self, series: &RoaringBitmap) -> Garbage {
        let mut garbage = Garbage::default();
        for own in series.iter().map(SeriesRef) {
            guard::step(1);
            self.registry.remove(own);
            garbage.series.extend(self.head.remove(own));
            self.deaths.push(own);
        }
        self.purge = true;
        garbage
    }

    /// The samples of the series in the range end to exist: at once in the head, hidden where they are immutable. Their
    /// days are cleared by the caller **before** this, in whatever pieces, so that what is written after it counts.
    pub(crate) fn delete_range(
        &mut self,
        sequence: u64,
        range: TimeRange,
        series: &RoaringBitmap,
    ) -> Garbage {
        let mut garbage = Garbage::default();
        for own in series.iter().map(SeriesRef) {
            guard::step(1);
            self.head.remove_range(own, &range, &mut garbage.chunks);
        }
        self.purge = true;
        let Some(tenant) = self.owner_of(series) else {
            // Nobody can ask for what has no name.
            return garbage;
        };
        let tombstones = Arc::make_mut(&mut self.tombstones);
        // The next piece of the same deletion: as long as nothing was frozen in between, no source tells the two apart.
        if let Some(last) = tombstones.last_mut().filter(|last| {
            last.tenant == tenant && last.range == range && last.sequence > self.frozen_through
        }) {
            last.sequence = sequence;
            *Arc::make_mut(&mut last.series) |= series;
            return garbage;
        }
        tombstones.push(Tombstone {
            tenant,
            sequence,
            range,
            series: Arc::new(series.clone()),
        });
        garbage
    }

    /// Whose these series are, of which some may have ended; all are one tenant's.
    pub(crate) fn owner_of(&self, series: &RoaringBitmap) -> Option<TenantId> {
        let mut own = series
            .iter()
            .filter_map(|own| self.registry.get(SeriesRef(own)));
        own.next().map(|entry| entry.tenant)
    }

    /// The effect on activity of a deletion that replay meets.
    pub(crate) fn clear_days(&mut self, series: &RoaringBitmap, range: &TimeRange) {
        for day in self.days.covered(series, range) {
            self.days.clear(day, series);
        }
    }

    /// The series turned out to have no samples of `day` in its only segment; unless the head has some, it has none.
    pub(crate) fn settle(&mut self, day: Day, emptied: &[(TenantId, SeriesRef)]) {
        let mut none = RoaringBitmap::new();
        for (tenant, series) in emptied {
            guard::step(1);
            let own = self.head.of(*tenant, *series);
            if !own.is_some_and(|own| own.any_in(&day.range())) {
                none.insert(series.0);
            }
        }
        self.days.clear(day, &none);
    }

    /// What a query of `tenant` needs: one state, which nothing changes, at the cost of a few counters.
    pub(crate) fn view(&self, tenant: TenantId) -> View {
        View {
            names: self.registry.names().of(tenant),
            head: self.head.clone(),
            frozen: self.frozen.clone(),
            segments: Arc::clone(&self.segments),
            tombstones: Arc::clone(&self.tombstones),
        }
    }

    /// All names of all tenants, as they are now.
    pub(crate) fn all_names(&self) -> Names {
        self.registry.names().clone()
    }
}

/// A state of the store as one tenant sees it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) names: Owned,
    pub(crate) head: Head,
    pub(crate) frozen: Option<Arc<Frozen>>,
    pub(crate) segments: Arc<Vec<Arc<Segment>>>,
    pub(crate) tombstones: Arc<Vec<Tombstone>>,
}
