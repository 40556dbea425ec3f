//! Listing nodes, and collecting the series that a deletion means.

use crate::index::names::Names;
use base::context::{Context, Resource};
use base::id::{SeriesRef, TenantId};
use base::pattern::Pattern;
use base::store::{Node, StoreError};
use roaring::RoaringBitmap;
use std::ops::ControlFlow;

/// The nodes that fit, ascending; with `active`, only what one of these series is or lies above.
pub(crate) fn nodes(
    names: &Names,
    tenant: TenantId,
    pattern: &Pattern,
    active: Option<&RoaringBitmap>,
    context: &Context,
) -> Result<Vec<Node>, StoreError> {
    let counts = |series: SeriesRef| active.is_none_or(|active| active.contains(series.0));
    let mut nodes = Vec::new();
    let end = names.walk(tenant, pattern, |found| {
        let leaf = found.leaf.is_some_and(counts);
        let branch =
            found.branch && (active.is_none() || names.below(tenant, found.path).any(counts));
        if leaf || branch {
            if let Err(stop) = context.spend(Resource::Nodes, 1) {
                return ControlFlow::Break(StoreError::from(stop));
            }
            nodes.push(Node {
                path: found.path.to_owned(),
                leaf,
                branch,
            });
        }
        ControlFlow::Continue(())
    });
    match end {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => {
            nodes.sort_unstable();
            Ok(nodes)
        }
    }
}

/// The series whose whole name fits, ascending by name.
pub(crate) fn series(
    names: &Names,
    tenant: TenantId,
    pattern: &Pattern,
    context: &Context,
) -> Result<Vec<(String, SeriesRef)>, StoreError> {
    let mut series = Vec::new();
    let end = names.walk(tenant, pattern, |found| {
        if let Some(leaf) = found.leaf {
            if let Err(stop) = context.spend(Resource::Series, 1) {
                return ControlFlow::Break(StoreError::from(stop));
            }
            series.push((found.path.to_owned(), leaf));
        }
        ControlFlow::Continue(())
    });
    match end {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => {
            series.sort_unstable();
            Ok(series)
        }
    }
}

/// Every series whose name fits, and every series below a node that fits.
pub(crate) fn subtree(names: &Names, tenant: TenantId, pattern: &Pattern) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    let _: ControlFlow<()> = names.walk(tenant, pattern, |found| {
        all.extend(found.leaf.map(|series| series.0));
        if found.branch {
            all.extend(names.below(tenant, found.path).map(|series| series.0));
        }
        ControlFlow::Continue(())
    });
    all
}
