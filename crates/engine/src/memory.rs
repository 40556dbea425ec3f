//! What the engine holds in memory, behind one lock: who holds it sees one state of everything.
//!
//! The methods here are the effects of the log's records. Live writes and replay go through the same ones, so that a
//! restart ends where the crash began.

use crate::day::Day;
use crate::head::Head;
use crate::index::days::Days;
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
    pub(crate) births: Vec<SeriesRef>,
    pub(crate) deaths: Vec<SeriesRef>,
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

    /// The series end to exist.
    pub(crate) fn delete_series(&mut self, series: &RoaringBitmap) {
        for own in series.iter().map(SeriesRef) {
            self.registry.remove(own);
            self.head.remove(own);
            self.deaths.push(own);
        }
        self.days.remove(series);
        self.purge = true;
    }

    /// The samples of the series in the range end to exist: at once in the head, hidden where they are immutable.
    pub(crate) fn delete_range(&mut self, sequence: u64, range: TimeRange, series: RoaringBitmap) {
        for own in series.iter().map(SeriesRef) {
            self.head.remove_range(own, &range);
        }
        self.days.remove_range(&series, &range);
        Arc::make_mut(&mut self.tombstones).push(Tombstone {
            sequence,
            range,
            series,
        });
        self.purge = true;
    }

    /// The series turned out to have no samples of `day` in its only segment; unless the head has some, it has none.
    pub(crate) fn settle(&mut self, day: Day, emptied: &[(TenantId, SeriesRef)]) {
        for (tenant, series) in emptied {
            if self.head.read(*tenant, *series, &day.range()).is_empty() {
                self.days.clear(day, *series);
            }
        }
    }
}
