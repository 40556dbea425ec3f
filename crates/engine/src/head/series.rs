//! One series in the head: a column that grows at its end, and a list for what arrives late.
//!
//! The column is kept in chunks that are shared by copies of the series, so that a copy for a reader, and a write while
//! the reader has it, cost little however many samples there are.
//!
//! Invariant: among equal instants a late sample is the newer one. A late sample is older than the column's end when it
//! arrives; the column only ever grows or overwrites at its end; and a deletion, which could move the end back, folds
//! the late samples in first.

use crate::points::Points;
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use std::sync::Arc;

/// Late samples are folded into the column when there are as many as this, and as an eighth of the column: that bounds
/// what a reader must sort, and keeps folding linear on the whole.
const LATE_MIN: usize = 256;

/// Samples of a chunk. A write copies at most so many for a reader.
const CHUNK: usize = 256;

/// The samples of one series since the last flush.
#[derive(Debug, Clone)]
pub(crate) struct HeadSeries {
    tenant: TenantId,
    /// Full ones, ascending.
    chunks: Vec<Arc<Points>>,
    /// The newest; empty only where there are no chunks.
    tail: Points,
    late: Vec<(i64, f64)>,
}

impl HeadSeries {
    pub(crate) const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            chunks: Vec::new(),
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

    fn column_len(&self) -> usize {
        self.chunks.len() * CHUNK + self.tail.len()
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
                if self.tail.len() >= CHUNK {
                    self.chunks.push(Arc::new(std::mem::take(&mut self.tail)));
                }
                self.tail.push(at, value);
                false
            }
        }
    }

    /// The chunks and the tail that may hold samples in `range`.
    fn parts(&self, range: &TimeRange) -> impl Iterator<Item = &Points> {
        let first = self
            .chunks
            .partition_point(|own| own.last().is_some_and(|last| last < range.from.0));
        let until = range.until.0;
        self.chunks
            .iter()
            .skip(first)
            .map(Arc::as_ref)
            .chain([&self.tail])
            .take_while(move |own| own.timestamps.first().is_some_and(|at| *at <= until))
    }

    /// Whether it has a sample in `range`.
    pub(crate) fn any_in(&self, range: &TimeRange) -> bool {
        self.least_in(range) > 0 || self.late.iter().any(|(at, _)| range.contains(Millis(*at)))
    }

    /// How many samples it has in `range`, not counting those that arrived late.
    pub(crate) fn least_in(&self, range: &TimeRange) -> u64 {
        let own = self.parts(range).map(|part| part.positions(range).len());
        own.sum::<usize>() as u64
    }

    pub(crate) fn read(&self, range: &TimeRange) -> Points {
        let late = self
            .late
            .iter()
            .filter(|(at, _)| range.contains(Millis(*at)));
        let late = sorted(late.copied());
        let mut column = Points::default();
        for part in self.parts(range) {
            column.extend(part.within(range));
        }
        column.merged(late)
    }

    pub(crate) fn remove_range(&mut self, range: &TimeRange) {
        self.fold();
        let touched = |own: &Points| own.within_any(range);
        if self.chunks.iter().any(|own| touched(own)) {
            let mut kept = self.read(&TimeRange::ALL);
            kept.retain(|at| !range.contains(at));
            self.replace(kept);
        } else {
            self.tail.retain(|at| !range.contains(at));
            if self.tail.is_empty()
                && let Some(last) = self.chunks.pop()
            {
                self.tail = Arc::unwrap_or_clone(last);
            }
        }
    }

    fn fold(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let all = self.read(&TimeRange::ALL);
        self.late.clear();
        self.replace(all);
    }

    /// Makes `column` the column.
    fn replace(&mut self, mut column: Points) {
        let in_tail = match column.len() % CHUNK {
            0 => CHUNK.min(column.len()),
            some => some,
        };
        self.tail = column.split_off(column.len() - in_tail);
        self.chunks = column.chunks(CHUNK).map(Arc::new).collect();
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
                    series.remove_range(&range);
                    model.retain(|at, _| !range.contains(Millis(*at)));
                }
            }
            let read = series.read(&TimeRange::ALL);
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), model.into_iter().collect::<Vec<_>>());
        }
    }
}
