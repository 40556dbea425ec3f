//! One series in the head: a column that grows at its end, and a list for what arrives late.
//!
//! The column is kept in chunks that are shared by copies of the series, so that a copy for a reader, and a write while
//! the reader has it, cost little however many samples there are.
//!
//! Invariant: among equal instants a late sample is the newer one. A late sample is older than the column's end when it
//! arrives; the column only ever grows or overwrites at its end; and a deletion, which can move the end back, makes the
//! late samples that then lie behind it part of the column.

use crate::points::Points;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::Arc;

/// Late samples are folded into the column when there are as many as this, and as an eighth of the column: that bounds
/// what a reader must sort, and keeps folding linear on the whole.
const LATE_MIN: usize = 256;

/// Samples of a chunk. A write copies at most so many for a reader.
const CHUNK: usize = 256;

/// Some samples of a column, shared. Their number stands beside them, so that counting many touches none.
#[derive(Debug, Clone)]
struct Chunk {
    points: Arc<Points>,
    count: usize,
}

impl Chunk {
    fn of(points: Points) -> Self {
        Self {
            count: points.len(),
            points: Arc::new(points),
        }
    }
}

/// Samples that a deletion has taken out. Freeing many takes time: drop this when no lock is held.
pub(crate) type Removed = Vec<Arc<Points>>;

/// The samples of one series since the last flush.
#[derive(Debug, Clone)]
pub(crate) struct HeadSeries {
    tenant: TenantId,
    /// Ascending; none is empty, and none has more than [`CHUNK`] samples.
    chunks: Vec<Chunk>,
    /// Samples in them.
    in_chunks: usize,
    /// The newest; empty only where there are no chunks.
    tail: Points,
    late: Vec<(i64, f64)>,
}

impl HeadSeries {
    pub(crate) const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            chunks: Vec::new(),
            in_chunks: 0,
            tail: Points {
                timestamps: Vec::new(),
                values: Vec::new(),
            },
            late: Vec::new(),
        }
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.tail.is_empty() && self.late.is_empty()
    }

    /// Samples held, those included that a late one overwrites.
    pub(crate) fn len(&self) -> u64 {
        (self.column_len() + self.late.len()) as u64
    }

    /// Samples that arrived late, and are not in the column yet.
    pub(crate) fn late_len(&self) -> u64 {
        self.late.len() as u64
    }

    fn column_len(&self) -> usize {
        self.in_chunks + self.tail.len()
    }

    /// Adds a sample; says whether it was late.
    pub(crate) fn append(&mut self, at: i64, value: f64) -> bool {
        match self.tail.last() {
            Some(last) if at < last => {
                self.late.push((at, value));
                if self.late.len() >= LATE_MIN && self.late.len() >= self.column_len() / 8 {
                    self.fold();
                }
                true
            }
            Some(last) if at == last => {
                if let Some(newest) = self.tail.values.last_mut() {
                    *newest = value;
                }
                false
            }
            _ => {
                self.grow(at, value);
                false
            }
        }
    }

    /// Adds a sample at the column's end.
    fn grow(&mut self, at: i64, value: f64) {
        if self.tail.len() >= CHUNK {
            self.in_chunks += self.tail.len();
            self.chunks.push(Chunk::of(std::mem::take(&mut self.tail)));
        }
        self.tail.push(at, value);
    }

    /// The first chunk that may hold samples from `at` on.
    fn first_chunk(&self, at: i64) -> usize {
        self.chunks
            .partition_point(|own| own.points.last().is_some_and(|last| last < at))
    }

    /// The chunks and the tail that may hold samples in `range`.
    pub(crate) fn parts(&self, range: TimeRange) -> impl Iterator<Item = &Points> {
        let first = self.first_chunk(range.from.0);
        let until = range.until.0;
        self.chunks
            .iter()
            .skip(first)
            .map(|own| own.points.as_ref())
            .chain([&self.tail])
            .take_while(move |own| own.timestamps.first().is_some_and(|at| *at <= until))
    }

    /// The samples in `range` that arrived late; of equal instants in a part of the column, these count.
    pub(crate) fn late_in(&self, range: &TimeRange) -> Points {
        let late = self.late.iter().copied();
        sorted(late.filter(|(at, _)| range.contains(Millis(*at))))
    }

    /// Whether it has a sample in `range`.
    pub(crate) fn any_in(&self, range: &TimeRange) -> bool {
        self.least_in(range) > 0 || self.late.iter().any(|(at, _)| range.contains(Millis(*at)))
    }

    /// How many samples it has in `range`, not counting those that arrived late.
    pub(crate) fn least_in(&self, range: &TimeRange) -> u64 {
        let own = self.parts(*range).map(|part| part.positions(range).len());
        own.sum::<usize>() as u64
    }

    pub(crate) fn read(&self, range: &TimeRange) -> Points {
        let mut column = Points::default();
        for part in self.parts(*range) {
            column.extend(part.within(range));
        }
        column.merged(self.late_in(range))
    }

    /// Takes out the samples in `range`. Costs a look at each late sample and a copy of the two chunks at the range's ends,
    /// however many samples there are: it is done under the lock that writers need.
    pub(crate) fn remove_range(&mut self, range: &TimeRange, removed: &mut Removed) {
        let end_before = self.tail.last();
        self.late.retain(|(at, _)| !range.contains(Millis(*at)));
        let first = self.first_chunk(range.from.0);
        let touched = self.chunks.get(first..).unwrap_or_default();
        let until = range.until.0;
        let end = first
            + touched.partition_point(|own| {
                let begin = own.points.timestamps.first();
                begin.is_some_and(|begin| *begin <= until)
            });
        let touched = self.chunks.get(first..end).unwrap_or_default();
        let mut kept: Vec<Chunk> = Vec::new();
        let at_the_ends = [touched.first(), touched.get(1..).and_then(<[_]>::last)];
        for chunk in at_the_ends.into_iter().flatten() {
            let mut own = Points::clone(&chunk.points);
            own.retain(|at| !range.contains(at));
            if !own.is_empty() {
                kept.push(Chunk::of(own));
            }
        }
        let gone: usize = touched.iter().map(|own| own.count).sum();
        let left: usize = kept.iter().map(|own| own.count).sum();
        self.in_chunks = (self.in_chunks + left).saturating_sub(gone);
        let out = self.chunks.splice(first..end, kept);
        removed.extend(out.map(|own| own.points));
        self.tail.retain(|at| !range.contains(at));
        if self.tail.is_empty()
            && let Some(last) = self.chunks.pop()
        {
            self.in_chunks = self.in_chunks.saturating_sub(last.count);
            self.tail = Arc::unwrap_or_clone(last.points);
        }
        if self.tail.last() != end_before {
            self.catch_up();
        }
    }

    /// The column's end has moved back: what arrived late and now lies behind it is made its end, so that it never wins over
    /// what is written there from here on.
    fn catch_up(&mut self) {
        let end = self.tail.last().unwrap_or(i64::MIN);
        let (behind, late) = self.late.iter().partition(|(at, _)| *at >= end);
        self.late = late;
        let behind: Vec<(i64, f64)> = behind;
        for (at, value) in sorted(behind.into_iter()).iter() {
            match self.tail.values.last_mut() {
                Some(newest) if at == end => *newest = value,
                _ => self.grow(at, value),
            }
        }
    }

    fn fold(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let mut column = self.read(&TimeRange::ALL);
        self.late.clear();
        let in_tail = match column.len() % CHUNK {
            0 => CHUNK.min(column.len()),
            some => some,
        };
        self.tail = column.split_off(column.len() - in_tail);
        self.in_chunks = column.len();
        self.chunks = column.chunks(CHUNK).map(Chunk::of).collect();
    }
}

