//! Listing nodes, and collecting the series that a query or a deletion means.

use super::pace::Pace;
use crate::index::names::Owned;
use base::context::Resource;
use base::id::SeriesRef;
use base::pattern::Pattern;
use base::store::{Node, StoreError};
use roaring::RoaringBitmap;
use std::ops::ControlFlow;

/// What a name that is found takes in memory beside its text.
const ENTRY_BYTES: u64 = 64;

/// The nodes that fit, ascending; with `active`, only what one of these series is or lies above.
pub(crate) fn nodes(
    names: &Owned,
    pattern: &Pattern,
    active: Option<&RoaringBitmap>,
    pace: &mut Pace<'_>,
) -> Result<Vec<Node>, StoreError> {
    let counts = |series: SeriesRef| active.is_none_or(|active| active.contains(series.0));
    let context = pace.context();
    let mut nodes = Vec::new();
    names.walk(pattern, pace, |found, pace| {
        let leaf = found.leaf.is_some_and(counts);
        let branch =
            found.branch && (active.is_none() || any_below(names, found.path, counts, pace)?);
        if leaf || branch {
            context.spend(Resource::Nodes, 1)?;
            context.spend(Resource::Bytes, found.path.len() as u64)?;
            context.hold(found.path.len() as u64 + ENTRY_BYTES)?;
            nodes.push(Node {
                path: found.path.to_owned(),
                leaf,
                branch,
            });
        }
        Ok(())
    })?;
    nodes.sort_unstable();
    Ok(nodes)
}

/// Whether a series below the node counts. Nodes that fit one pattern lie side by side, so that a listing looks at each
/// name once at most.
fn any_below(
    names: &Owned,
    path: &str,
    counts: impl Fn(SeriesRef) -> bool,
    pace: &mut Pace<'_>,
) -> Result<bool, StoreError> {
    let mut any = false;
    names.below(path, pace, |series| {
        any = counts(series);
        if any {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(any)
}

/// The series whose whole name fits, ascending by name.
pub(crate) fn series(
    names: &Owned,
    pattern: &Pattern,
    pace: &mut Pace<'_>,
) -> Result<Vec<(String, SeriesRef)>, StoreError> {
    let context = pace.context();
    let mut series = Vec::new();
    names.walk(pattern, pace, |found, _| {
        if let Some(leaf) = found.leaf {
            context.spend(Resource::Series, 1)?;
            context.spend(Resource::Bytes, found.path.len() as u64)?;
            context.hold(found.path.len() as u64 + ENTRY_BYTES)?;
            series.push((found.path.to_owned(), leaf));
        }
        Ok(())
    })?;
    series.sort_unstable();
    Ok(series)
}

/// Every series whose name fits, and every series below a node that fits.
pub(crate) fn subtree(
    names: &Owned,
    pattern: &Pattern,
    pace: &mut Pace<'_>,
) -> Result<RoaringBitmap, StoreError> {
    let mut all = RoaringBitmap::new();
    names.walk(pattern, pace, |found, pace| {
        all.extend(found.leaf.map(|series| series.0));
        if found.branch {
            names.below(found.path, pace, |series| {
                all.insert(series.0);
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    })?;
    Ok(all)
}
