//! Deletion: the search goes over a view, its effect is applied in pieces, each a record of the log of its own.
//!
//! A reader may so see a large deletion half done: some of the series gone and others not yet. What came in after the
//! search began is not meant by it. A crash in the middle leaves what was applied before it; the deletion was not
//! acknowledged then, and doing it again ends it.

use crate::core::Core;
use crate::guard::{PIECE, Writing, give_way};
use crate::read::find;
use crate::read::pace::Pace;
use crate::wal::record::{Kind, put_numbers, put_range};
use base::context::Context;
use base::id::TenantId;
use base::store::{DeleteQuery, Deleted, StoreError};
use base::time::TimeRange;
use roaring::RoaringBitmap;

/// `series` in pieces that are small enough to be applied under the lock, ascending.
pub(crate) fn pieces(series: &RoaringBitmap) -> impl Iterator<Item = RoaringBitmap> {
    let mut rest = series.iter();
    std::iter::from_fn(move || {
        let piece: RoaringBitmap = rest.by_ref().take(PIECE).collect();
        (!piece.is_empty()).then_some(piece)
    })
}

fn numbers(series: &RoaringBitmap) -> Vec<u32> {
    series.iter().collect()
}

impl Core {
    pub(crate) fn delete(
        &self,
        tenant: TenantId,
        query: &DeleteQuery<'_>,
        context: &Context,
    ) -> Result<Deleted, StoreError> {
        if !query.dry_run {
            self.poison.check()?;
            self.wal.require_room()?;
        }
        let names = self.read().registry.names().of(tenant);
        let mut pace = Pace::new(context)?;
        let series = find::subtree(&names, query.pattern, &mut pace)?;
        // Held on, it would make every writer of a new series copy what it shares.
        drop(names);
        let deleted = Deleted {
            series: series.len(),
        };
        if query.dry_run || series.is_empty() {
            return Ok(deleted);
        }
        let sequence = match query.range {
            None => self.delete_all(&series),
            Some(range) => self.delete_range(&series, range),
        };
        self.wal.commit(sequence)?;
        Ok(deleted)
    }

    /// Returns the last record to wait for.
    fn delete_range(&self, series: &RoaringBitmap, range: TimeRange) -> u64 {
        // Activity first, a day at a time: a sample that comes in from here on sets its day again.
        let days = self.read().days.clone();
        for day in days.covered(series, &range) {
            self.write().days.clear(day, series);
        }
        let mut sequence = 0;
        for piece in pieces(series) {
            if sequence > 0 {
                give_way();
            }
            let mut memory = self.write();
            let payload = put_range(&range, numbers(&piece).into_iter());
            sequence = self.wal.push(Kind::DeleteRange, &payload);
            memory.delete_range(sequence, range, &piece);
        }
        sequence
    }

    /// The same for series as a whole.
    fn delete_all(&self, series: &RoaringBitmap) -> u64 {
        let mut sequence = 0;
        for piece in pieces(series) {
            if sequence > 0 {
                give_way();
            }
            sequence = self.delete_series(&mut self.write(), &piece);
        }
        let days = self.read().days.clone();
        for day in days.covered(series, &TimeRange::ALL) {
            self.write().days.clear(day, series);
        }
        sequence
    }

    /// Ends a piece of series: in the log, then in memory. Returns the record to wait for.
    pub(crate) fn delete_series(&self, memory: &mut Writing<'_>, series: &RoaringBitmap) -> u64 {
        let mut payload = Vec::new();
        put_numbers(&mut payload, numbers(series).into_iter());
        let sequence = self.wal.push(Kind::DeleteSeries, &payload);
        memory.delete_series(series);
        sequence
    }
}
