//! The names of every tenant, sorted, and the walk that finds nodes by pattern.
//!
//! They are kept by key ([`base::series`]): series of one path stand side by side, in front of what lies below it.
//!
//! A walk descends element by element and **skips**: having seen one name below a child, it seeks to the first name
//! after that child, so that a listing costs as many seeks as there are children, not as there are series. It comes to a
//! node once, with all the positions in the pattern that its path may have: a `**` makes them many, and no node twice. What
//! the caller may not see is cut off in the same way ([`IntersectionAutomaton`]): it costs no more than what does not fit.

mod walk;

pub(crate) use walk::WalkNode;

use super::intersection::{IntersectionAutomaton, IntersectionCursor};
use super::tree::Tree;
use crate::created_series::CreatedSeries;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use base::id::TenantId;
use base::selector::{NameFilter, Selector};
use base::store::StoreError;
use roaring::RoaringBitmap;
use std::ops::ControlFlow;
use std::sync::Arc;
use walk::{Walk, WalkEnd};

/// The names of one tenant, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantNames {
    series: Tree<Arc<str>, SeriesRef>,
    /// The bytes of the tenant's names together.
    bytes: u64,
}

/// Sorted names by tenant. A clone is cheap, and does not change with the original.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    tenants: Tree<TenantId, TenantNames>,
    /// The bytes of the names of all tenants together.
    bytes: u64,
}

impl Names {
    /// The names of these series, ascending by tenant and name.
    pub(crate) fn of_sorted(series: Vec<CreatedSeries>) -> Self {
        let mut tenants = Vec::new();
        let mut bytes = 0;
        let mut rest = series.into_iter().peekable();
        while let Some(first) = rest.peek() {
            let tenant = first.tenant;
            let of_tenant = std::iter::from_fn(|| rest.next_if(|next| next.tenant == tenant));
            let names = of_tenant.map(|created| (created.name, created.series));
            let names = TenantNames::of_sorted(names.collect());
            bytes += names.bytes;
            tenants.push((tenant, names));
        }
        Self {
            tenants: Tree::of_sorted(tenants),
            bytes,
        }
    }

    pub(crate) fn insert(&mut self, tenant: TenantId, name: Arc<str>, series: SeriesRef) {
        let name_bytes = name.len() as u64;
        if let Some(names) = self.tenants.get_mut(&tenant) {
            if names.series.insert(name, series).is_some() {
                return;
            }
            names.bytes += name_bytes;
        } else {
            let names = TenantNames::of_sorted(vec![(name, series)]);
            self.tenants.insert(tenant, names);
        }
        self.bytes += name_bytes;
    }

    pub(crate) fn remove(&mut self, tenant: TenantId, name: &str) {
        if let Some(names) = self.tenants.get_mut(&tenant)
            && names.series.remove(name).is_some()
        {
            let name_bytes = name.len() as u64;
            names.bytes -= name_bytes;
            self.bytes -= name_bytes;
            if names.series.is_empty() {
                self.tenants.remove(&tenant);
            }
        }
    }

    /// Takes out all names of a tenant.
    pub(crate) fn remove_tenant(&mut self, tenant: TenantId) -> TenantNames {
        let names = self.tenants.remove(&tenant).unwrap_or_default();
        self.bytes -= names.bytes;
        names
    }

    /// How many series the tenant has.
    pub(crate) fn count(&self, tenant: TenantId) -> u64 {
        let names = self.tenants.get(&tenant);
        names.map_or(0, |names| names.series.len() as u64)
    }

    /// The bytes of the names of one tenant, without those of what leads to them.
    pub(crate) fn bytes_of(&self, tenant: TenantId) -> u64 {
        self.tenants.get(&tenant).map_or(0, |names| names.bytes)
    }

    /// The bytes of the names of all tenants together.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The tenants that have series, ascending.
    pub(crate) fn all_tenants(&self) -> Vec<TenantId> {
        let mut all = Vec::with_capacity(self.tenants.len());
        self.tenants.each(|tenant, _| all.push(*tenant));
        all
    }

    /// How many tenants have series.
    pub(crate) const fn tenants(&self) -> usize {
        self.tenants.len()
    }

    /// The names of one tenant as they are now, whatever happens to them later.
    pub(crate) fn of_tenant(&self, tenant: TenantId) -> TenantNames {
        self.tenants.get(&tenant).cloned().unwrap_or_default()
    }

