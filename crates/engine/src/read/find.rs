//! Listing nodes, and collecting the series that a query or a deletion means.

use crate::index::activity::ActivityFilter;
use crate::index::names::{TenantNames, WalkNode};
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::{Resource, Stop};
use base::selector::{NameFilter, Selector};
use base::series::SeriesKey;
use base::store::{FindQuery, Node, StoreError};
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The memory of a found name besides its text.
const ENTRY_BYTES: u64 = 64;

/// The series that a listing shows.
struct Listed<'a> {
    /// Also series with labels.
    labelled: bool,
    active: &'a mut ActivityFilter,
}

impl Listed<'_> {
    const fn is_every(&self) -> bool {
        self.labelled && self.active.is_every()
    }

    fn includes(
        &mut self,
        key: &SeriesKey<'_>,
        series: SeriesRef,
        meter: &mut QueryMeter<'_>,
    ) -> Result<bool, Stop> {
        let is_of_form = self.labelled || key.labels().next().is_none();
        Ok(is_of_form && self.active.includes(series, meter)?)
    }
}

/// The nodes that fit, ascending: only what one of the `active` series is or lies above.
pub(crate) fn nodes(
    names: &TenantNames,
    query: &FindQuery<'_>,
    filter: Option<&NameFilter>,
    active: &mut ActivityFilter,
    meter: &mut QueryMeter<'_>,
) -> Result<Vec<Node>, StoreError> {
    let mut listed = Listed {
        labelled: query.labelled,
        active,
    };
    let context = meter.context();
    let mut nodes = Vec::new();
    names.walk(query.selector, filter, meter, |found, meter| {
        let leaf = match found.leaf {
            Some(series) => listed.includes(&found.key, series, meter)?,
            None => false,
        };
        let branch = found.branch
            && (listed.is_every()
                || any_below(names, found.key.path(), filter, &mut listed, meter)?);
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

/// Whether a series below the node is listed. Nodes that fit one pattern lie side by side, so that a listing looks at each
/// name once at most; or with `**` one above the other, and then once for each element at most.
fn any_below(
    names: &TenantNames,
    path: &str,
    filter: Option<&NameFilter>,
    listed: &mut Listed<'_>,
    meter: &mut QueryMeter<'_>,
) -> Result<bool, StoreError> {
    let mut any = false;
    names.below(path, filter, meter, |name, series, meter| {
        any = listed.includes(&SeriesKey::from_canonical_unchecked(name), series, meter)?;
        if any {
            Ok(ControlFlow::Break(()))
        } else {
            Ok(ControlFlow::Continue(()))
        }
    })?;
    Ok(any)
}

/// The memory that is reserved for a series that was found.
pub(crate) fn reserved_bytes(key: &SeriesKey<'_>) -> u64 {
    key.as_bytes().len() as u64 + ENTRY_BYTES
}

/// The series that are meant, ascending by key: only the `active` ones.
pub(crate) fn series(
    names: &TenantNames,
    selector: &Selector,
    filter: Option<&NameFilter>,
    active: &mut ActivityFilter,
    meter: &mut QueryMeter<'_>,
) -> Result<Vec<(SeriesKey<'static>, SeriesRef)>, StoreError> {
    let context = meter.context();
    let mut series = Vec::new();
    names.walk(selector, filter, meter, |found, meter| {
        if let Some(leaf) = found.leaf
            && active.includes(leaf, meter)?
        {
            context.spend(Resource::Series, 1)?;
            let bytes = found.key.as_bytes().len() as u64;
            context.spend(Resource::Bytes, bytes)?;
            context.reserve(reserved_bytes(&found.key))?;
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

/// How far a deletion extends below the nodes that it names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeletionExtent {
    /// Whether the series below the named nodes are left alone.
    pub(crate) alone: bool,
    /// How many names it asks for.
    pub(crate) names_max: usize,
}

/// The series that a deletion means, with the first of their names: only the `active` ones.
pub(crate) fn subtree(
    names: &TenantNames,
    selector: &Selector,
    filter: Option<&NameFilter>,
    active: &mut ActivityFilter,
    extent: DeletionExtent,
    meter: &mut QueryMeter<'_>,
) -> Result<Subtree, StoreError> {
    let mut found = Subtree::default();
    let mut fitting = RoaringBitmap::new();
    // The last branch that was taken whole: what fits below it is in already.
    let mut whole = String::new();
    names.walk(selector, filter, meter, |node, meter| {
        let WalkNode { key, leaf, branch } = node;
        if let Some(series) = leaf
            && active.includes(series, meter)?
        {
            fitting.insert(series.0);
            found.all.insert(series.0);
            keep_first(&mut found.first, &key, extent.names_max);
        }
        if branch && !extent.alone && !lies_below(key.path(), &whole) {
            key.path().clone_into(&mut whole);
            names.below(key.path(), filter, meter, |name, series, meter| {
                if active.includes(series, meter)? {
                    found.all.insert(series.0);
                    keep_first(
                        &mut found.first,
                        &SeriesKey::from_canonical_unchecked(name),
                        extent.names_max,
                    );
                }
                Ok(ControlFlow::Continue(()))
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

/// Keeps `key` if it is one of the `names_max` least.
fn keep_first(first: &mut BTreeSet<SeriesKey<'static>>, key: &SeriesKey<'_>, names_max: usize) {
    let is_full = first.len() >= names_max;
    if names_max == 0 || is_full && first.last().is_some_and(|last| last <= key) {
        return;
    }
    first.insert(key.clone().into_owned());
    if first.len() > names_max {
        first.pop_last();
    }
}
