//! A flush between its steps 2 and 5: the head is frozen, and the manifest does not name its files yet. One that found no room on
//! the disk stays so until the next flush, which begins with it.

use crate::state::FrozenHead;
use std::sync::Arc;

/// The data that a flush is to write to files and publish.
#[derive(Debug)]
pub(crate) struct PendingFlush {
    pub(crate) frozen: Arc<FrozenHead>,
    pub(crate) wal_first: u64,
    pub(crate) next_series: u32,
    /// A name file; none where no series was created or dropped.
    pub(crate) names: Option<Vec<u8>>,
    /// `names` holds all series, and replaces the files before it.
    pub(crate) all_names: bool,
}
