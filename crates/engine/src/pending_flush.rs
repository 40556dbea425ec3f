//! A flush between its steps 2 and 5: the head is frozen, and the manifest does not name its files yet. One that found no room on
//! the disk stays so until the next flush, which begins with it.

use crate::flush_names::FlushedNames;
use crate::state::FrozenHead;
use std::sync::Arc;

/// The data that a flush is to write to files and publish.
#[derive(Debug)]
pub(crate) struct PendingFlush {
    pub(crate) frozen: Arc<FrozenHead>,
    /// The log file that is to be the first that counts: it begins with the first record that is not in the frozen head.
    pub(crate) wal_first: u64,
    /// The number of the next series, as of the frozen head.
    pub(crate) next_series: u32,
    pub(crate) names: FlushedNames,
}
