//! The head: the newest samples of every series, in memory until the next flush. The log has them all, too.

pub(crate) mod series;

use crate::index::tree::Tree;
use crate::points::Points;
use base::id::{SeriesRef, TenantId};
use base::time::TimeRange;
use series::{HeadSeries, Removed};
use std::sync::Arc;

/// Samples since the last flush, by series. A copy costs nothing, and stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    series: Tree<SeriesRef, Arc<HeadSeries>>,
    samples: u64,
    held: u64,
    late: u64,
    counts: Tree<TenantId, u64>,
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
        let is_late = if let Some(own) = self.series.get_mut(&series) {
            debug_assert_eq!(own.tenant(), tenant);
            let own = Arc::make_mut(own);
            let before = own.len();
            let is_late = own.append(at, value);
            // Less where late samples were folded in.
            self.held = (self.held + own.len()).saturating_sub(before);
            is_late
        } else {
            let mut own = HeadSeries::new(tenant);
            own.append(at, value);
            self.held += own.len();
            self.series.insert(series, Arc::new(own));
            false
        };
        self.late += u64::from(is_late);
        self.samples += 1;
    }

    /// Samples held, those included that a late one overwrites.
    pub(crate) const fn held(&self) -> u64 {
        self.held
    }

    /// Counts for the tenant what the head has grown by since it held `before`; once per batch, not per sample.
    pub(crate) fn count(&mut self, tenant: TenantId, before: u64) {
        let grown = self.held.saturating_sub(before);
        let shrunk = before.saturating_sub(self.held);
        match self.counts.get_mut(&tenant) {
            Some(own) => *own = (*own + grown).saturating_sub(shrunk),
            None => {
                self.counts.insert(tenant, grown);
            }
        }
    }

    /// They are gone again.
    fn discount(&mut self, tenant: TenantId, samples: u64) {
        self.held = self.held.saturating_sub(samples);
        if let Some(own) = self.counts.get_mut(&tenant) {
            *own = own.saturating_sub(samples);
        }
    }

    /// Samples held for the tenant.
    pub(crate) fn counted(&self, tenant: TenantId) -> u64 {
        self.counts.get(&tenant).copied().unwrap_or_default()
    }

    /// One series of `tenant` as it is now.
    pub(crate) fn of(&self, tenant: TenantId, series: SeriesRef) -> Option<&Arc<HeadSeries>> {
        let own = self.series.get(&series)?;
        (own.tenant() == tenant).then_some(own)
    }

    /// Forgets a series, and hands out what it was: freeing it takes time, which nobody should wait for.
    pub(crate) fn remove(&mut self, series: SeriesRef) -> Option<Arc<HeadSeries>> {
        let own = self.series.remove(&series)?;
        self.discount(own.tenant(), own.len());
        Some(own)
    }

    /// Forgets the samples of a series in `range`.
    pub(crate) fn remove_range(
        &mut self,
        series: SeriesRef,
        range: &TimeRange,
        removed: &mut Removed,
    ) {
        let holds = self.series.get(&series);
        if !holds.is_some_and(|own| own.any_in(range)) {
            return;
        }
        if let Some(own) = self.series.get_mut(&series) {
            let own = Arc::make_mut(own);
            let (tenant, before) = (own.tenant(), own.len());
            own.remove_range(range, removed);
            let (is_empty, after) = (own.is_empty(), own.len());
            if is_empty {
                self.series.remove(&series);
            }
            self.discount(tenant, before.saturating_sub(after));
        }
    }

    /// Every series with all its samples, ascending by tenant and number.
    pub(crate) fn sorted(&self) -> Vec<(TenantId, SeriesRef, Points)> {
        let mut all = Vec::with_capacity(self.series.len());
        self.series.each(|series, own| {
            all.push((own.tenant(), *series, own.read(&TimeRange::ALL)));
        });
        all.sort_by_key(|(tenant, series, _)| (*tenant, *series));
        all
    }
}
