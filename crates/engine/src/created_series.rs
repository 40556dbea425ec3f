//! A series that begins, as the log and a name file have it.

use crate::series_ref::SeriesRef;
use base::id::TenantId;
use std::sync::Arc;

/// A new series. They are ordered by tenant, then by name, as name files are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CreatedSeries {
    pub(crate) tenant: TenantId,
    pub(crate) name: Arc<str>,
    pub(crate) series: SeriesRef,
}
