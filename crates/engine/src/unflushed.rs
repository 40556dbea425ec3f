//! A flush that found no room on the disk: what it has taken out of memory and not yet written to files.

use crate::state::Frozen;
use std::sync::Arc;

/// The data that a flush has taken out of memory and not yet written to files.
#[derive(Debug)]
pub(crate) struct Unflushed {
    pub(crate) frozen: Arc<Frozen>,
    pub(crate) wal_first: u64,
    pub(crate) next_series: u32,
    /// A name file; none where no series was created or dropped.
    pub(crate) names: Option<Vec<u8>>,
    /// `names` holds all series, and replaces the files before it.
    pub(crate) all_names: bool,
}
