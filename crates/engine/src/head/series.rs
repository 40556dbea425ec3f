//! One series in the head: a column that grows at its end, and a list for what arrives late.
//!
//! Invariant: among equal instants a late sample is the newer one. A late sample is older than the column's end when it
//! arrives; the column only ever grows or overwrites at its end; and a deletion, which could move the end back, folds
//! the late samples in first.

use crate::points::Points;
use base::id::TenantId;
use base::time::{Millis, TimeRange};

/// Late samples are folded into the column when there are as many as this, and as an eighth of the column: that bounds
/// what a reader must sort, and keeps folding linear on the whole.
const LATE_MIN: usize = 256;

/// The samples of one series since the last flush.
#[derive(Debug)]
pub(crate) struct HeadSeries {
    tenant: TenantId,
    column: Points,
    late: Vec<(i64, f64)>,
}

impl HeadSeries {
    pub(crate) const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            column: Points {
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
        self.column.is_empty() && self.late.is_empty()
    }

    /// Adds a sample; says whether it was late.
    pub(crate) fn append(&mut self, at: i64, value: f64) -> bool {
        match self.column.last() {
            Some(last) if at < last => {
                self.late.push((at, value));
                if self.late.len() >= LATE_MIN && self.late.len() >= self.column.len() / 8 {
                    self.fold();
                }
                true
            }
            Some(last) if at == last => {
                if let Some(newest) = self.column.values.last_mut() {
                    *newest = value;
                }
                false
            }
            _ => {
                self.column.push(at, value);
                false
            }
        }
    }

    pub(crate) fn read(&self, range: &TimeRange) -> Points {
        let late = self
            .late
            .iter()
            .filter(|(at, _)| range.contains(Millis(*at)));
        self.column.within(range).merged(sorted(late.copied()))
    }

    pub(crate) fn remove_range(&mut self, range: &TimeRange) {
        self.fold();
        self.column.retain(|at| !range.contains(at));
    }

    fn fold(&mut self) {
        let late = sorted(self.late.drain(..));
        self.column = std::mem::take(&mut self.column).merged(late);
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
