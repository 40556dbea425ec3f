//! The head: the newest samples of every series, in memory until the next flush. The log has them all, too.

pub(crate) mod series;

use crate::points::Points;
use base::id::{SeriesRef, TenantId};
use base::time::TimeRange;
use series::HeadSeries;
use std::collections::HashMap;

/// Samples since the last flush, by series.
#[derive(Debug, Default)]
pub(crate) struct Head {
    series: HashMap<SeriesRef, HeadSeries>,
    samples: u64,
    late: u64,
    counts: HashMap<TenantId, u64>,
}

impl Head {
    /// Samples written into it, overwritten ones included.
    pub(crate) const fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples that arrived out of order.
    pub(crate) const fn late(&self) -> u64 {
        self.late
    }

    pub(crate) fn append(&mut self, tenant: TenantId, series: SeriesRef, at: i64, value: f64) {
        let own = self
            .series
            .entry(series)
            .or_insert_with(|| HeadSeries::new(tenant));
        debug_assert_eq!(own.tenant(), tenant);
        if own.append(at, value) {
            self.late += 1;
        }
        self.samples += 1;
    }

    /// Counts samples that were written for the tenant; once per batch, not per sample.
    pub(crate) fn count(&mut self, tenant: TenantId, samples: u64) {
        *self.counts.entry(tenant).or_default() += samples;
    }

    /// Samples written for the tenant, overwritten and deleted ones included.
    pub(crate) fn counted(&self, tenant: TenantId) -> u64 {
        self.counts.get(&tenant).copied().unwrap_or_default()
    }

    /// The samples of one series of `tenant` in `range`.
    pub(crate) fn read(&self, tenant: TenantId, series: SeriesRef, range: &TimeRange) -> Points {
        self.series
            .get(&series)
            .filter(|own| own.tenant() == tenant)
            .map(|own| own.read(range))
            .unwrap_or_default()
    }

    /// Forgets a series.
    pub(crate) fn remove(&mut self, series: SeriesRef) {
        self.series.remove(&series);
    }

    /// Forgets the samples of a series in `range`.
    pub(crate) fn remove_range(&mut self, series: SeriesRef, range: &TimeRange) {
        if let Some(own) = self.series.get_mut(&series) {
            own.remove_range(range);
            if own.is_empty() {
                self.series.remove(&series);
            }
        }
    }

    /// Every series with all its samples, ascending by tenant and number.
    pub(crate) fn sorted(&self) -> Vec<(TenantId, SeriesRef, Points)> {
        let mut all: Vec<_> = self
            .series
            .iter()
            .map(|(series, own)| (own.tenant(), *series, own.read(&TimeRange::ALL)))
            .collect();
        all.sort_by_key(|(tenant, series, _)| (*tenant, *series));
        all
    }
}
