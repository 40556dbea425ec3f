//! Samples of one series in memory: two columns, instants strictly ascending.

use base::time::Millis;
#[cfg(test)]
use base::time::TimeRange;

/// Instants (strictly ascending) and as many values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Points {
    pub(crate) timestamps: Vec<i64>,
    pub(crate) values: Vec<f64>,
}

impl Points {
    pub(crate) const fn len(&self) -> usize {
        self.timestamps.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    pub(crate) fn last(&self) -> Option<i64> {
        self.timestamps.last().copied()
    }

    /// Appends a sample; the caller knows that it is the newest.
    pub(crate) fn push(&mut self, at: i64, value: f64) {
        debug_assert!(self.last().is_none_or(|last| last < at));
        self.timestamps.push(at);
        self.values.push(value);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, f64)> {
        self.timestamps
            .iter()
            .copied()
            .zip(self.values.iter().copied())
    }

    /// The positions of the samples in `range`.
    #[cfg(test)]
    fn positions(&self, range: &TimeRange) -> std::ops::Range<usize> {
        let start = self.timestamps.partition_point(|at| *at < range.from.0);
        let end = self.timestamps.partition_point(|at| *at <= range.until.0);
        start..end.max(start)
    }

    /// A copy of the samples in `range`.
    #[cfg(test)]
    pub(crate) fn clipped_to(&self, range: &TimeRange) -> Self {
        self.slice(self.positions(range))
    }

    /// A copy of the samples at these positions.
    pub(crate) fn slice(&self, positions: std::ops::Range<usize>) -> Self {
        Self {
            timestamps: self
                .timestamps
                .get(positions.clone())
                .unwrap_or_default()
                .to_vec(),
            values: self.values.get(positions).unwrap_or_default().to_vec(),
        }
    }

    /// The samples from position `at` on, taken out.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self {
            timestamps: self.timestamps.split_off(at),
            values: self.values.split_off(at),
        }
    }

    /// Appends points that are all newer.
    pub(crate) fn extend(&mut self, mut later: Self) {
        debug_assert!(
            self.last()
                .is_none_or(|last| later.timestamps.first().is_none_or(|first| last < *first))
        );
        if self.is_empty() {
            *self = later;
        } else {
            self.timestamps.append(&mut later.timestamps);
            self.values.append(&mut later.values);
        }
    }

    /// Keeps the samples whose instant `keep` accepts.
    pub(crate) fn retain(&mut self, keep: impl Fn(Millis) -> bool) {
        let mut flags = self.timestamps.iter().map(|at| keep(Millis(*at)));
        self.values.retain(|_| flags.next().unwrap_or(true));
        self.timestamps.retain(|at| keep(Millis(*at)));
    }

    /// Both together; where both have an instant, `newer` wins.
    pub(crate) fn merged(self, newer: Self) -> Self {
        if newer.is_empty() {
            return self;
        }
        if self.is_empty() {
            return newer;
        }
        let mut out = Self::default();
        out.timestamps.reserve(self.len() + newer.len());
        out.values.reserve(self.len() + newer.len());
        let mut old = self.iter().peekable();
        for (at, value) in newer.iter() {
            while let Some((old_at, old_value)) = old.next_if(|(old_at, _)| *old_at < at) {
                out.push(old_at, old_value);
            }
            old.next_if(|(old_at, _)| *old_at == at);
            out.push(at, value);
        }
        for (at, value) in old {
            out.push(at, value);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn points(map: &BTreeMap<i64, f64>) -> Points {
        Points {
            timestamps: map.keys().copied().collect(),
            values: map.values().copied().collect(),
        }
    }

    proptest! {
        #[test]
        fn the_newer_wins(
            old in prop::collection::btree_map(0_i64..40, -1.0..1.0, 0..30),
            new in prop::collection::btree_map(0_i64..40, -1.0..1.0, 0..30),
            from in 0_i64..40, until in 0_i64..40,
        ) {
            let mut both = old.clone();
            both.extend(new.clone());
            let merged = points(&old).merged(points(&new));
            prop_assert_eq!(&merged, &points(&both));
            let range = TimeRange { from: Millis(from), until: Millis(until) };
            both.retain(|at, _| range.contains(Millis(*at)));
            prop_assert_eq!(merged.clipped_to(&range), points(&both));
            let mut rest = merged.clone();
            rest.retain(|at| !range.contains(at));
            prop_assert_eq!(rest.len() + both.len(), merged.len());
        }
    }
}