    /// Every name there is.
    pub(crate) fn each(&self, mut take: impl FnMut(TenantId, &Arc<str>, SeriesRef)) {
        self.tenants.each(|tenant, names| {
            let of_tenant = &names.series;
            of_tenant.each(|name, series| take(*tenant, name, *series));
        });
    }
}

impl TenantNames {
    /// These names, which ascend.
    fn of_sorted(names: Vec<(Arc<str>, SeriesRef)>) -> Self {
        let bytes = names.iter().map(|(name, _)| name.len() as u64).sum();
        Self {
            series: Tree::of_sorted(names),
            bytes,
        }
    }

    /// How many series the tenant has.
    pub(crate) const fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether it is a copy of `other`, and neither has changed since.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.series.is_same(&other.series)
    }

    /// All series.
    pub(crate) fn series(&self, meter: &mut QueryMeter<'_>) -> Result<RoaringBitmap, Stop> {
        let mut all = RoaringBitmap::new();
        let end = self.series.each_from("", &mut |_, series| {
            all.insert(series.0);
            match meter.steps(1) {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => ControlFlow::Break(stop),
            }
        });
        match end {
            ControlFlow::Break(stop) => Err(stop),
            ControlFlow::Continue(()) => Ok(all),
        }
    }

    /// Hands every node that `selector` means and `filter`, if there is one, lets through to `take`, each once, in no
    /// promised order.
    pub(crate) fn walk<'p>(
        &self,
        selector: &Selector,
        filter: Option<&NameFilter>,
        meter: &mut QueryMeter<'p>,
        mut take: impl FnMut(WalkNode<'_>, &mut QueryMeter<'p>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let automaton = IntersectionAutomaton::of(selector, filter);
        let first = automaton.first();
        let mut take = |found: WalkNode<'_>, meter: &mut QueryMeter<'p>| {
            take(found, meter)?;
            Ok(ControlFlow::Continue(()))
        };
        let mut walk = Walk {
            names: &self.series,
            finger: self.series.finger(),
            selector,
            filter,
            automaton: &automaton,
            reading: IntersectionCursor::default(),
            path: String::new(),
            is_probe: false,
            meter,
            take: &mut take,
        };
        walk.descend(&first).or_else(WalkEnd::outcome)
    }

    /// Hands out every series below the node `path` that `filter`, if there is one, lets through, until `take` has seen
    /// enough.
    pub(crate) fn below(
        &self,
        path: &str,
        filter: Option<&NameFilter>,
        meter: &mut QueryMeter<'_>,
        mut take: impl FnMut(
            &str,
            SeriesRef,
            &mut QueryMeter<'_>,
        ) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let Some(filter) = filter else {
            return self.all_below(path, meter, take);
        };
        let every = Selector::all();
        let automaton = IntersectionAutomaton::of(&every, Some(filter));
        let mut reading = IntersectionCursor::default();
        let positions = automaton.after_path(&mut reading, path);
        meter.matched(reading.take_work())?;
        let mut probe = Walk {
            names: &self.series,
            finger: self.series.finger(),
            selector: &every,
            filter: Some(filter),
            automaton: &automaton,
            reading,
            path: format!("{path}."),
            is_probe: true,
            meter,
            take: &mut |found: WalkNode<'_>, meter: &mut QueryMeter<'_>| match found.leaf {
                Some(series) => take(found.key.as_str(), series, meter),
                None => Ok(ControlFlow::Continue(())),
            },
        };
        if !automaton.can_continue_at(&positions) {
            return Ok(());
        }
        probe.descend(&positions).or_else(WalkEnd::outcome)
    }

    fn all_below(
        &self,
        path: &str,
        meter: &mut QueryMeter<'_>,
        mut take: impl FnMut(
            &str,
            SeriesRef,
            &mut QueryMeter<'_>,
        ) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let prefix = format!("{path}.");
        let end = self.series.each_from(prefix.as_str(), &mut |name, series| {
            if !name.starts_with(&prefix) {
                return ControlFlow::Break(Ok(()));
            }
            if let Err(stop) = meter.name(name.len()) {
                return ControlFlow::Break(Err(stop.into()));
            }
            match take(name, *series, meter) {
                Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
                Ok(ControlFlow::Break(())) => ControlFlow::Break(Ok(())),
                Err(error) => ControlFlow::Break(Err(error)),
            }
        });
        match end {
            ControlFlow::Break(outcome) => outcome,
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
