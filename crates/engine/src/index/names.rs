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
pub(crate) struct TenantNames(Tree<Arc<str>, SeriesRef>);

/// Sorted names by tenant. A copy costs nothing, and stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Tree<TenantId, TenantNames>);

impl Names {
    /// The names of these series, ascending by tenant and name.
    pub(crate) fn of_sorted(series: Vec<CreatedSeries>) -> Self {
        let mut tenants = Vec::new();
        let mut rest = series.into_iter().peekable();
        while let Some(first) = rest.peek() {
            let tenant = first.tenant;
            let of_tenant = std::iter::from_fn(|| rest.next_if(|next| next.tenant == tenant));
            let names = of_tenant.map(|created| (created.name, created.series));
            let names = names.collect();
            tenants.push((tenant, TenantNames(Tree::of_sorted(names))));
        }
        Self(Tree::of_sorted(tenants))
    }

    pub(crate) fn insert(&mut self, tenant: TenantId, name: Arc<str>, series: SeriesRef) {
        if let Some(names) = self.0.get_mut(&tenant) {
            names.0.insert(name, series);
        } else {
            let mut names = TenantNames::default();
            names.0.insert(name, series);
            self.0.insert(tenant, names);
        }
    }

    pub(crate) fn remove(&mut self, tenant: TenantId, name: &str) {
        if let Some(names) = self.0.get_mut(&tenant) {
            names.0.remove(name);
            if names.0.is_empty() {
                self.0.remove(&tenant);
            }
        }
    }

    /// Takes out all names of a tenant.
    pub(crate) fn remove_tenant(&mut self, tenant: TenantId) -> TenantNames {
        self.0.remove(&tenant).unwrap_or_default()
    }

    /// How many series the tenant has.
    pub(crate) fn count(&self, tenant: TenantId) -> u64 {
        self.0.get(&tenant).map_or(0, |names| names.0.len() as u64)
    }

    /// How many tenants have series.
    pub(crate) const fn tenants(&self) -> usize {
        self.0.len()
    }

    /// The names of one tenant as they are now, whatever happens to them later.
    pub(crate) fn of_tenant(&self, tenant: TenantId) -> TenantNames {
        self.0.get(&tenant).cloned().unwrap_or_default()
    }

    /// Every name there is.
    pub(crate) fn each(&self, mut take: impl FnMut(TenantId, &Arc<str>, SeriesRef)) {
        self.0
            .each(|tenant, names| names.0.each(|name, series| take(*tenant, name, *series)));
    }
}

impl TenantNames {
    /// How many series the tenant has.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is a copy of `other`, and neither has changed since.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    /// All series.
    pub(crate) fn series(&self, meter: &mut QueryMeter<'_>) -> Result<RoaringBitmap, Stop> {
        let mut all = RoaringBitmap::new();
        let end = self.0.each_from("", &mut |_, series| {
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
            names: &self.0,
            finger: self.0.finger(),
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
            names: &self.0,
            finger: self.0.finger(),
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
        let end = self.0.each_from(prefix.as_str(), &mut |name, series| {
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