/// Samples in the order they arrived, as ascending points; of equal instants the last one stays.
fn sorted(samples: impl Iterator<Item = (i64, f64)>) -> Points {
    let mut samples: Vec<(i64, f64)> = samples.collect();
    samples.sort_by_key(|(at, _)| *at);
    let mut points = Points::default();
    let mut rest = samples.into_iter().peekable();
    while let Some((at, value)) = rest.next() {
        if rest.peek().is_none_or(|(next, _)| *next != at) {
            points.push(at, value);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn in_whatever_order_the_last_write_wins(
            operations in prop::collection::vec(
                prop_oneof![
                    8 => (0_i64..600, -1.0..1.0).prop_map(|(at, value)| (at, Some(value))),
                    1 => (0_i64..600).prop_map(|at| (at, None)),
                ],
                0..2000,
            )
        ) {
            let mut series = HeadSeries::new(TenantId(1));
            let mut model = BTreeMap::new();
            for (at, value) in operations {
                if let Some(value) = value {
                    series.append(at, value);
                    model.insert(at, value);
                } else {
                    let range = TimeRange { from: Millis(at), until: Millis(at + 50) };
                    let before = series.len();
                    let mut removed = Vec::new();
                    series.remove_range(&range, &mut removed);
                    model.retain(|at, _| !range.contains(Millis(*at)));
                    prop_assert!(series.len() <= before);
                    prop_assert!(!series.any_in(&range));
                }
                let counted: usize = series.chunks.iter().map(|own| own.points.len()).sum();
                prop_assert_eq!(counted, series.in_chunks);
                prop_assert!(!series.tail.is_empty() || series.chunks.is_empty());
            }
            let read = series.read(&TimeRange::ALL);
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
        }
    }

    /// Each deletion of a second rebuilt the whole column, under the lock that every writer needs.
    #[test]
    fn a_deletion_touches_no_more_than_the_ends_of_its_range() {
        let mut series = HeadSeries::new(TenantId(1));
        for at in 0..100_000 {
            series.append(at, 1.0);
        }
        series.append(7, 2.0);
        let before = series.clone();
        let range = TimeRange {
            from: Millis(50_100),
            until: Millis(60_000),
        };
        let mut removed = Vec::new();
        series.remove_range(&range, &mut removed);
        assert_eq!(series.len(), 100_001 - 9_901);
        let is_same = |own: &&Chunk| {
            let mut old = before.chunks.iter();
            old.any(|old| Arc::ptr_eq(&old.points, &own.points))
        };
        let copied = series.chunks.len() - series.chunks.iter().filter(is_same).count();
        assert!(copied <= 2, "{copied} chunks were copied");
        // What it took out is freed by whoever holds no lock.
        assert!(removed.len() >= 9_901 / CHUNK);
    }
}
