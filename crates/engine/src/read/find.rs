//! Listing nodes, and collecting the series that a query or a deletion means.

use crate::index::names::{TenantNames, WalkNode};
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::Resource;
use base::selector::{NameFilter, Selector};
use base::series::SeriesKey;
use base::store::{FindQuery, Node, StoreError};
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The memory of a found name besides its text.
const ENTRY_BYTES: u64 = 64;

/// The nodes that fit, ascending; with `active`, only what one of these series is or lies above.
pub(crate) fn nodes(
    names: &TenantNames,
    query: &FindQuery<'_>,
    filter: Option<&NameFilter>,
    active: Option<&RoaringBitmap>,
    meter: &mut QueryMeter<'_>,
) -> Result<Vec<Node>, StoreError> {
    let counts = |key: &SeriesKey<'_>, series: SeriesRef| {
        active.is_none_or(|active| active.contains(series.0))
            && (query.labelled || key.labels().next().is_none())
    };
    let has_all = active.is_none() && query.labelled;
    let context = meter.context();
    let mut nodes = Vec::new();
    names.walk(query.selector, filter, meter, |found, meter| {
        let leaf = found.leaf.is_some_and(|series| counts(&found.key, series));
        let branch =
            found.branch && (has_all || any_below(names, found.key.path(), filter, counts, meter)?);
        if leaf || branch {
            let path = found.key.graphite().into_owned();
            context.spend(Resource::Nodes, 1)?;
            context.spend(Resource::Bytes, path.len() as u64)?;
            context.reserve(path.len() as u64 + ENTRY_BYTES)?;
            nodes.push(Node { path, leaf, branch });
        }
        Ok(())
    })?;
    nodes.sort_unstable();
    Ok(nodes)
}

/// Whether a series below the node counts. Nodes that fit one pattern lie side by side, so that a listing looks at each
/// name once at most; or with `**` one above the other, and then once for each element at most.
fn any_below(
    names: &TenantNames,
    path: &str,
    filter: Option<&NameFilter>,
    counts: impl Fn(&SeriesKey<'_>, SeriesRef) -> bool,
    meter: &mut QueryMeter<'_>,
) -> Result<bool, StoreError> {
    let mut any = false;
    names.below(path, filter, meter, |name, series| {
        any = counts(&SeriesKey::from_canonical_unchecked(name), series);
        if any {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(any)
}

/// The series that are meant, ascending by key; with `active`, only those of these.
pub(crate) fn series(
    names: &TenantNames,
    selector: &Selector,
    filter: Option<&NameFilter>,
    active: Option<&RoaringBitmap>,
    meter: &mut QueryMeter<'_>,
) -> Result<Vec<(SeriesKey<'static>, SeriesRef)>, StoreError> {
    let context = meter.context();
    let mut series = Vec::new();
    names.walk(selector, filter, meter, |found, _| {
        let is_active = |series: &SeriesRef| active.is_none_or(|active| active.contains(series.0));
        if let Some(leaf) = found.leaf.filter(is_active) {
            context.spend(Resource::Series, 1)?;
            let bytes = found.key.as_bytes().len() as u64;
            context.spend(Resource::Bytes, bytes)?;
            context.reserve(bytes + ENTRY_BYTES)?;
            series.push((found.key.into_owned(), leaf));
        }
        Ok(())
    })?;
    series.sort_unstable();
    Ok(series)
}

/// A node that a deletion names, with everything below it.
#[derive(Debug, Default)]
pub(crate) struct Subtree {
    /// Every series that is meant, and every series below a node that is.
    pub(crate) all: RoaringBitmap,
    /// How many of them are not meant by themselves.
    pub(crate) below: u64,
    /// The first of them, as many as were asked for, ascending.
    pub(crate) first: BTreeSet<SeriesKey<'static>>,
}

/// The series that a deletion means, `alone` or with what lies below, with the first `names` of their names; with `active`, only
/// those of these.
pub(crate) fn subtree(
    names: &TenantNames,
    selector: &Selector,
    filter: Option<&NameFilter>,
    active: Option<&RoaringBitmap>,
    (alone, first): (bool, usize),
    meter: &mut QueryMeter<'_>,
) -> Result<Subtree, StoreError> {
    let is_active = |series: SeriesRef| active.is_none_or(|active| active.contains(series.0));
    let mut found = Subtree::default();
    let mut fitting = RoaringBitmap::new();
    // The last branch that was taken whole: what fits below it is in already.
    let mut whole = String::new();
    names.walk(selector, filter, meter, |node, meter| {
        let WalkNode { key, leaf, branch } = node;
        if let Some(series) = leaf.filter(|series| is_active(*series)) {
            fitting.insert(series.0);
            found.all.insert(series.0);
            keep_first(&mut found.first, &key, first);
        }
        if branch && !alone && !lies_below(key.path(), &whole) {
            key.path().clone_into(&mut whole);
            names.below(key.path(), filter, meter, |name, series| {
                if is_active(series) {
                    found.all.insert(series.0);
                    keep_first(
                        &mut found.first,
                        &SeriesKey::from_canonical_unchecked(name),
                        first,
                    );
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    })?;
    found.below = found.all.len() - fitting.len();
    Ok(found)
}

fn lies_below(path: &str, branch: &str) -> bool {
    let rest = path.strip_prefix(branch);
    !branch.is_empty() && rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Keeps `key` if it is one of the `most` least.
fn keep_first(first: &mut BTreeSet<SeriesKey<'static>>, key: &SeriesKey<'_>, most: usize) {
    let is_full = first.len() >= most;
    if most == 0 || is_full && first.last().is_some_and(|last| last <= key) {
        return;
    }
    first.insert(key.clone().into_owned());
    if first.len() > most {
        first.pop_last();
    }
}
